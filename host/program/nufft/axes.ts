/**
 * Axes of equally spaced samples, as the budget of a program wants them: the same for every shot,
 * so found once.
 */
import type { Context } from '../method.ts';
import { type Axis, chooseAxis } from './sample-axis.ts';

export interface AxisFinder {
  /** Half of the largest decay [1/s]: what the factors of every axis carry. */
  readonly commonR2: number;
  /** What an axis may err by: each keeps within it. */
  readonly error: number;
  /** @param duration of all samples [s] */
  find(samples: number, duration: number): Axis | undefined;
}

/**
 * Undefined where transforms are not supported: in f64, for models, in several coils, without a
 * tolerance.
 */
export function axesOf({ precision, isModelled, coils, budget, source, once }: Context): AxisFinder | undefined {
  if (precision === 'f64' || isModelled || coils > 0 || budget === undefined) return undefined;
  const { minT2 } = source.bounds;
  return {
    commonR2: 0.5 / minT2,
    error: budget.axis,
    find: (samples, duration) =>
      once(`axis of ${samples} samples in ${duration.toPrecision(9)} s`, () =>
        chooseAxis(samples, duration, 1 / minT2, budget.axis),
      ),
  };
}
