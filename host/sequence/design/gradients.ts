/** Trapezoids from their properties: amplitude and length, or area, within the scanner's limits. */
import type { Seconds, TeslaPerMeter } from '../../base/units.ts';
import type { Scanner } from '../scanner-types.ts';
import type { ShapedGradientEvent, TrapezoidEvent } from '../types.ts';
import { roundUp } from './rasters.ts';

export function trapezoid(amplitude: TeslaPerMeter, ramp: Seconds, flat: Seconds, delay: Seconds = 0): TrapezoidEvent {
  return { kind: 'trapezoid', delay, amplitude, rise: ramp, flat, fall: ramp };
}

/**
 * Trapezoid whose flat top holds `amplitude` for `flat`, with the shortest ramps on the gradient
 * raster.
 */
export function flatTop(amplitude: TeslaPerMeter, flat: Seconds, scanner: Scanner, delay: Seconds = 0): TrapezoidEvent {
  return trapezoid(amplitude, rampTime(amplitude, scanner), flat, delay);
}

/** Shortest ramp from 0 to `amplitude` on the gradient raster, one raster step at least. */
function rampTime(amplitude: TeslaPerMeter, { Smax, gradRaster }: Scanner): Seconds {
  return Math.max(gradRaster, roundUp(Math.abs(amplitude) / Smax, gradRaster));
}

/**
 * Shortest trapezoid of the given area on the gradient raster within Gmax and Smax; with `timing`
 * it has the exact timing of another trapezoid instead, so that all steps of a phase-encoding table
 * have one shape.
 * @param area T·s/m
 */
export function areaTrapezoid(area: number, scanner: Scanner, timing?: TrapezoidEvent): TrapezoidEvent {
  if (timing !== undefined) return { ...timing, amplitude: area / (timing.flat + (timing.rise + timing.fall) / 2) };
  const { Gmax, Smax, gradRaster } = scanner;
  const size = Math.abs(area);
  const triangle = Math.sqrt(size * Smax) <= Gmax;
  const ramp = Math.max(gradRaster, roundUp(triangle ? Math.sqrt(size / Smax) : Gmax / Smax, gradRaster));
  const flat = triangle ? 0 : roundUp(Math.max(0, size / Gmax - ramp), gradRaster);
  return trapezoid(area / (ramp + flat), ramp, flat);
}

/**
 * An arbitrary gradient: samples [T/m] in the middle of each raster cell, linear between, from
 * `first` to `last` at its edges (0, as after another event of its axis).
 */
export function rasterGradient(
  samples: readonly number[],
  raster: Seconds,
  delay: Seconds = 0,
  { first = 0, last = 0 } = {},
): ShapedGradientEvent {
  const count = samples.length;
  const time = Float64Array.from({ length: count + 2 }, (_, n) => (n === 0 ? 0 : n > count ? count : n - 0.5) * raster);
  const amplitude = Float64Array.from(time, (_, n) => (n === 0 ? first : n > count ? last : samples[n - 1]));
  return { kind: 'shape', delay, time, amplitude };
}
