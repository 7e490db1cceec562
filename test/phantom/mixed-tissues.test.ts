/**
 * Several tissues in a voxel: maps of probability with a tissue table, and virtual objects of
 * MRiLab; what is wrong in either.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPhantom } from '../../host/phantom/open.ts';
import { type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { niftiMap, writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';

/** Two voxels along x, 4 mm apart. */
const AFFINE = [
  [4, 0, 0, -2],
  [0, 4, 0, 0],
  [0, 0, 4, 0],
];
const map = (folder: string, name: string, ...values: number[]): void =>
  writeFileSync(join(folder, name), niftiMap([2, 1, 1, values.length / 2], AFFINE, Float32Array.from(values)));
const grey = { density: 0.8, T1: 1.3, T2: 0.08 };
const fat = { density: 0.5, T1: 0.37, T2: 0.125, shift: -3.4 };

async function spinsOf(path: string, messages: string[] = []): Promise<SpinBlock> {
  const source = await openPhantom(path, {}, { warn: (text) => messages.push(text) });
  const spins = spinBlock(source.spinCount);
  source.read(0, source.spinCount, spins);
  source.close();
  return spins;
}

const near = (found: ArrayLike<number>, ...wanted: number[]): void => {
  assert.equal(found.length, wanted.length);
  wanted.forEach((value, n) => {
    assert.ok(Math.abs(found[n] - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${found[n]} for ${value}`);
  });
};

test('probabilities weigh the tissues of a voxel', async () => {
  const folder = temporaryFolder();
  map(folder, 'grey.nii', 1, 0.25);
  map(folder, 'fat.nii', 0.0005, 0.75);
  map(folder, 'both.nii', 1, 0.25, 0.0005, 0.75);
  const table = (name: string, first: string, second: string): string => {
    const tissues = { 1: { ...grey, probability: first }, 4: { ...fat, probability: second }, 7: null };
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ B0: 3, tissues }));
    return path;
  };
  for (const path of [table('a.json', 'grey.nii', 'fat.nii'), table('b.json', 'both.nii[0]', 'both.nii[1]')]) {
    const spins = await spinsOf(path);
    near(spins.density, 0.8, 0.2, 0.375);
    near(spins.T1, 1.3, 1.3, 0.37);
    near(spins.offResonance, 0, 0, 2 * Math.PI * -3.4e-6 * 42577468.8 * 3);
    // RAS −2 and 2 mm are 2 and −2 mm in LPS.
    near(spins.x, 0.002, -0.002, -0.002);
  }
  const fails = async (message: RegExp, first: string, second = 'fat.nii'): Promise<void> => {
    table('wrong.json', first, second);
    const run = await larmor(['simulate', 'fid', 'wrong.json', '-o', 'x.npy', '-q'], { folder });
    assert.ok(run.code === 65 || run.code === 66, run.stderr);
    assert.match(errorLines(run).join('\n'), message);
    assert.deepEqual([errorLines(run).length, run.left.includes('x.npy')], [1, false]);
  };
  map(folder, 'percent.nii', 100, 25);
  map(folder, 'nan.nii', 1, Number.NaN);
  writeFileSync(join(folder, 'other.nii'), niftiMap([1, 2, 1, 1], AFFINE, Float32Array.of(0, 1)));
  await fails(/tissue 1: .*percent\.nii voxel \(0, 0, 0\) is 100; give probabilities from 0 to 1/, 'percent.nii');
  await fails(/nan\.nii voxel \(1, 0, 0\) is NaN/, 'nan.nii');
  await fails(/tissue 1 probability: both\.nii has 2 volumes; name one/, 'both.nii');
  await fails(/no such file/, 'none.nii');
  await fails(/other\.nii/, 'other.nii');
  writeFileSync(
    join(folder, 'wrong.json'),
    JSON.stringify({ tissues: { 1: { ...grey, probability: 'grey.nii' }, 2: fat } }),
  );
  const partly = await larmor(['info', 'wrong.json'], { folder });
  assert.match(errorLines(partly).join('\n'), /wrong\.json tissue 2: has no probability/);
});

test('an object of MRiLab, of level 5 and of 7.3', async (t) => {
  const python = requirePython(t, ['scipy', 'numpy'], 'python3-scipy');
  if (!python) return;
  const folder = temporaryFolder();
  const program = `
import sys, numpy as np, scipy.io as io
rho = np.zeros((2, 3, 1, 2)); rho[0, 2, 0, 0] = .8; rho[1, 0, 0, 1] = .5
V = dict(Rho=rho, T1=np.full(rho.shape, 1.2), T2=np.full(rho.shape, .1), T2Star=np.full(rho.shape, .05), XDimRes=.002, YDimRes=.003,
  ZDimRes=.004, TypeNum=2., ChemShift=np.array([0., -145.]), Gyro=2.675e8, Name='two types', K=np.ones((2, 2)), ECon=np.zeros((0, 0)), SpinNum=1.)
for name, change in dict(good={}, short=dict(T1=V['T1'][:1]), types=dict(TypeNum=3.), zero=dict(T1=0 * rho), size=dict(XDimRes=0.)).items():
    io.savemat(sys.argv[1] + '/' + name + '.mat', {'VObj': {**V, **change}})`;
  const made = spawnSync(python, ['-c', program, folder], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const flat = (values: readonly number[]): Float64Array => Float64Array.from(values);
  const both = (value: number): Float64Array => flat(Array.from({ length: 12 }, () => value));
  // MATLAB's dimensions in reverse: types, slices, columns, rows.
  const shape = [2, 1, 3, 2];
  const numbers: [string, number[], Float64Array][] = [
    ['Rho', shape, flat([0, 0, 0, 0, 0.8, 0, 0, 0.5, 0, 0, 0, 0])],
    ['T1', shape, both(1.2)],
    ['T2', shape, both(0.1)],
    ['T2Star', shape, both(0.05)],
    ['ChemShift', [2, 1], flat([0, -145])],
    ...([0.002, 0.003, 0.004] as const).map((length, axis): [string, number[], Float64Array] => [
      `${'XYZ'[axis]}DimRes`,
      [1, 1],
      flat([length]),
    ]),
  ];
  await writeHdf5(
    join(folder, 'new.mat'),
    Object.fromEntries(numbers.map(([name, size, data]) => [`VObj/${name}`, { shape: size, data }])),
  );
  for (const name of ['good.mat', 'new.mat']) {
    const messages: string[] = [];
    const spins = await spinsOf(join(folder, name), messages);
    near(spins.density, 0.8, 0.5);
    near(spins.x, 0.002, -0.002);
    near(spins.y, -0.0015, 0.0015);
    near(spins.T2s, 0.05, 0.05);
    near(spins.offResonance, 0, 2 * Math.PI * -145 * 1.5);
    assert.deepEqual(
      messages.filter((text) => text.includes('VObj')).map((text) => text.slice(text.indexOf('VObj'))),
      name === 'good.mat' ? ['VObj.K: without effect; exchange between types is not simulated'] : [],
    );
  }
  for (const [name, message] of [
    ['short', /VObj\.T1: is 1 × 3 × 1 × 2, but Rho is 2 × 3 × 1 × 2; /],
    ['types', /VObj\.TypeNum: is 3, but Rho holds 2 types; /],
    ['zero', /tissue 'type 1' voxel \(0, 2, 0\): T1 is 0; /],
    ['size', /VObj\.XDimRes: is 0; /],
  ] as const) {
    const run = await larmor(['simulate', 'fid', `${name}.mat`, '-o', 'x.npy', '-q'], { folder });
    assert.equal(run.code, 65, run.stderr);
    assert.match(errorLines(run).join('\n'), message);
    assert.deepEqual([errorLines(run).length, run.left.includes('x.npy')], [1, false]);
  }
});
