/**
 * Coils along the paths of moving spins (`Timeline.senses`) as polynomials in the sample number,
 * over the few samples that are summed together or over a line.
 */
import { MODEL_CHUNK } from '../abi/abi.generated.ts';
import { polynomialError, termsWithin } from '../numerics/polynomial-error.ts';
import { OP, STRIDE, type Timeline } from '../timeline/types.ts';

/** How coils change during the readouts of one trajectory, at most. */
export interface CoilChange {
  /** Sets of columns. */
  readonly terms: number;
  /** Distance that a spin moves in a dwell time over that from a wire. */
  readonly perSample: number;
}

/**
 * Largest error of such a polynomial where samples are summed one by one, over the largest |C|: a
 * third of what columns in f32 round.
 */
const EXACT = 1e-8;

/** Terms for a chunk of samples that are summed one by one. */
export const chunkTerms = ({ terms, perSample }: CoilChange = { terms: 1, perSample: 0 }): number =>
  termsWithin((perSample * MODEL_CHUNK) / 2, EXACT, terms);

/** @param sense a record of `Timeline.senses` */
export function changeOf(sense: ArrayLike<number>): CoilChange {
  return { terms: sense[1], perSample: sense[3] * sense[4] };
}

/** Largest error of a polynomial over so many samples, over the largest |C|. */
export const coilError = ({ perSample, terms: sets }: CoilChange, samples: number, terms: number): number =>
  terms >= sets ? 0 : polynomialError(terms, (perSample * (samples - 1)) / 2);

/** [trajectories] how coils change during the readouts that follow each; undefined: they do not. */
export function coilChanges({ ops, readouts, trajectories, senses }: Timeline): (CoilChange | undefined)[] {
  const changes = new Array<CoilChange | undefined>(trajectories.length / STRIDE.trajectory);
  let now: CoilChange | undefined;
  for (let op = 0; op < ops.length; op += STRIDE.op) {
    const [kind, index] = [ops[op], ops[op + 1]];
    if (kind === OP.sense) {
      now = changeOf(senses.subarray(STRIDE.sense * index));
    } else if (kind === OP.readout && now !== undefined) {
      const trajectory = readouts[STRIDE.readout * index + 1];
      const before = changes[trajectory] ?? now;
      changes[trajectory] = {
        terms: Math.max(before.terms, now.terms),
        perSample: Math.max(before.perSample, now.perSample),
      };
    }
  }
  return changes;
}
