/**
 * What keeps transverse magnetisation of one repetition out of the next: the dephasing lobe, and
 * the quadratic phase of RF spoiling (Zur et al., Magn. Reson. Med. 1991).
 */
import { DEGREE } from '../../base/quantities.ts';
import type { Meters, Radians } from '../../base/units.ts';
import { areaTrapezoid } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { TrapezoidEvent } from '../types.ts';

/** Dephasing lobe with a given number of cycles across the slice. */
export function spoilerLobe(cycles: number, thickness: Meters, scanner: Scanner): TrapezoidEvent {
  return areaTrapezoid(cycles / (scanner.gammaBar * thickness), scanner);
}

/** Phase of pulse and receiver in repetition j, increment·j(j+1)/2. */
export function spoilingPhase(increment: Radians): (repetition: number) => Radians {
  // In degrees, where the usual increments are whole numbers and so the phases exact; 12 digits
  // undo the conversion.
  const degrees = Number((increment / DEGREE).toPrecision(12));
  return (j) => (((degrees * j * (j + 1)) / 2) % 360) * DEGREE;
}

/** Into [0, 2π). */
export function wrap(phase: Radians): Radians {
  const turn = 2 * Math.PI;
  return phase - turn * Math.floor(phase / turn);
}
