/**
 * Fields that cannot be simulated end the built command with exit code 65 and one line; nothing is
 * written.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** Voxels of 50 mm about the isocentre: 7 along each axis cover any head. */
function cube(count: number, value: (n: number) => number): Buffer {
  const reach = 25 * (count - 1);
  const affine = [0, 1, 2].map((row) => [...[0, 1, 2].map((column) => (row === column ? 50 : 0)), -reach]);
  return niftiMap(
    [count, count, count],
    affine,
    Float32Array.from({ length: count ** 3 }, (_, n) => value(n)),
  );
}

async function fails(
  name: string,
  content: Buffer | string,
  option: 'b0' | object,
  code: number,
  message: RegExp,
): Promise<void> {
  const place = temporaryFolder();
  if (content !== '') writeFileSync(join(place, name), content);
  writeFileSync(join(place, 's.json'), JSON.stringify(option));
  const how = option === 'b0' ? ['--b0-map', name] : ['--scanner', 's.json'];
  const run = await larmor(['simulate', 'fid', 'sphere', '-o', 'x.npy', ...how], { folder: place });
  assert.equal(run.code, code, run.stderr);
  assert.equal(errorLines(run).length, 1, run.stderr);
  assert.match(errorLines(run)[0], message);
  assert.ok(!run.left.includes('x.npy'));
}

test('B0 maps', async () => {
  await Promise.all([
    fails(
      'nan.nii',
      cube(7, (n) => (n === 9 ? Number.NaN : 0)),
      'b0',
      65,
      /nan\.nii: voxel \(2, 1, 0\) is NaN; replace it/,
    ),
    fails(
      'small.nii',
      cube(2, () => 5),
      'b0',
      65,
      /small\.nii: does not cover sphere.* spin \d+ at \(.*\) mm/,
    ),
    fails('none.nii', '', 'b0', 66, /none\.nii: no such file/),
    fails('text.nii', 'x'.repeat(400), { b0Map: 'text.nii' }, 65, /text\.nii: is not a NIfTI file/),
  ]);
  const implausible = temporaryFolder();
  writeFileSync(
    join(implausible, 'tesla.nii'),
    cube(7, () => 1e-7),
  );
  const run = await larmor(['simulate', 'fid', 'sphere', '--b0-map', 'tesla.nii', '-o', 'x.npy'], {
    folder: implausible,
  });
  assert.match(run.stderr, /tesla\.nii: reaches 1e-7 Hz, which is implausible; a B0 map is in Hz/);
  assert.equal(run.code, 0);
});

test('gradient errors', async () => {
  const gradients = (value: object): object => ({ gradients: value });
  await Promise.all([
    fails('x.grad', '0.25 m = R0\n', gradients({ nonlinearity: 'x.grad' }), 65, /x\.grad: holds no coefficients/),
    fails('', '', { delays: { rf: 0.05 } }, 65, /fid: block \d: delayed RF pulse or ADC begins before/),
  ]);
});

test('a B1+ of the phantom itself does not go with motion', async () => {
  const folder = temporaryFolder();
  const volume = niftiMap(
    [2, 1, 1, 1],
    [
      [2, 0, 0, 0],
      [0, 2, 0, 0],
      [0, 0, 2, 0],
    ],
    Float32Array.of(1, 1),
  );
  writeFileSync(join(folder, 'one.nii'), volume);
  const tissues = { water: { density: 'one.nii[0]', T1: 1, T2: 0.1, 'B1+': ['one.nii[0]'] } };
  const $schema = 'https://github.com/mrx-org/nifti-phantoms/nifti-phantom-v1';
  writeFileSync(join(folder, 'own.json'), JSON.stringify({ $schema, system: { B0: 3 }, tissues }));
  writeFileSync(join(folder, 'nod.csv'), 'time, y\n0, 0\n1, 0.01\n');
  const run = await larmor(['simulate', 'fid', 'own.json', '--motion', 'nod.csv', '-o', 'x.npy', '-q'], { folder });
  assert.equal(run.code, 65, run.stderr);
  assert.match(
    errorLines(run)[0],
    /own\.json: its spins move, but its B1\+ is known only at their positions at rest; .*--b1-map/,
  );
});
