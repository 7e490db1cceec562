/**
 * Scans of several slices interleaved within a TR: each repetition plays a shot of every slice, and
 * what the TR is longer than its shots is shared among them.
 */
import type { Seconds } from '../../base/units.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block } from '../types.ts';
import { waitBlock } from './times.ts';

interface Repetitions {
  /** Dummy scans, of negative numbers, and repetitions that are recorded. */
  readonly dummies: number;
  readonly repeats: number;
  readonly slices: number;
  /** Wait of a TR, of all slices together. */
  readonly wait: Seconds;
}

/** Blocks of the whole scan. */
export function multiSlice(
  { dummies, repeats, slices, wait }: Repetitions,
  scanner: Scanner,
  shotOf: (repeat: number, slice: number) => readonly Block[],
): Block[] {
  const order = interleaved(slices);
  const waits = sliceWaits(wait, slices, scanner);
  const blocks: Block[] = [];
  for (let repeat = -dummies; repeat < repeats; repeat++)
    for (const [turn, slice] of order.entries()) blocks.push(...shotOf(repeat, slice), ...waits[turn]);
  return blocks;
}

/** Order of excitation: even slices, then odd ones, so that neighbours disturb each other least. */
function interleaved(slices: number): readonly number[] {
  const all = Array.from({ length: slices }, (_, s) => s);
  return [...all.filter((s) => s % 2 === 0), ...all.filter((s) => s % 2 === 1)];
}

/**
 * Wait of a TR after each of its slices: shared evenly as far as the raster allows; the last slice
 * is followed by the rest.
 */
function sliceWaits(wait: Seconds, slices: number, { blockRaster }: Scanner): readonly Block[][] {
  const share = Math.floor(wait / slices / blockRaster + 1e-6) * blockRaster;
  return Array.from({ length: slices }, (_, turn) =>
    waitBlock(turn + 1 < slices ? share : wait - share * (slices - 1)),
  );
}
