/**
 * The thread that owns the GPU. Dawn polls while it waits, which would block the host's event loop,
 * so it is used only here. A worker does one task and ends: it lists adapters, probes one, or
 * simulates batches until it is told to close.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { EXIT, LarmorError } from '../../base/errors.ts';
import { SPIN_BYTES } from '../../phantom/types.ts';
import { type AdapterDescription, describeAdapters, releaseDawn } from './adapters.ts';
import { openDevice } from './kernels.ts';
import type { FromWorker, ToWorker, WorkerTask } from './messages.ts';
import { measureAccuracy, measureRate } from './probe.ts';
import { NotFinite, openSession } from './session.ts';
import { addSums } from './sums.ts';

const port = parentPort!;
const say = (message: FromWorker): void => port.postMessage(message);

async function probe(adapter: AdapterDescription): Promise<void> {
  const open = await openDevice(adapter);
  const accuracy = await measureAccuracy(open);
  say({ kind: 'probe', result: { rate: await measureRate(open), ...accuracy } });
  open.device.destroy();
}

async function run({ adapter, job, sums }: Extract<WorkerTask, { kind: 'run' }>): Promise<void> {
  const open = await openDevice(adapter);
  const { device } = open;
  /**
   * Set once something has gone wrong on the device: results computed since then must not be used.
   */
  let lost: string | undefined;
  const lose = (reason: string): void => {
    if (lost !== undefined) return;
    lost = reason;
    say({ kind: 'lost', reason });
  };
  device.addEventListener('uncapturederror', (event) => lose((event as GPUUncapturedErrorEvent).error.message));
  let closing = false;
  device.lost.then(({ message }) => {
    if (!closing) lose(message || 'the device was lost');
  });

  const session = await openSession(open, job);
  const words = new Int32Array(sums);
  /** Dawn crashes on a view of shared memory. */
  const own = new Uint8Array(SPIN_BYTES * session.batchTiles * session.tileStride);
  let before: Promise<void> = Promise.resolve();
  const batch = async (spins: SharedArrayBuffer, tiles: number): Promise<void> => {
    const turn = before;
    let result: readonly Uint32Array[];
    try {
      own.set(new Uint8Array(spins));
      result = await session.simulate(own, tiles);
      await turn;
      if (lost !== undefined) return;
    } catch (error) {
      await turn;
      if (lost !== undefined) return;
      if (!(error instanceof NotFinite)) return lose((error as Error).message);
      say({ kind: 'notFinite', tile: error.tile });
      return;
    }
    for (const [section, values] of result.entries()) addSums(words, session.sectionSamples[section], values);
    say({ kind: 'added' });
  };

  await new Promise<void>((resolve) => {
    port.on('message', (message: ToWorker) => {
      if (message.kind === 'batch') before = batch(message.spins, message.tiles);
      else if (message.kind === 'abandon') device.destroy();
      else before.then(resolve);
    });
    say({ kind: 'ready', batchTiles: session.batchTiles, tileStride: session.tileStride });
  });
  closing = true;
  session.close();
}

/** Time between two polls [ms]; a batch takes seconds. */
const POLL_MS = 1;

/**
 * Dawn's Node binding polls by calling the global `setImmediate` again and again, which keeps a
 * core busy for as long as the GPU computes or a driver compiles. With a timer in its place, a
 * small job on a software driver takes 2.7 instead of 3.9 s of processor time.
 */
function pollByTimer(): void {
  const later = (work: () => void): NodeJS.Timeout => setTimeout(work, POLL_MS);
  Object.assign(globalThis, { setImmediate: later });
}

async function start(task: WorkerTask): Promise<void> {
  try {
    if (task.kind === 'list') say({ kind: 'list', adapters: await describeAdapters() });
    else if (task.kind === 'probe') await probe(task.adapter);
    else await run(task);
  } catch (error) {
    const exitCode = error instanceof LarmorError ? error.exitCode : EXIT.internal;
    say({ kind: 'failed', message: (error as Error).message, exitCode });
  } finally {
    releaseDawn();
    port.close();
  }
}

pollByTimer();
void start(workerData as WorkerTask);
