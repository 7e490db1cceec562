/**
 * What reconstruction hands to the image writers: complex pixels, and where in the patient they lie. Apart from both, so
 * that neither knows the other.
 */
import type { Meters } from '../base/units.ts';

export type Triple<T> = readonly [T, T, T];

export interface Image {
  /**
   * Complex64 [repetition][contrast][z][y][x][re, im]: the transverse magnetisation in each voxel (Σ density of its spins, for
   * a signal that is Σ density). With several coils the root of the sum of their squares, imaginary parts 0.
   */
  readonly data: Float32Array;
  /** Pixels along x and y; along z partitions of a volume or slices. */
  readonly matrix: Triple<number>;
  readonly contrasts: number;
  readonly repetitions: number;
  /** Distances between voxel centres. */
  readonly voxel: Triple<Meters>;
  /** Centre of voxel (0, 0, 0), LPS. */
  readonly origin: Triple<Meters>;
  /** Unit vectors of the image's x, y and z axes, LPS. */
  readonly directions: Triple<Triple<number>>;
  readonly method: 'fft' | 'gridding';
  /** Why that method, and what else the reader should know, a phrase each. */
  readonly notes: readonly string[];
}

/** |pixel| of every pixel, in the order of `data`. */
export function magnitude(image: Image): Float32Array {
  const result = new Float32Array(image.data.length / 2);
  for (let i = 0; i < result.length; i++) result[i] = Math.hypot(image.data[2 * i], image.data[2 * i + 1]);
  return result;
}
