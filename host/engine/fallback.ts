/**
 * Losing a GPU loses no work: its unfinished tiles are simulated by another engine with the same
 * sums. The run prints a warning, and reports that its bits are not reproducible.
 */
import { warn } from '../base/log.ts';
import type { Engine } from './types.ts';
import { DeviceLost, type WebgpuEngine } from './webgpu/index.ts';

/** @param makeOther creates the other engine when it is needed */
export function withFallback(gpu: WebgpuEngine, makeOther: () => Promise<Engine>): Engine {
  let lost = false;
  let other: Engine | undefined;
  let pausing = false;

  const runOther = async (first: number, count: number): Promise<number> => {
    if (count === 0 || pausing) return first;
    other ??= await makeOther();
    // Creating it takes a while, during which a pause may have been requested.
    if (pausing) return first;
    const next = await other.run(first, count);
    for (let i = 0; i < gpu.sums.length; i++) gpu.sums[i] = gpu.sums[i] + other.sums[i];
    other.sums.fill(0n);
    return next;
  };

  return {
    name: gpu.name,
    build: gpu.build,
    threads: gpu.threads,
    sums: gpu.sums,
    methods: gpu.methods,
    get reproducible() {
      return other === undefined;
    },
    get finished() {
      return gpu.finished + (other?.finished ?? 0);
    },
    async run(first, count) {
      pausing = false;
      if (lost) return runOther(first, count);
      try {
        return await gpu.run(first, count);
      } catch (error) {
        if (!(error instanceof DeviceLost)) throw error;
        warn(`${error.message}; the rest is done by --engine wasm`);
        lost = true;
        return runOther(error.firstTile, first + count - error.firstTile);
      }
    },
    pause() {
      pausing = true;
      gpu.pause();
      other?.pause();
    },
    async close() {
      await gpu.close();
      await other?.close();
    },
  };
}
