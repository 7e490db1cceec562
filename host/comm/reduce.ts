/**
 * The exact reduce: adds every rank's integer sums to rank 0's, straight from the kernels' shared
 * memory, and sets the others to zero. Sums are moved, not copied: each contribution exists on
 * exactly one rank. So rank 0 holds all that was collected so far: what a checkpoint writes, what a
 * resumed run starts with, and at the end the signal.
 */
import { IN_PLACE, Op } from 'mpi-node-bindings/index.ts';
import { enter } from '../base/lifetime.ts';
import type { Cluster } from './ranks.ts';

/**
 * Values per MPI call (16 MiB). MPI copies its arguments, and below 32 MiB the C library reuses the
 * same pages for that: 10⁷ samples take half as long as in one call. Smaller pieces fit the cache
 * but are no faster, and where ranks share cores they wait more often for another rank's time
 * slice. MPI_Ireduce takes three times as long under Open MPI.
 */
const PIECE = 2 ** 21;

/**
 * Collective. The event loop stays free until all ranks have arrived, which they do as their tiles
 * are done. Then each piece is a blocking call of some 5 ms, and signals and messages are handled
 * between two of them.
 */
export async function reduceToRoot(
  { world, rank, size, channel, blocking }: Pick<Cluster, 'world' | 'rank' | 'size' | 'channel' | 'blocking'>,
  sums: BigInt64Array,
): Promise<void> {
  if (world === undefined || size === 1) return;
  await channel.awaiting(world.ibarrier().wait());
  await enter('reducing');
  for (let from = 0; from < sums.length; from += PIECE) {
    const piece = sums.subarray(from, Math.min(sums.length, from + PIECE));
    if (rank === 0) blocking(() => world.reduce(IN_PLACE, piece, Op.SUM));
    else {
      blocking(() => world.reduce(piece, null, Op.SUM));
      piece.fill(0n);
    }
    await new Promise(setImmediate);
  }
}
