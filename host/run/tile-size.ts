/**
 * Default number of spins per tile: of a few sizes the one whose program costs least. It is part of
 * the plan, so it depends only on phantom, timelines and methods. Small tiles can be shared evenly
 * by threads and ranks; large ones share the work that is done once per tile (a transform) among
 * many spins. In a long scan a tile is cut so that it ends within seconds.
 */
import { PANEL } from '../engine/tile-cut.ts';
import { modelColumns } from '../phantom/columns.ts';
import { SPIN_BYTES } from '../phantom/types.ts';
import { programCost } from '../program/build.ts';
import { isModelled } from '../program/context.ts';
import { roughCost } from '../program/cost.ts';
import type { ProgramJob } from '../program/types.ts';

const MIN_TILE = 256;
/**
 * Least number of tiles of a phantom, and largest tile. A tile of more than 4096 spins pays if much
 * work is done once per tile.
 */
const CANDIDATES = [
  { tiles: 64, most: 4096 },
  { tiles: 16, most: 16384 },
  { tiles: 4, most: 32768 },
] as const;
/**
 * Least relative saving for which a larger tile is chosen. Costs are counts of operations, which do
 * not show that larger tiles use the caches less well.
 */
const WORTHWHILE = 0.05;

/**
 * Bytes of a tile's spins where they have a model's columns: coils, nodes of a path; never less
 * than a panel, since kernels compute whole panels.
 */
const MODEL_TILE_BYTES = 2 ** 20;

/**
 * The same where coils are transformed: cells and weights of spins stay, columns of coils stream.
 */
const COILS_TILE_BYTES = 2 ** 23;

/**
 * Operations of a tile above which it is cut, some two seconds of a thread: a signal to stop waits
 * for the tiles that have begun. Half as many spins must not share so much that they cost more.
 */
const LONG_TILE = 2 ** 32;
const LEAST_TILE = 64;
const DEARER = 0.05;

export function defaultTileSize(job: Omit<ProgramJob, 'tileSize'>): number {
  const tileSize = cheapestTileSize(job);
  if (roughCost(job.timelines[0], job.source.model) * tileSize < LONG_TILE) return tileSize;
  const cost = programCost({ ...job, tileSize });
  // Whole panels, since kernels compute no less.
  const short = Math.max(LEAST_TILE, PANEL * Math.floor(LONG_TILE / cost / PANEL));
  for (let size = short; size < tileSize; size *= 2)
    if (programCost({ ...job, tileSize: size }) < (1 + DEARER) * cost) return size;
  return tileSize;
}

function cheapestTileSize(job: Omit<ProgramJob, 'tileSize'>): number {
  const { timelines, source } = job;
  const { spinCount, model } = source;
  const sizesUpTo = (fitting: number): number[] =>
    CANDIDATES.map(({ tiles, most }) =>
      Math.min(fitting, most, Math.max(MIN_TILE, 8 * Math.ceil(spinCount / tiles / 8))),
    );
  let sizes = sizesUpTo(Number.POSITIVE_INFINITY);
  if (model !== undefined) {
    const fit = (bytes: number): number =>
      Math.max(PANEL, 8 * Math.floor(bytes / (SPIN_BYTES + 4 * modelColumns(model).total) / 8));
    if (isModelled(timelines, source)) return Math.min(fit(MODEL_TILE_BYTES), sizes[0]);
    sizes = sizesUpTo(fit(COILS_TILE_BYTES));
  }
  // Two workers that share the tiles wait on average for half a tile each at the end. A run of few
  // tiles is short, so that more workers would not be started for it.
  const costOf = (tileSize: number): number => programCost({ ...job, tileSize }) * (1 + tileSize / spinCount);
  // A phantom of few spins has fewer sizes that differ enough to compare.
  const larger = sizes.filter((size, n) => n > 0 && size >= 2 * sizes[n - 1]);
  let best = { tileSize: sizes[0], cost: larger.length > 0 ? costOf(sizes[0]) : 0 };
  for (const tileSize of larger) {
    const cost = costOf(tileSize);
    if (cost < (1 - WORTHWHILE) * best.cost) best = { tileSize, cost };
  }
  return best.tileSize;
}
