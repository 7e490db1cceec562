/**
 * Whether a GPU pays for a job, by operation count only: the choice of a run must not depend on how
 * busy the machine is.
 */
import { GPU_COST, WORTH_A_GPU } from '../../program/cost.ts';
import { STRIDE } from '../../timeline/types.ts';
import { pulseUses, trajectoryUses } from '../../timeline/windows.ts';
import type { EngineJob } from '../types.ts';
import type { AdapterDescription } from './adapters.ts';
import { phaseUnits } from './phase.ts';
import { pulseTable } from './pulses.ts';
import { record } from './record-buffer.ts';
import { LINES_FOR_MATRIX } from './section.ts';

/** Operations that the job costs on a GPU, without the padding of blocks and windows. */
function operations({ timelines: [timeline], source }: Pick<EngineJob, 'timelines' | 'source'>): number {
  const { readouts, trajectories } = timeline;
  const { kept, stepCount } = pulseTable(timeline, source.bounds, phaseUnits(source.bounds, timeline.B0 / source.B0));
  const folded = new Set(kept);
  let cost = (GPU_COST.record * readouts.length) / STRIDE.readout;
  for (const [pulse, uses] of pulseUses(timeline).entries()) {
    const steps = folded.has(pulse) ? GPU_COST.composedStep : uses * GPU_COST.step;
    cost += uses * GPU_COST.record + steps * stepCount[pulse];
  }
  for (const [trajectory, lines] of trajectoryUses(timeline).entries()) {
    const [, samples, uniform] = record<[number, number, number]>(trajectories, STRIDE.trajectory, trajectory);
    const shared = lines >= LINES_FOR_MATRIX[uniform === 1 ? 'linear' : 'direct'];
    const alone = uniform === 1 ? GPU_COST.line : GPU_COST.scattered;
    cost += lines * samples * (shared ? GPU_COST[uniform === 1 ? 'matrixLinear' : 'matrixDirect'] : alone);
  }
  return source.spinCount * cost;
}

/** `--engine auto`: a real GPU, f32, and enough to do. */
export function gpuWorthwhile(
  job: Pick<EngineJob, 'timelines' | 'source' | 'precision'>,
  adapter: Pick<AdapterDescription, 'software'>,
): boolean {
  return !adapter.software && job.precision === 'f32' && operations(job) >= WORTH_A_GPU;
}
