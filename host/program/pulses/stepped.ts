/**
 * RF steps in the kernels' units, and for each pulse the form that is valid and exact enough for
 * every spin of the phantom. The choice depends on the phantom's bounds and the timeline alone, so
 * every rank makes the same one.
 */

import { Excitation, PULSE, RfStep } from '../../abi/abi.generated.ts';
import { type RecordList, recordList } from '../../abi/records.ts';
import { direction } from '../../numerics/direction.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { relaxation } from '../../timeline/relaxation.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseCount } from '../../timeline/windows.ts';
import { SPLITTING } from '../accuracy.ts';
import { steppedCost } from '../cost.ts';
import { type Extent, extentOf, reachOf } from '../extent.ts';
import type { PulseMethod } from '../method.ts';
import type { Precision } from '../types.ts';

/** Avoids 0/0 in sin|h|/|h|, which is 1 there to the last bit. */
const LEAST_SQUARE = 1e-30;

/**
 * Largest |A| for which the series of an exact solution is summed, bound of its remainder, and
 * number of terms for which the kernels have constants.
 */
const SERIES = {
  f32: { norm: 1, remainder: 1e-9, mostTerms: 15 },
  f64: { norm: 0.5, remainder: 1e-15, mostTerms: 23 },
} as const;
const FEWEST_TERMS = 3;
/** More doublings in f32 would double its rounding too. */
const MOST_DOUBLINGS_F32 = 2;
/** Largest |A| of a step that is solved in f32. */
const LARGEST_HELD = SERIES.f32.norm * 2 ** MOST_DOUBLINGS_F32;

/**
 * Largest nutation of one step [rad] for which rotations, whose angle about B1 is an f32, are
 * accurate enough: at 1000 rad the error is 3e-5.
 */
const LARGEST_NUTATION = 2 * Math.PI;

type Bounded = Pick<PhantomSource, 'bounds' | 'B0' | 'model'>;

/**
 * Whether two durations or gradients differ at most by the rounding of f64 sums: the kernels then
 * reuse what they computed.
 */
export const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

/** Largest relaxation rate of any spin [1/s]; |R2 − R1| is not above it. */
const largestRate = ({ bounds }: Pick<PhantomSource, 'bounds'>): number => Math.max(1 / bounds.minT1, 1 / bounds.minT2);

/**
 * All steps in the kernels' units.
 * @param forms [pulses] `pulseForms`
 * @param extents by pulse: of the virtual spins for which it is composed; default: those of the
 *   phantom
 */
export function stepRecords(
  timeline: Timeline,
  source: Bounded,
  forms: Int32Array,
  extents: ReadonlyMap<number, Extent> = new Map(),
): RecordList<typeof RfStep> {
  const { pulses, rfSteps, gammaBar } = timeline;
  const steps = recordList(RfStep, rfSteps.length / STRIDE.rfStep);
  for (let from = 0; from < rfSteps.length; from += STRIDE.rfStep) {
    const dt = rfSteps[from];
    const half = Math.PI * gammaBar * dt;
    const hx = half * rfSteps[from + 1];
    const hy = half * rfSteps[from + 2];
    const square = Math.max(hx * hx + hy * hy, LEAST_SQUARE);
    steps.push({
      dt,
      gx: half * rfSteps[from + 3],
      gy: half * rfSteps[from + 4],
      gz: half * rfSteps[from + 5],
      hx,
      hy,
      square,
      hxSingle: hx,
      hySingle: hy,
      squareSingle: square,
      isNew: from > 0 && continues(timeline, from) ? 0 : 1,
      relaxBefore: 0,
      relaxAfter: 0,
      terms: 0,
      doublings: 0,
    });
  }
  const rate = largestRate(source);
  for (let pulse = 0; pulse < pulses.length / STRIDE.pulse; pulse++) {
    const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
    if (count === 0) continue;
    const form = forms[pulse];
    if (form === PULSE.SMALL || form === PULSE.ANY) {
      const { times } = relaxation(timeline, pulse, rate);
      for (let n = 0; n < count; n++) steps.set(first + n, 'relaxBefore', times[n]);
      steps.set(first + count - 1, 'relaxAfter', times[count]);
    }
    const series = form === PULSE.HELD ? SERIES.f32 : SERIES.f64;
    const norms = stepNorms(timeline, source, pulse, extents.get(pulse));
    for (let n = 0; n < count; n++) {
      const { terms, doublings } = seriesFor(norms[n], series);
      steps.set(first + n, 'terms', terms);
      steps.set(first + n, 'doublings', doublings);
    }
  }
  return steps;
}

/** Terms of Σ Aⁿ/(n + 1)! and halvings of the step before it. */
function seriesFor(norm: number, { norm: largest, remainder, mostTerms }: (typeof SERIES)['f32' | 'f64']) {
  const doublings = Math.max(0, Math.ceil(Math.log2(norm / largest)));
  const part = norm / 2 ** doublings;
  let terms = FEWEST_TERMS;
  let left = part ** 4 / 24;
  while (left * 2 ** doublings > remainder && terms < mostTerms) left *= part / (++terms + 1);
  return { terms, doublings };
}

/** [steps][terms]: half angle that a term adds to a step [rad per unit of q]. */
export function stepTerms({ rfSteps, rfStepTerms, terms }: Timeline): Float64Array {
  return rfStepTerms.map((rate, n) => Math.PI * rfSteps[STRIDE.rfStep * Math.floor(n / terms)] * rate);
}

/** Largest frequency that phase terms add for a spin in step `step` [Hz]. */
function largestTerms({ rfStepTerms }: Timeline, reach: readonly number[], step: number): number {
  return reach.reduce((hertz, far, n) => hertz + Math.abs(rfStepTerms[reach.length * step + n]) * far, 0);
}

/** Largest B1 of a spin over the nominal one. */
const largestTransmit = ({ model }: Bounded): number =>
  model === undefined || model.transmits === 0 ? 1 : Math.max(1, model.largest.transmit);

/** [steps] of a pulse: the largest |A| of any spin, angle and relaxation together. */
function stepNorms(
  timeline: Timeline,
  source: Bounded,
  pulse: number,
  { x, y, z, hertz }: Extent = extentOf(source, timeline.B0),
): Float64Array {
  const { pulses, rfSteps, gammaBar } = timeline;
  const transmit = largestTransmit(source);
  const reach = reachOf(source, timeline.terms);
  const rate = largestRate(source);
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  return Float64Array.from({ length: count }, (_, n) => {
    const [dt, re, im, gx, gy, gz] = rfSteps.subarray(STRIDE.rfStep * (first + n)) as unknown as number[];
    const turning = gammaBar * (Math.abs(gx!) * x + Math.abs(gy!) * y + Math.abs(gz!) * z) + hertz + Math.abs(offset);
    const field = turning + largestTerms(timeline, reach, first + n);
    const nutation = gammaBar * transmit;
    return dt! * (2 * Math.PI * Math.hypot(nutation * re!, nutation * im!, field) + rate);
  });
}

/** Most that B1 turns a spin in one step of a pulse [rad]. */
function largestNutation({ pulses, rfSteps, gammaBar }: Timeline, pulse: number): number {
  const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  let largest = 0;
  for (let at = STRIDE.rfStep * first; at < STRIDE.rfStep * (first + count); at += STRIDE.rfStep)
    largest = Math.max(largest, 2 * Math.PI * gammaBar * rfSteps[at] * Math.hypot(rfSteps[at + 1], rfSteps[at + 2]));
  return largest;
}

/** Whether the step that begins at `at` has the duration and the gradient of the step before. */
function continues({ rfSteps, rfStepTerms, terms }: Timeline, at: number): boolean {
  const step = (at / STRIDE.rfStep) * terms;
  for (let n = step; n < step + terms; n++) if (!isSame(rfStepTerms[n], rfStepTerms[n - terms])) return false;
  const before = at - STRIDE.rfStep;
  if (!isSame(rfSteps[at], rfSteps[before])) return false;
  for (let i = 3; i < 6; i++) if (!isSame(rfSteps[at + i], rfSteps[before + i])) return false;
  return true;
}

/**
 * A spin is rotated by −phase into the frame of the pulse's steps, and back by phase −
 * 2π·offset·duration, which includes the rotation of the frame meanwhile.
 */
export function excitationRecords({ excitations, pulses }: Timeline): RecordList<typeof Excitation> {
  const records = recordList(Excitation, excitations.length / STRIDE.excitation);
  for (let n = 0; n < excitations.length; n += STRIDE.excitation) {
    const [pulse, phase, transmit] = excitations.subarray(n) as unknown as [number, number, number];
    const [, , offset, duration] = pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
    const [cosIn, sinIn] = direction(phase);
    const [cosOut, sinOut] = direction(phase - 2 * Math.PI * offset! * duration!);
    records.push({ pulse, cosIn, sinIn, cosOut, sinOut, transmit });
  }
  return records;
}

/**
 * [pulses]: as rotations if the errors of splitting off relaxation and of f32 angles are negligible
 * in the run, with polynomials only if no spin rotates by more than π in any step; else every step
 * is solved exactly, in f64 if its angle is large and in f64 runs.
 */
export function pulseForms(timeline: Timeline, source: Bounded, precision: Precision = 'f32'): Int32Array {
  const { pulses } = timeline;
  const rate = largestRate(source);
  const played = pulseCount(timeline);
  return Int32Array.from({ length: pulses.length / STRIDE.pulse }, (_, pulse) => {
    if (precision === 'f64') return PULSE.HELD_F64;
    const largest = stepNorms(timeline, source, pulse).reduce((most, norm) => Math.max(most, norm), 0);
    const rotation = largest <= Math.PI ? PULSE.SMALL : PULSE.ANY;
    const split =
      largestNutation(timeline, pulse) <= LARGEST_NUTATION
        ? relaxation(timeline, pulse, rate).error * played
        : Infinity;
    if (split <= SPLITTING.held) return rotation;
    if (largest <= LARGEST_HELD) return PULSE.HELD;
    return split <= SPLITTING.heldF64 ? rotation : PULSE.HELD_F64;
  });
}

/** [pulses] of a model: every step solved exactly, in f64 if its angle is large and in f64 runs. */
export function modelPulseForms(timeline: Timeline, source: Bounded, precision: Precision): Int32Array {
  return Int32Array.from({ length: timeline.pulses.length / STRIDE.pulse }, (_, pulse) => {
    const largest = stepNorms(timeline, source, pulse).reduce((most, norm) => Math.max(most, norm), 0);
    return precision === 'f32' && largest <= LARGEST_HELD ? PULSE.HELD : PULSE.HELD_F64;
  });
}

/** The definition: supports every model. */
export const stepped: PulseMethod = {
  name: 'stepped',
  supports: () => true,
  propose: (_, { steps }) => ({ setUp: 0, perUse: steppedCost(steps), how: 'stepped', error: 0 }),
};
