/** The part of a sequence that is shown: an interval of time, or one repetition. */
import { usage } from '../base/errors.ts';
import { formatQuantity } from '../base/quantities.ts';
import type { Seconds } from '../base/units.ts';
import { encode } from '../sequence/encoding.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import { type Walk, type WalkTimes, walk } from '../sequence/kspace.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Block, Sequence } from '../sequence/types.ts';

/** The part given on the command line; default: the first repetition with a readout. */
export interface WindowOptions {
  readonly from?: Seconds;
  readonly to?: Seconds;
  /** Number of a repetition, from 1. */
  readonly tr?: number;
}

export interface SequenceWindow {
  readonly from: Seconds;
  readonly to: Seconds;
  /** First block in it, and the first after it. */
  readonly firstBlock: number;
  readonly endBlock: number;
  readonly repetition?: {
    readonly number: number;
    readonly count: number;
    /** Time after the last event, which is not shown. */
    readonly idle: Seconds;
  };
}

/** A sequence with the times of its blocks, for all pictures. */
export interface Played {
  readonly sequence: Sequence;
  readonly scanner: Scanner;
  readonly walk: Walk;
  readonly encoding: Encoding;
  /** [blocks + 1] start of each block, and the end of the last [s] */
  readonly starts: Float64Array;
}

/** [blocks + 1] start of each block, and the end of the last [s] */
export function blockStarts(sequence: Sequence): Float64Array {
  const starts = new Float64Array(sequence.blockCount + 1);
  for (let n = 0; n < sequence.blockCount; n++) starts[n + 1] = starts[n] + sequence.block(n).duration;
  return starts;
}

export function played(sequence: Sequence, scanner: Scanner): Played {
  const starts = blockStarts(sequence);
  const walked = walk(sequence, scanner);
  return { sequence, scanner, walk: walked, encoding: encode(sequence, scanner, walked), starts };
}

/**
 * @throws LarmorError 2 for a window that is empty or lies outside the sequence, or a repetition
 * that does not exist
 */
export function chooseWindow(all: Played, { from, to, tr }: WindowOptions): SequenceWindow {
  const { sequence, starts } = all;
  const end = starts[sequence.blockCount];
  if (tr !== undefined && (from !== undefined || to !== undefined))
    throw usage('--tr and --from or --to both choose what is shown', 'use one of them');
  if (from === undefined && to === undefined) {
    const periods = repetitionStarts(all, all.encoding.TR[0] ?? 0);
    if (tr !== undefined || periods.length > 1) return repetition(all, periods, tr ?? firstRecorded(all, periods));
  }
  const [low, high] = [from ?? 0, to ?? end];
  const shown = `--from ${formatQuantity(low, 's')} --to ${formatQuantity(high, 's')}`;
  const extent = `${sequence.name} lasts ${formatQuantity(end, 's')}`;
  if (!(high > low)) throw usage(`${shown}: the window is empty`, `${extent}; give an earlier start or a later end`);
  if (low >= end || high <= 0) throw usage(`${shown}: the window is outside the sequence`, extent);
  return between(all, Math.max(0, low), Math.min(end, high));
}

function between({ starts, sequence }: Played, from: Seconds, to: Seconds): SequenceWindow {
  const tiny = 1e-12;
  const firstBlock = Math.max(0, blockAt(starts, from + tiny));
  const endBlock = Math.min(sequence.blockCount, blockAt(starts, to - tiny) + 1);
  return { from, to, firstBlock, endBlock };
}

/** The block that plays at `time`. */
export function blockAt(starts: Float64Array, time: Seconds): number {
  let [low, high] = [0, starts.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A declared TR is rounded to this [s] at most; a slice of a thousand takes longer. */
const ROUNDED: Seconds = 1e-4;

/** Starts of repetitions [s]: of the block with the first pulse of each, preparation included. */
export function repetitionStarts(
  {
    walk: { pulses, readouts, excitations },
    sequence,
    starts,
  }: Pick<Played, 'sequence' | 'starts'> & { readonly walk: WalkTimes },
  TR: Seconds,
): Seconds[] {
  const begun: Seconds[] = [];
  let [pulse, readout] = [0, 0];
  let previous = Number.NEGATIVE_INFINITY;
  let lastRead = Number.NEGATIVE_INFINITY;
  for (const { time } of excitations) {
    if (time < previous + TR - Math.min(1e-3 * TR, ROUNDED)) continue;
    for (; readout < readouts.length && readouts[readout].blockStart < time; readout++)
      lastRead = readouts[readout].blockStart;
    // Pulses since the last readout prepare this excitation; without a readout in between this is
    // unknown.
    const after = begun.length === 0 ? Number.NEGATIVE_INFINITY : lastRead > previous ? lastRead : time - 1e-9;
    while (pulses[pulse].time <= after) pulse++;
    let block = blockAt(starts, pulses[pulse].time);
    // The wait for a trigger belongs to the repetition after it.
    while (block > 0 && isEmpty(sequence.block(block - 1)) && sequence.block(block - 1).triggers !== undefined) block--;
    begun.push(starts[block]);
    previous = time;
  }
  return begun;
}

/** Number of the first repetition with a readout. */
function firstRecorded({ walk: { readouts } }: Played, periods: readonly Seconds[]): number {
  const first = readouts[0]?.blockStart ?? 0;
  const after = periods.findIndex((start) => start > first);
  return after === -1 ? periods.length : Math.max(1, after);
}

function repetition(all: Played, periods: readonly Seconds[], number: number): SequenceWindow {
  const { sequence, starts } = all;
  const count = periods.length;
  if (count === 0) throw usage(`--tr ${number}: ${sequence.name} has no excitation`, 'give --from and --to');
  if (number > count) throw usage(`--tr ${number}: ${sequence.name} has ${count} repetitions`, `give 1 to ${count}`);
  const [start, end] = [periods[number - 1], periods[number] ?? starts[sequence.blockCount]];
  const window = between(all, start, end);
  let last = window.endBlock - 1;
  while (last > window.firstBlock && isEmpty(sequence.block(last))) last--;
  const shown = Math.min(end, starts[last + 1] + IDLE_SHOWN * (starts[last + 1] - start));
  return { ...between(all, start, shown), repetition: { number, count, idle: end - shown } };
}

/**
 * Trailing time without events is shown for at most this fraction of the time up to the last event.
 */
const IDLE_SHOWN = 0.08;

function isEmpty({ rf, gx, gy, gz, adc }: Block): boolean {
  return rf === undefined && gx === undefined && gy === undefined && gz === undefined && adc === undefined;
}
