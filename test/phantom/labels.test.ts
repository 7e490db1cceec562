/**
 * Label images: where voxels lie, which spins they hold, and what a stride and upsampling do to
 * them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openPhantom } from '../../host/phantom/open.ts';
import { matFile, niftiFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';
import { assertSameSpins, readInPieces, readWhole } from './spins.ts';

const folder = temporaryFolder();
const table = writeTable(join(folder, 'table.json'), [1, 2, 3], { voxelSize: [0.001, 0.002, 0.003] });
/** 3 rows, 4 columns; column-major. */
const labels = Uint8Array.of(0, 1, 1, 2, 0, 2, 3, 3, 3, 0, 0, 1);
const round = (values: Float32Array): number[] => [...values].map((value) => Math.round(value * 1e7) / 1e7);

test('a MAT image: rows to posterior, columns to the left, column-major order', async () => {
  const path = join(folder, 'plane.mat');
  for (const compressed of [true, false]) {
    writeFileSync(path, matFile([{ name: 'labels', dims: [3, 4], data: labels }], compressed));
    const source = await openPhantom(path, { tissues: table });
    const spins = readWhole(source);
    assert.deepEqual([...spins.T1], [1, 1, 2, 2, 3, 3, 3, 1]);
    assert.deepEqual(round(spins.y), [0, 0.001, -0.001, 0.001, -0.001, 0, 0.001, 0.001]);
    assert.deepEqual(round(spins.x), [-0.003, -0.003, -0.001, -0.001, 0.001, 0.001, 0.001, 0.003]);
    assert.ok(spins.z.every((z) => z === 0));
  }
});

test('a MATLAB 7.3 image is read like a level 5 one', async () => {
  const [old, recent] = [join(folder, 'v5.mat'), join(folder, 'v73.mat')];
  writeFileSync(old, matFile([{ name: 'labels', dims: [3, 4], data: labels }]));
  await writeHdf5(recent, { labels: { data: Int32Array.from(labels), shape: [4, 3] } });
  const [a, b] = await Promise.all([old, recent].map((path) => openPhantom(path, { tissues: table })));
  assertSameSpins(readWhole(b), readWhole(a));
});

test('axes of the table turn the image', async () => {
  const path = join(folder, 'coronal.mat');
  writeFileSync(path, matFile([{ name: 'labels', dims: [3, 4], data: labels }]));
  const turned = writeTable(join(folder, 'turned.json'), [1, 2, 3], { voxelSize: 0.001, axes: 'IRA' });
  const spins = readWhole(await openPhantom(path, { tissues: turned }));
  assert.deepEqual(
    round(spins.z),
    [0, -0.001, 0.001, -0.001, 0.001, 0, -0.001, -0.001].map((z) => z + 0),
  );
  assert.deepEqual(round(spins.x), [0.0015, 0.0015, 0.0005, 0.0005, -0.0005, -0.0005, -0.0005, -0.0015]);
  assert.ok(spins.y.every((y) => y === 0));
});

test('upsampling fills voxels with a sub-lattice, as a finer image with the same labels would', async () => {
  const path = join(folder, 'up.mat');
  const fine = new Uint8Array(6 * 8);
  for (let c = 0; c < 8; c++) for (let r = 0; r < 6; r++) fine[c * 6 + r] = labels[(c >> 1) * 3 + (r >> 1)];
  writeFileSync(
    path,
    matFile([
      { name: 'labels', dims: [3, 4], data: labels },
      { name: 'fine', dims: [6, 8], data: fine },
    ]),
  );
  const half = writeTable(join(folder, 'half.json'), [1, 2, 3], { voxelSize: [0.0005, 0.001, 0.0015] });
  const up = readWhole(await openPhantom(path, { tissues: table, variable: 'labels', upsampling: '2' }));
  const finer = readWhole(await openPhantom(path, { tissues: half, variable: 'fine' }));
  const places = (spins: typeof up): string[] =>
    [...round(spins.x).keys()].map((n) => `${round(spins.x)[n]} ${round(spins.y)[n]} ${spins.T1[n]}`).sort();
  assert.deepEqual(places(up), places(finer));
});

test('a plain and a compressed NIfTI hold the same spins, in LPS', async () => {
  const size = [4, 3, 2] as const;
  const volume = Uint8Array.from({ length: 24 }, (_, n) => (n % 5 === 0 ? 0 : 1 + (n % 3)));
  const bytes = niftiFile(size, volume, [2, 3, 4], [-10, 20, 30]);
  writeFileSync(join(folder, 'a.nii'), bytes);
  writeFileSync(join(folder, 'a.nii.gz'), gzipSync(bytes));
  writeTable(join(folder, 'a.json'), [1, 2, 3]);
  const [plain, packed] = await Promise.all(['a.nii', 'a.nii.gz'].map((name) => openPhantom(join(folder, name))));
  const spins = readWhole(plain);
  assertSameSpins(readWhole(packed), spins);
  assertSameSpins(readInPieces(plain, 3), spins);
  assert.equal(plain.identity, packed.identity);
  // Voxel (1, 0, 0) is the first with a label: RAS (−8, 20, 30) mm is LPS (8, −20, 30).
  assert.deepEqual([spins.x[0], spins.y[0], spins.z[0]], [0.008, -0.02, 0.03].map(Math.fround));
  plain.close();
});

test('NIfTI files that nibabel wrote: types, scaling, sform, qform, big-endian, version 2', async (t) => {
  const python = requirePython(t, ['nibabel', 'numpy'], 'python3-nibabel');
  if (!python) return;
  const program = `
import json, sys
import numpy as np, nibabel as nib
rng = np.random.default_rng(1)
out = {}
def keep(name, image):
    nib.save(image, sys.argv[1] + '/' + name)
    loaded = nib.load(sys.argv[1] + '/' + name)
    labels = np.asarray(loaded.dataobj)
    n = np.argwhere(np.transpose(labels) > 0)[:, ::-1]
    out[name] = {'places': nib.affines.apply_affine(loaded.affine, n).tolist(), 'labels': labels[tuple(n.T)].tolist()}
labels = rng.integers(0, 4, (5, 4, 3))
a = nib.affines.from_matvec(np.array([[1.5, .2, 0], [-.2, 1.4, .3], [.1, -.3, 2]]), [-7, 3, 11])
for kind in ['u1', 'i2', 'i4', 'f4', 'f8', 'u2', 'i8']:
    keep('t_' + kind + '.nii', nib.Nifti1Image(labels.astype(kind), a, dtype=np.dtype(kind)))
q = nib.Nifti1Image(labels.astype('u1'), None)
c, s = np.cos(.4), np.sin(.4)
q.set_qform(nib.affines.from_matvec(np.array([[c, -s, 0], [s, c, 0], [0, 0, -1]]) * [1, 2, 3], [4, 5, 6]), 1)
q.set_sform(None, 0)
keep('q.nii', q)
keep('two.nii.gz', nib.Nifti2Image(labels.astype('i2'), a))
big = nib.Nifti1Header(endianness='>')
big.set_data_dtype(np.dtype('>i2'))
keep('big.nii', nib.Nifti1Image(labels.astype('>i2'), a, big))
flat = nib.Nifti1Image(labels[:, :, :1].astype('u1'), a)
keep('flat.nii', flat)
json.dump(out, sys.stdout)`;
  const run = spawnSync(python, ['-c', program, folder], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const expected: Record<string, { places: number[][]; labels: number[] }> = JSON.parse(run.stdout);
  const tissues = writeTable(join(folder, 'nibabel.json'), [1, 2, 3]);
  for (const [name, { places, labels: held }] of Object.entries(expected)) {
    const source = await openPhantom(join(folder, name), { tissues });
    assert.equal(source.spinCount, held.length, name);
    const spins = readWhole(source);
    assert.deepEqual([...spins.T1], held, name);
    places.forEach(([x, y, z], n) => {
      // RAS in mm as f32 headers store it: 1e-6 of 20 mm.
      const off = Math.hypot(spins.x[n] + x * 1e-3, spins.y[n] + y * 1e-3, spins.z[n] - z * 1e-3);
      assert.ok(off < 1e-7, `${name} spin ${n} is ${off} m off`);
    });
    source.close();
  }
});

test('labels the table does not know are listed once, and hold no spins', async () => {
  const path = join(folder, 'unknown.mat');
  writeFileSync(path, matFile([{ name: 'labels', dims: [2, 2], data: Uint8Array.of(0, 1, 7, 9) }]));
  const warnings: string[] = [];
  const source = await openPhantom(path, { tissues: table }, { warn: (message) => warnings.push(message) });
  assert.equal(source.spinCount, 1);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /labels 7, 9 are not in .*table\.json and hold no spins/);
});
