/**
 * Ranges of the numbers in a sequence's events. A reader accepts any finite number; whether a pulse
 * or gradient of that size makes sense is checked here, for files and built-in sequences.
 */
import type { Seconds } from '../base/units.ts';
import type { AdcEvent, GradientEvent, RfEvent } from './types.ts';

/** Eleven days. */
export const LONGEST_BLOCK: Seconds = 1e6;

/**
 * Larger values come from a wrong unit or a damaged file, and would overflow the kernels'
 * arithmetic into NaN: far above any hardware, so that studies of impossible scanners still run.
 */
const LIMITS = {
  /** T */
  B1: 1,
  /** T/m */
  gradient: 1000,
  /** Hz */
  frequency: 1e9,
  /** rad; spoiling phases that are accumulated without wrapping reach 1e10 after 10⁵ pulses. */
  phase: 1e12,
  ppm: 1e6,
} as const;

const sound = new WeakSet<object>();

/** The first impossible number of an event, with its limit. */
export function valueProblem(event: RfEvent | GradientEvent | AdcEvent): string | undefined {
  if (sound.has(event)) return undefined;
  const beyond = (what: string, value: number, limit: number, unit: string): string | undefined =>
    Math.abs(value) <= limit ? undefined : `${what} of ${value} ${unit}, beyond ±${limit} ${unit}`;
  const extreme = (values: Float64Array): number => {
    if (sound.has(values)) return 0;
    let most = 0;
    for (const value of values) {
      const size = Math.abs(value);
      if (!(size <= most)) most = size;
      if (Number.isNaN(size)) break;
    }
    return most;
  };
  let problem: string | undefined;
  const arrays: Float64Array[] = [];
  if (event.kind === 'trapezoid') problem = beyond('an amplitude', event.amplitude, LIMITS.gradient, 'T/m');
  else if (event.kind === 'shape') {
    arrays.push(event.amplitude);
    problem = beyond('an amplitude', extreme(event.amplitude), LIMITS.gradient, 'T/m');
  } else {
    problem =
      beyond('a frequency offset', event.frequencyOffset, LIMITS.frequency, 'Hz') ??
      beyond('a phase offset', event.phaseOffset, LIMITS.phase, 'rad') ??
      beyond('a frequency offset', event.frequencyPpm, LIMITS.ppm, 'ppm') ??
      beyond('a phase offset', event.phasePpm, LIMITS.phase, 'rad/MHz');
    const phases = event.kind === 'rf' ? event.phase : event.phaseShape;
    if (phases !== undefined) {
      arrays.push(phases);
      problem ??= beyond('a phase', extreme(phases), LIMITS.phase, 'rad');
    }
    if (event.kind === 'rf') {
      arrays.push(event.magnitude);
      problem ??= beyond('a B1', extreme(event.magnitude), LIMITS.B1, 'T');
    }
  }
  if (problem === undefined) for (const object of [event, ...arrays]) sound.add(object);
  return problem;
}
