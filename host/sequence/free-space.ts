/**
 * The space of trajectories that are not parallel lines: spokes, spirals, cones, points. Every axis
 * has its own extent in k-space and its own field of view, declared or derived from the samples; an
 * axis along which k does not vary is one cell of the slice's thickness. Planes stacked along z
 * (stars, spirals) have a grid there.
 */
import type { CyclesPerMeter, Meters } from '../base/units.ts';
import type { Declared } from './declared-space.ts';
import { PATIENT_FRAME } from './frame.ts';
import { distinct, spacingOf } from './grid.ts';
import type { WalkedReadout } from './kspace.ts';
import { type AxisSpace, ENCODED, encodedAxis, readAxis, type Space } from './space.ts';
import { isFlat, type Line } from './trajectory-kind.ts';
import { add, dot, rotate } from './vector.ts';

/** Spokes: the grid of one spoke, on every axis along which any spoke has a component. */
export function radialSpace(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
  declared: Declared,
  thickness: Meters | undefined,
): Space {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { first, last, direction } of lines) {
    low = Math.min(low, dot(first, direction));
    high = Math.max(high, dot(last, direction));
  }
  const spoke = readAxis(low, high, largestStep(readouts), declared);
  // Another declared field of view along an axis has pixels of the same size.
  const axis = (a: 0 | 1 | 2): AxisSpace => {
    const fov = declared.fov[a];
    if (fov === undefined || declared.fov[0] === undefined) return spoke;
    const part = fov / declared.fov[0];
    const size = (n: number): number => declared.matrix[a] ?? Math.max(1, Math.round(n * part));
    return {
      matrix: Math.max(1, Math.round(spoke.matrix * part)),
      fov: spoke.fov * part,
      reconMatrix: part === 1 ? spoke.reconMatrix : size(spoke.reconMatrix),
      reconFov: spoke.reconFov * part,
    };
  };
  return placed(readouts, [axis(0), axis(1), axis(2)], declared, thickness, spoke.reconFov / spoke.reconMatrix);
}

/**
 * Anything else: the extent of each axis, with its declared field of view or the one that the
 * samples support.
 * @param turns spacing of the turns of spirals, if it is known
 */
export function freeSpace(
  readouts: readonly WalkedReadout[],
  declared: Declared,
  thickness: Meters | undefined,
  turns = 0,
): Space {
  const along = largestStep(readouts);
  if (along === 0) return pointSpace(readouts, declared, thickness);
  const step = Math.max(along, turns);
  const reaches = extents(readouts).map(({ low, high }) => Math.max(-low, high));
  const farthest = Math.max(...reaches);
  const axis = (a: 0 | 1 | 2): AxisSpace => {
    const fov = declared.fov[a] ?? declared.fov[0] ?? 1 / step;
    // Rotating trajectories have about the same extent on all their axes, and are meant to have the
    // same pixels on all.
    const reach = reaches[a] > 0.8 * farthest ? farthest : reaches[a];
    // A quarter of a cell less: the outermost sample may lie half a cell short of the matrix's
    // edge, or on it.
    const needed = Math.max(1, 2 * Math.ceil(reach * fov - 0.25));
    const matrix = declared.matrix[a] ?? needed;
    return { matrix, fov, reconMatrix: matrix, reconFov: fov };
  };
  const axes = [axis(0), axis(1), axis(2)] as const;
  return placed(readouts, axes, declared, thickness, axes[0].fov / axes[0].matrix);
}

/**
 * Readouts without gradients: points on a grid through k = 0, as in spectroscopic imaging, or no
 * encoding at all.
 */
function pointSpace(readouts: readonly WalkedReadout[], declared: Declared, thickness: Meters | undefined): Space {
  const points = readouts.map(({ base, path, rotation }) => add(base, rotate(rotation, path.first)));
  const farthest = points.reduce((most, k) => Math.max(most, ...k.map(Math.abs)), 0);
  const axes = ([0, 1, 2] as const).map((a) => {
    const positions = points.map((k) => k[a]);
    const found = distinct(positions);
    const spacing = spacingOf(found);
    const isGrid = spacing !== undefined && found[0] < spacing && found.at(-1)! > -spacing;
    const single = (a === 2 ? thickness : undefined) ?? declared.fov[0] ?? 1;
    // A tenth of a cycle per metre can remain of refocused crushers by rounding.
    const noise = Math.max(ENCODED * farthest, 0.1);
    return encodedAxis(isGrid ? positions : [0], noise, declared, a, single)[0];
  });
  return { axes: axes as unknown as Space['axes'] };
}

/** One cell for axes that are not encoded, and the grid of planes that are stacked along z. */
function placed(
  readouts: readonly WalkedReadout[],
  [x, y, z]: Space['axes'],
  declared: Declared,
  thickness: Meters | undefined,
  pixel: Meters,
): Space {
  const ranges = extents(readouts).map(({ low, high }) => high - low);
  const widest = Math.max(...ranges);
  const size = thickness ?? pixel;
  const single: AxisSpace = { matrix: 1, fov: size, reconMatrix: 1, reconFov: size };
  const [active0, active1, active2] = ranges.map((range) => range > ENCODED * widest) as [boolean, boolean, boolean];
  const inPlane = [active0 ? x : single, active1 ? y : single] as const;
  if (!active0 || !active1 || !readouts.every(isFlat)) return { axes: [...inPlane, active2 ? z : single] };
  const heights = readouts.map(({ base, path, rotation }) => base[2] + rotate(rotation, path.first)[2]);
  const [stack, grid] = encodedAxis(heights, ENCODED * widest, declared, 2, size);
  return grid === undefined ? { axes: [...inPlane, single] } : { axes: [...inPlane, stack], grids: [undefined, grid] };
}

function largestStep(readouts: readonly WalkedReadout[]): CyclesPerMeter {
  return readouts.reduce((most, { path }) => Math.max(most, path.largestStep), 0);
}

/**
 * Lowest and highest k along each axis: from the paths' bounds, and sample by sample if a rotation
 * makes them oblique.
 */
function extents(readouts: readonly WalkedReadout[]): { low: CyclesPerMeter; high: CyclesPerMeter }[] {
  const ranges = [0, 1, 2].map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }));
  const meet = (a: number, k: number): void => {
    const range = ranges[a];
    range.low = Math.min(range.low, k);
    range.high = Math.max(range.high, k);
  };
  for (const { base, path, rotation } of readouts) {
    if (rotation === undefined) {
      for (const a of [0, 1, 2]) {
        meet(a, base[a] + path.low[a]);
        meet(a, base[a] + path.high[a]);
      }
      continue;
    }
    const points = path.points();
    for (const [a, axis] of PATIENT_FRAME.entries()) {
      const [rx, ry, rz] = rotate(rotation, axis, true);
      for (let n = 0; n < points.length; n += 3)
        meet(a, base[a] + rx * points[n] + ry * points[n + 1] + rz * points[n + 2]);
    }
  }
  return ranges;
}
