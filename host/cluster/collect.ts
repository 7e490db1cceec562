/**
 * The exact reduce: every rank's integer sums are added into rank 0's, straight from the kernels' shared memory, and the
 * others start again from zero. Sums move; they are nowhere twice. So rank 0 holds all that was ever collected: what a
 * checkpoint writes, what a resumed run starts with, and after the last collection the signal.
 */
import { type Communicator, IN_PLACE, Op } from 'mpi-node-bindings/index.ts';

/** Values reduced at once (32 MiB): MPI counts in C ints, and keeps copies of what it is given. */
const PIECE = 2 ** 22;

/** Collective. Awaited, the event loop stays free. */
export async function reduceToRoot(
  { rank, size }: { rank: number; size: number },
  world: Communicator,
  sums: BigInt64Array,
): Promise<void> {
  if (size === 1) return;
  for (let from = 0; from < sums.length; from += PIECE) {
    const piece = sums.subarray(from, Math.min(sums.length, from + PIECE));
    if (rank === 0) await world.ireduce(IN_PLACE, piece, Op.SUM, 0).wait();
    else await world.ireduce(piece, null, Op.SUM, 0).wait();
  }
  if (rank !== 0) sums.fill(0n);
}
