/**
 * Chooses the positions of a voxel's spins by trial (point-trial.ts), for sequences whose moments
 * change direction: sets of growing size are played until one is within the tolerance. A spoiler
 * along one direction needs layers across the voxel, moments that rotate in the plane need
 * different positions in the plane, and both together need columns of layers; lattices are tried
 * for everything else. The number of layers of a column follows from one dense column, so few sets
 * have to be played.
 */
import { evenPlaces, filled, gridPlaces, rankOne, type SubVoxelPlaces } from '../phantom/sub-voxel.ts';
import type { Timeline } from '../timeline/types.ts';
import { denseColumn, errorsOf, SCALE_TOLERANCE } from './column.ts';
import type { Slice, TissueClass, Vector } from './phase-graph.ts';
import { stepsOf } from './play-points.ts';
import { type Cell, type PointError, type PointTrial, placed, pointTrial } from './point-trial.ts';

/** A pixel of voxels on a lattice. */
export interface PixelOfVoxels {
  /** Edges of a voxel [m]. */
  readonly steps: readonly [Vector, Vector, Vector];
  /** Number of voxels per pixel along each encoded axis, and across the object along the others. */
  readonly counts: readonly [number, number, number];
}

export interface FoundPlaces {
  readonly places: SubVoxelPlaces;
  readonly level: number;
  /** Relative error of the sum over the slice; undefined if no slice is examined. */
  readonly scale?: number;
}

/**
 * Largest number of spins per voxel that is tried, and the ratio of the sizes of consecutive
 * lattices.
 */
const MAX_SPINS = 1000;
const GROWTH = 1.3;
/**
 * Largest number of spins of a pixel × readouts in the trials of one tissue, one or two seconds;
 * the best set found by then is used. A pixel of 13 × 13 voxels would otherwise take minutes.
 */
const MOST_PLAYED = 5e6;
/**
 * Numbers of columns of layers beside each other in a voxel; square numbers are tried as grids too.
 */
const COLUMNS = [1, 2, 3, 4, 6, 9, 12, 16, 25, 36];
/** Layers of the dense column. */
const DENSE = 4096;
/** If no set is within the tolerance, one within this multiple of it is searched for. */
const RELAXED = 1.3;
/**
 * Distance of the second examined pixel from the first, in pixels: rotating moments add a phase
 * that grows with the distance.
 */
const APART = 15.37;

/** A set that may be played. */
interface Candidate {
  readonly count: number;
  /** Sets of one family differ in their layers, or in their size. */
  readonly family: string;
  /** Echo of its layers alone; undefined for a lattice. */
  readonly layered?: number;
  readonly make: () => SubVoxelPlaces;
}

/**
 * @param exactly the only number of spins that is tried
 * @returns function that gives, for a tissue, the energy of its signal, and the smallest set within
 *   a tolerance, or else the best one
 */
export function searchByTrial(
  timeline: Timeline,
  slice: Slice,
  wanted: (readout: number) => Vector,
  pixel: PixelOfVoxels,
  exactly?: number,
): (tissue: TissueClass) => Pick<PointTrial, 'wanted'> & { places(tolerance: number): FoundPlaces } {
  const cells = cellsOf(pixel, slice);
  const trial = pointTrial(timeline, slice, wanted, cells);
  const steps = stepsOf(timeline, slice, wanted);
  const column = denseColumn(timeline, steps, placed(rankOne(DENSE, [0, 0, 1]), cells[1]), DENSE);
  const missed = new Float64Array(2 * steps.readouts);
  return (tissue) => {
    const { wanted, error } = trial(tissue);
    const errorOf = (places: SubVoxelPlaces): PointError =>
      error(cells.map((cell) => ({ places: placed(filled(places, pixel.counts), cell) })));
    const series = column(tissue);
    const most = Math.min(exactly ?? MAX_SPINS, Math.floor(DENSE / 2 / pixel.counts[2]));
    const layers = Array.from({ length: most }, (_, n) => errorsOf(series, pixel.counts[2] * (n + 1), missed).level);
    const candidates = exactly === undefined ? growing(layers) : ofSize(exactly, layers);
    const found = new Map<Candidate, Required<FoundPlaces>>();
    const perSpin = steps.readouts * pixel.counts.reduce((product, count) => product * count, 1);
    let played = 0;
    const play = (candidate: Candidate): Required<FoundPlaces> => {
      const known = found.get(candidate);
      if (known !== undefined) return known;
      const places = candidate.make();
      const one = { places, ...errorOf(places) };
      found.set(candidate, one);
      played += candidate.count * perSpin;
      return one;
    };
    const places = (tolerance: number): FoundPlaces => {
      const hopeless = new Set<string>();
      for (const candidate of candidates) {
        const { family, count, layered = 0 } = candidate;
        if (layered > tolerance || hopeless.has(family)) continue;
        if (played > MOST_PLAYED && !found.has(candidate)) break;
        const one = play(candidate);
        if (one.level <= tolerance && one.scale <= SCALE_TOLERANCE) return one;
        // More layers do not help against in-plane dephasing, and the echo of lattices decreases at
        // best in inverse proportion to their size.
        const reached = candidate.layered === undefined ? one.level * (count / MAX_SPINS) : one.level;
        if (reached > tolerance && layered < tolerance / 2) hopeless.add(family);
      }
      const best = [...found.values()].sort((a, b) => a.level - b.level)[0];
      const isBest = best !== undefined && (best.level <= RELAXED * tolerance || played > MOST_PLAYED);
      return isBest ? best : places(RELAXED * tolerance);
    };
    if (exactly === undefined) return { wanted, places };
    const best = candidates.map(play).sort((a, b) => a.level - b.level)[0];
    return { wanted, places: () => best };
  };
}

/**
 * Sets of growing size, the simplest of each size first.
 * @param layers echo of a column by its number of layers, from 1 up
 */
function growing(layers: readonly number[]): Candidate[] {
  const all: Candidate[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const [n, echo] of layers.entries()) {
    if (echo >= least) continue;
    least = echo;
    all.push(...columns(n + 1, echo).filter(({ count }) => count <= MAX_SPINS));
  }
  for (let size = 2; size <= MAX_SPINS; size = Math.ceil(GROWTH * size)) all.push(...lattices(size));
  return all.sort((a, b) => a.count - b.count);
}

/** All sets of one size. */
function ofSize(size: number, layers: readonly number[]): Candidate[] {
  const divided = COLUMNS.filter((count) => size % count === 0 && (count === 1 || size > count));
  return [
    ...divided.flatMap((count) =>
      columns(size / count, layers[size / count - 1] ?? 0).filter((one) => one.count === size),
    ),
    ...(size > 1 ? lattices(size) : []),
  ];
}

function lattices(size: number): Candidate[] {
  return ([3, 2] as const).map((dimensions) => ({
    count: size,
    family: `lattice ${dimensions}`,
    make: () => evenPlaces(size, dimensions),
  }));
}

/**
 * Columns with this number of layers. In-plane moments give each column another phase, so that
 * together the columns reduce the echo of a single one.
 */
function columns(layers: number, echo: number): Candidate[] {
  return COLUMNS.filter((count) => count === 1 || layers > 1).flatMap((count) => {
    const side = Math.round(Math.sqrt(count));
    const of = { count: count * layers, layered: echo / Math.sqrt(count) };
    if (count === 1) return [{ ...of, family: 'layers', make: () => rankOne(layers, [0, 0, 1]) }];
    const staggered = { ...of, family: `${count} columns`, make: () => columnsOf(count, layers) };
    if (side * side !== count) return [staggered];
    const plane = gridPlaces(side, 2);
    return [{ ...of, family: `grid of ${count}`, make: () => gridOf(plane, layers) }, staggered];
  });
}

/** Columns whose layers are at the same heights. */
function gridOf(plane: SubVoxelPlaces, layers: number): SubVoxelPlaces {
  return Float64Array.from({ length: plane.length * layers }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    return axis < 2 ? plane[3 * Math.floor(n / layers) + axis] : ((n % layers) + 0.5) / layers - 0.5;
  });
}

/** Columns at positions that fill the plane, with their layers at different heights. */
function columnsOf(columns: number, layers: number): SubVoxelPlaces {
  const plane = evenPlaces(columns, 2);
  const count = columns * layers;
  return Float64Array.from({ length: 3 * count }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    const [column, layer] = [Math.floor(n / layers), n % layers];
    return axis < 2 ? plane[3 * column + axis] : (layer * columns + column + 0.5) / count - 0.5;
  });
}

function cellsOf({ steps, counts }: PixelOfVoxels, { position, direction }: Slice): Cell[] {
  const edges = steps.map((step, i) => step.map((part) => part * counts[i])) as unknown as Cell['edges'];
  const encoded = edges.filter((edge) => Math.abs(edge.reduce((sum, part, i) => sum + part * direction[i], 0)) < 1e-9);
  return [0, APART].map((shift) => ({
    middle: [0, 1, 2].map((i) =>
      encoded.reduce((sum, edge, n) => sum + (shift * edge[i]) / (n + 1), position * direction[i]),
    ) as unknown as Vector,
    edges,
  }));
}
