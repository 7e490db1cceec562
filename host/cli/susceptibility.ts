/** `larmor phantom field`: the B0 map of a map of magnetic susceptibility. */
import { statSync } from 'node:fs';
import { openBudget } from '../base/budget.ts';
import { badInput, usage } from '../base/errors.ts';
import { info, warn, warnings } from '../base/log.ts';
import { dipoleBytes, dipoleField } from '../fields/dipole.ts';
import { type FieldMap, readMap } from '../fields/map.ts';
import { writeNiftiMap } from '../formats/nifti-write.ts';
import { printJson } from './output.ts';
import { openScanner } from './scanner.ts';

export interface FieldOptions {
  readonly output: string;
  readonly scanner?: string;
  /** T, instead of the scanner's. */
  readonly b0?: number;
  /** Patient LPS. */
  readonly b0Dir?: readonly [number, number, number];
  /** χ of the surroundings [ppm]; default: the mean over the faces of the image. */
  readonly outside?: number;
  readonly json?: boolean;
}

/** No tissue is beyond, and metals are no small χ any more [ppm]; what stays below the smaller is not in ppm. */
const LARGEST = 1e4;
const SMALLEST = 1e-3;

export async function makeField(path: string, options: FieldOptions): Promise<void> {
  const { output, b0Dir: direction = [0, 0, 1], json } = options;
  if (!/\.nii(\.gz)?$/i.test(output)) throw usage(`${output}: not a map format`, 'end it in .nii or .nii.gz');
  const scanner = openScanner(options.scanner === undefined ? {} : { scanner: options.scanner });
  const B0 = options.b0 ?? scanner.B0;
  const chi = await readMap(path);
  if (chi.parts === 2 || chi.channels > 1) throw badInput(path, 'is not one real volume', 'give χ in ppm');
  const bytes = dipoleBytes(chi.size);
  openBudget('phantom', path, Math.max(statSync(path).size, 4 * chi.values.length)).take(bytes, 'the doubled grid');
  const outside = options.outside ?? meanOfFaces(chi);
  let largest = 0;
  for (const value of chi.values) largest = Math.max(largest, Math.abs(value - outside));
  if (largest > LARGEST) throw badInput(path, `χ differs by ${largest}`, 'give ppm');
  if (largest > 0 && largest < SMALLEST) warn(`${path}: χ differs by ${largest} at most, which is little in ppm`);
  const hertz = 1e-6 * scanner.gammaBar * B0;
  const field = Float32Array.from(dipoleField(chi, { outside, direction }), (ppm) => ppm * hertz);
  writeNiftiMap(output, chi, field);
  const range = field.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  if (json)
    printJson('phantom-field', {
      susceptibility: path,
      B0,
      direction,
      outside,
      range,
      outputs: [output],
      warnings: warnings(),
    });
  else
    info(
      `wrote ${output}: ${range.map((value) => value.toPrecision(4)).join(' to ')} Hz at ${B0} T, outside ${outside.toPrecision(4)} ppm`,
    );
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
