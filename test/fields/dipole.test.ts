/**
 * `larmor phantom field`: the field of a sphere in B0, whose closed form is a dipole's, and what is
 * refused.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMap } from '../../host/fields/map.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const SIDE = 32;
const RADIUS = 6;
const AFFINE = [
  [2, 0, 0, -31],
  [0, 2, 0, -31],
  [0, 0, 2, -31],
];
const centre = (SIDE - 1) / 2;
const from = (n: number): number[] =>
  [n % SIDE, Math.floor(n / SIDE) % SIDE, Math.floor(n / SIDE ** 2)].map((at) => at - centre);
/** Air in water, ppm. */
const ball = Float32Array.from({ length: SIDE ** 3 }, (_, n) => (Math.hypot(...from(n)) <= RADIUS ? 0.36 : -9.05));

test('a ball of air in water at 3 T', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'chi.nii'), niftiMap([SIDE, SIDE, SIDE], AFFINE, ball));
  const run = await larmor(['phantom', 'field', 'chi.nii', '-o', 'b0.nii.gz', '--b0', '3', '--json'], { folder });
  assert.equal(run.code, 0, run.stderr);
  const { outside, B0 } = JSON.parse(run.stdout) as { outside: number; B0: number };
  assert.ok(Math.abs(outside + 9.05) < 1e-6 && B0 === 3);
  const map = await readMap(join(folder, 'b0.nii.gz'));
  // The file's place is the input's: LPS of its first voxel.
  assert.ok(Math.abs(map.origin[0] - 0.031) < 1e-8 && Math.abs(map.origin[2] + 0.031) < 1e-8);
  const strength = 9.41e-6 * 42.5774688e6 * 3;
  const volume = ball.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  const cube = (3 * volume) / (4 * Math.PI);
  let [squares, count, inside, within] = [0, 0, 0, 0];
  for (const [n, value] of map.values.entries()) {
    const r = from(n);
    const d = Math.hypot(...r);
    if (d > 1.25 * RADIUS) {
      squares += (value / strength - (cube / (3 * d ** 3)) * (3 * (r[2] / d) ** 2 - 1)) ** 2;
      count++;
    } else if (d <= RADIUS) {
      inside += value / strength;
      within++;
    }
  }
  // Voxels are hard: 3e-4 for a radius of ten, more for six.
  assert.ok(Math.sqrt(squares / count) < 1e-3, `outside ${Math.sqrt(squares / count)}`);
  assert.ok(Math.abs(inside / within) < 2e-3, `inside ${inside / within}`);
});

test('what is no susceptibility is refused', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'big.nii'), niftiMap([2, 1, 1], AFFINE, Float32Array.of(0, 2e6)));
  writeFileSync(join(folder, 'two.nii'), niftiMap([2, 1, 1, 2], AFFINE, Float32Array.of(0, 1, 2, 3)));
  const fails = async (code: number, message: RegExp, ...args: string[]): Promise<void> => {
    const run = await larmor(['phantom', 'field', ...args], { folder });
    assert.equal(run.code, code, run.stderr);
    assert.equal(errorLines(run).length, 1);
    assert.match(errorLines(run)[0], message);
  };
  await Promise.all([
    fails(65, /big\.nii: χ differs by 1e\+?0?6|big\.nii: χ differs by 1000000; give ppm/, 'big.nii', '-o', 'x.nii'),
    fails(65, /two\.nii: is not one real volume/, 'two.nii', '-o', 'x.nii'),
    fails(2, /end it in \.nii/, 'big.nii', '-o', 'x.png'),
    fails(2, /give three numbers, such as 0,0,1/, 'big.nii', '-o', 'x.nii', '--b0-dir', '0,1'),
    fails(66, /none\.nii: no such file/, 'none.nii', '-o', 'x.nii'),
  ]);
});
