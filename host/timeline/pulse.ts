/**
 * RF events as steps. Where B1 holds still (a block pulse, a run of equal samples) a step may last `maxStep`; a sampled
 * pulse takes one step per sample; no step turns a spin by more than `MOST_NUTATION`. B1 stands in the frame of the
 * pulse's own frequency, so an offset of many kilohertz costs no extra steps, and every step is exact but for its
 * relaxation and a gradient that changes within it: second order in the step.
 */

import { direction } from '../common/direction.ts';
import { GAMMA_BAR, type Radians, type Seconds } from '../common/units.ts';
import type { RfEvent } from '../sequence/types.ts';
import { integral, type PiecewiseLinear, valueAt } from '../sequence/waveform.ts';
import { STRIDE } from './types.ts';

/**
 * Where B1 or a gradient changes during a step, steps are this much shorter than where all hold still: 1 µs instead of 50,
 * what sampled pulses have anyway. One rotation about the middle's field is then off by dt²/12·|B'×B|: 6e-3 of the signal
 * for a block pulse under a ramp of 10 mT/m in steps of 50 µs, 3e-4 in steps of 10 µs, 3e-6 in steps of 1 µs.
 */
const STEPS_PER_SLOPE = 50;

/** Corners of a gradient this close to the edge of an RF sample [s] are at that edge. */
const SAME_TIME = 1e-9;

/**
 * Most that B1 may turn a spin in one step. The error of splitting relaxation from rotation grows with the square of this
 * angle: a 90° pulse of 100 µs at T2 = 30 ms is 1.7e-5 off in one step, 4e-6 in two, 6e-7 in the five that this allows.
 */
const MOST_NUTATION: Radians = Math.PI / 10;

/** Part of itself by which a step's duration may differ from that of the step before and count as the same. */
const SAME_DURATION = 1e-9;

/** Duration of the event without its delay. */
export function rfDuration(rf: RfEvent): Seconds {
  return rf.time[rf.time.length - 1]!;
}

/**
 * [steps][dt, B1re, B1im, Gx, Gy, Gz] as `Timeline.rfSteps` documents, phase offset not applied. A scan may have a pulse of
 * its own for every repetition, so steps are numbers in a row and nothing is allocated for one.
 * @param gradients (x, y, z) of the block, in block time
 */
export function rfSteps(rf: RfEvent, gradients: readonly PiecewiseLinear[], maxStep: Seconds): Float64Array {
  const steps: number[] = [];
  const corners = gradients.flatMap(({ t }) => Array.from(t, (time) => time - rf.delay)).sort((p, q) => p - q);
  let corner = 0;
  for (const span of spans(rf)) {
    let { from } = span;
    // Without B1 a gradient's course does not matter, its integral does.
    const silent = span.re === 0 && span.im === 0 && span.slopeRe === 0 && span.slopeIm === 0;
    for (; corner < corners.length && corners[corner]! < span.to - SAME_TIME; corner++) {
      const at = corners[corner]!;
      if (silent || at < from + SAME_TIME) continue;
      play(steps, span, from, at, rf.delay, gradients, maxStep);
      from = at;
    }
    play(steps, span, from, span.to, rf.delay, gradients, maxStep);
  }
  return new Float64Array(steps);
}

/** Appends the steps of a span's part without a corner of a gradient inside, seconds after `delay`. */
function play(
  steps: number[],
  { re, im, slopeRe, slopeIm, from: origin }: Span,
  from: Seconds,
  to: Seconds,
  delay: Seconds,
  gradients: readonly PiecewiseLinear[],
  maxStep: Seconds,
): void {
  const isHeld = slopeRe === 0 && slopeIm === 0;
  const peak = isHeld
    ? Math.hypot(re, im)
    : Math.max(
        Math.hypot(re + slopeRe * (from - origin), im + slopeIm * (from - origin)),
        Math.hypot(re + slopeRe * (to - origin), im + slopeIm * (to - origin)),
      );
  let still = isHeld;
  if (peak !== 0) for (let axis = 0; axis < 3 && still; axis++) still = holds(gradients[axis]!, delay, from, to);
  const limit = still ? maxStep : maxStep / STEPS_PER_SLOPE;
  const nutation = 2 * Math.PI * GAMMA_BAR * peak * (to - from);
  const count = Math.max(1, Math.ceil(Math.max((to - from) / limit, nutation / MOST_NUTATION) - 1e-9));
  let dt = (to - from) / count;
  // Samples on a raster are as long as each other but for rounding, and kernels pay for every step of another length.
  const before = steps[steps.length - STRIDE.rfStep];
  if (before !== undefined && Math.abs(dt - before) <= SAME_DURATION * dt) dt = before;
  for (let n = 0; n < count; n++) {
    const begin = delay + from + n * dt;
    const since = begin + dt / 2 - delay - origin;
    // Conjugated: the field's clockwise precession against Pulseq's phases.
    steps.push(dt, re + slopeRe * since, -(im + slopeIm * since));
    for (let axis = 0; axis < 3; axis++) {
      const gradient = gradients[axis]!;
      steps.push(peak === 0 ? integral(gradient, begin, begin + dt) / dt : valueAt(gradient, begin + dt / 2));
    }
  }
}

/** Whether a gradient without a corner inside keeps its value from `from` to `to`, seconds after `delay`. */
function holds(gradient: PiecewiseLinear, delay: Seconds, from: Seconds, to: Seconds): boolean {
  const quarter = (to - from) / 4;
  const value = valueAt(gradient, delay + from + quarter);
  return Math.abs(valueAt(gradient, delay + to - quarter) - value) <= 1e-12 * Math.abs(value);
}

/** A stretch over which complex B1 is linear, re + i·im at `from` and its slope, in Pulseq's phase sign [T, T/s]. */
interface Span {
  readonly from: Seconds;
  to: Seconds;
  readonly re: number;
  readonly im: number;
  readonly slopeRe: number;
  readonly slopeIm: number;
}

function spans({ time, magnitude, phase, interpolation }: RfEvent): Span[] {
  const list: Span[] = [];
  let last: Span | undefined;
  for (let n = 0; n + 1 < time.length; n++) {
    const from = time[n]!;
    const to = time[n + 1]!;
    if (to <= from) continue;
    const [cos, sin] = direction(phase[n]!);
    const re = magnitude[n]! * cos;
    const im = magnitude[n]! * sin;
    let slopeRe = 0;
    let slopeIm = 0;
    if (interpolation === 'linear') {
      const [nextCos, nextSin] = direction(phase[n + 1]!);
      slopeRe = (magnitude[n + 1]! * nextCos - re) / (to - from);
      slopeIm = (magnitude[n + 1]! * nextSin - im) / (to - from);
    }
    const isHeld = slopeRe === 0 && slopeIm === 0;
    if (isHeld && last?.slopeRe === 0 && last.slopeIm === 0 && last.re === re && last.im === im) {
      last.to = to;
    } else {
      last = { from, to, re, im, slopeRe, slopeIm };
      list.push(last);
    }
  }
  return list;
}
