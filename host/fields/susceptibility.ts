/**
 * Makes a B0 map from a map of magnetic susceptibility: reads χ, checks its unit and the memory of
 * the transform, and scales the field.
 */
import { statSync } from 'node:fs';
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import type { Hertz } from '../base/units.ts';
import { type DipoleOptions, dipoleBytes, dipoleField } from './dipole.ts';
import { type FieldMap, readMap } from './map.ts';

export interface SusceptibilityField {
  /** χ [ppm]. */
  readonly chi: FieldMap;
  /** Off-resonance at its voxels [Hz], and its least and largest value. */
  readonly field: Float32Array;
  readonly range: readonly [Hertz, Hertz];
  /** χ of the surroundings [ppm]. */
  readonly outside: number;
}

/**
 * Limits of |χ| [ppm]: no tissue exceeds the larger, and for metals χ is no longer small; a map
 * that stays below the smaller is not in ppm.
 */
const LARGEST = 1e4;
const SMALLEST = 1e-3;

/**
 * @param frequency of the nucleus in B0
 * @param options.outside default: the mean over the faces of the image
 * @throws LarmorError 65 for a map that is not χ in ppm, 66 for a missing file
 */
export async function susceptibilityField(
  path: string,
  frequency: Hertz,
  { direction, outside: stated }: Pick<DipoleOptions, 'direction'> & { readonly outside: number | undefined },
): Promise<SusceptibilityField> {
  const chi = await readMap(path);
  if (chi.parts === 2 || chi.channels > 1)
    throw badInput(path, 'is not one real volume', 'give one volume of χ in ppm');
  const bytes = dipoleBytes(chi.size);
  openBudget('phantom', path, Math.max(statSync(path).size, 4 * chi.values.length)).take(bytes, 'the doubled grid');
  const outside = stated ?? meanOfFaces(chi);
  let largest = 0;
  for (const value of chi.values) largest = Math.max(largest, Math.abs(value - outside));
  if (largest > LARGEST) throw badInput(path, `χ differs by ${largest}`, 'give ppm');
  if (largest > 0 && largest < SMALLEST)
    warn(`${path}: χ varies by at most ${largest}, which is implausibly little in ppm; check its unit`);
  const hertz = 1e-6 * frequency;
  const field = Float32Array.from(dipoleField(chi, { outside, direction }), (ppm) => ppm * hertz);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of field) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { chi, field, range: [least, most], outside };
}

/** Mean of the outermost voxels. */
function meanOfFaces({ size: [nx, ny, nz], values }: FieldMap): number {
  let [sum, count] = [0, 0];
  for (let n = 0; n < values.length; n++) {
    const at = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))];
    if (![nx, ny, nz].some((extent, axis) => at[axis] === 0 || at[axis] === extent - 1)) continue;
    sum += values[n];
    count++;
  }
  return sum / count;
}
