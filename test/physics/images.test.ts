/**
 * Where things come to lie in pictures: points on the axes, slices, and the head, through
 * simulation, raw data and reconstruction, for even and odd matrices and with lines read backwards
 * (EPI).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPhantom } from '../../host/phantom/open.ts';
import { type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { magnitude } from '../../host/recon/image.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { brightest, pictureOf } from '../../testing/chain.ts';
import { spinsOf } from '../../testing/run.ts';
import * as scans from '../../testing/small-scans.ts';

const FOV = 0.224;
/**
 * So that all lines see the same spins: those of one shot do not relax, those of many are at rest
 * before each.
 */
const TISSUE: Readonly<Record<string, { readonly T1: number; readonly T2: number }>> = {
  epi: { T1: 1e3, T2: 1e3 },
  gre: { T1: 3e-3, T2: 3e-3 },
  se: { T1: 0.015, T2: 0.015 },
};

function sequenceFor(name: string, n: number, more: Readonly<Record<string, number>> = {}): Sequence {
  const settings = { n, fov: FOV, ...(name === 'se' ? { te: 0, tr: 0.1 } : {}), ...more };
  return makeBuiltin(name, settings, DEFAULT_SCANNER);
}

for (const name of ['epi', 'gre', 'se']) {
  for (const n of [28, 33]) {
    test(`${name}, ${n} × ${n}: +x is the patient's left and the picture's right, +y posterior and below`, async () => {
      const half = Math.floor(n / 2);
      const pixel = FOV / n;
      // Whole pixels from the centre, so that a point is one bright pixel.
      for (const [i, j] of [
        [6, 0],
        [0, 9],
        [-5, 3],
      ] as const) {
        const spin = { x: i * pixel, y: j * pixel, ...TISSUE[name] };
        const { image, png, nifti } = await pictureOf(sequenceFor(name, n), spinsOf([spin]));
        assert.deepEqual([png.width, png.height], [n, n]);
        assert.deepEqual(brightest(magnitude(image), [n, n]), [half + i, half + j]);
        const grey = (column: number, row: number): number => png.data[(half + row) * n + half + column];
        assert.equal(grey(i, j), 255, 'PNG: columns to the left, rows to posterior');
        for (const [column, row] of [
          [-i, j],
          [i, -j],
          [j, i],
          [-j, i],
        ] as const)
          if (column !== i || row !== j) assert.ok(grey(column, row) < 128, `PNG: ${column}, ${row} is dark`);
        const [right, anterior] = nifti.place(...(brightest(nifti.data, nifti.size) as [number, number, number]));
        assert.ok(Math.abs(right + spin.x) < pixel / 100, `NIfTI: ${right} m to the right, not ${-spin.x}`);
        assert.ok(Math.abs(anterior + spin.y) < pixel / 100, `NIfTI: ${anterior} m anterior, not ${-spin.y}`);
      }
    });
  }
}

for (const name of ['gre', 'se']) {
  test(`${name}: every slice shows what lies in it, where it lies`, async () => {
    const [n, thickness, gap, offset] = [28, 4e-3, 6e-3, 5e-3];
    const sequence = sequenceFor(name, n, { slices: 3, thickness, gap, offset });
    const places = [-1, 0, 1].map(
      (s) => [(4 * s + 2) * (FOV / n), (5 - 3 * s) * (FOV / n), offset + s * 10e-3] as const,
    );
    const spins = spinsOf(places.map(([x, y, z]) => ({ x, y, z, ...TISSUE[name] })));
    const { image, nifti } = await pictureOf(sequence, spins);
    assert.deepEqual(image.matrix, [n, n, 3]);
    for (const [slice, [x, y, z]] of places.entries()) {
      const plane = nifti.data.subarray(slice * n * n, (slice + 1) * n * n);
      const [i, j] = brightest(plane, [n, n]);
      const found = nifti.place(i, j, slice);
      for (const [axis, expected] of [-x, -y, z].entries())
        assert.ok(Math.abs(found[axis] - expected) < 1e-4, `slice ${slice}: ${found} m, not ${[-x, -y, z]}`);
    }
  });
}

/** Spins of the head lie this far apart, and pixels: spin by spin they can be compared [m]. */
const VOXEL = 4e-3;

/**
 * The head's densities, all of one tissue: its picture is then the phantom itself, band-limited.
 */
async function plainHead({ T1, T2 }: { T1: number; T2: number }): Promise<SpinBlock> {
  const source = await openPhantom('head2d', { voxel: String(VOXEL) });
  const spins = spinBlock(source.spinCount);
  source.read(0, source.spinCount, spins);
  spins.T1.fill(T1);
  spins.T2.fill(T2);
  spins.offResonance.fill(0);
  return spins;
}

/**
 * Mean and standard deviation of position along both axes [m], weights along the image's mean
 * phase.
 */
function moments(places: readonly (readonly [number, number, number])[]): { mean: number[]; deviation: number[] } {
  const total = places.reduce((sum, [, , weight]) => sum + weight, 0);
  const mean = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis] * place[2], 0) / total);
  const deviation = [0, 1].map((axis) =>
    Math.sqrt(places.reduce((sum, place) => sum + (place[axis] - mean[axis]) ** 2 * place[2], 0) / total),
  );
  return { mean, deviation };
}

/** Correlation of two images after `turn` of the second's indices. */
function correlation(a: Float64Array, b: Float64Array, n: number, turn: (i: number, j: number) => number): number {
  const pairs = Array.from(a, (value, at) => [value, b[turn(at % n, Math.floor(at / n))]] as const);
  const dot = (f: (pair: readonly [number, number]) => number): number => pairs.reduce((sum, pair) => sum + f(pair), 0);
  const [ma, mb] = [dot(([x]) => x) / pairs.length, dot(([, y]) => y) / pairs.length];
  const norm = Math.sqrt(dot(([x]) => (x - ma) ** 2) * dot(([, y]) => (y - mb) ** 2));
  return dot(([x, y]) => (x - ma) * (y - mb)) / norm;
}

for (const [name, n] of [
  ['epi', 64],
  ['epi', 63],
  ['gre', 56],
  ['se', 57],
] as const) {
  test(`${name}, ${n} × ${n}: the head is the right way up and as large as the phantom says`, async () => {
    const spins = await plainHead(TISSUE[name]);
    const { image } = await pictureOf(sequenceFor(name, n, { fov: n * VOXEL }), spins);
    const half = Math.floor(n / 2);
    const pixel = VOXEL;

    const [re, im] = [0, 1].map((part) => image.data.reduce((sum, v, at) => sum + (at % 2 === part ? v : 0), 0));
    const size = Math.hypot(re, im);
    const shown = Float64Array.from(
      { length: n * n },
      (_, at) => (image.data[2 * at] * re + image.data[2 * at + 1] * im) / size,
    );
    const places = Array.from(shown, (value, at): [number, number, number] => [
      ((at % n) - half) * pixel,
      (Math.floor(at / n) - half) * pixel,
      value,
    ]);
    const seen = moments(places);
    const real = moments(Array.from(spins.x, (x, at): [number, number, number] => [x, spins.y[at], spins.density[at]]));
    for (const axis of [0, 1]) {
      assert.ok(Math.abs(seen.mean[axis] - real.mean[axis]) < pixel / 4, `middle ${seen.mean} m, not ${real.mean}`);
      assert.ok(
        Math.abs(seen.deviation[axis] / real.deviation[axis] - 1) < 0.02,
        `size ${seen.deviation}, not ${real.deviation}`,
      );
    }

    const binned = new Float64Array(n * n);
    for (const [at, x] of spins.x.entries())
      binned[(half + Math.round(spins.y[at] / pixel)) * n + half + Math.round(x / pixel)] += spins.density[at];
    // Index of −i about the centre; of an even image the first line has no mirror image and stays.
    const mirrored = (i: number): number => (2 * half - i >= n ? i : 2 * half - i);
    const upright = correlation(shown, binned, n, (i, j) => j * n + i);
    const others = {
      upsideDown: correlation(shown, binned, n, (i, j) => mirrored(j) * n + i),
      transposed: correlation(shown, binned, n, (i, j) => i * n + j),
      turned: correlation(shown, binned, n, (i, j) => mirrored(i) * n + j),
    };
    for (const [what, value] of Object.entries(others))
      assert.ok(upright > value + 0.02, `upright ${upright}, ${what} ${value}`);
    assert.ok(upright > 0.95, `it looks like the phantom: correlation ${upright}`);
  });
}

test('an oblique field of view that the receiver shifts lies where its spins are', async () => {
  const pixel = scans.FOV / scans.N;
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
  const rotations = {
    axial: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    'read along y': [0, -1, 0, 1, 0, 0, 0, 0, 1],
    coronal: [1, 0, 0, 0, 0, -1, 0, 1, 0],
    sagittal: [0, 0, 1, 1, 0, 0, 0, 1, 0],
    oblique: [c, -s * c, s * s, s, c * c, -c * s, 0, s, c],
  };
  const [x0, y0] = [0.01, 0.015];
  for (const [name, R] of Object.entries(rotations)) {
    const blocks = scans.table().flatMap((ky) => {
      const receiver = { frequencyOffset: x0 / (scans.FOV * 20e-6), phaseOffset: 2 * Math.PI * ky * y0 };
      return scans.greLine(ky, { readout: { adc: { ...scans.lineAdc(), ...receiver } } });
    });
    const turned = scans.scan(
      name,
      blocks.map((block) => ({ ...block, rotation: R })),
    );
    const [u, v] = [x0 + 3 * pixel, y0 - 4 * pixel];
    const [x, y, z] = [0, 3, 6].map((row) => R[row] * u + R[row + 1] * v) as [number, number, number];
    const { nifti } = await pictureOf(turned, spinsOf([{ x, y, z, T1: 3e-3, T2: 3e-3 }]));
    const found = nifti.place(...(brightest(nifti.data, nifti.size) as [number, number, number]));
    for (const [axis, expected] of [-x, -y, z].entries())
      assert.ok(Math.abs(found[axis] - expected) < pixel / 20, `${name}: ${found} m, not ${[-x, -y, z]}`);
  }
});
