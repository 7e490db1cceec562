/**
 * Chebyshev expansions of operators in what changes slowly from spin to spin and from use to use:
 * the size of their terms, as measured at the nodes of each axis, and the terms that a bound needs.
 */

import type { DriftRange } from './relaxation.ts';
import { chebyshev } from './table.ts';

/**
 * Frequencies at which operators are judged, in units of 1/T: pulses of any kind act within these.
 */
const BAND = [-4, -2, -1, 0, 1, 2, 4] as const;
/** Frequencies at which operators are judged. */
export const bandOf = ({ low, high }: DriftRange, duration: number): ReadonlySet<number> =>
  new Set(BAND.map((n) => Math.max(low, Math.min(high, n / duration))));

/**
 * Largest coefficients of the entries of an operator, [axes][order], in Chebyshev polynomials on
 * each axis by itself, at any of the frequencies.
 * @param counts polynomials on each axis
 * @param half half of the range of each axis; 0: nothing depends on it
 * @param operatorAt the operator at a point, relative to the middle of the ranges
 */
export function expansionSizes(
  counts: readonly number[],
  half: readonly number[],
  frequencies: ReadonlySet<number>,
  operatorAt: (hertz: number, point: readonly number[]) => Float64Array,
): readonly Float64Array[] {
  return counts.map((count, axis) => {
    const size = new Float64Array(count);
    if (half[axis] === 0) return size;
    for (const hertz of frequencies) {
      const nodes = Array.from({ length: count }, (_, n) => {
        const value = half[axis] * chebyshev(n, count);
        return operatorAt(
          hertz,
          half.map((__, other) => (other === axis ? value : 0)),
        );
      });
      for (let order = 1; order < count; order++)
        for (let entry = 0; entry < nodes[0].length; entry++)
          size[order] = Math.max(size[order], Math.abs(coefficientOf(order, nodes, entry)));
    }
    return size;
  });
}

/** Orders on each axis of a term, and its size. */
export interface SizedTerm {
  readonly orders: readonly number[];
  readonly size: number;
}

/**
 * Terms whose omission errs by `bound` at most; undefined: more than `most`, or the orders at hand
 * do not suffice.
 * @param first size of the term of order 0 on all axes
 */
export function selectTerms(
  sizes: readonly Float64Array[],
  bound: number,
  most: number,
  first = 1,
): readonly SizedTerm[] | undefined {
  const all: SizedTerm[] = [];
  const add = (orders: readonly number[]): void => {
    if (orders.length < sizes.length) {
      for (const order of sizes[orders.length].keys()) add([...orders, order]);
      return;
    }
    const factors = orders.flatMap((order, axis) => (order === 0 ? [] : sizes[axis][order] / first));
    const product = factors.reduce((size, factor) => size * factor, factors.length > 1 ? 2 : 1);
    all.push({ orders, size: first * product });
  };
  if (first > 0) add([]);
  // Omitted terms reappear as aliases at the nodes: omission and aliases each get half of the
  // bound.
  let left = bound / 2;
  const kept = all
    .sort((p, q) => p.size - q.size)
    .filter(({ size }) => {
      left -= size;
      return left < 0;
    });
  const isResolved = sizes.every((size) => size[size.length - 1] <= bound / 8);
  return isResolved && kept.length <= most ? kept : undefined;
}

/** Weight of the value at node n in the coefficient of a Chebyshev polynomial. */
export const nodeWeight = (order: number, n: number, count: number): number =>
  ((order === 0 ? 1 : 2) / count) * Math.cos((order * Math.PI * (2 * n + 1)) / (2 * count));

const coefficientOf = (order: number, nodes: readonly Float64Array[], entry: number): number =>
  nodes.reduce((sum, values, n) => sum + nodeWeight(order, n, nodes.length) * values[entry], 0);
