/**
 * Moving spins in receive coils against the direct sum, which evaluates the field of the loops
 * where each spin is at each sample: a loop that passes 6 mm from the spins, so that its field is
 * steep along their paths.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiveLayer } from '../../host/model/receive.ts';
import { modelColumns } from '../../host/phantom/columns.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { MOTIONS, type MovingScan, movingScanInCoils } from '../../testing/moving-scans.ts';
import { simulateModelSlowly } from '../../testing/reference.ts';
import { engineFor, type RunOptions, toSignal } from '../../testing/run.ts';
import { gradientEcho3d, randomPhantom } from '../../testing/timed-scans.ts';

const SPINS = 12;
const LOOPS = [
  { centre: [0.108, 0, 0], normal: [-1, 0, 0], radius: 0.06 },
  { centre: [-0.03, -0.15, 0.02], normal: [0, 1, 0.2], radius: 0.05 },
] as const;

async function run({ timelines, source }: MovingScan, options: RunOptions) {
  const { engine, plan } = await engineFor(timelines, source, options);
  await engine.run(0, plan.tileCount);
  await engine.close();
  return { signal: toSignal(engine.sums, plan), methods: Object.keys(engine.methods) };
}

/** All spins of a source, with their columns. */
function spinsOf({ spinCount, model, read }: PhantomSource): SpinBlock {
  const extra = Array.from({ length: modelColumns(model).total }, () => new Float32Array(spinCount));
  const block = { ...spinBlock(spinCount), extra };
  read(0, spinCount, block);
  return block;
}

/** The largest error of a sample of any coil over Σ|C·ρ| of that coil at the first sample. */
function worstError(found: Float64Array, truth: Float64Array, { extra = [], density }: SpinBlock, first: number) {
  const samples = truth.length / LOOPS.length;
  const totals = LOOPS.map((_, coil) => {
    const [re, im] = [extra[first + 2 * coil], extra[first + 2 * coil + 1]];
    return density.reduce((sum, value, n) => sum + value * Math.hypot(re[n], im[n]), 0);
  });
  let worst = 0;
  for (let n = 0; n < truth.length; n += 2) {
    const error = Math.hypot(found[n] - truth[n], found[n + 1] - truth[n + 1]);
    worst = Math.max(worst, error / totals[Math.floor(n / samples)]);
  }
  return worst;
}

const SCANS: readonly [string, () => Sequence, motions: readonly string[]][] = [
  ['EPI', () => makeBuiltin('epi', { n: 24 }, DEFAULT_SCANNER), ['turning', 'heart']],
  ['GRE', () => gradientEcho3d(4, 128), ['translated', 'breathing', 'flow']],
];
const RUNS: readonly (readonly [RunOptions, number])[] = [
  [{ precision: 'f64' }, 1e-6],
  [{}, 1e-5],
  [{ tolerance: 1e-5, build: 'simd' }, 1e-5],
  [{ tolerance: 1e-3 }, 1e-3],
];

for (const [name, make, motions] of SCANS)
  for (const motion of motions)
    test(`moving spins in coils against the direct sum: ${name}, ${motion}`, async () => {
      const [sequence, spins] = [make(), randomPhantom(SPINS)];
      const receive = await receiveLayer('test', { coils: LOOPS }, spins);
      const { clearance: _, ...everywhere } = receive;
      const exact = movingScanInCoils(sequence, spins, MOTIONS[motion](SPINS), everywhere);
      const block = spinsOf(exact.source);
      const truth = simulateModelSlowly(exact.timelines, block, exact.source.B0, exact.source.model).signal;
      const scan = movingScanInCoils(sequence, spins, MOTIONS[motion](SPINS), receive);
      for (const [options, bound] of RUNS) {
        const { signal, methods } = await run(scan, options);
        const error = worstError(signal, truth, block, modelColumns(exact.source.model).coils);
        assert.ok(error <= bound, `${methods}, ${JSON.stringify(options)}: ${error} > ${bound}`);
        if (options.precision !== 'f64' && motion !== 'flow') assert.deepEqual(methods, ['line']);
      }
    });
