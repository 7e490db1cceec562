/**
 * Coils, B1 maps and shims through the built command, against reference signals that share nothing
 * with Larmor.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { caseError } from '../../testing/physics-cases.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** Columns are f32, which is 2e-8 of the signal here; f32 arithmetic 1.2e-6. */
const LIMIT = { f64: 1e-7, f32: 5e-6 } as const;

const checks: [name: string, precision: 'f64' | 'f32'][] = [
  ['coils-loops-a', 'f64'],
  ['coils-map-a', 'f32'],
  ['coils-magphase-a', 'f64'],
  ['b1-hard-a', 'f64'],
  ['b1-slice-a', 'f32'],
  ['shims-a', 'f64'],
];

for (const [name, precision] of some(checks, 2))
  test(`${name}, ${precision}`, skipWithoutCases(), async () => {
    const error = await caseError(name, { options: ['--precision', precision] });
    assert.ok(error < LIMIT[precision], `relative error ${error}`);
  });

const physics = (name: string): string => cases(join('physics', name));

test(
  'a shim of another number of channels than the map is an error; without a map it is a warning',
  skipWithoutCases(),
  async () => {
    const scan = ['simulate', physics('shims-a.seq'), physics('shims-a.phantom'), '-o', 'x.npy', '-q'];
    const wrong = await larmor([...scan, '--b1-map', physics('b1plus-a.nii.gz')]);
    assert.equal(wrong.code, 65);
    assert.match(
      errorLines(wrong)[0],
      /shims-a\.seq: block 1: its RF_SHIMS have 2 channels, but .*b1plus-a\.nii\.gz has 1; give/,
    );
    assert.equal(errorLines(wrong).length, 1);
    const plain = await larmor(scan);
    assert.equal(plain.code, 0);
    assert.match(plain.stderr, /RF_SHIMS of 2 channels have no effect/);
  },
);

test('maps in .npy files are those of NIfTI files', skipWithoutCases(), async () => {
  const folder = temporaryFolder();
  // Two coils whose sensitivity is linear along x and y: exact between voxels.
  const values = new Float32Array(2 * 2 * 3 ** 3);
  for (let coil = 0; coil < 2; coil++)
    for (let z = 0; z < 3; z++)
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 3; x++) values[2 * (((coil * 3 + z) * 3 + y) * 3 + x) + coil] = 1 + (coil === 0 ? x : y);
  const header = Buffer.from(
    `\x93NUMPY\x01\x00\x76\x00${"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3, 3, 3), }".padEnd(117)}\n`,
    'latin1',
  );
  writeFileSync(join(folder, 'maps.npy'), Buffer.concat([header, Buffer.from(values.buffer)]));
  writeFileSync(join(folder, 's.json'), JSON.stringify({ receive: { file: 'maps.npy', fov: [0.6, 0.6, 0.6] } }));
  const run = async (name: string, ...more: string[]): Promise<Float64Array> => {
    const args = ['simulate', 'fid', 'column', '--set', 'samples=8', '--precision', 'f64', '-o', name, '-q', ...more];
    const { code, stderr } = await larmor(args, { folder });
    assert.equal(code, 0, stderr);
    return readNpy(join(folder, name)).data;
  };
  const plain = await run('plain.npy');
  const coils = await run('coils.npy', '--scanner', 's.json');
  // The column stands at x = y = 0, the middle voxel's centre: C = 2 and 2i.
  for (let n = 0; n < 8; n++) {
    const [re, im] = [plain[2 * n], plain[2 * n + 1]];
    const size = Math.hypot(re, im);
    assert.ok(Math.hypot(coils[2 * n] - 2 * re, coils[2 * n + 1] - 2 * im) < 1e-9 * size);
    assert.ok(Math.hypot(coils[16 + 2 * n] + 2 * im, coils[16 + 2 * n + 1] - 2 * re) < 1e-9 * size);
  }
});
