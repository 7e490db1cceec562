/**
 * One axis of k-space as a grid: from positions seen to spacing, matrix size and the index of each
 * position.
 *
 * Index and k: on an axis of N cells spaced Δ, k = 0 lies at index floor(N/2), and index i holds k
 * = (i − floor(N/2))·Δ. Positions that all lie half a cell off (an even number of samples placed
 * symmetrically about 0) go to the index below their upper neighbour's, so −(N−1)/2·Δ is index 0;
 * where k lies exactly stays in the trajectory. +N/2·Δ, where a table that runs downwards from the
 * top begins, is the same frequency as −N/2·Δ on N pixels, and so index 0 as well.
 */
import type { CyclesPerMeter } from '../base/units.ts';

export interface Grid {
  readonly spacing: CyclesPerMeter;
  readonly matrix: number;
  /** Index of a position, 0 … matrix − 1. */
  index(k: CyclesPerMeter): number;
}

/**
 * Positions closer than this fraction of their range are equal: files round amplitudes to six
 * digits.
 */
const SAME = 2e-5;

/** Distinct positions, ascending. */
export function distinct(positions: Iterable<number>, tolerance?: number): number[] {
  const sorted = Float64Array.from(positions).sort();
  const range = sorted.length === 0 ? 0 : sorted[sorted.length - 1] - sorted[0];
  const same = tolerance ?? SAME * range;
  const found: number[] = [];
  for (const position of sorted) {
    if (found.length === 0 || position - found[found.length - 1] > same) found.push(position);
  }
  return found;
}

/**
 * Spacing of a grid on which all positions lie: the smallest gap, sharpened over the whole range.
 * Undefined for a single position, or if there is no grid of which they fill at least an eighth.
 */
export function spacingOf(positions: readonly number[]): CyclesPerMeter | undefined {
  if (positions.length < 2) return undefined;
  const first = positions[0];
  const range = positions[positions.length - 1] - first;
  let gap = range;
  for (let n = 1; n < positions.length; n++) gap = Math.min(gap, positions[n] - positions[n - 1]);
  const steps = Math.round(range / gap);
  const spacing = range / steps;
  const onGrid = positions.every((k) => Math.abs((k - first) / spacing - Math.round((k - first) / spacing)) < 0.1);
  return onGrid && steps + 1 <= 8 * positions.length ? spacing : undefined;
}

/**
 * @param lowest lowest position, and `highest` the highest
 * @param wanted matrix size that the sequence states; taken if every position fits into it
 * @param together positions that belong to one line of samples, where lines may be shifted against
 * each other by a cell
 */
export function gridOf(
  lowest: number,
  highest: number,
  spacing: CyclesPerMeter,
  wanted: number | undefined,
  together = Number.POSITIVE_INFINITY,
): Grid {
  // Offset of the positions from multiples of the spacing, in (−¼, ¾]: 0 for a grid through k = 0,
  // ½ for one that is half a cell off.
  const turn = lowest / spacing - Math.floor(lowest / spacing);
  const offset = turn > 0.75 ? turn - 1 : turn;
  const cell = (k: number): number => Math.round(k / spacing - offset);
  const matrix = matrixOf(cell(lowest), cell(highest), wanted, together);
  const center = Math.floor(matrix / 2);
  return {
    spacing,
    matrix,
    index: (k) => (((cell(k) + center) % matrix) + matrix) % matrix,
  };
}

function matrixOf(low: number, high: number, wanted: number | undefined, together: number): number {
  const span = high - low + 1;
  if (wanted !== undefined && span <= wanted && 2 * Math.max(-low, high) <= wanted) return wanted;
  // Lines of 2m samples that run from −m + 1 one way and from m − 1 the other (bipolar readouts
  // centred on their lobes) are the same 2m frequencies.
  if (low === -high && together <= 2 * high) return 2 * high;
  // Both sides reached, in either even convention: all of k-space. Else one side was left out
  // (partial Fourier, centre out), and the matrix is the smallest whose index range −floor(N/2) …
  // contains what was acquired.
  if (Math.abs(low + high) <= 1) return span;
  return 2 * Math.max(-low, high + 1);
}
