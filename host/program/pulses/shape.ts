/**
 * B1 of a pulse over time, without its gradient and its offset: pulses of one shape share a table.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseOperator } from './reference.ts';

/** B1 over time, [spans][duration, re, im]. */
export type Shape = Float64Array;
export const SPAN = 3;
/** Spans of B1 with which operators are judged: slow parameters need no finer resolution. */
const JUDGED_SPANS = 100;
/**
 * Largest phase [rad] by which the drift rotates a spin relative to the mean of a step: pairs of
 * steps are exact to fourth order, so that errors are below 1e-9.
 */
const STEP_PHASE = 3e-5;
export const durationOf = (shape: Shape): number => {
  let sum = 0;
  for (let at = 0; at < shape.length; at += SPAN) sum += shape[at];
  return sum;
};

/**
 * [steps][dt, B1re, B1im, Gx, 0, 0] of the pulse with γ̄Gx = t − T/2, in pairs where there is B1.
 */
export function driftSteps(shape: Shape, gammaBar: number, drift: number): number[] {
  const steps: number[] = [];
  const longest = Math.sqrt(STEP_PHASE / Math.max(Math.PI * drift, 1e-30));
  let now = -durationOf(shape) / 2;
  for (let at = 0; at < shape.length; at += SPAN) {
    const [length, re, im] = shape.subarray(at) as unknown as [number, number, number];
    const isSilent = (re === 0 && im === 0) || drift === 0;
    const count = isSilent ? 1 : 2 * Math.ceil(length / longest / 2);
    const dt = length / count;
    for (let n = 0; n < count; n++) {
      const paired = isSilent ? 0 : ((n % 2 === 0 ? -1 : 1) * dt) / 6;
      steps.push(dt, re, im, (now + dt * (n + 0.5) + paired) / gammaBar, 0, 0);
    }
    now += length;
  }
  return steps;
}

/**
 * The operator of a pulse, in fewer spans, for a spin with a frequency [Hz], rates [1/s] and a
 * drift [Hz/s].
 */
export function judgedPulse(timeline: Timeline, shape: Shape, largestDrift: number) {
  const steps = judgedSteps(timeline, shape, largestDrift);
  const virtual = {
    ...timeline,
    pulses: Float64Array.of(0, steps.length / STRIDE.rfStep, 0, durationOf(shape)),
    rfSteps: steps,
  };
  return (hertz: number, R1: number, R2: number, drift: number): Float64Array =>
    pulseOperator(virtual, 0, 1, { r: [drift, 0, 0], hertz, R1, R2 });
}

/** Its steps with unit drift along x, in fewer spans: [steps][dt, B1re, B1im, Gx, 0, 0]. */
export const judgedSteps = ({ gammaBar }: Timeline, shape: Shape, largestDrift: number): Float64Array =>
  Float64Array.from(driftSteps(coarser(shape), gammaBar, largestDrift));

/** The same pulse in fewer spans, with the mean B1 of each. */
function coarser(shape: Shape): Shape {
  const together = Math.ceil(shape.length / SPAN / JUDGED_SPANS);
  if (together === 1) return shape;
  const spans: number[] = [];
  for (let at = 0; at < shape.length; at += SPAN * together) {
    let [length, re, im] = [0, 0, 0];
    for (let n = at; n < Math.min(shape.length, at + SPAN * together); n += SPAN) {
      length += shape[n];
      re += shape[n] * shape[n + 1];
      im += shape[n] * shape[n + 2];
    }
    spans.push(length, re / length, im / length);
  }
  return Float64Array.from(spans);
}
