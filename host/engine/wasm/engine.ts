/**
 * The WASM engine: feeds tiles through a ring of slots and lets threads walk them. One thread means the calling one, unless
 * tiles are long: no worker to start, and the event loop gets its turn between tiles.
 */

import { KernelContext, Slot as SlotRecord } from '../../abi/abi.generated.ts';
import { KERNEL_DATA } from '../../abi/arena.ts';
import { wordOf } from '../../abi/records.ts';
import { EXIT, LarmorError } from '../../base/errors.ts';
import { methodsOf, programFor } from '../../program/build.ts';
import type { Program } from '../../program/types.ts';
import { type TileSpins, tileCut } from '../tile-cut.ts';
import type { Engine, EngineJob } from '../types.ts';
import { fromUnits } from '../units.ts';
import { fillSlot, layOut, type Memory, type Sizes, type Slot } from './memory.ts';
import { describeBuild, instantiate, type KernelBuild, type KernelExports, loadKernels } from './module.ts';
import { startThreads, type ThreadPool } from './threads.ts';

export interface WasmOptions {
  readonly threads: number;
  /** A kernel build to insist on; default: the fastest this Node takes. */
  readonly build?: KernelBuild;
  /** What accumulators may take together; with less than one per thread, threads share them and add atomically. Default 512 MiB. */
  readonly accumulatorBytes?: number;
}

/** How long the calling thread simulates before it lets signals and timers in [ms]. */
const TURN_MS = 40;

/** @throws LarmorError 65 if timeline and sums need more than the 4 GiB a WASM memory can hold */
export async function makeWasmEngine(job: EngineJob, options: WasmOptions): Promise<Engine> {
  const kernels = loadKernels(options.build);
  const program = programFor(job);
  const layout = layOut(job, program, kernels, options);
  const { sizes } = layout;
  const memory = layout.make();
  let exports = instantiate(kernels.module, memory.memory);
  if (exports.heapBase() > KERNEL_DATA)
    throw new LarmorError(
      EXIT.internal,
      'the constants of the kernels reach into the data of the host; run `npm run build`',
    );
  layout.fillTables(memory, exports);
  let pool: ThreadPool | undefined;
  if (sizes.workers > 0) {
    pool = await startThreads(kernels.module, memory.memory, memory.starts);
    exports = pool.exports;
  }
  return engineOver(job, memory, {
    groups: program.groups,
    ...{ sizes, exports, pool },
    build: describeBuild(kernels, exports),
    methods: methodsOf(program),
  });
}

interface Machine {
  readonly groups: Program['groups'];
  readonly sizes: Sizes;
  readonly exports: KernelExports;
  readonly pool: ThreadPool | undefined;
  readonly build: string;
  readonly methods: Engine['methods'];
}

function engineOver(job: EngineJob, memory: Memory, { groups, sizes, exports, pool, build, methods }: Machine): Engine {
  const { source } = job;
  const { spinsOf } = tileCut(source, job.tileSize);
  const { slots, sums } = memory;
  const { buffer } = memory.memory;
  const words = new Int32Array(buffer);
  const [filled, finished, failed, stop] = (['filled', 'finished', 'failed', 'stop'] as const).map((field) =>
    wordOf(memory.job, KernelContext, field),
  ) as [number, number, number, number];
  /** Tiles fed since the engine was made: the ring and the threads count these, the plan counts from the phantom's start. */
  let fed = 0;
  let pausing = false;

  /** Of a slot whose magnetisation has not been handed over: the spins of its tile. */
  const held = new Map<Slot, TileSpins>();
  const fill = (slot: Slot, tile: number): void => {
    const spins = spinsOf(tile);
    fillSlot(source, buffer, slot, spins, groups[spins.group]);
    if (job.onMagnetization !== undefined) held.set(slot, spins);
  };
  const handOver = (slot: Slot): void => {
    const spins = held.get(slot);
    if (spins === undefined) return;
    held.delete(slot);
    const { first, count } = spins;
    const magnetization = slot.magnetization!.subarray(0, 3 * count);
    fromUnits(magnetization, source);
    job.onMagnetization!(first, count, magnetization);
  };

  /** The host's wait for a slot or the end: woken by any tile that finishes. */
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      const seen = Atomics.load(words, finished);
      if (done()) return;
      const wait = Atomics.waitAsync(words, finished, seen, 1000);
      if (wait.async) await Promise.race([wait.value, pool!.broken]);
    }
  };

  const runHere = async (first: number, end: number): Promise<number> => {
    let tile = first;
    let turn = performance.now();
    for (; tile < end && !pausing; tile++) {
      const slot = slots[fed % slots.length];
      fill(slot, tile);
      exports.work(memory.job, fed++, 0);
      handOver(slot);
      if (performance.now() - turn > TURN_MS) {
        await new Promise(setImmediate);
        turn = performance.now();
      }
    }
    return tile;
  };

  const feedThreads = async (first: number, end: number): Promise<number> => {
    let tile = first;
    for (; tile < end; tile++) {
      const slot = slots[fed % slots.length];
      const before = fed - slots.length;
      if (before >= 0) await until(() => Atomics.load(words, wordOf(slot.address, SlotRecord, 'done')) === before + 1);
      // A pause may be asked for by a signal, and signals are heard between turns of the event loop alone.
      if (fed % slots.length === 0) await new Promise(setImmediate);
      if (pausing) break;
      handOver(slot);
      fill(slot, tile);
      Atomics.store(words, filled, ++fed);
      Atomics.notify(words, filled);
    }
    await until(() => Atomics.load(words, finished) === fed);
    slots.forEach(handOver);
    return tile;
  };

  const runThreads = async (first: number, end: number): Promise<number> => {
    // emnapi lets its workers go unreferenced and a waitAsync holds nothing either: without a timer Node would end here.
    const alive = setInterval(() => {}, 60_000);
    try {
      return await feedThreads(first, end);
    } finally {
      clearInterval(alive);
    }
  };

  const checkFinite = (offset: number): void => {
    const number = Atomics.load(words, failed);
    if (number === 0) return;
    const tile = number - 1 + offset;
    const { first, count } = spinsOf(tile);
    const spins = `spins ${first} to ${first + count - 1} of ${source.name}`;
    throw new LarmorError(
      EXIT.internal,
      `the signal of tile ${tile} (${spins}) is not finite, or exceeds the sum of its densities; nothing was written`,
    );
  };

  return {
    name: 'wasm',
    reproducible: true,
    build,
    threads: sizes.threads,
    methods,
    sums,
    async run(first, count) {
      pausing = false;
      const offset = first - fed;
      const next = await (pool === undefined ? runHere : runThreads)(first, first + count);
      checkFinite(offset);
      exports.gatherSums(memory.job);
      return next;
    },
    pause() {
      pausing = true;
    },
    get finished() {
      return Atomics.load(words, finished);
    },
    async close() {
      Atomics.store(words, stop, 1);
      Atomics.notify(words, filled);
      pool?.terminate();
    },
  };
}
