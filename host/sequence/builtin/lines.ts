/**
 * Lines of k-space: the readout lobe with its samples, and the table of phase encoding. On the
 * scanner's rasters and within its dead times.
 */
import { usage } from '../../base/errors.ts';
import type { Meters, Radians, Seconds } from '../../base/units.ts';
import { adc, areaTrapezoid, blockOf, eventEnd, flatTop, roundUp } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { AdcEvent, Block, LabelEvent, TrapezoidEvent } from '../types.ts';
import { wrap } from './spoiling.ts';

export interface ReadoutLobe {
  readonly gradient: TrapezoidEvent;
  readonly duration: Seconds;
  /** Time of sample floor(n/2), which is to lie at k = 0, from the block's start. */
  readonly center: Seconds;
  /** Gradient area from the block's start to that sample [T·s/m]. */
  readonly areaBefore: number;
  adc(phase: Radians): AdcEvent;
  /**
   * The block of a readout.
   * @param labels none: it is played and not read
   */
  block(phase: Radians, labels: readonly LabelEvent[] | undefined): Block;
}

/** @param symmetric the echo in the middle of the lobe, as trains of balanced intervals want it */
export function readoutLobe(
  sequence: string,
  fov: Meters,
  n: number,
  dwell: Seconds,
  scanner: Scanner,
  { symmetric = false } = {},
): ReadoutLobe {
  const amplitude = 1 / (scanner.gammaBar * dwell * fov);
  if (amplitude > scanner.Gmax * (1 + 1e-9)) {
    const least = 1 / (scanner.gammaBar * fov * scanner.Gmax);
    throw usage(
      `${sequence}: dwell=${dwell} s with fov=${fov} m needs more than Gmax = ${scanner.Gmax} T/m`,
      `give dwell ≥ ${least.toExponential(3)} s or a larger fov`,
    );
  }
  const { rise } = flatTop(amplitude, 0, scanner);
  // Sample floor(n/2) falls on the block raster, so that echo times do; the samples before it fix
  // the delay.
  const toCenter = (Math.floor(n / 2) + 0.5) * dwell;
  const center = roundUp(Math.max(rise, scanner.adcDeadTime) + toCenter, scanner.blockRaster);
  const delay = center - toCenter;
  const flat = symmetric ? 2 * (center - rise) : roundUp(delay - rise + n * dwell, scanner.gradRaster);
  const gradient = flatTop(amplitude, flat, scanner);
  const readouts = new Map<Radians, AdcEvent>();
  const played = roundUp(Math.max(eventEnd(gradient), delay + n * dwell + scanner.adcDeadTime), scanner.blockRaster);
  const duration = symmetric ? Math.max(played, 2 * center) : played;
  const adcOf = (phase: Radians): AdcEvent => {
    const known = readouts.get(phase) ?? adc(n, dwell, delay, wrap(phase));
    readouts.set(phase, known);
    return known;
  };
  return {
    gradient,
    duration,
    center,
    areaBefore: amplitude * (center - rise / 2),
    adc: adcOf,
    block: (phase, labels) =>
      blockOf(labels === undefined ? { gx: gradient } : { gx: gradient, adc: adcOf(phase), labels }, duration),
  };
}

/**
 * Phase-encoding lobes, one per line and all of one shape; line floor(n/2) is k = 0. `sign` −1
 * makes the rewinders.
 */
export function phaseTable(fov: Meters, n: number, scanner: Scanner, sign: 1 | -1): readonly TrapezoidEvent[] {
  const half = Math.floor(n / 2);
  const step = 1 / (scanner.gammaBar * fov);
  const largest = areaTrapezoid(half * step, scanner);
  return Array.from({ length: n }, (_, line) => areaTrapezoid(sign * (line - half) * step, scanner, largest));
}
