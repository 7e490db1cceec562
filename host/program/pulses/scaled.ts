/**
 * Scaled copies of a timeline's pulses, from which operators are composed, stored after its own;
 * pulses that are never stepped lose their steps.
 */
import { arrayBuilder } from '../../timeline/intern.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { PulseTables } from './reference.ts';

export interface ScaledPulses {
  /** @returns index of the multiple of a pulse */
  add(pulse: number, factor: number): number;
  /** The timeline's pulses and the added ones. @param stepped pulses whose steps are needed */
  finish(stepped: ReadonlySet<number>): PulseTables;
}

export function scaledPulses(timeline: Timeline): ScaledPulses {
  const pulses: number[] = [];
  const rfSteps: number[] = [];
  return {
    add(pulse, factor) {
      if (factor === 1) return pulse;
      const [first, count, offset, duration] = timeline.pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
      pulses.push((timeline.rfSteps.length + rfSteps.length) / STRIDE.rfStep, count!, offset!, duration!);
      for (let n = STRIDE.rfStep * first!; n < STRIDE.rfStep * (first! + count!); n++) {
        const isB1 = n % STRIDE.rfStep === 1 || n % STRIDE.rfStep === 2;
        rfSteps.push(timeline.rfSteps[n] * (isB1 ? factor : 1));
      }
      return (timeline.pulses.length + pulses.length) / STRIDE.pulse - 1;
    },
    finish: (stepped) => withPulses(timeline, { pulses, rfSteps }, stepped),
  };
}

/**
 * A timeline's pulses followed by further ones with their steps; all except the `stepped` ones lose
 * their steps.
 */
export function withPulses(
  timeline: Timeline,
  more: { readonly pulses: readonly number[]; readonly rfSteps: readonly number[] },
  stepped: ReadonlySet<number>,
): PulseTables {
  const { terms } = timeline;
  const pulses = append(timeline.pulses, more.pulses);
  const rfSteps = append(timeline.rfSteps, more.rfSteps);
  const added = (more.rfSteps.length / STRIDE.rfStep) * terms;
  const rfStepTerms = append(timeline.rfStepTerms, new Float64Array(added));
  const count = pulses.length / STRIDE.pulse;
  if (stepped.size === count) return { pulses, rfSteps, rfStepTerms };
  const cut = pulses.slice();
  const steps = arrayBuilder(Float64Array);
  const stepTerms = arrayBuilder(Float64Array);
  for (let pulse = 0; pulse < count; pulse++) {
    const at = STRIDE.pulse * pulse;
    const [first, own] = pulses.subarray(at) as unknown as [number, number];
    cut[at] = steps.length / STRIDE.rfStep;
    if (stepped.has(pulse)) {
      steps.append(rfSteps.subarray(STRIDE.rfStep * first, STRIDE.rfStep * (first + own)));
      stepTerms.append(rfStepTerms.subarray(terms * first, terms * (first + own)));
    } else {
      cut[at + 1] = 0;
    }
  }
  return { pulses: cut, rfSteps: steps.finish(), rfStepTerms: stepTerms.finish() };
}

function append(array: Float64Array, values: ArrayLike<number>): Float64Array {
  if (values.length === 0) return array;
  const both = new Float64Array(array.length + values.length);
  both.set(array);
  both.set(values, array.length);
  return both;
}
