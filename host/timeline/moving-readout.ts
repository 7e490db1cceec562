/**
 * Readouts of moving spins: sample positions and terms, cut where the nodes of a path, the held
 * spins or the pieces of coils change between samples.
 */
import type { CoilPiece } from '../base/movement.ts';
import { type Hertz, SAME_TIME, type Seconds } from '../base/units.ts';
import type { AdcEvent } from '../sequence/types.ts';
import type { RecordTable } from './intern.ts';
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

/**
 * @param first time of the first sample in the block
 * @param senses table of `Timeline.senses`
 */
export function movingReadouts(
  moving: MovingBlock,
  { samples, dwell }: AdcEvent,
  first: Seconds,
  gammaBar: Hertz,
  terms: number,
  senses: RecordTable,
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
  if (moving.sensed(first) === undefined) return parts;
  return parts.flatMap((part) => cutAtPieces(part, time, dwell, moving, terms, senses));
}

/** The same part, cut where a piece of coils ends, each with the op that names its piece. */
function cutAtPieces(
  part: ReadoutPart,
  time: (sample: number) => Seconds,
  dwell: Seconds,
  { sensed }: MovingBlock,
  terms: number,
  senses: RecordTable,
): ReadoutPart[] {
  const { stretch, sample, samples, positions, terms: values } = part;
  if (samples === 0) return [part];
  const pieces = Array.from({ length: samples }, (_, n) => sensed(time(sample + n))!);
  const starts = pieces.flatMap((piece, n) => (n === 0 || piece.set !== pieces[n - 1].set ? n : []));
  return starts.map((start, n): ReadoutPart => {
    const end = starts[n + 1] ?? samples;
    const begin = time(sample + start);
    const from = n === 0 ? stretch.from : begin;
    const to = end === samples ? Math.max(stretch.to, begin) : time(sample + end);
    const sense = [OP.sense, senses.intern(senseOf(pieces[start], begin, dwell))] as const;
    return {
      ...part,
      ...{ stretch: { ...stretch, from, to, marks: [...(n === 0 ? stretch.marks : []), sense] } },
      ...{ begin, sample: sample + start, samples: end - start },
      positions: fromFirst(positions, STRIDE.sample, start, end),
      terms: fromFirst(values!, terms, start, end),
    };
  });
}

/** A record of `Timeline.senses`, for samples from `begin` on. */
function senseOf({ set, terms, from, to, shift }: CoilPiece, begin: Seconds, dwell: Seconds): number[] {
  if (terms === 1) return [set, terms, 0, 0, shift];
  const perSecond = 2 / (to - from);
  return [set, terms, perSecond * (begin - (from + to) / 2), perSecond * dwell, shift];
}

/** Records [start, end) relative to the first of them. */
function fromFirst(records: Float64Array, width: number, start: number, end: number): Float64Array {
  const first = width * start;
  return records.slice(first, width * end).map((value, n) => value - records[first + (n % width)]);
}
