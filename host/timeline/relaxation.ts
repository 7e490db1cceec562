/**
 * When spins relax during a pulse whose steps are rotations (f32 engines; f64 and cached operators
 * solve each step exactly). Relaxation is −R2 on Mxy and −R1 on Mz: its isotropic part commutes
 * with rotations, so the error of splitting depends on δ = |R2 − R1| alone. To first order in δ,
 * splitting is a quadrature over the pulse: Simpson's weights make it fourth order in the rotation
 * angle between two relaxations, where the trapezoidal rule (Strang) is second order. To second
 * order in δ its error is (δK)²·θ/12 per interval K. (Methods of order (4, 2) for ε·B beside A:
 * McLachlan, BIT 35, 258, 1995.) Steps share a relaxation because thousands of factors 1 − 10⁻⁵,
 * each rounded to f32, add up (1e-4 of the signal for 3000 steps of 1 µs).
 */
import type { Radians, Seconds } from '../base/units.ts';
import { arrayBuilder } from './intern.ts';
import { STRIDE, type Timeline } from './types.ts';

/**
 * Longest interval between two relaxations, largest number of steps in it, and largest rotation by
 * B1 meanwhile.
 */
const SHARED_TIME: Seconds = 10e-6;
const SHARED_STEPS = 10;
const SHARED_NUTATION: Radians = Math.PI / 36;
/** Second-order error of a pulse for which intervals are shortened. */
const SECOND_ORDER = 2e-7;
/**
 * Neighbouring intervals may differ in length by this factor for Simpson's weights to stay
 * positive.
 */
const MOST_UNEQUAL = 1.9;

export interface Relaxation {
  /**
   * Relaxation before the first step of a pulse, between its steps, and after the last one: [steps
   * + 1] s, 0 inside an interval.
   */
  readonly times: Float64Array;
  /** Estimated error of the magnetisation from splitting, relative to ρ. */
  readonly error: number;
}

interface Interval {
  readonly first: number;
  readonly end: number;
  readonly length: Seconds;
  readonly nutation: Radians;
}

/** @param rate the largest |R2 − R1| of any spin [1/s] */
export function relaxation(
  { pulses, rfSteps, gammaBar }: Pick<Timeline, 'pulses' | 'rfSteps' | 'gammaBar'>,
  pulse: number,
  rate: number,
): Relaxation {
  const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  const times = new Float64Array(count + 1);
  const dt = (step: number): number => rfSteps[STRIDE.rfStep * (first + step)];
  /**
   * A component of the transverse field [rad/s], and the angle by which it rotates a spin in a
   * step.
   */
  const field = (step: number, i: 1 | 2): number =>
    2 * Math.PI * gammaBar * rfSteps[STRIDE.rfStep * (first + step) + i];
  const strength = (step: number): number => Math.hypot(field(step, 1), field(step, 2));
  const angle = (step: number): number => dt(step) * strength(step);
  let nutation = 0;
  let strongest = 0;
  for (let step = 0; step < count; step++) {
    nutation += angle(step);
    strongest = Math.max(strongest, strength(step));
  }
  const longest = Math.min(SHARED_TIME, longestInterval(nutation, rate));
  let error = 0;
  for (let step = 0; step < count; ) {
    // Without B1 relaxation commutes with the precession, so it may be applied at either end.
    const silent = angle(step) === 0;
    let end = step + 1;
    while (end < count && (angle(end) === 0) === silent) end++;
    const list = silent ? [interval(step, end, dt, angle)] : intervals(step, end, longest, dt, angle);
    for (let n = 0; n < list.length; n++) {
      const [one, next] = [list[n], list[n + 1]];
      error += ((rate * one.length) ** 2 * one.nutation) / 12;
      if (next !== undefined && Math.max(one.length / next.length, next.length / one.length) <= MOST_UNEQUAL) {
        error += ((rate * next.length) ** 2 * next.nutation) / 12;
        addSimpson(times, one, next);
        n++;
      } else {
        error += (rate * one.length * one.nutation ** 2) / 12;
        times[one.first] = times[one.first] + one.length / 2;
        times[one.end] = times[one.end] + one.length / 2;
      }
    }
    // A constant field changes the path of the magnetisation only where it jumps, which Simpson's
    // nodes inside a step do not sample. Equal neighbours count as one longer step, so fields are
    // compared over the longer of two steps.
    for (let n = step + 1; n < end; n++) {
      const h = Math.max(dt(n - 1), dt(n));
      const jump = Math.hypot(field(n, 1) - field(n - 1, 1), field(n, 2) - field(n - 1, 2));
      error += (rate * (jump > strongest / 4 ? Math.max(longest, h) : h) * h * jump) / 12;
    }
    step = end;
  }
  return { times, error };
}

/** Interval for which the second-order error of a pulse is the given one. */
const longestInterval = (nutation: Radians, rate: number): Seconds =>
  Math.sqrt((12 * SECOND_ORDER) / Math.max(nutation, 1e-9)) / rate;

/**
 * Largest rotation of a spin in a part of a step, about any axis, and largest number of parts of
 * one step.
 */
const LARGEST_PART: Radians = 0.3;
const MOST_PARTS = 4096;

/**
 * Pulses whose long steps are cut into parts that may be split into rotation and relaxation, for
 * engines that support nothing else.
 * @param fastest largest precession of any spin under a gradient, in the frame of a pulse at an
 * offset [Hz]
 */
export function asRotations(
  { pulses, rfSteps, gammaBar }: Pick<Timeline, 'pulses' | 'rfSteps' | 'gammaBar'>,
  rate: number,
  fastest: (offset: number, gx: number, gy: number, gz: number) => number,
): Pick<Timeline, 'pulses' | 'rfSteps'> {
  const cut = pulses.slice();
  const steps = arrayBuilder(Float64Array);
  for (let at = 0; at < pulses.length; at += STRIDE.pulse) {
    const [first, count, offset] = pulses.subarray(at) as unknown as [number, number, number];
    const own = rfSteps.subarray(STRIDE.rfStep * first, STRIDE.rfStep * (first + count));
    let nutation = 0;
    for (let n = 0; n < own.length; n += STRIDE.rfStep)
      nutation += 2 * Math.PI * gammaBar * own[n] * Math.hypot(own[n + 1], own[n + 2]);
    const longest = longestInterval(nutation, rate);
    cut[at] = steps.length / STRIDE.rfStep;
    for (let n = 0; n < own.length; n += STRIDE.rfStep) {
      const [dt, re, im, gx, gy, gz] = own.subarray(n) as unknown as [number, number, number, number, number, number];
      const angle = 2 * Math.PI * gammaBar * dt * Math.hypot(re, im);
      const turn = angle + 2 * Math.PI * dt * fastest(offset, gx, gy, gz);
      const wanted = angle === 0 ? 1 : Math.max(dt / longest, angle / SHARED_NUTATION, turn / LARGEST_PART);
      const parts = wanted <= 1 ? 1 : Math.min(MOST_PARTS, 2 * Math.ceil(wanted / 2));
      for (let part = 0; part < parts; part++) steps.push(dt / parts, re, im, gx, gy, gz);
    }
    cut[at + 1] = steps.length / STRIDE.rfStep - cut[at];
  }
  return { pulses: cut, rfSteps: steps.finish() };
}

/** Weights of Simpson's rule for two intervals that need not be equal. */
function addSimpson(times: Float64Array, { first, end: middle, length: h }: Interval, next: Interval): void {
  const both = h + next.length;
  times[first] = times[first] + (both * (2 - next.length / h)) / 6;
  times[middle] = times[middle] + both ** 3 / (6 * h * next.length);
  times[next.end] = times[next.end] + (both * (2 - h / next.length)) / 6;
}

type OfStep = (step: number) => number;

function interval(first: number, end: number, dt: OfStep, angle: OfStep): Interval {
  let [length, nutation] = [0, 0];
  for (let step = first; step < end; step++) {
    length += dt(step);
    nutation += angle(step);
  }
  return { first, end, length, nutation };
}

/** Steps [first, end) in an even number of nearly equal intervals, or each by itself. */
function intervals(first: number, end: number, longest: Seconds, dt: OfStep, angle: OfStep): Interval[] {
  const { length, nutation } = interval(first, end, dt, angle);
  const least = Math.max(length / longest - 1e-6, nutation / SHARED_NUTATION, (end - first) / SHARED_STEPS);
  const count = 2 * Math.ceil(least / 2);
  const list: Interval[] = [];
  let from = first;
  let passed = 0;
  for (let step = first; step < end; step++) {
    passed += dt(step);
    const due = ((list.length + 1) / count) * length;
    if (step + 1 === end || passed + dt(step + 1) / 2 > due) {
      list.push(interval(from, step + 1, dt, angle));
      from = step + 1;
    }
  }
  return list;
}
