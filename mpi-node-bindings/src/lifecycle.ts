/**
 * How a rank may exit. If one is gone, the others wait for it inside MPI: for ever, or until a
 * scheduler's limit. So a rank that fails ends the job at once, and a rank that exits without
 * finalize counts as failed.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { checkExitCode } from './checks.ts';
import type { Communicator } from './types.ts';

/** Exit code that the launcher reports for an internal error (EX_SOFTWARE of sysexits). */
export const INTERNAL_ERROR = 70;

/**
 * Writes to stderr directly by its descriptor: data queued in a stream are lost when MPI_Abort
 * kills the process.
 */
function complain(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
}

/**
 * Time for a launcher to forward a rank's last lines: hydra drops what it has not read when the
 * abort arrives.
 */
const LAST_WORDS_MS = 100;

function abortAfterLastWords(comm: Communicator, code: number): never {
  if (comm.size > 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MS);
  try {
    return comm.abort(code);
  } catch {
    return process.exit(code); // after finalize, or on a freed communicator
  }
}

/**
 * MPI_Finalize in an 'exit' handler may wait for ever for ranks that are busy, and Node-API's
 * cleanup hooks do not run on process.exit(): so there is no late finalize. Returns a function that
 * removes the guard, for use after finalize.
 */
export function abortUnlessFinalized(comm: Communicator): () => void {
  const onExit = (code: number): void => {
    complain(`mpi-node-bindings: rank ${comm.rank} exits (${code}) without finalize(): the job is aborted`);
    // what the system would keep of it; 0 would be success
    abortAfterLastWords(comm, code & 255 || INTERNAL_ERROR);
  };
  process.on('exit', onExit);
  return () => process.off('exit', onExit);
}

export interface AbortOnUncaughtOptions {
  /** Exit code of the whole job, 1 to 255; default 70. */
  readonly code?: number;
  /** Writes the error down, synchronously; default: its stack on stderr, with the rank. */
  readonly report?: (error: unknown) => void;
}

/**
 * Opt-in: an uncaught exception or unhandled rejection on any rank is reported and ends the job
 * within about a second. Returns a function that removes the handlers.
 */
export function abortOnUncaught(comm: Communicator, options: AbortOnUncaughtOptions = {}): () => void {
  const code = options.code ?? INTERNAL_ERROR;
  checkExitCode('abortOnUncaught', code);
  const describe = (error: unknown): string => (error instanceof Error && error.stack) || inspect(error);
  const report = options.report ?? ((error) => complain(`rank ${comm.rank}: uncaught ${describe(error)}`));
  const onError = (error: unknown): void => {
    try {
      report(error);
    } finally {
      abortAfterLastWords(comm, code);
    }
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return () => {
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
  };
}
