/** The trajectory of a readout, as methods ask for it. */
import { STRIDE, type Timeline } from '../timeline/types.ts';

export interface Trajectory {
  /** First of its samples in the timeline's. */
  readonly first: number;
  readonly samples: number;
  /** Whether they are equally spaced in k, time and phase terms. */
  readonly isUniform: boolean;
}

export function trajectoryAt(timeline: Timeline, trajectory: number): Trajectory {
  const { trajectories } = timeline;
  const at = STRIDE.trajectory * trajectory;
  const [first, samples] = [trajectories[at], trajectories[at + 1]];
  return { first, samples, isUniform: trajectories[at + 2] === 1 && areTermsUniform(timeline, first, samples) };
}

/** Relative deviation below which phase terms are equally spaced: rounding of f64 sums. */
const SPACING = 1e-9;

function areTermsUniform({ terms, sampleTerms }: Timeline, first: number, samples: number): boolean {
  for (let term = 0; term < terms; term++) {
    const kappa = (n: number): number => sampleTerms[terms * (first + n) + term];
    const step = (kappa(samples - 1) - kappa(0)) / Math.max(1, samples - 1);
    const off = SPACING * Math.abs(step) * samples;
    for (let n = 1; n < samples; n++) if (!(Math.abs(kappa(n) - kappa(0) - n * step) <= off)) return false;
  }
  return true;
}

/** [kx, ky, kz, t] from one sample of equally spaced ones to the next. */
export function sampleStep({ samples }: Timeline, { first }: Trajectory): Float64Array {
  return samples.subarray(STRIDE.sample * (first + 1), STRIDE.sample * (first + 2));
}
