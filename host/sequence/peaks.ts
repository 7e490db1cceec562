/**
 * Largest amplitudes and slew rates of a sequence, for `larmor info`: over all blocks, on any
 * physical axis. `checks.ts` compares the same quantities with a scanner's limits, block by block.
 */
import type { Tesla, TeslaPerMeter } from '../base/units.ts';
import { blockExtremes } from './gradient-limits.ts';
import { DEFAULT_SCANNER } from './scanner-types.ts';
import type { RfEvent, Sequence } from './types.ts';

export interface Peaks {
  readonly maxGradient: TeslaPerMeter;
  /** T/m/s; steps in no time are left to the checks. */
  readonly maxSlew: number;
  readonly maxB1: Tesla;
}

/** No limits, so that rotated blocks are evaluated exactly and not by an upper bound. */
const UNLIMITED = { ...DEFAULT_SCANNER, Gmax: 0, Smax: 0 };

export function peaksOf(sequence: Sequence): Peaks {
  let [maxGradient, maxSlew, maxB1] = [0, 0, 0];
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    if (block.rf !== undefined) maxB1 = Math.max(maxB1, peakOf(block.rf));
    if (block.gx === undefined && block.gy === undefined && block.gz === undefined) continue;
    const { peak, slew } = blockExtremes(block, UNLIMITED);
    maxGradient = Math.max(maxGradient, ...peak);
    maxSlew = Math.max(maxSlew, ...slew);
  }
  return { maxGradient, maxSlew, maxB1 };
}

const peaks = new WeakMap<Float64Array, Tesla>();

/** Largest B1 of a pulse. */
export function peakOf({ magnitude }: RfEvent): Tesla {
  const known = peaks.get(magnitude);
  if (known !== undefined) return known;
  const peak = magnitude.reduce((most, b1) => Math.max(most, b1), 0);
  peaks.set(magnitude, peak);
  return peak;
}
