/**
 * What lies where in the shared memory of a run: the timeline in the kernels' units, the ring of tiles, the sums, and each
 * thread's scratch. Sized before anything is made, so that `larmor plan` can tell and nothing ever grows.
 */
import { badInput } from '../../common/errors.ts';
import { SPIN_BYTES, type SpinBlock, spinBlock } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { EngineJob } from '../types.ts';
import { Arena, type JobView, type SlotView } from './layout.ts';
import type { KernelExports } from './module.ts';
import { excitationTurns, pulseForms, stepAngles } from './pulses.ts';

/** Accumulators take at most this; with more samples than that threads share one and add atomically. */
const ACCUMULATOR_BYTES = 512 * 2 ** 20;

/** A WASM memory's addresses have 32 bits. */
const MEMORY_LIMIT = 65535 * 65536;

export interface Sizes {
  readonly threads: number;
  /** Spins a slot holds: the tile, rounded up to the widest panel. */
  readonly capacity: number;
  readonly slots: number;
  readonly accumulators: number;
  /** Upper bound of the shared memory [bytes]. */
  readonly total: number;
}

/** @throws LarmorError 65 if timeline and sums need more than the 4 GiB a WASM memory can hold */
export function wasmSizes(
  timeline: Timeline,
  {
    tileSize,
    spinCount,
    tileCount,
  }: { readonly tileSize: number; readonly spinCount: number; readonly tileCount: number },
  wantedThreads: number,
): Sizes {
  const threads = Math.max(1, Math.min(wantedThreads, tileCount));
  const capacity = 8 * Math.ceil(Math.min(tileSize, spinCount) / 8);
  const slots = threads === 1 ? 1 : 2 * threads + 2;
  const sumBytes = 16 * timeline.sampleCount;
  const accumulators = Math.max(1, Math.min(threads, Math.floor(ACCUMULATOR_BYTES / sumBytes)));
  const arrays = [
    ...[timeline.ops, timeline.segments, timeline.pulses, timeline.rfSteps],
    ...[timeline.readouts, timeline.waveforms, timeline.points],
  ];
  const timelineBytes = arrays.reduce((sum, array) => sum + array.byteLength, 3 * timeline.excitations.byteLength);
  const scratch = threads * (56 * capacity + 65536);
  const total = timelineBytes + accumulators * sumBytes + slots * capacity * SPIN_BYTES + scratch + 2 ** 20;
  if (total > MEMORY_LIMIT) {
    const gib = (total / 2 ** 30).toFixed(1);
    throw badInput(
      'timeline',
      `with its sums it needs ${gib} GiB in a memory of 4 GiB`,
      'use smaller tiles or split the sequence',
    );
  }
  return { threads, capacity, slots, accumulators, total };
}

export interface Slot {
  readonly view: SlotView;
  readonly spins: SpinBlock;
}

export interface Memory {
  readonly arena: Arena;
  readonly job: JobView;
  readonly slots: readonly Slot[];
  /** One per accumulator: [sampleCount][re, im]. */
  readonly sums: readonly BigInt64Array[];
}

/** Makes the memory and puts everything but the scratch in. */
export function layOut({ timeline, source, precision, scaleExponent }: EngineJob, sizes: Sizes): Memory {
  const arena = new Arena(sizes.total);
  const job = arena.job();
  job.set('ops', arena.place(timeline.ops));
  job.set('opCount', timeline.ops.length / STRIDE.op);
  job.set('segments', arena.place(timeline.segments));
  job.set('excitations', arena.place(excitationTurns(timeline)));
  job.set('pulses', arena.place(timeline.pulses));
  job.set('pulseForms', arena.place(pulseForms(timeline, source)));
  job.set('steps', arena.place(stepAngles(timeline)));
  job.set('readouts', arena.place(timeline.readouts));
  job.set('waveforms', arena.place(timeline.waveforms));
  job.set('points', arena.place(timeline.points));
  job.set('precision', precision === 'f64' ? 64 : 32);
  job.set('capacity', sizes.capacity);
  job.set('slots', sizes.slots);
  job.set('accumulators', sizes.accumulators);
  job.set('atomicSums', Number(sizes.accumulators < sizes.threads));
  job.set('sampleCount', timeline.sampleCount);
  job.setScale(2 ** scaleExponent);
  const values = 2 * timeline.sampleCount;
  const sumsAddress = arena.allocate(8 * values * sizes.accumulators);
  job.set('sums', sumsAddress);
  const { buffer } = arena.memory;
  const sums = Array.from(
    { length: sizes.accumulators },
    (_, n) => new BigInt64Array(buffer, sumsAddress + 8 * values * n, values),
  );
  const views = arena.slots(sizes.slots);
  job.set('slotTable', views[0]!.address);
  const slots = views.map((view) => {
    const address = arena.allocate(sizes.capacity * SPIN_BYTES);
    view.set('spins', address);
    view.setFieldRatio(timeline.B0 / source.B0);
    return { view, spins: spinBlock(sizes.capacity, buffer, address) };
  });
  return { arena, job, slots, sums };
}

/** Scratch for every thread, as large as the kernels say. */
export function layOutScratch({ arena, job }: Memory, sizes: Sizes, exports: KernelExports, precision: 32 | 64): void {
  const bytes = exports.scratchBytes(sizes.capacity, precision);
  const addresses = Array.from({ length: sizes.threads }, () => arena.allocate(bytes));
  job.set('scratch', arena.place(Int32Array.from(addresses)));
}

/** Copies tile `tile` of the phantom into a slot; spins beyond its end have no density. @returns nothing; throws as `source.read` does */
export function fillSlot({ source, tileSize }: EngineJob, { view, spins }: Slot, tile: number): void {
  const first = tile * tileSize;
  const count = Math.min(tileSize, source.spinCount - first);
  source.read(first, count, spins);
  const padded = 8 * Math.ceil(count / 8);
  for (const column of [spins.density, spins.x, spins.y, spins.z, spins.offResonance]) column.fill(0, count, padded);
  for (const column of [spins.T1, spins.T2]) column.fill(1, count, padded);
  view.set('count', count);
}
