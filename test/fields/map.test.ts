/**
 * Maps from NIfTI files: trilinear between voxel centres of any affine, complex numbers, and what
 * is refused.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LarmorError } from '../../host/base/errors.ts';
import { type FieldMap, outsideMap, readMagnitudePhase, readMap } from '../../host/fields/map.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return path;
}

/** Oblique, sheared by a little, of unequal steps. */
const AFFINE = [
  [2.8, 0.5, 0.3, -6],
  [-0.6, 3.1, 0.2, 4],
  [0.1, -0.4, 4.9, -9],
];
const SIZE = [4, 5, 3] as const;
const centre = (i: number, j: number, k: number): number[] =>
  AFFINE.map(([a, b, c, d], row) => ((row < 2 ? -1 : 1) * (a * i + b * j + c * k + d)) / 1e3);

/** f of each voxel's centre, LPS metres; several numbers are the parts of a voxel. */
function fill(f: (x: number, y: number, z: number) => readonly number[]): Float64Array {
  const list: number[] = [];
  for (let k = 0; k < SIZE[2]; k++)
    for (let j = 0; j < SIZE[1]; j++)
      for (let i = 0; i < SIZE[0]; i++) {
        const [x, y, z] = centre(i, j, k);
        list.push(...f(x, y, z));
      }
  return Float64Array.from(list);
}

/** Values of all channels and parts at one place; NaN outside. */
function valuesAt(map: FieldMap, place: readonly number[]): number[] {
  const [x, y, z] = place.map((part) => Float64Array.of(part));
  const columns = Array.from({ length: map.channels * map.parts }, () => new Float64Array(1));
  let missed = false;
  map.sample({ x, y, z }, 1, columns, () => {
    missed = true;
  });
  return columns.map((column) => (missed ? Number.NaN : column[0]));
}

test('a function linear in x, y, z comes back at any place, whatever the affine', async () => {
  const linear = (x: number, y: number, z: number): number[] => [3 + 100 * x - 40 * y + 7 * z, 2 * x - z];
  const real = await readMap(
    file(
      'real.nii.gz',
      niftiMap(
        SIZE,
        AFFINE,
        fill((x, y, z) => linear(x, y, z).slice(0, 1)),
      ),
    ),
  );
  const complex = await readMap(file('complex.nii', niftiMap(SIZE, AFFINE, fill(linear), true)));
  assert.deepEqual([real.parts, real.channels, complex.parts, complex.channels], [1, 1, 2, 1]);
  for (const [i, j, k] of [
    [0, 0, 0],
    [3, 4, 2],
    [1.3, 2.9, 0.7],
    [2.999, 0.001, 1.5],
  ] as const) {
    const place = centre(i, j, k);
    const want = linear(place[0], place[1], place[2]);
    // The affine is stored in f32: 6e-8 of 15 mm times a slope of 100.
    for (const [n, value] of valuesAt(complex, place).entries()) assert.ok(Math.abs(value - want[n]) < 1e-6);
    assert.ok(Math.abs(valuesAt(real, place)[0] - want[0]) < 1e-6);
  }
  for (const outside of [
    [-0.01, 1, 1],
    [1, 4.01, 1],
    [1, 1, 2.01],
  ] as const)
    assert.ok(Number.isNaN(valuesAt(real, centre(outside[0], outside[1], outside[2]))[0]));
});

test('a product of coordinates is what eight corners give', async () => {
  const values = Float32Array.from({ length: 24 }, (_, n) => Math.sin(n) + n);
  const size = [2, 3, 2, 2];
  const unit = [
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [0, 0, 1, 0],
  ];
  const map = await readMap(file('corners.nii', niftiMap(size, unit, values)));
  assert.equal(map.channels, 2);
  const [u, v, w] = [0.25, 1.625, 0.5];
  const want = [0, 12].map((volume) => {
    let sum = 0;
    for (const [i, p] of [1 - u, u].entries())
      for (const [j, q] of [1 - (v - 1), v - 1].entries())
        for (const [k, r] of [1 - w, w].entries()) sum += p * q * r * values[volume + i + 2 * (j + 1) + 6 * k];
    return sum;
  });
  for (const [n, value] of valuesAt(
    map,
    [u, v, w].map((mm) => mm / 1e3),
  ).entries())
    assert.ok(Math.abs(value - want[n]) < 1e-12);
});

test('a single slice holds for half its thickness', async () => {
  const affine = [
    [-2, 0, 0, 0],
    [0, -2, 0, 0],
    [0, 0, 6, 0],
  ];
  const map = await readMap(file('slice.nii', niftiMap([2, 2, 1], affine, Float32Array.of(1, 2, 3, 4))));
  assert.equal(valuesAt(map, [0.001, 0.001, 0.003])[0], 2.5);
  assert.ok(Number.isNaN(valuesAt(map, [0.001, 0.001, 0.0031])[0]));
});

test('magnitude and phase are made complex at the voxels', async () => {
  const magnitude = file('m.nii', niftiMap([2, 1, 1], AFFINE, Float32Array.of(1, 2)));
  const map = await readMagnitudePhase(magnitude, file('p.nii', niftiMap([2, 1, 1], AFFINE, Float32Array.of(0, 3))));
  const [re, im] = valuesAt(map, centre(0.5, 0, 0));
  assert.ok(Math.abs(re - (1 + 2 * Math.cos(3)) / 2) < 1e-7 && Math.abs(im - Math.sin(3)) < 1e-7);
});

test('maps that cannot be used are refused in one line', async () => {
  const fails = async (message: RegExp, open: Promise<unknown>): Promise<void> =>
    assert.rejects(
      open,
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  const two = (...values: number[]): Buffer => niftiMap([2, 1, 1], AFFINE, Float32Array.from(values));
  await fails(/voxel \(1, 0, 0\) is NaN; replace it/, readMap(file('nan.nii', two(1, Number.NaN))));
  const bare = two(1, 2);
  bare.writeInt16LE(0, 254);
  await fails(/states no orientation/, readMap(file('bare.nii', bare)));
  const flat = niftiMap([2, 1, 1], [AFFINE[0], AFFINE[0], AFFINE[2]], Float32Array.of(1, 2));
  await fails(/voxels have no volume/, readMap(file('flat.nii', flat)));
  await fails(/ends before its last voxel/, readMap(file('short.nii.gz', two(1, 2).subarray(0, -4))));
  const magnitude = file('mag.nii', two(1, 2));
  const pair = (bytes: Buffer, m = magnitude) => readMagnitudePhase(m, file('phase.nii', bytes));
  await fails(/is 400; give phases in rad/, pair(two(0, 400)));
  await fails(/differs in its voxel grid from .*mag\.nii/, pair(niftiMap([1, 1, 1], AFFINE, Float32Array.of(0))));
  await fails(/voxel \(0, 0, 0\) is -1; a magnitude/, pair(two(0, 1), file('neg.nii', two(-1, 1))));
  const map = await readMap(magnitude);
  assert.match(
    outsideMap(map, 'x.phantom spin 7', [0.1, 0, -0.02]).message,
    /does not cover x.phantom spin 7 at \(100, 0, -20\) mm/,
  );
});
