/**
 * The WASM engine: feeds tiles through a ring of slots from which threads take them. With one
 * thread, unless tiles take long, the calling thread simulates: no worker has to be started, and
 * the event loop runs between tiles.
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
  /**
   * Most memory of all accumulators; if this is less than one per thread, threads share them and
   * add atomically. Default 512 MiB.
   */
  readonly accumulatorBytes?: number;
}

/** How long the calling thread simulates before it handles signals and timers [ms]. */
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
  const words = new Int32Array(memory.memory.buffer);
  const wordAt = (field: 'filled' | 'finished' | 'failed' | 'stop'): number => wordOf(memory.job, KernelContext, field);
  const state: RunState = { fed: 0, pausing: false };
  const tiles = tileSlots(job, memory, groups);
  const run =
    pool === undefined
      ? feedHere(tiles, state, (number) => exports.work(memory.job, number, 0))
      : feedThreads(tiles, state, {
          ...{ words, filled: wordAt('filled'), finished: wordAt('finished') },
          broken: pool.broken,
        });

  /** @param offset of the plan's tile numbers from the numbers of tiles as they were fed */
  const checkFinite = (offset: number): void => {
    const number = Atomics.load(words, wordAt('failed'));
    if (number === 0) return;
    const tile = number - 1 + offset;
    const { first, count } = tiles.spinsOf(tile);
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
    sums: memory.sums,
    async run(first, count) {
      state.pausing = false;
      const offset = first - state.fed;
      const next = await run(first, first + count);
      checkFinite(offset);
      exports.gatherSums(memory.job);
      return next;
    },
    pause() {
      state.pausing = true;
    },
    get finished() {
      return Atomics.load(words, wordAt('finished'));
    },
    async close() {
      Atomics.store(words, wordAt('stop'), 1);
      Atomics.notify(words, wordAt('filled'));
      pool?.terminate();
    },
  };
}

interface RunState {
  /**
   * Tiles fed since the engine was made: the ring and the threads count these, the plan counts from
   * the phantom's start.
   */
  fed: number;
  pausing: boolean;
}

/** The ring of slots: a tile's spins go in, its magnetisation comes out. */
function tileSlots(job: EngineJob, { memory, slots }: Memory, groups: Program['groups']) {
  const { source, onMagnetization } = job;
  const { spinsOf } = tileCut(source, job.tileSize);
  /** Spins of the tile in a slot whose magnetisation has not been handed over. */
  const held = new Map<Slot, TileSpins>();
  return {
    spinsOf,
    slots,
    fill(slot: Slot, tile: number): void {
      const spins = spinsOf(tile);
      fillSlot(source, memory.buffer, slot, spins, groups[spins.group]);
      if (onMagnetization !== undefined) held.set(slot, spins);
    },
    handOver(slot: Slot): void {
      const spins = held.get(slot);
      if (spins === undefined) return;
      held.delete(slot);
      const { first, count } = spins;
      const magnetization = slot.magnetization!.subarray(0, 3 * count);
      fromUnits(magnetization, source);
      onMagnetization!(first, count, magnetization);
    },
  };
}

type TileSlots = ReturnType<typeof tileSlots>;
/** Simulates tiles [first, end). @returns the next tile: `end`, or the first one after a pause */
type Feed = (first: number, end: number) => Promise<number>;

/** The calling thread simulates, and handles signals and timers between tiles. */
function feedHere({ slots, fill, handOver }: TileSlots, state: RunState, work: (number: number) => void): Feed {
  return async (first, end) => {
    let tile = first;
    let turn = performance.now();
    for (; tile < end && !state.pausing; tile++) {
      const slot = slots[state.fed % slots.length];
      fill(slot, tile);
      work(state.fed++);
      handOver(slot);
      if (performance.now() - turn > TURN_MS) {
        await new Promise(setImmediate);
        turn = performance.now();
      }
    }
    return tile;
  };
}

/** Words of the shared memory by which host and threads signal each other. */
interface Signals {
  readonly words: Int32Array;
  readonly filled: number;
  readonly finished: number;
  /** Rejects when a thread ends. */
  readonly broken: Promise<never>;
}

/** Threads do the work; the calling one keeps the ring filled. */
function feedThreads(
  { slots, fill, handOver }: TileSlots,
  state: RunState,
  { words, filled, finished, broken }: Signals,
): Feed {
  /** Waits for a slot or the end: woken by any tile that finishes. */
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      const seen = Atomics.load(words, finished);
      if (done()) return;
      const wait = Atomics.waitAsync(words, finished, seen, 1000);
      if (wait.async) await Promise.race([wait.value, broken]);
    }
  };
  const feed: Feed = async (first, end) => {
    let tile = first;
    for (; tile < end; tile++) {
      const slot = slots[state.fed % slots.length];
      const before = state.fed - slots.length;
      if (before >= 0) await until(() => Atomics.load(words, wordOf(slot.address, SlotRecord, 'done')) === before + 1);
      // A pause may be requested by a signal, which is handled only between turns of the event
      // loop.
      if (state.fed % slots.length === 0) await new Promise(setImmediate);
      if (state.pausing) break;
      handOver(slot);
      fill(slot, tile);
      Atomics.store(words, filled, ++state.fed);
      Atomics.notify(words, filled);
    }
    await until(() => Atomics.load(words, finished) === state.fed);
    slots.forEach(handOver);
    return tile;
  };
  return async (first, end) => {
    // emnapi unreferences its workers, and waitAsync does not keep the process alive either:
    // without a timer Node would exit here.
    const alive = setInterval(() => {}, 60_000);
    try {
      return await feed(first, end);
    } finally {
      clearInterval(alive);
    }
  };
}
