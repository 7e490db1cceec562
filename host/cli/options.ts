/** Values of options: parsed and refused in one place, so that every command says the same. */
import { InvalidArgumentError } from 'commander';
import { BOUNDS, COUNTS } from '../api/limits.ts';
import { parseQuantity } from '../base/quantities.ts';

/**
 * Parser of an option that takes a whole number. Both limits are plausible values: anything beyond
 * is a typing error.
 */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = parseQuantity(text, '');
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`);
  };
}

/**
 * Parser of an option that takes a number; with a unit, a quantity such as `50us` (a bare number is
 * in SI).
 */
function numberBetween(least: number, most: number, unit = '', hint = ''): (text: string) => number {
  return (text) => {
    const value = parseQuantity(text, unit);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `give a number from ${shortest(least)} to ${shortest(most)}${unit === '' ? '' : ` ${unit}`}${hint}.`,
    );
  };
}

/** Commander's collector: texts in the order given. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** A field of a magnet. */
export const tesla = numberBetween(...BOUNDS.B0);

/** Susceptibility: any but that of metals. */
export const ppm = numberBetween(-1e4, 1e4);

/** `x,y,z`, of any length but 0. */
export function direction(text: string): [number, number, number] {
  const parts = text.split(',').map((part) => parseQuantity(part, ''));
  const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = parts;
  const length = Math.hypot(x, y, z);
  if (parts.length === 3 && length > 0 && Number.isFinite(length)) return [x, y, z];
  throw new InvalidArgumentError('give three numbers, such as 0,0,1.');
}

/** 0.001 and 1e-6 rather than 1e-3 and 0.000001. */
function shortest(value: number): string {
  return value >= 1e-3 && value < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential().replace('+', '');
}

/** `SIGMA[@DWELL]`. */
export function noiseLevel(text: string): { readonly sigma: number; readonly atDwell?: number } {
  const [level = '', dwell, ...more] = text.split('@');
  const sigma = parseQuantity(level, '');
  const atDwell = dwell === undefined ? undefined : parseQuantity(dwell, 's');
  const sound = sigma > 0 && sigma < Number.POSITIVE_INFINITY && more.length === 0;
  if (sound && atDwell === undefined) return { sigma };
  if (sound && atDwell! >= BOUNDS.atDwell[0] && atDwell! <= BOUNDS.atDwell[1]) return { sigma, atDwell: atDwell! };
  throw new InvalidArgumentError('give a positive number, or one with the dwell time at which it holds: 0.5@10us.');
}

/** `i/n`, counted from 1. */
export function partOf(text: string): { readonly index: number; readonly of: number } {
  const [, index, of] = (text.match(/^(\d+)\/(\d+)$/) ?? []).map(Number);
  if (index! >= 1 && index! <= of!) return { index: index!, of: of! };
  throw new InvalidArgumentError('give the number of the part, from 1, and the number of parts, such as 2/8.');
}

export const signalToNoise = numberBetween(...BOUNDS.snr);

export const heartRate = numberBetween(...BOUNDS.heartRate, 'Hz', ' (1 Hz is 60 beats per minute)');

export const seedNumber = wholeNumber(...COUNTS.seed);

export const threadCount = wholeNumber(...COUNTS.threads);

export const rankCount = wholeNumber(...COUNTS.ranks);

export const spinsPerTile = wholeNumber(...COUNTS.tile);

export const pixelCount = wholeNumber(...COUNTS.maxPixels);

/**
 * `auto` leaves the number to the sequence. Not represented by undefined, which commander takes for
 * a failure, and replaces by ''.
 */
export const spinsPerVoxel = (text: string): number | 'auto' =>
  text === 'auto' ? text : wholeNumber(...COUNTS.spinsPerVoxel)(text);

export const rfStep = numberBetween(...BOUNDS.maxRfStep, 's');

/** At most what fits a timer of Node: 2³¹ ms are 24 days. */
export const seconds = numberBetween(0.01, 2e6, 's');

export const timeOfScan = numberBetween(...BOUNDS.timeOfScan, 's');

export const countedFromOne = wholeNumber(...COUNTS.ordinal);
export const portNumber = wholeNumber(0, 65_535);

export const toleranceBound = numberBetween(...BOUNDS.tolerance);
