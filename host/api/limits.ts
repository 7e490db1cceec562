/**
 * Allowed values of options: ranges of numbers, and words. The command and the package's functions
 * both reject anything else.
 */
import { ENGINES } from '../engine/types.ts';

/** [least, most] of numbers. */
export const BOUNDS = {
  /**
   * A tolerance below 1e-6 is finer than f32 can represent; one above 0.1 leaves no usable signal.
   */
  tolerance: [1e-6, 0.1],
  /**
   * s. A nanosecond is a thousandth of the finest RF raster; a second is longer than any pulse that
   * needs steps.
   */
  maxRfStep: [1e-9, 1],
  /** Hz. From a minute between beats to those of a mouse. */
  heartRate: [1 / 60, 50],
  /** A ratio of a billion is beyond f32. */
  snr: [1e-6, 1e9],
  /** Standard deviation of noise: any positive number. */
  sigma: [Number.MIN_VALUE, Number.MAX_VALUE],
  /** s; at which a noise level holds. */
  atDwell: [1e-9, 1],
  /** T. Of a magnet. */
  B0: [1e-6, 100],
  /** s. No scan lasts a month. */
  timeOfScan: [0, 2.5e6],
} as const;

/** [least, most] of whole numbers. */
export const COUNTS = {
  /** More threads than any node has processors need gigabytes of stacks. */
  threads: [1, 1024],
  /**
   * One spin per tile is allowed for tests; 2²⁰ spins take 40 MB per thread, beyond every cache.
   */
  tile: [1, 2 ** 20],
  /** More than 10⁵ would be a phantom of its own. */
  spinsPerVoxel: [1, 1e5],
  seed: [0, Number.MAX_SAFE_INTEGER],
  ranks: [1, 1_000_000],
  /** At most what one array of complex f32 holds. */
  maxPixels: [1, 2 ** 30],
  /** Number of a repetition, readout or coil, counted from 1. */
  ordinal: [1, 2 ** 31],
} as const;

export const WORDS = {
  precision: ['f32', 'f64'],
  engine: ENGINES,
  t2prime: ['none', 'analytic', 'ensemble'],
} as const;
