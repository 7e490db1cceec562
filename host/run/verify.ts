/**
 * `--verify`: simulates a random 1 % of the tiles again, by the run's own methods and in f64 with
 * finer RF steps, and reports the difference. The plan's hash is the seed, so a run always checks
 * the same tiles; they are shared by the ranks.
 */
import { letEventsThrough } from '../base/context.ts';
import { spoiled } from '../base/failpoints.ts';
import { tileCut } from '../engine/tile-cut.ts';
import type { Engine, EngineJob } from '../engine/types.ts';
import { largestShare } from '../engine/units.ts';
import { randomNumbers } from '../numerics/random.ts';
import { modelColumns } from '../phantom/columns.ts';
import { type PhantomSource, spinBlock } from '../phantom/types.ts';
import type { Timelines } from '../timeline/types.ts';
import type { Plan } from './plan.ts';

/** Deviations found in some tiles; the findings of ranks are merged. */
export interface Findings {
  readonly tiles: number;
  /** Largest error of a sample over the tile's Σ|ρ|, times the largest sensitivity of a coil. */
  readonly perDensity: number;
  /** Σ over tiles of ‖s − s64‖² and ‖s64‖². */
  readonly difference: number;
  readonly norm: number;
}

export interface Verification {
  readonly tiles: number;
  /**
   * Largest error of a sample of any tile, relative to that tile's Σ|ρ| times the largest
   * sensitivity: the quantity that a tolerance bounds.
   */
  readonly errorOfDensity: number;
  /** ‖s − s64‖ / ‖s64‖ over all samples of the tiles. */
  readonly errorOfSignal: number;
}

/** Tiles that are checked: a hundredth, one at least, ascending. */
export function tilesToVerify({ tileCount, hash }: Pick<Plan, 'tileCount' | 'hash'>): number[] {
  const random = randomNumbers(Number.parseInt(hash.slice(0, 8), 16));
  const chosen = new Set<number>();
  while (chosen.size < Math.ceil(tileCount / 100)) chosen.add(Math.floor(random() * tileCount));
  return [...chosen].sort((a, b) => a - b);
}

/**
 * Simulates `tiles` twice, each by itself: as the run does, down to its integers, and in f64 with
 * exact forms and finer RF steps, up to the numbers that would become integers. So an integer that
 * wrapped, or lost a bit on its way, is an error like any other.
 * @param finer the same timelines compiled with shorter RF steps
 * @param make an engine over the job it is given
 */
export async function verifyTiles(
  job: EngineJob,
  finer: Timelines,
  tiles: readonly number[],
  make: (job: EngineJob) => Promise<Engine>,
): Promise<Findings> {
  const found = { tiles: tiles.length, perDensity: 0, difference: 0, norm: 0 };
  if (tiles.length === 0) return found;
  const { tolerance: _, ...exact } = job;
  const fast = await make({ ...job, source: spinsOf(job, 'verified run') });
  const source = spinsOf(job, 'verified reference');
  const unconverted = { floatSums: true, scaleExponent: 0 };
  const reference = await make({ ...exact, source, timelines: finer, precision: 'f64', ...unconverted });
  const { buffer, byteOffset, length } = reference.sums;
  const signal = new Float64Array(buffer, byteOffset, length);
  const unit = 2 ** -job.scaleExponent;
  try {
    for (const tile of tiles) {
      await letEventsThrough();
      for (const engine of [fast, reference]) {
        engine.sums.fill(0n);
        await engine.run(tile, 1);
      }
      let largest = 0;
      for (let n = 0; n < fast.sums.length; n += 2) {
        const re = signal[n];
        const im = signal[n + 1];
        const error = (Number(fast.sums[n]) * unit - re) ** 2 + (Number(fast.sums[n + 1]) * unit - im) ** 2;
        largest = Math.max(largest, error);
        found.difference += error;
        found.norm += re * re + im * im;
      }
      found.perDensity = Math.max(found.perDensity, Math.sqrt(largest) / totalDensity(job, tile));
    }
    return found;
  } finally {
    await fast.close();
    await reference.close();
  }
}

/** The spins of a tile; the first spin of each read may be altered by a failpoint at `place`. */
function spinsOf({ source }: EngineJob, place: string): PhantomSource {
  return {
    ...source,
    read: (first, count, into) => {
      source.read(first, count, into);
      into.density[0] = spoiled(place, into.density[0]);
    },
  };
}

/** Σ|ρ| of a tile times the largest sensitivity; 1 if that is 0, so that an error of 0 stays 0. */
function totalDensity({ source, tileSize }: EngineJob, tile: number): number {
  const { first, count } = tileCut(source, tileSize).spinsOf(tile);
  const spins = spinBlock(count, { extra: modelColumns(source.model).total });
  source.read(first, count, spins);
  const sensitivity = largestShare(source) / source.bounds.maxDensity;
  return spins.density.reduce((sum, density) => sum + Math.abs(density), 0) * sensitivity || 1;
}

/** Of the same tiles in several passes over the coils. */
export function joinPasses(all: readonly Findings[]): Findings {
  const sum = (key: 'difference' | 'norm'): number => all.reduce((total, one) => total + one[key], 0);
  return {
    tiles: all[0].tiles,
    perDensity: Math.max(...all.map(({ perDensity }) => perDensity)),
    difference: sum('difference'),
    norm: sum('norm'),
  };
}

export function uniteFindings(all: readonly Findings[]): Verification {
  const sum = (key: 'tiles' | 'difference' | 'norm'): number => all.reduce((total, one) => total + one[key], 0);
  const norm = sum('norm');
  return {
    tiles: sum('tiles'),
    errorOfDensity: Math.max(...all.map(({ perDensity }) => perDensity)),
    errorOfSignal: norm > 0 ? Math.sqrt(sum('difference') / norm) : 0,
  };
}
