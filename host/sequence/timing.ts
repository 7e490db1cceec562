/**
 * Times that describe a sequence: repetition and echo times and the flip angle, from its pulses and
 * readouts.
 */

import type { CyclesPerMeter, Radians, Seconds } from '../base/units.ts';
import { numbersIn } from './declared-space.ts';
import type { Excitation, WalkedReadout } from './kspace.ts';
import type { Slices } from './slices.ts';
import type { Reach } from './trajectory-kind.ts';
import type { Sequence } from './types.ts';

/** The properties of a readout for echo times. */
interface TimedReadout {
  readonly walked: WalkedReadout;
  readonly reach: Reach;
}

/** When a readout is nearest to k = 0, after its excitation, and how near. */
export interface Echo {
  readonly time: Seconds;
  readonly distance: CyclesPerMeter;
}

/** Time of a sample, or between two samples, since the start of the sequence. */
export function sampleTime({ blockStart, adc }: WalkedReadout, sample: number): Seconds {
  return blockStart + adc.delay + (sample + 0.5) * adc.dwell;
}

/** Sums of many block durations agree to this. */
export const SAME_TIME: Seconds = 1e-7;

/**
 * Time between the excitations of the first slice: if it varies, the declared one, else the most
 * frequent one (segmented scans pause between their segments).
 */
export function repetitionTime(
  excitations: readonly Excitation[],
  slices: Slices,
  readouts: readonly WalkedReadout[],
  { definitions }: Sequence,
): Seconds[] {
  const slice = slices.of(readouts[0]?.excitation ?? -1).number;
  const intervals: { length: Seconds; count: number }[] = [];
  let total = 0;
  let before = -1;
  for (const { excitation } of readouts) {
    if (excitation === before || slices.of(excitation).number !== slice) continue;
    if (before >= 0) {
      const length = excitations[excitation].time - excitations[before].time;
      const known = intervals.find((interval) => Math.abs(interval.length - length) < SAME_TIME);
      if (known !== undefined) known.count++;
      else if (intervals.length < MOST_INTERVALS) intervals.push({ length, count: 1 });
      total++;
    }
    before = excitation;
  }
  if (intervals.length === 1) return [tidy(intervals[0].length)];
  const [declared] = numbersIn(definitions.get('TR'));
  if (declared !== undefined && declared > 0) return [declared];
  const usual = intervals.find(({ count }) => count > total / 2);
  return usual === undefined ? [] : [tidy(usual.length)];
}

/** Number of distinct intervals that are counted; the most frequent one is among the first. */
const MOST_INTERVALS = 100;

export function echoOf({ walked, reach }: TimedReadout): Echo {
  return { time: sampleTime(walked, reach.closest) - walked.excited, distance: reach.smallest };
}

/** Shortest time from one readout to the next after the same excitation. */
export function lineSpacing(readouts: readonly WalkedReadout[]): Seconds {
  let shortest = Number.POSITIVE_INFINITY;
  for (const [n, readout] of readouts.entries()) {
    const before = readouts[n - 1];
    if (before?.excitation === readout.excitation)
      shortest = Math.min(shortest, sampleTime(readout, 0) - sampleTime(before, 0));
  }
  return shortest;
}

/** Whether an echo is nearer to k = 0 than the nearest one before it, but for rounding. */
export function isNearer({ distance }: Echo, known: Echo | undefined): boolean {
  return known === undefined || distance < known.distance * (1 - 1e-6) - 1e-9;
}

/**
 * Per contrast, the time from the centre of the excitation to the smallest |k|; of repetitions,
 * which come equally close, the first one counts.
 * @param contrasts of the image's readouts
 */
export function echoTimes(image: readonly TimedReadout[], contrasts: readonly number[]): Seconds[] {
  const nearest: Echo[] = [];
  for (const [n, timed] of image.entries()) {
    if (timed.walked.excitation < 0) continue;
    const echo = echoOf(timed);
    if (isNearer(echo, nearest[contrasts[n]])) nearest[contrasts[n]] = echo;
  }
  return nearest.filter(Boolean).map(({ time }) => tidy(time));
}

/** The flip angle before every readout, if it is one. */
export function commonFlip(readouts: readonly WalkedReadout[], excitations: readonly Excitation[]): Radians[] {
  const flips = readouts.map(({ excitation }) => excitations[excitation]?.flip).filter((flip) => flip !== undefined);
  const first = flips[0];
  return first !== undefined && flips.every((flip) => Math.abs(flip - first) < 1e-3 * first) ? [first] : [];
}

/** Rounds to picoseconds, to remove the rounding of sums of durations. */
export function tidy(time: Seconds): Seconds {
  return Math.round(time * 1e12) / 1e12;
}
