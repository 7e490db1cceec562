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

/** Samples on a raster are as long as each other but for rounding, and kernels pay for every step of another length. */
function sameAs(before: Seconds | undefined, dt: Seconds): Seconds {
  return before !== undefined && Math.abs(dt - before) <= SAME_DURATION * dt ? before : dt;
}

/** One step: [dt, B1re, B1im, Gx, Gy, Gz] as `Timeline.rfSteps` documents, phase offset not applied. */
export type RfStep = readonly [number, number, number, number, number, number];

/** Duration of the event without its delay. */
export function rfDuration(rf: RfEvent): Seconds {
  return rf.time[rf.time.length - 1]!;
}

/** @param gradients (x, y, z) of the block, in block time */
export function rfSteps(rf: RfEvent, gradients: readonly PiecewiseLinear[], maxStep: Seconds): RfStep[] {
  const steps: RfStep[] = [];
  const corners = gradients.flatMap(({ t }) => Array.from(t, (time) => time - rf.delay)).sort((p, q) => p - q);
  let corner = 0;
  const play = ({ start, slope, from: origin }: Span, from: Seconds, to: Seconds): void => {
    const field = (t: Seconds): [number, number] => [
      start[0] + slope[0] * (t - origin),
      start[1] + slope[1] * (t - origin),
    ];
    const peak = Math.max(Math.hypot(...field(from)), Math.hypot(...field(to)));
    const still =
      slope[0] === 0 && slope[1] === 0 && (peak === 0 || gradients.every((g) => holds(g, rf.delay, from, to)));
    const limit = still ? maxStep : maxStep / STEPS_PER_SLOPE;
    const nutation = 2 * Math.PI * GAMMA_BAR * peak * (to - from);
    const count = Math.max(1, Math.ceil(Math.max((to - from) / limit, nutation / MOST_NUTATION) - 1e-9));
    const dt = sameAs(steps.at(-1)?.[0], (to - from) / count);
    for (let n = 0; n < count; n++) {
      const begin = rf.delay + from + n * dt;
      const [re, im] = field(begin + dt / 2 - rf.delay);
      const [gx, gy, gz] = gradients.map((g) =>
        peak === 0 ? integral(g, begin, begin + dt) / dt : valueAt(g, begin + dt / 2),
      ) as [number, number, number];
      // Conjugated: the field's clockwise precession against Pulseq's phases.
      steps.push([dt, re, -im, gx, gy, gz]);
    }
  };
  for (const span of spans(rf)) {
    let from = span.from;
    // Without B1 a gradient's course does not matter, its integral does.
    const silent = Math.hypot(...span.start, ...span.slope) === 0;
    for (; corner < corners.length && corners[corner]! < span.to - SAME_TIME; corner++) {
      const at = corners[corner]!;
      if (silent || at < from + SAME_TIME) continue;
      play(span, from, at);
      from = at;
    }
    play(span, from, span.to);
  }
  return steps;
}

/** Whether a gradient without a corner inside keeps its value from `from` to `to`, seconds after `delay`. */
function holds(gradient: PiecewiseLinear, delay: Seconds, from: Seconds, to: Seconds): boolean {
  const quarter = (to - from) / 4;
  const value = valueAt(gradient, delay + from + quarter);
  return Math.abs(valueAt(gradient, delay + to - quarter) - value) <= 1e-12 * Math.abs(value);
}

/** A stretch over which complex B1 is linear: start + slope·(t − from), Pulseq's phase sign [T, T/s]. */
interface Span {
  readonly from: Seconds;
  readonly to: Seconds;
  readonly start: readonly [number, number];
  readonly slope: readonly [number, number];
}

function spans(rf: RfEvent): Span[] {
  const sample = (n: number): [number, number] => {
    const [cos, sin] = direction(rf.phase[n]!);
    return [rf.magnitude[n]! * cos, rf.magnitude[n]! * sin];
  };
  const list: Span[] = [];
  for (let n = 0; n + 1 < rf.time.length; n++) {
    const from = rf.time[n]!;
    const to = rf.time[n + 1]!;
    if (to <= from) continue;
    const start = sample(n);
    const next = rf.interpolation === 'held' ? start : sample(n + 1);
    const slope = [(next[0] - start[0]) / (to - from), (next[1] - start[1]) / (to - from)] as const;
    const last = list[list.length - 1];
    const continues =
      last !== undefined &&
      slope[0] === 0 &&
      slope[1] === 0 &&
      last.slope[0] === 0 &&
      last.slope[1] === 0 &&
      last.start[0] === start[0] &&
      last.start[1] === start[1];
    if (continues) list[list.length - 1] = { ...last, to };
    else list.push({ from, to, start, slope });
  }
  return list;
}
