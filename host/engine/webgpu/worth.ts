/**
 * Whether a GPU pays for a job, by operation count alone: what a run chooses must not hang on how
 * busy the machine happened to be.
 */
import { STRIDE } from '../../timeline/types.ts';
import { pulseUses, trajectoryUses } from '../../timeline/windows.ts';
import type { EngineJob } from '../types.ts';
import type { AdapterDescription } from './adapters.ts';
import { phaseUnits } from './phase.ts';
import { pulseTable } from './pulses.ts';
import { record } from './record-buffer.ts';
import { LANES } from './schedule.ts';
import { LINES_FOR_MATRIX } from './section.ts';

/**
 * Lanes from which on a GPU is worth its start: to load Dawn, open a device and compile kernels
 * takes a second or two, in which the WASM engine does 10^10 lanes on each of the eight cores that
 * a job beside a GPU commonly has.
 */
const WORTHWHILE_LANES = 2e11;

/**
 * Lanes (f32 multiply-adds, or what takes as long) that the job costs on a GPU, padding of blocks
 * and windows left aside.
 */
function operations({ timelines: [timeline], source }: Pick<EngineJob, 'timelines' | 'source'>): number {
  const { readouts, trajectories } = timeline;
  const { kept, stepCount } = pulseTable(timeline, source.bounds, phaseUnits(source.bounds, timeline.B0 / source.B0));
  const folded = new Set(kept);
  let lanes = (LANES.record * readouts.length) / STRIDE.readout;
  for (const [pulse, uses] of pulseUses(timeline).entries()) {
    const steps = folded.has(pulse) ? LANES.foldStep : uses * LANES.step;
    lanes += uses * LANES.record + steps * stepCount[pulse];
  }
  for (const [trajectory, lines] of trajectoryUses(timeline).entries()) {
    const [, samples, uniform] = record<[number, number, number]>(trajectories, STRIDE.trajectory, trajectory);
    const shared = lines >= LINES_FOR_MATRIX[uniform === 1 ? 'linear' : 'direct'];
    const alone = uniform === 1 ? LANES.line : LANES.scattered;
    lanes += lines * samples * (shared ? LANES[uniform === 1 ? 'matrixLinear' : 'matrixDirect'] : alone);
  }
  return source.spinCount * lanes;
}

/** `--engine auto`: a real GPU, f32, and enough to do. */
export function gpuWorthwhile(
  job: Pick<EngineJob, 'timelines' | 'source' | 'precision'>,
  adapter: Pick<AdapterDescription, 'software'>,
): boolean {
  return !adapter.software && job.precision === 'f32' && operations(job) >= WORTHWHILE_LANES;
}
