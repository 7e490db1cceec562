/**
 * Spins chosen for a sequence: the error that is predicted for them against the engine's, and when
 * a phase graph is needed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPhantom } from '../../host/phantom/open.ts';
import { rankOne } from '../../host/phantom/sub-voxel.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { layerTrial } from '../../host/sampling/column.ts';
import { sliceOf, windsOneWay } from '../../host/sampling/phase-graph.ts';
import { momentsTurn } from '../../host/sampling/point-trial.ts';
import { predictEcho } from '../../host/sampling/predict-echo.ts';
import { spinSampler } from '../../host/sampling/sampler.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { radial, ute } from '../../testing/pypulseq-scans.ts';
import { relativeError, simulateTimeline } from '../../testing/run.ts';

const scan = (name: string): { timeline: Timeline; sampler: (count?: number) => ReturnType<typeof spinSampler> } => {
  const sequence = makeBuiltin(name, { n: 16 }, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: DEFAULT_SCANNER.B0, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  return { timeline, sampler: (count) => spinSampler(timeline, encoding, count) };
};

const energy = (signal: Float64Array): number => signal.reduce((sum, value) => sum + value * value, 0);

test('the error predicted for the spins of a head of many tissues is the error measured', async () => {
  const { timeline, sampler } = scan('gre');
  const head = async (count?: number) => {
    const phantom = await openPhantom('head2d', { voxel: '0.008' }, { sampler: sampler(count) });
    return { phantom, signal: await simulateTimeline(timeline, phantom, { tolerance: 1e-5 }) };
  };
  const chosen = await head();
  // 600 layers err by 1.1 % themselves: T2 of CSF is long.
  const { signal: exact } = await head(1009);
  const measured = Math.hypot(...chosen.signal.map((value, at) => value - exact[at])) / Math.hypot(...exact);
  const predicted = chosen.phantom.spins?.level ?? 0;
  assert.ok(predicted > 0.003 && predicted < 0.01, `${predicted}`);
  assert.ok(measured < 1.3 * predicted && measured > predicted / 1.5, `${measured} for ${predicted}`);
});

test('a coarse and a fine column see the same signal', () => {
  const { timeline } = scan('gre');
  const slice = sliceOf(timeline);
  const slab = 3.2 * slice.thickness;
  const trial = layerTrial(timeline, slice, slab, slab, 61);
  // With longer T2 more orders live, and somewhere the fine column takes over.
  const signals = Array.from({ length: 15 }, (_, n) => trial({ T1: 2, T2: 0.05 * 1.15 ** n, offset: 0 }).wanted);
  for (const [n, signal] of signals.entries()) {
    const before = signals[n - 1] ?? signal;
    assert.ok(Math.abs(signal / before - 1) < 0.1, `${signal} after ${before}`);
  }
});

test('moments that turn in the plane are seen by the choice and by the prediction', async () => {
  const radius = 3 * 0.004;
  const voxel = { voxel: '0.004', radius: `${radius}`, T1: '1', T2: '0.1' };
  const sequence = radial(32, 40, 40, { spoiler: 1 });
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  assert.ok(momentsTurn(timeline, sliceOf(timeline)));
  const own = spinSampler(timeline, encoding);
  const signalOf = async (sampler: ReturnType<typeof spinSampler>) => {
    const phantom = await openPhantom('sphere', voxel, { sampler });
    return { phantom, signal: await simulateTimeline(timeline, phantom) };
  };
  // Far more places than any choice has, in a lattice of another kind.
  const dense = rankOne(2503, [1103, 701, 1]);
  const { signal: exact } = await signalOf({ ...own, choose: ({ tissues }) => ({ places: tissues.map(() => dense) }) });
  const chosen = await signalOf(own);
  // Where no set is within 1 %, one within 1.3 % will do.
  assert.ok((chosen.phantom.spins?.level ?? 1) <= 0.013, `${chosen.phantom.spins?.level}`);
  assert.ok(relativeError(chosen.signal, exact) < 0.03, `${relativeError(chosen.signal, exact)}`);
  const { phantom, signal } = await signalOf(spinSampler(timeline, encoding, 4));
  const measured = relativeError(signal, exact);
  const { spins, ...points } = phantom;
  for (const level of [spins?.level ?? 0, predictEcho(points, timeline, encoding).level])
    assert.ok(measured > 0.1 && level > measured / 3.2 && level < 3.2 * measured, `${level} for ${measured}`);
});

test('moments that turn strongly get columns of enough layers', () => {
  const sequence = ute();
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const tissue = { T1: 1, T2: 0.1, T2s: 0.1, density: 1, offResonance: 0 };
  const steps = [
    [0.004, 0, 0],
    [0, 0.004, 0],
    [0, 0, 0.005],
  ] as const;
  const voxels = { steps, planes: 1, size: [40, 40, 1] as const, tissues: [{ tissue, count: 1600 }], B0: 1.5 };
  const { places, level } = spinSampler(timeline, encode(sequence, DEFAULT_SCANNER)).choose(voxels, undefined);
  // Layers alone leave 8 %, 400 points of a lattice 10 %.
  assert.ok(level !== undefined && level > 0.003 && level <= 0.01, `${level}`);
  assert.ok(places[0].length / 3 <= 600, `${places[0].length / 3} spins`);
});

test('the sum over a slice is right within 1 % in every tissue', async () => {
  // Balanced: no echo is spurious, but the profile of the steady state has to be resolved.
  const sequence = makeBuiltin('bssfp', { n: 8, dummies: 600 }, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  for (const [T1, T2] of [
    [0.8, 0.08],
    [2.569, 0.329],
  ]) {
    const ball = async (count?: number) => {
      const settings = { voxel: '0.03', radius: '0.04', T1: `${T1}`, T2: `${T2}` };
      const phantom = await openPhantom('sphere', settings, { sampler: spinSampler(timeline, encoding, count) });
      return { spins: phantom.spins!, signal: await simulateTimeline(timeline, phantom) };
    };
    const { signal: exact } = await ball(100);
    for (const count of [undefined, 4]) {
      const { spins, signal } = await ball(count);
      const measured = Math.abs(signal.reduce((sum, value, at) => sum + value * exact[at], 0) / energy(exact) - 1);
      assert.ok(Math.abs(spins.scale! - measured) < 0.002 + 0.1 * measured, `${spins.scale} for ${measured}`);
      if (count === undefined) assert.ok(measured < 0.01, `${measured}`);
    }
  }
});

test('what lobes of diffusion weighting wind up is resolved', async () => {
  const sequence = makeBuiltin('dwi', { n: 12 }, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const ball = async (count?: number) => {
    const settings = { voxel: '0.018', radius: '0.03', T1: '2.569', T2: '0.329' };
    const phantom = await openPhantom('sphere', settings, { sampler: spinSampler(timeline, encoding, count) });
    return { spins: phantom.spins!, signal: await simulateTimeline(timeline, phantom) };
  };
  const { signal: exact } = await ball(211);
  // 13 times as many cycles: an order of the weighted volume, which 512 layers do not tell from
  // others.
  const bad = await ball(78);
  assert.ok(relativeError(bad.signal, exact) > 0.2 && bad.spins.level! > 0.2, `${bad.spins.level}`);
  const chosen = await ball();
  assert.ok(relativeError(chosen.signal, exact) < 0.01, `${relativeError(chosen.signal, exact)}`);
});

test('a stated number of spins fills a voxel wider than a pixel', async () => {
  const { sampler } = scan('epi');
  // Pixels of 16 mm.
  const heightsAndPlaces = async (count: number) => {
    const { spinCount, read, spins } = await openPhantom(
      'sphere',
      { voxel: '0.032', radius: '0.1' },
      { sampler: sampler(count) },
    );
    assert.deepEqual([spins?.least, spins?.most], [count, count]);
    const block = spinBlock(spinCount);
    read(0, spinCount, block);
    return [block.x, block.y].map((axis) => new Set(axis.subarray(0, count).map((v) => Math.round(1e6 * v))).size);
  };
  assert.deepEqual(await heightsAndPlaces(4), [2, 2]);
  assert.deepEqual(await heightsAndPlaces(12), [2, 2]);
  assert.deepEqual(await heightsAndPlaces(1), [1, 1]);
});

test('moments along one direction need no phase graph, those of a spin echo do', () => {
  for (const [name, oneWay] of [
    ['gre', true],
    ['epi', true],
    ['se', false],
  ] as const) {
    const { timeline } = scan(name);
    assert.equal(windsOneWay(timeline, sliceOf(timeline)), oneWay, name);
  }
});
