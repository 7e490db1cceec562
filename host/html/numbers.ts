/**
 * Numbers in few bytes: measured values as integers of 16 bits with a scale for each row, regular
 * times as their differences, and tables as columns.
 */
import type { Seconds } from '../base/units.ts';

/**
 * Rows of values, each in units of its own scale; the error is at most 1/65534 of the row's largest
 * value.
 */
export interface Rows {
  /** [rows] largest magnitude of each row over 32767. */
  readonly scales: Float32Array;
  /** The values of all rows, one row after the other. */
  readonly values: Int16Array;
}

const STEPS = 32767;

/** @param ends of the rows in `values` */
export function toRows(values: ArrayLike<number>, ends: readonly number[]): Rows {
  const scales = new Float32Array(ends.length);
  const steps = new Int16Array(values.length);
  let from = 0;
  for (const [row, to] of ends.entries()) {
    let most = 0;
    for (let n = from; n < to; n++) if (Math.abs(values[n]) > most) most = Math.abs(values[n]);
    // Rounded up, so that no value exceeds the range.
    const scale = Math.fround((most / STEPS) * (1 + 2 ** -23));
    scales[row] = scale;
    if (scale > 0) for (let n = from; n < to; n++) steps[n] = Math.round(values[n] / scale);
    from = to;
  }
  return { scales, values: steps };
}

/** The largest of the regular ends: rows of one length. */
export const evenEnds = (total: number, length: number): number[] =>
  Array.from({ length: total / length }, (_, row) => (row + 1) * length);

const NANOSECOND: Seconds = 1e-9;

/** Times as differences in whole nanoseconds, which are alike in regular scans. */
export function toSteps(times: ArrayLike<Seconds>): Float64Array {
  const steps = new Float64Array(times.length);
  let before = 0;
  for (let n = 0; n < times.length; n++) {
    const now = Math.round(times[n] / NANOSECOND);
    steps[n] = now - before;
    before = now;
  }
  return steps;
}

export function fromSteps(steps: Float64Array): Float64Array {
  const times = new Float64Array(steps.length);
  let sum = 0;
  for (let n = 0; n < steps.length; n++) {
    sum += steps[n];
    times[n] = sum * NANOSECOND;
  }
  return times;
}

/** A table as columns, each compressed by itself. */
export type Columns<Row> = { readonly [Name in keyof Row]: Float64Array };

/** Columns of rows with the same names; there are none without rows. */
export function toColumns<Row extends { readonly [name: string]: number }>(rows: readonly Row[]): Columns<Row> {
  const names = Object.keys(rows[0] ?? {});
  const column = (name: string): Float64Array => {
    const values = new Float64Array(rows.length);
    for (let n = 0; n < values.length; n++) values[n] = rows[n][name];
    return values;
  };
  return Object.fromEntries(names.map((name) => [name, column(name)])) as Columns<Row>;
}

export function rowOf<Row>(columns: Columns<Row>, n: number): Row {
  return Object.fromEntries(
    Object.entries<Float64Array>(columns as Record<string, Float64Array>).map(([name, column]) => [name, column[n]]),
  ) as Row;
}
