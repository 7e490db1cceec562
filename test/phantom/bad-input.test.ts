/**
 * Every phantom that cannot be simulated is one line that names file, location and fix, with the
 * right exit code.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Dataset } from 'h5wasm/node';
import { LarmorError } from '../../host/base/errors.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { writePhantom } from '../../host/phantom/write.ts';
import { type Hdf5Dataset, matFile, niftiFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const file = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(at(name), bytes);
  return at(name);
};

/** Opens and reads everything; the error must be a LarmorError of one line. */
async function failure(path: string, parameters: Record<string, string> = {}): Promise<LarmorError> {
  try {
    const source = await openPhantom(path, parameters, { warn() {} });
    source.read(0, source.spinCount, spinBlock(source.spinCount));
  } catch (error) {
    assert.ok(error instanceof LarmorError, `${error}`);
    assert.doesNotMatch(error.message, /\n/);
    return error;
  }
  return assert.fail(`${path} was accepted`);
}

async function fails(exitCode: number, message: RegExp, path: string, parameters: Record<string, string> = {}) {
  const error = await failure(path, parameters);
  assert.match(error.message, message);
  assert.equal(error.exitCode, exitCode, error.message);
}

/** A `.phantom` of three sound spins, changed. */
function arrays(change: Readonly<Record<string, Hdf5Dataset | undefined>>): Record<string, Hdf5Dataset> {
  const three = (value: number): Hdf5Dataset => ({ data: Float64Array.of(value, value, value) });
  const sound: Record<string, Hdf5Dataset | undefined> = {
    'position/x': three(0.01),
    'contrast/ρ': three(1),
    'contrast/T1': three(0.8),
    'contrast/T2': three(0.1),
    ...change,
  };
  return Object.fromEntries(Object.entries(sound).filter((entry): entry is [string, Hdf5Dataset] => !!entry[1]));
}

let made = 0;
const phantom = (change: Parameters<typeof arrays>[0], attributes = {}): Promise<string> =>
  writeHdf5(at(`${made++}.phantom`), arrays(change), attributes);
const values = (...data: number[]): Hdf5Dataset => ({ data: Float64Array.from(data) });

test('names and parameters', async () => {
  await fails(2, /^there is no phantom 'brain'; give a file or one of head2d, head3d/, 'brain');
  await fails(2, /head2d has no parameter 'size'; it has voxel/, 'head2d', { size: '1' });
  for (const voxel of ['0', '-1', 'NaN', '1e999', '1e60', '1e-60', '2ms', ''])
    await fails(2, /head2d: voxel=.* (is (not|less)|has no value)/, 'head2d', { voxel });
  for (const name of ['sphere', 'column', 'grid'])
    await fails(2, /--set T1=0\.5, T2=1\.1: T2 is 1\.1 s, more than twice/, name, { T1: '0.5', T2: '1.1' });
  await fails(2, /n=2.5 is not a whole number; n is points along each axis/, 'grid', { n: '2.5' });
  await fails(2, /axis=w is none of x, y, z/, 'column', { axis: 'w' });
  await fails(2, /zmin .* lies above zmax/, 'head3d', { zmin: '0.1', zmax: '0' });
  await fails(65, /too large; use larger voxels/, 'grid', { n: '1e6' });
  await fails(65, /holds no spins/, 'head3d', { zmin: '1', zmax: '1.1' });
  await fails(2, /takes none/, await phantom({}), { voxel: '1' });
});

test('files that are not there or not phantoms', async () => {
  await fails(66, /no such file; check the path/, at('none.phantom'));
  await fails(66, /is a directory without T1map\.nii\.gz/, folder);
  await fails(65, /is empty/, file('empty.h5', ''));
  await fails(65, /is not an HDF5 file/, file('text.phantom', 'once upon a time'));
  await fails(2, /unsupported phantom format '.txt'; give .phantom/, file('notes.txt', 'x'));
  await writeHdf5(at('noending'), arrays({}));
  assert.equal((await openPhantom(at('noending'))).spinCount, 3);
  await fails(65, /is not a phantom \(it holds a\)/, await writeHdf5(at('other.h5'), { a: values(1) }));
});

test('a truncated HDF5 file', async () => {
  const bytes = readFileSync(await phantom({ 'position/x': { data: new Float64Array(3).fill(1) } }));
  for (const part of [0.1, 0.5, 0.9]) {
    await fails(
      65,
      /HDF5 cannot read it|no such dataset|is not/,
      file('cut.phantom', bytes.subarray(0, bytes.length * part)),
    );
  }
});

test('arrays of wrong shape, type and number', async () => {
  await fails(65, /contrast\/T1: 2 values for 3 spins/, await phantom({ 'contrast/T1': values(1, 1) }));
  const square = { data: new Float64Array(9), shape: [3, 3] };
  await fails(65, /position\/x: has shape 3 × 3; give one value per spin/, await phantom({ 'position/x': square }));
  await fails(65, /does not hold plain numbers/, await phantom({ 'contrast/T2': { data: ['a', 'b', 'c'] } }));
  await fails(65, /states 4 spins but holds 3/, await phantom({}, { Ns: 4 }));
  const none = Object.fromEntries(
    Object.keys(arrays({})).map((key) => [key, { data: new Float64Array(0), shape: [0] }]),
  );
  await fails(65, /holds no spins|is empty/, await phantom(none));
  await fails(65, /every density is 0/, await phantom({ 'contrast/ρ': values(0, 0, 0) }));
});

test('spins that cannot be simulated', async () => {
  for (const name of ['T1', 'T2']) {
    for (const value of [0, -1, Number.NaN, 1e-60, Number.NEGATIVE_INFINITY]) {
      const path = await phantom({ [`contrast/${name}`]: values(0.8, value, 0.8) });
      await fails(65, new RegExp(`spin 1: ${name} is .*; give a positive time in s$`), path);
    }
    const path = await phantom({ [`contrast/${name}`]: values(0.8, 0.8, Number.POSITIVE_INFINITY) });
    await fails(65, new RegExp(`spin 2: ${name} is Infinity; use a large finite time, e.g. 1e6 s$`), path);
  }
  await fails(65, /spin 0: x is NaN/, await phantom({ 'position/x': values(Number.NaN, 0, 0) }));
  await fails(65, /spin 0: density is Infinity/, await phantom({ 'contrast/ρ': values(1e300, 1, 1) }));
  await fails(65, /spin 1: offResonance is NaN/, await phantom({ 'contrast/Δw': values(0, Number.NaN, 0) }));
  await fails(
    65,
    /spin 1: T2 is 1\.7 s, more than twice the T1 of 0\.8 s; no tissue has that/,
    await phantom({ 'contrast/T2': values(1.6, 1.7, 0.1) }),
  );
  await fails(
    65,
    /spin 2: T1 is \d\.\d+e-13 s; give at least 1e-9 s/,
    await phantom({ 'contrast/T1': values(1, 1, 1e-12) }),
  );
  await fails(
    65,
    /spin 0: x is 120 m, beyond ±10 m; check its unit/,
    await phantom({ 'position/x': values(120, 0, 0) }),
  );
  await fails(65, /spin 0: density is .*beyond/, await phantom({ 'contrast/ρ': values(1e30, 1, 1) }));
  await fails(65, /spin 1: offResonance is .* rad\/s, beyond/, await phantom({ 'contrast/Δw': values(0, 1e30, 0) }));
  await fails(65, /spin 0: T2s is -1/, await phantom({ 'contrast/T2s': values(-1, 1, 1) }));
});

test('JEMRIS files', async () => {
  const jemris = (data: Hdf5Dataset, more = {}): Promise<string> =>
    writeHdf5(at(`${made++}.h5`), { 'sample/data': data, 'sample/resolution': values(1, 1, 1), ...more });
  const voxel = (...fields: number[]): Hdf5Dataset => ({ data: Float64Array.from(fields), shape: [1, 1, 5] });
  await fails(65, /has shape 5; JEMRIS writes/, await jemris({ data: new Float64Array(5) }));
  await fails(65, /has shape 1 × 1 × 4/, await jemris({ data: new Float64Array(4), shape: [1, 1, 4] }));
  await fails(65, /M0 is 0 everywhere/, await jemris(voxel(0, 1, 1, 1, 0)));
  await fails(65, /spin 0: T1 is Infinity; use a large finite time/, await jemris(voxel(1, 0, 1, 1, 0)));
  const flat = { 'sample/resolution': values(1, 0, 1) };
  await fails(65, /resolution: is 1, 0, 1; give voxel sizes in mm/, await jemris(voxel(1, 1, 1, 1, 0), flat));
  const short = { 'sample/offset': values(1) };
  await fails(65, /offset: is not three numbers/, await jemris(voxel(1, 1, 1, 1, 0), short));
});

/** A phantom that Larmor wrote, with one value of it changed by another program. */
async function edited(column: string, spin: number, value: number, attribute?: string): Promise<string> {
  const path = at(`${made++}.phantom`);
  await writePhantom(path, await openPhantom('grid', { n: '5' }));
  const { File, ready } = await import('h5wasm/node');
  await ready;
  const open = new File(path, 'a');
  (open.get(column) as Dataset).write_slice([[spin, spin + 1]], Float32Array.of(value));
  if (attribute !== undefined) open.delete_attribute(attribute);
  open.close();
  return path;
}

test('bounds and digests that no longer fit are found where they fail', async () => {
  const fix = /write it again, or delete its attributes 'bounds' and 'digests'/;
  await fails(
    65,
    /spins 0 to 124 are not those that its attribute 'digests' describes/,
    await edited('contrast/T1', 77, 1.5),
  );
  await fails(65, fix, await edited('position/x', 124, 0.001));
  await fails(65, /spins 0 to 124 exceed the bounds it states/, await edited('contrast/ρ', 3, 2));
  for (const attribute of ['bounds', 'digests']) {
    const source = await openPhantom(await edited('contrast/ρ', 3, 2, attribute));
    assert.equal(source.bounds.maxDensity, 2, `without ${attribute} every spin is read`);
    source.close();
  }
});

test('a file that changes while it is open', async () => {
  const label = file('changing.nii', niftiFile([100, 100, 200], new Uint8Array(2e6).fill(1)));
  for (const [path, parameters] of [
    [await phantom({}), {}],
    [label, { tissues: writeTable(at('changing.json'), [1]) }],
  ] as const) {
    for (const change of [
      () => writeFileSync(path, readFileSync(path).subarray(0, -1)),
      () => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.of(0)])),
    ]) {
      const before = readFileSync(path);
      const source = await openPhantom(path, parameters);
      change();
      assert.throws(
        () => source.read(0, source.spinCount, spinBlock(source.spinCount)),
        (error) =>
          error instanceof LarmorError &&
          error.exitCode === 65 &&
          /was changed while it was being read/.test(error.message),
      );
      source.close();
      writeFileSync(path, before);
    }
  }
});

test('label images', async () => {
  const tissues = writeTable(at('t.json'), [1], { voxelSize: 0.001 });
  const image = (...arrays: Parameters<typeof matFile>[0]) => file(`${made++}.mat`, matFile(arrays));
  const one = { name: 'a', dims: [1, 2], data: Uint8Array.of(1, 1) };
  await fails(66, /\.json: a label image needs a tissue table/, image(one));
  await fails(65, /holds 2 arrays; choose with --set variable=a\|b/, image(one, { ...one, name: 'b' }), { tissues });
  await fails(65, /has no array 'c'/, image(one), { tissues, variable: 'c' });
  await fails(65, /holds no spins/, image({ ...one, data: Uint8Array.of(0, 5) }), { tissues });
  await fails(65, /has 4 dimensions/, image({ name: 'a', dims: [1, 1, 1, 2], data: one.data }), { tissues });
  await fails(2, /stride=0 is less than 1/, image(one), { tissues, stride: '0' });
  await fails(65, /too short for a MAT-file/, file('s.mat', 'MATLAB'), { tissues });
  await fails(65, /is not a MATLAB level 5 file/, file('n.mat', 'x'.repeat(300)), { tissues });
  const whole = matFile([{ name: 'a', dims: [40, 40], data: new Uint8Array(1600).fill(1) }], false);
  await fails(65, /corrupt MAT-file/, file('c.mat', whole.subarray(0, 700)), { tissues });
  const bare = writeTable(at('bare.json'), [1]);
  await fails(65, /has no 'voxelSize', which a MAT-file needs/, image(one), { tissues: bare });

  const nifti = niftiFile([2, 2, 2], new Uint8Array(8).fill(1));
  const changed = (edit: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(nifti);
    edit(bytes);
    return bytes;
  };
  await fails(65, /too short for a NIfTI file/, file('a.nii', nifti.subarray(0, 100)), { tissues });
  await fails(
    65,
    /is not a NIfTI file/,
    file(
      'b.nii',
      changed((bytes) => bytes.fill(0, 0, 4)),
    ),
    { tissues },
  );
  await fails(65, /ends before its last voxel/, file('c.nii', nifti.subarray(0, -1)), { tissues });
  await fails(65, /ends before its last voxel/, file('d.nii.gz', gzipSync(nifti.subarray(0, -1))), { tissues });
  await fails(65, /cannot be decompressed/, file('e.nii.gz', gzipSync(nifti).subarray(0, -12)), { tissues });
  const complex = changed((bytes) => bytes.writeInt16LE(32, 70));
  await fails(65, /NIfTI type 32 cannot be labels/, file('f.nii', complex), { tissues });
  const pair = changed((bytes) => bytes.write('ni1', 344));
  await fails(65, /is not a single-file NIfTI; convert it to .nii/, file('g.nii', pair), { tissues });
  const inHeader = changed((bytes) => bytes.writeFloatLE(0, 108));
  await fails(65, /vox_offset is 0, within the header; set it to 352/, file('i.nii', inHeader), { tissues });
  const turned = (length: number): Buffer =>
    changed((bytes) => {
      bytes.writeInt16LE(0, 254);
      bytes.writeInt16LE(1, 252);
      bytes.writeFloatLE(length, 256);
    });
  await fails(65, /a quaternion of length 1\.5/, file('j.nii', turned(1.5)), { tissues });
  assert.equal((await openPhantom(file('j.nii', turned(1 + 1e-6)), { tissues })).spinCount, 8);
  for (const [at, value] of [
    [112, Infinity],
    [116, -Infinity],
    [292, Infinity],
    [280, Number.NaN],
  ] as const)
    await fails(
      65,
      /corrupt NIfTI header/,
      file(
        'k.nii',
        changed((bytes) => bytes.writeFloatLE(value, at)),
      ),
      { tissues },
    );
  const huge = changed((bytes) => bytes.writeFloatLE(1e6, 280));
  await fails(65, /reaches to 1000 m, beyond ±10 m; check the unit/, file('l.nii', huge), { tissues });
  const scaled = (slope: number): string =>
    file(
      'm.nii',
      changed((bytes) => bytes.writeFloatLE(slope, 112)),
    );
  await fails(65, /holds 1\.399\d+, which is not a label; give whole numbers/, scaled(1.4), { tissues });
  assert.equal((await openPhantom(scaled(1.00001), { tissues })).spinCount, 8, 'rounding of a scale is no fraction');
  const floats = Buffer.alloc(352 + 32);
  nifti.copy(floats);
  floats.writeInt16LE(16, 70);
  for (let n = 0; n < 8; n++) floats.writeFloatLE(n === 5 ? Number.NaN : 1, 352 + 4 * n);
  await fails(65, /holds NaN, which is not a label/, file('n.nii', floats), { tissues });
  const flat = changed((bytes) => bytes.writeFloatLE(0, 280));
  await fails(65, /voxel size or orientation/, file('h.nii', flat), { tissues });
});

test('tissue tables', async () => {
  const image = file('image.mat', matFile([{ name: 'a', dims: [1, 2], data: Uint8Array.of(1, 1) }]));
  const sound = { density: 1, T1: 1, T2: 0.1 };
  const table = (content: unknown): Record<string, string> => ({
    tissues: file(`${made++}.json`, typeof content === 'string' ? content : JSON.stringify(content)),
  });
  const entry = (change: object) => table({ voxelSize: 0.001, tissues: { 1: { ...sound, ...change } } });
  await fails(66, /no such file/, image, { tissues: at('none.json') });
  await fails(65, /is not JSON/, image, table('{'));
  await fails(65, /is not an object/, image, table([]));
  await fails(65, /has no 'tissues'/, image, table({}));
  await fails(
    65,
    /unknown entry 'voxelsize'; it takes tissues, B0, voxelSize/,
    image,
    table({ voxelsize: 1, tissues: {} }),
  );
  await fails(65, /'fat' is not a label/, image, table({ tissues: { fat: sound } }));
  await fails(65, /has 0 tissues/, image, table({ tissues: { 1: null } }));
  await fails(65, /tissue 1 T1: is missing/, image, entry({ T1: undefined }));
  await fails(65, /tissue 1 T2: is 0; give a positive number \[s\]/, image, entry({ T2: 0 }));
  await fails(65, /tissue 1: T2 is 3 s, more than twice the T1 of 1 s/, image, entry({ T2: 3 }));
  await fails(65, /tissue 1 T1: is 1e\+60/, image, entry({ T1: 1e60 }));
  await fails(65, /tissue 1: has an unknown entry 't1'/, image, entry({ t1: 1 }));
  await fails(65, /tissue 1 offResonance: is "fat"; give a number \[Hz\]/, image, entry({ offResonance: 'fat' }));
  await fails(65, /B0: is -1/, image, table({ B0: -1, tissues: { 1: sound } }));
  await fails(65, /voxelSize: has 2 numbers/, image, table({ voxelSize: [1, 1], tissues: { 1: sound } }));
  await fails(
    65,
    /axes: is "LRS"; give the direction of increase of each index/,
    image,
    table({ axes: 'LRS', tissues: { 1: sound } }),
  );
});

test('tissues that no spin can have', async () => {
  const image = file('one.mat', matFile([{ name: 'a', dims: [1, 2], data: Uint8Array.of(1, 1) }]));
  for (const [change, line] of [
    [{ offResonance: 1e300 }, /tissue 1: offResonance is Infinity; give a finite number/],
    [{ offResonance: 1e8 }, /tissue 1: offResonance is .* rad\/s, beyond/],
    [{ density: 1e30 }, /tissue 1: density is .*, beyond ±100000000000000000000/],
    [{ T1: 1e-30, T2: 1e-30 }, /tissue 1: T1 is .* s; give at least 1e-9 s/],
  ] as const) {
    const tissues = file(
      `${made++}.json`,
      JSON.stringify({ voxelSize: 0.001, tissues: { 1: { density: 1, T1: 1, T2: 0.1, ...change } } }),
    );
    await fails(65, line, image, { tissues });
  }
});
