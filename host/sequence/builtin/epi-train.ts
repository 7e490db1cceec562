/**
 * The readout train of echo-planar imaging on the scanner's rasters: lobes of alternating sign,
 * each with its samples in the middle, and a blip between lines.
 */
import { usage } from '../../base/errors.ts';
import type { Meters, Seconds } from '../../base/units.ts';
import { adc, areaTrapezoid, blockOf, flatTop, roundUp, setLabel } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Block, LabelEvent, TrapezoidEvent } from '../types.ts';
import { longestOf } from './times.ts';

export interface EpiTrain {
  /** From the train's start to the sample at k = 0. */
  readonly center: Seconds;
  /** Lobes that lead to its first line. */
  readonly winders: { readonly gx: TrapezoidEvent; readonly gy: TrapezoidEvent };
  /**
   * The blocks of the train. @param labels of all its lines; undefined: it is played but not read
   */
  blocks(labels: readonly LabelEvent[] | undefined): Block[];
}

export function epiTrain(sequence: string, fov: Meters, n: number, dwell: Seconds, scanner: Scanner): EpiTrain {
  const { gammaBar, gradRaster, blockRaster } = scanner;
  const amplitude = 1 / (gammaBar * dwell * fov);
  if (amplitude > scanner.Gmax * (1 + 1e-9)) {
    const least = 1 / (gammaBar * fov * scanner.Gmax);
    throw usage(
      `${sequence}: dwell=${dwell} s with fov=${fov} m needs more than Gmax = ${scanner.Gmax} T/m`,
      `give dwell ≥ ${least.toExponential(3)} s or a larger fov`,
    );
  }
  const { rise } = flatTop(amplitude, 0, scanner);
  const flat = roundUp(n * dwell + 2 * Math.max(0, scanner.adcDeadTime - rise), gradRaster);
  const lobes = [1, -1].map((sign) => flatTop(sign * amplitude, flat, scanner));
  const duration = roundUp(2 * rise + flat, blockRaster);
  // Symmetric in the lobe, so that lines forth and back have samples at the same places.
  const delay = rise + (flat - n * dwell) / 2;
  const samples = adc(n, dwell, delay);
  const blip = areaTrapezoid(1 / (gammaBar * fov), scanner);
  const blipTime = longestOf(scanner, blip);
  const half = Math.floor(n / 2);
  const inLine = delay + ((half % 2 === 0 ? half : n - 1 - half) + 0.5) * dwell;
  return {
    center: half * (duration + blipTime) + inLine,
    winders: {
      gx: areaTrapezoid(-amplitude * (delay - rise / 2 + (half + 0.5) * dwell), scanner),
      gy: areaTrapezoid(-half / (gammaBar * fov), scanner),
    },
    blocks(labels) {
      const own = (line: number): LabelEvent[] => [setLabel('LIN', line), setLabel('REV', line % 2), ...(labels ?? [])];
      return Array.from({ length: n }, (_, line) => {
        const gx = lobes[line % 2];
        const read = blockOf(labels === undefined ? { gx } : { gx, adc: samples, labels: own(line) }, duration);
        return line === 0 ? [read] : [blockOf({ gy: blip }, blipTime), read];
      }).flat();
    },
  };
}
