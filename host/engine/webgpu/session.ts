/**
 * A timeline on one device: uploaded tables, buffers for a batch of tiles, and the repeated
 * operation: send a batch of spins, submit its commands, and get its integer sums back. Two batches
 * may be in progress, so that the card is busy while the host reads the next spins and adds the
 * last sums.
 */
import { EXIT, LarmorError, usage } from '../../base/errors.ts';
import { type PhantomBounds, SPIN_BYTES } from '../../phantom/types.ts';
import type { Timeline } from '../../timeline/types.ts';
import { MOST_SIGNAL, unitExponent } from '../units.ts';
import { type CommandList, makeCommandList, type PartBuffers, submitCommands } from './command-list.ts';
import { compileKernels, type OpenDevice } from './kernels.ts';
import { phaseUnits } from './phase.ts';
import { measureRate } from './probe.ts';
import { buildProgram } from './program.ts';
import { type PulseTable, pulseTable } from './pulses.ts';
import { type BatchShape, costPerSpin, DISPATCH_SECONDS, foldDispatches, sectionDispatches } from './schedule.ts';
import type { Form, Section } from './section.ts';

/** Everything of a job but the spins. */
export interface SessionJob {
  readonly timeline: Timeline;
  readonly bounds: PhantomBounds;
  /** Scanner's B0 over the phantom's. */
  readonly fieldRatio: number;
  readonly tileSize: number;
  readonly tileCount: number;
  readonly scaleExponent: number;
  /** Most tiles of a batch; default: as many as fit memory and a few seconds. */
  readonly batchTiles?: number;
}

export interface Session {
  /** Spins from one tile of a batch to the next: the tile and its padding. */
  readonly tileStride: number;
  /** Tiles that fit in a batch; its spins are sent as eight columns of batchTiles·tileStride. */
  readonly batchTiles: number;
  /**
   * Queues a batch; the spins have been taken over when it returns. Resolves with the sums of its
   * signal, in order of calls: per section [sample][re low, re high, im low, im high] after 4
   * words.
   * @throws NotFinite
   */
  simulate(spins: Uint8Array, tiles: number): Promise<readonly Uint32Array[]>;
  /** First samples of the sections whose sums `simulate` gives. */
  readonly sectionSamples: readonly number[];
  close(): void;
}

/** A tile of a batch whose signal was not finite. */
export class NotFinite extends Error {
  /** Counted from the batch's first. */
  readonly tile: number;
  constructor(tile: number) {
    super(`tile ${tile} of the batch is not finite`);
    this.tile = tile;
  }
}

/** Spins a workgroup sums at most: more would lose digits in f32, fewer spend time on the sums. */
const LARGEST_CHUNK = 1024;
/** Whole panels of the matrix kernel, twice over. */
const CHUNK_UNIT = 32;

/**
 * Readout starts are the largest buffer; with more than this, more spins do not make any card
 * faster.
 */
const LARGEST_STARTS = 2 ** 28;
const LARGEST_BATCH = 2 ** 20;
/**
 * Planned durations of a batch and of a submission [s]: a stop signal waits for the former, the
 * time limits of drivers apply to the latter.
 */
const BATCH_SECONDS = 3;
const SUBMIT_SECONDS = 0.25;
/** Share of the measured rate that plans count on. */
const EXPECTED_SHARE = 0.25;

const BATCHES_UNDER_WAY = 2;

/** How the spins of a batch lie on the device. */
interface BatchPlan {
  /** Spins that a workgroup sums, and how many such chunks a tile has. */
  readonly chunk: number;
  readonly chunksPerTile: number;
  readonly tileStride: number;
  readonly batchTiles: number;
  /** Spins of a batch. */
  readonly capacity: number;
  /** Readouts whose starts are stored at once, and operators of folded pulses. */
  readonly slots: number;
  readonly operators: number;
}

/** @throws LarmorError 2 when a tile or readout does not fit the device */
function planBatch(
  job: SessionJob,
  sections: readonly Section[],
  pulses: PulseTable,
  limits: GPUSupportedLimits,
  operationsPerSecond: number,
): BatchPlan {
  const chunksPerTile = Math.ceil(job.tileSize / LARGEST_CHUNK);
  const chunk = CHUNK_UNIT * Math.ceil(job.tileSize / chunksPerTile / CHUNK_UNIT);
  const tileStride = chunk * chunksPerTile;
  const slots = Math.max(1, ...sections.map(mostSlots));
  const operators = Math.max(1, pulses.kept.length);
  const bindable = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const largest = Math.max(...sections.map(sectionBytes));
  if (largest > bindable)
    throw usage(`a readout needs ${largest} bytes in one GPU buffer, which holds ${bindable}`, 'use --engine wasm');
  const perSpin = Math.max(8 * slots, 48 * operators, SPIN_BYTES);
  const fitting = Math.min(LARGEST_BATCH, Math.floor(Math.min(bindable, LARGEST_STARTS) / perSpin));
  const affordable = (BATCH_SECONDS * operationsPerSecond) / costPerSpin(sections, pulses);
  if (tileStride * perSpin > bindable)
    throw usage(`a tile of ${job.tileSize} spins does not fit this GPU's buffers`, 'give a smaller --tile');
  const most = Math.min(job.tileCount, job.batchTiles ?? job.tileCount);
  const batchTiles = Math.max(1, Math.min(most, Math.floor(Math.min(fitting, affordable) / tileStride)));
  return { chunk, chunksPerTile, tileStride, batchTiles, capacity: batchTiles * tileStride, slots, operators };
}

/**
 * Buffers of a batch, and the program's tables.
 * @throws LarmorError 70 when the device has no room for them
 */
async function allocate(
  { device, flags }: OpenDevice,
  sections: readonly Section[],
  pulses: PulseTable,
  { capacity, slots, operators }: BatchPlan,
) {
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = flags.usage;
  device.pushErrorScope('out-of-memory');
  const made: GPUBuffer[] = [];
  const destroy = (): void => {
    for (const each of made) each.destroy();
  };
  const buffer = (size: number, usage: number): GPUBuffer => {
    const one = device.createBuffer({ size: Math.max(64, 4 * Math.ceil(size / 4)), usage });
    made.push(one);
    return one;
  };
  const table = (words: Uint32Array): GPUBuffer => {
    const one = buffer(words.byteLength, STORAGE | COPY_DST);
    if (words.length > 0) device.queue.writeBuffer(one, 0, words as Uint32Array<ArrayBuffer>);
    return one;
  };
  const shared = {
    spins: buffer(SPIN_BYTES * capacity, STORAGE | COPY_DST),
    state: buffer(16 * capacity, STORAGE),
    operatorTable: buffer(48 * operators * capacity, STORAGE),
    starts: buffer(8 * slots * capacity, STORAGE),
    steps: table(pulses.words),
  };
  const onDevice = sections.map((section) => ({
    section,
    records: table(section.records),
    lines: table(section.lines),
    waves: table(section.waves),
    points: table(section.points),
    sums: buffer(sumBytes(section), STORAGE | COPY_SRC | COPY_DST),
    back: Array.from({ length: BATCHES_UNDER_WAY }, () => buffer(sumBytes(section), MAP_READ | COPY_DST)),
  }));
  const shortage = await device.popErrorScope();
  if (shortage) {
    destroy();
    throw new LarmorError(
      EXIT.internal,
      `the GPU has no room for this run (${shortage.message}); give a smaller --tile`,
    );
  }
  return { ...shared, onDevice, destroy };
}

/** Constants that the kernels are compiled with. */
function kernelConstants(
  job: SessionJob,
  scale: ReturnType<typeof phaseUnits>['scale'],
  { capacity, chunk, chunksPerTile }: BatchPlan,
) {
  const [x, y, z, w] = scale;
  const place = { CAPACITY: capacity, SCALE_X: x, SCALE_Y: y, SCALE_Z: z, SCALE_W: w };
  const sum = {
    SCALE_EXPONENT: job.scaleExponent + unitExponent(job),
    LARGEST: MOST_SIGNAL * chunk * job.bounds.maxDensity * 2 ** -unitExponent(job),
    CHUNK: chunk,
    CHUNKS_PER_TILE: chunksPerTile,
  };
  return { walk: place, read: { ...place, ...sum } };
}

/**
 * @throws LarmorError 2 when a tile or readout does not fit the device, 70 when its memory is not
 * enough
 */
export async function openSession(open: OpenDevice, job: SessionJob): Promise<Session> {
  const { device, flags } = open;
  const units = phaseUnits(job.bounds, job.fieldRatio);
  const pulses = pulseTable(job.timeline, job.bounds, units);
  const sections = buildProgram(job.timeline, pulses, units);
  const operationsPerSecond = EXPECTED_SHARE * (await measureRate(open));
  const plan = planBatch(job, sections, pulses, device.limits, operationsPerSecond);
  const { chunksPerTile, tileStride, batchTiles } = plan;

  const forms = new Set<Form>(
    sections.flatMap(({ ranges }) => ranges.flatMap(({ groups }) => groups.map((g) => g.form))),
  );
  const constants = kernelConstants(job, units.scale, plan);
  const kernels = await compileKernels(device, forms, pulses.kept.length > 0, constants);
  const { spins, state, operatorTable, starts, steps, onDevice, destroy } = await allocate(
    open,
    sections,
    pulses,
    plan,
  );

  /**
   * The last batch of a run may hold fewer tiles than the others, and then has other dispatches.
   */
  let commands: CommandList | undefined;
  const commandsFor = (tiles: number): CommandList => {
    if (commands?.tiles === tiles) return commands;
    commands?.parameters.destroy();
    const shape: BatchShape = { spins: tiles * tileStride, chunks: tiles * chunksPerTile };
    const limit = DISPATCH_SECONDS * operationsPerSecond;
    commands = makeCommandList(open, kernels, tiles, [
      { buffers: batchBuffers(onDevice[0]), dispatches: [...foldDispatches(pulses, shape, limit)] },
      ...onDevice.map((on, n) => ({
        buffers: batchBuffers(on),
        dispatches: [...sectionDispatches(on.section, n === 0, shape, limit)],
      })),
    ]);
    return commands;
  };
  const batchBuffers = ({ records, lines, waves, points, sums }: (typeof onDevice)[number]): PartBuffers => ({
    walk: [spins, state, records, steps, operatorTable, starts],
    read: [spins, starts, sums, lines, waves, points],
  });

  let batch = 0;
  return {
    tileStride,
    batchTiles,
    sectionSamples: sections.map(({ firstSample }) => firstSample),

    async simulate(columns, tiles) {
      const turn = batch++ % BATCHES_UNDER_WAY;
      device.queue.writeBuffer(spins, 0, columns as Uint8Array<ArrayBuffer>);
      const clear = device.createCommandEncoder();
      for (const { sums } of onDevice) clear.clearBuffer(sums);
      device.queue.submit([clear.finish()]);
      submitCommands(device, kernels, commandsFor(tiles), SUBMIT_SECONDS * operationsPerSecond);
      const copy = device.createCommandEncoder();
      for (const { section, sums, back } of onDevice)
        copy.copyBufferToBuffer(sums, 0, back[turn], 0, sumBytes(section));
      device.queue.submit([copy.finish()]);

      const backs = onDevice.map(({ back }) => back[turn]);
      await Promise.all(backs.map((back) => back.mapAsync(flags.map.READ)));
      const results = backs.map((back) => new Uint32Array(back.getMappedRange()).slice());
      for (const back of backs) back.unmap();
      const failed = Math.max(...results.map((words) => words[0]));
      if (failed !== 0) throw new NotFinite(~failed >>> 0);
      return results;
    },

    close() {
      commands?.parameters.destroy();
      destroy();
      device.destroy();
    },
  };
}

const sumBytes = ({ samples }: Section): number => 16 + 16 * samples;
const mostSlots = ({ ranges }: Section): number =>
  ranges.reduce(
    (most, { groups }) =>
      Math.max(
        most,
        groups.reduce((sum, { lines }) => sum + lines, 0),
      ),
    0,
  );
const sectionBytes = (section: Section): number =>
  Math.max(sumBytes(section), section.points.byteLength, section.records.byteLength, section.waves.byteLength);
