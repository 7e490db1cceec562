/**
 * Sequence → timeline: what is merged, what is stored once, when things happen, and what is
 * refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import type { Block } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { applyReceivePhase } from '../../host/timeline/receiver-phase.ts';
import { OP, STRIDE, type Timeline } from '../../host/timeline/types.ts';

const GAMMA_BAR = 42.5774688e6;
const compile = (blocks: readonly Block[], B0 = 1.5): Timeline =>
  compileTimeline(sequenceOf('test', blocks, {}), { B0, maxRfStep: 50e-6 });
const pulse = hardPulse(0.2, 5e-6);
const rf = blockOf({ rf: pulse });
const read = blockOf({ adc: adc(4, 1e-5, 0) });

/** Kinds of ops, a letter each. */
const walk = ({ ops }: Timeline): string =>
  Array.from({ length: ops.length / STRIDE.op }, (_, n) => 'per'[ops[STRIDE.op * n]]).join('');
const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

test('precession is merged over blocks, and what follows the last sample is left out', () => {
  const gradient = blockOf({ gx: trapezoid(10e-3, 1e-4, 8e-4), gy: trapezoid(-4e-3, 1e-4, 8e-4) });
  const timeline = compile([rf, delayOf(1e-3), gradient, delayOf(2e-3), gradient, read, gradient, rf, delayOf(1)]);
  assert.equal(walk(timeline), 'epr');
  const [kx, ky, kz, dt] = timeline.precessions;
  near(kx, 2 * GAMMA_BAR * 10e-3 * 9e-4, 1e-9);
  near(ky, -2 * GAMMA_BAR * 4e-3 * 9e-4, 1e-9);
  assert.equal(kz, 0);
  near(dt, 5e-3 + 5e-6, 1e-15); // half a dwell before the first sample
  assert.equal(timeline.sampleCount, 4);
});

test('a readout changes nothing: precession goes on from its first sample', () => {
  const timeline = compile([rf, read, read]);
  assert.equal(walk(timeline), 'eprpr');
  const first = timeline.precessions[3];
  const second = timeline.precessions[STRIDE.precession + 3];
  near(first, 5e-6, 1e-18);
  near(second, 4e-5, 1e-17);
  assert.deepEqual([...timeline.readouts], [0, 0, 4, 0]);
});

test('pulses of one shape share their steps only where nothing else of them differs', () => {
  const shape = { ...pulse, phaseOffset: 1 };
  const gradient = (amplitude: number): Partial<Block> => ({ gz: trapezoid(amplitude, 0, 1e-3) });
  const rising: Partial<Block> = { gz: trapezoid(5e-3, 5e-4, 1e-3) };
  const phase = pulse.phase.map(() => 0.5);
  const others: Block[] = [
    blockOf({ rf: shape }),
    blockOf({ rf: { ...pulse, phase } }),
    blockOf({ rf: shape, ...gradient(1e-3) }),
    blockOf({ rf: { ...shape, frequencyOffset: 50 }, ...gradient(2e-3) }),
    blockOf({ rf: shape, ...rising }),
    blockOf({ rf: { ...shape, delay: 2e-5 }, ...rising }),
    blockOf({ rf: { ...shape, time: pulse.time.map((time) => 2 * time) } }),
  ];
  // Each after another, and alone. A block that comes again is compiled once, so that each is a new
  // one.
  const both = compile([...others.flatMap((other) => [blockOf({ rf: { ...pulse } }), other]), read]);
  const numbers = both.excitations.filter((_, n) => n % STRIDE.excitation === 0);
  const stepsOf = (timeline: Timeline, number: number): number[] => {
    const [first, count] = timeline.pulses.subarray(STRIDE.pulse * number);
    return [...timeline.rfSteps.subarray(STRIDE.rfStep * first!, STRIDE.rfStep * (first! + count!))];
  };
  assert.equal(numbers.length, others.length + 1);
  for (const [n, other] of others.entries())
    assert.deepEqual(stepsOf(both, numbers[n + 1]), stepsOf(compile([other, read]), 0), `${n}`);
});

test('equal precessions, pulses, excitations and lines are stored once', () => {
  const line = (sign: number): Block => blockOf({ gx: trapezoid(sign * 8e-3, 1e-4, 6.4e-4), adc: adc(64, 1e-5, 1e-4) });
  // Events made anew each time: equal by what they hold, not by identity.
  const blocks = Array.from({ length: 20 }, () => [blockOf({ rf: hardPulse(0.2, 5e-6) }), line(1), line(-1)]).flat();
  const timeline = compile(blocks);
  assert.equal(timeline.excitations.length / STRIDE.excitation, 1);
  assert.equal(timeline.pulses.length / STRIDE.pulse, 1);
  assert.equal(timeline.trajectories.length / STRIDE.trajectory, 2);
  assert.equal(timeline.samples.length / STRIDE.sample, 128);
  assert.equal(timeline.readouts.length / STRIDE.readout, 40);
  assert.equal(
    timeline.precessions.length / STRIDE.precession,
    3,
    'to the line, from line to line, from the line to the pulse',
  );
  const phases = compile([blockOf({ rf: pulse }), blockOf({ rf: { ...pulse, phaseOffset: 1 } }), read]);
  assert.equal(phases.pulses.length / STRIDE.pulse, 1, 'another phase is the same pulse');
  assert.deepEqual(
    [...phases.excitations].map((value) => value + 0),
    [0, 0, -1, 0, -1, -1],
  );
});

test('lines are linear where the gradient holds, and sampled at the middles of dwells', () => {
  const flat = compile([rf, blockOf({ gx: trapezoid(8e-3, 1e-4, 6.4e-4), adc: adc(64, 1e-5, 1e-4) })]);
  assert.deepEqual([...flat.trajectories], [0, 64, 1]);
  near(flat.samples[4], GAMMA_BAR * 8e-3 * 1e-5, 1e-9);
  near(flat.samples[7], 1e-5, 1e-18);
  near(flat.precessions[0], GAMMA_BAR * 8e-3 * (0.5e-4 + 0.5e-5), 1e-9);
  const ramp = compile([rf, blockOf({ gx: trapezoid(8e-3, 1e-4, 6.4e-4), adc: adc(64, 1e-5, 5e-5) })]);
  assert.equal(ramp.trajectories[2], 0);
  const quiet = compile([rf, read]);
  assert.equal(quiet.trajectories[2], 1, 'no gradient is a constant one');
});

test('a rotation turns the gradients of its block alone', () => {
  const block = blockOf({ gx: trapezoid(10e-3, 1e-4, 8e-4) });
  const turned = { ...block, rotation: [0, -1, 0, 1, 0, 0, 0, 0, 1] };
  const { precessions } = compile([rf, turned, block, read]);
  near(precessions[0], GAMMA_BAR * 9e-6, 1e-6);
  near(precessions[1], GAMMA_BAR * 9e-6, 1e-6);
});

test('the receive phase: offsets from the middle of the first sample, ppm by the field, shapes sample by sample', () => {
  const shape = Float64Array.of(0, 0.5, 1, -1);
  const event = { ...adc(4, 1e-5, 0, 0.3), frequencyOffset: 1000, frequencyPpm: 2, phasePpm: 0.01, phaseShape: shape };
  const timeline = compile([rf, blockOf({ adc: event })], 3);
  const signal = Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0);
  applyReceivePhase(timeline, signal);
  const megahertz = (GAMMA_BAR * 3) / 1e6;
  for (let n = 0; n < 4; n++) {
    const t = (n + 0.5) * 1e-5;
    const angle = 0.3 + 0.01 * megahertz + 2 * Math.PI * (1000 + 2 * megahertz) * t + shape[n];
    near(signal[2 * n], Math.cos(angle), 1e-12);
    near(signal[2 * n + 1], Math.sin(angle), 1e-12);
  }
});

test('what overlaps or outlasts its block is refused by block number', () => {
  const refusals: readonly (readonly [RegExp, readonly Block[]])[] = [
    [/test: block 2: RF pulse and ADC overlap/, [read, { duration: 1e-2, rf: pulse, adc: adc(4, 1e-3, 1e-4) }]],
    [
      /test: block 1: RF pulse and ADC overlap/,
      [{ duration: 1e-2, rf: { ...pulse, delay: 2e-3 }, adc: adc(4, 1e-3, 0) }],
    ],
    [/test: block 3: an event lasts past the end/, [rf, read, { duration: 1e-3, adc: adc(4, 1e-3, 0) }]],
    [/test: block 1: an event lasts past the end/, [{ duration: 1e-5, rf: pulse }, read]],
    [/test: no ADC event/, [rf, delayOf(1)]],
  ];
  for (const [message, blocks] of refusals) {
    assert.throws(
      () => compile(blocks),
      (error) => error instanceof LarmorError && error.exitCode === EXIT.badInput && message.test(error.message),
    );
  }
  const apart = { duration: 1e-2, rf: { ...pulse, delay: 5e-3 }, adc: adc(4, 1e-3, 0) };
  assert.equal(walk(compile([apart, read])), 'prpepr', 'an ADC before its block’s pulse');
});

test('phases of hours are those of the first second: nothing depends on when a block plays', () => {
  const once = compile([rf, read]);
  const late = compile([delayOf(86400), rf, read]);
  assert.equal(late.ops[0], OP.precess);
  assert.deepEqual([...late.pulses], [...once.pulses]);
  assert.deepEqual([...late.precessions.subarray(STRIDE.precession)], [...once.precessions]);
  assert.deepEqual([...late.samples], [...once.samples]);
});
