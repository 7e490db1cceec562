/** Fast transforms against sums written out. Buffers are f64, volumes f32: hence 1e-12 and 1e-6. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastSize, fft, isSmooth } from '../../host/numerics/fft.ts';
import { type Shape, transformAxis } from '../../host/recon/axis.ts';
import { noise, relativeError } from '../../testing/measure.ts';

/** Σ_n x[n] e^{i2π first·p + i2π step·np} for pixels p = −floor(M/2) … of one line. */
function slow(line: ArrayLike<number>, first: number, step: number, pixels: readonly number[]): number[] {
  return pixels.flatMap((p) => {
    let [re, im] = [0, 0];
    for (let n = 0; n < line.length / 2; n++) {
      const angle = 2 * Math.PI * (first + n * step) * p;
      re += line[2 * n] * Math.cos(angle) - line[2 * n + 1] * Math.sin(angle);
      im += line[2 * n] * Math.sin(angle) + line[2 * n + 1] * Math.cos(angle);
    }
    return [re, im];
  });
}

test('fft of every smooth length up to 130, both signs, three lines at a time', () => {
  const random = noise();
  for (let n = 1; n <= 130; n++) {
    if (!isSmooth(n)) continue;
    for (const sign of [1, -1] as const) {
      const batch = 3;
      const data = Float64Array.from({ length: 2 * n * batch }, random);
      const lines = [0, 1, 2].map((b) =>
        Array.from({ length: n }, (_, i) => [...data.subarray(2 * (i * batch + b), 2 * (i * batch + b) + 2)]).flat(),
      );
      const result = fft(n, sign)(data, new Float64Array(data.length), batch);
      const pixels = Array.from({ length: n }, (_, p) => p);
      lines.forEach((line, b) => {
        const ours = pixels.flatMap((p) => [...result.subarray(2 * (p * batch + b), 2 * (p * batch + b) + 2)]);
        const error = relativeError(ours, slow(line, 0, sign / n, pixels));
        assert.ok(error < 1e-12, `length ${n}, sign ${sign}: ${error}`);
      });
    }
  }
});

test('lengths with a large prime factor are refused by fft and never proposed', () => {
  assert.throws(() => fft(101, 1), RangeError);
  for (let n = 1; n < 3000; n++) {
    const size = fastSize(n);
    assert.ok(size >= n && size < 1.34 * n + 1 && isSmooth(size), `${n} → ${size}`);
  }
});

test('one axis of a volume: any count, spacing, shift, number of pixels, along x, y and z', () => {
  const random = noise(2);
  const cases: [count: number, step: number, first: number, pixels: number][] = [
    [101, 1 / 101, -50 / 101, 101],
    [256, 1 / 256, -0.5, 256],
    [64, 1 / 64, -31.5 / 64, 64],
    [128, 1 / 128, -0.5, 64],
    [40, 1 / 64, -0.2, 65],
    [91, 0.0123, -0.37, 60],
    [97, 1 / 32, 0.1, 20],
    [1, 1, 0.25, 7],
    [202, 1 / 202, -0.5, 101],
  ];
  for (const [count, step, first, pixels] of cases) {
    for (const axis of [0, 1, 2] as const) {
      // 5 × 3 lines: more than one batch, and the last one not full.
      const shape = [5, 5, 3] as [number, number, number];
      shape[axis] = count;
      const volume = Float32Array.from({ length: 2 * shape[0] * shape[1] * shape[2] }, random);
      const result = transformAxis(volume, shape, axis, { first, step, pixels });
      const after: Shape = shape.map((n, a) => (a === axis ? pixels : n)) as unknown as Shape;
      const places = Array.from({ length: pixels }, (_, m) => m - Math.floor(pixels / 2));
      const line = (data: Float32Array, of: Shape, start: readonly number[]): number[] =>
        Array.from({ length: of[axis] }, (_, n) => {
          const [x, y, z] = start.map((s, a) => (a === axis ? n : s));
          const at = 2 * ((z * of[1] + y) * of[0] + x);
          return [data[at], data[at + 1]];
        }).flat();
      for (const start of [[0, 0, 0], [4, 3, 2].map((s, a) => (a === axis ? 0 : s))]) {
        const error = relativeError(line(result, after, start), slow(line(volume, shape, start), first, step, places));
        assert.ok(error < 1e-6, `count ${count}, step ${step}, axis ${axis}: ${error}`);
      }
    }
  }
});
