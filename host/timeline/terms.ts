/**
 * Combines the phase terms of spins at rest: terms that are gradient moments, and terms that are
 * functions of the gradients.
 */
import type { Hertz } from '../base/units.ts';
import { GAUSS } from '../numerics/gauss-legendre.ts';
import { cornersWithin, integral, valueAt } from '../sequence/waveform.ts';
import type { PhaseTerms } from './types.ts';

/** All terms in the order of their columns. */
export function joinTerms(parts: readonly PhaseTerms[]): PhaseTerms | undefined {
  if (parts.length <= 1) return parts[0];
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    integrals: (gradients, from, to) => parts.flatMap((part) => part.integrals(gradients, from, to)),
  };
}

/** kx, ky, kz again: the columns of these terms are offsets of the spins' positions. */
export function momentTerms(gammaBar: Hertz): PhaseTerms {
  return {
    count: 3,
    integrals: (gradients, from, to) => gradients.map((gradient) => gammaBar * integral(gradient, from, to)),
  };
}

type Values = readonly [number, number, number];

/**
 * Terms whose rates [T per unit of q] are smooth functions of the gradients: by Gauss and Legendre
 * between the corners of the waveforms, and by one value where no gradient changes.
 */
export function rateTerms(
  count: number,
  gammaBar: Hertz,
  ratesOf: (gradients: Values) => readonly number[],
): PhaseTerms {
  /** Samples on a plateau ask for the same rates one after the other. */
  let last: { readonly values: Values; readonly rates: readonly number[] } | undefined;
  const ratesAt = (values: Values): readonly number[] => {
    if (last === undefined || values.some((value, axis) => value !== last!.values[axis]))
      last = { values, rates: ratesOf(values) };
    return last.rates;
  };
  return {
    count,
    integrals(gradients, from, to) {
      const sums = new Array<number>(count).fill(0);
      const add = (values: Values, weight: number): void => {
        if (values.every((value) => value === 0)) return;
        for (const [k, rate] of ratesAt(values).entries()) sums[k] = sums[k] + gammaBar * weight * rate;
      };
      const times = [from, ...cornersWithin(gradients, from, to), to];
      for (let n = 1; n < times.length; n++) {
        const [start, end] = [times[n - 1], times[n]];
        const a = gradients.map((gradient) => valueAt(gradient, start, 'after')) as unknown as Values;
        const b = gradients.map((gradient) => valueAt(gradient, end, 'before')) as unknown as Values;
        if (a.every((value, axis) => value === b[axis])) add(a, end - start);
        else
          for (const [node, weight] of GAUSS[8])
            add(
              a.map((value, axis) => value + ((b[axis] - value) * (1 + node)) / 2) as unknown as Values,
              (weight * (end - start)) / 2,
            );
      }
      return sums;
    },
  };
}
