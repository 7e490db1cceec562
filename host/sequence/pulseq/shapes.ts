/**
 * Pulseq shapes: samples stored as the run-length code of their differences. A run of equal
 * differences is written as the difference twice and then the number of further repeats. From 1.4
 * on, a shape with as many values as samples is stored plain. Shapes of seconds are mostly one
 * value: those are kept as runs and never expanded.
 */
import type { Budget } from '../../base/budget.ts';
import { badInput } from '../../base/errors.ts';
import { grown } from './table.ts';

/** Every shape of a file, packed values end to end. */
export interface ShapeStore {
  count: number;
  /** [count] id, line in the file, samples once unpacked. */
  ids: number[];
  lines: number[];
  samples: number[];
  /**
   * [count] where the packed values of each start; they end where the next one's start, or at
   * `used`.
   */
  starts: number[];
  used: number;
  packed: Float64Array;
}

/** Stretches of equal samples. */
export interface Runs {
  /** [runs] samples up to the end of each run; the last is the number of samples of the shape. */
  readonly ends: Float64Array;
  /** [runs] */
  readonly values: Float64Array;
}

export function emptyShapes(): ShapeStore {
  return { count: 0, ids: [], lines: [], samples: [], starts: [], used: 0, packed: new Float64Array(256) };
}

export function openShape(store: ShapeStore, id: number, line: number): void {
  store.ids.push(id);
  store.lines.push(line);
  store.samples.push(-1);
  store.starts.push(store.used);
  store.count++;
}

export function pushPacked(store: ShapeStore, value: number): void {
  if (store.used === store.packed.length) store.packed = grown(store.packed, new Float64Array(2 * store.used));
  store.packed[store.used++] = value;
}

/**
 * Unpacks shape number `n`.
 * @param mayBePlain version 1.4 or later
 * @throws exit 65 when the code is damaged, does not give the samples it promises, or these exceed
 * the budget
 */
export function unpackShape(
  store: ShapeStore,
  n: number,
  mayBePlain: boolean,
  path: string,
  budget: Budget,
): Float64Array {
  const { packed, samples, place } = stored(store, n, path);
  budget.take(8 * samples, `${samples} samples of shape ${store.ids[n]}`, place);
  if (mayBePlain && packed.length === samples) return packed.slice();
  const shape = new Float64Array(samples);
  let filled = 0;
  let sum = 0;
  eachRun(store, n, path, (step, repeats) => {
    for (const stop = filled + repeats; filled < stop; filled++) {
      sum += step;
      shape[filled] = sum;
    }
  });
  return shape;
}

/** The same as runs of equal samples. @throws exit 65 */
export function shapeRuns(store: ShapeStore, n: number, mayBePlain: boolean, path: string, budget: Budget): Runs {
  const { packed, samples, place } = stored(store, n, path);
  const ends: number[] = [];
  const values: number[] = [];
  let filled = 0;
  const push = (value: number, repeats: number): void => {
    filled += repeats;
    if (value === values[values.length - 1]) ends.pop();
    else {
      values.push(value);
      if (values.length % BATCH === 0) budget.take(32 * BATCH, `${values.length} runs of shape ${store.ids[n]}`, place);
    }
    ends.push(filled);
  };
  if (mayBePlain && packed.length === samples) for (const value of packed) push(value, 1);
  else {
    let sum = 0;
    eachRun(store, n, path, (step, repeats) => {
      if (step === 0) push(sum, repeats);
      else
        for (let count = 0; count < repeats; count++) {
          sum += step;
          push(sum, 1);
        }
    });
  }
  return { ends: Float64Array.from(ends), values: Float64Array.from(values) };
}

/** Number of runs for which the budget is checked once. */
const BATCH = 65536;

const FIX = 'the file may be cut short: write it again';

function stored(store: ShapeStore, n: number, path: string): { packed: Float64Array; samples: number; place: string } {
  const packed = store.packed.subarray(store.starts[n], n + 1 < store.count ? store.starts[n + 1] : store.used);
  const samples = store.samples[n];
  const place = `${path}:${store.lines[n]}`;
  if (samples === -1) throw badInput(place, `shape ${store.ids[n]} has no num_samples`, FIX);
  return { packed, samples, place };
}

/**
 * Calls `use` with each difference and how often it repeats.
 * @throws exit 65 unless they make up the promised number of samples
 */
function eachRun(store: ShapeStore, n: number, path: string, use: (step: number, repeats: number) => void): void {
  const { packed, samples, place } = stored(store, n, path);
  const wrong = (what: string): Error => badInput(place, `shape ${store.ids[n]} ${what}`, FIX);
  let filled = 0;
  for (let at = 0; at < packed.length; ) {
    const step = packed[at];
    let repeats = 1;
    if (at + 1 < packed.length && packed[at + 1] === step) {
      const further = packed[at + 2];
      if (further === undefined) throw wrong('ends within a run');
      if (!Number.isInteger(further) || further < 0) throw wrong(`has a run of ${further} repeats`);
      repeats = further + 2;
      at += 3;
    } else at++;
    filled += repeats;
    if (filled > samples) throw wrong(`unpacks to more than its ${samples} samples`);
    use(step, repeats);
  }
  if (filled !== samples) throw wrong(`unpacks to ${filled} samples, not ${samples}`);
}
