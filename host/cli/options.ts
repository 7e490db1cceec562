/** Values of options: parsed and refused in one place, so that every command says the same. */
import { InvalidArgumentError } from 'commander';
import { parseQuantity } from '../base/quantities.ts';

/** The parser of an option that takes a whole number. Both limits are plausible values: what exceeds them is a slip of the keyboard. */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`give a whole number from ${least} to ${most}.`);
  };
}

/** The parser of an option that takes a number; with a unit, a quantity such as `50us` (a bare number is in SI). */
function numberBetween(least: number, most: number, unit = ''): (text: string) => number {
  return (text) => {
    const value = parseQuantity(text, unit);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `give a number from ${shortest(least)} to ${shortest(most)}${unit === '' ? '' : ` ${unit}`}.`,
    );
  };
}

/** A field of a magnet. */
export const tesla = numberBetween(1e-6, 100);

/** Susceptibility: any but that of metals. */
export const ppm = numberBetween(-1e4, 1e4);

/** `x,y,z`, of any length but 0. */
export function direction(text: string): [number, number, number] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = parts;
  const length = Math.hypot(x, y, z);
  if (parts.length === 3 && length > 0 && Number.isFinite(length)) return [x, y, z];
  throw new InvalidArgumentError('give three numbers, such as 0,0,1.');
}

/** 0.001 and 1e-6 rather than 1e-3 and 0.000001. */
function shortest(value: number): string {
  return value >= 1e-3 && value < 1e6 ? String(value) : value.toExponential().replace('+', '');
}

/** `SIGMA[@DWELL]`. */
export function noiseLevel(text: string): { readonly sigma: number; readonly atDwell?: number } {
  const [level = '', dwell, ...more] = text.split('@');
  const sigma = level.trim() === '' ? Number.NaN : Number(level);
  const atDwell = dwell === undefined ? undefined : parseQuantity(dwell, 's');
  const sound = sigma > 0 && sigma < Number.POSITIVE_INFINITY && more.length === 0;
  if (sound && atDwell === undefined) return { sigma };
  if (sound && atDwell! >= 1e-9 && atDwell! <= 1) return { sigma, atDwell: atDwell! };
  throw new InvalidArgumentError('give a positive number, or one with the dwell time at which it holds: 0.5@10us.');
}

/** A ratio of a billion is beyond f32. */
export const signalToNoise = numberBetween(1e-6, 1e9);

/** From a minute between beats to those of a mouse. */
export const heartRate = numberBetween(1 / 60, 50, 'Hz');

export const seedNumber = wholeNumber(0, Number.MAX_SAFE_INTEGER);

/** More threads than any node has processors need gigabytes of stacks. */
export const threadCount = wholeNumber(1, 1024);

export const rankCount = wholeNumber(1, 1_000_000);

/** One spin per tile is allowed for tests; 2²⁰ spins take 40 MB per thread, beyond every cache. */
export const spinsPerTile = wholeNumber(1, 2 ** 20);

/** At most what one array of complex f32 holds. */
export const pixelCount = wholeNumber(1, 2 ** 30);

/** `auto` leaves the number to the sequence; more than 10⁵ would be a phantom of its own. */
export const spinsPerVoxel = (text: string): number | undefined =>
  text === 'auto' ? undefined : wholeNumber(1, 1e5)(text);

/** A step of a nanosecond is a thousandth of the finest RF raster; a second is longer than any pulse that needs steps. */
export const rfStep = numberBetween(1e-9, 1, 's');

/** At most what fits a timer of Node: 2³¹ ms are 24 days. */
export const seconds = numberBetween(0.01, 2e6, 's');

/** No scan lasts a month. */
export const timeOfScan = numberBetween(0, 2.5e6, 's');

/** Counted from 1, as messages do. */
export const countedFromOne = wholeNumber(1, 2 ** 31);

/** Tighter than 1e-6 is below what f32 holds, looser than 0.1 no signal any more. */
export const toleranceBound = numberBetween(1e-6, 0.1);

/**
 * The tolerance of f32 runs that name none: the largest at which no fast form errs more, against f64, than the exact f32 forms do
 * (`npm run validate -- default`): their rounding is of this size.
 */
export const DEFAULT_TOLERANCE = 3e-6;

/** Seconds of work that a killed run loses at most; a checkpoint takes some milliseconds per 10⁵ samples. */
export const DEFAULT_CHECKPOINT_INTERVAL = 300;

/** Seconds of silence that a rank is allowed: one page of a busy parallel file system may take minutes. */
export const DEFAULT_WATCHDOG = 600;
