/**
 * The world this process belongs to: the ranks its launcher started, over the site's MPI, or one rank and no MPI at all.
 */
import { hostname } from 'node:os';
import { abortOnUncaught, type Communicator, LaunchError, load, type Mpi } from 'mpi-node-bindings/index.ts';
import { assetPath } from '../common/assets.ts';
import { EXIT, LarmorError } from '../common/errors.ts';

export interface Cluster {
  readonly mpi: Mpi;
  readonly world: Communicator;
  readonly rank: number;
  readonly size: number;
  readonly host: string;
  /** Leaves the world; collective, and the last thing a rank does with it. */
  leave(): void;
}

/**
 * Joins the world. From here on an error nobody catches ends all ranks.
 * @throws LarmorError 70 if the launcher and the MPI at hand do not belong together
 */
export function joinCluster(): Cluster {
  let mpi: Mpi;
  try {
    mpi = load({ directories: [assetPath('mpi')] });
  } catch (error) {
    if (error instanceof LaunchError) throw new LarmorError(EXIT.internal, error.message, { cause: error });
    throw error;
  }
  const { world } = mpi;
  if (world.size > 1) abortOnUncaught(world);
  return { mpi, world, rank: world.rank, size: world.size, host: hostname(), leave: () => mpi.finalize() };
}
