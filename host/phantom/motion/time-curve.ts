/**
 * Evaluates time curves: u(t), the times at which its slope changes, and its direction. Copy p of
 * the knots begins where copy p − 1 ends and lasts periods[p] times as long; a periodic curve
 * repeats all copies together, before its first knot too.
 */
import { badInput } from '../../base/errors.ts';
import { SAME_TIME, type Seconds } from '../../base/units.ts';
import type { PhantomSource } from '../types.ts';
import type { TimeCurve } from './types.ts';

export interface UnitTime {
  /** First and last knot of all copies. */
  readonly from: Seconds;
  readonly to: Seconds;
  readonly periodic: boolean;
  /** [knots of all copies]; a joint of copies is two knots at one time */
  readonly t: Float64Array;
  readonly unit: Float64Array;
  /** Smallest and largest u. */
  readonly least: number;
  readonly most: number;
  at(time: Seconds): number;
}

/** Most knots of a curve within a sequence: each cuts the timeline. */
const MOST_CUTS = 5_000_000;

export function unitTime({ t, unit, periodic, periods }: TimeCurve): UnitTime {
  const length = t[t.length - 1] - t[0];
  const times = new Float64Array(t.length * periods.length);
  const values = new Float64Array(times.length);
  let start = t[0];
  for (const [copy, period] of periods.entries()) {
    for (let n = 0; n < t.length; n++) {
      times[copy * t.length + n] = start + (t[n] - t[0]) * period;
      values[copy * t.length + n] = unit[n];
    }
    start += length * period;
  }
  const [from, to] = [times[0], times[times.length - 1]];
  const span = to - from;
  const at = (time: Seconds): number => {
    let inside = time;
    if (periodic) inside = time - span * Math.floor((time - from) / span);
    if (inside <= from) return values[0];
    if (inside >= to) return values[periodic ? 0 : values.length - 1];
    const next = firstFrom(times, inside);
    const [t0, t1] = [times[next - 1], times[next]];
    return values[next - 1] + ((values[next] - values[next - 1]) * (inside - t0)) / (t1 - t0);
  };
  return {
    ...{ from, to, periodic, t: times, unit: values, at },
    least: values.reduce((a, b) => Math.min(a, b)),
    most: values.reduce((a, b) => Math.max(a, b)),
  };
}

/**
 * A time by which the motions have been everywhere: one period, or a little after the last knot.
 */
export function spanOf(motions: readonly { readonly time: TimeCurve }[]): Seconds {
  const lengths = motions.map(({ time }) => {
    const { from, to, periodic } = unitTime(time);
    return periodic ? to - from : Math.max(to, 0);
  });
  return Math.max(...lengths) + AFTERWARDS;
}

/** A motion without a time curve is at its end for all t > 0 [s]. */
const AFTERWARDS: Seconds = 1e-3;

/** The phantom with its motions as they go on from a time. */
export function motionsSince(source: PhantomSource, start: Seconds): PhantomSource {
  const { motions } = source;
  if (motions === undefined || start === 0) return source;
  const later = motions.map((motion) => ({
    ...motion,
    time: { ...motion.time, t: motion.time.t.map((knot) => knot - start) },
  }));
  return { ...source, motions: later };
}

/** First index n with times[n] ≥ time. */
export function firstFrom(times: ArrayLike<number>, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Times in [0, duration] at which u has a corner or a jump, ascending.
 * @throws LarmorError 65 if there are millions of them
 */
export function cornersOf({ from, to, periodic, t }: UnitTime, duration: Seconds, place: string): number[] {
  const span = to - from;
  const [first, last] = periodic ? [Math.floor(-from / span), Math.ceil((duration - from) / span)] : [0, 0];
  if ((last - first + 1) * t.length > MOST_CUTS) {
    const what = `its time curve has ${(last - first + 1) * t.length} knots within the ${duration} s of the sequence`;
    throw badInput(place, what, 'check the unit of its times (s)');
  }
  const corners: number[] = [];
  for (let repeat = first; repeat <= last; repeat++)
    for (const knot of t) {
      const time = knot + repeat * span;
      if (time < 0 || time > duration) continue;
      if (time - (corners.at(-1) ?? -1) > SAME_TIME) corners.push(time);
    }
  return corners;
}

/** @throws LarmorError 65 unless these are knots of a curve */
export function checkTimeCurve(place: string, { t, unit, periodic, periods }: TimeCurve): TimeCurve {
  if (t.length !== unit.length)
    throw badInput(place, `${t.length} times and ${unit.length} values of t_unit`, 'give as many of both');
  if (t.length < 2) throw badInput(place, `${t.length} knots of a time curve`, 'give at least two');
  for (const [name, values] of Object.entries({ t, t_unit: unit, periods })) {
    const n = values.findIndex((value) => !Number.isFinite(value));
    if (n >= 0) throw badInput(place, `${name}[${n + 1}] is ${values[n]}`, 'give a finite number');
  }
  for (let n = 1; n < t.length; n++)
    if (!(t[n] > t[n - 1])) {
      const what = `its time curve runs back from ${t[n - 1]} to ${t[n]} s at knot ${n + 1}`;
      throw badInput(place, what, 'give knots in increasing order');
    }
  if (periods.length === 0 || periods.some((period) => !(period > 0)))
    throw badInput(
      place,
      'periods has a value that is not positive',
      'give the length of each copy over that of the knots',
    );
  if (periodic && !(t[t.length - 1] - t[0] >= SHORTEST_PERIOD))
    throw badInput(
      place,
      `the period of its time curve is ${t[t.length - 1] - t[0]} s`,
      `give at least ${SHORTEST_PERIOD} s`,
    );
  return { t, unit, periodic, periods };
}

const SHORTEST_PERIOD: Seconds = 1e-9;
