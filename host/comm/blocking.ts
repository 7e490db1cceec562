/**
 * Watchdog for blocking MPI calls. Inside one (MPI_Init, a piece of the reduce, MPI_Finalize) the
 * main thread handles neither heartbeats nor timers, and if the rank it waits for was stopped, it
 * waits for ever. So a second thread watches: the main thread increments a counter before and after
 * each such call, and a counter that stays odd for too long ends the job.
 *
 * Time is counted in slices of the watching thread's own life, so a job that was suspended as a
 * whole is not mistaken for a dead one.
 */
import { Worker } from 'node:worker_threads';

/** Slices in the time after which a call counts as lost. */
const SLICES = 20;
/** For the launcher to read the last line. */
const LAST_LINE_MS = 100;

/**
 * Source of the watching thread. Only the main thread may call MPI, MPI_Abort included, so this one
 * kills the process. Launchers end a job of which a rank was killed, with an exit code of their own
 * (137, or 9 under MPICH).
 */
const WATCH = `
const { workerData: { shared, message, slices } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const [CALLS, LIMIT_MS] = [0, 1];
const state = new Int32Array(shared);
for (let silent = 0, last = 0; ; ) {
  const calls = Atomics.load(state, CALLS);
  if (calls !== last) silent = 0;
  last = calls;
  const blocked = calls % 2 === 1;
  const slice = blocked ? Math.max(1, state[LIMIT_MS] / slices) : Infinity;
  if (Atomics.wait(state, CALLS, calls, slice) !== 'timed-out' || ++silent <= slices) continue;
  try {
    writeSync(2, message.replace('LIMIT', state[LIMIT_MS] / 1e3) + '\\n');
    // Launchers drop what they have not read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${LAST_LINE_MS});
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}`;

export interface BlockingWatch {
  /** Runs a call that blocks this thread inside MPI until other ranks have made theirs. */
  blocking<T>(call: () => T, seconds?: number): T;
}

/** @param limit seconds that a call may take */
export function watchBlocking(limit: number): BlockingWatch {
  const shared = new SharedArrayBuffer(8);
  const [calls, limitMs] = [0, 1];
  const state = new Int32Array(shared);
  const message =
    'larmor: another rank has not answered within MPI for LIMIT s: stopped, or cut off from the network. ' +
    'The job ends; --resume continues from its last checkpoint, --watchdog sets how long to wait';
  const workerData = { shared, message, slices: SLICES };
  new Worker(WATCH, { eval: true, workerData, name: 'watchdog', stdout: false }).unref();
  const change = (): void => {
    Atomics.add(state, calls, 1);
    Atomics.notify(state, calls);
  };
  return {
    blocking(call, seconds = limit) {
      state[limitMs] = Math.min(2 ** 31 - 1, Math.ceil(1e3 * seconds));
      change();
      try {
        return call();
      } finally {
        change();
      }
    },
  };
}

/** For a job of one rank: no call blocks. */
export const nothingBlocks: BlockingWatch = { blocking: (call) => call() };
