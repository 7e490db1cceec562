/**
 * The hyperbolic secant pulse (Silver, Joseph and Hoult, Phys. Rev. A 1985): above a threshold of
 * amplitude it inverts a band of frequencies however strong B1 is.
 *
 *     B1(τ) = A · sech(βτ) · e^{iμ ln sech(βτ)},   frequency −μβ tanh(βτ)/2π, band μβ/π
 */
import type { Hertz, Seconds, Tesla } from '../../base/units.ts';
import type { RfEvent } from '../types.ts';
import { arbitraryPulse, type PulseOptions } from './pulses.ts';

export interface HyperbolicSecantOptions extends PulseOptions {
  readonly duration: Seconds;
  /** Width of the band that is inverted. */
  readonly bandwidth: Hertz;
  /** Largest B1. */
  readonly amplitude: Tesla;
  /** Length of one held sample. */
  readonly raster: Seconds;
  /** Amplitude at the ends over that in the middle; default 1 %. */
  readonly truncation?: number;
}

/** Adiabatic inversion; its use is `inversion` unless stated. */
export function hyperbolicSecant(options: HyperbolicSecantOptions): RfEvent {
  const { duration, bandwidth, amplitude, raster, truncation = 0.01 } = options;
  const beta = (2 * Math.acosh(1 / truncation)) / duration;
  const mu = (Math.PI * bandwidth) / beta;
  const count = Math.round(duration / raster);
  const shape = Float64Array.from(
    { length: count },
    (_, n) => 1 / Math.cosh(beta * ((n + 0.5) * raster - duration / 2)),
  );
  return arbitraryPulse(
    shape.map((s) => amplitude * s),
    shape.map((s) => mu * Math.log(s)),
    { use: 'inversion', ...options },
  );
}
