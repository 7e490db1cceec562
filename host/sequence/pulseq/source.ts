/**
 * Shared inputs of events that are made from table rows: shapes by id, and arrays that several
 * events have in common (a time axis, a shape at one amplitude), made once. With RF spoiling,
 * thousands of pulses differ only in one phase.
 */
import type { Budget } from '../../base/budget.ts';
import { badInput } from '../../base/errors.ts';
import type { Hertz, Seconds } from '../../base/units.ts';
import type { Rasters } from './definitions.ts';
import type { Sections } from './sections.ts';
import { type Runs, shapeRuns, unpackShape } from './shapes.ts';
import { indexById, type Table } from './table.ts';

export interface Source {
  readonly sections: Sections;
  readonly rasters: Rasters;
  /** γ̄ that turns the file's Hz and Hz/m into T and T/m. */
  readonly gammaBar: Hertz;
  /** Samples of a shape; `place` is the location for the error message if it does not exist. */
  shape(id: number, place: string): Float64Array;
  /** How many samples a shape has, without unpacking it. */
  shapeLength(id: number, place: string): number;
  /** A shape as runs of equal samples. */
  runs(id: number, place: string): Runs;
  /** A shape as times in seconds, not decreasing. */
  timeShape(id: number, raster: Seconds, place: string): Float64Array;
  /** The array of `length` numbers made for this key before, or `make()`. */
  share(key: string, length: number, place: string, make: () => Float64Array): Float64Array;
  /** Memory that the waveforms of this file may take. */
  readonly budget: Budget;
}

export function openSource(sections: Sections, rasters: Rasters, gammaBar: Hertz, budget: Budget): Source {
  const { shapes, mayBePlain, path } = sections;
  const table: Table = {
    name: 'shape',
    width: 0,
    count: shapes.ids.length,
    ids: Int32Array.from(shapes.ids),
    lines: Int32Array.from(shapes.lines),
    values: new Float64Array(0),
  };
  const numberOf = indexById(table, path);
  const unpacked: Float64Array[] = [];
  const shared = new Map<string, Float64Array>();

  const find = (id: number, place: string): number => {
    const n = numberOf(id);
    if (n !== -1) return n;
    throw badInput(place, `shape ${id} does not exist`, 'define it, or write the file again if it was cut short');
  };
  const shape: Source['shape'] = (id, place) => {
    const n = find(id, place);
    unpacked[n] ??= unpackShape(shapes, n, mayBePlain, path, budget);
    return unpacked[n];
  };
  const shapeLength: Source['shapeLength'] = (id, place) => shapes.samples[find(id, place)];
  const runs: Source['runs'] = (id, place) => shapeRuns(shapes, find(id, place), mayBePlain, path, budget);
  const share: Source['share'] = (key, length, place, make) => {
    const known = shared.get(key);
    if (known !== undefined) return known;
    budget.take(8 * length, `${length} samples more`, place);
    const made = make();
    shared.set(key, made);
    return made;
  };
  const timeShape: Source['timeShape'] = (id, raster, place) => {
    const steps = shape(id, place);
    return share(`time ${id} ${raster}`, steps.length, place, () => {
      const time = steps.map((t) => t * raster);
      for (let n = 0; n < time.length; n++) {
        if (time[n] >= (n === 0 ? 0 : time[n - 1])) continue;
        // So are pulses written whose channels differ in more than weights.
        if (n > 1 && time[n] === time[0]) throw badInput(place, severalChannels(id, time.length / n), ONE_CHANNEL);
        throw badInput(place, `time shape ${id} runs backwards at sample ${n + 1}`, 'times must not decrease');
      }
      return time;
    });
  };
  return { sections, rasters, gammaBar, shape, shapeLength, runs, timeShape, share, budget };
}

const ONE_CHANNEL = 'give the pulse of one channel, and RF_SHIMS for weights (version 1.5)';
const severalChannels = (id: number, count: number): string =>
  `the times of shape ${id} begin ${count} times: a pulse with own waveforms for ${count} transmit channels is not played`;

export function requireSameLength(a: number, b: number, what: string, place: string): void {
  if (a === b) return;
  throw badInput(place, `${what} have ${a} and ${b} samples`, 'make them equally long');
}

/** Time shape -1, twice the raster, came with 1.5. */
export function requireTimeShape(timeId: number, { layout }: Sections, place: string): void {
  if (timeId !== -1 || layout === 'v5') return;
  throw badInput(place, 'time shape -1 does not exist', 'before version 1.5 it is 0 or the id of a shape');
}

/** Values of a row by column. */
export function columnsOf({ values, width }: Table, row: number): (column: number) => number {
  return (column) => values[row * width + column];
}

export function placeOf({ path }: Sections, table: Table, row: number): string {
  return `${path}:${table.lines[row]}`;
}

/** `make(row)`, the same object every time. */
export function remembered<T>(table: Table, make: (row: number) => T): (row: number) => T {
  const made: (T | undefined)[] = new Array(table.count);
  return (row) => {
    made[row] ??= make(row);
    return made[row];
  };
}
