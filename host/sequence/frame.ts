/**
 * The frame of parallel lines: directions of read, phase and slice, so that oblique scans remain
 * Cartesian.
 */
import type { Excitation } from './kspace.ts';
import { type Line, positive } from './trajectory-kind.ts';
import { add, cross, dot, norm, scale, type Vector } from './vector.ts';

export type Frame = readonly [read: Vector, phase: Vector, slice: Vector];

export const PATIENT_FRAME: Frame = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Components below this are rounding of a direction along an axis. */
const NEGLIGIBLE = 1e-3;

/**
 * Right-handed frame of lines that are all parallel or antiparallel. The slice axis is that of the
 * slice-selection gradient. Without one the phase axis is the direction in which the lines are
 * spread, or the next patient axis if they are not.
 */
export function frameOf(lines: readonly Line[], excitation: Excitation | undefined): Frame {
  const read = snapped(positive(lines[0].direction));
  const across = (v: Vector): Vector | undefined => {
    const rest = add(v, read, -dot(v, read));
    const length = norm(rest);
    return length > NEGLIGIBLE * norm(v) ? scale(rest, 1 / length) : undefined;
  };
  const normal = excitation === undefined ? undefined : across(excitation.gradient);
  const phase = normal === undefined ? (spread(lines, across) ?? nextAxis(read)) : cross(normal, read);
  const upward = snapped(positive(phase));
  return [read, upward, cross(read, upward)];
}

/** Direction from the first line to the one farthest from it. */
function spread(lines: readonly Line[], across: (v: Vector) => Vector | undefined): Vector | undefined {
  const from = lines[0];
  let farthest = 0;
  let direction: Vector | undefined;
  for (const { first, last } of lines) {
    const apart = add(scale(add(first, last), 0.5), scale(add(from.first, from.last), 0.5), -1);
    const way = across(apart);
    if (way !== undefined && Math.abs(dot(apart, way)) > farthest) {
      farthest = Math.abs(dot(apart, way));
      direction = way;
    }
  }
  // In three dimensions that is a diagonal; then the next patient axis is chosen, which is not
  // oblique.
  const diagonal = lines.some(({ first }) => {
    const apart = add(first, from.first, -1);
    const rest = across(apart);
    return rest !== undefined && direction !== undefined && norm(cross(rest, direction)) > NEGLIGIBLE;
  });
  return diagonal ? undefined : direction;
}

/** The patient axis after the one nearest to `read`, made perpendicular to it. */
function nextAxis(read: Vector): Vector {
  const nearest = read.reduce((best, c, axis) => (Math.abs(c) > Math.abs(read[best]) ? axis : best), 0);
  const axis = PATIENT_FRAME[nearest === 1 ? 0 : 1];
  const rest = add(axis, read, -dot(axis, read));
  return scale(rest, 1 / norm(rest));
}

/** Exactly an axis, if it is one but for rounding. */
function snapped(v: Vector): Vector {
  const axis = PATIENT_FRAME.find((candidate) => norm(cross(candidate, v)) < NEGLIGIBLE);
  return axis === undefined ? v : dot(axis, v) < 0 ? scale(axis, -1) : axis;
}
