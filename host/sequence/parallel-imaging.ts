/**
 * Acceleration of parallel imaging, from the grid lines that are skipped, and where its calibration
 * lines are.
 */
import { type ParallelImaging, type ReadoutRole, withRole } from './encoding-types.ts';

/** Grid indices of a readout's line along phase and slice axis. */
export type GridIndex = readonly [phase: number, slice: number];

/**
 * @param indices of the readouts on the grid; undefined for others
 * @returns undefined where no line is skipped and none is for calibration
 */
export function parallelImaging(
  roles: readonly ReadoutRole[],
  indices: readonly (GridIndex | undefined)[],
): ParallelImaging | undefined {
  const rows = new Map<number, number[]>();
  for (const [n, index] of indices.entries()) {
    // Lines that also calibrate may fill the grid around the centre.
    if (index === undefined || roles[n] !== 'image') continue;
    const row = rows.get(index[1]);
    if (row === undefined) rows.set(index[1], [index[0]]);
    else row.push(index[0]);
  }
  const acceleration = [
    Math.max(1, gcd([...rows.values()].flatMap(steps))),
    Math.max(1, gcd(steps([...rows.keys()]))),
  ] as const;
  const calibrates = withRole(roles, (role) => role === 'calibration' || role === 'calibrationAndImage');
  if (calibrates.length === 0 && acceleration[0] === 1 && acceleration[1] === 1) return undefined;
  return { acceleration, calibration: calibrationOf(roles, calibrates) };
}

function calibrationOf(roles: readonly ReadoutRole[], calibrates: readonly number[]): ParallelImaging['calibration'] {
  if (calibrates.length === 0) return 'external';
  if (roles.includes('calibrationAndImage')) return 'embedded';
  const [first, last] = [roles.indexOf('image'), roles.lastIndexOf('image')];
  return calibrates.some((n) => n > first && n < last) ? 'embedded' : 'separate';
}

/** Differences between the distinct values and the smallest. */
function steps(values: readonly number[]): number[] {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return values.map((value) => value - least);
}

/** Greatest common divisor; 0 if all are 0. */
function gcd(values: readonly number[]): number {
  return values.reduce((a, b) => {
    let [p, q] = [a, b];
    while (q !== 0) [p, q] = [q, p % q];
    return p;
  }, 0);
}
