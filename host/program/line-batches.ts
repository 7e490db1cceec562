/**
 * Lines of one trajectory that are summed together, by a product of matrices or by transforms:
 * their magnetisation at the first samples is written into the lines of a buffer, from one window
 * or several, until the buffer is full and its batch is summed.
 */
import { type LineRun, OP, type Op } from '../abi/abi.generated.ts';
import type { RecordList } from '../abi/records.ts';
import { arrayBuilder, type RecordTable } from '../timeline/intern.ts';
import type { WindowReadout } from '../timeline/windows.ts';
import type { Context } from './method.ts';
import { trajectoryAt } from './trajectory.ts';

/**
 * Lines that a trajectory must have in all coils together for the matrix product to repay the
 * computation of its matrix.
 */
const FEWEST_LINES = 4;
/** Lines past this repay the matrix no better. */
const MOST_LINES = 128;
/** Most lines in all coils together: their products then stay in the second-level cache. */
const MOST_COIL_LINES = 256;
/**
 * Samples of a line: a step of the matrix is eight samples. Equally spaced samples are a geometric
 * series in steps of twelve, which would lose accuracy over longer lines.
 */
const SHORTEST_LINE = 8;
const LONGEST_LINE = 2048;
/**
 * Trajectories recorded at a time: EPI has two, its blips three; more would only split the cache.
 */
const MOST_BUFFERS = 4;
/**
 * Line starts of one buffer [bytes]: more than a second-level cache holds, for they stream, which
 * costs less than a matrix filled again for every few lines (EPI in tiles of 4096: 3.6e9
 * spin·samples/s with 1 MB, 4.4e9 with 4).
 */
const BUFFER_BYTES = 2 ** 22;
/**
 * [kx, ky, kz, t] by which lines may deviate from equal spacing: a billionth of a turn over 1 m or
 * at 10 kHz.
 */
const SPACING = [1e-9, 1e-9, 1e-9, 1e-13] as const;
/** Turns by which a phase term of the spin that has most of it may. */
const TERM_SPACING = 1e-9;
/**
 * Lines of one window that are summed at its end instead of joining a batch over several windows:
 * their first samples then need no buffer but are formed panel by panel. That saves 3.4 % of the
 * time; a matrix filled for 48 lines instead of 128 costs as much.
 */
const FEWEST_OF_WINDOW = 48;

/**
 * Whether the lines of a trajectory may be summed in batches: in f32, for spins whose columns do
 * not change.
 */
export function canBatch({ timeline, precision, source, coils, uses }: Context, trajectory: number): boolean {
  const { samples } = trajectoryAt(timeline, trajectory);
  const lines = uses[trajectory] * Math.max(1, coils);
  const fits = samples >= SHORTEST_LINE && samples <= LONGEST_LINE;
  return precision === 'f32' && isHeld(source) && lines >= FEWEST_LINES && fits;
}

/** Whether no column changes during the scan, as those of moving spins do. */
const isHeld = ({ model }: Context['source']): boolean =>
  model === undefined || (model.nodes === 0 && model.fields === undefined && (model.coilSets ?? 1) === 1);

/** Lines among which what a batch costs is shared. */
export const linesPerBatch = (context: Context, trajectory: number): number =>
  Math.max(1, Math.min(mostLines(context), context.uses[trajectory]));

/** Lines that a buffer holds at most. */
function mostLines({ coils, tileSize }: Context): number {
  const ofCoils = coils === 0 ? MOST_LINES : Math.max(4, Math.floor(MOST_COIL_LINES / coils));
  return Math.max(4, Math.min(MOST_LINES, ofCoils, Math.floor(BUFFER_BYTES / (12 * tileSize))));
}

export interface Batch {
  readonly trajectory: number;
  readonly buffer: number;
  readonly lines: number;
  /** First index into `firstSamples`. */
  readonly first: number;
  /**
   * The first line run that is sampled when the batch is summed, and their number; 0: the buffer is
   * filled before.
   */
  readonly firstRun: number;
  readonly lineRuns: number;
}

export interface LineBatches {
  /** Lines that a batch holds at most, a multiple of 4. */
  readonly capacity: number;
  add(readout: WindowReadout): void;
  /** Before the magnetisation changes: line starts are formed from it. */
  endWindow(): void;
  /** Sums what is left. */
  end(): void;
  /**
   * Results: the batches; the first sample of every line of every batch; buffers in use; lines per
   * buffer (a multiple of 4).
   */
  finish(): {
    readonly batches: readonly Batch[];
    readonly firstSamples: Int32Array;
    readonly buffers: number;
    readonly lines: number;
  };
}

/** Lines of one trajectory on their way into a batch. */
interface OpenBatch {
  readonly trajectory: number;
  /** First sample of every line. */
  readonly samples: number[];
  /**
   * The last of these lines, those of this window, in runs of equally spaced ones; not in the
   * program yet.
   */
  readonly runs: WindowReadout[][];
}

export interface ProgramParts {
  readonly ops: RecordList<typeof Op>;
  readonly precessions: RecordTable;
  readonly lineRuns: RecordList<typeof LineRun>;
}

/** [trajectories] whether lines may be batched, and whether batches are matrix products. */
interface Batched {
  readonly isBatched: readonly boolean[];
  readonly isProduct: readonly boolean[];
}

export function lineBatches(parts: ProgramParts, context: Context, batched: Batched): LineBatches {
  const { ops } = parts;
  const capacity = batchCapacity(context, batched);
  const spacing = [...SPACING, ...(context.source.model?.largest.terms ?? []).map((q) => TERM_SPACING / q)];
  const batches: Batch[] = [];
  const firstSamples = arrayBuilder(Int32Array);
  /** By buffer: what is being recorded there. */
  const open: (OpenBatch | undefined)[] = [];

  const sampleStarts = (buffer: number, batch: OpenBatch): void => {
    const [first, count] = writeRuns(parts, buffer, batch);
    for (let n = first; n < first + count; n++) ops.push({ kind: OP.SAMPLE_LINE_STARTS, index: n });
  };
  const sumBatch = (buffer: number, batch: OpenBatch): void => {
    const { trajectory, samples, runs } = batch;
    const isOfWindow = countOf(runs) === samples.length;
    if (!isOfWindow) sampleStarts(buffer, batch);
    ops.push({ kind: OP.SUM_BATCH, index: batches.length });
    const [firstRun, count] = isOfWindow ? writeRuns(parts, buffer, batch) : [0, 0];
    const lines = samples.length;
    batches.push({ trajectory, buffer, lines, first: firstSamples.length, firstRun, lineRuns: count });
    for (const sample of samples) firstSamples.push(sample);
    open[buffer] = undefined;
  };
  /**
   * The buffer where lines of this trajectory are recorded: its own, a free one, or the fullest,
   * whose batch is summed.
   */
  const bufferFor = (trajectory: number): number => {
    const own = open.findIndex((batch) => batch?.trajectory === trajectory);
    if (own >= 0) return own;
    let buffer = open.indexOf(undefined);
    if (buffer < 0 && open.length < MOST_BUFFERS) buffer = open.length;
    if (buffer < 0) {
      const full = open as OpenBatch[];
      buffer = full.reduce((most, { samples }, n) => (samples.length > full[most].samples.length ? n : most), 0);
      sumBatch(buffer, full[buffer]);
    }
    open[buffer] = { trajectory, samples: [], runs: [] };
    return buffer;
  };
  const forEachOpen = (act: (buffer: number, batch: OpenBatch) => void): void =>
    open.forEach((batch, buffer) => {
      if (batch !== undefined) act(buffer, batch);
    });

  return {
    capacity,
    add(readout) {
      const buffer = bufferFor(readout.trajectory);
      const batch = open[buffer]!;
      const run = batch.runs.at(-1);
      if (run !== undefined && continues(run, readout, spacing)) run.push(readout);
      else batch.runs.push([readout]);
      batch.samples.push(readout.firstSample);
      if (batch.samples.length === capacity) sumBatch(buffer, batch);
    },
    endWindow: () =>
      forEachOpen((buffer, batch) => {
        const lines = countOf(batch.runs);
        if (lines === batch.samples.length && lines >= FEWEST_OF_WINDOW) sumBatch(buffer, batch);
        else sampleStarts(buffer, batch);
      }),
    end: () => forEachOpen(sumBatch),
    finish: () => ({
      batches,
      firstSamples: firstSamples.finish(),
      buffers: open.length,
      lines: open.length === 0 ? 0 : capacity,
    }),
  };
}

/** Lines of a batch at most, a multiple of 4. */
function batchCapacity(context: Context, { isBatched, isProduct }: Batched): number {
  const most = context.uses.reduce(
    (most, lines, trajectory) => (isBatched[trajectory] ? Math.max(most, lines) : most),
    0,
  );
  const rows = isProduct.includes(true) ? context : { ...context, coils: 0 };
  return 4 * Math.ceil(Math.min(mostLines(rows), most) / 4);
}

/**
 * Puts the lines of a buffer that are not in the program yet into its line runs. @returns [first
 * of them, how many]
 */
function writeRuns(
  { precessions, lineRuns }: ProgramParts,
  buffer: number,
  { trajectory, samples, runs }: OpenBatch,
): [number, number] {
  const first = lineRuns.length;
  let line = samples.length - countOf(runs);
  for (const run of runs) {
    const [start, next] = run as [WindowReadout, WindowReadout | undefined];
    const step =
      next === undefined ? 0 : precessions.intern(next.encoding.map((value, i) => value - start.encoding[i]));
    const precession = precessions.intern(start.encoding);
    const { firstSample } = start;
    lineRuns.push({ firstSample, trajectory, precession, buffer, line, lines: run.length, step });
    line += run.length;
  }
  const count = runs.length;
  runs.length = 0;
  return [first, count];
}

const countOf = (runs: readonly (readonly WindowReadout[])[]): number => runs.reduce((sum, run) => sum + run.length, 0);

/** Whether a line is the next of equally spaced ones. */
function continues(run: readonly WindowReadout[], { encoding }: WindowReadout, spacing: readonly number[]): boolean {
  const [first, second] = run as [WindowReadout, WindowReadout | undefined];
  if (second === undefined) return true;
  return first.encoding.every((start, i) => {
    const expected = start + run.length * (second.encoding[i] - start);
    return Math.abs(encoding[i] - expected) <= spacing[i];
  });
}
