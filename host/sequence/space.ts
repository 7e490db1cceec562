/**
 * The encoded and the reconstructed space of a Cartesian sequence: matrix and field of view along
 * each axis. The trajectory shows what was acquired; the definitions FOV and Matrix show what was
 * intended, and decide where the trajectory is ambiguous (undersampling, oversampling, partial
 * Fourier). `free-space.ts` does the same for other trajectories.
 */
import type { CyclesPerMeter, Meters } from '../base/units.ts';
import type { Declared } from './declared-space.ts';
import type { Frame } from './frame.ts';
import { distinct, type Grid, gridOf, spacingOf } from './grid.ts';
import type { Line } from './trajectory-kind.ts';
import { dot } from './vector.ts';

/** One axis: as acquired and as it is to be reconstructed. */
export interface AxisSpace {
  readonly matrix: number;
  readonly fov: Meters;
  readonly reconMatrix: number;
  readonly reconFov: Meters;
}

export interface Space {
  readonly axes: readonly [AxisSpace, AxisSpace, AxisSpace];
  /**
   * Grids of lines along phase and slice axis: parallel lines have one or both, stacked planes that
   * along z.
   */
  readonly grids?: readonly [Grid | undefined, Grid | undefined];
}

/** Ratios this close to a whole number are meant to be it. */
const NEARLY = 0.02;
/** Spread of lines along the slice axis, relative to their length, above which it is encoded. */
export const ENCODED = 1e-3;

/**
 * Parallel lines.
 * @param step largest distance between neighbouring samples of a line
 */
export function cartesianSpace(
  lines: readonly Line[],
  step: CyclesPerMeter,
  [read, phase, slice]: Frame,
  declared: Declared,
  thickness: Meters | undefined,
): Space {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let longest = 0;
  for (const { first, last } of lines) {
    longest = Math.max(longest, Math.abs(dot(last, read) - dot(first, read)));
    low = Math.min(low, dot(first, read), dot(last, read));
    high = Math.max(high, dot(first, read), dot(last, read));
  }
  const x = readAxis(low, high, step, declared, Math.round(longest / step) + 1);
  const noise = ENCODED * (high - low);
  const [y, phaseGrid] = encodedAxis(
    lines.map(({ first }) => dot(first, phase)),
    noise,
    declared,
    1,
    x.reconFov,
  );
  const cube = x.reconFov / x.reconMatrix;
  // Less than half a cycle across the slice encodes nothing: it is what pulses off the middle of
  // their gradients, as in many fast spin echoes, leave behind.
  const residue = thickness === undefined ? 0 : 0.5 / thickness;
  const [z, sliceGrid] = encodedAxis(
    lines.map(({ first }) => dot(first, slice)),
    Math.max(noise, residue),
    declared,
    2,
    thickness ?? cube,
  );
  return { axes: [x, y, z], grids: [phaseGrid, sliceGrid] };
}

/** Along a line: samples `step` apart from `low` to `high`. */
export function readAxis(
  low: CyclesPerMeter,
  high: CyclesPerMeter,
  step: CyclesPerMeter,
  { fov, matrix }: Declared,
  together?: number,
): AxisSpace {
  const wanted = fov[0];
  const over = wanted === undefined ? 1 : 1 / (step * wanted);
  // The declared field of view, or a multiple of it by oversampling; otherwise that of the samples.
  const whole = Math.round(over);
  const exact = wanted !== undefined && whole >= 1 && Math.abs(over - whole) < NEARLY ? whole * wanted : 1 / step;
  const size = matrix[0] === undefined ? undefined : Math.round(matrix[0] * Math.max(1, over));
  const grid = gridOf(low, high, step, size, together);
  return cropped(grid.matrix, exact, wanted, matrix[0]);
}

/** Across lines or points, or 1 cell of `single` metres if their spread is at most `noise`. */
export function encodedAxis(
  positions: readonly number[],
  noise: CyclesPerMeter,
  { fov, matrix }: Declared,
  axis: 0 | 1 | 2,
  single: Meters,
): [AxisSpace, Grid | undefined] {
  const found = distinct(positions);
  const low = found[0];
  const high = found[found.length - 1];
  const wanted = fov[axis];
  if (high - low <= noise) {
    const size = axis === 2 ? single : (wanted ?? single);
    return [{ matrix: 1, fov: size, reconMatrix: 1, reconFov: size }, undefined];
  }
  const seen = spacingOf(found);
  const declared = wanted === undefined ? undefined : 1 / wanted;
  let spacing = seen ?? declared ?? (high - low) / (found.length - 1);
  if (seen !== undefined && declared !== undefined) {
    // Every second or third line of the declared field of view: undersampled on the declared grid.
    const skipped = Math.round(seen / declared);
    if (skipped >= 1 && Math.abs(seen / declared - skipped) < NEARLY * skipped) spacing = declared;
  }
  const grid = gridOf(low, high, spacing, matrix[axis]);
  return [cropped(grid.matrix, 1 / spacing, wanted, matrix[axis]), grid];
}

/**
 * Oversampled axes are reconstructed to the declared field of view, or to the matrix if only that
 * is declared.
 */
function cropped(matrix: number, fov: Meters, wanted: Meters | undefined, declared: number | undefined): AxisSpace {
  const over = wanted !== undefined ? fov / wanted : Math.floor(matrix / (declared ?? matrix));
  if (over < 1 + NEARLY) return { matrix, fov, reconMatrix: matrix, reconFov: fov };
  const reconMatrix = Math.max(1, Math.round(matrix / over));
  return { matrix, fov, reconMatrix, reconFov: (fov * reconMatrix) / matrix };
}
