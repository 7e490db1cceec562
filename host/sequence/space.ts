/**
 * The encoded and the reconstructed space of a sequence: matrix and field of view along each axis. The trajectory says
 * what was acquired; the definitions FOV and Matrix say what was meant, and decide where the trajectory leaves a choice
 * (undersampling, oversampling, partial Fourier, thickness).
 */
import { GAMMA_BAR, type Meters } from '../common/units.ts';
import { type Frame, PATIENT_FRAME } from './frame.ts';
import { distinct, type Grid, gridOf, spacingOf } from './grid.ts';
import { add, dot, type Excitation, norm, rotate, type WalkedReadout } from './kspace.ts';
import { bandwidth } from './rf.ts';
import { areStacked, type Line, type Reach } from './trajectory-kind.ts';

/** One axis: what was acquired and what is to be made of it. */
export interface AxisSpace {
  readonly matrix: number;
  readonly fov: Meters;
  readonly reconMatrix: number;
  readonly reconFov: Meters;
}

export interface Space {
  readonly axes: readonly [AxisSpace, AxisSpace, AxisSpace];
  /** Grids of lines along phase and slice axis: parallel lines have one or both, stacked stars that along z. */
  readonly grids?: readonly [Grid | undefined, Grid | undefined];
}

/** What the definitions state, along read, phase and slice; undefined where they do not. */
export interface Stated {
  readonly fov: readonly (Meters | undefined)[];
  readonly matrix: readonly (number | undefined)[];
  /** Slice thickness under its own name. */
  readonly thickness: Meters | undefined;
}

export function statedSpace(definitions: ReadonlyMap<string, string>): Stated {
  const numbers = (key: string): (number | undefined)[] =>
    (definitions.get(key) ?? '')
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => (Number(word) > 0 ? Number(word) : undefined));
  return {
    fov: numbers('FOV'),
    matrix: numbers('Matrix'),
    thickness: numbers('SliceThickness')[0] ?? numbers('Slice_Thickness')[0],
  };
}

/** Ratios this close to a whole number are meant to be it. */
const NEARLY = 0.02;
/** Spread of lines along the slice axis, relative to their length, above which it is encoded. */
const ENCODED = 1e-3;

/** Parallel lines. */
export function cartesianSpace(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
  [read, phase, slice]: Frame,
  stated: Stated,
  thickness: Meters | undefined,
): Space {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let step = 0;
  let longest = 0;
  for (const [n, { first, last }] of lines.entries()) {
    longest = Math.max(longest, Math.abs(dot(last, read) - dot(first, read)));
    low = Math.min(low, dot(first, read), dot(last, read));
    high = Math.max(high, dot(first, read), dot(last, read));
    step = Math.max(step, readouts[n]!.path.largestStep);
  }
  const x = readAxis(low, high, step, stated, Math.round(longest / step) + 1);
  const noise = ENCODED * (high - low);
  const [y, phaseGrid] = encodedAxis(
    lines.map(({ first }) => dot(first, phase)),
    noise,
    stated,
    1,
    x.reconFov,
  );
  const cube = x.reconFov / x.reconMatrix;
  const [z, sliceGrid] = encodedAxis(
    lines.map(({ first }) => dot(first, slice)),
    noise,
    stated,
    2,
    thickness ?? cube,
  );
  return { axes: [x, y, z], grids: [phaseGrid, sliceGrid] };
}

/** Along a line: samples `step` apart from `low` to `high`. */
function readAxis(low: number, high: number, step: number, { fov, matrix }: Stated, together?: number): AxisSpace {
  const wanted = fov[0];
  const over = wanted === undefined ? 1 : 1 / (step * wanted);
  // The stated field of view, or a multiple of it by oversampling; otherwise what the samples say.
  const whole = Math.round(over);
  const exact = wanted !== undefined && whole >= 1 && Math.abs(over - whole) < NEARLY ? whole * wanted : 1 / step;
  const size = matrix[0] === undefined ? undefined : Math.round(matrix[0] * Math.max(1, over));
  const grid = gridOf(low, high, step, size, together);
  return cropped(grid.matrix, exact, wanted);
}

/** Across lines or points, or 1 cell of `single` metres where they do not spread by more than `noise`. */
function encodedAxis(
  positions: readonly number[],
  noise: number,
  { fov, matrix }: Stated,
  axis: 0 | 1 | 2,
  single: Meters,
): [AxisSpace, Grid | undefined] {
  const found = distinct(positions);
  const low = found[0]!;
  const high = found[found.length - 1]!;
  const wanted = fov[axis];
  if (high - low <= noise) {
    const size = axis === 2 ? single : (wanted ?? single);
    return [{ matrix: 1, fov: size, reconMatrix: 1, reconFov: size }, undefined];
  }
  const seen = spacingOf(found);
  const stated = wanted === undefined ? undefined : 1 / wanted;
  let spacing = seen ?? stated ?? (high - low) / (found.length - 1);
  if (seen !== undefined && stated !== undefined) {
    // Every second or third line of the stated field of view: undersampled on the stated grid.
    const skipped = Math.round(seen / stated);
    if (skipped >= 1 && Math.abs(seen / stated - skipped) < NEARLY * skipped) spacing = stated;
  }
  const grid = gridOf(low, high, spacing, matrix[axis]);
  return [cropped(grid.matrix, 1 / spacing, wanted), grid];
}

/** Oversampled axes are reconstructed to the field of view that was meant. */
function cropped(matrix: number, fov: Meters, wanted: Meters | undefined): AxisSpace {
  if (wanted === undefined || fov < wanted * (1 + NEARLY)) return { matrix, fov, reconMatrix: matrix, reconFov: fov };
  const reconMatrix = Math.max(1, Math.round((matrix * wanted) / fov));
  return { matrix, fov, reconMatrix, reconFov: (fov * reconMatrix) / matrix };
}

/** Spokes: the grid of one spoke, on every axis that any spoke has a part along; a grid of stars along z if stacked. */
export function radialSpace(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
  stated: Stated,
  thickness: Meters | undefined,
): Space {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let step = 0;
  for (const [n, { first, last, direction }] of lines.entries()) {
    low = Math.min(low, dot(first, direction));
    high = Math.max(high, dot(last, direction));
    step = Math.max(step, readouts[n]!.path.largestStep);
  }
  const spoke = readAxis(low, high, step, stated);
  const inPlane = isotropic(spoke, encodedAxes(readouts), thickness);
  if (!areStacked(lines)) return inPlane;
  const [x, y] = inPlane.axes;
  const noise = ENCODED * (high - low);
  const heights = lines.map(({ first }) => first[2]);
  const [z, grid] = encodedAxis(heights, noise, stated, 2, thickness ?? spoke.reconFov / spoke.reconMatrix);
  return grid === undefined ? { axes: [x, y, z] } : { axes: [x, y, z], grids: [undefined, grid] };
}

/** Anything else: as far out as it goes, at the stated field of view or the one its samples along the path allow. */
export function freeSpace(
  readouts: readonly WalkedReadout[],
  reaches: readonly Reach[],
  stated: Stated,
  thickness: Meters | undefined,
): Space {
  const farthest = reaches.reduce((most, { largest }) => Math.max(most, largest), 0);
  const step = readouts.reduce((most, { path }) => Math.max(most, path.largestStep), 0);
  if (step === 0 && farthest > 0) {
    // Readouts that stand still, as spectroscopic imaging's do, are points on a grid.
    const point = (axis: 0 | 1 | 2): AxisSpace => {
      const positions = readouts.map(({ base, path, rotation }) => add(base, rotate(rotation, path.first))[axis]);
      const single = axis === 2 ? thickness : undefined;
      return encodedAxis(positions, ENCODED * farthest, stated, axis, single ?? stated.fov[0] ?? 1)[0];
    };
    return { axes: [point(0), point(1), point(2)] };
  }
  const fov = stated.fov[0] ?? (step > 0 ? 1 / step : 1);
  // A quarter of a cell less: the outermost sample may lie half a cell short of the matrix's edge, or on it.
  const matrix = stated.matrix[0] ?? Math.max(1, 2 * Math.ceil(farthest * fov - 0.25));
  return isotropic({ matrix, fov, reconMatrix: matrix, reconFov: fov }, encodedAxes(readouts), thickness);
}

function isotropic(encoded: AxisSpace, active: readonly boolean[], thickness: Meters | undefined): Space {
  const size = thickness ?? encoded.reconFov / encoded.reconMatrix;
  const single: AxisSpace = { matrix: 1, fov: size, reconMatrix: 1, reconFov: size };
  const [x, y, z] = active.map((is) => (is ? encoded : single));
  return { axes: [x!, y!, z!] };
}

/** Axes along which k varies, judged by boxes around the paths. */
function encodedAxes(readouts: readonly WalkedReadout[]): readonly boolean[] {
  const low = [0, 0, 0].fill(Number.POSITIVE_INFINITY);
  const high = [0, 0, 0].fill(Number.NEGATIVE_INFINITY);
  for (const { base, path, rotation } of readouts) {
    const middle = add(base, rotate(rotation, [0, 1, 2].map((a) => (path.low[a]! + path.high[a]!) / 2) as never));
    for (const [a, axis] of PATIENT_FRAME.entries()) {
      const along = rotate(rotation, axis, true);
      const half = [0, 1, 2].reduce((s, b) => s + (Math.abs(along[b]!) * (path.high[b]! - path.low[b]!)) / 2, 0);
      low[a] = Math.min(low[a]!, middle[a]! - half);
      high[a] = Math.max(high[a]!, middle[a]! + half);
    }
  }
  const ranges = low.map((from, a) => high[a]! - from);
  const widest = Math.max(...ranges);
  return ranges.map((range) => widest > 0 && range > ENCODED * widest);
}

/**
 * Thickness of a slice: the definitions' z field of view (shared among slices where it spans them all) or slice
 * thickness, else what the pulse's bandwidth selects in its gradient. Undefined where nothing is selected.
 * @param spacing distance between neighbouring slices, if there are several
 */
export function sliceThickness(
  stated: Stated,
  excitation: Excitation | undefined,
  slices: number,
  spacing: Meters | undefined,
): Meters | undefined {
  const slab = stated.fov[2];
  if (stated.thickness !== undefined) return stated.thickness;
  if (slab !== undefined)
    return spacing !== undefined && Math.abs(slab / (slices * spacing) - 1) < NEARLY ? slab / slices : slab;
  const strength = excitation === undefined ? 0 : norm(excitation.gradient);
  return excitation === undefined || strength === 0 ? undefined : bandwidth(excitation.rf) / (GAMMA_BAR * strength);
}
