/**
 * RF pulses for the GPU: the timeline's steps as `shaders/excitation.ts` reads them, and which
 * pulses are composed to one affine operator per spin.
 */
import type { PhantomBounds } from '../../phantom/types.ts';
import { asRotations, relaxation } from '../../timeline/relaxation.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { pulseUses } from '../../timeline/windows.ts';
import { type PhaseUnits, writeWideCoefficients, writeWideTurn } from './phase.ts';
import { record } from './record-buffer.ts';

/** dt, B1re, B1im, Gx, Gy, Gz */
type Step = [number, number, number, number, number, number];

/** Words of a pulse and of a step in the table; steps come in units of one pulse. */
const PULSE_WORDS = 4;
const STEP_WORDS = 16;

const FIELD_CHANGED = 1;
const RELAXATION_CHANGED = 2;

/**
 * The kernels' polynomials hold for half angles up to this [rad], minus the rounding of the bound.
 */
const LARGEST_HALF_ANGLE = (Math.PI / 2) * 0.9999;

/**
 * A pulse is composed to an operator if it is used at least this often: composing costs as much as
 * stepping three times.
 */
const USES_TO_FOLD = 3;
/** Operators take 48 bytes per spin each; a ninth would gain little. */
const MOST_OPERATORS = 8;

export interface PulseTable {
  /** `steps` of the kernels: pulses, then their steps. */
  readonly words: Uint32Array;
  /** [pulse] steps */
  readonly stepCount: readonly number[];
  /** Pulses to fold, in order of their operators. */
  readonly kept: readonly number[];
}

export function pulseTable(timeline: Timeline, bounds: PhantomBounds, units: PhaseUnits): PulseTable {
  const { gammaBar } = timeline;
  const reach = [0, 1, 2].map((i) => Math.max(Math.abs(bounds.min[i]), Math.abs(bounds.max[i])));
  const fastest = (offset: number, gx: number, gy: number, gz: number): number =>
    gammaBar * (Math.abs(gx) * reach[0] + Math.abs(gy) * reach[1] + Math.abs(gz) * reach[2]) +
    bounds.maxOffResonance * units.turnsPerRadian +
    Math.abs(offset);
  const rate = Math.max(1 / bounds.minT1, 1 / bounds.minT2);
  const rotations = { gammaBar, ...asRotations(timeline, rate, fastest) };
  const { pulses, rfSteps } = rotations;
  const pulseCount = pulses.length / STRIDE.pulse;
  const words = new Uint32Array(PULSE_WORDS * pulseCount + (STEP_WORDS * rfSteps.length) / STRIDE.rfStep);
  const floats = new Float32Array(words.buffer);
  const stepCount: number[] = [];

  for (let pulse = 0; pulse < pulseCount; pulse++) {
    const [first, count, offset] = record<[number, number, number]>(pulses, STRIDE.pulse, pulse);
    stepCount.push(count);
    const stepAt = (n: number): Step => record<Step>(rfSteps, STRIDE.rfStep, first + n);

    let largest = 0;
    for (let n = 0; n < count; n++) {
      const [dt, re, im, gx, gy, gz] = stepAt(n);
      largest = Math.max(
        largest,
        Math.PI * dt * Math.hypot(gammaBar * Math.hypot(re, im), fastest(offset, gx, gy, gz)),
      );
    }
    const doublings = Math.max(0, Math.ceil(Math.log2(largest / LARGEST_HALF_ANGLE)));
    const part = 2 ** -doublings;

    const tableStep = pulseCount + (STEP_WORDS / PULSE_WORDS) * first;
    words.set([tableStep, count, doublings], PULSE_WORDS * pulse);
    const { times } = relaxation(rotations, pulse, rate);
    floats[PULSE_WORDS * pulse + 3] = times[count];
    let before: { moment: readonly number[]; rest: number } | undefined;
    for (let n = 0; n < count; n++) {
      const [dt, re, im, gx, gy, gz] = stepAt(n);
      const moment = [gammaBar * gx * dt, gammaBar * gy * dt, gammaBar * gz * dt, dt].map((value) => value * part);
      const rest = times[n];
      const fieldChanged = !before || moment.some((value, i) => differ(value, before!.moment[i]));
      const relaxationChanged = !before || differ(rest, before.rest);
      before = {
        moment: fieldChanged ? moment : before!.moment,
        rest: relaxationChanged ? rest : before!.rest,
      };

      const at = PULSE_WORDS * tableStep + STEP_WORDS * n;
      const halfAngle = -Math.PI * gammaBar * dt * part;
      floats.set([halfAngle * re, halfAngle * im, rest], at);
      words[at + 3] = (fieldChanged ? FIELD_CHANGED : 0) | (relaxationChanged ? RELAXATION_CHANGED : 0);
      writeWideCoefficients(words, at + 4, moment, units);
      writeWideTurn(words, at + 12, -offset * dt * part);
    }
  }
  return { words, stepCount, kept: pulsesToFold(timeline, stepCount) };
}

/** More than the rounding in f64 between equal steps. */
const differ = (a: number, b: number): boolean => Math.abs(a - b) > 1e-11 * Math.abs(b);

/**
 * The pulses whose operators save most, from the timeline alone, so that the choice is the same on
 * every device.
 */
function pulsesToFold(timeline: Timeline, stepCount: readonly number[]): number[] {
  const uses = Array.from(pulseUses(timeline));
  const saved = (pulse: number): number => (uses[pulse] - USES_TO_FOLD) * stepCount[pulse];
  return uses
    .map((_, pulse) => pulse)
    .filter((pulse) => uses[pulse] >= USES_TO_FOLD)
    .sort((a, b) => saved(b) - saved(a) || a - b)
    .slice(0, MOST_OPERATORS);
}
