/**
 * The pair of diffusion lobes about a refocusing pulse (Stejskal and Tanner 1965), for a b value:
 *
 *     b = (2πγ̄G)² [δ²(Δ − δ/3) + ε³/30 − δε²/6]
 *
 * with δ the flat top and one ramp, ε the ramp, Δ from the start of one lobe to that of the other.
 * Gradients for imaging add nothing to b here.
 */
import type { Hertz, Seconds, TeslaPerMeter } from '../../base/units.ts';
import { flatTop } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { TrapezoidEvent } from '../types.ts';

/** b of two equal lobes [s/m²]. */
function bValue(amplitude: TeslaPerMeter, { rise, flat }: TrapezoidEvent, apart: Seconds, gammaBar: Hertz): number {
  const delta = flat + rise;
  const times = delta ** 2 * (apart - delta / 3) + rise ** 3 / 30 - (delta * rise ** 2) / 6;
  return (2 * Math.PI * gammaBar * amplitude) ** 2 * times;
}

/** Longest lobe that is tried. */
const LONGEST: Seconds = 0.5;

/**
 * The shortest lobe that reaches `b`, with the amplitude that gives it exactly; none if no lobe
 * does.
 * @param apart Δ of a lobe of that duration, or undefined where it does not fit
 */
export function diffusionLobe(
  b: number,
  scanner: Scanner,
  apart: (lobe: Seconds) => Seconds | undefined,
): TrapezoidEvent | undefined {
  const { Gmax, gradRaster, gammaBar } = scanner;
  for (let flat = 0; flat < LONGEST; flat += gradRaster) {
    const lobe = flatTop(Gmax, Math.round(flat / gradRaster) * gradRaster, scanner);
    const distance = apart(lobe.rise + lobe.flat + lobe.fall);
    if (distance === undefined) return undefined;
    const most = bValue(Gmax, lobe, distance, gammaBar);
    if (most >= b) return { ...lobe, amplitude: Gmax * Math.sqrt(b / most) };
  }
  return undefined;
}
