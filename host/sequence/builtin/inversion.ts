/** Adiabatic inversion of the whole volume, and the crusher after it. */
import type { Meters } from '../../base/units.ts';
import { areaTrapezoid, blockOf, eventEnd, hyperbolicSecant, roundUp } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block } from '../types.ts';
import { longestOf } from './times.ts';

/** Some hundred hertz either side, which 10 µT hold for adiabatic. */
const PULSE = { duration: 15e-3, bandwidth: 800, amplitude: 10e-6 } as const;
/** Cycles of the crusher. */
const CRUSH = 8;

/** @param thickness that the crusher dephases */
export function inversionOf(thickness: Meters, scanner: Scanner): readonly [pulse: Block, crusher: Block] {
  const amplitude = Math.min(PULSE.amplitude, scanner.B1);
  const delay = roundUp(scanner.rfDeadTime, scanner.rfRaster);
  const rf = hyperbolicSecant({ ...PULSE, amplitude, raster: 10 * scanner.rfRaster, delay });
  const crusher = areaTrapezoid(CRUSH / (scanner.gammaBar * thickness), scanner);
  return [
    blockOf({ rf }, roundUp(eventEnd(rf) + scanner.rfRingdown, scanner.blockRaster)),
    blockOf({ gz: crusher }, longestOf(scanner, crusher)),
  ];
}
