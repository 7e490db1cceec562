/** `larmor phantom field`: the B0 map of a map of magnetic susceptibility. */
import { usage } from '../base/errors.ts';
import { info, warnings } from '../base/log.ts';
import { susceptibilityField } from '../fields/susceptibility.ts';
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

export async function makeField(path: string, options: FieldOptions): Promise<void> {
  const { output, b0Dir: direction = [0, 0, 1], json } = options;
  if (!/\.nii(\.gz)?$/i.test(output)) throw usage(`${output}: not a map format`, 'end it in .nii or .nii.gz');
  const scanner = openScanner({ scanner: options.scanner });
  const B0 = options.b0 ?? scanner.B0;
  const frequency = scanner.gammaBar * B0;
  const made = await susceptibilityField(path, frequency, { direction, outside: options.outside });
  const { range, outside } = made;
  writeNiftiMap(output, made.chi, made.field);
  if (json) {
    const facts = { susceptibility: path, B0, direction, outside, range };
    printJson('phantom-field', { ...facts, outputs: [output], warnings: warnings() });
    return;
  }
  const values = range.map((value) => value.toPrecision(4)).join(' to ');
  info(`wrote ${output}: ${values} Hz at ${B0} T, outside ${outside.toPrecision(4)} ppm`);
}
