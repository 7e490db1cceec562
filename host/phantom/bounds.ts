/**
 * Bounds and validity of spins. Every source passes the spins it hands out through `checkSpins`, so that a value no engine
 * can simulate is found where it is read and named by its spin; `boundsOf` folds blocks into the phantom's bounds.
 */
import { badInput } from '../common/errors.ts';
import type { PhantomBounds, PhantomSource, SpinBlock } from './types.ts';
import { spinBlock } from './types.ts';

/** Spins looked at together when a whole phantom is walked: 2 MiB. */
export const WALK_SPINS = 65536;

/**
 * Throws exit 65 unless spins [0, count) of `block` can be simulated: T1 and T2 positive and finite, the rest finite.
 * T2* is carried, not simulated, and may be infinite (no dephasing) or 0 (unset).
 * @param first number of the block's first spin, for the message
 */
export function checkSpins(place: string, first: number, count: number, block: SpinBlock): void {
  const { x, y, z, density, T1, T2, T2s, offResonance } = block;
  for (let n = 0; n < count; n++) {
    // A sum is finite if all its terms are, and NaN or infinite otherwise (f32 terms cannot overflow an f64 sum).
    const sum = x[n] + y[n] + z[n] + density[n] + T1[n] + T2[n] + offResonance[n];
    if (sum - sum === 0 && T1[n] > 0 && T2[n] > 0 && T2s[n] >= 0) continue;
    throw wrongSpin(place, first + n, n, block);
  }
}

function wrongSpin(place: string, spin: number, n: number, block: SpinBlock): Error {
  const where = `${place} spin ${spin}`;
  for (const name of ['T1', 'T2'] as const) {
    const value = block[name][n];
    if (value > 0 && Number.isFinite(value)) continue;
    const mend =
      value === Number.POSITIVE_INFINITY ? 'use a large finite time, e.g. 1e6 s' : 'give a positive time in s';
    return badInput(where, `${name} is ${value}`, mend);
  }
  for (const name of ['x', 'y', 'z', 'density', 'offResonance'] as const) {
    if (!Number.isFinite(block[name][n]))
      return badInput(where, `${name} is ${block[name][n]}`, 'give a finite number');
  }
  return badInput(where, `T2s is ${block.T2s[n]}`, 'give a positive time in s, or Infinity');
}

/** Throws RangeError, a defect of the caller, unless spins [first, first + count) exist. */
export function requireRange(first: number, count: number, spinCount: number): void {
  if (first >= 0 && count >= 0 && first + count <= spinCount) return;
  throw new RangeError(`spins ${first} to ${first + count - 1} of ${spinCount}`);
}

/** Bounds that grow block by block. */
export interface BoundsBuilder {
  add(count: number, block: SpinBlock): void;
  readonly bounds: PhantomBounds;
}

export function boundsBuilder(): BoundsBuilder {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  let maxDensity = 0;
  let maxOffResonance = 0;
  let minT1 = Number.POSITIVE_INFINITY;
  let minT2 = Number.POSITIVE_INFINITY;
  return {
    add(count, block) {
      [block.x, block.y, block.z].forEach((axis, a) => {
        let low = min[a];
        let high = max[a];
        for (let n = 0; n < count; n++) {
          if (axis[n] < low) low = axis[n];
          if (axis[n] > high) high = axis[n];
        }
        min[a] = low;
        max[a] = high;
      });
      const { density, T1, T2, offResonance } = block;
      for (let n = 0; n < count; n++) {
        maxDensity = Math.max(maxDensity, Math.abs(density[n]));
        maxOffResonance = Math.max(maxOffResonance, Math.abs(offResonance[n]));
        minT1 = Math.min(minT1, T1[n]);
        minT2 = Math.min(minT2, T2[n]);
      }
    },
    get bounds(): PhantomBounds {
      return {
        maxDensity,
        min: [min[0], min[1], min[2]],
        max: [max[0], max[1], max[2]],
        maxOffResonance,
        minT1,
        minT2,
      };
    },
  };
}

/** Finds the bounds of `spinCount` spins, however many share the work. */
export type BoundsOf = (spinCount: number, read: PhantomSource['read']) => PhantomBounds | Promise<PhantomBounds>;

/** Bounds of `spinCount` spins by reading them all once, in pieces of `WALK_SPINS`. */
export function boundsOf(spinCount: number, read: PhantomSource['read']): PhantomBounds {
  const builder = boundsBuilder();
  const block = spinBlock(Math.min(WALK_SPINS, spinCount));
  for (let first = 0; first < spinCount; first += WALK_SPINS) {
    const count = Math.min(WALK_SPINS, spinCount - first);
    read(first, count, block);
    builder.add(count, block);
  }
  return builder.bounds;
}

/** Whether spins with bounds `inner` lie within `outer`. */
export function contains(outer: PhantomBounds, inner: PhantomBounds): boolean {
  return (
    inner.maxDensity <= outer.maxDensity &&
    inner.maxOffResonance <= outer.maxOffResonance &&
    inner.minT1 >= outer.minT1 &&
    inner.minT2 >= outer.minT2 &&
    inner.min.every((low, axis) => low >= outer.min[axis]) &&
    inner.max.every((high, axis) => high <= outer.max[axis])
  );
}
