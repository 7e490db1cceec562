/**
 * Predicted memory and time of a run, per rank: memory by counting what a rank holds, time from a calibration of one second.
 * Both are shown to the user only; nothing in a run depends on them.
 */
import { tileCut } from '../engine/tile-cut.ts';
import type { Engine, EngineJob } from '../engine/types.ts';
import type { Plan } from './plan.ts';

/** Memory of MPI per process (Open MPI 4.1 and MPICH 4.0, without InfiniBand), and of a worker thread: stack, heap, code [bytes]. */
const MPI_BYTES = 14e6;
const THREAD_BYTES = 6e6;
/** Per sample and coil on rank 0, while it writes: the signal in double precision, its phase, what goes to the file. */
const OUTPUT_BYTES = 32;

export interface MemoryForecast {
  /** Node, the program and the opened inputs: timeline, what the phantom holds, and what reading them took. */
  readonly opened: number;
  /** Timeline, tiles, scratch and sums in the kernels' memory. */
  readonly kernels: number;
  readonly phantom: number;
  /** Largest resident set of rank 0, and of the others. */
  readonly root: number;
  readonly others: number;
}

/**
 * @param opened largest resident set of this process, which has opened the inputs as every rank does [bytes]
 * @param samples of all coils
 * @param kernels,phantom bytes that the engine will take, and that the phantom holds already
 */
export function forecastMemory(
  { opened, kernels, phantom }: Pick<MemoryForecast, 'opened' | 'kernels' | 'phantom'>,
  { samples, ranks, workers }: { readonly samples: number; readonly ranks: number; readonly workers: number },
): MemoryForecast {
  const more = (ranks > 1 ? MPI_BYTES : 0) + workers * THREAD_BYTES;
  const others = opened + kernels + more;
  return { opened, kernels, phantom, root: others + OUTPUT_BYTES * samples, others };
}

export interface TimeForecast {
  /** Spins per second of one rank on this machine. */
  readonly spinsPerSecond: number;
  /** Time to simulate of the rank with most tiles [s]. */
  readonly seconds: number;
}

/** Duration of the calibration [ms]. */
const CALIBRATION_MS = 1000;
/** Small tiles, so that it ends in time; with a tolerance the run's own size, for which its methods were chosen. */
const CALIBRATION_TILE = 256;

/** @param make an engine like the run's, over the job it is given */
export async function forecastTime(
  job: EngineJob,
  plan: Plan,
  ranks: number,
  make: (job: EngineJob) => Promise<Engine>,
): Promise<TimeForecast> {
  const tileSize = job.tolerance === undefined ? Math.min(CALIBRATION_TILE, plan.tileSize) : plan.tileSize;
  const { tileCount } = tileCut(job.source, tileSize);
  const engine = await make({ ...job, tileSize, tileCount });
  try {
    await engine.run(0, Math.min(tileCount, engine.threads)); // the first tiles warm the kernels up
    const begun = performance.now();
    const left = (): number => CALIBRATION_MS - (performance.now() - begun);
    let spins = 0;
    while (left() > 0) {
      const timer = setTimeout(() => engine.pause(), left());
      spins += Math.min(plan.spinCount, (await engine.run(0, tileCount)) * tileSize);
      clearTimeout(timer);
    }
    const spinsPerSecond = (1e3 * spins) / (performance.now() - begun);
    const most = Math.ceil(plan.tileCount / ranks);
    return { spinsPerSecond, seconds: Math.min(plan.spinCount, most * plan.tileSize) / spinsPerSecond };
  } finally {
    await engine.close();
  }
}
