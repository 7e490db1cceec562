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

const known = new WeakMap<Context, AxisFinder>();

/**
 * Undefined where transforms are not supported: in f64, for models, in several coils, without a
 * tolerance.
 */
export function axesOf(context: Context): AxisFinder | undefined {
  const { precision, isModelled, coils, budget, source } = context;
  if (precision === 'f64' || isModelled || coils > 0 || budget === undefined) return undefined;
  const found = known.get(context);
  if (found !== undefined) return found;
  const { minT2 } = source.bounds;
  const axes = new Map<string, Axis | undefined>();
  const finder: AxisFinder = {
    commonR2: 0.5 / minT2,
    error: budget.axis,
    find(samples, duration) {
      const key = `${samples} ${duration.toPrecision(9)}`;
      if (!axes.has(key)) axes.set(key, chooseAxis(samples, duration, 1 / minT2, budget.axis));
      return axes.get(key);
    },
  };
  known.set(context, finder);
  return finder;
}
