/** Signals larger than densities allow are refused, never wrapped; densities of any size are simulated alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/common/errors.ts';
import { engineFor, phantomOf, simulateTimeline, spinsOf } from '../support/run.ts';
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
    /spins: the largest density is 1\.0*\d*e-36, of which f32 holds no digits/,
  );
});
