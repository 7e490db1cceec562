/**
 * Spins of a model against the slow direct sum: phase terms, B1 maps, coils, paths with resets and
 * groups, in every combination, in both precisions and every build.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { modelColumns } from '../../host/phantom/columns.ts';
import { type Model, type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { OP, STRIDE, type Timeline, type Timelines } from '../../host/timeline/types.ts';
import { simulateModelSlowly } from '../../testing/reference.ts';
import { engineFor, phantomOf, type RunOptions, relativeError, toSignal } from '../../testing/run.ts';
import { CASES, randomSpins } from './fixture.ts';

const BOUND = { f64: 2e-12, f32: 5e-6 };

interface Counts {
  readonly terms?: number;
  readonly transmits?: number;
  readonly coils?: number;
  readonly nodes?: number;
  readonly groups?: readonly number[];
}

/**
 * Spins with random columns; displacements are centimetres, coils and B1 of order 1, three spins in
 * ten are reset at a node.
 */
function modelSpins(
  count: number,
  { terms = 0, transmits = 0, coils = 0, nodes = 0, groups }: Counts,
  sensitivity = 1,
) {
  const next = randomNumbers(count + 7);
  const spins = randomSpins(count, { seed: count });
  const columns = modelColumns({ terms, transmits, coils, nodes });
  const block = spinBlock(count, { extra: columns.total });
  for (const [name, column] of Object.entries(spins)) block[name as 'x'].set(column as Float32Array);
  const fill = (from: number, to: number, value: () => number): number => {
    for (const column of block.extra?.slice(from, to) ?? []) column.set(column.map(value));
    return (block.extra ?? [])
      .slice(from, to)
      .reduce((most, column) => column.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0);
  };
  const largest = {
    terms: Array.from({ length: terms }, (_, n) => fill(n, n + 1, () => 2 * next() - 1)),
    transmit: Math.SQRT2 * fill(columns.transmits, columns.coils, () => 1.5 * next() - 0.5),
    coil: Math.SQRT2 * fill(columns.coils, columns.nodes, () => sensitivity * (2 * next() - 1)),
    node: fill(columns.nodes, columns.resets, () => 0.02 * (next() - 0.5)),
  };
  fill(columns.resets, columns.total, () => Number(next() < 0.3));
  const model: Model = { terms, transmits, coils, nodes, largest, ...(groups === undefined ? {} : { groups }) };
  return { spins: block, model };
}

/** A timeline with random phase terms, B1 columns, and slides and resets between its ops. */
function withModel(timeline: Timeline, { terms = 0, transmits = 0, nodes = 0 }: Counts, seed: number): Timeline {
  const next = randomNumbers(seed);
  const total = terms + (nodes > 0 ? 6 : 0);
  const table = (rows: number, scale: number): Float64Array =>
    Float64Array.from({ length: total * rows }, () => scale * (2 * next() - 1));
  const ops: number[] = [];
  for (let op = 0; op < timeline.ops.length; op += STRIDE.op) {
    ops.push(...timeline.ops.subarray(op, op + STRIDE.op));
    if (nodes === 0 || next() < 0.6) continue;
    const node = Math.floor(next() * (nodes - 1));
    ops.push([OP.slide, OP.hold, OP.release][Math.floor(3 * next())], node);
  }
  const sampleTerms = table(timeline.samples.length / STRIDE.sample, 1);
  return {
    ...timeline,
    terms: total,
    ops: Int32Array.from(ops),
    precessionTerms: table(timeline.precessions.length / STRIDE.precession, 30),
    sampleTerms,
    rfStepTerms: table(timeline.rfSteps.length / STRIDE.rfStep, 500),
    excitations: timeline.excitations.map((value, n) =>
      n % STRIDE.excitation === 2 ? Math.floor(next() * (transmits + 1)) - 1 : value,
    ),
  };
}

interface Outcome {
  readonly signal: Float64Array;
  readonly magnetization: Float64Array;
}

async function simulate(timelines: Timelines, spins: SpinBlock, model: Model, options: RunOptions): Promise<Outcome> {
  const magnetization = new Float64Array(3 * spins.x.length);
  const { engine, plan } = await engineFor(timelines, phantomOf(spins, 1.5, model), {
    ...options,
    onMagnetization: (first, _, values) => magnetization.set(values, 3 * first),
  });
  try {
    await engine.run(0, plan.tileCount);
    return { signal: toSignal(engine.sums, plan), magnetization };
  } finally {
    await engine.close();
  }
}

const SCANS = ['pulses with offsets and phases', 'pulses under varying gradients', 'lines and pulses in turn'].map(
  (name) => CASES[name],
);

const MODELS: Readonly<Record<string, Counts>> = {
  'one coil': { coils: 1 },
  'five coils': { coils: 5 },
  'a phase term': { terms: 1 },
  'seven phase terms': { terms: 7 },
  'two maps of B1': { transmits: 2 },
  'terms, B1 and coils': { terms: 4, transmits: 1, coils: 3 },
  'paths of four nodes': { nodes: 4 },
  'paths, terms, B1 and coils': { nodes: 3, terms: 2, transmits: 2, coils: 2 },
  'three groups': { groups: [20, 1, 39] },
  'two groups with everything': { groups: [33, 27], nodes: 2, terms: 3, transmits: 1, coils: 4 },
};

test('every model is what the slow sum says, and everything together in every scan and build', async () => {
  for (const [index, [name, counts]] of Object.entries(MODELS).entries()) {
    const { spins, model } = modelSpins(60, counts);
    const everything = name.includes('everything');
    const scans = everything ? SCANS : [SCANS[index % SCANS.length]];
    for (const [n, scan] of scans.entries()) {
      const timelines = (counts.groups ?? [60]).map((_, group) => withModel(scan, counts, 10 * n + group));
      const reference = simulateModelSlowly(timelines, spins, 1.5, model);
      for (const build of everything ? (['simd', 'relaxed', 'wide'] as const) : (['relaxed'] as const)) {
        for (const precision of ['f64', 'f32'] as const) {
          const options = { precision, tileSize: 24, build };
          const found = await simulate(timelines as [Timeline], spins, model, options);
          for (const part of ['signal', 'magnetization'] as const) {
            const error = relativeError(found[part], reference[part]);
            assert.ok(error <= BOUND[precision], `${part} of ${name}, scan ${n}, ${precision}, ${build}: ${error}`);
          }
        }
      }
    }
  }
});

test('coils of static spins are rows of the matrix, and samples where lines are few, long or short', async () => {
  const { spins, model } = modelSpins(100, { coils: 5 });
  const methods = new Set<string>();
  for (const name of [
    'one sample',
    'three lines of 300 samples',
    'nine lines of 37 samples',
    'lines and pulses in turn',
    'three spirals',
  ]) {
    const timeline = CASES[name];
    const { signal } = simulateModelSlowly([timeline], spins, 1.5, model);
    for (const options of [{ precision: 'f64' }, {}, { tolerance: 1e-5 }, { build: 'simd' }] as const) {
      const { engine, plan } = await engineFor(timeline, phantomOf(spins, 1.5, model), { tileSize: 56, ...options });
      await engine.run(0, plan.tileCount);
      await engine.close();
      for (const method of Object.keys(engine.methods)) methods.add(method);
      const error = relativeError(toSignal(engine.sums, plan), signal);
      assert.ok(
        error <= BOUND['precision' in options ? 'f64' : 'f32'],
        `${name}, ${JSON.stringify(options)}: ${error}`,
      );
    }
  }
  assert.deepEqual([...methods].sort(), ['direct', 'matrix', 'nufft1d1']);
});

test('sums that no memory holds are refused, coils counted', async () => {
  const { spins, model } = modelSpins(60, { coils: 64 });
  const scan = { ...SCANS[2], sampleCount: 1e7 };
  const message =
    'timeline: with the sums of its 10000000 samples and 64 coils it needs 9.5 GiB in a memory of 4 GiB; use smaller tiles, fewer coils or split the sequence';
  await assert.rejects(engineFor(scan, phantomOf(spins, 1.5, model)), { exitCode: 65, message });
});

test('threads, tiles in any order and shared accumulators give a model the same bits', async () => {
  const counts = MODELS['two groups with everything'];
  const { spins, model } = modelSpins(60, counts);
  const timelines = [1, 2].map((seed) => withModel(SCANS[2], counts, seed)) as unknown as Timelines;
  for (const precision of ['f64', 'f32'] as const) {
    const { engine, plan } = await engineFor(timelines, phantomOf(spins, 1.5, model), { precision, tileSize: 8 });
    for (let tile = plan.tileCount - 1; tile >= 0; tile--) await engine.run(tile, 1);
    await engine.close();
    assert.equal(plan.tileCount, 9, 'no tile crosses from a group to the next');
    const options = { precision, tileSize: 8, threads: 3, accumulatorBytes: precision === 'f32' ? 1 : 1e9 };
    const other = await engineFor(timelines, phantomOf(spins, 1.5, model), options);
    await other.engine.run(0, plan.tileCount);
    await other.engine.close();
    assert.deepEqual(other.engine.sums, engine.sums);
  }
});

test('sensitivities of a coil in any unit use the whole range of the sums', async () => {
  for (const sensitivity of [1e-9, 1, 1e9]) {
    const { spins, model } = modelSpins(60, { coils: 2 }, sensitivity);
    const reference = simulateModelSlowly([SCANS[2]], spins, 1.5, model);
    const { signal } = await simulate([SCANS[2]], spins, model, { precision: 'f64', tileSize: 24 });
    assert.ok(relativeError(signal, reference.signal) <= BOUND.f64);
  }
});

test('without a model the magnetisation at the end is that of the reference, whatever the methods', async () => {
  const spins = randomSpins(100);
  for (const name of ['nine lines of 37 samples', 'lines and pulses in turn']) {
    const timeline = CASES[name];
    const { magnetization } = simulateModelSlowly([timeline], spins, 1.5);
    for (const options of [{ precision: 'f64' }, {}, { tolerance: 1e-5 }] as const) {
      const found = new Float64Array(300);
      const { engine, plan } = await engineFor(timeline, spins, {
        ...{ tileSize: 24, threads: 'tolerance' in options ? 2 : 1 },
        ...options,
        onMagnetization: (first, _, values) => found.set(values, 3 * first),
      });
      await engine.run(0, plan.tileCount);
      await engine.close();
      const error = relativeError(found, magnetization);
      assert.ok(error <= ('precision' in options ? 2e-12 : 5e-6), `${name}, ${JSON.stringify(options)}: ${error}`);
    }
  }
});

test('phase terms of spins at rest are part of the matrix, equally spaced or not', async () => {
  const counts = { terms: 3, transmits: 1, coils: 2 };
  const { spins, model } = modelSpins(60, counts);
  const plain = CASES['nine lines of 37 samples'];
  const random = withModel(plain, counts, 5);
  const spaced = {
    ...random,
    sampleTerms: random.sampleTerms.map((_, n) => (7 - (n % 3)) * plain.samples[STRIDE.sample * Math.floor(n / 3) + 3]),
  };
  for (const timeline of [random, spaced]) {
    const { signal } = simulateModelSlowly([timeline], spins, 1.5, model);
    for (const build of ['simd', 'relaxed', 'wide'] as const) {
      const { engine, plan } = await engineFor(timeline, phantomOf(spins, 1.5, model), { tileSize: 24, build });
      await engine.run(0, plan.tileCount);
      await engine.close();
      assert.deepEqual(engine.methods, { matrix: 9 });
      const error = relativeError(toSignal(engine.sums, plan), signal);
      assert.ok(error <= BOUND.f32, `${build}: ${error}`);
    }
  }
});
