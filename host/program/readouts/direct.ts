/**
 * Readouts sample by sample: the definition, which supports every model (`assembly/readout.ts`,
 * `model-readout.ts`). In f64 and for models each sample's phase is computed exactly; otherwise a
 * spin's phase advances from an exact sample by steps in f32, each with a relative error of up to
 * 2⁻²³, so the number of consecutive steps is limited by the phase that they may add for a spin of
 * this phantom.
 */
import { OP } from '../../abi/abi.generated.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { directCost } from '../cost.ts';
import { extentOf } from '../extent.ts';
import type { LineMethod } from '../method.ts';
import { chunkTerms, coilChanges } from '../sense.ts';
import { trajectoryAt } from '../trajectory.ts';

/**
 * Largest phase that consecutive steps may add up to [turns]: the samples of single spins then have
 * an error of 7·10⁻⁷.
 */
const TURNS = 4;
/**
 * Largest number of consecutive steps; more would save nothing: a sample with exact phase costs 55
 * operations, a step 43.
 */
const MOST_STEPS = 16;

/**
 * [trajectories] distance, in samples, between those with exact phase; 0 if samples are equally
 * spaced
 */
export function exactIntervals(
  { trajectories, samples, B0 }: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'B0'>,
): Int32Array {
  const reach = Object.values(extentOf(source, B0));
  return Int32Array.from({ length: trajectories.length / STRIDE.trajectory }, (_, n) => {
    const [first, count, uniform] = trajectories.subarray(STRIDE.trajectory * n) as unknown as [number, number, number];
    if (uniform === 1) return 0;
    let largest = 0;
    for (let k = STRIDE.sample * (first + 1); k < STRIDE.sample * (first + count); k += STRIDE.sample) {
      const turns = reach.reduce(
        (sum, far, i) => sum + far * Math.abs(samples[k + i] - samples[k + i - STRIDE.sample]),
        0,
      );
      largest = Math.max(largest, turns);
    }
    return Math.max(1, Math.min(MOST_STEPS, Math.floor(TURNS / largest)));
  });
}

export const direct: LineMethod = {
  name: 'direct',
  open({ timeline, coils, isModelled, once }) {
    const changes = coils > 0 ? once('changes of coils', () => coilChanges(timeline)) : [];
    const terms = isModelled ? timeline.terms : undefined;
    return {
      propose: (trajectory) => ({
        cost: directCost(trajectoryAt(timeline, trajectory).samples, coils, terms, chunkTerms(changes[trajectory])),
        error: 0,
        isBatched: false,
        emit: (writer, readout) => writer.op(OP.READOUT, writer.lineRun(readout)),
      }),
    };
  },
};
