/**
 * Times in an acquisition's header. ISMRMRD offers a u32 time stamp without a unit (a vendor's
 * ticks) and an f32 dwell; neither can represent a simulated time exactly. Therefore the stamp is
 * in microseconds (milliseconds if a run lasts longer than 71 minutes; the header says which), and
 * the exact values are in user fields, from which they are recovered to about the last bit.
 */
import type { Seconds } from '../../base/units.ts';
import type { Encoding } from '../../sequence/encoding-types.ts';

const MICROSECOND = 1e-6;
const MILLISECOND = 1e-3;

/**
 * Unit of `acquisition_time_stamp` in a file of this run: 1 µs, or 1 ms where µs would overflow.
 */
export function timeStampUnit({ readouts }: Encoding): Seconds {
  const end = readouts.reduce((latest, { start, samples, dwell }) => Math.max(latest, start + samples * dwell), 0);
  return end / MICROSECOND < 2 ** 32 - 1 ? MICROSECOND : MILLISECOND;
}

/** A time as whole seconds, whole nanoseconds in addition, and the remainder [ns] within ±½. */
export function splitTime(time: Seconds): { seconds: number; nanoseconds: number; rest: number } {
  const seconds = Math.floor(time);
  const beyond = (time - seconds) * 1e9;
  const nanoseconds = Math.round(beyond);
  return { seconds, nanoseconds, rest: beyond - nanoseconds };
}

export function joinTime(seconds: number, nanoseconds: number, rest: number): Seconds {
  return seconds + (nanoseconds + rest) * 1e-9;
}

/** A dwell as ISMRMRD's f32 microseconds, and its rounding error [µs]. */
export function splitDwell(dwell: Seconds): { microseconds: number; rest: number } {
  const exact = dwell * 1e6;
  const microseconds = Math.fround(exact);
  return { microseconds, rest: exact - microseconds };
}
