/**
 * Scans of several slices interleaved within a TR: each repetition plays a shot of every slice, and
 * the dead time of the TR is shared evenly among them.
 */
import type { Seconds } from '../../base/units.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block } from '../types.ts';
import { waitBlock } from './times.ts';

interface Repetitions {
  /** Dummy scans, which are repetitions −dummies to −1, and recorded repetitions, from 0 on. */
  readonly dummies: number;
  readonly repeats: number;
  readonly slices: number;
  /** Dead time of a TR, all slices together. */
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
 * Dead time after each slice of a TR: shared evenly as far as the raster allows, with the remainder
 * after the last slice.
 */
function sliceWaits(wait: Seconds, slices: number, { blockRaster }: Scanner): readonly Block[][] {
  const share = Math.floor(wait / slices / blockRaster + 1e-6) * blockRaster;
  return Array.from({ length: slices }, (_, turn) =>
    waitBlock(turn + 1 < slices ? share : wait - share * (slices - 1)),
  );
}
