/**
 * The watchdog of blocking MPI calls. While this thread waits inside MPI (MPI_Init, a piece of the reduce, MPI_Finalize) it hears
 * no heartbeat and no timer; if the rank it waits for was stopped, it would wait for ever. So a second thread watches: the
 * main thread counts a number up before and after each such call, and one that stays odd for too long ends the job.
 *
 * The time is counted in slices of the watching thread's own life, so a job that was suspended as a whole is not taken for dead.
 */
import { Worker } from 'node:worker_threads';

/** Slices in the time after which a call counts as lost. */
const SLICES = 20;
const LAST_WORDS_MS = 100;

/**
 * What the watching thread runs. Only the main thread may call MPI, MPI_Abort included, so it kills the process: launchers end a job
 * of which a rank was killed, with a code of their own (137, or 9 under MPICH).
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
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${LAST_WORDS_MS}); // launchers drop what they have not read
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
    'The job ends; --resume goes on from its last checkpoint, --watchdog sets how long to wait';
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

/** The watch of a job of one rank: nobody is waited for. */
export const nothingBlocks: BlockingWatch = { blocking: (call) => call() };
