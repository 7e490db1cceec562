/**
 * MPI for Node.
 *
 *     import { load, Op } from 'mpi-node-bindings';
 *     const mpi = load();
 *     const sum = new BigInt64Array(1);
 *     mpi.world.allreduce(BigInt64Array.of(1n), sum, Op.SUM);   // the number of ranks
 *     mpi.finalize();
 */
export {
  ANY_SOURCE,
  ANY_TAG,
  IN_PLACE,
  type InPlace,
  MAX_COUNT,
  Op,
  PROC_NULL,
  type ThreadLevel,
} from './src/constants.ts';
export { LaunchError, MpiError } from './src/errors.ts';
export { type Launch, readLaunch, sizeMismatch } from './src/launcher.ts';
export { type AbortOnUncaughtOptions, abortOnUncaught, INTERNAL_ERROR } from './src/lifecycle.ts';
export { type LoadOptions, load } from './src/load.ts';
export type {
  Communicator,
  Family,
  Mpi,
  NumericArray,
  NumericArrayConstructor,
  Request,
  Status,
  Window,
} from './src/types.ts';
