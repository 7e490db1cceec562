/**
 * How a rank may leave. The others wait inside MPI for one that is gone: for ever, or until a scheduler's limit. So a
 * rank that fails takes the job down at once, and a rank that ends without finalize counts as failed.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { checkExitCode } from './checks.ts';
import type { Communicator } from './types.ts';

/** What the launcher reports for an internal error (EX_SOFTWARE of sysexits). */
export const INTERNAL_ERROR = 70;

/** stderr straight to its descriptor: what is queued in a stream is lost when MPI_Abort kills the process. */
function complain(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
}

/** What a launcher gets to forward a rank's last words in: hydra drops what it has not read when the abort arrives. */
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
 * MPI_Finalize in an 'exit' handler may wait for ever for ranks that are busy, and Node-API's cleanup hooks do not run
 * on process.exit(): so nothing finalizes late. Returns what takes the guard away, for after finalize.
 */
export function abortUnlessFinalized(comm: Communicator): () => void {
  const onExit = (code: number): void => {
    complain(`mpi-node-bindings: rank ${comm.rank} exits (${code}) without finalize(): the job is aborted`);
    abortAfterLastWords(comm, code & 255 || INTERNAL_ERROR); // what the system would keep of it; 0 would be success
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
 * Opt-in: an uncaught exception or unhandled rejection on any rank is reported and ends the job within about a second.
 * Returns what takes the handlers away again.
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
