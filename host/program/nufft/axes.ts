/**
 * Axes of equally spaced samples within the error budget of a program: the same for every shot, so
 * each is computed once.
 */
import type { Context } from '../method.ts';
import { type Axis, chooseAxis } from './sample-axis.ts';

/**
 * Largest decay along an axis, as R2 · time, in exact runs: the factors that undo the common half
 * of it amplify rounding. At 3 the error of a single spin is 7e-7, as with exact sums; at 6 twice
 * that.
 */
const MOST_DECAY = 3;

/** Longest duration of an axis [s]. */
export const longestAxis = ({ isExact, source }: Context): number =>
  isExact ? MOST_DECAY * source.bounds.minT2 : Number.POSITIVE_INFINITY;

export interface AxisFinder {
  /** Half of the largest decay [1/s]: what the factors of every axis carry. */
  readonly commonR2: number;
  /** Error bound of each axis. */
  readonly error: number;
  /** @param duration of all samples [s] */
  find(samples: number, duration: number): Axis | undefined;
}

/**
 * Undefined where transforms are not supported: in f64, for models other than coils, without a
 * budget; and where products of matrices are the exact method, in one coil.
 */
export function axesOf(context: Context): AxisFinder | undefined {
  const { precision, isModelled, isExact, coils, readoutBudget: budget, source, once } = context;
  if (precision === 'f64' || isModelled || budget === undefined || (isExact && coils === 0)) return undefined;
  const { minT2 } = source.bounds;
  const longest = longestAxis(context);
  return {
    commonR2: 0.5 / minT2,
    error: budget.axis,
    find: (samples, duration) =>
      once(`axis of ${samples} samples in ${duration.toPrecision(9)} s`, () =>
        duration > longest ? undefined : chooseAxis({ samples, duration, maxR2: 1 / minT2 }, budget.axis),
      ),
  };
}
