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
import type { Readouts } from './readouts.ts';

export const LINES = ['b1', 'phase', 'receiver', 'gx', 'gy', 'gz', 'adc'] as const;
export type LineName = (typeof LINES)[number];

export interface Diagram {
  readonly duration: Seconds;
  /** Largest magnitude of each line. */
  readonly largest: Readonly<Record<LineName, number>>;
  lines(from: Seconds, to: Seconds): Readonly<Record<LineName, Trace>>;
}

/** Blocks that are drawn as they play. */
const MOST_EXACT = 3000;
/** Columns of an overview. */
const COLUMNS = 1200;

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
  return {
    duration: starts[order.length],
    largest,
    lines(from, to) {
      const firstBlock = blockAt(starts, from);
      const endBlock = blockAt(starts, to) + 1;
      if (endBlock - firstBlock > MOST_EXACT)
        return overview(order, starts, extremes, { from, to, firstBlock, endBlock });
      const { b1, phase, receiverPhase, gradients, adc } = sequenceTraces(
        { sequence, scanner: { B0, gammaBar }, starts },
        { from, to, firstBlock, endBlock },
        false,
      );
      const [gx, gy, gz] = gradients;
      return { b1, phase, receiver: receiverPhase, gx, gy, gz, adc };
    },
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

function overview(
  order: Uint32Array,
  starts: Float64Array,
  extremes: Extremes,
  { from, to, firstBlock, endBlock }: { from: Seconds; to: Seconds; firstBlock: number; endBlock: number },
): Record<LineName, Trace> {
  const scale = COLUMNS / (to - from);
  const column = (time: Seconds): number => Math.min(COLUMNS - 1, Math.max(0, Math.floor((time - from) * scale)));
  const nothing: Trace = { x: new Float64Array(0), y: new Float64Array(0) };
  const drawn = (both: Float64Array | undefined): Trace => {
    if (both === undefined) return nothing;
    const [low, high] = [new Float64Array(COLUMNS), new Float64Array(COLUMNS)];
    for (let n = firstBlock; n < endBlock; n++) {
      const [least, most] = [both[2 * order[n]], both[2 * order[n] + 1]];
      if (least === 0 && most === 0) continue;
      const last = column(starts[n + 1]);
      for (let c = column(starts[n]); c <= last; c++) {
        if (least < low[c]) low[c] = least;
        if (most > high[c]) high[c] = most;
      }
    }
    const [x, y] = [new Float64Array(2 * COLUMNS), new Float64Array(2 * COLUMNS)];
    for (let c = 0; c < COLUMNS; c++) {
      x[2 * c] = x[2 * c + 1] = from + (c + 0.5) / scale;
      y[2 * c] = low[c];
      y[2 * c + 1] = high[c];
    }
    return { x, y, envelopeOf: endBlock - firstBlock };
  };
  return Object.fromEntries(LINES.map((name) => [name, drawn(extremes[name])])) as Record<LineName, Trace>;
}

/** Readouts whose samples are drawn one by one. */
const MOST_READOUTS = 400;

/** Largest magnitude of any coil over time; of many readouts their largest samples. */
export function signalLine(readouts: Readouts, from: Seconds, to: Seconds): Trace {
  const first = Math.max(0, readouts.before(from));
  const last = readouts.before(to);
  const line = traceBuilder(from, to);
  const isExact = last - first < MOST_READOUTS;
  for (let n = first; n <= last; n++) {
    const values = isExact
      ? Array.from({ length: readouts.coils }, (_, coil) => readouts.values(n, coil)).filter((one) => one !== undefined)
      : [];
    line.gap();
    if (values.length === 0) {
      line.add(readouts.starts[n], readouts.data.peaks[n]);
      line.add(readouts.end(n), readouts.data.peaks[n]);
      continue;
    }
    for (let sample = 0; sample < readouts.samples(n); sample++) {
      let square = 0;
      for (const one of values) square = Math.max(square, one[2 * sample] ** 2 + one[2 * sample + 1] ** 2);
      line.add(readouts.starts[n] + (sample + 0.5) * readouts.dwell(n), Math.sqrt(square));
    }
  }
  return line.trace();
}
