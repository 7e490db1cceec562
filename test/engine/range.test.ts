/**
 * Signals larger than densities allow are refused, never wrapped; densities, offsets and pulses of
 * any size are simulated alike.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { adc, blockOf, hardPulse, sequenceOf } from '../../host/sequence/designer.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { solveBloch } from '../../testing/ode.ts';
import { engineFor, phantomOf, simulateTimeline, spinsOf } from '../../testing/run.ts';
import { lines, randomSpins, timelineOf, tip } from './fixture.ts';

const timeline = timelineOf(tip, ...lines(5, 20), tip, ...lines(3, 20));

for (const precision of ['f32', 'f64'] as const) {
  test(`a signal beyond all density is refused before it can wrap a sum, ${precision}`, async () => {
    const spins = spinsOf(Array.from({ length: 96 }, () => ({ density: 1 })));
    const honest = phantomOf(spins);
    // As spins would be whose magnetisation grows: three times what the bounds allow.
    const source = { ...honest, bounds: { ...honest.bounds, maxDensity: 1 / 3 } };
    for (const threads of [1, 2]) {
      const { engine, plan } = await engineFor(timeline, source, { precision, tileSize: 32, threads });
      try {
        await assert.rejects(engine.run(0, plan.tileCount), (error: unknown) => {
          assert.ok(error instanceof LarmorError);
          assert.equal(error.exitCode, EXIT.internal);
          assert.match(error.message, /signal of tile \d .*exceeds the sum of its densities/);
          return true;
        });
      } finally {
        await engine.close();
      }
    }
  });

  test(`densities scaled by a power of two scale every bit of the signal, ${precision}`, async () => {
    const spins = randomSpins(300);
    const signal = await simulateTimeline(timeline, spins, { precision });
    for (const exponent of [-100, -30, 80]) {
      const scaled = { ...spins, density: spins.density.map((density) => density * 2 ** exponent) };
      const other = await simulateTimeline(timeline, scaled, { precision });
      assert.deepEqual(
        other.map((value) => value * 2 ** -exponent),
        signal,
      );
    }
  });
}

test('densities too small for f32 are refused by name', async () => {
  const spins = spinsOf([{ density: 1e-36 }]);
  await assert.rejects(
    engineFor(timeline, spins),
    /spins: the largest density is 1\.0*\d*e-36, which f32 cannot represent/,
  );
});

// f64 rounds an angle of 1000 rad to 1e-13; f32 stores the signal with 6e-8 and steps none of these
// pulses as an f32 angle.
for (const [what, flip, duration, offset] of [
  ['100 kHz off resonance', Math.PI / 2, 100e-6, 1e5],
  ['a pulse of 1000 rad', 1000, 1e-3, 40],
] as const)
  test(`${what} is exact with and without relaxation`, async () => {
    const B1 = flip / (2 * Math.PI * 42.5774688e6 * duration);
    const blocks = [blockOf({ rf: hardPulse(flip, B1) }), blockOf({ adc: adc(4, 1e-5, 0) })];
    const sequence = sequenceOf('block pulse', blocks, {});
    const compiled = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
    for (const [T1, T2] of [
      [1e9, 1e9],
      [0.8, 0.08],
    ]) {
      const spins = spinsOf([{ T1, T2, offset }]);
      const truth = solveBloch(sequence, spins, 0, 1e-12);
      for (const [precision, bound] of [
        ['f64', 1e-9],
        ['f32', 1e-6],
      ] as const) {
        const signal = await simulateTimeline(compiled, spins, { precision });
        const error = Math.max(...signal.map((value, at) => Math.abs(value - truth[at])));
        assert.ok(error < bound, `${precision}, T2 ${T2}: ${error}`);
      }
    }
  });
