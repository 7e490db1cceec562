/**
 * KomaMRI's `.phantom` layout for reader and writer: the path of each property, and the bounds and
 * digests that Larmor adds as attributes.
 */
import type { ColumnName } from './columns.ts';
import { blockCount, type SpinDigest } from './digest.ts';
import type { PhantomBounds } from './types.ts';

/** Path of each column in a `.phantom`, then in a file of plain arrays. */
export const COLUMN_PATHS: Readonly<Record<ColumnName, readonly [string, string]>> = {
  x: ['position/x', 'x'],
  y: ['position/y', 'y'],
  z: ['position/z', 'z'],
  density: ['contrast/ρ', 'ρ'],
  T1: ['contrast/T1', 'T1'],
  T2: ['contrast/T2', 'T2'],
  T2s: ['contrast/T2s', 'T2s'],
  offResonance: ['contrast/Δw', 'Δw'],
};

/** [maxDensity, min x, y, z, max x, y, z, maxOffResonance, minT1, minT2] */
export function packBounds({ maxDensity, min, max, maxOffResonance, minT1, minT2 }: PhantomBounds): Float64Array {
  return Float64Array.of(maxDensity, ...min, ...max, maxOffResonance, minT1, minT2);
}

/** The bounds that `packBounds` wrote, or undefined if these are not valid. */
export function unpackBounds(values: unknown): PhantomBounds | undefined {
  if (!Array.isArray(values) || values.length !== 10 || !values.every(Number.isFinite)) return undefined;
  const [maxDensity, x0, y0, z0, x1, y1, z1, maxOffResonance, minT1, minT2] = values;
  return { maxDensity, min: [x0, y0, z0], max: [x1, y1, z1], maxOffResonance, minT1, minT2 };
}

/** [sums of block 0, of block 1 …] */
export function packDigests(digests: readonly SpinDigest[]): Float64Array {
  return Float64Array.from(digests.flat());
}

/** The digests that `packDigests` wrote for so many spins, or undefined if these are not valid. */
export function unpackDigests(values: unknown, spinCount: number): SpinDigest[] | undefined {
  const blocks = blockCount(spinCount);
  if (!Array.isArray(values) || values.length !== 2 * blocks || !values.every(Number.isSafeInteger)) return undefined;
  return Array.from({ length: blocks }, (_, n) => [values[2 * n], values[2 * n + 1]]);
}
