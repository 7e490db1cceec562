/** Phantoms that JEMRIS, KomaMRI and MATLAB wrote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as h5 from 'h5wasm/node';
import { openPhantom } from '../../host/phantom/open.ts';
import type { PhantomSource } from '../../host/phantom/types.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { assertSameSpins, readInPieces, readWhole } from './spins.ts';

const quiet = { warn() {} };
const table = (name: string): string => fileURLToPath(new URL(`../../examples/${name}-tissues.json`, import.meta.url));
const open = (name: string, parameters: Record<string, string> = {}): Promise<PhantomSource> =>
  openPhantom(cases(`phantoms/${name}`), parameters, quiet);

const FILES: readonly (readonly [name: string, spins: number, parameters: Record<string, string>])[] = [
  ['column1d.h5', 200, {}],
  ['sphere_chemical_shift.h5', 7825, {}],
  ['phantom_sphere.h5', 7825, {}],
  ['brain.h5', 25841, {}],
  ['random600.phantom', 600, {}],
  ['brain_motion.phantom', 6506, {}],
  ['contracting_ring.phantom', 16108, {}],
  ['brain2D.mat', 6506, { tissues: table('brain'), stride: '4' }],
  ['brain2D.mat', 4 * 6506, { tissues: table('brain'), stride: '4', upsampling: '2' }],
  ['pelvis2D.mat', 55727, { tissues: table('pelvis') }],
];

for (const [name, spins, parameters] of FILES) {
  const options = Object.entries(parameters).filter(([key]) => key !== 'tissues');
  test(`${[name, ...options.map((option) => option.join('='))].join(' ')}`, skipWithoutCases(), async () => {
    const source = await open(name, parameters);
    try {
      assert.equal(source.spinCount, spins);
      assertSameSpins(readInPieces(source, 1733), readWhole(source));
    } finally {
      source.close();
    }
  });
}

test('a JEMRIS sphere and the same sphere as arrays agree spin by spin', skipWithoutCases(), async () => {
  const [grid, arrays] = await Promise.all([open('sphere_chemical_shift.h5'), open('phantom_sphere.h5')]);
  assertSameSpins(readWhole(grid), readWhole(arrays));
});

test('brain2D, every fourth pixel, is the brain KomaMRI made of it', skipWithoutCases(), async () => {
  const [labels, koma] = await Promise.all([
    open('brain2D.mat', { tissues: table('brain'), stride: '4' }),
    open('brain_motion.phantom'),
  ]);
  assertSameSpins(readWhole(labels), readWhole(koma));
});

test('values of random600 arrive unrounded', skipWithoutCases(), async () => {
  const source = await open('random600.phantom');
  const { bounds } = source;
  assert.ok(bounds.maxDensity <= 1 && bounds.minT1 >= 0.3 && bounds.minT2 >= 0.03);
  assert.ok(bounds.max.every((high, axis) => high <= [0.1, 0.1, 0.01][axis]));
  await h5.ready;
  const file = new h5.File(cases('phantoms/random600.phantom'), 'r');
  const spins = readWhole(source);
  for (const [column, path] of [
    ['x', 'position/x'],
    ['y', 'position/y'],
    ['z', 'position/z'],
    ['density', 'contrast/ρ'],
    ['T1', 'contrast/T1'],
    ['T2', 'contrast/T2'],
    ['offResonance', 'contrast/Δw'],
  ] as const) {
    const stored = (file.get(path) as h5.Dataset).value as Float64Array;
    assert.deepEqual(spins[column], Float32Array.from(stored), column);
  }
  file.close();
  source.close();
});

test('motions of the old layout: curves, no center, spans of all spins', skipWithoutCases(), async () => {
  const source = await openPhantom(cases('phantoms/brain_motion.phantom'), {}, { warn: () => {} });
  const [turn, shift] = source.motions!;
  assert.deepEqual(turn.action, { type: 'Rotate', pitch: 0, roll: 0, yaw: 45, center: [0, 0, 0] });
  assert.deepEqual([...turn.time.t, ...turn.time.unit, turn.time.periodic], [0, 0.5, 1, 0, 1, 0, true]);
  assert.deepEqual(shift.action, { type: 'Translate', dx: 0, dy: 0.02, dz: 0 });
  assert.deepEqual(shift.spins, { first: 0, last: 6505, step: 1 });
  const ring = await openPhantom(cases('phantoms/contracting_ring.phantom'), {}, { warn: () => {} });
  assert.deepEqual(
    ring.motions!.map(({ action }) => action.type),
    ['HeartBeat', 'Rotate'],
  );
});
