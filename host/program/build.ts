/**
 * Timeline → the kernels' program. Precession up to a readout is not walked but handed to the readout as one moment since
 * the last pulse, so a train of lines costs no segments between them and no error adds up along it. Readouts that share one
 * in-line waveform are recorded and summed together as a matrix product; where that does not pay they are summed one by one. All
 * choices hang on counts in the timeline and the tile size alone.
 */

import { LineRun, OP, Op } from '../abi/abi.generated.ts';
import { type RecordList, recordList } from '../abi/records.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { arrayBuilder, recordTable } from '../timeline/intern.ts';
import { STRIDE, type Timeline } from '../timeline/types.ts';
import { trajectoryUses, windowsOf } from '../timeline/windows.ts';
import { isModelled, makeModelProgram } from './model-program.ts';
import { cachePrecessions } from './precession-cache.ts';
import { chooseOperators, noOperators, type Operators } from './pulses/operator.ts';
import {
  axisFinder,
  type Choice,
  findNufft2d1s,
  type Line,
  linesOf,
  type Nufft1d1,
  type Nufft2d1,
} from './readouts/nufft2d1.ts';
import { type Nufft2d3, nufft2d3Finder } from './readouts/nufft2d3.ts';
import type { Precision, ProgramJob } from './types.ts';

export type ReadoutForm = 'nufft2d1' | 'nufft1d1' | 'nufft2d3' | 'matrix' | 'recurrence' | 'direct';

/** Lines that are summed together. */
export interface Batch {
  readonly waveform: number;
  readonly area: number;
  readonly rows: number;
  /** First index into `rowSamples`. */
  readonly firstRow: number;
  /** First of the reads that fill it, and how many; 0: its rows are filled before. */
  readonly firstRun: number;
  readonly lineRuns: number;
}

/** The part of the ops that a group of spins goes through. */
export interface Walk {
  readonly firstOp: number;
  readonly opCount: number;
}

export interface Program {
  readonly ops: RecordList<typeof Op>;
  /** [groups] */
  readonly walks: readonly Walk[];
  /** What it is made of; of several groups all in one. */
  readonly timeline: Timeline;
  /** Whether it is of the ops that support any model of the spins, and of no others. */
  readonly isModelled: boolean;
  /** [moments][kx, ky, kz, dt, phase terms] */
  readonly precessions: Float64Array;
  /** [kept] indices into moments: turns that come so often that each spin's is kept */
  readonly cachedPrecessions: Int32Array;
  readonly lineRuns: RecordList<typeof LineRun>;
  readonly batches: readonly Batch[];
  /** First sample of every row of every batch. */
  readonly rowSamples: Int32Array;
  /** How many readouts are summed by which form. */
  readonly forms: Readonly<Record<ReadoutForm, number>>;
  readonly nufft2d1s: readonly Nufft2d1[];
  readonly nufft2d3s: readonly Nufft2d3[];
  /** What was chosen and why, without repetition. */
  readonly choices: readonly Choice[];
  /** [waveforms] transformed in batches, or undefined */
  readonly lines: readonly (Nufft1d1 | undefined)[];
  /** Rows an area holds (multiple of 4), areas in use at a time, longest line that is batched (multiple of 8); 0 without batches. */
  readonly rows: number;
  readonly areas: number;
  readonly longest: number;
  /** Pulses kept per spin, and the tables of pulses with those they are made from. */
  readonly operators: Operators;
}

/** The methods in use, with the number of readouts of each. */
export function methodsOf({ forms }: Program): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(forms).filter(([, count]) => count > 0));
}

export interface ProgramOptions {
  readonly precision: Precision;
  readonly tileSize: number;
  /** Largest error of a sample relative to Σ|ρ|; undefined: exact forms. */
  readonly tolerance?: number;
  /** Walk on after the last sample: the magnetisation at the end is asked for. */
  readonly toEnd?: boolean;
}

/** The program of a job. */
export function programFor({ timelines, source, onMagnetization, ...options }: ProgramJob): Program {
  const toEnd = onMagnetization !== undefined;
  if (isModelled(timelines, source)) return makeModelProgram(timelines, toEnd);
  return makeProgram(timelines[0], source, { ...options, toEnd });
}

/**
 * Tolerance below which curves are left out: their rounding in f32 alone is then more than that of exact forms. Trains, batches of lines
 * and operators round less than those.
 */
export const FINEST = 5e-6;

/** An error of an operator enters a signal 3 to 5 times, and 16 times where echoes build up. */
const OPERATOR_SHARE = 1 / 20;
/** What an entry of an operator may err below `FINEST`: half of what f32 rounds, so that it shows no more than with exact operators. */
const HALF_ROUNDING = 2 ** -25;

/** Lines a waveform must have for the matrix to repay filling W once: W costs as much as 2½ lines by recurrence. */
const FEWEST_LINES = 4;
/** Waveforms recorded at a time: EPI has two, its blips three; more would only split the cache. */
const MOST_AREAS = 4;
/**
 * Records of one area [bytes]: more than a second-level cache holds, for they stream, which costs less than W filled again for every
 * few lines (EPI in tiles of 4096: 3.6e9 spin·samples/s with 1 MB, 4.4e9 with 4).
 */
const AREA_BYTES = 2 ** 22;
/** Lines past this repay W no better. */
const MOST_ROWS = 128;
/** The same of all coils together: their products stay in the second-level cache. */
const MOST_COIL_ROWS = 256;
/** W of longer lines, a geometric series, would lose accuracy: a step of it is twelve samples. */
const LONGEST_LINE = 2048;
/** [kx, ky, kz, t] by which lines may deviate from equal spacing: a billionth of a turn over 1 m or at 10 kHz. */
const SPACING = [1e-9, 1e-9, 1e-9, 1e-13] as const;
/**
 * Lines after one pulse that are summed before the next instead of joining a batch over several pulses: their first samples then need no
 * area but are formed panel by panel. That saves 3.4 % of the time, W filled for 48 lines instead of 128 costs as much.
 */
const FEWEST_FRESH = 48;

/** Lines of one waveform on their way into a matrix product. */
interface OpenBatch {
  readonly waveform: number;
  /** First sample of every line. */
  readonly samples: number[];
  /** The last of these lines, those since the last pulse, in runs of equally spaced ones; not in the program yet. */
  readonly runs: Line[][];
}

export function makeProgram(
  timeline: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'B0' | 'spinCount' | 'model'>,
  { precision, tileSize, tolerance, toEnd = false }: ProgramOptions,
): Program {
  const { trajectories: waveforms } = timeline;
  const coarse = tolerance !== undefined && tolerance >= FINEST ? tolerance : undefined;
  const operators =
    precision === 'f64' ? noOperators(timeline) : chooseOperators(timeline, source, entryBound(tolerance));
  const coils = source.model?.coils ?? 0;
  // Transforms know one coil.
  const transforms = precision === 'f32' && tolerance !== undefined && coils === 0;
  const axes = transforms ? axisFinder(source.bounds.minT2, tolerance) : undefined;
  const exact = chooseForms(timeline, precision, coils);
  const lineForms = exact.map((form, waveform) =>
    axes !== undefined && form === 'matrix' ? linesOf(timeline, waveform, axes, tileSize) : undefined,
  );
  const byWaveform = exact.map(
    (form, waveform): ReadoutForm => (lineForms[waveform] === undefined ? form : 'nufft1d1'),
  );
  const batched = byWaveform.map((form) => form === 'matrix' || form === 'nufft1d1');
  const curve =
    axes === undefined || coarse === undefined
      ? undefined
      : nufft2d3Finder(timeline, source, {
          ...{ tolerance: coarse, tileSize },
          lanesOf: (waveform) => lanesAlone(timeline, waveform, byWaveform[waveform]),
          restOf: (lines) => findNufft2d1s(timeline, lines, axes, tileSize).rest,
        });
  const counts = trajectoryUses(timeline);
  const busiest = Math.max(0, ...counts.filter((_, waveform) => batched[waveform]));
  const ofCoils = coils === 0 ? MOST_ROWS : Math.max(4, Math.floor(MOST_COIL_ROWS / coils));
  const mostRows = Math.min(MOST_ROWS, ofCoils, Math.floor(AREA_BYTES / (12 * tileSize)), busiest);
  const rows = busiest === 0 ? 0 : Math.max(4, 4 * Math.ceil(mostRows / 4));

  const ops = recordList(Op, 256);
  const precessions = recordTable(STRIDE.precession);
  const lineRuns = recordList(LineRun, 256);
  const batches: Batch[] = [];
  const rowSamples = arrayBuilder(Int32Array);
  /** By area: what is being recorded there. */
  const open: (OpenBatch | undefined)[] = [];

  /** Puts the runs of an area that are not in the program yet into its reads. @returns [first of them, how many] */
  const readRuns = (area: number): [number, number] => {
    const { waveform, samples, runs } = open[area]!;
    const first = lineRuns.length;
    let row = samples.length - countOf(runs);
    for (const run of runs) {
      const [start, next] = run as [Line, Line | undefined];
      const step =
        next === undefined ? 0 : precessions.intern(next.encoding.map((value, i) => value - start.encoding[i]));
      const moment = precessions.intern(start.encoding);
      lineRuns.push({ firstSample: start.firstSample, waveform, moment, area, row, lines: run.length, step });
      row += run.length;
    }
    const count = runs.length;
    runs.length = 0;
    return [first, count];
  };
  const record = (area: number): void => {
    const [first, count] = readRuns(area);
    for (let n = first; n < first + count; n++) ops.push({ kind: OP.SAMPLE_LINE_STARTS, index: n });
  };
  const flush = (area: number): void => {
    const { waveform, samples, runs } = open[area]!;
    const isFresh = countOf(runs) === samples.length;
    if (!isFresh) record(area);
    ops.push({ kind: OP.SUM_BATCH, index: batches.length });
    const [firstRun, count] = isFresh ? readRuns(area) : [0, 0];
    batches.push({ waveform, area, rows: samples.length, firstRow: rowSamples.length, firstRun, lineRuns: count });
    for (const sample of samples) rowSamples.push(sample);
    open[area] = undefined;
  };
  /** The area where lines of this waveform are recorded: its own, a free one, or the fullest, flushed. */
  const areaFor = (waveform: number): number => {
    const own = open.findIndex((batch) => batch?.waveform === waveform);
    if (own >= 0) return own;
    let area = open.indexOf(undefined);
    if (area < 0 && open.length < MOST_AREAS) area = open.length;
    if (area < 0) {
      area = open.reduce(
        (fullest, batch, n) => (batch!.samples.length > open[fullest]!.samples.length ? n : fullest),
        0,
      );
      flush(area);
    }
    open[area] = { waveform, samples: [], runs: [] };
    return area;
  };

  const forms = { nufft2d1: 0, nufft1d1: 0, nufft2d3: 0, matrix: 0, recurrence: 0, direct: 0 };
  const nufft2d1s: Nufft2d1[] = [];
  const nufft2d3s: Nufft2d3[] = [];
  const choices = new Map<string, Choice>();
  /** [waveforms] whether any of its lines is in no train. */
  const isRead: boolean[] = [];
  /** The readouts of a window do not touch the magnetisation, so they are summed together. */
  const sumLines = (lines: readonly Line[]): void => {
    const found =
      axes === undefined ? { nufft2d1s: [], choices: [], rest: lines } : findNufft2d1s(timeline, lines, axes, tileSize);
    for (const choice of found.choices) choices.set(`${choice.what} ${choice.chosen}`, choice);
    for (const train of found.nufft2d1s) {
      ops.push({ kind: OP.NUFFT2D1, index: nufft2d1s.length });
      nufft2d1s.push(train);
      forms.nufft2d1 += train.firstSamples.length;
    }
    const bent = curve?.find(found.rest);
    if (bent !== undefined) {
      choices.set(`${bent.choice.what} ${bent.choice.chosen}`, bent.choice);
      ops.push({ kind: OP.NUFFT2D3, index: nufft2d3s.length });
      nufft2d3s.push(bent.curve);
      forms.nufft2d3 += found.rest.length;
    }
    for (const line of bent === undefined ? found.rest : []) {
      const { firstSample, trajectory: waveform, encoding: moment } = line;
      forms[byWaveform[waveform]]++;
      isRead[waveform] = true;
      if (batched[waveform]) {
        const area = areaFor(waveform);
        const batch = open[area]!;
        const run = batch.runs.at(-1);
        if (run !== undefined && continues(run, line)) run.push(line);
        else batch.runs.push([line]);
        batch.samples.push(firstSample);
        if (batch.samples.length === rows) flush(area);
      } else {
        ops.push({ kind: OP.READOUT, index: lineRuns.length });
        lineRuns.push({
          firstSample,
          waveform,
          moment: precessions.intern(moment),
          area: 0,
          row: 0,
          lines: 1,
          step: 0,
        });
      }
    }
  };
  /** Before the magnetisation changes: what is to be formed from it. */
  const recordLines = (): void => {
    open.forEach((batch, area) => {
      if (batch === undefined) return;
      const fresh = countOf(batch.runs);
      if (fresh === batch.samples.length && fresh >= FEWEST_FRESH) flush(area);
      else record(area);
    });
  };

  for (const { begin, readouts, encoding, isLast } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const use = operators.playOf[begin.index];
      ops.push(use >= 0 ? { kind: OP.APPLY_OPERATOR, index: use } : { kind: OP.EXCITE, index: begin.index });
    }
    sumLines(readouts);
    if (isLast) {
      open.forEach((batch, area) => {
        if (batch !== undefined) flush(area);
      });
    } else recordLines();
    if ((toEnd || !isLast) && encoding[3] > 0) ops.push({ kind: OP.PRECESS, index: precessions.intern(encoding) });
  }
  const cachedPrecessions = precision === 'f64' ? new Int32Array(0) : cachePrecessions(ops, lineRuns, precessions);
  const lengths = batched.map((is, waveform) => (is ? waveforms[STRIDE.trajectory * waveform + 1] : 0));
  return {
    ops,
    walks: [{ firstOp: 0, opCount: ops.length }],
    timeline,
    isModelled: false,
    precessions: precessions.finish(),
    cachedPrecessions,
    lineRuns,
    batches,
    rowSamples: rowSamples.finish(),
    forms,
    nufft2d1s,
    nufft2d3s,
    choices: [
      ...operators.choices,
      ...choices.values(),
      ...lineForms.flatMap((own, waveform) => (own !== undefined && isRead[waveform] ? [own.choice] : [])),
    ],
    lines: lineForms,
    rows: open.length === 0 ? 0 : rows,
    areas: open.length,
    longest: open.length === 0 ? 0 : 8 * Math.ceil(Math.max(0, ...lengths) / 8),
    operators,
  };
}

function entryBound(tolerance: number | undefined): number | undefined {
  if (tolerance === undefined) return undefined;
  return tolerance < FINEST ? HALF_ROUNDING : tolerance * OPERATOR_SHARE;
}

/** With coils, lines that are too few or too long for the matrix are summed sample by sample, which supports them. */
function chooseForms(timeline: Timeline, precision: Precision, coils: number): ReadoutForm[] {
  const { trajectories: waveforms } = timeline;
  return Array.from(trajectoryUses(timeline), (lines, waveform) => {
    const [, samples, linear] = waveforms.subarray(STRIDE.trajectory * waveform) as unknown as [number, number, number];
    if (precision === 'f64') return 'direct';
    if (lines * Math.max(1, coils) >= FEWEST_LINES && samples >= 8 && samples <= LONGEST_LINE) return 'matrix';
    return linear === 1 && coils === 0 ? 'recurrence' : 'direct';
  });
}

const countOf = (runs: readonly (readonly Line[])[]): number => runs.reduce((sum, run) => sum + run.length, 0);

/** Whether a line is the next of equally spaced ones. */
function continues(run: readonly Line[], { encoding }: Line): boolean {
  const [first, second] = run as [Line, Line | undefined];
  if (second === undefined) return true;
  return first.encoding.every((start, i) => {
    const expected = start + run.length * (second.encoding[i] - start);
    return Math.abs(encoding[i] - expected) <= SPACING[i];
  });
}

/** Operations per spin of a readout that a curve may replace: one that bends, or that shares its line with few others. */
function lanesAlone({ trajectories: waveforms }: Timeline, waveform: number, form: ReadoutForm): number | undefined {
  const [, samples, linear] = waveforms.subarray(STRIDE.trajectory * waveform) as unknown as [number, number, number];
  if (form === 'direct') return 43 * samples;
  if (form === 'recurrence') return 6 * samples;
  return form === 'matrix' && linear !== 1 ? 3 * samples + 55 : undefined;
}
