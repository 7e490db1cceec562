/**
 * Gridding against sums written out, its density weights against areas known in closed form, and
 * images of known objects from radial, spiral, ramp-sampled and 3-D trajectories.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shape } from '../../host/recon/axis.ts';
import { densityWeights } from '../../host/recon/density.ts';
import { makeAdjoint } from '../../host/recon/gridding.ts';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { assertNear, directSum, near, noise, pixel, relativeError } from '../../testing/measure.ts';
import {
  acquire,
  blob,
  ellipse,
  lines,
  radial,
  rampSampledEpi,
  type Sampled,
  type Space,
  spiral,
  sum,
  type Vec,
} from '../../testing/synthesis.ts';

const FOV = 0.22;
const plane = (n: number): Space => ({ matrix: [n, n, 1], fov: [FOV, FOV, 0.005] });

/** [samples][x, y, z] in cycles per pixel. */
function kappaOf({ matrix, fov }: Space, readouts: readonly Sampled[]): Float64Array {
  return Float64Array.from(readouts.flatMap(({ k }) => k.flatMap((at) => at.map((c, a) => (c * fov[a]) / matrix[a]))));
}

/** Spokes to points of a Fibonacci spiral on the sphere: evenly spread in 3-D. */
function kooshball({ matrix, fov }: Space, spokes: number, samples: number): Sampled[] {
  return Array.from({ length: spokes }, (_, s): Sampled => {
    const z = 1 - (s + 0.5) / spokes;
    const [across, angle] = [Math.sqrt(1 - z * z), Math.PI * (3 - Math.sqrt(5)) * s];
    const direction: Vec = [across * Math.cos(angle), across * Math.sin(angle), z];
    const radius = (n: number): number => ((n / (samples - 1) - 0.5) * matrix[0]) / fov[0];
    return { k: Array.from({ length: samples }, (_, n) => direction.map((c) => c * radius(n)) as unknown as Vec) };
  });
}

test('gridding is the direct sum over samples to 3e-5, in 1, 2 and 3 dimensions, for even and odd sizes', (t) => {
  for (const matrix of [
    [40, 1, 1],
    [33, 28, 1],
    [1, 21, 16],
    [12, 15, 10],
    [2, 3, 1],
  ] as Shape[]) {
    const random = noise(matrix[0]);
    const samples = 600;
    // Outermost k and the seam of the grid included.
    const kappa = Float64Array.from({ length: 3 * samples }, (_, i) => (i < 3 ? -0.5 : i < 6 ? 0.5 : random()));
    const signal = Float32Array.from({ length: 2 * samples }, random);
    const image = makeAdjoint(kappa, matrix)(signal);
    const exact: number[] = [];
    const axes = kappa.map((value, i) => (matrix[i % 3] === 1 ? 0 : value));
    for (let z = 0; z < matrix[2]; z++) {
      for (let y = 0; y < matrix[1]; y++) {
        for (let x = 0; x < matrix[0]; x++) exact.push(...directSum(axes, signal, matrix, [x, y, z]));
      }
    }
    const error = relativeError(image, exact);
    t.diagnostic(`${matrix.join(' × ')}: ${error.toExponential(1)}`);
    assert.ok(error < 3e-5, `${matrix.join(' × ')}: ${error}`);
  }
});

test('weights are areas: of a full grid one cell each, of spokes |k| times what lies between them', (t) => {
  const n = 32;
  const full = densityWeights(kappaOf(plane(n), lines(plane(n))), [n, n, 1]);
  // Away from the rim, whose samples also stand for what lies outside.
  for (let y = 4; y < n - 4; y++) {
    for (let x = 4; x < n - 4; x++) assertNear(full[y * n + x] * n * n, 1, 0.01, `cell (${x}, ${y})`);
  }
  const [spokes, samples] = [101, 129];
  const weights = densityWeights(kappaOf(plane(64), radial(plane(64), spokes, samples)), [64, 64, 1]);
  const ratios: number[] = [];
  for (let s = 0; s < samples; s++) {
    const r = Math.abs(s / (samples - 1) - 0.5);
    // The rim's surplus ripples inwards, the more so the longer the iteration runs.
    if (r > 0.08 && r < 0.4) ratios.push(weights[7 * samples + s] / ((Math.PI * r) / spokes / (samples - 1)));
  }
  const rms = Math.sqrt(ratios.reduce((total, ratio) => total + (ratio - 1) ** 2, 0) / ratios.length);
  t.diagnostic(`spokes: weights to ${(100 * rms).toFixed(1)} % rms`);
  assert.ok(rms < 0.04, `spokes: ${rms}`);
});

for (const n of [64, 65]) {
  const [d, center] = [FOV / n, Math.floor(n / 2)];
  const ways: [string, Sampled[]][] = [
    ['radial', radial(plane(n), Math.ceil(1.6 * n), 2 * n + 1)],
    ['spiral', spiral(plane(n), 8, 1200)],
    ['ramp-sampled EPI', rampSampledEpi(plane(n), 2 * n)],
  ];
  for (const [name, readouts] of ways) {
    test(`${name}, ${n} × ${n}: objects are where they are, as large and as bright`, (t) => {
      const object = sum(blob([14.3 * d, 0, 0], 3, 1.2 * d), blob([0, -9.6 * d, 0], 2, 1.2 * d));
      const image = reconstruct(acquire(plane(n), readouts, object));
      assert.equal(image.method, 'gridding');
      assert.match(image.notes[0], /line/);
      const right = near(image, [center + 14.3, center], 6);
      const above = near(image, [center, center - 9.6], 4);
      assertNear(right.x - center, 14.3, 0.03, 'x');
      assertNear(right.y - center, 0, 0.03, 'y');
      assertNear(above.x - center, 0, 0.03, 'x');
      assertNear(above.y - center, -9.6, 0.03, 'y');
      assertNear(right.total, 3, 0.02, 'sum');
      assertNear(above.total, 2, 0.02, 'sum');

      const flat = reconstruct(acquire(plane(n), readouts, ellipse([3.3 * d, -4.1 * d, 0], 15 * d, 20 * d, 1 / d / d)));
      let [inside, within, outside, beyond] = [0, 0, 0, 0];
      for (let y = 0; y < n; y++) {
        for (let x = 0; x < n; x++) {
          const from = Math.hypot((x - center - 3.3) / 15, (y - center + 4.1) / 20);
          const [re, im] = pixel(flat, x, y);
          if (from < 0.8) [inside, within] = [inside + re, within + 1];
          if (from > 1.2 && Math.hypot(x - center, y - center) < n / 2)
            [outside, beyond] = [outside + re * re + im * im, beyond + 1];
        }
      }
      const background = Math.sqrt(outside / beyond);
      t.diagnostic(`inside ${(inside / within).toFixed(4)}, background ${background.toFixed(4)}`);
      assertNear(inside / within, 1, 0.01, 'brightness');
      assert.ok(background < 0.02, `background ${background}`);
    });
  }
}

test('3-D radial: a blob is where it is, head up', () => {
  const space: Space = { matrix: [24, 25, 24], fov: [0.24, 0.25, 0.24] };
  const at: Vec = [0.043, -0.028, 0.05];
  const image = reconstruct(acquire(space, kooshball(space, 1400, 49), blob(at, 5, 0.012)));
  assert.deepEqual([image.method, image.matrix], ['gridding', [24, 25, 24]]);
  const sums = [0, 0, 0, 0];
  for (let z = 0; z < 24; z++) {
    for (let y = 0; y < 25; y++) {
      for (let x = 0; x < 24; x++) {
        if (Math.hypot(x - 16.3, y - 9.2, z - 17) > 5) continue;
        const [re] = pixel(image, x, y, z);
        [re, re * (x - 12), re * (y - 12), re * (z - 12)].forEach((value, i) => {
          sums[i] += value;
        });
      }
    }
  }
  assertNear(sums[0], 5, 0.1, 'sum');
  for (const [a, r] of at.entries()) assertNear(sums[a + 1] / sums[0], r / 0.01, 0.05, `axis ${a}`);
});

test('a readout split into pieces is one; slices with the same trajectory have each their own image', () => {
  const n = 32;
  const readouts = [0, 1].flatMap((slice) =>
    spiral(plane(n), 1, 4000).map(
      (arm): Sampled => ({
        ...arm,
        counters: { slice },
        position: [0, 0, 0.01 * slice],
        object: blob([0, 0, 0], 1 + slice, 0.01),
      }),
    ),
  );
  const whole = acquire(plane(n), readouts, blob([0, 0, 0]));
  const split = {
    ...whole,
    acquisitions: whole.acquisitions.flatMap((one) =>
      [0, 1, 2].map((piece) => {
        const [from, to] = [
          [0, 1500],
          [1500, 3900],
          [3900, 4000],
        ][piece];
        const part = { data: one.data.slice(2 * from, 2 * to), trajectory: one.trajectory!.slice(3 * from, 3 * to) };
        return { ...one, ...part, samples: to - from, piece, pieces: 3 };
      }),
    ),
  };
  const [a, b] = [reconstruct(whole), reconstruct(split)];
  assert.deepEqual(b.data, a.data);
  assertNear(near(a, [16, 16], 8, 0).total, 1, 0.02, 'slice 0');
  assertNear(near(a, [16, 16], 8, 1).total, 2, 0.04, 'slice 1');
});
