/** Who simulates which tiles when the shares are fixed: contiguous, and the first N mod k ranks take one more. */

export interface Share {
  readonly first: number;
  readonly count: number;
}

/** Share of `rank` among `size` ranks. With more ranks than tiles the last ones have none. */
export function staticShare(tileCount: number, rank: number, size: number): Share {
  const each = Math.floor(tileCount / size);
  const extra = tileCount % size;
  return { first: rank * each + Math.min(rank, extra), count: each + (rank < extra ? 1 : 0) };
}
