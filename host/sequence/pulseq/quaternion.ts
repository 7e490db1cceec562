/**
 * Rotations between the two forms they take: unit quaternions (w, x, y, z) in files, row-major 3×3
 * matrices in blocks.
 */

/** Matrix of v ↦ q v q*, for a unit quaternion. */
export function rotationMatrix(q: readonly number[]): number[] {
  const [w, x, y, z] = q as [number, number, number, number];
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}

/**
 * Unit quaternion of a rotation matrix, w ≥ 0; starts from the largest component, which loses no
 * digits (Shepperd 1978).
 */
export function quaternionOf(matrix: readonly number[]): number[] {
  const [a, b, c, d, e, f, g, h, i] = matrix as [...Array<number>] & { length: 9 } as number[];
  // 4w², 4x², 4y², 4z²
  const squares = [1 + a! + e! + i!, 1 + a! - e! - i!, 1 - a! + e! - i!, 1 - a! - e! + i!];
  const largest = squares.indexOf(Math.max(...squares));
  const s = 2 * Math.sqrt(squares[largest]);
  const rows = [
    [s / 4, (h! - f!) / s, (c! - g!) / s, (d! - b!) / s],
    [(h! - f!) / s, s / 4, (b! + d!) / s, (c! + g!) / s],
    [(c! - g!) / s, (b! + d!) / s, s / 4, (f! + h!) / s],
    [(d! - b!) / s, (c! + g!) / s, (f! + h!) / s, s / 4],
  ];
  const q = rows[largest];
  return q[0] < 0 ? q.map((part) => -part) : q;
}
