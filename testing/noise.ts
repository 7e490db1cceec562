/**
 * Shared by tests and validation of receiver noise: the covariance of two coils, and readouts to
 * which noise is added.
 */
import type { Readout } from '../host/sequence/encoding-types.ts';

/**
 * [coil][coil][re, im] of the noise in two coils: unequal variances, correlated by a complex
 * number; Hermitian.
 */
export const TWO_COIL_COVARIANCE = [
  [
    [1, 0],
    [0.3, 0.2],
  ],
  [
    [0.3, -0.2],
    [0.8, 0],
  ],
] as const;

/** The parts of a readout that noise asks for. */
export const readoutOf = (
  firstSample: number,
  samples: number,
  dwell: number,
  role: Readout['role'] = 'image',
): Readout => ({ firstSample, samples, dwell, role }) as Readout;
