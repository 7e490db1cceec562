/** Phase terms of spins at rest put together, and those that are gradient moments themselves. */
import type { Hertz } from '../base/units.ts';
import { integral } from '../sequence/waveform.ts';
import type { PhaseTerms } from './types.ts';

/** All terms one after the other, as their columns are. */
export function joinTerms(parts: readonly PhaseTerms[]): PhaseTerms | undefined {
  if (parts.length <= 1) return parts[0];
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    integrals: (gradients, from, to) => parts.flatMap((part) => part.integrals(gradients, from, to)),
  };
}

/** kx, ky, kz again: their columns are places that add to those of the spins. */
export function momentTerms(gammaBar: Hertz): PhaseTerms {
  return {
    count: 3,
    integrals: (gradients, from, to) => gradients.map((gradient) => gammaBar * integral(gradient, from, to)),
  };
}
