/**
 * The WASM engine: lays timeline, tiles and sums out in one shared memory, feeds tiles through a ring of slots and lets
 * threads walk them. One thread means the calling one: no worker to start, and the event loop gets its turn between tiles.
 */
import { badInput, EXIT, LarmorError } from '../../common/errors.ts';
import { SPIN_BYTES, type SpinBlock, spinBlock } from '../../phantom/types.ts';
import { STRIDE } from '../../timeline/types.ts';
import type { Engine, EngineJob } from '../types.ts';
import { Arena, type JobView, RECORD_BYTES, type SlotView } from './layout.ts';
import { describeBuild, type KernelBuild, type KernelExports, kernelImports, loadKernels } from './module.ts';
import { excitationTurns, pulseForms, stepAngles } from './pulses.ts';
import { startThreads, type ThreadPool } from './threads.ts';

export interface WasmOptions {
  readonly threads: number;
  /** A kernel build to insist on; default: the fastest this Node takes. */
  readonly build?: KernelBuild;
}

/** Accumulators take at most this; with more samples than that threads share one and add atomically. */
const ACCUMULATOR_BYTES = 512 * 2 ** 20;

/** A WASM memory's addresses have 32 bits. */
const MEMORY_LIMIT = 65535 * 65536;

/** How long the calling thread simulates before it lets signals and timers in [ms]. */
const TURN_MS = 40;

interface Slot {
  readonly view: SlotView;
  readonly spins: SpinBlock;
}

/** @throws LarmorError 65 if timeline and sums need more than the 4 GiB a WASM memory can hold */
export async function makeWasmEngine(job: EngineJob, options: WasmOptions): Promise<Engine> {
  const { timeline, source } = job;
  const threads = Math.max(1, Math.min(options.threads, job.tileCount));
  const kernels = loadKernels(options.build);
  const capacity = (Math.min(job.tileSize, source.spinCount) + 7) & ~7;
  const slotCount = threads === 1 ? 1 : 2 * threads + 2;
  const sumBytes = 16 * timeline.sampleCount;
  const accumulators = Math.max(1, Math.min(threads, Math.floor(ACCUMULATOR_BYTES / sumBytes)));
  const precision = job.precision === 'f64' ? 64 : 32;

  const timelineBytes = [
    timeline.ops,
    timeline.segments,
    excitationTurns(timeline),
    timeline.pulses,
    timeline.rfSteps,
    timeline.readouts,
    timeline.waveforms,
    timeline.points,
  ].reduce((sum, array) => sum + Arena.room(array.byteLength), 0);
  const total =
    timelineBytes +
    accumulators * sumBytes +
    slotCount * capacity * SPIN_BYTES +
    threads * (capacity * 56 + 65536) +
    2 ** 20;
  if (total > MEMORY_LIMIT) {
    throw badInput(
      source.name,
      `the timeline and sums need ${(total / 2 ** 30).toFixed(1)} GiB in one memory of 4 GiB`,
      'use fewer threads or split the sequence',
    );
  }
  const arena = new Arena(total);
  const view = layOut(arena, job, { capacity, slotCount, accumulators, threads, precision });

  let pool: ThreadPool | undefined;
  let exports: KernelExports;
  const instance = new WebAssembly.Instance(kernels.module, {
    ...kernelImports(arena.memory),
    wasi: { 'thread-spawn': () => -1 },
  });
  exports = instance.exports as unknown as KernelExports;
  RECORD_BYTES.forEach((bytes, record) => {
    if (exports.recordBytes(record) !== bytes)
      throw new LarmorError(EXIT.internal, 'host and kernels disagree; run `npm run build`');
  });
  const scratchTable = arena.allocate(4 * threads);
  for (let n = 0; n < threads; n++) {
    const scratch = arena.allocate(exports.scratchBytes(capacity, precision));
    new Int32Array(arena.memory.buffer)[scratchTable / 4 + n] = scratch;
  }
  view.job.set('scratch', scratchTable);
  if (threads > 1) {
    const starts = Array.from({ length: threads }, (_, thread) => {
      const start = arena.start();
      start.set('job', view.job.address);
      start.set('thread', thread);
      return start.address;
    });
    pool = await startThreads(kernels.module, arena.memory, starts);
    exports = pool.exports;
  }
  return engineOver(job, {
    ...view,
    arena,
    pool,
    exports,
    threads,
    accumulators,
    build: describeBuild(kernels.build, exports),
  });
}

interface Parts {
  readonly job: JobView;
  readonly slots: readonly Slot[];
  readonly sumsAddress: number;
}

function layOut(
  arena: Arena,
  job: EngineJob,
  size: { capacity: number; slotCount: number; accumulators: number; threads: number; precision: number },
): Parts {
  const { timeline, source } = job;
  const view = arena.job();
  view.set('ops', arena.place(timeline.ops));
  view.set('opCount', timeline.ops.length / STRIDE.op);
  view.set('segments', arena.place(timeline.segments));
  view.set('excitations', arena.place(excitationTurns(timeline)));
  view.set('pulses', arena.place(timeline.pulses));
  view.set('pulseForms', arena.place(pulseForms(timeline, source)));
  view.set('steps', arena.place(stepAngles(timeline)));
  view.set('readouts', arena.place(timeline.readouts));
  view.set('waveforms', arena.place(timeline.waveforms));
  view.set('points', arena.place(timeline.points));
  view.set('precision', size.precision);
  view.set('capacity', size.capacity);
  view.set('slots', size.slotCount);
  view.set('accumulators', size.accumulators);
  view.set('atomicSums', Number(size.accumulators < size.threads));
  view.set('sampleCount', timeline.sampleCount);
  view.setScale(2 ** job.scaleExponent);
  const sumsAddress = arena.allocate(16 * timeline.sampleCount * size.accumulators);
  view.set('sums', sumsAddress);
  const views = arena.slots(size.slotCount);
  view.set('slotTable', views[0]!.address);
  const slots = views.map((slot) => {
    const address = arena.allocate(size.capacity * SPIN_BYTES);
    slot.set('spins', address);
    slot.setFieldRatio(timeline.B0 / source.B0);
    return { view: slot, spins: spinBlock(size.capacity, arena.memory.buffer, address) };
  });
  return { job: view, slots, sumsAddress };
}

function engineOver(
  job: EngineJob,
  parts: Parts & {
    arena: Arena;
    pool: ThreadPool | undefined;
    exports: KernelExports;
    threads: number;
    accumulators: number;
    build: string;
  },
): Engine {
  const { source, timeline, tileSize } = job;
  const { slots, pool, exports } = parts;
  const words = new Int32Array(parts.arena.memory.buffer);
  const at = {
    filled: parts.job.index('filled'),
    finished: parts.job.index('finished'),
    failed: parts.job.index('failed'),
  };
  const values = 2 * timeline.sampleCount;
  const sums = new BigInt64Array(parts.arena.memory.buffer, parts.sumsAddress, values);
  /** Tiles are counted from the engine's start in the ring, from the phantom's start in the plan. */
  let fed = 0;
  let pausing = false;

  const fill = (tile: number): void => {
    const slot = slots[fed % slots.length]!;
    const first = tile * tileSize;
    const count = Math.min(tileSize, source.spinCount - first);
    source.read(first, count, slot.spins);
    const padded = (count + 7) & ~7;
    slot.spins.density.fill(0, count, padded);
    for (const column of [slot.spins.T1, slot.spins.T2]) column.fill(1, count, padded);
    for (const column of [slot.spins.x, slot.spins.y, slot.spins.z, slot.spins.offResonance])
      column.fill(0, count, padded);
    slot.view.set('count', count);
    fed++;
  };

  /** The host's wait for a slot or the end: woken by any tile that finishes. */
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      const seen = Atomics.load(words, at.finished);
      if (done()) return;
      const wait = Atomics.waitAsync(words, at.finished, seen, 1000);
      if (wait.async) await Promise.race([wait.value, pool!.broken]);
    }
  };

  const checkFinite = (firstTile: number, firstFed: number): void => {
    const failed = Atomics.load(words, at.failed);
    if (failed === 0) return;
    const tile = firstTile + failed - 1 - firstFed;
    throw new LarmorError(
      EXIT.internal,
      `the signal of tile ${tile} (spins ${tile * tileSize} to ${Math.min((tile + 1) * tileSize, source.spinCount) - 1} of ${source.name}) is not finite; nothing was written`,
    );
  };

  /** Adds the accumulators of the other threads to the first and clears them. */
  const gather = (): void => {
    for (let n = 1; n < parts.accumulators; n++) {
      const other = new BigInt64Array(parts.arena.memory.buffer, parts.sumsAddress + 8 * values * n, values);
      for (let i = 0; i < values; i++) sums[i] = sums[i]! + other[i]!;
      other.fill(0n);
    }
  };

  const runHere = async (first: number, count: number): Promise<number> => {
    let tile = first;
    let turn = performance.now();
    for (; tile < first + count && !pausing; tile++) {
      fill(tile);
      exports.work(parts.job.address, fed - 1, 0);
      if (performance.now() - turn > TURN_MS) {
        await new Promise(setImmediate);
        turn = performance.now();
      }
    }
    return tile;
  };

  const runThreads = async (first: number, count: number): Promise<number> => {
    // emnapi lets its workers go unreferenced and a waitAsync holds nothing either: without a timer Node would end here.
    const alive = setInterval(() => {}, 60_000);
    try {
      return await feedThreads(first, count);
    } finally {
      clearInterval(alive);
    }
  };

  const feedThreads = async (first: number, count: number): Promise<number> => {
    let tile = first;
    for (; tile < first + count && !pausing; tile++) {
      const reused = fed - slots.length;
      const slot = slots[fed % slots.length]!;
      if (reused >= 0) await until(() => Atomics.load(words, slot.view.index('done')) === reused + 1);
      if (pausing) break;
      fill(tile);
      Atomics.store(words, at.filled, fed);
      Atomics.notify(words, at.filled);
      if (tile % slots.length === 0) await new Promise(setImmediate);
    }
    await until(() => Atomics.load(words, at.finished) === fed);
    return tile;
  };

  return {
    name: 'wasm',
    build: parts.build,
    threads: parts.threads,
    sums,
    async run(first, count) {
      pausing = false;
      const firstFed = fed;
      const next = await (pool === undefined ? runHere(first, count) : runThreads(first, count));
      checkFinite(first, firstFed);
      gather();
      return next;
    },
    pause() {
      pausing = true;
    },
    get finished() {
      return Atomics.load(words, at.finished);
    },
    async close() {
      Atomics.store(words, parts.job.index('stop'), 1);
      Atomics.add(words, at.filled, 0);
      Atomics.notify(words, at.filled);
      pool?.terminate();
    },
  };
}
