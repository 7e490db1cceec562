/**
 * Vectors of three components and rotations of them, as plain tuples, for k-space and gradients.
 */

export type Vector = readonly [number, number, number];

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const add = (a: Vector, b: Vector, weight = 1): Vector => [
  a[0] + weight * b[0],
  a[1] + weight * b[1],
  a[2] + weight * b[2],
];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
/** Ten times as fast as Math.hypot, whose protection against overflow is not needed here. */
export const norm = (a: Vector): number => Math.sqrt(dot(a, a));
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** R·v, or Rᵀ·v; v itself without a rotation. */
export function rotate(R: readonly number[] | undefined, v: Vector, transposed = false): Vector {
  if (R === undefined) return v;
  const row = (n: number): Vector => (transposed ? [R[n], R[n + 3], R[n + 6]] : [R[3 * n], R[3 * n + 1], R[3 * n + 2]]);
  return [dot(row(0), v), dot(row(1), v), dot(row(2), v)];
}

export const ZERO: Vector = [0, 0, 0];

/**
 * Where the line from `first` to `last` is nearest to the origin: 0 at `first`, 1 at `last`,
 * outside before or after.
 */
export function originOnLine(first: Vector, last: Vector): number {
  const along = add(last, first, -1);
  return -dot(first, along) / dot(along, along);
}

/** Distance of the origin from the segment between `first` and `last`. */
export function distanceToLine(first: Vector, last: Vector): number {
  const along = Math.min(1, Math.max(0, originOnLine(first, last)));
  return norm(add(scale(first, 1 - along), last, along));
}
