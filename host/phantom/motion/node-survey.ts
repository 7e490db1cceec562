/**
 * One pass over the nodes of a path: digest, largest displacement and largest step from a node to
 * the next, and the nodes at which any spin is reset.
 */
import { createHash } from 'node:crypto';
import type { PathNodes } from './types.ts';

export interface NodeSurvey {
  /** Hexadecimal digits. */
  readonly digest: string;
  /** max |displacement| along any axis [m] */
  readonly largest: number;
  /** max |difference| along any axis between a node and the next [m] */
  readonly step: number;
  /** [K] 1 where a spin is reset */
  readonly resets: Uint8Array;
}

/** Numbers that are read together. */
const NUMBERS = 2 ** 20;

export function surveyNodes({ count, spins, read }: PathNodes): NodeSurvey {
  const hash = createHash('sha256').update(Float64Array.of(count, spins));
  const resets = new Uint8Array(count);
  const width = Math.max(1, Math.floor(NUMBERS / count));
  let [largest, step] = [0, 0];
  for (let first = 0; first < spins; first += width) {
    const part = Math.min(width, spins - first);
    const { x, y, z, reset } = read(first, part);
    for (const values of [x, y, z]) {
      hash.update(Float64Array.from(values));
      for (let n = 0; n < values.length; n++) largest = Math.max(largest, Math.abs(values[n]));
      for (let n = part; n < values.length; n++) step = Math.max(step, Math.abs(values[n] - values[n - part]));
    }
    if (reset === undefined) continue;
    hash.update(Uint8Array.from(reset));
    for (let n = 0; n < reset.length; n++) if (reset[n] !== 0) resets[Math.floor(n / part)] = 1;
  }
  return { digest: hash.digest('hex'), largest, step, resets };
}
