/**
 * When a pulse relaxes. A step is half its relaxation, a rotation and half its relaxation; where steps are short that is
 * finer than the error of splitting asks for, and thousands of factors of 1 − 10⁻⁵ each rounded to f32 add up (1e-4 of the
 * signal for 3000 steps of 1 µs). So consecutive steps share one relaxation, half before the first and half after the last
 * of them, as long as that is short and B1 turns little meanwhile. Neighbouring halves are one.
 */
import type { Radians, Seconds } from '../common/units.ts';
import { STRIDE, type Timeline } from './types.ts';

/**
 * The error of splitting is second order in both. Sinc pulses of 2 to 3 ms, f64 against exact: 1e-5 with 50 µs, 5e-7 with 10 µs;
 * f32 against f64: 1e-4 with 1 µs.
 */
const SHARED_TIME: Seconds = 10e-6;
/** Shorter steps are asked for to be more exact. */
const SHARED_STEPS = 10;
const SHARED_NUTATION: Radians = Math.PI / 36;

/** Relaxation before the first step of a pulse, between its steps, and after the last one: [steps + 1] s, 0 inside a group. */
export function relaxationTimes({ pulses, rfSteps, gammaBar }: Timeline, pulse: number): Float64Array {
  const [first, count] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number];
  const times = new Float64Array(count + 1);
  let start = 0;
  let length = 0;
  let nutation = 0;
  for (let step = 0; step < count; step++) {
    const at = STRIDE.rfStep * (first + step);
    const dt = rfSteps[at]!;
    const angle = 2 * Math.PI * gammaBar * Math.hypot(rfSteps[at + 1]!, rfSteps[at + 2]!) * dt;
    const joins =
      step - start < SHARED_STEPS && length + dt <= SHARED_TIME * (1 + 1e-9) && nutation + angle <= SHARED_NUTATION;
    if (step > start && !joins) {
      times[start] = times[start]! + length / 2;
      times[step] = length / 2;
      start = step;
      length = 0;
      nutation = 0;
    }
    length += dt;
    nutation += angle;
  }
  times[start] = times[start]! + length / 2;
  times[count] = times[count]! + length / 2;
  return times;
}
