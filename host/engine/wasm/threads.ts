/**
 * Threads for the kernels, through emnapi's WASI threads: one worker each, started once and kept
 * for the engine's life.
 */
import { Worker } from 'node:worker_threads';
import { WASIThreads } from '@emnapi/wasi-threads';
import { requireSpaceForThreads } from '../../base/address-space.ts';
import { assetPath } from '../../base/assets.ts';
import { EXIT, LarmorError } from '../../base/errors.ts';
import { type KernelExports, kernelImports } from './module.ts';
import { noWasi } from './wasi.ts';

export interface ThreadPool {
  readonly exports: KernelExports;
  /** Rejects if a thread dies; never resolves. */
  readonly broken: Promise<never>;
  terminate(): void;
}

/**
 * Starts one thread per entry of `starts` (addresses of `Start` records).
 * @throws LarmorError 70 if a worker cannot be started
 */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  starts: readonly number[],
): Promise<ThreadPool> {
  requireSpaceForThreads(starts.length);
  let fail: (error: Error) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => {}); // whoever runs tiles races against it; nobody else needs to
  let over = false;
  const threads = new WASIThreads({
    wasi: noWasi,
    reuseWorker: { size: starts.length, strict: true },
    waitThreadStart: false,
    printErr: () => {},
    onCreateWorker: () => {
      const worker = new Worker(assetPath('worker.js'), { name: 'larmor' });
      worker.on('error', (error) => fail(new LarmorError(EXIT.internal, `a simulation thread died: ${error.message}`)));
      worker.on('exit', () => {
        if (!over) fail(new LarmorError(EXIT.internal, 'a simulation thread exited before its work was done'));
      });
      return worker;
    },
  });
  const original = new WebAssembly.Instance(module, {
    ...kernelImports(memory),
    ...(threads.getImportObject() as unknown as WebAssembly.Imports),
  });
  const instance = threads.initialize(original, module, memory);
  await Promise.race([threads.preloadWorkers(), broken]);
  const exports = instance.exports as unknown as KernelExports;
  for (const start of starts) {
    if (exports.startThread(start) !== 0)
      throw new LarmorError(EXIT.internal, 'a simulation thread could not be started');
  }
  const terminate = (): void => {
    over = true;
    threads.terminateAllThreads();
  };
  return { exports, broken, terminate };
}
