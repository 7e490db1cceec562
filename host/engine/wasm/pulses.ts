/**
 * RF steps in the kernels' units, and for each pulse the rotation kernel that is valid for every spin of the phantom. The
 * choice hangs on the phantom's bounds and the timeline alone, so every rank makes the same.
 */
import { direction } from '../../common/direction.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { relaxationTimes } from '../../timeline/relaxation.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';

/** As `PULSE` in assembly/layout.ts. */
const SMALL = 0;
const ANY = 1;

/** Bytes of a step as `assembly/excitation.ts` reads it. */
export const STEP_BYTES = 88;

/** Keeps 0/0 out of sin|h|/|h|, which is 1 there to the last bit. */
const LEAST_SQUARE = 1e-30;

/** Whether two durations or gradients differ by the rounding of f64 sums at most: the kernels then keep what they formed. */
export const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.abs(b);

/** [hx, hy, gx, gy, gz] of a step: half angles πγ̄B1·dt [rad] and πγ̄G·dt [rad/m]. */
function halfAngles({ rfSteps, gammaBar }: Timeline, step: number): readonly number[] {
  const [dt, ...fields] = rfSteps.subarray(STRIDE.rfStep * step, STRIDE.rfStep * (step + 1));
  return fields.map((field) => Math.PI * gammaBar * dt! * field);
}

/**
 * Writes all steps to `address`: [dt, gx, gy, gz, hx, hy, hx² + hy²] f64, the last three again as f32, whether dt or the gradient differ
 * from the step before, and the relaxation before and, of a pulse's last step, after it [s] f64.
 */
export function writeSteps(timeline: Timeline, memory: ArrayBufferLike, address: number): void {
  const view = new DataView(memory);
  const { rfSteps } = timeline;
  for (let n = 0; n < rfSteps.length / STRIDE.rfStep; n++) {
    const at = address + STEP_BYTES * n;
    const [hx, hy, ...gradient] = halfAngles(timeline, n) as [number, number, number, number, number];
    const transverse = [hx, hy, Math.max(hx * hx + hy * hy, LEAST_SQUARE)];
    [rfSteps[STRIDE.rfStep * n]!, ...gradient, ...transverse].forEach((value, i) => {
      view.setFloat64(at + 8 * i, value, true);
    });
    transverse.forEach((value, i) => {
      view.setFloat32(at + 56 + 4 * i, value, true);
    });
    const differs = (i: number): boolean =>
      n === 0 || !isSame(rfSteps[STRIDE.rfStep * n + i]!, rfSteps[STRIDE.rfStep * (n - 1) + i]!);
    view.setInt32(at + 68, Number([0, 3, 4, 5].some(differs)), true);
  }
  for (let pulse = 0; pulse < timeline.pulses.length / STRIDE.pulse; pulse++) {
    const first = address + STEP_BYTES * timeline.pulses[STRIDE.pulse * pulse]!;
    const times = relaxationTimes(timeline, pulse);
    const last = times.length - 1;
    if (last === 0) continue;
    for (let n = 0; n < last; n++) view.setFloat64(first + STEP_BYTES * n + 72, times[n]!, true);
    view.setFloat64(first + STEP_BYTES * (last - 1) + 80, times[last]!, true);
  }
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
  const { pulses, rfSteps, B0 } = timeline;
  const { min, max, maxOffResonance } = source.bounds;
  const reach = [0, 1, 2].map((axis) => Math.max(Math.abs(min[axis]!), Math.abs(max[axis]!)));
  const hertz = (maxOffResonance / (2 * Math.PI)) * (B0 / source.B0);
  const forms = new Int32Array(pulses.length / STRIDE.pulse);
  for (let pulse = 0; pulse < forms.length; pulse++) {
    const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
    let largest = 0;
    for (let step = first; step < first + count; step++) {
      const [hx, hy, gx, gy, gz] = halfAngles(timeline, step) as [number, number, number, number, number];
      const dt = rfSteps[STRIDE.rfStep * step]!;
      const hz =
        Math.abs(gx) * reach[0]! +
        Math.abs(gy) * reach[1]! +
        Math.abs(gz) * reach[2]! +
        Math.PI * dt * (hertz + Math.abs(offset));
      largest = Math.max(largest, Math.hypot(hx, hy, hz));
    }
    forms[pulse] = largest <= Math.PI / 2 ? SMALL : ANY;
  }
  return forms;
}
