/**
 * RF events as steps. Where B1 holds still (a block pulse, a run of equal samples) a step may last `maxStep`; a sampled
 * pulse takes one step per sample; no step turns a spin by more than `MOST_NUTATION`. B1 stands in the frame of the
 * pulse's own frequency, so an offset of many kilohertz costs no extra steps, and every step is exact but for its
 * relaxation and a gradient that changes within it: second order in the step.
 */

import { GAMMA_BAR, type Radians, type Seconds } from '../common/units.ts';
import type { RfEvent } from '../sequence/types.ts';
import { integral, type PiecewiseLinear } from '../sequence/waveform.ts';

/** Where B1 runs linearly between two explicit points, steps are this much shorter than where it holds still. */
const STEPS_PER_SLOPE = 5;

/**
 * Most that B1 may turn a spin in one step. The error of splitting relaxation from rotation grows with the square of this
 * angle: a 90° pulse of 100 µs at T2 = 30 ms is 1.7e-5 off in one step, 4e-6 in two, 6e-7 in the five that this allows.
 */
const MOST_NUTATION: Radians = Math.PI / 10;

/** One step: [dt, B1re, B1im, Gx, Gy, Gz] as `Timeline.rfSteps` documents, phase offset not applied. */
export type RfStep = readonly [number, number, number, number, number, number];

/** Duration of the event without its delay. */
export function rfDuration(rf: RfEvent): Seconds {
  return rf.time[rf.time.length - 1]!;
}

/** @param gradients (x, y, z) of the block, in block time */
export function rfSteps(rf: RfEvent, gradients: readonly PiecewiseLinear[], maxStep: Seconds): RfStep[] {
  const steps: RfStep[] = [];
  for (const { from, to, start, slope } of spans(rf)) {
    const rising = slope[0] !== 0 || slope[1] !== 0;
    const limit = rising ? maxStep / STEPS_PER_SLOPE : maxStep;
    const peak = Math.max(Math.hypot(...start), Math.hypot(...end(start, slope, to - from)));
    const nutation = 2 * Math.PI * GAMMA_BAR * peak * (to - from);
    const count = Math.max(1, Math.ceil(Math.max((to - from) / limit, nutation / MOST_NUTATION) - 1e-9));
    const dt = (to - from) / count;
    for (let n = 0; n < count; n++) {
      const begin = rf.delay + from + n * dt;
      const middle = (n + 0.5) * dt;
      const [gx, gy, gz] = gradients.map((g) => integral(g, begin, begin + dt) / dt) as [number, number, number];
      // Conjugated: the field's clockwise precession against Pulseq's phases.
      steps.push([dt, start[0] + slope[0] * middle, -(start[1] + slope[1] * middle), gx, gy, gz]);
    }
  }
  return steps;
}

/** A stretch over which complex B1 is linear: start + slope·(t − from), Pulseq's phase sign [T, T/s]. */
interface Span {
  readonly from: Seconds;
  readonly to: Seconds;
  readonly start: readonly [number, number];
  readonly slope: readonly [number, number];
}

/** Complex B1 after `time` on a slope. */
const end = (start: readonly [number, number], slope: readonly [number, number], time: Seconds): [number, number] => [
  start[0] + slope[0] * time,
  start[1] + slope[1] * time,
];

function spans(rf: RfEvent): Span[] {
  const sample = (n: number): [number, number] => [
    rf.magnitude[n]! * Math.cos(rf.phase[n]!),
    rf.magnitude[n]! * Math.sin(rf.phase[n]!),
  ];
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
