/**
 * Result of a reconstruction for the image writers: complex pixels and their positions in the
 * patient. Separate from both, so that they are independent of each other.
 */
import type { Meters } from '../base/units.ts';

export type Triple<T> = readonly [T, T, T];

export interface Image {
  /**
   * Complex64 [coil][repetition][contrast][z][y][x][re, im]: the transverse magnetisation in each
   * voxel (Σ density of its spins, for a signal that is Σ density). Combined coils are the root of
   * the sum of their squares, with imaginary parts 0.
   */
  readonly data: Float32Array;
  /** Pixels along x and y; along z partitions of a volume or slices. */
  readonly matrix: Triple<number>;
  /** 1 where coils are combined. */
  readonly coils: number;
  readonly contrasts: number;
  readonly repetitions: number;
  /** Distances between voxel centres. */
  readonly voxel: Triple<Meters>;
  /** Centre of voxel (0, 0, 0), LPS. */
  readonly origin: Triple<Meters>;
  /** Unit vectors of the image's x, y and z axes, LPS. */
  readonly directions: Triple<Triple<number>>;
  readonly method: 'fft' | 'gridding';
  /** Reasons for the method, and other remarks, a phrase each. */
  readonly notes: readonly string[];
}

/** Values of `--part`: real numbers to write of each pixel, or the complex image of every coil. */
export const REAL_PARTS = ['magnitude', 'phase', 'real', 'imaginary'] as const;
export const PARTS = [...REAL_PARTS, 'coils'] as const;
export type RealPart = (typeof REAL_PARTS)[number];
export type Part = (typeof PARTS)[number];

const PART_OF: Readonly<Record<RealPart, (re: number, im: number) => number>> = {
  magnitude: Math.hypot,
  /** rad, −π to π */
  phase: (re, im) => Math.atan2(im, re),
  real: (re) => re,
  imaginary: (_, im) => im,
};

/** One number of every pixel, in the order of `data`. */
export function partOf({ data }: Image, part: RealPart): Float32Array {
  const result = new Float32Array(data.length / 2);
  for (let i = 0; i < result.length; i++) result[i] = PART_OF[part](data[2 * i], data[2 * i + 1]);
  return result;
}

/** |pixel| of every pixel, in the order of `data`. */
export const magnitude = (image: Image): Float32Array => partOf(image, 'magnitude');
