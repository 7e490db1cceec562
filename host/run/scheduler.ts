/**
 * Distribution of tiles over ranks. Static: contiguous parts, fixed before the first tile. Dynamic:
 * batches on demand, large at first and small towards the end (guided self-scheduling), so that
 * nodes of different speed finish together. Neither affects the bits of the sums.
 */
import { countTiles, cutRanges, type TileRange } from './tiles.ts';

export type Schedule = 'static' | 'dynamic';

/**
 * Part of `rank` among `size`: the first N mod k ranks take one tile more; with more ranks than
 * tiles the last have none.
 */
export function staticShare(left: readonly TileRange[], rank: number, size: number): TileRange[] {
  const total = countTiles(left);
  const each = Math.floor(total / size);
  const extra = total % size;
  return cutRanges(left, rank * each + Math.min(rank, extra), each + (rank < extra ? 1 : 0));
}

export interface Scheduler {
  /** The next batch for a rank; undefined when no tiles are left. */
  next(rank: number): TileRange | undefined;
}

/**
 * A batch is at most a sixteenth of the rank's share of the remaining tiles, so that batches shrink
 * towards the end, and at most a quarter of the tiles that the rank was given before, so that a
 * slow rank never holds more than a quarter of its time in work. A rank that is ten times slower
 * than 63 others then delays the end by 12 %, with a batch requested ahead.
 */
const PARTS = 16;
const GROWTH = 1 / 4;

/**
 * Minimum work of a batch, in operations (three for a sample of a spin): some 100 ms of a thread.
 * Rank 0 may be simulating on the thread that answers requests, and then answers once in 40 ms.
 */
const LEAST_WORK = 1.2e9;

/**
 * @param threads of every rank: a rank's share is proportional to them, and a batch has a tile for
 *   each
 * @param tileWork operations in a tile, by counting
 */
export function makeScheduler(left: readonly TileRange[], threads: readonly number[], tileWork: number): Scheduler {
  const ranges = left.map(({ first, count }) => ({ first, count }));
  const allThreads = threads.reduce((sum, count) => sum + count, 0);
  const leastTiles = Math.max(1, Math.ceil(LEAST_WORK / tileWork));
  const given = threads.map(() => 0);
  let remaining = countTiles(left);
  return {
    next(rank) {
      const range = ranges[0];
      if (range === undefined) return undefined;
      const fair = (remaining * threads[rank]) / allThreads;
      const least = Math.min(fair, threads[rank] * leastTiles);
      const most = Math.min(fair / PARTS, GROWTH * given[rank]);
      const count = Math.min(range.count, Math.ceil(Math.max(most, least)));
      given[rank] += count;
      const batch = { first: range.first, count };
      range.first += count;
      range.count -= count;
      remaining -= count;
      if (range.count === 0) ranges.shift();
      return batch;
    },
  };
}
