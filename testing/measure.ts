/** Positions of objects in a reconstructed image, and direct sums to compare it with. */
import assert from 'node:assert/strict';
import { randomNumbers } from '../host/numerics/random.ts';
import type { Image } from '../host/recon/image.ts';

/** [re, im] of a pixel of volume `volume`. */
export function pixel(image: Image, x: number, y: number, z = 0, volume = 0): [number, number] {
  const [nx, ny, nz] = image.matrix;
  const at = 2 * (((volume * nz + z) * ny + y) * nx + x);
  return [image.data[at], image.data[at + 1]];
}

/**
 * Properties of the region around a pixel: centre of mass of the magnitudes [pixels] and sum of the
 * real parts, within ±`reach`. Exact for blobs that fade out within reach.
 */
export function near(
  image: Image,
  at: readonly [number, number],
  reach: number,
  z = 0,
  volume = 0,
): { x: number; y: number; total: number } {
  let [mass, mx, my, total] = [0, 0, 0, 0];
  for (let y = Math.round(at[1]) - reach; y <= Math.round(at[1]) + reach; y++) {
    for (let x = Math.round(at[0]) - reach; x <= Math.round(at[0]) + reach; x++) {
      const [re, im] = pixel(image, x, y, z, volume);
      const height = Math.hypot(re, im);
      mass += height;
      mx += height * x;
      my += height * y;
      total += re;
    }
  }
  return { x: mx / mass, y: my / mass, total };
}

/** ‖a − b‖ / ‖b‖ */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

export function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} ± ${tolerance}`);
}

/** Numbers in [−0.5, 0.5) that are the same in every run. */
export function noise(seed = 1): () => number {
  const next = randomNumbers(seed);
  return () => next() - 0.5;
}

/** Σ_j s_j e^{+i2π κ_j·(m − floor(N/2))} term by term. */
export function directSum(
  kappa: ArrayLike<number>,
  signal: ArrayLike<number>,
  matrix: readonly [number, number, number],
  atPixel: readonly [number, number, number],
): [number, number] {
  let [re, im] = [0, 0];
  for (let j = 0; j < signal.length / 2; j++) {
    let turns = 0;
    for (let a = 0; a < 3; a++) turns += kappa[3 * j + a] * (atPixel[a] - Math.floor(matrix[a] / 2));
    const [c, s] = [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];
    re += signal[2 * j] * c - signal[2 * j + 1] * s;
    im += signal[2 * j] * s + signal[2 * j + 1] * c;
  }
  return [re, im];
}
