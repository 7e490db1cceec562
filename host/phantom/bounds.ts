/**
 * Bounds and validity of spins. Every source checks the spins that it returns with `checkSpins`, so
 * that a value that no engine can simulate is reported with its spin when it is read; `surveyOf`
 * computes bounds and digest from blocks.
 */
import { badInput } from '../base/errors.ts';
import { COLUMNS, columnOf } from './columns.ts';
import { addDigests, digestSpins, type SpinDigest } from './digest.ts';
import type { PhantomBounds, PhantomSource, SpinBlock } from './types.ts';
import { spinBlock } from './types.ts';

/** Spins per block when a whole phantom is read: 2 MiB. */
export const WALK_SPINS = 65536;

/** Largest |position|, |density|, |off-resonance|, smallest T1 and T2. */
const POSITION = columnOf('x').most;
const DENSITY = columnOf('density').most;
const OFF_RESONANCE = columnOf('offResonance').most;
const RELAXATION = columnOf('T1').least;

/** T2 may exceed 2·T1 by rounding: quotients such as 1/R2 in f32. */
const TWICE = 2 * (1 + 1e-6);

/**
 * Throws exit 65 unless spins [0, count) of `block` can be simulated: T1 and T2 positive and
 * finite, T2 ≤ 2·T1 (otherwise the magnetisation could exceed its equilibrium, and the range of the
 * sums), all within their limits. T2* is not simulated and may be infinite (no dephasing) or 0
 * (unset).
 * @param first number of the block's first spin, for the message; undefined if `place` is
 * sufficient
 */
export function checkSpins(place: string, first: number | undefined, count: number, block: SpinBlock): void {
  const { x, y, z, density, T1, T2, T2s, offResonance } = block;
  for (let n = 0; n < count; n++) {
    // Comparisons are written so that NaN fails them.
    if (
      Math.abs(x[n]) <= POSITION &&
      Math.abs(y[n]) <= POSITION &&
      Math.abs(z[n]) <= POSITION &&
      Math.abs(density[n]) <= DENSITY &&
      T1[n] >= RELAXATION &&
      T2[n] >= RELAXATION &&
      T1[n] < Number.POSITIVE_INFINITY &&
      T2[n] <= TWICE * T1[n] &&
      T2s[n] >= 0 &&
      Math.abs(offResonance[n]) <= OFF_RESONANCE
    )
      continue;
    throw wrongSpin(first === undefined ? place : `${place} spin ${first + n}`, n, block);
  }
}

function wrongSpin(where: string, n: number, block: SpinBlock): Error {
  for (const name of ['T1', 'T2'] as const) {
    const value = block[name][n];
    if (value >= RELAXATION && Number.isFinite(value)) continue;
    if (value > 0 && value < RELAXATION)
      return badInput(where, `${name} is ${value} s`, `give at least ${RELAXATION} s`);
    const fix =
      value === Number.POSITIVE_INFINITY ? 'use a large finite time, e.g. 1e6 s' : 'give a positive time in s';
    return badInput(where, `${name} is ${value}`, fix);
  }
  for (const column of COLUMNS) {
    if (!('most' in column)) continue;
    const { name, most, unit } = column;
    const value = block[name][n];
    if (!Number.isFinite(value)) return badInput(where, `${name} is ${value}`, 'give a finite number');
    if (Math.abs(value) <= most) continue;
    const within = `±${Number(most.toPrecision(3))} ${unit}`.trimEnd();
    return badInput(where, `${name} is ${`${value} ${unit}`.trimEnd()}, beyond ${within}`, 'check its unit');
  }
  const relaxation = relaxationProblem(block.T1[n], block.T2[n]);
  if (relaxation !== undefined) return badInput(where, relaxation.what, relaxation.fix);
  return badInput(where, `T2s is ${block.T2s[n]}`, 'give a positive time in s, or Infinity');
}

/** What is wrong if T2 exceeds 2·T1. */
export function relaxationProblem(T1: number, T2: number): { readonly what: string; readonly fix: string } | undefined {
  if (T2 <= TWICE * T1) return undefined;
  const seconds = (time: number): string => `${Number(time.toPrecision(6))} s`;
  return {
    what: `T2 is ${seconds(T2)}, more than twice the T1 of ${seconds(T1)}`,
    fix: 'no tissue has that: correct T1 or T2',
  };
}

/** Throws exit 65 if a phantom is larger than any scanner: its lengths are then in a wrong unit. */
export function checkExtent(place: string, { min, max }: PhantomBounds): void {
  const reach = Math.max(...[...min, ...max].map(Math.abs));
  if (reach <= POSITION) return;
  throw badInput(place, `reaches to ${reach} m, beyond ±${POSITION} m`, 'check the unit of its voxel size and origin');
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
      // Comparisons instead of Math.max, and local variables: four times as fast, which compensates
      // the cost of the digest.
      const { density, T1, T2, offResonance } = block;
      let [largest, furthest, shortT1, shortT2] = [maxDensity, maxOffResonance, minT1, minT2];
      for (let n = 0; n < count; n++) {
        const size = Math.abs(density[n]);
        if (size > largest) largest = size;
        const offset = Math.abs(offResonance[n]);
        if (offset > furthest) furthest = offset;
        if (T1[n] < shortT1) shortT1 = T1[n];
        if (T2[n] < shortT2) shortT2 = T2[n];
      }
      [maxDensity, maxOffResonance, minT1, minT2] = [largest, furthest, shortT1, shortT2];
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

/** Results of one pass over all spins. */
export interface Survey {
  readonly bounds: PhantomBounds;
  readonly digest: SpinDigest;
}

/** Surveys `spinCount` spins; several ranks may share the work. */
export type SurveyOf = (spinCount: number, read: PhantomSource['read']) => Survey | Promise<Survey>;

/** Survey of `spinCount` spins by reading them all once, in pieces of `WALK_SPINS`. */
export function surveyOf(spinCount: number, read: PhantomSource['read']): Survey {
  const walk = surveyWalk(spinCount, read);
  for (let piece = 0; piece * WALK_SPINS < spinCount; piece++) walk.visit(piece);
  return walk.survey();
}

/** A survey of some of the pieces of `WALK_SPINS` spins each. */
export function surveyWalk(
  spinCount: number,
  read: PhantomSource['read'],
): { visit(piece: number): void; survey(): Survey } {
  const builder = boundsBuilder();
  const block = spinBlock(Math.min(WALK_SPINS, spinCount));
  let digest: SpinDigest = [0, 0];
  return {
    visit(piece) {
      const first = piece * WALK_SPINS;
      const count = Math.min(WALK_SPINS, spinCount - first);
      read(first, count, block);
      builder.add(count, block);
      digest = addDigests(digest, digestSpins(first, count, block));
    },
    survey: () => ({ bounds: builder.bounds, digest }),
  };
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
