/**
 * Predicted memory and time of a run, per rank: memory by counting what a rank holds, time from a
 * calibration of one second. Both are shown to the user only; nothing in a run depends on them.
 */
import { tileCut } from '../engine/tile-cut.ts';
import type { Engine, EngineJob } from '../engine/types.ts';
import type { Plan } from './plan.ts';

/**
 * Memory of MPI per process (Open MPI 4.1 and MPICH 4.0, without InfiniBand), and of a worker
 * thread: stack, heap, code [bytes].
 */
const MPI_BYTES = 14e6;
const THREAD_BYTES = 6e6;
/** Size of the view of a slot's column, of which moving spins among coils have many [bytes]. */
const VIEW_BYTES = 105;
/**
 * Garbage that filling a column leaves for V8 to collect, and the largest growth of its young
 * generation by it [bytes].
 */
const FILLING_BYTES = 2e3;
const MOST_FILLING_BYTES = 32e6;
/**
 * Positions of moving spins among coils, per spin, and how much of them is there before V8 collects
 * buffers outside its heap (seen: 61e6 with 10⁷ spins) [bytes].
 */
const PLACES_BYTES = 150;
const MOST_PLACES_BYTES = 64e6;
/**
 * Memory per sample and coil on rank 0 while it writes: the signal in double precision, its phase,
 * and the data for the file.
 */
const OUTPUT_BYTES = 32;

export interface MemoryForecast {
  /**
   * Memory of Node, the program and the opened inputs: timeline, contents of the phantom, and the
   * memory that reading them took.
   */
  readonly opened: number;
  /** Timeline, tiles, scratch and sums in the kernels' memory. */
  readonly kernels: number;
  readonly phantom: number;
  /** Largest resident set of rank 0, and of the others. */
  readonly root: number;
  readonly others: number;
}

/**
 * @param opened largest resident set of this process, which has opened the inputs as every rank
 *   does [bytes]
 * @param samples of all coils
 * @param columns of a model, in all slots
 * @param moving spins that move among coils
 * @param kernels,phantom bytes that the engine will take, and that the phantom holds already
 */
export function forecastMemory(
  { opened, kernels, phantom }: Pick<MemoryForecast, 'opened' | 'kernels' | 'phantom'>,
  {
    samples,
    ranks,
    workers,
    columns,
    moving,
  }: {
    readonly samples: number;
    readonly ranks: number;
    readonly workers: number;
    readonly columns: number;
    readonly moving: number;
  },
): MemoryForecast {
  const filling = Math.min(MOST_FILLING_BYTES, FILLING_BYTES * columns) + VIEW_BYTES * columns;
  const places = Math.min(MOST_PLACES_BYTES, (PLACES_BYTES * moving) / ranks);
  const more = (ranks > 1 ? MPI_BYTES : 0) + workers * THREAD_BYTES + filling + places;
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
/**
 * Small tiles, so that the calibration ends in time; with a tolerance the run's own tile size, for
 * which its methods were chosen.
 */
const CALIBRATION_TILE = 256;

/**
 * A tile that takes longer than this [s] is timed in part: with direct sums of 10⁴ samples it takes
 * half a minute.
 */
const LONG_TILE = 2;

/** @param make an engine like the run's, over the job it is given */
export async function forecastTime(
  job: EngineJob,
  plan: Plan,
  { ranks, threads }: { readonly ranks: number; readonly threads: number },
  make: (job: EngineJob) => Promise<Engine>,
): Promise<TimeForecast> {
  const most = Math.ceil(plan.tileCount / ranks);
  const forecastOf = (spinsPerSecond: number): TimeForecast => ({
    spinsPerSecond,
    seconds: Math.min(plan.spinCount, most * plan.tileSize) / spinsPerSecond,
  });
  const part = await rateOfPart(job, make);
  if (part !== undefined && plan.tileSize / part.spinsPerSecond > LONG_TILE)
    return forecastOf(part.spinsPerSecond * (part.name === 'wasm' ? threads : 1));
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
    return forecastOf((1e3 * spins) / (performance.now() - begun));
  } finally {
    await engine.close();
  }
}

/**
 * Spins per second of one thread, measured with the first spins of a tile and the methods of a
 * whole one. The fixed cost of a tile is then overestimated, which matters little if each spin
 * takes long.
 * @returns undefined if tiles are small
 */
async function rateOfPart(
  job: EngineJob,
  make: (job: EngineJob) => Promise<Engine>,
): Promise<{ readonly spinsPerSecond: number; readonly name: Engine['name'] } | undefined> {
  const { source, tileSize } = job;
  const [group = source.spinCount] = source.model?.groups ?? [];
  const spinCount = Math.min(CALIBRATION_TILE, group);
  if (tileSize <= 2 * spinCount) return undefined;
  const groups = source.model?.groups?.map((_, n) => (n === 0 ? spinCount : 0));
  const model = source.model && { ...source.model, ...(groups && { groups }) };
  const engine = await make({ ...job, source: { ...source, spinCount, ...(model && { model }) }, tileCount: 1 });
  try {
    await engine.run(0, 1); // warms the kernels up
    const begun = performance.now();
    await engine.run(0, 1);
    return { spinsPerSecond: (1e3 * spinCount) / (performance.now() - begun), name: engine.name };
  } finally {
    await engine.close();
  }
}
