/**
 * Readouts of moving spins: sample positions and terms, cut where the nodes of a path or the held
 * spins change between samples.
 */
import { type Hertz, SAME_TIME, type Seconds } from '../base/units.ts';
import type { AdcEvent } from '../sequence/types.ts';
import type { MovingBlock, Stretch } from './moving.ts';
import type { Trajectory } from './tables.ts';
import { OP, STRIDE } from './types.ts';

/**
 * A stretch of a readout and its samples: `sample` is the number of the first, taken at `begin`;
 * `samples`, how many there are, may be 0.
 */
export interface ReadoutPart extends Trajectory {
  readonly stretch: Stretch;
  readonly begin: Seconds;
  readonly sample: number;
  readonly samples: number;
}

/** @param first time of the first sample in the block */
export function movingReadouts(
  moving: MovingBlock,
  { samples, dwell }: AdcEvent,
  first: Seconds,
  gammaBar: Hertz,
  terms: number,
): ReadoutPart[] {
  const time = (sample: number): Seconds => first + sample * dwell;
  const stops = Array.from({ length: samples }, (_, n) => time(n));
  const parts: ReadoutPart[] = [];
  let sample = 0;
  const stretches = moving.stretches(first, time(samples - 1), stops);
  // A sample at the time of a node is taken before the change at this node.
  if (stretches[0].marks.length > 0) stretches.unshift({ from: first, to: first, marks: [] });
  for (const stretch of stretches) {
    let end = sample;
    while (end < samples && time(end) <= stretch.to + SAME_TIME) end++;
    const count = end - sample;
    const positions = new Float64Array(STRIDE.sample * count);
    const termValues = new Float64Array(terms * count);
    const within = moving.integralsWithin(stretch);
    for (let n = 1; n < count; n++) {
      const steps = within(time(sample + n - 1), time(sample + n));
      for (let i = 0; i < 3; i++) positions[4 * n + i] = positions[4 * (n - 1) + i] + gammaBar * steps[i];
      positions[4 * n + 3] = n * dwell;
      for (let i = 0; i < terms; i++)
        termValues[terms * n + i] = termValues[terms * (n - 1) + i] + gammaBar * steps[3 + i];
    }
    const values = { positions, terms: termValues, uniform: false };
    parts.push({ stretch, begin: time(sample), sample, samples: count, ...values });
    sample = end;
  }
  return moving.sensed(first) === undefined ? parts : parts.flatMap((part) => singly(part, time, moving, terms));
}

/** The same part sample by sample, each with the coils of its own time. */
function singly(
  part: ReadoutPart,
  time: (sample: number) => Seconds,
  { sensed }: MovingBlock,
  terms: number,
): ReadoutPart[] {
  const { stretch, sample, samples } = part;
  return Array.from({ length: Math.max(1, samples) }, (_, n): ReadoutPart => {
    if (samples === 0) return part;
    const begin = time(sample + n);
    const from = n === 0 ? stretch.from : time(sample + n - 1);
    const to = n === samples - 1 ? Math.max(stretch.to, begin) : begin;
    const marks = [...(n === 0 ? stretch.marks : []), [OP.sense, sensed(begin)!] as const];
    return {
      ...part,
      ...{ stretch: { ...stretch, from, to, marks }, begin, sample: sample + n, samples: 1 },
      positions: new Float64Array(STRIDE.sample),
      terms: new Float64Array(terms),
    };
  });
}
