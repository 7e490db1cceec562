/**
 * The whole way on real data: the exact EPI signal of a brain slice, through an ISMRMRD file, to a
 * picture that is held against the phantom's own spins. It settles which way is up, left and how
 * large for everything before it, too.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readNpy } from '../../host/formats/npy.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { readRaw, writeRaw } from '../../host/raw/index.ts';
import { type Image, magnitude } from '../../host/recon/image.ts';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { assertNear } from '../../testing/measure.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { readWhole } from '../phantom/spins.ts';

const folder = temporaryFolder();

/** Centre of the EPI train, when k = 0 is sampled [s]. */
const ECHO_TIME = 0.0314;

/**
 * The phantom's transverse magnetisation at the echo, seen through the image's own point spread
 * function.
 */
async function expectedMagnitude({ matrix: [nx, ny], voxel }: Image): Promise<Float64Array> {
  const tissues = fileURLToPath(new URL('../../examples/brain-tissues.json', import.meta.url));
  const phantom = await openPhantom(cases('phantoms/brain2D.mat'), { tissues, stride: '4' });
  const { x, y, density, T2 } = readWhole(phantom);
  assert.equal(x.length, 6506);
  // N samples at whole steps of k around 0 make a Dirichlet kernel, for odd N without a phase.
  const spread = (position: number, pixels: number, side: number): Float64Array =>
    Float64Array.from({ length: pixels }, (_, m) => {
      const turns = Math.PI * (m - Math.floor(pixels / 2) - position / side);
      const below = pixels * Math.sin(turns / pixels);
      return Math.abs(below) < 1e-12 ? 1 : Math.sin(turns) / below;
    });
  const image = new Float64Array(nx * ny);
  for (let n = 0; n < x.length; n++) {
    const height = density[n] * Math.exp(-ECHO_TIME / T2[n]);
    const [across, down] = [spread(x[n], nx, voxel[0]), spread(y[n], ny, voxel[1])];
    for (let row = 0; row < ny; row++) {
      const part = height * down[row];
      for (let column = 0; column < nx; column++) image[row * nx + column] += part * across[column];
    }
  }
  return image.map(Math.abs);
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((total, value) => total + value, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

test('the EPI of a brain slice is the brain: the right way up, as large, as bright', skipWithoutCases(), async (t) => {
  const signal = readNpy(cases('exact/epi_example_brain2d_onresonance.npy')).data;
  const encoding = encode(makeBuiltin('epi', {}, DEFAULT_SCANNER), DEFAULT_SCANNER);
  const path = join(folder, 'brain.mrd');
  writeRaw(path, {
    signal,
    coils: 1,
    samples: signal.length / 2,
    precision: 'f64',
    encoding,
    sequenceName: 'epi',
    phantomName: 'brain2D',
    B0: 1.5,
    frequency: 63.87e6,
  });
  const image = reconstruct(await readRaw(path));
  assert.deepEqual([image.method, image.matrix], ['fft', [101, 101, 1]]);

  const pixels = magnitude(image);
  const expected = await expectedMagnitude(image);
  const same = correlation(pixels, expected);
  t.diagnostic(`correlation with the phantom ${same.toFixed(5)}`);
  // T2 decays during the 60 ms of the train, which blurs: not 1.
  assert.ok(same > 0.9995, `correlation ${same}`);
  const row = (y: number): Float32Array => pixels.subarray(101 * y, 101 * (y + 1));
  const upsideDown = Array.from({ length: 101 }, (_, y) => [...row(100 - y)]).flat();
  const mirrored = Array.from({ length: 101 }, (_, y) => [...row(y)].reverse()).flat();
  const shifted = Array.from({ length: 101 }, (_, y) => [...row(y).subarray(1), 0]).flat();
  for (const wrong of [upsideDown, mirrored, shifted]) assert.ok(correlation(wrong, expected) < 0.93);
  const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
  assertNear(sum(pixels) / sum(expected), 1, 0.01, 'brightness');
});
