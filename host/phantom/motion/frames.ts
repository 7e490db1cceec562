/**
 * Motion of a group as a function of time that is the same for all its spins:
 *
 *     r(t) = A(t) r0 + Σ_i v_i(t) q_i(r0) + P(t) D(t)
 *
 * q are columns of the spin: (cos θ, sin θ) about the z axis for a HeartBeat, and 1 for motions
 * that are the same for all spins; D is its displacement along a path. Every list of rotations and
 * translations is of this form, with a HeartBeat before and a Path anywhere among them. A mean over
 * a span is that of its groups, from sums over their spins.
 */
import type { Seconds } from '../../base/units.ts';
import { type Measure, rotationMatrix } from './places.ts';
import type { Motion, Vector } from './types.ts';

/** Matrices are row-major; v has three numbers for each column q. */
export interface Frame {
  readonly A: Float64Array;
  readonly v: Float64Array;
  readonly P: Float64Array;
}

/** The columns q in use, by their place among `v`; −1: not in use. */
export interface Columns {
  readonly count: number;
  /** cos θ; sin θ follows. */
  readonly angle: number;
  readonly one: number;
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];

export function emptyFrame({ count }: Columns): Frame {
  return { A: new Float64Array(9), v: new Float64Array(3 * count), P: new Float64Array(9) };
}

/**
 * Writes the frame of a group after some of its motions.
 * @param motions of the group, in order
 * @param measureOf the quantity that motion n derives from its span
 */
export function writeFrame(
  frame: Frame,
  columns: Columns,
  motions: readonly { readonly motion: Motion; readonly unit: number; readonly measure: Measure }[],
): void {
  const { A, v, P } = frame;
  A.set(IDENTITY);
  v.fill(0);
  P.set(IDENTITY);
  const b = columns.one < 0 ? undefined : v.subarray(3 * columns.one, 3 * columns.one + 3);
  let onPath = false;
  for (const { motion, unit: u, measure } of motions) {
    const { action } = motion;
    if (action.type === 'Translate') {
      b![0] += u * action.dx;
      b![1] += u * action.dy;
      b![2] += u * action.dz;
    } else if (action.type === 'Rotate') {
      const R = rotationMatrix(action, u);
      const center = action.center === 'CenterOfMass' ? measure.mean! : action.center;
      for (let axis = 0; axis < 3; axis++) b![axis] -= center[axis];
      multiply(R, A, 3);
      multiplyColumns(R, v);
      if (onPath) multiply(R, P, 3);
      for (let axis = 0; axis < 3; axis++) b![axis] += center[axis];
    } else if (action.type === 'HeartBeat') {
      // First of its group: A is the identity here.
      const { circumferential, radial, longitudinal } = action;
      A[0] = A[4] = 1 + u * radial;
      A[8] = 1 + u * longitudinal;
      const at = 3 * columns.angle;
      v[at] = v[at + 4] = u * (circumferential - radial) * measure.radius!;
    } else {
      onPath = true;
    }
  }
}

/** M := R·M for a row-major matrix of three rows. */
function multiply(R: Float64Array, M: Float64Array, width: number): void {
  for (let column = 0; column < width; column++) {
    const [x, y, z] = [M[column], M[width + column], M[2 * width + column]];
    for (let row = 0; row < 3; row++)
      M[width * row + column] = R[3 * row] * x + R[3 * row + 1] * y + R[3 * row + 2] * z;
  }
}

/** Applies R to each of consecutive vectors. */
function multiplyColumns(R: Float64Array, v: Float64Array): void {
  for (let at = 0; at < v.length; at += 3) {
    const [x, y, z] = [v[at], v[at + 1], v[at + 2]];
    for (let row = 0; row < 3; row++) v[at + row] = R[3 * row] * x + R[3 * row + 1] * y + R[3 * row + 2] * z;
  }
}

/** Sums over the spins of a group, for means. */
export interface Sums {
  readonly spins: number;
  /** Σ r0 */
  readonly place: Vector;
  /** Σ cos θ, Σ sin θ */
  readonly angle: readonly [number, number];
  /** [K][x, y, z] Σ D of the nodes of its path */
  readonly nodes: Float64Array;
}

/** Σ r(t) over a group. @param along place on its path, in nodes */
export function sumPlaces({ A, v, P }: Frame, columns: Columns, sums: Sums, along: number): [number, number, number] {
  const [x, y, z] = sums.place;
  const node = Math.min(sums.nodes.length / 3 - 2, Math.max(0, Math.floor(along)));
  const part = along - node;
  const D = [0, 1, 2].map((axis) => {
    if (sums.nodes.length === 0) return 0;
    const [a, b] = [sums.nodes[3 * node + axis], sums.nodes[3 * node + 3 + axis]];
    return a + part * (b - a);
  });
  const q = (axis: number): number => {
    const angle = 3 * columns.angle + axis;
    const whole = columns.one < 0 ? 0 : v[3 * columns.one + axis] * sums.spins;
    return whole + (columns.angle < 0 ? 0 : v[angle] * sums.angle[0] + v[angle + 3] * sums.angle[1]);
  };
  return [0, 1, 2].map(
    (row) =>
      A[3 * row] * x +
      A[3 * row + 1] * y +
      A[3 * row + 2] * z +
      q(row) +
      P[3 * row] * D[0] +
      P[3 * row + 1] * D[1] +
      P[3 * row + 2] * D[2],
  ) as [number, number, number];
}

/**
 * Angle of the rotations of a list between two times without a corner of their curves in between
 * [rad].
 */
export function turnBetween(
  motions: readonly { readonly motion: Motion; readonly unit: (time: Seconds) => number }[],
  from: Seconds,
  to: Seconds,
): number {
  let angle = 0;
  // Just inside: at a corner itself u may jump.
  const inset = 1e-3 * (to - from);
  for (const { motion, unit } of motions) {
    const { action } = motion;
    if (action.type !== 'Rotate') continue;
    const degrees = Math.abs(action.pitch) + Math.abs(action.roll) + Math.abs(action.yaw);
    angle += (Math.abs(unit(to - inset) - unit(from + inset)) * degrees * Math.PI) / 180;
  }
  return angle;
}
