/**
 * The exact reduce: every rank's integer sums are added into rank 0's, straight from the kernels' shared memory, and the
 * others start again from zero. Sums move; they are nowhere twice. So rank 0 holds all that was ever collected: what a
 * checkpoint writes, what a resumed run starts with, and after the last collection the signal.
 */
import { type Communicator, IN_PLACE, Op } from 'mpi-node-bindings/index.ts';
import { enter } from '../common/lifetime.ts';
import type { Cluster } from './ranks.ts';

/**
 * Values reduced at once (16 MiB): MPI keeps copies of what it is given, and below 32 MiB the C library hands them the same pages again;
 * 10⁷ samples then take half as long as in one piece. Smaller pieces stay in the cache and are no faster, but wait for the other rank's
 * time slice more often where cores are shared. MPI_Ireduce takes three times as long under Open MPI.
 */
const PIECE = 2 ** 21;

/**
 * Collective. Ranks are awaited with the event loop free, for they arrive when their tiles are done; once all are there each piece
 * is a blocking call of some 5 ms, and signals and messages have their turn between two.
 */
export async function reduceToRoot(
  { rank, size, channel, blocking }: Pick<Cluster, 'rank' | 'size' | 'channel' | 'blocking'>,
  world: Communicator,
  sums: BigInt64Array,
): Promise<void> {
  if (size === 1) return;
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
