/**
 * RF steps in the kernels' units, and for each pulse the form that is valid and exact enough for every spin of the phantom. The
 * choice depends on the phantom's bounds and the timeline alone, so every rank makes the same.
 */
import { direction } from '../../common/direction.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { relaxation } from '../../timeline/relaxation.ts';
import { OP, STRIDE, type Timeline } from '../../timeline/types.ts';
import type { Precision } from '../types.ts';
import { reachOf } from './reach.ts';

/** As `PULSE` in assembly/layout.ts. */
export const PULSE_FORM = { small: 0, any: 1, held: 2, heldF64: 3 } as const;

/** Bytes of a step as `assembly/rf-step.ts` reads it. */
export const STEP_BYTES = 96;

/** Keeps 0/0 out of sin|h|/|h|, which is 1 there to the last bit. */
const LEAST_SQUARE = 1e-30;

/** Largest |A| for which the series of an exact solution is summed, what its remainder may be, and how many terms the kernels have constants for. */
const SERIES = {
  f32: { norm: 1, remainder: 1e-9, mostTerms: 15 },
  f64: { norm: 0.5, remainder: 1e-15, mostTerms: 23 },
} as const;
const FEWEST_TERMS = 3;
/** More doublings in f32 would double its rounding too. */
const MOST_DOUBLINGS_F32 = 2;

/**
 * What splitting relaxation from rotation may do to a run, all its pulses together, where the exact solution costs little more (1.3 times for
 * steps of small angle, more for those of 4 rad: twelve terms and two doublings); and where it is in f64, which costs several times as much.
 */
const SPLITTING = { held: 3e-7, heldF64: 3e-6 } as const;

/** Largest nutation of one step for which rotations, whose angle about B1 is an f32, are exact enough [rad]: 1000 rad would err by 3e-5. */
const LARGEST_NUTATION = 2 * Math.PI;

type Bounded = Pick<PhantomSource, 'bounds' | 'B0'>;

/** Whether two durations or gradients differ by the rounding of f64 sums at most: the kernels then keep what they formed. */
export const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

/** Largest relaxation rate of any spin [1/s]; |R2 − R1| is not above it. */
export const largestRate = ({ bounds }: Pick<PhantomSource, 'bounds'>): number =>
  Math.max(1 / bounds.minT1, 1 / bounds.minT2);

/**
 * Writes all steps to `address`, a multiple of 8: [dt, gx, gy, gz, hx, hy, hx² + hy²] f64 with the half angles πγ̄B1·dt [rad] and
 * πγ̄G·dt [rad/m], the last three again as f32, whether dt or the gradient differ from the step before, the relaxation
 * before and, of a pulse's last step, after it [s] f64, and the terms and doublings of its exact solution, i32.
 * @param forms [pulses] `pulseForms`
 */
export function writeSteps(
  timeline: Timeline,
  source: Bounded,
  forms: Int32Array,
  memory: ArrayBufferLike,
  address: number,
): void {
  const { pulses, rfSteps, gammaBar } = timeline;
  const double = new Float64Array(memory);
  const single = new Float32Array(memory);
  const integer = new Int32Array(memory);
  const words = STEP_BYTES / 8;
  for (let from = 0, to = address / 8; from < rfSteps.length; from += STRIDE.rfStep, to += words) {
    const dt = rfSteps[from]!;
    const half = Math.PI * gammaBar * dt;
    const hx = half * rfSteps[from + 1]!;
    const hy = half * rfSteps[from + 2]!;
    const square = Math.max(hx * hx + hy * hy, LEAST_SQUARE);
    double[to] = dt;
    double[to + 1] = half * rfSteps[from + 3]!;
    double[to + 2] = half * rfSteps[from + 4]!;
    double[to + 3] = half * rfSteps[from + 5]!;
    double[to + 4] = hx;
    double[to + 5] = hy;
    double[to + 6] = square;
    single[2 * to + 14] = hx;
    single[2 * to + 15] = hy;
    single[2 * to + 16] = square;
    integer[2 * to + 17] = from > 0 && continues(rfSteps, from) ? 0 : 1;
  }
  const rate = largestRate(source);
  for (let pulse = 0; pulse < pulses.length / STRIDE.pulse; pulse++) {
    const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
    if (count === 0) continue;
    const form = forms[pulse]!;
    const at = address / 8 + words * first;
    if (form === PULSE_FORM.small || form === PULSE_FORM.any) {
      const { times } = relaxation(timeline, pulse, rate);
      for (let n = 0; n < count; n++) double[at + words * n + 9] = times[n]!;
      double[at + words * (count - 1) + 10] = times[count]!;
    }
    const series = form === PULSE_FORM.held ? SERIES.f32 : SERIES.f64;
    const norms = stepNorms(timeline, source, pulse);
    for (let n = 0; n < count; n++) {
      const { terms, doublings } = seriesFor(norms[n]!, series);
      integer.set([terms, doublings], 2 * (at + words * n) + 22);
    }
  }
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

/** [steps] of a pulse: the largest |A| any spin can have, angle and relaxation together. */
function stepNorms({ pulses, rfSteps, gammaBar, B0 }: Timeline, source: Bounded, pulse: number): Float64Array {
  const { x, y, z, hertz } = reachOf(source, B0);
  const rate = largestRate(source);
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  return Float64Array.from({ length: count }, (_, n) => {
    const [dt, re, im, gx, gy, gz] = rfSteps.subarray(STRIDE.rfStep * (first + n)) as unknown as number[];
    const field = gammaBar * (Math.abs(gx!) * x + Math.abs(gy!) * y + Math.abs(gz!) * z) + hertz + Math.abs(offset);
    return dt! * (2 * Math.PI * Math.hypot(gammaBar * re!, gammaBar * im!, field) + rate);
  });
}

/** Most that B1 turns a spin in one step of a pulse [rad]. */
function largestNutation({ pulses, rfSteps, gammaBar }: Timeline, pulse: number): number {
  const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  let largest = 0;
  for (let at = STRIDE.rfStep * first; at < STRIDE.rfStep * (first + count); at += STRIDE.rfStep)
    largest = Math.max(largest, 2 * Math.PI * gammaBar * rfSteps[at]! * Math.hypot(rfSteps[at + 1]!, rfSteps[at + 2]!));
  return largest;
}

/** Whether the step that begins at `at` has the duration and the gradient of the step before. */
function continues(rfSteps: Float64Array, at: number): boolean {
  const before = at - STRIDE.rfStep;
  if (!isSame(rfSteps[at]!, rfSteps[before]!)) return false;
  for (let i = 3; i < 6; i++) if (!isSame(rfSteps[at + i]!, rfSteps[before + i]!)) return false;
  return true;
}

/**
 * [excitations][pulse, cos, sin on entry, cos, sin on leaving]: a spin is turned by −phase into the frame in which the steps
 * stand, and back by phase − 2π·offset·duration, what the frame turned meanwhile included.
 */
export function excitationTurns({ excitations, pulses }: Timeline): Float64Array {
  const count = excitations.length / STRIDE.excitation;
  const turns = new Float64Array(5 * count);
  for (let n = 0; n < count; n++) {
    const [pulse, phase] = excitations.subarray(STRIDE.excitation * n) as unknown as [number, number];
    const [, , offset, duration] = pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
    const leave = phase - 2 * Math.PI * offset! * duration!;
    turns.set([pulse, ...direction(phase), ...direction(leave)], 5 * n);
  }
  return turns;
}

/**
 * [pulses]: rotations where neither splitting relaxation from them nor an angle in f32 shows in the run, over polynomials alone where no spin turns by more
 * than π in any step; else every step exactly, in f64 where its angle is large and in f64 runs.
 */
export function pulseForms(timeline: Timeline, source: Bounded, precision: Precision = 'f32'): Int32Array {
  const { ops, pulses } = timeline;
  const rate = largestRate(source);
  let played = 0;
  for (let op = 0; op < ops.length; op += STRIDE.op) if (ops[op] === OP.excite) played++;
  return Int32Array.from({ length: pulses.length / STRIDE.pulse }, (_, pulse) => {
    if (precision === 'f64') return PULSE_FORM.heldF64;
    const largest = stepNorms(timeline, source, pulse).reduce((most, norm) => Math.max(most, norm), 0);
    const rotation = largest <= Math.PI ? PULSE_FORM.small : PULSE_FORM.any;
    const split =
      largestNutation(timeline, pulse) <= LARGEST_NUTATION
        ? relaxation(timeline, pulse, rate).error * played
        : Infinity;
    if (split <= SPLITTING.held) return rotation;
    if (largest <= SERIES.f32.norm * 2 ** MOST_DOUBLINGS_F32) return PULSE_FORM.held;
    return split <= SPLITTING.heldF64 ? rotation : PULSE_FORM.heldF64;
  });
}
