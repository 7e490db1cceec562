/**
 * How the frequency of spins changes over a pulse: every rate of its steps (gradients in the frame
 * of the spins, phase terms) as a straight line in time. A spin then has a frequency at the middle
 * of the pulse and a drift, whatever moves it:
 *
 *     f(t) = Σ_i (middle_i + slope_i·(t − T/2)) q_i + Δf
 */
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { boundOfTerms, extentOf } from '../extent.ts';

export interface PulseRates {
  /** [x, y, z, terms]: Hz per metre, or per unit of q; and their change per second */
  readonly middle: Float64Array;
  readonly slope: Float64Array;
  /** Lowest and highest frequency of any spin at the middle, less the pulse's offset [Hz]. */
  readonly low: number;
  readonly high: number;
  /** Largest drift of any spin [Hz/s]. */
  readonly drift: number;
  /** Largest phase by which the rates of any spin deviate from the lines [rad]. */
  readonly residual: number;
  /** [s] */
  readonly duration: number;
  /** Angle by which B1 turns spins, were they always in resonance [rad]. */
  readonly flip: number;
}

/**
 * Fraction of a step by which the fourth-order pairs of steps shift the mean rate of each, and a
 * little more (`timeline/pulse.ts`): this does not count as a deviation.
 */
const PAIRED = 1 / 5;

export function pulseRates(
  timeline: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'B0' | 'model'>,
  pulse: number,
): PulseRates {
  const { pulses, rfSteps, rfStepTerms, terms, gammaBar, B0 } = timeline;
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  const width = 3 + terms;
  const rate = (step: number, column: number): number =>
    column < 3 ? gammaBar * rfSteps[STRIDE.rfStep * step + 3 + column] : rfStepTerms[terms * step + column - 3];
  let [duration, flip, spread] = [0, 0, 0];
  for (let step = first; step < first + count; step++) {
    const [dt, re, im] = rfSteps.subarray(STRIDE.rfStep * step) as unknown as [number, number, number];
    duration += dt;
    flip += 2 * Math.PI * gammaBar * dt * Math.hypot(re, im);
  }
  const late = new Float64Array(count);
  for (let [n, now] = [0, 0]; n < count; n++) {
    const dt = rfSteps[STRIDE.rfStep * (first + n)];
    late[n] = now + dt / 2 - duration / 2;
    now += dt;
    spread += dt * late[n] ** 2;
  }
  const [middle, slope] = [new Float64Array(width), new Float64Array(width)];
  const { hertz } = extentOf(source, B0);
  const ends = endsOf(source, terms);
  for (let column = 0; column < width; column++) {
    let [sum, moment] = [0, 0];
    for (let n = 0; n < count; n++) {
      const share = rfSteps[STRIDE.rfStep * (first + n)] * rate(first + n, column);
      sum += share;
      moment += share * late[n];
    }
    middle[column] = sum / duration;
    slope[column] = spread > 0 ? moment / spread : 0;
  }
  let residual = 0;
  const deviation = new Float64Array(width);
  for (let n = 0; n < count; n++) {
    const dt = rfSteps[STRIDE.rfStep * (first + n)];
    for (let column = 0; column < width; column++) {
      const own = rate(first + n, column) - middle[column] - slope[column] * late[n];
      const paired = PAIRED * dt * Math.abs(slope[column]);
      deviation[column] = Math.sign(own) * Math.max(0, Math.abs(own) - paired);
    }
    residual += 2 * Math.PI * dt * largestOf(ends(deviation));
  }
  const [low, high] = ends(middle);
  return {
    ...{ middle, slope, duration, flip, residual },
    ...{ low: low - hertz - offset, high: high + hertz - offset, drift: largestOf(ends(slope)) },
  };
}

/** Lowest and highest Σ weight·q of any spin. @returns function of weights [x, y, z, terms] */
export function endsOf(
  source: Pick<PhantomSource, 'bounds' | 'model'>,
  terms: number,
): (weights: Float64Array) => readonly [number, number] {
  const { min, max } = source.bounds;
  const ofTerms = boundOfTerms(source, terms);
  return (weights) => {
    const rest = ofTerms(weights.subarray(3));
    let [low, high] = [-rest, rest];
    for (let axis = 0; axis < 3; axis++) {
      const [a, b] = [weights[axis] * min[axis], weights[axis] * max[axis]];
      low += Math.min(a, b);
      high += Math.max(a, b);
    }
    return [low, high];
  };
}

export const largestOf = ([low, high]: readonly [number, number]): number => Math.max(-low, high);
