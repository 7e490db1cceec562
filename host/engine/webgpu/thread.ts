/** Starts the GPU's thread from the host, and the two requests to it without a job. */
import { Worker } from 'node:worker_threads';
import { assetPath } from '../../base/assets.ts';
import { EXIT, type ExitCode, LarmorError } from '../../base/errors.ts';
import type { AdapterDescription } from './adapters.ts';
import type { FromWorker, ProbeResult, ToWorker, WorkerTask } from './messages.ts';

export interface WorkerThread {
  send(message: ToWorker): void;
  /** The next message, in order; `failed` for ever once the thread has ended. */
  next(): Promise<FromWorker>;
  /** Lets it finish what is under way and waits for its end. */
  close(): Promise<void>;
}

export function startWorker(task: WorkerTask): WorkerThread {
  const worker = new Worker(assetPath('webgpu-worker.js'), { workerData: task });
  const arrived: FromWorker[] = [];
  let waiting: ((message: FromWorker) => void) | undefined;
  let failure: FromWorker | undefined;
  const deliver = (message: FromWorker): void => {
    if (waiting) {
      waiting(message);
      waiting = undefined;
    } else arrived.push(message);
  };
  const end = (message: string): void => {
    failure ??= { kind: 'failed', message, exitCode: EXIT.internal };
    if (waiting) deliver(failure);
  };
  worker.on('message', deliver);
  worker.on('error', (error) => end(`the GPU thread failed: ${error.message}`));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end('the GPU thread has ended');
      resolve();
    });
  });
  return {
    send: (message) => worker.postMessage(message),
    next() {
      const message = arrived.shift() ?? failure;
      if (message) return Promise.resolve(message);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    async close() {
      worker.postMessage({ kind: 'close' } satisfies ToWorker);
      await exited;
    },
  };
}

async function ask<K extends FromWorker['kind']>(task: WorkerTask, kind: K): Promise<Extract<FromWorker, { kind: K }>> {
  const worker = startWorker(task);
  const answer = await worker.next();
  await worker.close();
  if (answer.kind === 'failed') throw new LarmorError(answer.exitCode as ExitCode, answer.message);
  if (answer.kind !== kind) throw new LarmorError(EXIT.internal, `the GPU thread answered '${answer.kind}'`);
  return answer as Extract<FromWorker, { kind: K }>;
}

/**
 * All adapters that the engine can use, real ones first; empty without a driver.
 * @throws LarmorError 2 when the package webgpu is missing
 */
export function listAdapters(): Promise<readonly AdapterDescription[]> {
  listed ??= ask({ kind: 'list' }, 'list').then(({ adapters }) => adapters);
  return listed;
}

/** It takes a second, choice and engine both ask, and the answer is for the life of the process. */
let listed: Promise<readonly AdapterDescription[]> | undefined;

/**
 * About a second's test of an adapter: its speed in multiply-adds, and the accuracy of the kernels'
 * functions on it.
 */
export async function probeAdapter(adapter: AdapterDescription): Promise<ProbeResult> {
  return (await ask({ kind: 'probe', adapter }, 'probe')).result;
}
