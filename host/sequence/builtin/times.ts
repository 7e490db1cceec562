/**
 * Echo and repetition times: what was asked for against what fits, and the waits between, on the
 * block raster.
 */
import type { Seconds } from '../../base/units.ts';
import { delayOf, eventEnd, roundUp } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block, TrapezoidEvent } from '../types.ts';
import { tooShort } from './parameters.ts';

/** A requested time: the parameter, its value, and whether the user gave it. */
interface WantedTime {
  readonly sequence: string;
  readonly parameter: string;
  readonly value: Seconds;
  readonly given: boolean;
}

/** Makes what `waiting` needs from the times of a sequence. */
export const wantedTimes =
  <K extends string>(sequence: string, isGiven: (parameter: K) => boolean) =>
  (parameter: K, value: Seconds): WantedTime => ({ sequence, parameter, value, given: isGiven(parameter) });

/**
 * Waiting time after `earliest` until the requested time, on the block raster; 0 if the request is
 * 0 (shortest possible) or a default that is too short for the other parameters.
 * @throws LarmorError 2 naming the parameter and its smallest value
 */
export function waiting(
  { sequence, parameter, value, given }: WantedTime,
  earliest: Seconds,
  scanner: Scanner,
): Seconds {
  if (value !== 0 && given && value < earliest - 1e-9) throw tooShort(sequence, parameter, value, earliest);
  return roundUp(Math.max(0, value - earliest), scanner.blockRaster);
}

/** A block that waits, or none. */
export function waitBlock(time: Seconds): Block[] {
  return time > SHORTEST_WAIT ? [delayOf(time)] : [];
}

/** Shorter waits [s] are rounding errors, for which no block is made. */
const SHORTEST_WAIT = 1e-12;

/** Time that lobes played together take, on the block raster. */
export function longestOf(scanner: Scanner, ...lobes: readonly TrapezoidEvent[]): Seconds {
  return roundUp(Math.max(...lobes.map(eventEnd)), scanner.blockRaster);
}
