/**
 * What the definitions of a sequence declare about its space: fields of view, matrix, slice
 * thickness.
 */
import type { Meters } from '../base/units.ts';
import type { Excitation } from './kspace.ts';

/** Along read, phase and slice axis; undefined where nothing is declared. */
export interface Declared {
  readonly fov: readonly (Meters | undefined)[];
  readonly matrix: readonly (number | undefined)[];
  /** Slice thickness under its own name. */
  readonly thickness: Meters | undefined;
}

/**
 * A field of view from this value on is in millimetres unless the trajectory shows otherwise: no
 * magnet is wider.
 */
const WIDEST: Meters = 1;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The numbers of a definition; NaN for a word that is not a number, such as `nan` or `0x10`. */
export function numbersIn(text: string | undefined): number[] {
  const words = (text ?? '').split(/\s+/).filter(Boolean);
  return words.map((word) => (DECIMAL.test(word) ? Number(word) : Number.NaN));
}

/**
 * Definitions are to be in metres, but millimetres are common (and were the rule before Pulseq
 * 1.4). The distance between samples decides: 1/distance is the largest field of view that they
 * support, and no scan oversamples so much that a factor of 1000 would be in doubt.
 * @param sampled 1/distance between the samples of a line; undefined without gradients
 */
export function declaredSpace(definitions: ReadonlyMap<string, string>, sampled: Meters | undefined): Declared {
  const numbers = (...keys: string[]): (number | undefined)[] =>
    numbersIn(definitions.get(keys.find((key) => definitions.has(key)) ?? '')).map((value) =>
      value > 0 ? value : undefined,
    );
  const written = numbers('FOV');
  const largest = Math.max(0, ...written.map((length) => length ?? 0));
  const inMeters =
    sampled === undefined ? largest < WIDEST : Math.abs(Math.log(sampled / largest)) < Math.log(1000) / 2;
  const unit: Meters = inMeters || largest < WIDEST ? 1 : 1e-3;
  // Some lengths may be in millimetres although others are in metres: a slice thickness of 5.
  const inUnit = (length: number): Meters => (length * unit > 2 * WIDEST ? length * 1e-3 : length * unit);
  const lengths = (list: readonly (number | undefined)[]): (Meters | undefined)[] =>
    list.map((length) => (length === undefined ? undefined : inUnit(length)));
  return {
    fov: lengths(written),
    matrix: numbers('Matrix', 'MatrixSize'),
    thickness: lengths(numbers('SliceThickness', 'Slice_Thickness'))[0],
  };
}

/** Slabs agree with the slices that fill them to this part. */
const NEARLY = 0.02;

/**
 * Thickness of a slice: the definitions' z field of view (shared among slices where it spans them
 * all) or slice thickness, else what the pulse's bandwidth selects in its gradient. Undefined where
 * nothing is selected.
 * @param spacing distance between neighbouring slices, if there are several
 */
export function sliceThickness(
  declared: Declared,
  excitation: Excitation | undefined,
  slices: number,
  spacing: Meters | undefined,
): Meters | undefined {
  const slab = declared.fov[2];
  if (declared.thickness !== undefined) return declared.thickness;
  if (slab !== undefined)
    return spacing !== undefined && Math.abs(slab / (slices * spacing) - 1) < NEARLY ? slab / slices : slab;
  return excitation?.thickness;
}
