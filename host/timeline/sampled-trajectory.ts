/**
 * Positions of a readout's samples in k-space for spins at rest: γ̄∫G dt from the first sample to
 * each, and the same integral of the phase terms. Samples that are equally spaced but for rounding
 * become exactly so, because kernels step from one to the next.
 */
import type { Hertz, Seconds } from '../base/units.ts';
import type { AdcEvent } from '../sequence/types.ts';
import { integral, type PiecewiseLinear } from '../sequence/waveform.ts';
import type { Trajectory } from './tables.ts';
import { type PhaseTerms, STRIDE } from './types.ts';

/**
 * Relative deviation below which sample positions count as equally spaced: rounding of f64 sums,
 * nothing physical.
 */
const UNIFORM_TOLERANCE = 1e-10;

/** @param first time of the first sample in the block */
export function sampledTrajectory(
  gradients: readonly PiecewiseLinear[],
  adc: AdcEvent,
  first: Seconds,
  gammaBar: Hertz,
  terms: PhaseTerms | undefined,
): Trajectory {
  const positions = samplePositions(gradients, adc, first, gammaBar);
  const uniform = makeUniform(positions);
  if (terms === undefined) return { positions, uniform };
  return { positions, uniform, terms: sampleTerms(terms, gradients, adc, first) };
}

function samplePositions(
  gradients: readonly PiecewiseLinear[],
  { samples, dwell }: AdcEvent,
  first: Seconds,
  gammaBar: Hertz,
): Float64Array {
  const positions = new Float64Array(STRIDE.sample * samples);
  for (let n = 1; n < samples; n++) positions[4 * n + 3] = n * dwell;
  for (const [i, gradient] of gradients.entries()) {
    if (gradient.t.length === 0) continue;
    for (let n = 1; n < samples; n++) {
      const step = gammaBar * integral(gradient, first + (n - 1) * dwell, first + n * dwell);
      positions[4 * n + i] = positions[4 * (n - 1) + i] + step;
    }
  }
  return positions;
}

/** Whether samples are equally spaced; if so, their steps become exactly equal. */
function makeUniform(positions: Float64Array): boolean {
  const intervals = positions.length / STRIDE.sample - 1;
  if (intervals < 1) return false;
  const last = STRIDE.sample * intervals;
  const reach = Math.max(...[0, 1, 2].map((i) => Math.abs(positions[last + i])));
  const even = (n: number, i: number): number => (positions[last + i] * n) / intervals;
  for (let n = 1; n <= intervals; n++)
    for (let i = 0; i < 3; i++)
      if (Math.abs(positions[4 * n + i] - even(n, i)) > UNIFORM_TOLERANCE * reach) return false;
  for (let n = 1; n <= intervals; n++) for (let i = 0; i < 3; i++) positions[4 * n + i] = even(n, i);
  return true;
}

/** [samples][terms] relative to the first sample. */
function sampleTerms(
  terms: PhaseTerms,
  gradients: readonly PiecewiseLinear[],
  { samples, dwell }: AdcEvent,
  first: Seconds,
): Float64Array {
  const { count } = terms;
  const all = new Float64Array(count * samples);
  for (let n = 1; n < samples; n++) {
    const steps = terms.integrals(gradients, first + (n - 1) * dwell, first + n * dwell);
    for (let i = 0; i < count; i++) all[count * n + i] = all[count * (n - 1) + i] + steps[i];
  }
  return all;
}
