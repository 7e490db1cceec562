/**
 * The input of the gradient amplifiers around each block: the nominal waveforms of a block and,
 * where axes are delayed, of its neighbours, as one piecewise-linear function per axis in the
 * block's own time. RF pulses and readouts move by their own delays; where one would leave its
 * block, the boundary moves with it, so that all that follows deals with ordinary blocks.
 */
import { badInput } from '../../base/errors.ts';
import { SAME_TIME, type Seconds } from '../../base/units.ts';
import type { Block, Sequence } from '../../sequence/types.ts';
import { blockGradients, type PiecewiseLinear, valueAt } from '../../sequence/waveform.ts';

/** Seconds by which axes 0, 1, 2, RF and ADC are later than the sequence says. */
export interface SourceDelays {
  readonly axes: readonly [Seconds, Seconds, Seconds];
  readonly rf: Seconds;
  readonly adc: Seconds;
}

export interface SourceBlock {
  /** The events of the block in its own time, without gradients. */
  readonly events: Pick<Block, 'rf' | 'adc' | 'labels' | 'triggers' | 'shim'>;
  readonly duration: Seconds;
  /** (x, y, z) over [0, duration], rotation and delays applied. */
  readonly gradients: readonly [PiecewiseLinear, PiecewiseLinear, PiecewiseLinear];
}

/** Shifts of the boundaries of blocks by the delays: [blocks + 1]. */
export function movedBoundaries(sequence: Sequence, delays: SourceDelays): Float64Array {
  const { blockCount } = sequence;
  const moved = new Float64Array(blockCount + 1);
  if (delays.rf === 0 && delays.adc === 0) return moved;
  // Forwards, a boundary moves for events that end after their block; backwards, for those that
  // begin before it.
  for (let n = 0; n < blockCount; n++) {
    const block = sequence.block(n);
    moved[n + 1] = Math.max(0, eventTimes(block, delays).end - block.duration, moved[n] - block.duration);
  }
  let early = 0;
  for (let n = blockCount - 1; n >= 0; n--) {
    const block = sequence.block(n);
    early = Math.min(0, eventTimes(block, delays).start, early + block.duration);
    if (early >= 0 && moved[n] <= 0) continue;
    // The first block cannot begin earlier than the sequence: there is nothing before it.
    if (early < 0 && (n === 0 || moved[n] > 0)) throw collision(sequence, n);
    if (early < 0) moved[n] = early;
  }
  for (let n = 0; n < blockCount; n++) {
    const { start } = eventTimes(sequence.block(n), delays);
    if (start < moved[n] - 1e-9) throw collision(sequence, n);
  }
  return moved;
}

function collision(sequence: Sequence, n: number): Error {
  const before = n === 0 ? 'the sequence does' : 'that of the previous block ends';
  const what = `delayed RF pulse or ADC begins before ${before}`;
  return badInput(`${sequence.name}: block ${n + 1}`, what, 'check the delays of the scanner');
}

/** First start and last end of RF and ADC, delayed, in block time. */
function eventTimes({ rf, adc }: Block, delays: SourceDelays): { readonly start: Seconds; readonly end: Seconds } {
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (rf !== undefined) {
    start = rf.delay + delays.rf;
    end = start + rf.time[rf.time.length - 1];
  }
  if (adc !== undefined) {
    start = Math.min(start, adc.delay + delays.adc);
    end = Math.max(end, adc.delay + delays.adc + adc.samples * adc.dwell);
  }
  return { start, end };
}

/** Block n of the sequence as it is played, before its gradients are distorted. */
export function sourceBlock(sequence: Sequence, n: number, delays: SourceDelays, moved: Float64Array): SourceBlock {
  const block = sequence.block(n);
  const [from, to] = [moved[n], block.duration + moved[n + 1]];
  const { rf, adc, labels, triggers, shim } = block;
  return {
    duration: to - from,
    events: {
      ...(rf && { rf: { ...rf, delay: rf.delay + delays.rf - from } }),
      ...(adc && { adc: { ...adc, delay: adc.delay + delays.adc - from } }),
      ...(labels && { labels }),
      ...(triggers && { triggers }),
      ...(shim && { shim }),
    },
    gradients: [0, 1, 2].map((axis) =>
      shifted(
        nominalGradient(sequence, n, axis, from - delays.axes[axis], to - delays.axes[axis]),
        delays.axes[axis] - from,
      ),
    ) as unknown as SourceBlock['gradients'],
  };
}

/** The first and the last of the blocks whose waveforms may reach into block n. */
export function neighbours(sequence: Sequence, n: number, { axes, rf, adc }: SourceDelays): [number, number] {
  // A boundary moves no further than the events do.
  const moved = Math.max(Math.abs(rf), Math.abs(adc));
  const before = Math.max(0, ...axes) + moved;
  const after = Math.max(0, ...axes.map((delay) => -delay)) + moved;
  let [first, last] = [n, n];
  for (let left = before; left > 0 && first > 0; left -= sequence.block(first).duration) first--;
  for (let left = after; left > 0 && last + 1 < sequence.blockCount; left -= sequence.block(last).duration) last++;
  return [first, last];
}

/**
 * One axis over [from, to], in the time of block n, from as many blocks as that includes; zero
 * before and after the sequence.
 */
export function nominalGradient(
  sequence: Sequence,
  n: number,
  axis: number,
  from: Seconds,
  to: Seconds,
): PiecewiseLinear {
  let [first, start] = [n, 0];
  while (start > from && first > 0) start -= sequence.block(--first).duration;
  const [t, a]: [number[], number[]] = [[], []];
  const push = (time: number, value: number): void => {
    if (t.length > 0 && time <= t[t.length - 1] + SAME_TIME && value === a[a.length - 1]) return;
    t.push(time);
    a.push(value);
  };
  let last = start;
  for (let block = first; block < sequence.blockCount && start < to; block++) {
    const gradient = blockGradients(sequence.block(block))[axis];
    const count = gradient.t.length;
    if (count > 0) {
      const begin = start + gradient.t[0];
      // Between waveforms the gradient is 0. A waveform that continues the previous block begins at
      // its value.
      if (begin > last + SAME_TIME) push(begin, 0);
      for (let i = 0; i < count; i++) push(start + gradient.t[i], gradient.a[i]);
      last = start + gradient.t[count - 1];
      const end = start + sequence.block(block).duration;
      if (end > last + SAME_TIME) push(last, 0);
    }
    start += sequence.block(block).duration;
  }
  if (t.length > 0 && last < to - SAME_TIME) push(last, 0);
  return clipped({ t: Float64Array.from(t), a: Float64Array.from(a) }, from, to);
}

/** The section within [from, to], with values at both ends. */
function clipped(whole: PiecewiseLinear, from: Seconds, to: Seconds): PiecewiseLinear {
  const { t, a } = whole;
  if (t.length === 0 || t[0] >= to || t[t.length - 1] <= from)
    return { t: new Float64Array(0), a: new Float64Array(0) };
  const [times, values]: [number[], number[]] = [[], []];
  const push = (time: number, value: number): void => {
    times.push(time);
    values.push(value);
  };
  if (t[0] < from) push(from, valueAt(whole, from));
  for (const [i, time] of t.entries()) if (time >= from && time <= to) push(time, a[i]);
  if (t[t.length - 1] > to) push(to, valueAt(whole, to, 'before'));
  return { t: Float64Array.from(times), a: Float64Array.from(values) };
}

function shifted({ t, a }: PiecewiseLinear, by: Seconds): PiecewiseLinear {
  return by === 0 ? { t, a } : { t: t.map((time) => time + by), a };
}
