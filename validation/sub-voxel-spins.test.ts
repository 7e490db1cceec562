/**
 * Spins enough: predicted spurious echoes against those of the engine, and pictures of built-in
 * scans on their defaults but for a smaller matrix: uniform where the tissue is, dark where nothing
 * is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPhantom } from '../host/phantom/open.ts';
import { spinBlock } from '../host/phantom/types.ts';
import { predictEcho } from '../host/sampling/predict-echo.ts';
import { hardPulse, mergedSteps, ROTATION, rotate } from '../host/sampling/pulse-rotation.ts';
import { spinSampler } from '../host/sampling/sampler.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { larmor } from '../testing/larmor.ts';
import { ute } from '../testing/pypulseq-scans.ts';
import { phantomOf, simulate } from '../testing/run.ts';
import { some } from '../testing/some.ts';
import { alarms, spuriousEchoes, TRAINS } from './spurious-echo.ts';
import { SCANS, scanEchoes } from './spurious-scans.ts';

test('the predicted spurious echo is the measured one within a factor of two, and warns where it should', async () => {
  const pairs = await spuriousEchoes(TRAINS.slice(0, 1).concat(TRAINS.slice(3)), [4, 11]);
  for (const { name, predicted, measured } of pairs)
    if (measured > 0.01)
      assert.ok(predicted > measured / 2 && predicted < 2 * measured, `${name}: ${predicted}, ${measured}`);
  const { hits, missed, falseAlarms } = alarms(pairs, 0.01);
  assert.ok(hits >= 7, `${hits} hits`);
  assert.deepEqual([missed, falseAlarms], [0, 0]);
});

test('echoes of whole scans: predicted where they are, and none of EPI, balanced SSFP and enough spins', async () => {
  const names = ['gre, TR 100 ms', 'se', 'epi', 'bSSFP', 'EPI of one shot'];
  const pairs = await scanEchoes(SCANS.filter(({ name }) => names.includes(name)));
  const { hits, missed, falseAlarms } = alarms(pairs, 0.01);
  assert.deepEqual([missed, falseAlarms], [0, 0], JSON.stringify(pairs));
  assert.ok(hits >= 7 && pairs.length - hits >= 7, `${hits} of ${pairs.length}`);
});

test('a slab is thick enough: a spin echo of twice the slab is the same', async () => {
  const sequence = makeBuiltin('se', { n: 16 }, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const sampler = spinSampler(timeline, encode(sequence, DEFAULT_SCANNER), 400);
  const { from, to } = sampler.slab!;
  const signalOf = async (times: number): Promise<Float64Array> => {
    const set = { slab: String(times * (to - from)), voxel: '0.02', spinsPerVoxel: String(400 * times) };
    const signal = await simulate(sequence, await openPhantom('sphere', set, { sampler }));
    return signal.map((value) => value * times);
  };
  const [own, twice] = [await signalOf(1), await signalOf(2)];
  const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = own.reduce((most, value, at) => Math.max(most, Math.abs(value - twice[at])), 0) / largest;
  // The edge of 2.6 slices leaves 9e-3 of the 180° pulse, that of 3.2 slices 5e-4.
  assert.ok(apart < 1e-3, `${apart}`);
});

test('a gradient echo has the level of the Ernst formula over the slice profile', async () => {
  const n = 8;
  const sequence = makeBuiltin('gre', { n, dummies: 400 }, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const sampler = spinSampler(timeline, encode(sequence, DEFAULT_SCANNER));
  const { from, to } = sampler.slab!;
  const steps = mergedSteps(timeline, 0);
  const { after } = hardPulse(timeline, 0);
  const rotation = new Float64Array(ROTATION.length);
  const tissues = [
    [0.5, 0.07],
    [0.833, 0.083],
    [2.569, 0.329],
  ] as const;
  for (const [T1, T2] of some<(typeof tissues)[number]>(tissues, 2)) {
    const phantom = await openPhantom('sphere', { voxel: '0.02', T1: `${T1}`, T2: `${T2}` }, { sampler });
    const signal = await simulate(sequence, phantom);
    const at = 2 * (n / 2) * (n + 1);
    const level = Math.hypot(signal[at], signal[at + 1]) / (phantom.spinCount / phantom.spins!.least);
    const E1 = Math.exp(-0.02 / T1);
    let [re, im] = [0, 0];
    const layers = 1000;
    for (let layer = 0; layer < layers; layer++) {
      const z = from + ((layer + 0.5) / layers) * (to - from);
      rotate(steps, timeline.gammaBar, [0, 0, z], 0, rotation);
      const before = ((1 - E1) / (1 - E1 * rotation[ROTATION.E]) / layers) * Math.exp(-0.005 / T2);
      const [x, y] = [before * rotation[ROTATION.C], before * rotation[ROTATION.C + 1]];
      const turn = 2 * Math.PI * after[2] * z;
      re += x * Math.cos(turn) - y * Math.sin(turn);
      im += x * Math.sin(turn) + y * Math.cos(turn);
    }
    // RF spoiling by 117° is not perfect: long T2 errs most.
    const share = level / Math.hypot(re, im);
    assert.ok(Math.abs(share - 1) < 0.03, `T1 ${T1} s, T2 ${T2} s: ${share} of the formula`);
  }
});

test('one excitation needs one spin per voxel', async () => {
  const sequence = makeBuiltin('epi', {}, DEFAULT_SCANNER);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const sampler = spinSampler(timeline, encode(sequence, DEFAULT_SCANNER));
  assert.deepEqual((await openPhantom('head2d', {}, { sampler })).spins, { least: 1, most: 1, level: 0, scale: 0 });
});

test('plan tells the spins per voxel and the echo; --strict refuses too few', async () => {
  const { stdout } = await larmor(['plan', 'gre', 'column', '--set', 'n=8']);
  assert.match(stdout, /per voxel {2}\d+.*spurious echo .* % of the signal/);
  const few = ['plan', 'gre', 'column', '--set', 'n=8', '--spins-per-voxel', '1', '--strict'];
  const { code, stderr } = await larmor(few);
  assert.equal(code, 65);
  assert.match(stderr, /too few spins per pixel .*--spins-per-voxel auto/);
});

test('points of a lattice that few spokes see: 2 % of the image is measured', () => {
  const [apart, layers, slab, radius] = [1e-3, 25, 5e-3, 0.02];
  const places: [number, number, number][] = [];
  for (let x = apart / 2 - radius; x < radius; x += apart)
    for (let y = apart / 2 - radius; y < radius; y += apart)
      for (let n = 0; n < layers && Math.hypot(x, y) < radius; n++)
        places.push([x, y, ((n + 0.5) / layers - 0.5) * slab]);
  const spins = spinBlock(places.length);
  for (const [axis, column] of [spins.x, spins.y, spins.z].entries()) column.set(places.map((place) => place[axis]));
  for (const [n, [x, y]] of places.entries())
    spins.density[n] = 0.5 + 0.5 * Math.cos((Math.PI * Math.hypot(x, y)) / radius);
  spins.T1.fill(0.8);
  spins.T2.fill(0.08);
  const sequence = ute();
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const { level } = predictEcho(phantomOf(spins), timeline, encode(sequence, DEFAULT_SCANNER));
  // 0.9 % of every fifth spoke.
  assert.ok(level > 0.01 && level < 0.02, `${level}`);
});
