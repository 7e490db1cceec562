/**
 * RF steps in the kernels' units, and for each pulse the rotation kernel that is valid for every spin of the phantom. The
 * choice hangs on the phantom's bounds and the timeline alone, so every rank makes the same.
 */
import type { Hertz } from '../../common/units.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { PulseTables } from './pulse-check.ts';

/** As `PULSE` in assembly/layout.ts. */
const SMALL = 0;
const ANY = 1;

/** Relative difference below which a step's duration or gradient is that of the step before: rounding of f64 sums. */
const SAME = 1e-9;

/**
 * [rfSteps][dt, hx, hy, gx, gy, gz]: half angles πγ̄B1·dt [rad] and πγ̄G·dt [rad/m]. Durations and gradients that differ by rounding are
 * made equal: the kernels form the field and the decay of a step afresh only where they change.
 */
export function stepAngles(rfSteps: Float64Array, gammaBar: Hertz): Float64Array {
  const angles = Float64Array.from(rfSteps);
  for (let n = 0; n < angles.length; n += STRIDE.rfStep) {
    for (const i of [0, 3, 4, 5]) {
      const before = n === 0 ? 0 : angles[n - STRIDE.rfStep + i]!;
      if (Math.abs(angles[n + i]! - before) <= SAME * Math.abs(before)) angles[n + i] = before;
    }
  }
  for (let n = 0; n < angles.length; n += STRIDE.rfStep) {
    const factor = Math.PI * gammaBar * angles[n]!;
    for (let i = 1; i < STRIDE.rfStep; i++) angles[n + i] = factor * angles[n + i]!;
  }
  return angles;
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
    turns.set([pulse, Math.cos(phase), Math.sin(phase), Math.cos(leave), Math.sin(leave)], 5 * n);
  }
  return turns;
}

/** [pulses]: SMALL where no spin turns by more than π in any step, else ANY. */
export function pulseForms(
  { pulses, rfSteps }: PulseTables,
  { B0, gammaBar }: Timeline,
  source: PhantomSource,
): Int32Array {
  const { min, max, maxOffResonance } = source.bounds;
  const reach = [0, 1, 2].map((axis) => Math.max(Math.abs(min[axis]!), Math.abs(max[axis]!)));
  const hertz = (maxOffResonance / (2 * Math.PI)) * (B0 / source.B0);
  const angles = stepAngles(rfSteps, gammaBar);
  const forms = new Int32Array(pulses.length / STRIDE.pulse);
  for (let pulse = 0; pulse < forms.length; pulse++) {
    const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
    let largest = 0;
    for (let step = first; step < first + count; step++) {
      const [dt, hx, hy, gx, gy, gz] = angles.subarray(STRIDE.rfStep * step) as unknown as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
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
