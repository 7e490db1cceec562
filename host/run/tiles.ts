/**
 * Sets of tiles as sorted ranges: finished tiles, remaining tiles, a rank's part of them. A set
 * stays small whatever the phantom's size, because ranks finish tiles in contiguous runs.
 */
import { EXIT, LarmorError } from '../base/errors.ts';

/** Tiles [first, first + count). */
export interface TileRange {
  readonly first: number;
  readonly count: number;
}

export function countTiles(ranges: readonly TileRange[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Sorted, with adjacent ranges joined and empty ranges dropped.
 * @throws LarmorError 70 if a tile occurs twice: it would be counted twice in the sums
 */
export function joinRanges(ranges: readonly TileRange[]): TileRange[] {
  const joined: { first: number; count: number }[] = [];
  for (const { first, count } of [...ranges].sort((a, b) => a.first - b.first)) {
    if (count === 0) continue;
    const last = joined.at(-1);
    const end = last === undefined ? 0 : last.first + last.count;
    if (first < end) throw new LarmorError(EXIT.internal, `tile ${first} was simulated twice; nothing was written`);
    if (last !== undefined && first === end) last.count += count;
    else joined.push({ first, count });
  }
  return joined;
}

/** The tiles of [0, tileCount) that are not in `done`, which is as `joinRanges` returns it. */
export function complement(done: readonly TileRange[], tileCount: number): TileRange[] {
  const left: TileRange[] = [];
  let first = 0;
  for (const range of [...done, { first: tileCount, count: 0 }]) {
    if (range.first > first) left.push({ first, count: range.first - first });
    first = range.first + range.count;
  }
  return left;
}

/** The `from`-th to (`from` + `count` − 1)-th of the tiles in `ranges`. */
export function cutRanges(ranges: readonly TileRange[], from: number, count: number): TileRange[] {
  const cut: TileRange[] = [];
  let before = 0;
  for (const range of ranges) {
    const start = Math.max(from, before);
    const end = Math.min(from + count, before + range.count);
    if (end > start) cut.push({ first: range.first + start - before, count: end - start });
    before += range.count;
  }
  return cut;
}
