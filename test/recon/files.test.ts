/**
 * Image files as other programs see them: pictures the radiologist's way round, NIfTI in RAS, NPY
 * with its axes.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from 'fast-png';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { imageWriterFor, writeImage } from '../../host/recon/files.ts';
import type { Image, RealPart } from '../../host/recon/image.ts';
import { encodePng } from '../../host/recon/png.ts';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { acquire, blob, lines, type Space, type Vec } from '../../testing/synthesis.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, runTool } from '../../testing/tools.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** An image in which every voxel holds another number. */
function counted(matrix: Vec, change: Partial<Image> = {}): Image {
  const { coils = 1, contrasts = 1, repetitions = 1 } = change;
  const voxels = matrix[0] * matrix[1] * matrix[2] * contrasts * repetitions * coils;
  return {
    data: Float32Array.from({ length: 2 * voxels }, (_, i) => (i % 2 ? 0 : 1 + (i >> 1))),
    matrix,
    coils,
    contrasts,
    repetitions,
    voxel: [0.002, 0.003, 0.004],
    origin: [-0.01, -0.02, 0.03],
    directions: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    method: 'fft',
    notes: [],
    ...change,
  };
}

function picture(image: Image): { width: number; height: number; brightest: [column: number, row: number] } {
  writeImage(at('a.png'), image);
  const { width, height, data, depth, channels } = decode(readFileSync(at('a.png')));
  assert.deepEqual([depth, channels], [8, 1]);
  // The last of them, since the window cuts off the brightest few.
  const brightest = data.lastIndexOf(255);
  return { width, height, brightest: [brightest % width, Math.floor(brightest / width)] };
}

/** The image of one point spin. */
function pointAt(matrix: Vec, r: Vec): Image {
  const space: Space = { matrix, fov: matrix.map((n) => 0.01 * n) as unknown as Vec };
  return reconstruct(acquire(space, lines(space, { alternate: true }), blob(r)));
}

test('PNG: patient left is right, anterior is up, for even and odd sizes', () => {
  for (const n of [16, 17]) {
    assert.deepEqual(picture(pointAt([n, n, 1], [0.03, 0, 0])), { width: n, height: n, brightest: [11, 8] });
    assert.deepEqual(picture(pointAt([n, n, 1], [0, 0.05, 0])), { width: n, height: n, brightest: [8, 13] });
    assert.deepEqual(picture(pointAt([n, n, 1], [0, -0.05, 0])), { width: n, height: n, brightest: [8, 3] });
  }
});

test('PNG: slices side by side, row by row; a coronal plane has its head up', () => {
  // 5 slices of 4 × 4: 3 columns, 2 rows; the last voxel is the brightest.
  assert.deepEqual(picture(counted([4, 4, 5])), { width: 12, height: 8, brightest: [7, 7] });
  const coronal = { matrix: [8, 1, 8] as Vec };
  const image = { ...counted([8, 1, 8]), ...coronal };
  assert.deepEqual(picture(image), { width: 8, height: 8, brightest: [7, 0] });
  // The same as a scanner stores it: z is the image's second axis.
  const scanner = counted([8, 8, 1], {
    directions: [
      [1, 0, 0],
      [0, 0, 1],
      [0, -1, 0],
    ],
  });
  assert.deepEqual(picture(scanner).brightest, [7, 0]);
});

test('PNG: a dark image stays dark, all zeros are black, one bright pixel does not hide the rest', () => {
  const zeros = { ...counted([4, 4, 1]), data: new Float32Array(32) };
  writeImage(at('zero.png'), zeros);
  assert.ok(decode(readFileSync(at('zero.png'))).data.every((value) => value === 0));
  const flat = counted([32, 32, 1]);
  flat.data.fill(1);
  flat.data[2 * 500] = 100;
  writeImage(at('spike.png'), flat);
  const { data } = decode(readFileSync(at('spike.png')));
  assert.ok(data[0] === 255 && data[500] === 255);
});

test('NPY: [repetition, contrast, slice, y, x], complex64, by NumPy', (t) => {
  const image = counted([4, 3, 2], { contrasts: 2, repetitions: 3 });
  image.data[1] = -7;
  writeImage(at('a.npy'), image);
  assert.deepEqual(readNpy(at('a.npy')).shape, [3, 2, 2, 3, 4]);
  const python = requirePython(t, ['numpy'], 'python3-numpy');
  if (!python) return;
  const script =
    'import numpy,sys; a=numpy.load(sys.argv[1]); print(a.dtype, a.shape, a[0,0,0,0,0], a[2,1,1,2,3].real, a[1,0,1,0,2].real)';
  assert.equal(runTool(python, ['-c', script, at('a.npy')]).trim(), 'complex64 (3, 2, 2, 3, 4) (1-7j) 144.0 63.0');
});

test('NIfTI: nibabel finds every voxel where it lies in RAS, by sform and by qform', (t) => {
  const python = requirePython(t, ['nibabel', 'numpy'], 'python3-nibabel');
  if (!python) return;
  const tilt = [Math.cos(0.3), Math.sin(0.3)];
  const orientations: Record<string, Image['directions']> = {
    axial: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    coronal: [
      [1, 0, 0],
      [0, 0, -1],
      [0, 1, 0],
    ],
    sagittal: [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ],
    oblique: [
      [tilt[0], tilt[1], 0],
      [-tilt[1], tilt[0], 0],
      [0, 0, 1],
    ],
    'half a turn': [
      [-1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ],
    'left-handed': [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, -1],
    ],
  };
  // A quaternion in f32 whose a is nearly 0 tells directions to 3e-4 only: hence 0.01 mm.
  const script = `
import nibabel, numpy, sys
image = nibabel.load(sys.argv[1])
data = image.get_fdata()
voxel = numpy.unravel_index(data.argmax(), data.shape)
print(image.shape, image.get_data_dtype(), image.header.get_xyzt_units()[0], numpy.abs(image.get_qform() - image.get_sform()).max() < 0.01)
print(*(image.affine @ [*voxel[:3], 1])[:3], *image.header.get_zooms()[:3])`;
  for (const [name, directions] of Object.entries(orientations)) {
    for (const ending of ['nii', 'nii.gz']) {
      const image = counted([5, 6, 7], { directions });
      writeImage(at(`a.${ending}`), image);
      const [first, second]: string[] = runTool(python, ['-c', script, at(`a.${ending}`)])
        .trim()
        .split('\n');
      assert.equal(first, '(5, 6, 7) float32 mm True', name);
      // The brightest voxel is the last: (4, 5, 6).
      const lps = [0, 1, 2].map(
        (c) => image.origin[c] + directions.reduce((r, axis, a) => r + axis[c] * [4, 5, 6][a] * image.voxel[a], 0),
      );
      const expected = [-1e3 * lps[0], -1e3 * lps[1], 1e3 * lps[2], 2, 3, 4];
      second.split(' ').forEach((value, i) => {
        assert.ok(Math.abs(Number(value) - expected[i]) < 1e-3, `${name}: ${second}, expected ${expected}`);
      });
    }
  }
});

test('NIfTI: a spin at (+x left, −y anterior, +z head) lies there; repetitions are the fourth axis, contrasts the fifth', (t) => {
  const python = requirePython(t, ['nibabel', 'numpy'], 'python3-nibabel');
  if (!python) return;
  const brightest =
    'import nibabel,numpy,sys; i=nibabel.load(sys.argv[1]); d=i.get_fdata(); print(*numpy.round((i.affine@[*numpy.unravel_index(d.argmax(),d.shape)[:3],1])[:3],3))';
  writeImage(at('p.nii'), pointAt([16, 17, 9], [0.03, -0.05, 0.02]));
  assert.deepEqual(
    runTool(python, ['-c', brightest, at('p.nii')])
      .trim()
      .split(' ')
      .map(Number),
    [-30, 50, 20],
  );

  const values =
    'import nibabel,sys; i=nibabel.load(sys.argv[1]); d=i.get_fdata(); print(d.shape, d[1,2,0,2,1], d[0,0,1,1,0])';
  writeImage(at('r.nii'), counted([4, 3, 2], { contrasts: 2, repetitions: 3 }));
  // 1 + x + 4 (y + 3 (z + 2 (contrast + 2 repetition)))
  assert.equal(runTool(python, ['-c', values, at('r.nii')]).trim(), '(4, 3, 2, 3, 2) 130.0 61.0');
});

test('parts: real numbers instead of complex ones, in every format', () => {
  const image = counted([2, 2, 1], { data: Float32Array.of(1, 1, -2, 0, 0, -3, 0, 0) });
  const expected = {
    magnitude: [Math.SQRT2, 2, 3, 0],
    phase: [Math.PI / 4, Math.PI, -Math.PI / 2, 0],
    real: [1, -2, 0, 0],
    imaginary: [1, 0, -3, 0],
  };
  for (const [part, values] of Object.entries(expected) as [RealPart, number[]][]) {
    writeImage(at(`${part}.npy`), image, part);
    const { data, shape, complex } = readNpy(at(`${part}.npy`));
    assert.deepEqual([shape, complex], [[1, 1, 1, 2, 2], false]);
    assert.deepEqual([...data], values.map(Math.fround), part);
    writeImage(at(`${part}.nii`), image, part);
    assert.deepEqual(
      [...new Float32Array(new Uint8Array(readFileSync(at(`${part}.nii`))).slice(352).buffer)],
      values.map(Math.fround),
    );
  }
  // Grey: black is −π or the largest negative, white π or the largest positive; the picture shows
  // row 0 on top.
  const grey = (part: RealPart): number[] => [...decode(encodePng(image, part)).data];
  assert.deepEqual(grey('phase'), [159, 255, 64, 128]);
  const [a, b, c, zero] = grey('real') as [number, number, number, number];
  assert.ok(a > 128 && b === 0 && c === 128 && zero === 128, `${[a, b, c, zero]}`);
});

test('images of every coil: a dimension more in .npy, the fourth in NIfTI, a mosaic in PNG', (t) => {
  const image = counted([4, 3, 2], { coils: 5, contrasts: 2, repetitions: 3 });
  writeImage(at('c.npy'), image, 'coils');
  assert.deepEqual(readNpy(at('c.npy')).shape, [5, 3, 2, 2, 3, 4]);
  writeImage(at('c.png'), image, 'coils');
  const { width, height } = decode(readFileSync(at('c.png')));
  assert.ok(width * height >= 12 * 2 * 6 * 5);
  const python = requirePython(t, ['nibabel', 'numpy'], 'python3-nibabel');
  if (!python) return;
  writeImage(at('c.nii'), image, 'coils');
  const values =
    'import nibabel,numpy,sys; i=nibabel.load(sys.argv[1]); d=numpy.asanyarray(i.dataobj); print(d.shape, d.dtype, d[1,2,0,3,2,1].real, d[0,0,1,0,1,0].real)';
  // 1 + x + 4 (y + 3 (z + 2 (contrast + 2 (repetition + 3 coil))))
  assert.equal(runTool(python, ['-c', values, at('c.nii')]).trim(), '(4, 3, 2, 5, 3, 2) complex64 562.0 61.0');
});

test('an unknown extension is a usage error, a folder that is not there cannot be written, and nothing is left behind', () => {
  const code = (expected: number) => (error: unknown) => error instanceof LarmorError && error.exitCode === expected;
  assert.throws(() => imageWriterFor('image.jpg'), code(EXIT.usage));
  assert.throws(() => writeImage(at('image'), counted([2, 2, 1])), code(EXIT.usage));
  for (const ending of ['png', 'nii', 'nii.gz', 'npy']) {
    const path = at(`absent/a.${ending}`);
    assert.throws(() => writeImage(path, counted([2, 2, 1])), code(EXIT.cannotWrite));
    assert.ok(!existsSync(at('absent')));
  }
  assert.throws(() => writeImage(at('wide.nii'), counted([40000, 1, 1])), code(EXIT.cannotWrite));
  assert.ok(!existsSync(at('wide.nii')));
});
