/**
 * The kernels' memory for a run: the timeline in the kernels' units, the ring of tiles, the sums,
 * and each thread's scratch. It is laid out before it is made, so that `larmor plan` knows its
 * exact size and nothing ever grows.
 */

import {
  Batch,
  KernelContext,
  LookUp,
  Operator,
  PANEL,
  PULSE,
  Pulse,
  Sense,
  Slot as SlotRecord,
  Start,
  SUMS,
  Trajectory,
} from '../../abi/abi.generated.ts';
import { Arena, KERNEL_DATA } from '../../abi/arena.ts';
import { recordList, setField, type Values, writeRecord } from '../../abi/records.ts';
import { badInput } from '../../base/errors.ts';
import { warn } from '../../base/log.ts';
import { modelColumns } from '../../phantom/columns.ts';
import { readInitial } from '../../phantom/initial.ts';
import { channelsOf, type PhantomSource, SPIN_BYTES, type SpinBlock, spinBlock } from '../../phantom/types.ts';
import { roughCost } from '../../program/cost.ts';
import { placeDriftTable } from '../../program/pulses/drift-table-fill.ts';
import {
  excitationRecords,
  modelPulseForms,
  pulseForms,
  stepRecords,
  stepTerms,
} from '../../program/pulses/stepped.ts';
import { placeTable } from '../../program/pulses/table.ts';
import { exactIntervals } from '../../program/readouts/direct.ts';
import { changeOf, chunkTerms } from '../../program/sense.ts';
import { trajectoryAt } from '../../program/trajectory.ts';
import type { Program } from '../../program/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { OpRange } from '../../timeline/windows.ts';
import type { TileSpins } from '../tile-cut.ts';
import type { EngineJob } from '../types.ts';
import { largestShare, MOST_SIGNAL, toUnits, unitExponent } from '../units.ts';
import { type KernelExports, type Kernels, probeOf } from './module.ts';

/** Largest memory of the accumulators; with more samples threads share one and add atomically. */
const ACCUMULATOR_BYTES = 512 * 2 ** 20;

/** A WASM memory's addresses have 32 bits. */
const MEMORY_LIMIT = 65535 * 65536;

/**
 * Counted operations of a tile up to which the calling thread may simulate it: with more (half a
 * second to five) it could not handle signals or send heartbeats meanwhile. Starting another thread
 * costs a tenth of a second.
 */
const SHORT_TILE = 6e9;
/** Cost of stepping in f64 relative to lines in f32. */
const F64_WORK = 100;

export interface Sizes {
  readonly threads: number;
  /** Threads to start: all, or none where the calling one does the work. */
  readonly workers: number;
  /** Spins a slot holds: the tile, rounded up to the widest panel. */
  readonly capacity: number;
  readonly slots: number;
  readonly accumulators: number;
}

/** Bytes of one accumulator. */
const sumBytesOf = ({ sampleCount }: Timeline, source: PhantomSource): number => 16 * sampleCount * channelsOf(source);

function sizesOf(
  { timelines: [timeline], source, tileSize, tileCount, precision }: EngineJob,
  program: Program,
  wantedThreads: number,
  accumulatorBytes = ACCUMULATOR_BYTES,
): Sizes {
  const threads = Math.max(1, Math.min(wantedThreads, tileCount));
  const capacity = PANEL * Math.ceil(Math.min(tileSize, source.spinCount) / PANEL);
  const stepped = roughCost(timeline, source.model) * (precision === 'f64' ? F64_WORK : 1);
  const tileWork = capacity * (precision === 'f64' || program.isModelled ? stepped : Math.min(stepped, program.cost));
  const workers = threads > 1 || tileWork > SHORT_TILE ? threads : 0;
  const slots = workers === 0 ? 1 : 2 * workers + 2;
  const accumulators = Math.max(1, Math.min(threads, Math.floor(accumulatorBytes / sumBytesOf(timeline, source))));
  return { threads, workers, capacity, slots, accumulators };
}

export interface Slot {
  readonly address: number;
  readonly spins: SpinBlock;
  /**
   * [capacity][x, y, z]: the initial magnetisation, and at the end the final one if it is wanted.
   */
  readonly magnetization: Float64Array | undefined;
}

export interface Memory {
  readonly memory: WebAssembly.Memory;
  /** Addresses of the KernelContext, and of a Start for each worker. */
  readonly job: number;
  readonly starts: readonly number[];
  readonly slots: readonly Slot[];
  /**
   * [channels][sampleCount][re, im] of the first accumulator, to which the kernels add the others.
   */
  readonly sums: BigInt64Array;
}

export interface Layout {
  readonly sizes: Sizes;
  /** Exact size of the shared memory. */
  readonly bytes: number;
  /** Makes the memory and writes everything in but the tables. */
  make(): Memory;
  /** Has the kernels compose the pulses that are looked up in tables. */
  fillTables(memory: Memory, exports: KernelExports): void;
}

interface LayoutOptions {
  readonly threads: number;
  readonly accumulatorBytes?: number;
}

/**
 * Layout for as many of the threads as fit into a WASM memory. Tiles are not made smaller instead,
 * because sums must not depend on the number of threads.
 * @throws LarmorError 65 if timeline and sums need more than its 4 GiB for a single thread
 */
export function layOut(engineJob: EngineJob, program: Program, kernels: Kernels, options: LayoutOptions): Layout {
  const whole = layOutFor(engineJob, program, kernels, options);
  let layout = whole;
  while (layout.bytes > MEMORY_LIMIT) {
    const { threads } = layout.sizes;
    if (threads === 1) throw tooLarge(layout.bytes, program.timeline, channelsOf(engineJob.source));
    // As part of the memory does not depend on the number of threads, this estimate may still be
    // too large, but never too small.
    const fitting = Math.floor((threads * MEMORY_LIMIT) / layout.bytes);
    const fewer = Math.max(1, Math.min(threads - 1, fitting));
    layout = layOutFor(engineJob, program, kernels, { ...options, threads: fewer });
  }
  if (layout !== whole) warn(fewerThreads(layout.sizes.threads, whole.sizes.threads));
  return layout;
}

const fewerThreads = (threads: number, wanted: number): string =>
  `${threads} of ${wanted} threads are used: the tiles of more do not fit into the 4 GiB of one process; ` +
  'start several ranks with fewer threads each, or give smaller tiles with --tile';

function layOutFor(engineJob: EngineJob, program: Program, kernels: Kernels, options: LayoutOptions): Layout {
  const { source } = engineJob;
  const { timeline } = program;
  const sizes = sizesOf(
    engineJob,
    program,
    engineJob.floatSums === true ? 1 : options.threads,
    options.accumulatorBytes,
  );
  const arena = new Arena();
  const job = arena.reserve(KernelContext.bytes);
  const sumBytes = sumBytesOf(timeline, source);
  const extra = modelColumns(source.model).total;
  const sums = arena.reserve(sumBytes * sizes.accumulators);
  const slots = recordList(SlotRecord, sizes.slots);
  for (let n = 0; n < sizes.slots; n++) {
    const spins = arena.reserve(sizes.capacity * (SPIN_BYTES + 4 * extra));
    const states = hasStates(engineJob) ? arena.reserve(24 * sizes.capacity) : 0;
    slots.push({
      ...{ spins, fieldRatio: timeline.B0 / source.B0 },
      magnetization: engineJob.onMagnetization === undefined ? 0 : states,
      initial: source.initial === undefined ? 0 : states,
      ...{ count: 0, done: 0, firstOp: 0, opCount: 0 },
    });
  }
  const slotTable = arena.list(slots);
  const tables = program.operators.tables.map((table) => (table === undefined ? undefined : placeTable(arena, table)));
  const { lookUps, driftTables } = placeLookUps(arena, program);
  const values: Values<typeof KernelContext> = {
    ...placeProgram(arena, engineJob, program),
    operators: arena.records(
      Operator,
      tables.map((table, n) => ({ pulse: program.operators.operators[n], table: table?.address ?? 0 })),
    ),
    operatorCount: program.operators.cached,
    lookUps,
    ...{ precision: engineJob.precision === 'f64' ? 64 : 32, use256: Number(kernels.build === 'wide') },
    ...{ capacity: sizes.capacity, slots: sizes.slots, slotTable },
    ...{ sums, accumulators: sizes.accumulators },
    sumsKind: engineJob.floatSums === true ? SUMS.FLOAT : sizes.accumulators < sizes.threads ? SUMS.SHARED : SUMS.OWN,
    ...{ sampleCount: timeline.sampleCount, channels: channelsOf(source) },
    ...{ scratch: 0, filled: 0, next: 0, finished: 0, stop: 0, failed: 0 },
    scale: 2 ** (engineJob.scaleExponent + unitExponent(source)),
    largest: MOST_SIGNAL * largestShare(source) * 2 ** engineJob.scaleExponent,
  };
  const scratchBytes = scratchOf(values, kernels);
  const scratch = Array.from({ length: sizes.threads }, () => arena.reserve(scratchBytes));
  arena.fill(job, KernelContext, { ...values, scratch: arena.place(Uint32Array.from(scratch)) });
  const starts = Array.from({ length: sizes.workers }, (_, thread) =>
    arena.record(Start, { job, thread, error: 0, tid: 0 }),
  );
  return {
    sizes,
    bytes: arena.bytes,
    make() {
      const memory = arena.make();
      const { buffer } = memory;
      const filled = Array.from({ length: sizes.slots }, (_, n) => ({
        address: slotTable + SlotRecord.bytes * n,
        spins: spinBlock(sizes.capacity, { buffer, byteOffset: slots.get(n, 'spins'), extra }),
        magnetization: hasStates(engineJob)
          ? new Float64Array(buffer, slots.get(n, 'magnetization') || slots.get(n, 'initial'), 3 * sizes.capacity)
          : undefined,
      }));
      return { memory, job, starts, slots: filled, sums: new BigInt64Array(buffer, sums, sumBytes / 8) };
    },
    fillTables({ memory }, exports) {
      for (const table of [...tables, ...driftTables]) table?.fill(memory.buffer, job, exports);
    },
  };
}

function tooLarge(bytes: number, { sampleCount }: Timeline, coils: number): Error {
  const sums = `the sums of its ${sampleCount} samples${coils > 1 ? ` and ${coils} coils` : ''}`;
  return badInput(
    'timeline',
    `with ${sums} it needs ${(bytes / 2 ** 30).toFixed(1)} GiB in a memory of 4 GiB`,
    `use smaller tiles${coils > 1 ? ', fewer coils' : ''} or split the sequence`,
  );
}

/**
 * Whether slots hold the magnetisation of their spins: the initial one, the final one, or both in
 * one place.
 */
const hasStates = ({ onMagnetization, source }: EngineJob): boolean =>
  onMagnetization !== undefined || source.initial !== undefined;

/** Bytes of scratch that each thread needs, as the kernels say. */
function scratchOf(values: Values<typeof KernelContext>, kernels: Kernels): number {
  const { memory, exports } = probeOf(kernels);
  writeRecord(new DataView(memory.buffer), KERNEL_DATA, KernelContext, values);
  return exports.scratchBytes(KERNEL_DATA);
}

/** What the program is made of, placed. */
function placeProgram(arena: Arena, { source, precision }: EngineJob, program: Program) {
  const { timeline, operators, precessions, cachedPrecessions } = program;
  const { transmits = 0, coils = 0, coilSets = 1, nodes = 0, fields } = source.model ?? {};
  const { pulses, rfSteps, rfStepTerms } = operators;
  const withOperators = { ...timeline, pulses, rfSteps, rfStepTerms };
  const forms = program.isModelled
    ? modelPulseForms(withOperators, source, precision)
    : pulseForms(withOperators, source, precision);
  for (const pulse of [...operators.operators, ...operators.extents.keys()]) forms[pulse] = PULSE.HELD_F64;
  return {
    ops: arena.list(program.ops),
    ...{ isModelled: Number(program.isModelled), phaseTerms: timeline.terms, transmits, coils, coilSets, nodes },
    fieldWidth: fields?.largest.length ?? 0,
    precessions: arena.place(precessions),
    excitations: arena.list(excitationRecords(timeline)),
    pulses: placePulses(arena, operators.pulses),
    pulseForms: arena.place(forms),
    steps: arena.list(stepRecords(withOperators, source, forms, operators.extents)),
    stepTerms: arena.place(stepTerms(withOperators)),
    operatorUses: arena.list(operators.operatorUses),
    terms: arena.list(operators.terms),
    cachedPrecessions: arena.place(cachedPrecessions),
    cachedCount: cachedPrecessions.length,
    lineRuns: arena.list(program.lineRuns),
    batches: placeBatches(arena, program),
    trajectories: placeTrajectories(arena, program, source),
    senses: placeSenses(arena, timeline),
    ...{ nufft2d1s: 0, nufft2d3s: 0, lines: 0, ...program.lower(arena) },
    ...program.scratch,
    ...{ bufferLines: program.lines, buffers: program.buffers, longest: program.longest },
  };
}

function placePulses(arena: Arena, pulses: Float64Array): number {
  const records = recordList(Pulse, pulses.length / STRIDE.pulse);
  for (let n = 0; n < pulses.length; n += STRIDE.pulse) {
    const [firstStep, steps, offset, duration] = pulses.subarray(n) as unknown as [number, number, number, number];
    records.push({ firstStep, steps, offset, duration });
  }
  return arena.list(records);
}

/** Excitations that are looked up, and the tables that several share. */
function placeLookUps(arena: Arena, { operators }: Program) {
  const driftTables = new Map(
    [...new Set(operators.lookUps.map(({ table }) => table))].map((table) => [table, placeDriftTable(arena, table)]),
  );
  const weights = (list: Float64Array, hertz: number): number =>
    arena.place(Float64Array.of(...list.subarray(0, 3), hertz, ...list.subarray(3)));
  const lookUps = arena.records(
    LookUp,
    operators.lookUps.map(({ excitation, table, rates, offset, operator = 0 }) => ({
      ...{ excitation, operator, table: driftTables.get(table)!.address, shift: -offset - table.range.low },
      ...{ middle: weights(rates.middle, 1), slope: weights(rates.slope, 0) },
    })),
  );
  return { lookUps, driftTables: [...driftTables.values()] };
}

function placeBatches(arena: Arena, { batches, firstSamples, placeBatchData }: Program): number {
  const targets = arena.place(firstSamples);
  const dataOf = placeBatchData(arena);
  return arena.records(
    Batch,
    batches.map(({ trajectory, buffer, lines, first, firstRun, lineRuns }) => ({
      ...{ trajectory, buffer, lineCount: lines, firstSamples: targets + 4 * first },
      ...{ nufft1d1: dataOf(trajectory), firstRun, lineRuns },
    })),
  );
}

function placeSenses(arena: Arena, { senses }: Timeline): number {
  const records = recordList(Sense, senses.length / STRIDE.sense);
  for (let n = 0; n < senses.length; n += STRIDE.sense) {
    const [set, terms, start, step] = senses.subarray(n) as unknown as [number, number, number, number];
    records.push({ set, terms, start, step, chunkTerms: chunkTerms(changeOf(senses.subarray(n))) });
  }
  return arena.list(records);
}

/** Columns kx, ky, kz, t and the phase terms, each padded to eight samples with its last value. */
function placeTrajectories(arena: Arena, { timeline, isModelled }: Program, source: PhantomSource): number {
  const { trajectories, sampleTerms, terms } = timeline;
  const exactEvery = isModelled ? undefined : exactIntervals(timeline, source);
  const records = recordList(Trajectory, trajectories.length / STRIDE.trajectory);
  for (let n = 0; n < trajectories.length / STRIDE.trajectory; n++) {
    const [first, samples] = trajectories.subarray(STRIDE.trajectory * n) as unknown as [number, number];
    const padded = 8 * Math.ceil(samples / 8);
    const columns = new Float64Array((STRIDE.sample + terms) * padded);
    for (let i = 0; i < columns.length; i++) {
      const sample = first + Math.min(i % padded, samples - 1);
      const column = Math.floor(i / padded);
      columns[i] =
        column < STRIDE.sample
          ? timeline.samples[STRIDE.sample * sample + column]
          : sampleTerms[terms * sample + column - STRIDE.sample];
    }
    records.push({
      points: arena.place(columns),
      samples,
      exactEvery: exactEvery?.[n] ?? Number(!trajectoryAt(timeline, n).isUniform),
    });
  }
  return arena.list(records);
}

/**
 * Copies a tile's spins into a slot; those beyond its end have no density. Throws as `source.read`
 * does.
 */
export function fillSlot(
  source: PhantomSource,
  memory: ArrayBufferLike,
  { address, spins, magnetization }: Slot,
  { first, count }: TileSpins,
  { first: firstOp, count: opCount }: OpRange,
): void {
  source.read(first, count, spins);
  toUnits(spins.density, count, source);
  if (source.initial !== undefined) {
    readInitial(source, first, count, magnetization!);
    toUnits(magnetization!, 3 * count, source);
  }
  const padded = PANEL * Math.ceil(count / PANEL);
  const { density, x, y, z, offResonance, extra = [] } = spins;
  for (const column of [density, x, y, z, offResonance, ...extra]) column.fill(0, count, padded);
  for (const column of [spins.T1, spins.T2]) column.fill(1, count, padded);
  for (const [field, value] of Object.entries({ count, firstOp, opCount }))
    setField(memory, address, SlotRecord, field as 'count', value);
}
