/** The trajectory of a readout, as methods ask for it. */
import { STRIDE, type Timeline } from '../timeline/types.ts';

export interface Trajectory {
  /** First of its samples in the timeline's. */
  readonly first: number;
  readonly samples: number;
  /** Whether they are equally spaced in k and time. */
  readonly isUniform: boolean;
}

export function trajectoryAt({ trajectories }: Timeline, trajectory: number): Trajectory {
  const at = STRIDE.trajectory * trajectory;
  return { first: trajectories[at], samples: trajectories[at + 1], isUniform: trajectories[at + 2] === 1 };
}

/** [kx, ky, kz, t] from one sample of equally spaced ones to the next. */
export function sampleStep({ samples }: Timeline, { first }: Trajectory): Float64Array {
  return samples.subarray(STRIDE.sample * (first + 1), STRIDE.sample * (first + 2));
}
