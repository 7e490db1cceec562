/** Values of options: parsed and refused in one place, so that every command says the same. */
import { InvalidArgumentError } from 'commander';

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number of 1 or more.');
  return value;
}

export function positiveSeconds(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError('give a time in seconds greater than 0.');
  return value;
}

/** Tighter than 1e-6 is below what f32 holds, looser than 0.1 no signal any more. */
export function toleranceBound(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 1e-6 && value <= 0.1)) throw new InvalidArgumentError('give a number from 1e-6 to 0.1.');
  return value;
}

/** Seconds of work that a killed run loses at most; a checkpoint takes some milliseconds per 10⁵ samples. */
export const DEFAULT_CHECKPOINT_INTERVAL = 300;

/** Seconds of silence that a rank is allowed: one page of a busy parallel file system may take minutes. */
export const DEFAULT_WATCHDOG = 600;
