/**
 * A thread of the WASM engine: instantiates the kernels on the shared memory and runs
 * `wasi_thread_start` until told to stop.
 */
import { parentPort } from 'node:worker_threads';
import { type LoadPayload, ThreadMessageHandler, WASIThreads } from '@emnapi/wasi-threads';
import { failpoint } from '../../base/failpoints.ts';
import { kernelImports } from './module.ts';
import { noWasi } from './wasi.ts';

const port = parentPort!;
const handler = new ThreadMessageHandler({
  postMessage: (message) => port.postMessage(message),
  onLoad({ wasmModule, wasmMemory }: LoadPayload) {
    void failpoint('worker');
    const threads = new WASIThreads({
      wasi: noWasi,
      childThread: true,
      postMessage: (message) => port.postMessage(message),
    });
    const original = new WebAssembly.Instance(wasmModule, {
      ...kernelImports(wasmMemory),
      ...(threads.getImportObject() as unknown as WebAssembly.Imports),
    });
    return { module: wasmModule, instance: threads.initialize(original, wasmModule, wasmMemory) };
  },
});
port.on('message', (data) => handler.handle({ data }));
