/**
 * Points of a few pixels play a sequence whose moments turn from pulse to pulse (spokes, spirals),
 * against as many points as a perfect object takes:
 *
 *     level² = Σ_j |⟨M_j⟩_points − ⟨M_j⟩_dense|² / Σ_j |⟨M_j⟩_dense|²
 *
 * with ⟨M_j⟩ the mean over a pixel of the magnetisation at readout j, demodulated by the readout's
 * own k. Such moments scatter each order over thousands of states, so that the phase graph has to
 * leave some out, and they add to the phase of the pulses by an amount that depends on the place,
 * which a column across the slice does not see.
 */
import type { SubVoxelPlaces } from '../phantom/sub-voxel.ts';
import type { Timeline } from '../timeline/types.ts';
import { scaleOf } from './column.ts';
import { momentsBetweenPulses, type Slice, type TissueClass, type Vector } from './phase-graph.ts';
import { playPoints, stepsOf } from './play-points.ts';

/**
 * A parallelepiped that is one pixel where the image encodes, and the thickness of the object where
 * it does not.
 */
export interface Cell {
  /** [m] */
  readonly middle: Vector;
  readonly edges: readonly [Vector, Vector, Vector];
  /**
   * Along which axes the cell has soft edges: points beyond them count too, weighted by `softly`.
   * Otherwise the cell contains a whole number of voxels.
   */
  readonly soft?: readonly [boolean, boolean, boolean];
}

/** Points in a cell: all of them, or a share drawn at random, `kept`. */
export interface CellPoints {
  /** [points][x, y, z], m */
  readonly places: Float64Array;
  readonly weights?: Float64Array;
  readonly kept?: number;
}

/** Width over that of the pixel within which points count. */
const SOFT = 1.5;

/**
 * Weight of a point at this distance from the middle, in pixels: 1 inside, ½ at the edge of the
 * pixel. A sharp edge would cut a lattice of a few points in a way that looks like an echo.
 */
export function softly(distance: number): number {
  const beyond = Math.abs(distance) - (1 - SOFT / 2);
  if (beyond <= 0) return 1;
  return beyond < SOFT - 1 ? Math.cos((Math.PI / 2 / (SOFT - 1)) * beyond) ** 2 : 0;
}

/** Error of the points compared with the cells, relative to the signal. */
export interface PointError {
  readonly level: number;
  /** The part in proportion to the signal. */
  readonly scale: number;
}

export interface PointTrial {
  /** Energy of the signal in a readout, for a density of 1. */
  readonly wanted: number;
  /** @param cells points in each of the cells */
  error(cells: readonly CellPoints[]): PointError;
}

/**
 * Points along each axis of the grid that represents a perfect object in the plane of a cell; each
 * point of it has a height of its own. A rotating moment dephases by tens of cycles across a pixel:
 * a coarse grid of columns of layers (8 × 8 × 32) rephases those as an echo of its own, 6 % for UTE
 * where 0.6 % are right.
 */
const GRID = 91;
/**
 * Consecutive heights differ by this many steps, near the golden section, so that no wave in the
 * plane is in phase with them.
 */
const SCATTER = 3163;
/**
 * More distinct moments than this, outside the line through the first two, count as rotating; an
 * inversion, its train and the delay after it have one such moment.
 */
const FEW_MOMENTS = 4;
/** Moments that differ by less count as equal [cycles/m]: rewinders are rounded to the raster. */
const SAME = 3;

/**
 * Whether the direction of the moments between the pulses of a slice changes: there are many
 * different ones, not all on one line as in phase encoding.
 */
export function momentsTurn(timeline: Timeline, slice: Slice): boolean {
  let first: Vector | undefined;
  let along: readonly number[] | undefined;
  const beside = new Set<string>();
  for (const k of momentsBetweenPulses(timeline, slice)) {
    first ??= k;
    const [x, y, z] = first;
    const apart = [k[0] - x, k[1] - y, k[2] - z];
    const length = Math.hypot(...apart);
    if (length > SAME) along ??= apart.map((part) => part / length);
    if (along === undefined) continue;
    const [u, v, w] = along;
    const share = apart[0] * u + apart[1] * v + apart[2] * w;
    const across = Math.hypot(apart[0] - share * u, apart[1] - share * v, apart[2] - share * w);
    if (across > SAME) beside.add(k.map((part) => Math.round(part / SAME)).join(' '));
    if (beside.size > FEW_MOMENTS) return true;
  }
  return false;
}

/**
 * @param wanted k of the first sample of a readout [cycles/m]
 * @param most readouts that are compared; default: some
 */
export function pointTrial(
  timeline: Timeline,
  slice: Slice,
  wanted: (readout: number) => Vector,
  cells: readonly Cell[],
  most?: number,
): (tissue: TissueClass) => PointTrial {
  const steps = stepsOf(timeline, slice, wanted, most);
  const dense = cells.map((cell) => {
    const places = densePlaces(cell);
    return { play: playPoints(timeline, steps, placed(places, cell)), weights: weightsOf(places, cell) };
  });
  return (tissue) => {
    const perfect = dense.map(({ play, weights }) => meanOf(play(tissue), 2 * steps.readouts, weights).mean);
    const signals = perfect.flatMap((mean) => [...mean]);
    const signal = energyOf(signals);
    return {
      wanted: signal / cells.length / (steps.readouts || 1),
      error(points) {
        let energy = 0;
        const differences: number[] = [];
        for (const [c, { places, weights, kept = 1 }] of points.entries()) {
          const data = playPoints(timeline, steps, places)(tissue);
          const { mean, chance } = meanOf(data, 2 * steps.readouts, weights);
          const difference = mean.map((value, at) => value - perfect[c][at]);
          differences.push(...difference);
          // Leaving out all but the kept share adds as much in the mean.
          energy += Math.max(0, energyOf(difference) - (1 - kept) * chance);
        }
        const level = signal > 0 ? Math.sqrt(energy / signal) : 0;
        return { level, scale: scaleOf(differences, signals) };
      },
    };
  };
}

/** [points][i, j, k] in a cell, each in [−½, ½) where it does not end softly. */
function densePlaces({ soft }: Cell): SubVoxelPlaces {
  const count = GRID * GRID;
  return Float64Array.from({ length: 3 * count }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    const width = soft?.[axis] ? SOFT : 1;
    if (axis === 0) return width * (((n % GRID) + 0.5) / GRID - 0.5);
    if (axis === 1) return width * ((Math.floor(n / GRID) + 0.5) / GRID - 0.5);
    return width * ((((n * SCATTER) % count) + 0.5) / count - 0.5);
  });
}

/** @param places in parts of the edges of a cell */
function weightsOf(places: SubVoxelPlaces, { soft }: Cell): CellPoints['weights'] {
  if (soft === undefined) return undefined;
  return Float64Array.from({ length: places.length / 3 }, (_, n) =>
    soft.reduce((product, isSoft, axis) => product * (isSoft ? softly(places[3 * n + axis]) : 1), 1),
  );
}

/** Places in parts of the edges of a cell, as positions [m]. */
export function placed(places: Float64Array, { middle, edges }: Cell): Float64Array {
  return places.map((_, at) => {
    const n = at - (at % 3);
    return edges.reduce((sum, edge, i) => sum + places[n + i] * edge[at % 3], middle[at % 3]);
  });
}

/**
 * Weighted mean over the points, and the square of what chance would make of it if they were drawn
 * at random; summed over readouts.
 */
function meanOf(
  data: Float64Array,
  width: number,
  weights: Float64Array = new Float64Array(data.length / width).fill(1),
): { readonly mean: Float64Array; readonly chance: number } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = new Float64Array(width);
  for (const [n, weight] of weights.entries())
    for (let j = 0, at = n * width; j < width; j++, at++) mean[j] = mean[j] + (weight * data[at]) / total;
  let chance = 0;
  for (const [n, weight] of weights.entries())
    for (let j = 0, at = n * width; j < width; j++, at++) chance += ((weight / total) * (data[at] - mean[j])) ** 2;
  return { mean, chance };
}

function energyOf(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
