/**
 * Gradients, pulses and readouts as the scanner plays them: delays, eddy currents, and what they
 * cost.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import type { EddyCurrent } from '../../host/sequence/scanner-types.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import { blockGradients, integral, valueAt } from '../../host/sequence/waveform.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { playedSequence } from '../../host/timeline/gradient-errors/actual.ts';
import { STRIDE } from '../../host/timeline/types.ts';

const near = (actual: number, expected: number, tolerance: number, what = ''): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual}, not ${expected}`);
const eddy = (from: 'x' | 'y' | 'z', to: EddyCurrent['to'], amplitude: number, timeConstant: number): EddyCurrent => ({
  from,
  to,
  amplitude,
  timeConstant,
});
const blocksOf = (sequence: Sequence): Block[] =>
  Array.from({ length: sequence.blockCount }, (_, n) => sequence.block(n));
const pulse = (delay = 0) => ({ ...hardPulse(0.2, 5e-5), delay });

test('eddy currents of a trapezoid are those of the closed form, over blocks', () => {
  // 20 mT/m in 0.2 ms, held for 5 ms; 2 % with 10 ms. Values of g_e [µT/m], computed in closed
  // form.
  const nominal = sequenceOf('trapezoid', [blockOf({ gx: trapezoid(20e-3, 0.2e-3, 5e-3) }), delayOf(20e-3)], {});
  const [first, second] = blocksOf(
    playedSequence(nominal, { gradients: { eddyCurrents: [eddy('x', 'x', 0.02, 10e-3)] } }),
  );
  const before = blockGradients(nominal.block(0))[0];
  const end = nominal.block(0).duration;
  for (const [time, want] of [
    [0.2e-3, -396.02653],
    [5.2e-3, -240.20223],
    [5.4e-3, 160.58062],
    [6.4e-3, 145.29936],
    [15.4e-3, 59.07431],
  ]) {
    const at =
      time < end
        ? valueAt(blockGradients(first)[0], time) - valueAt(before, time)
        : valueAt(blockGradients(second)[0], time - end);
    // Values between knots are linear: α·S/τ·(50 µs)²/8 at most.
    near(1e6 * at, want, 0.07, `${time} s`);
  }
  // ∫ g_e over everything is what is left to decay: −τ times its end.
  const left = 59.07431e-6 * Math.exp(-(25.4 - 15.4) / 10);
  const total = integral(blockGradients(first)[0], 0, end) + integral(blockGradients(second)[0], 0, 20e-3);
  near(total - integral(before, 0, end), -10e-3 * left, 3e-14);
});

test('a term from an axis to B0 turns the receiver and later pulses', () => {
  const amplitude = 1e-4;
  const [G, rise] = [10e-3, 1e-4];
  const blocks = [
    blockOf({ gx: trapezoid(G, rise, 1e-3) }),
    blockOf({ rf: pulse() }),
    blockOf({ adc: adc(4, 1e-5, 0) }),
  ];
  const tau = 5e-3;
  const played = playedSequence(sequenceOf('b0', blocks, {}), {
    gradients: { eddyCurrents: [eddy('x', 'B0', amplitude, tau)] },
  });
  const timeline = compileTimeline(played, { B0: 1.5, maxRfStep: 50e-6 });
  // B0 [T] after the trapezoid, and its integral from the start, by the same closed form as above.
  const step = amplitude * (G / rise) * tau;
  const decay = (t: number): number => Math.exp(-t / tau);
  const value = (t: number): number =>
    -step * (decay(t - 1.2e-3) * (decay(1.1e-3) * (1 - decay(1e-4)) - 1 + decay(1e-4)));
  // what was turned until t is what is not there any more
  const turned = (t: number): number => -tau * value(t);
  const cycles = (t: number): number => 42.5774688e6 * turned(t);
  near(timeline.excitations[1], 2 * Math.PI * cycles(1.2e-3), 1e-9, 'pulse');
  const sample = 1.2e-3 + blocks[1].duration + 5e-6;
  near(timeline.receive[0], -2 * Math.PI * cycles(sample), 1e-9, 'receiver');
  near(timeline.receiveShapes[0][3], -2 * Math.PI * (cycles(sample + 3e-5) - cycles(sample)), 1e-9, 'sample 3');
});

test('delays move gradients over the ends of blocks, and blocks with their readouts', () => {
  const line = blockOf({ gx: trapezoid(8e-3, 1e-4, 6.4e-4), adc: adc(64, 1e-5, 2e-4) });
  const nominal = sequenceOf('late', [blockOf({ rf: pulse(1e-4) }), line, delayOf(1e-3)], {});
  const late = blocksOf(playedSequence(nominal, { delays: { x: 3e-5, rf: 2e-6, adc: 1e-5 } }));
  near(late[0].rf!.delay, 1.02e-4, 1e-18);
  // The pulse ends 2 µs after its block did, the readout 10 µs: the boundaries go with them.
  near(late[1].duration, line.duration + 1e-5 - 2e-6, 1e-18);
  near(late[1].adc!.delay, 2.1e-4 - 2e-6, 1e-18);
  near(late[2].duration, 1e-3 - 1e-5, 1e-18);
  near(valueAt(blockGradients(late[1])[0], 5e-5 - 2e-6), 8e-3 * 0.2, 1e-15);
  // 20 µs of the ramp down are left for the last block.
  near(integral(blockGradients(late[2])[0], 0, 1e-3), (8e-3 * 0.2 * 2e-5) / 2, 1e-15);
  const early = blocksOf(playedSequence(nominal, { delays: { x: -3e-5 } }));
  near(integral(blockGradients(early[0])[0], 0, 1), (8e-3 * 0.3 * 3e-5) / 2, 1e-15);
});

test('a sequence on a perfect scanner stays what it is', () => {
  const nominal = sequenceOf('same', [blockOf({ rf: pulse() })], {});
  assert.equal(playedSequence(nominal, { delays: { x: 0 }, gradients: { eddyCurrents: [] } }), nominal);
});

test('in a steady state, blocks and their programs are stored once', () => {
  const line = blockOf({ gx: trapezoid(8e-3, 1e-4, 6.4e-4), adc: adc(64, 1e-5, 1e-4) });
  const rewind = blockOf({ gx: trapezoid(-8e-3, 1e-4, 6.4e-4) });
  const train = Array.from({ length: 400 }, () => [blockOf({ rf: pulse() }), line, rewind]).flat();
  const played = playedSequence(sequenceOf('train', train, {}), {
    gradients: { eddyCurrents: [eddy('x', 'x', 0.01, 2e-3)] },
  });
  const { trajectories, readouts } = compileTimeline(played, { B0: 1.5, maxRfStep: 50e-6 });
  assert.equal(readouts.length / STRIDE.readout, 400);
  // 25 time constants until nothing changes at 2⁻⁵⁰ T/m: 30 repetitions of 1.8 ms.
  assert.ok(
    trajectories.length / STRIDE.trajectory < 40,
    `${trajectories.length / STRIDE.trajectory} different readouts`,
  );
});

test('delays that make events overlap are refused in one line', () => {
  const nominal = sequenceOf('tight', [blockOf({ adc: adc(4, 1e-5, 0) }), blockOf({ rf: pulse() })], {});
  const refused = (delays: object, message: RegExp) =>
    assert.throws(
      () => blocksOf(playedSequence(nominal, { delays })),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  refused({ adc: 5e-6 }, /^tight: block 2: delayed RF pulse or ADC begins before that of the previous block ends;/);
  refused({ adc: -5e-6 }, /^tight: block 1: delayed RF pulse or ADC begins before the sequence does;/);
});
