/**
 * Whether a GPU pays for a job, by operation count alone: what a run chooses must not hang on how busy the machine
 * happened to be.
 */
import type { EngineJob } from '../types.ts';
import type { AdapterDescription } from './adapters.ts';
import { phaseUnits } from './phase.ts';
import { buildProgram } from './program.ts';
import { pulseTable } from './pulses.ts';
import { lanesPerSpin } from './schedule.ts';

/**
 * Lanes from which on a GPU is worth its start: to load Dawn, open a device and compile kernels takes a second or two, in which
 * the WASM engine does 10^10 lanes on each of the eight cores that a job beside a GPU commonly has.
 */
const WORTHWHILE_LANES = 2e11;

/** Lanes (f32 multiply-adds, or what takes as long) that the job costs on a GPU. */
export function operations({ timeline, source }: Pick<EngineJob, 'timeline' | 'source'>): number {
  const units = phaseUnits(source.bounds, timeline.B0 / source.B0);
  const pulses = pulseTable(timeline, source.bounds, units);
  return source.spinCount * lanesPerSpin(buildProgram(timeline, pulses, units), pulses);
}

/** `--engine auto`: a real GPU, f32, and enough to do. */
export function gpuWorthwhile(
  job: Pick<EngineJob, 'timeline' | 'source' | 'precision'>,
  adapter: AdapterDescription,
): boolean {
  return !adapter.software && job.precision === 'f32' && operations(job) >= WORTHWHILE_LANES;
}
