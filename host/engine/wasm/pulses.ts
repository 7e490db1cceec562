/**
 * RF steps in the kernels' units, and for each pulse the rotation kernel that is valid for every spin of the phantom. The
 * choice hangs on the phantom's bounds and the timeline alone, so every rank makes the same.
 */
import { direction } from '../../common/direction.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { relaxationTimes } from '../../timeline/relaxation.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { reachOf } from './reach.ts';

/** As `PULSE` in assembly/layout.ts. */
const SMALL = 0;
const ANY = 1;

/** Bytes of a step as `assembly/excitation.ts` reads it. */
export const STEP_BYTES = 88;

/** Keeps 0/0 out of sin|h|/|h|, which is 1 there to the last bit. */
const LEAST_SQUARE = 1e-30;

/** Whether two durations or gradients differ by the rounding of f64 sums at most: the kernels then keep what they formed. */
export const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

/**
 * Writes all steps to `address`, a multiple of 8: [dt, gx, gy, gz, hx, hy, hx² + hy²] f64 with the half angles πγ̄B1·dt [rad] and
 * πγ̄G·dt [rad/m], the last three again as f32, whether dt or the gradient differ from the step before, and the relaxation
 * before and, of a pulse's last step, after it [s] f64.
 */
export function writeSteps(timeline: Timeline, memory: ArrayBufferLike, address: number): void {
  const { rfSteps, gammaBar } = timeline;
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
  for (let pulse = 0; pulse < timeline.pulses.length / STRIDE.pulse; pulse++) {
    const first = address / 8 + words * timeline.pulses[STRIDE.pulse * pulse]!;
    const times = relaxationTimes(timeline, pulse);
    const last = times.length - 1;
    if (last === 0) continue;
    for (let n = 0; n < last; n++) double[first + words * n + 9] = times[n]!;
    double[first + words * (last - 1) + 10] = times[last]!;
  }
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

/** [pulses]: SMALL where no spin turns by more than π in any step, else ANY. */
export function pulseForms(timeline: Timeline, source: PhantomSource): Int32Array {
  const { pulses, rfSteps, gammaBar, B0 } = timeline;
  const { x, y, z, hertz } = reachOf(source, B0);
  const forms = new Int32Array(pulses.length / STRIDE.pulse);
  for (let pulse = 0; pulse < forms.length; pulse++) {
    const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
    let largest = 0; // squared half angle
    for (let step = first; step < first + count; step++) {
      const at = STRIDE.rfStep * step;
      const dt = rfSteps[at]!;
      const half = Math.PI * gammaBar * dt;
      const hz =
        Math.abs(half * rfSteps[at + 3]!) * x +
        Math.abs(half * rfSteps[at + 4]!) * y +
        Math.abs(half * rfSteps[at + 5]!) * z +
        Math.PI * dt * (hertz + Math.abs(offset));
      largest = Math.max(largest, (half * rfSteps[at + 1]!) ** 2 + (half * rfSteps[at + 2]!) ** 2 + hz * hz);
    }
    forms[pulse] = largest <= (Math.PI / 2) ** 2 ? SMALL : ANY;
  }
  return forms;
}
