/**
 * Cartesian and EPI images of objects whose place and size are known. A blob of Gaussian shape with
 * σ of 1.2 pixels has no signal left at the edge of k-space (e^{−28}), so that its place and sum
 * come out exactly but for f32.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { assertNear, near, pixel } from '../../testing/measure.ts';
import { acquire, blob, ellipse, lines, type Sampled, type Space, sum, type Vec } from '../../testing/synthesis.ts';

const FOV = 0.22;
const plane = (n: number): Space => ({ matrix: [n, n, 1], fov: [FOV, FOV, 0.005] });

/** A blob at pixel coordinates relative to the centre. */
const blobAt = (n: number, x: number, y: number, total: number) =>
  blob([(x * FOV) / n, (y * FOV) / n, 0], total, (1.2 * FOV) / n);

for (const n of [64, 65, 101]) {
  const center = Math.floor(n / 2);
  const object = sum(blobAt(n, 14.3, 0, 3), blobAt(n, 0, -9.6, 2));
  const ways: [string, Sampled[]][] = [
    ['lines', lines(plane(n))],
    ['half a sample late', lines(plane(n), { shift: 0.5 })],
    ['EPI', lines(plane(n), { alternate: true })],
    ['EPI, half a sample late either way', lines(plane(n), { alternate: true, shift: 0.5 })],
    ['EPI, known by flags and counters only', lines(plane(n), { alternate: true, bare: true })],
  ];
  for (const [name, readouts] of ways) {
    test(`${n} × ${n}, ${name}: blobs at (+x, 0) and (0, −y) are where they are`, () => {
      const image = reconstruct(acquire({ ...plane(n), kind: 'epi' }, readouts, object));
      assert.equal(image.method, 'fft');
      const right = near(image, [center + 14.3, center], 6);
      assertNear(right.x - center, 14.3, 0.01, 'x');
      assertNear(right.y - center, 0, 0.01, 'y');
      assertNear(right.total, 3, 1e-3, 'sum');
      const above = near(image, [center, center - 9.6], 4);
      assertNear(above.x - center, 0, 0.01, 'x');
      assertNear(above.y - center, -9.6, 0.01, 'y');
    });

    test(`${n} × ${n}, ${name}: a point spin on a pixel is 1 there and 0 on all others`, () => {
      const spin = blob([(7 * FOV) / n, (-5 * FOV) / n, 0]);
      const image = reconstruct(acquire({ ...plane(n), kind: 'epi' }, readouts, spin));
      for (let y = 0; y < n; y++) {
        for (let x = 0; x < n; x++) {
          const [re, im] = pixel(image, x, y);
          const expected = x === center + 7 && y === center - 5 ? 1 : 0;
          // A trajectory in f32 is good to 6e-8 of N/2 turns.
          assert.ok(Math.hypot(re - expected, im) < 2e-5, `(${x}, ${y}): ${re}, ${im}`);
        }
      }
    });
  }
}

test('an off-centre ellipse is as large as it is: spins within its half axes, none beyond', () => {
  for (const n of [128, 101]) {
    const [d, center] = [FOV / n, Math.floor(n / 2)];
    const object = ellipse([9.3 * d, -6.1 * d, 0], 25 * d, 35 * d, 1 / d / d);
    const image = reconstruct(acquire(plane(n), lines(plane(n), { alternate: true, shift: 0.5 }), object));
    const profile = (along: 0 | 1): number =>
      Array.from({ length: n }, (_, m) =>
        along === 0 ? pixel(image, m, Math.round(center - 6.1)) : pixel(image, Math.round(center + 9.3), m),
      ).reduce((total, [re]) => total + re, 0);
    // A line through the centre of the ellipse, summed, is its chord in pixels; Gibbs ringing sums
    // to nearly 0.
    assertNear(profile(0), 50, 0.3, `${n}: width`);
    assertNear(profile(1), 70, 0.3, `${n}: height`);
    assertNear(pixel(image, Math.round(center + 9), center - 6)[0], 1, 0.03, `${n}: inside`);
  }
});

test('readout oversampling is cut away, a smaller pixel than encoded is interpolated', () => {
  const object = blobAt(64, 14.3, -9.6, 2);
  const twice: Space = {
    matrix: [128, 64, 1],
    fov: [2 * FOV, FOV, 0.005],
    reconMatrix: [64, 64, 1],
    reconFov: [FOV, FOV, 0.005],
  };
  const cut = near(reconstruct(acquire(twice, lines(twice), object)), [46, 22], 6);
  const fine: Space = { ...plane(64), reconMatrix: [101, 90, 1] };
  const interpolated = near(
    reconstruct(acquire(fine, lines(fine), object)),
    [50 + (14.3 * 101) / 64, 45 - (9.6 * 90) / 64],
    9,
  );
  assertNear(cut.x, 32 + 14.3, 0.01, 'x');
  assertNear(cut.y, 32 - 9.6, 0.01, 'y');
  assertNear(cut.total, 2, 1e-3, 'sum');
  assertNear(interpolated.x, 50 + (14.3 * 101) / 64, 0.02, 'x');
  assertNear(interpolated.y, 45 - (9.6 * 90) / 64, 0.02, 'y');
  assertNear(interpolated.total, 2, 2e-3, 'sum');
});

test('averages are averaged, also those sampled the other way; missing lines and samples are zeros', () => {
  const n = 32;
  const object = blobAt(n, 6, -4, 2);
  const once = lines(plane(n));
  const back = once.map((line) => ({
    ...line,
    k: line.k.toReversed(),
    flags: ['ACQ_IS_REVERSE'] as const,
    counters: { ...line.counters, average: 1 },
  }));
  const [single, both] = [once, [...once, ...back]].map((readouts) => reconstruct(acquire(plane(n), readouts, object)));
  for (let i = 0; i < single.data.length; i++) assertNear(both.data[i], single.data[i], 1e-5, `pixel ${i >> 1}`);

  // Half of k-space in y, three quarters in x: the blob stays where it is and keeps k = 0, its sum
  // over the image.
  const partial = once.slice(0, 20).map((line) => ({ ...line, k: line.k.slice(8), centerSample: 8 }));
  for (const bare of [false, true]) {
    const readouts = partial.map((line) => ({ ...line, bare }));
    const image = reconstruct(acquire({ ...plane(n), kind: 'cartesian' }, readouts, object));
    let total = 0;
    for (let i = 0; i < image.data.length; i += 2) total += image.data[i];
    assertNear(total, 2, 1e-4, 'sum');
    const { x, y } = near(image, [22, 12], 3);
    assertNear(x, 22, 0.05, 'x');
    assertNear(y, 12, 0.05, 'y');
  }
});

test('lines along y give the same image as lines along x', () => {
  const space: Space = { matrix: [24, 30, 1], fov: [0.2, 0.22, 0.005] };
  const object = blob([0.03, -0.04, 0], 2, 0.012);
  const rows = lines(space);
  const columns = Array.from({ length: 24 }, (_, x): Sampled => ({ k: rows.map((row): Vec => row.k[x]) }));
  const [a, b] = [rows, columns].map((readouts) => reconstruct(acquire(space, readouts, object)));
  assert.deepEqual([a.method, b.method], ['fft', 'fft']);
  for (let i = 0; i < a.data.length; i++) assertNear(b.data[i], a.data[i], 1e-6, `number ${i}`);
});

test('3-D: head is up, and a spin is where it is', () => {
  const space: Space = { matrix: [20, 18, 15], fov: [0.2, 0.18, 0.15] };
  const image = reconstruct(acquire(space, lines(space), blob([0.03, -0.02, 0.04])));
  assert.deepEqual(image.matrix, [20, 18, 15]);
  assertNear(pixel(image, 10 + 3, 9 - 2, 7 + 4)[0], 1, 1e-5, 'the voxel');
  assertNear(Math.hypot(...image.data), 1, 1e-4, 'all voxels together');
  image.origin.forEach((r, a) => {
    assertNear(r, [-0.1, -0.09, -0.07][a], 1e-12, `origin ${a}`);
  });
});

test('slices are ordered by place, contrasts and repetitions by number', () => {
  const n = 16;
  const readouts = [2, 0, 1].flatMap((slice) =>
    [0, 1].flatMap((contrast) =>
      [0, 1, 2].flatMap((repetition) =>
        lines(plane(n)).map(
          (line): Sampled => ({
            ...line,
            counters: { ...line.counters, slice, contrast, repetition },
            // Numbered from the head down, 7 mm apart.
            position: [0, 0, 0.02 - 0.007 * slice],
            object: blob([0, 0, 0], 100 * repetition + 10 * contrast + slice + 1),
          }),
        ),
      ),
    ),
  );
  const image = reconstruct(acquire(plane(n), readouts, blob([0, 0, 0])));
  assert.deepEqual([image.matrix, image.contrasts, image.repetitions], [[n, n, 3], 2, 3]);
  assertNear(image.voxel[2], 0.007, 1e-9, 'slice distance');
  assertNear(image.origin[2], 0.006, 1e-9, 'lowest slice');
  for (let z = 0; z < 3; z++) {
    for (let volume = 0; volume < 6; volume++) {
      const expected = 100 * Math.floor(volume / 2) + 10 * (volume % 2) + (2 - z) + 1;
      assertNear(pixel(image, 8, 8, z, volume)[0], expected, 1e-3, `slice ${z}, volume ${volume}`);
    }
  }
});

test('coils are joined by the root of the sum of squares', () => {
  const n = 16;
  const image = reconstruct(acquire({ ...plane(n), coils: [3, -4, 12] }, lines(plane(n)), blob([0, 0, 0])));
  assertNear(pixel(image, 8, 8)[0], 13, 1e-4, 'coils');
  assert.equal(pixel(image, 8, 8)[1], 0);
  const each = reconstruct(acquire({ ...plane(n), coils: [3, -4, 12] }, lines(plane(n)), blob([0, 0, 0])), {
    each: true,
  });
  assert.deepEqual([image.coils, each.coils], [1, 3]);
  for (const [coil, factor] of [3, -4, 12].entries())
    assertNear(each.data[2 * ((coil * n + 8) * n + 8)], factor, 1e-4, `coil ${coil}`);
});

test('noise scans, navigators and phase correction lines stay out of the image', () => {
  const n = 16;
  const wrong: Sampled[] = (
    ['ACQ_IS_NOISE_MEASUREMENT', 'ACQ_IS_NAVIGATION_DATA', 'ACQ_IS_PHASECORR_DATA'] as const
  ).map((flag) => ({
    ...lines(plane(n))[8],
    flags: [flag],
    object: () => [1e3, 1e3],
  }));
  const image = reconstruct(acquire(plane(n), [...wrong, ...lines(plane(n))], blob([0, 0, 0])));
  assertNear(pixel(image, 8, 8)[0], 1, 1e-5, 'pixel');
});
