/**
 * Pulseq shapes: samples stored as the run-length code of their differences. A run of equal differences is written as
 * the difference twice and then the number of further repeats. From 1.4 on, a shape with as many values as samples is
 * stored plain.
 */
import { badInput } from '../../common/errors.ts';
import { grown } from './table.ts';

/** A shape may not claim more samples than this (100 s of gradient raster); a damaged count must not exhaust memory. */
const MOST_SAMPLES = 1e7;

/** Every shape of a file, packed values end to end. */
export interface ShapeStore {
  count: number;
  /** [count] id, line in the file, samples once unpacked. */
  ids: number[];
  lines: number[];
  samples: number[];
  /** [count] where the packed values of each start; they end where the next one's start, or at `used`. */
  starts: number[];
  used: number;
  packed: Float64Array;
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
 * @param plainAllowed version 1.4 or later
 * @throws exit 65 when the code is damaged or does not give the samples it promises
 */
export function unpackShape(store: ShapeStore, n: number, plainAllowed: boolean, path: string): Float64Array {
  const packed = store.packed.subarray(store.starts[n]!, n + 1 < store.count ? store.starts[n + 1]! : store.used);
  const samples = store.samples[n]!;
  const wrong = (what: string): Error =>
    badInput(`${path}:${store.lines[n]}`, `shape ${store.ids[n]} ${what}`, 'the file may be cut short: write it again');
  if (samples === -1) throw wrong('has no num_samples');
  if (samples > MOST_SAMPLES) throw wrong(`claims ${samples} samples, more than ${MOST_SAMPLES}`);
  if (plainAllowed && packed.length === samples) return packed.slice();
  const shape = new Float64Array(samples);
  let filled = 0;
  let sum = 0;
  for (let at = 0; at < packed.length; ) {
    const step = packed[at]!;
    let repeats = 1;
    if (at + 1 < packed.length && packed[at + 1] === step) {
      const further = packed[at + 2];
      if (further === undefined) throw wrong('ends within a run');
      if (!Number.isInteger(further) || further < 0) throw wrong(`has a run of ${further} repeats`);
      repeats = further + 2;
      at += 3;
    } else at++;
    if (filled + repeats > samples) throw wrong(`unpacks to more than its ${samples} samples`);
    for (const stop = filled + repeats; filled < stop; filled++) {
      sum += step;
      shape[filled] = sum;
    }
  }
  if (filled !== samples) throw wrong(`unpacks to ${filled} samples, not ${samples}`);
  return shape;
}
