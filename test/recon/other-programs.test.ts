/**
 * Other programs' images of the same data: the phantom that ISMRMRD's generator wrote into its
 * file, BART's FFT (both to f32 precision) and, for non-Cartesian data, BART's iterative inverse.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRaw } from '../../host/raw/index.ts';
import { magnitude } from '../../host/recon/image.ts';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { relativeError } from '../../testing/measure.ts';
import { acquire, ellipse, lines, radial, type Sampled, type Space, spiral, sum } from '../../testing/synthesis.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, requireTool, runTool } from '../../testing/tools.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

function writeCfl(name: string, dimensions: readonly number[], data: Float32Array): void {
  writeFileSync(at(`${name}.hdr`), `# Dimensions\n${dimensions.join(' ')}\n`);
  writeFileSync(at(`${name}.cfl`), data);
}

function readCfl(name: string): Float32Array {
  const bytes = readFileSync(at(`${name}.cfl`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/**
 * ‖a·x − b‖ / ‖b‖ with the complex factor x that makes it smallest: BART scales its transforms
 * otherwise.
 */
function misfit(a: Float32Array, b: Float32Array): number {
  let [re, im, norm] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 2) {
    re += a[i] * b[i] + a[i + 1] * b[i + 1];
    im += a[i] * b[i + 1] - a[i + 1] * b[i];
    norm += a[i] ** 2 + a[i + 1] ** 2;
  }
  const scaled = a.map((_, i) =>
    i % 2 === 0 ? (a[i] * re - a[i + 1] * im) / norm : (a[i - 1] * im + a[i] * re) / norm,
  );
  return relativeError(scaled, b);
}

const object = (n: number) => {
  const d = 0.22 / n;
  const density = 1 / d / d;
  return sum(
    ellipse([0.06 * 0.22, -0.03 * 0.22, 0], 0.25 * 0.22, 0.35 * 0.22, density),
    ellipse([-0.1 * 0.22, 0.2 * 0.22, 0], 0.06 * 0.22, 0.04 * 0.22, -0.6 * density),
  );
};

test('the Shepp–Logan phantom of ISMRMRD: four coils, oversampled readout, two repetitions, with and without trajectory', async (t) => {
  const generator = requireTool(t, 'ismrmrd_generate_cartesian_shepp_logan', 'ismrmrd-tools');
  const python = requirePython(t, ['h5py', 'numpy'], 'python3-h5py');
  if (!generator || !python) return;
  const expectation = `
import h5py, numpy, sys
file = h5py.File(sys.argv[1])
phantom, coils = (numpy.squeeze(file['dataset/' + name]['real'] + 1j * file['dataset/' + name]['imag']) for name in ('phantom', 'csm'))
(abs(phantom) * numpy.sqrt((abs(coils) ** 2).sum(0))).astype('<f4').tofile(sys.argv[2])`;
  for (const [n, options] of [
    [64, []],
    [50, ['-k', '-C']],
  ] as const) {
    const path = at(`shepp-logan-${n}.h5`);
    runTool(generator, ['-m', `${n}`, '-c', '4', '-r', '2', '-n', '0', '-o', path, ...options]);
    runTool(python, ['-c', expectation, path, at('expected')]);
    const expected = new Float32Array(new Uint8Array(readFileSync(at('expected'))).buffer);
    const image = reconstruct(await readRaw(path));
    assert.deepEqual([image.method, image.matrix, image.repetitions], ['fft', [n, n, 1], 2]);
    const pixels = magnitude(image);
    for (const repetition of [0, 1]) {
      const one = pixels.subarray(repetition * n * n, (repetition + 1) * n * n);
      const complex = (values: Float32Array): Float32Array => Float32Array.from([...values].flatMap((v) => [v, 0]));
      const error = misfit(complex(one), complex(expected));
      assert.ok(error < 1e-6, `${n}: ${error}`);
    }
  }
});

test('Cartesian: the same image as `bart fft -i -u`, even and odd', (t) => {
  const bart = requireTool(t, 'bart', 'bart');
  if (!bart) return;
  for (const [nx, ny] of [
    [64, 48],
    [65, 101],
  ]) {
    const space: Space = { matrix: [nx, ny, 1], fov: [0.22, 0.22, 0.005] };
    const data = acquire(space, lines(space), object(64));
    writeCfl('k', [nx, ny], Float32Array.from(data.acquisitions.flatMap((line) => [...line.data])));
    runTool(bart, ['fft', '-i', '-u', '3', at('k'), at('image')]);
    const error = misfit(reconstruct(data).data, readCfl('image'));
    assert.ok(error < 1e-6, `${nx} × ${ny}: ${error}`);
  }
});

test('radial and spiral: the image of `bart nufft -i` to 5 %, in the same place', (t) => {
  const bart = requireTool(t, 'bart', 'bart');
  if (!bart) return;
  const n = 64;
  const space: Space = { matrix: [n, n, 1], fov: [0.22, 0.22, 0.005] };
  const ways: [string, Sampled[]][] = [
    ['radial', radial(space, 128, 129)],
    ['spiral', spiral(space, 12, 1200)],
  ];
  for (const [name, readouts] of ways) {
    const data = acquire(space, readouts, object(n));
    const [samples, count] = [readouts[0].k.length, readouts.length];
    // BART's positions are in cycles per field of view, complex with no imaginary part.
    const trajectory = readouts.flatMap(({ k }) => k.flatMap((r) => r.flatMap((c) => [c * 0.22, 0])));
    writeCfl('trajectory', [3, samples, count], Float32Array.from(trajectory));
    writeCfl('k', [1, samples, count], Float32Array.from(data.acquisitions.flatMap((line) => [...line.data])));
    runTool(bart, ['nufft', '-i', '-m', '100', '-d', `${n}:${n}:1`, at('trajectory'), at('k'), at('inverse')]);
    const image = reconstruct(data).data;
    const theirs = readCfl('inverse');
    const error = misfit(image, theirs);
    t.diagnostic(`${name}: ${error.toFixed(4)} from BART's iterative inverse`);
    assert.ok(error < 0.05, `${name}: ${error}`);
  }
});
