/**
 * Transforms in several coils against f64: every method, numbers of coils that fill their vectors
 * or not, spins that are strained or share a cell; and the same bits however tiles are spread.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpinBlock } from '../../host/phantom/types.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { errorInCoils, inCoils } from '../../testing/coils.ts';
import { engineFor, type RunOptions, simulateTimeline, spinsOf, toSignal } from '../../testing/run.ts';
import { gradientEcho3d, latticeSpins, spiral, timelineOf } from '../../testing/timed-scans.ts';

const epi = (n: number): Timeline => timelineOf(makeBuiltin('epi', { n }, DEFAULT_SCANNER));
const tilted = (): Timeline => timelineOf(spiral(2, 512));
const echoes = (): Timeline => timelineOf(gradientEcho3d(24, 96));

/** In larger tiles than tests have spins, so that transforms pay. */
const LARGE = { tileSize: 32768 };
/** What products of matrices err by for single spins: transforms of exact runs err less. */
const EXACT = 1.2e-6;

/** Decay by which exact runs transform lines but no train: see `host/program/nufft/axes.ts`. */
const SHORT = 'T2 of 8 ms beside one of 2 s';

const SPINS: Readonly<Record<string, SpinBlock>> = {
  'a slice': latticeSpins(64),
  'a spin at the corner of the field of view': spinsOf([{ x: 0.1, y: -0.1, T1: 1, T2: 0.1 }]),
  [SHORT]: spinsOf([
    { x: 0.02, y: -0.05, T1: 0.3, T2: 0.008, offset: -480 },
    { x: -0.07, y: 0.01, T1: 4, T2: 2 },
  ]),
  'columns of layers, which share their cells': spinsOf(
    [0.02, -0.05, 0.09].flatMap((x) =>
      Array.from({ length: 45 }, (_, n) => ({ x, y: -x / 2, z: n * 1e-4, offset: 200 * x, T1: 1, T2: 0.08 })),
    ),
  ),
};

const SCANS: readonly [string, () => Timeline, coils: number][] = [
  ['nufft2d1', () => epi(33), 5],
  ['nufft2d1', () => epi(64), 8],
  ['nufft1d1', echoes, 3],
  ['nufft2d3', tilted, 2],
];

for (const [what, spins] of Object.entries(SPINS)) {
  test(`transforms in coils are within the tolerance: ${what}`, async () => {
    for (const [method, scan, coils] of SCANS) {
      const timeline = scan();
      const source = inCoils(spins, coils);
      const truth = await simulateTimeline(timeline, source, { precision: 'f64' });
      const runs: readonly (readonly [RunOptions, number])[] = [
        [{ tolerance: 1e-3 }, 1e-3],
        [{ tolerance: 1e-5, build: 'simd' }, 1e-5],
        ...(method === 'nufft2d3' ? [] : [[{}, EXACT] as const]),
      ];
      for (const [options, bound] of runs) {
        const { engine, plan } = await engineFor(timeline, source, { ...LARGE, ...options });
        await engine.run(0, plan.tileCount);
        await engine.close();
        const isTooFast = what === SHORT && coils === 8 && options.tolerance === undefined;
        assert.deepEqual(Object.keys(engine.methods), [isTooFast ? 'nufft1d1' : method], JSON.stringify(options));
        const error = errorInCoils(toSignal(engine.sums, plan), truth, source, spins);
        assert.ok(error <= bound, `${method}, ${coils} coils, ${JSON.stringify(options)}: ${error} > ${bound}`);
      }
    }
  });
}

test('transforms in coils: the same bits by tiles in any order, by threads and in shared accumulators', async () => {
  for (const [method, scan, coils] of SCANS.filter(([name]) => name !== 'nufft2d3')) {
    const tileSize = method === 'nufft2d1' ? 1024 : 104;
    const [timeline, source] = [scan(), inCoils(latticeSpins(3 * tileSize - 12), coils)];
    const options = { tolerance: 1e-5, tileSize };
    const { engine, plan } = await engineFor(timeline, source, options);
    for (let tile = plan.tileCount - 1; tile >= 0; tile--) await engine.run(tile, 1);
    await engine.close();
    assert.ok(method in engine.methods, JSON.stringify(engine.methods));
    for (const accumulatorBytes of method === 'nufft1d1' ? [1, 1e9] : [1e9]) {
      const other = await engineFor(timeline, source, { ...options, threads: 2, accumulatorBytes });
      await other.engine.run(0, plan.tileCount);
      await other.engine.close();
      assert.deepEqual(other.engine.sums, engine.sums);
    }
  }
});
