/**
 * Lines of the sequence diagram for a span of time. Few blocks are drawn by the functions of
 * `larmor plot`, exactly as they play; of many, each column of pixels gets the smallest and largest
 * value of the blocks in it, known for each kind of block.
 */
import type { Seconds } from '../base/units.ts';
import { type Trace, traceBuilder } from '../figures/envelope.ts';
import { openTable, type SequenceTable } from '../html/sequence-table.ts';
import { sequenceTraces } from '../plots/sequence-traces.ts';
import { blockAt } from '../plots/window.ts';
import { peakOf } from '../sequence/peaks.ts';
import { blockGradients } from '../sequence/waveform.ts';
import { type Columns, pyramid } from './columns.ts';
import type { Readouts } from './readouts.ts';

export const LINES = ['b1', 'phase', 'receiver', 'gx', 'gy', 'gz', 'adc'] as const;
export type LineName = (typeof LINES)[number];

export interface Diagram {
  readonly duration: Seconds;
  /** Largest magnitude of each line. */
  readonly largest: Readonly<Record<LineName, number>>;
  /** Lines as they play. */
  exact(from: Seconds, to: Seconds): Readonly<Record<LineName, Trace>>;
  /** The same, or columns where there are too many blocks to see one; absent: nothing to draw. */
  shown(from: Seconds, to: Seconds): Readonly<Partial<Record<LineName, Trace | Columns>>>;
}

/** Blocks that are drawn as they play: of more, one takes no more than two columns. */
const MOST_EXACT = 400;
/** Columns of an overview. */
const COLUMNS = 800;

export function openDiagram(table: SequenceTable): Diagram {
  const sequence = openTable(table);
  const { order, B0, gammaBar } = table;
  const starts = new Float64Array(order.length + 1);
  for (let n = 0; n < order.length; n++) starts[n + 1] = starts[n] + table.kinds.duration[order[n]];
  const extremes = extremesOf(table, sequence);
  const largest = Object.fromEntries(
    LINES.map((name) => {
      const both = extremes[name];
      return [name, both === undefined ? Math.PI : both.reduce((most, value) => Math.max(most, Math.abs(value)), 0)];
    }),
  ) as Record<LineName, number>;
  const exact: Diagram['exact'] = (from, to) => {
    const [firstBlock, endBlock] = [blockAt(starts, from), blockAt(starts, to) + 1];
    const { b1, phase, receiverPhase, gradients, adc } = sequenceTraces(
      { sequence, scanner: { B0, gammaBar }, starts },
      { from, to, firstBlock, endBlock },
      false,
    );
    const [gx, gy, gz] = gradients;
    return { b1, phase, receiver: receiverPhase, gx, gy, gz, adc };
  };
  const overviews = overviewsOf(order, extremes);
  return {
    ...{ duration: starts[order.length], largest, exact },
    shown(from, to) {
      if (blockAt(starts, to) - blockAt(starts, from) < MOST_EXACT) return exact(from, to);
      // A block that reaches into a column is in it.
      const [first, end] = [new Float64Array(COLUMNS), new Float64Array(COLUMNS)];
      for (let c = 0; c < COLUMNS; c++) {
        first[c] = c === 0 ? blockAt(starts, from) : end[c - 1] - 1;
        end[c] = blockAt(starts, from + ((c + 1) * (to - from)) / COLUMNS) + 1;
      }
      return Object.fromEntries(overviews().map(([name, fill]) => [name, { from, to, ...fill(first, end) }]));
    },
  };
}

/** @returns what fills columns with the blocks' extremes, made when it is first asked for */
function overviewsOf(order: Uint32Array, extremes: Extremes): () => [LineName, ReturnType<typeof pyramid>][] {
  let made: [LineName, ReturnType<typeof pyramid>][] | undefined;
  const of = (both: Float64Array, side: 0 | 1): Float32Array => {
    const values = new Float32Array(order.length);
    for (let n = 0; n < order.length; n++) values[n] = both[2 * order[n] + side];
    return values;
  };
  return () => {
    made ??= (Object.entries(extremes) as [LineName, Float64Array][]).map(([name, both]) => [
      name,
      pyramid(of(both, 0), of(both, 1)),
    ]);
    return made;
  };
}

/** [kinds][smallest, largest] */
type Extremes = Readonly<Partial<Record<LineName, Float64Array>>>;

function extremesOf(table: SequenceTable, sequence: ReturnType<typeof openTable>): Extremes {
  const count = table.kinds.duration?.length ?? 0;
  const both = (): Float64Array => new Float64Array(2 * count);
  const found = { b1: both(), gx: both(), gy: both(), gz: both(), adc: both() };
  const seen = new Uint8Array(count);
  for (let n = 0; n < table.order.length; n++) {
    const kind = table.order[n];
    if (seen[kind] === 1) continue;
    seen[kind] = 1;
    const block = sequence.block(n);
    if (block.rf !== undefined) found.b1[2 * kind + 1] = peakOf(block.rf);
    if (block.adc !== undefined) found.adc[2 * kind + 1] = 1;
    for (const [axis, { a }] of blockGradients(block).entries()) {
      const line = found[(['gx', 'gy', 'gz'] as const)[axis]];
      for (const value of a) {
        line[2 * kind] = Math.min(line[2 * kind], value);
        line[2 * kind + 1] = Math.max(line[2 * kind + 1], value);
      }
    }
  }
  return found;
}

/** Readouts whose samples are looked at; of more, the largest of each. */
const MOST_READOUTS = 400;
/** Samples that are drawn as a line: a browser without a GPU draws one of 40 000 in 0.1 s. */
const MOST_SAMPLES = 4 * COLUMNS;

/** @returns the largest magnitude of any coil over a span of time; of many readouts as columns */
export function signalLines(readouts: Readouts): (from: Seconds, to: Seconds) => Trace | Columns {
  let peaks: ReturnType<typeof pyramid> | undefined;
  return (from, to) => {
    const [first, last] = [Math.max(0, readouts.before(from)), readouts.before(to)];
    if (last - first < MOST_READOUTS) {
      let samples = 0;
      for (let n = first; n <= last; n++) samples += readouts.samples(n);
      return (samples < MOST_SAMPLES ? exactSignal : signalColumns)(readouts, first, last, [from, to]);
    }
    // Each column reaches from 0 to the largest sample.
    peaks ??= pyramid(new Float32Array(readouts.count), readouts.data.peaks);
    const [begin, end] = [new Float64Array(COLUMNS), new Float64Array(COLUMNS)];
    for (let c = 0; c < COLUMNS; c++) {
      const left = from + (c * (to - from)) / COLUMNS;
      const n = c === 0 ? readouts.before(left) : end[c - 1] - 1;
      begin[c] = n < 0 || readouts.end(n) <= left ? n + 1 : n;
      end[c] = readouts.before(from + ((c + 1) * (to - from)) / COLUMNS) + 1;
    }
    return { from, to, ...peaks(begin, end) };
  };
}

/** The largest sample in each column; a column within a readout has several. */
function signalColumns(
  readouts: Readouts,
  first: number,
  last: number,
  [from, to]: readonly [from: Seconds, to: Seconds],
): Columns {
  const low = new Float32Array(COLUMNS).fill(Number.NaN);
  const high = low.slice();
  // Within −1 and COLUMNS, which are outside.
  const columnOf = (time: Seconds): number =>
    Math.max(-1, Math.min(COLUMNS, Math.floor((COLUMNS * (time - from)) / (to - from))));
  const raise = (column: number, value: number): void => {
    if (column < 0 || column === COLUMNS || value <= high[column]) return;
    low[column] = 0;
    high[column] = value;
  };
  for (let n = first; n <= last; n++) {
    const [start, dwell] = [readouts.starts[n], readouts.dwell(n)];
    const sizes = largestOfCoils(readouts, n);
    if (sizes === undefined) {
      for (let c = columnOf(start); c <= columnOf(readouts.end(n)); c++) raise(c, readouts.data.peaks[n]);
      continue;
    }
    for (let s = 0; s < sizes.length; s++) raise(columnOf(start + (s + 0.5) * dwell), sizes[s]);
  }
  return { from, to, low, high };
}

/** |sample| of the coil where it is largest; undefined where samples are not kept */
function largestOfCoils(readouts: Readouts, n: number): Float32Array | undefined {
  let largest: Float32Array | undefined;
  for (let coil = 0; coil < readouts.coils; coil++) {
    const values = readouts.values(n, coil);
    if (values === undefined) continue;
    largest ??= new Float32Array(readouts.samples(n));
    for (let s = 0; s < largest.length; s++)
      largest[s] = Math.max(largest[s], Math.sqrt(values[2 * s] ** 2 + values[2 * s + 1] ** 2));
  }
  return largest;
}

function exactSignal(
  readouts: Readouts,
  first: number,
  last: number,
  [from, to]: readonly [from: Seconds, to: Seconds],
): Trace {
  const line = traceBuilder(from, to);
  for (let n = first; n <= last; n++) {
    const sizes = largestOfCoils(readouts, n);
    line.gap();
    if (sizes === undefined) {
      line.add(readouts.starts[n], readouts.data.peaks[n]);
      line.add(readouts.end(n), readouts.data.peaks[n]);
      continue;
    }
    for (let s = 0; s < sizes.length; s++) line.add(readouts.starts[n] + (s + 0.5) * readouts.dwell(n), sizes[s]);
  }
  return line.trace();
}
