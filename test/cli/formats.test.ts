/**
 * Every format that Larmor reads and writes, through the built command, on files made here: no
 * reference data is needed. The same sequence in all versions of Pulseq, and the same spins in all
 * kinds of phantom, must give the same signal.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readNpy } from '../../host/formats/npy.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { matFile, niftiFile, writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

function larmor(...args: string[]): string {
  const { code, stdout, stderr } = larmorSync(args, folder);
  assert.equal(code, 0, `larmor ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The signal of a scan, in f64: [re, im, …]. */
function signal(sequence: string, phantom: string): Float64Array {
  larmor('simulate', sequence, phantom, '--precision', 'f64', '-o', 'signal.npy', '-q');
  return Float64Array.from(readNpy(at('signal.npy')).data);
}

function distance(a: Float64Array, b: Float64Array): number {
  assert.equal(a.length, b.length);
  const norm = Math.hypot(...b);
  return Math.hypot(...a.map((value, n) => value - b[n])) / norm;
}

// A block pulse of 90 degrees and 100 µs, delayed by 100 µs, in a block of 1 ms; then 8 samples of
// 25 µs.
const SHAPES = '[SHAPES]\n\nshape_id 1\nnum_samples 100\n1\n0\n0\n97\n\nshape_id 2\nnum_samples 100\n0\n0\n98\n';
const version = (minor: number, revision: number): string =>
  `[VERSION]\nmajor 1\nminor ${minor}\nrevision ${revision}\n\n`;
const RASTERS =
  '[DEFINITIONS]\nAdcRasterTime 1e-07\nBlockDurationRaster 1e-05\nGradientRasterTime 1e-05\nRadiofrequencyRasterTime 1e-06\n\n';
const SEQUENCES: Readonly<Record<string, string>> = {
  'v1.2': `${version(2, 1)}[BLOCKS]\n1 1 1 0 0 0 0\n2 2 0 0 0 0 1\n\n[RF]\n1 2500 1 2 100 0 0\n\n[ADC]\n1 8 25000 20 0 0\n\n[DELAYS]\n1 1000\n2 1000\n\n${SHAPES}`,
  'v1.3': `${version(3, 1)}[BLOCKS]\n1 1 1 0 0 0 0 0\n2 2 0 0 0 0 1 0\n\n[RF]\n1 2500 1 2 100 0 0\n\n[ADC]\n1 8 25000 20 0 0\n\n[DELAYS]\n1 1000\n2 1000\n\n${SHAPES}`,
  'v1.4': `${version(4, 0)}${RASTERS}[BLOCKS]\n1 100 1 0 0 0 0 0\n2 100 0 0 0 0 1 0\n\n[RF]\n1 2500 1 2 0 100 0 0\n\n[ADC]\n1 8 25000 20 0 0\n\n${SHAPES}`,
  'v1.5': `${version(5, 1)}${RASTERS}[BLOCKS]\n1 100 1 0 0 0 0 0\n2 100 0 0 0 0 1 0\n\n[RF]\n1 2500 1 2 0 50 100 0 0 0 0 e\n\n[ADC]\n1 8 25000 20 0 0 0 0 0\n\n${SHAPES}`,
};
const ANY_SEQUENCE = 'v1.5.seq';
for (const [name, text] of Object.entries(SEQUENCES)) writeFileSync(at(`${name}.seq`), text);

// Twelve pixels of 10 mm, eight with tissue. Without gradients only the tissues count.
const SIZE = [4, 3, 1] as const;
const LABELS = Uint8Array.of(0, 1, 2, 0, 1, 1, 2, 2, 0, 2, 1, 0);
const TISSUES = { 1: { density: 1, T1: 1, T2: 0.002 }, 2: { density: 0.5, T1: 0.5, T2: 0.001 } } as const;
const spins = [...LABELS].filter((label) => label > 0).map((label) => TISSUES[label as 1 | 2]);
const column = (value: (spin: (typeof spins)[number]) => number) => ({ data: Float64Array.from(spins, value) });
const place = (scale: number) => ({ data: Float64Array.from(spins, (_, n) => scale * n) });

/**
 * What the samples are by hand: after a pulse of 100 µs from 0.1 ms on, the middle of sample n lies
 * at 1.02 ms + (n + ½)·25 µs.
 */
function expected(n: number): number {
  const time = 1.02e-3 + (n + 0.5) * 25e-6 - 0.15e-3;
  return spins.reduce((sum, { density, T2 }) => sum + density * Math.exp(-time / T2), 0);
}

async function writePhantoms(): Promise<string[]> {
  const contrast = { 'contrast/ρ': column((s) => s.density), 'contrast/T1': column((s) => s.T1) };
  await writeHdf5(
    at('koma.phantom'),
    { 'position/x': place(0.01), 'position/y': place(0), ...contrast, 'contrast/T2': column((s) => s.T2) },
    { Version: '0.9.0', Name: 'test', Ns: spins.length },
  );
  await writeHdf5(at('arrays.h5'), {
    x: place(0.01),
    y: place(0),
    z: place(0),
    ρ: column((s) => s.density),
    T1: column((s) => s.T1),
    T2: column((s) => s.T2),
  });
  const voxels = [...LABELS].flatMap((label) => {
    const tissue = TISSUES[label as 1 | 2];
    return tissue ? [tissue.density, 1e-3 / tissue.T1, 1e-3 / tissue.T2, 1e-3 / tissue.T2, 0] : [0, 0, 0, 0, 0];
  });
  await writeHdf5(at('jemris.h5'), {
    'sample/data': { data: Float64Array.from(voxels), shape: [3, 4, 5] },
    'sample/resolution': { data: Float64Array.of(10, 10, 10) },
    'sample/offset': { data: Float64Array.of(0, 0, 0) },
  });
  const arrays = [{ name: 'labels', dims: [4, 3], data: LABELS }];
  writeFileSync(at('level5.mat'), matFile(arrays));
  writeFileSync(at('plain.mat'), matFile(arrays, false));
  await writeHdf5(at('level73.mat'), { labels: { data: Float64Array.from(LABELS), shape: [3, 4] } });
  writeFileSync(at('image.nii'), niftiFile(SIZE, LABELS, [10, 10, 10]));
  writeFileSync(at('packed.nii.gz'), gzipSync(niftiFile(SIZE, LABELS, [10, 10, 10])));
  const table = JSON.stringify({ tissues: TISSUES, voxelSize: 0.01 });
  for (const name of ['level5', 'plain', 'level73', 'image', 'packed']) writeFileSync(at(`${name}.json`), table);
  return [
    ...['koma.phantom', 'arrays.h5', 'jemris.h5'],
    ...['level5.mat', 'plain.mat', 'level73.mat', 'image.nii', 'packed.nii.gz'],
  ];
}

describe('formats', () => {
  let phantoms: string[] = [];
  before(async () => {
    phantoms = await writePhantoms();
  });

  test('Pulseq 1.2 to 1.5: one signal, which is that of theory', () => {
    const first = signal('v1.2.seq', 'koma.phantom');
    assert.equal(first.length, 16);
    for (let n = 0; n < 8; n++) {
      const found = Math.hypot(first[2 * n], first[2 * n + 1]);
      // Relaxation during the pulse is put into its middle by the formula: good to (pulse / T2)²,
      // 1 %.
      assert.ok(Math.abs(found / expected(n) - 1) < 0.01, `sample ${n}: ${found} for ${expected(n)}`);
    }
    for (const name of Object.keys(SEQUENCES)) {
      assert.ok(distance(signal(`${name}.seq`, 'koma.phantom'), first) < 1e-9, name);
    }
  });

  test('phantoms of every kind: one signal', () => {
    assert.equal(phantoms.length, 8);
    const first = signal(ANY_SEQUENCE, 'koma.phantom');
    for (const name of phantoms) {
      const error = distance(signal(ANY_SEQUENCE, name), first);
      assert.ok(error < 1e-6, `${name} differs by ${error}`); // f32 of R1 and R2
    }
  });

  test('raw data in every format hold one signal', () => {
    const outputs = ['r.mrd', 'r.h5', 'r.npy', 'r.mat', 'r.cfl'];
    larmor('simulate', ANY_SEQUENCE, 'koma.phantom', '-q', ...outputs.flatMap((name) => ['-o', name]));
    const values = Float32Array.from(readNpy(at('r.npy')).data);
    const bytes = Buffer.from(values.buffer);
    // Each holds the samples as they are, one after the other.
    assert.ok(readFileSync(at('r.cfl')).equals(bytes), '.cfl is the samples and nothing else');
    for (const name of ['r.mrd', 'r.h5']) assert.ok(readFileSync(at(name)).includes(bytes), name);
    const mat = readFileSync(at('r.mat'));
    assert.match(mat.toString('latin1', 0, 19), /^MATLAB 5\.0 MAT-file/);
    for (const parity of [0, 1]) {
      const part = values.filter((_, n) => n % 2 === parity);
      assert.ok(mat.includes(Buffer.from(part.buffer)), 'real and imaginary parts stand apart in a MAT-file');
    }
  });

  test('images in every format', () => {
    larmor('simulate', 'epi', 'sphere', '--set', 'sequence.n=32', '-q', '-o', 'epi.mrd');
    const outputs = ['i.png', 'i.nii', 'i.nii.gz', 'i.npy'];
    larmor('reconstruct', 'epi.mrd', '-q', ...outputs.flatMap((name) => ['-o', name]));
    assert.deepEqual([...readFileSync(at('i.png')).subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    const nifti = readFileSync(at('i.nii'));
    assert.equal(nifti.readInt32LE(0), 348);
    assert.deepEqual([nifti.readInt16LE(42), nifti.readInt16LE(44)], [32, 32]);
    assert.ok(gunzipSync(readFileSync(at('i.nii.gz'))).equals(nifti));
    const { data } = readNpy(at('i.npy'));
    assert.ok(data.length >= 2 * 32 * 32 && data.every(Number.isFinite));
  });
});
