/**
 * What lies where in the shared memory of a run: the timeline in the kernels' units, the ring of tiles, the sums, and each
 * thread's scratch. Sized before anything is made, so that `larmor plan` can tell and nothing ever grows.
 */
import { badInput } from '../../common/errors.ts';
import { type PhantomSource, SPIN_BYTES, type SpinBlock, spinBlock } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { workPerSpin } from '../../timeline/work.ts';
import type { EngineJob } from '../types.ts';
import { MOST_SIGNAL, toUnits, unitExponent } from '../units.ts';
import { placeCurves, placedCurveBytes, sheetBytesOf } from './curve-layout.ts';
import { Arena, type JobView, type SlotView } from './layout.ts';
import type { KernelExports } from './module.ts';
import type { Program } from './program.ts';
import { placeTable, tableRoom } from './pulse-tables.ts';
import { excitationTurns, PULSE_FORM, pulseForms, STEP_BYTES, writeSteps } from './pulses.ts';
import { type AxisPlacer, axisPlacer, gridBytesOf, placedAxisBytes, placeTrains } from './train-layout.ts';
import { readWaveforms } from './waveforms.ts';

/** Accumulators take at most this; with more samples than that threads share one and add atomically. */
const ACCUMULATOR_BYTES = 512 * 2 ** 20;

/** Spins the kernels work on at a time, as in assembly/layout.ts: tiles are padded to a multiple of it. */
const PANEL = 32;

/** A WASM memory's addresses have 32 bits. */
const MEMORY_LIMIT = 65535 * 65536;

/**
 * Operations of a tile, by counting, up to which a single thread may be the calling one: with more (half a second to five) it would
 * leave signals unheard and, under MPI, the other ranks without a sign of life. Starting another costs a tenth of a second.
 */
const SHORT_TILE = 2e9;
/** What stepping in f64 takes beside lines in f32. */
const F64_WORK = 100;

export interface Sizes {
  readonly threads: number;
  /** Threads to start: all, or none where the calling one does the work. */
  readonly workers: number;
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
  program: Program,
  {
    tileSize,
    spinCount,
    tileCount,
    precision,
  }: Pick<EngineJob, 'tileSize' | 'tileCount' | 'precision'> & { readonly spinCount: number },
  wantedThreads: number,
  accumulatorBytes = ACCUMULATOR_BYTES,
): Sizes {
  const threads = Math.max(1, Math.min(wantedThreads, tileCount));
  const capacity = PANEL * Math.ceil(Math.min(tileSize, spinCount) / PANEL);
  const tileWork = capacity * workPerSpin(timeline) * (precision === 'f64' ? F64_WORK : 1);
  const workers = threads > 1 || tileWork > SHORT_TILE ? threads : 0;
  const slots = workers === 0 ? 1 : 2 * workers + 2;
  const sumBytes = 16 * timeline.sampleCount;
  const accumulators = Math.max(1, Math.min(threads, Math.floor(accumulatorBytes / sumBytes)));
  const { ops, moments, keptMoments, reads, batches, rowSamples, operators } = program;
  const arrays = [
    ops,
    moments,
    keptMoments,
    reads,
    batches,
    batches,
    rowSamples,
    operators.pulses,
    operators.operators,
    operators.plays,
    operators.terms,
    timeline.waveforms,
    timeline.points,
  ];
  const timelineBytes = arrays.reduce(
    (sum, array) => sum + array.byteLength + 256,
    3 * timeline.excitations.byteLength + Math.ceil((STEP_BYTES * operators.rfSteps.length) / STRIDE.rfStep),
  );
  const paddedPoints = 256 * (timeline.waveforms.length / STRIDE.waveform);
  const records = program.areas * program.rows * capacity * 12 + program.longest * 12 * program.rows;
  const kept = (48 * operators.operators.length + 12 * (keptMoments.length + program.areas)) * capacity;
  const tableBytes = operators.tables.reduce(
    (sum, table) => sum + 64 + (table === undefined ? 0 : tableRoom(table)),
    0,
  );
  const spreading = 2 * gridBytesOf(program) + sheetBytesOf(program.curves) * capacity;
  const scratch = threads * (56 * capacity + records + kept + spreading + 65536);
  const total =
    timelineBytes +
    paddedPoints +
    placedAxisBytes(program) +
    placedCurveBytes(program.curves) +
    tableBytes +
    accumulators * sumBytes +
    slots * capacity * SPIN_BYTES +
    scratch +
    2 ** 20;
  if (total > MEMORY_LIMIT) {
    const gib = (total / 2 ** 30).toFixed(1);
    throw badInput(
      'timeline',
      `with its sums it needs ${gib} GiB in a memory of 4 GiB`,
      'use smaller tiles or split the sequence',
    );
  }
  return { threads, workers, capacity, slots, accumulators, total };
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
export function layOut(
  { timeline, source, precision, scaleExponent }: EngineJob,
  program: Program,
  sizes: Sizes,
): Memory {
  const arena = new Arena(sizes.total);
  const job = arena.job();
  job.set('ops', arena.place(program.ops));
  job.set('opCount', program.ops.length / 2);
  job.set('moments', arena.place(program.moments));
  job.set('excitations', arena.place(excitationTurns(timeline)));
  const { operators } = program;
  const axisAt = axisPlacer(arena);
  job.set('pulses', arena.place(operators.pulses));
  const withOperators = { ...timeline, pulses: operators.pulses, rfSteps: operators.rfSteps };
  const forms = pulseForms(withOperators, source, precision);
  for (const pulse of operators.operators) forms[pulse] = PULSE_FORM.heldF64;
  job.set('pulseForms', arena.place(forms));
  const steps = arena.allocate(STEP_BYTES * (operators.rfSteps.length / STRIDE.rfStep));
  writeSteps(withOperators, source, forms, arena.memory.buffer, steps);
  job.set('steps', steps);
  job.set('operatorCount', operators.operators.length);
  job.set('plays', arena.place(operators.plays));
  job.set('terms', arena.place(operators.terms));
  job.set('keptMoments', arena.place(program.keptMoments));
  job.set('keptCount', program.keptMoments.length);
  job.set('reads', arena.place(program.reads));
  job.set('batches', placeBatches(arena, program, axisAt));
  job.set('waveforms', placeWaveforms(arena, timeline, source));
  job.set('trains', placeTrains(arena, program.trains, axisAt));
  job.set('gridBytes', gridBytesOf(program));
  job.set('curves', placeCurves(arena, program.curves));
  job.set('sheetBytes', sheetBytesOf(program.curves));
  job.set('precision', precision === 'f64' ? 64 : 32);
  job.set('capacity', sizes.capacity);
  job.set('rows', program.rows);
  job.set('areas', program.areas);
  job.set('longest', program.longest);
  job.set('slots', sizes.slots);
  job.set('accumulators', sizes.accumulators);
  job.set('atomicSums', Number(sizes.accumulators < sizes.threads));
  job.set('sampleCount', timeline.sampleCount);
  job.setScale(
    2 ** (scaleExponent + unitExponent(source)),
    MOST_SIGNAL * source.bounds.maxDensity * 2 ** scaleExponent,
  );
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

type Six = [number, number, number, number, number, number];

/** [batches][waveform, area, rows, address of its rows' first samples, address of its Lines or 0, first read, reads] */
function placeBatches(arena: Arena, { batches, rowSamples, lines }: Program, axisAt: AxisPlacer): number {
  const rows = arena.place(rowSamples);
  const placed = lines.map((own) =>
    own === undefined ? 0 : arena.place(Int32Array.of(axisAt(own.axis), arena.place(own.rate))),
  );
  const records: number[] = [];
  for (let n = 0; n < batches.length; n += 6) {
    const [waveform, area, count, first, read, reads] = Array.from(batches.subarray(n, n + 6)) as Six;
    records.push(waveform, area, count, rows + 4 * first, placed[waveform]!, read, reads);
  }
  return arena.place(Int32Array.from(records));
}

/** [waveforms][address of kx, ky, kz, t, each padded to eight samples with its last value; samples; exactEvery] */
function placeWaveforms(arena: Arena, timeline: Timeline, source: PhantomSource): number {
  const { waveforms, points } = timeline;
  const placed = readWaveforms(timeline, source);
  for (let n = 0; n < waveforms.length; n += STRIDE.waveform) {
    const [first, samples] = waveforms.subarray(n) as unknown as [number, number];
    const padded = 8 * Math.ceil(samples / 8);
    const columns = new Float64Array(STRIDE.point * padded);
    for (let i = 0; i < columns.length; i++) {
      const sample = first + Math.min(i % padded, samples - 1);
      columns[i] = points[STRIDE.point * sample + Math.floor(i / padded)]!;
    }
    placed[n] = arena.place(columns);
  }
  return arena.place(placed);
}

/** The tables of kept operators, which the kernels step once `layOut` has placed all pulses; [operators][pulse, table]. */
export function layOutTables({ arena, job }: Memory, { operators }: Program, exports: KernelExports): void {
  const entries = operators.tables.flatMap((table, n) => [
    operators.operators[n]!,
    table === undefined ? 0 : placeTable(arena, table, job.address, exports),
  ]);
  job.set('operators', arena.place(Int32Array.from(entries)));
}

/** Scratch for every thread, as large as the kernels say. */
export function layOutScratch({ arena, job }: Memory, threads: number, exports: KernelExports): void {
  // WASM hands out its 32 bits signed: tiles of millions of spins take more than 2 GiB.
  const bytes = exports.scratchBytes(job.address) >>> 0;
  const addresses = Array.from({ length: threads }, () => arena.allocate(bytes));
  job.set('scratch', arena.place(Int32Array.from(addresses)));
}

/** Copies tile `tile` of the phantom into a slot; spins beyond its end have no density. @returns nothing; throws as `source.read` does */
export function fillSlot({ source, tileSize }: EngineJob, { view, spins }: Slot, tile: number): void {
  const first = tile * tileSize;
  const count = Math.min(tileSize, source.spinCount - first);
  source.read(first, count, spins);
  toUnits(spins.density, count, source);
  const padded = PANEL * Math.ceil(count / PANEL);
  for (const column of [spins.density, spins.x, spins.y, spins.z, spins.offResonance]) column.fill(0, count, padded);
  for (const column of [spins.T1, spins.T2]) column.fill(1, count, padded);
  view.set('count', count);
}
