/**
 * Threads over tiles. The host fills slots of a ring in order and raises `filled`; a thread takes
 * the next filled tile, simulates it and raises `finished`. Since threads take only filled tiles,
 * the host pauses a run by filling no more. All waiting is done by a function of the host
 * (`Atomics.wait`), because memory.atomic.wait32 hangs under Node 20.
 */
import { KernelContext, recordAt, Slot, Start } from './abi';
import { runModel } from './model';
import { runProgram } from './run-program';
import { beginSums, sumBytes } from './sums';
import { loadTile, writeMagnetization } from './tile';

// @ts-ignore: decorator
@external('host', 'wait') declare function wait(address: usize, expected: i32): void;

// @ts-ignore: decorator
@external('wasi', 'thread-spawn') declare function threadSpawn(argument: usize, errorOrTid: usize): i32;

/**
 * Starts a thread that works on `start`'s job; called on the main instance.
 * @returns 0, or an error code
 */
export function startThread(start: usize): i32 {
  return threadSpawn(start, start + offsetof<Start>('error'));
}

/** Entry of a thread (name and form are WASI's). Returns when the host sets `stop`. */
export function wasi_thread_start(tid: i32, argument: usize): void {
  const start = changetype<Start>(argument);
  const job = changetype<KernelContext>(start.job);
  const filled = changetype<usize>(job) + offsetof<KernelContext>('filled');
  const next = changetype<usize>(job) + offsetof<KernelContext>('next');
  const stop = changetype<usize>(job) + offsetof<KernelContext>('stop');
  while (true) {
    const available = atomic.load<i32>(filled);
    const tile = atomic.load<i32>(next);
    if (tile < available) {
      if (atomic.cmpxchg<i32>(next, tile, tile + 1) == tile) work(job, tile, start.thread);
    } else if (atomic.load<i32>(stop) != 0) {
      return;
    } else {
      wait(filled, available);
    }
  }
}

function run<T>(job: KernelContext, slot: Slot, scratch: usize, sums: usize): bool {
  const tile = loadTile<T>(job, slot, scratch);
  beginSums(job, slot.count);
  const finite = job.isModelled != 0 ? runModel<T>(job, slot, tile, sums) : runProgram<T>(job, slot, tile, sums);
  if (slot.magnetization != 0) writeMagnetization<T>(tile, slot);
  return finite;
}

/**
 * Simulates tile `number`, counted since the start of the engine, with the scratch and sums of
 * `thread`.
 */
export function work(job: KernelContext, number: i32, thread: i32): void {
  const slot = recordAt<Slot>(job.slotTable, number % job.slots);
  const scratch = load<usize>(job.scratch + (<usize>thread << 2));
  const sums = job.sums + <usize>(thread % job.accumulators) * sumBytes(job);
  let finite: bool;
  if (job.precision == 64) finite = run<f64>(job, slot, scratch, sums);
  else finite = run<f32>(job, slot, scratch, sums);
  const base = changetype<usize>(job);
  if (!finite) atomic.cmpxchg<i32>(base + offsetof<KernelContext>('failed'), 0, number + 1);
  atomic.store<i32>(changetype<usize>(slot) + offsetof<Slot>('done'), number + 1);
  atomic.add<i32>(base + offsetof<KernelContext>('finished'), 1);
  atomic.notify(base + offsetof<KernelContext>('finished'), -1);
}
