/** Joins phase terms of spins at rest; and phase terms that are gradient moments. */
import type { Hertz } from '../base/units.ts';
import { integral } from '../sequence/waveform.ts';
import type { PhaseTerms } from './types.ts';

/** All terms in the order of their columns. */
export function joinTerms(parts: readonly PhaseTerms[]): PhaseTerms | undefined {
  if (parts.length <= 1) return parts[0];
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    integrals: (gradients, from, to) => parts.flatMap((part) => part.integrals(gradients, from, to)),
  };
}

/** kx, ky, kz once more: the columns of these terms are offsets of the spins' positions. */
export function momentTerms(gammaBar: Hertz): PhaseTerms {
  return {
    count: 3,
    integrals: (gradients, from, to) => gradients.map((gradient) => gammaBar * integral(gradient, from, to)),
  };
}
