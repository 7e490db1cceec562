/**
 * One arm of a spiral as events: gradients on the raster that come down to zero after the last
 * sample, the readout, and the lobes that rewind it; turned by any angle.
 */
import { usage } from '../../base/errors.ts';
import type { Meters, Radians, Seconds } from '../../base/units.ts';
import { adc, areaTrapezoid, rasterGradient, roundUp } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { AdcEvent, Block } from '../types.ts';
import { spiralPath } from './spiral-path.ts';
import { wrap } from './spoiling.ts';
import { longestOf } from './times.ts';

export interface SpiralArm {
  readonly duration: Seconds;
  /** Start of the path, at k = 0, from the block's start. */
  readonly center: Seconds;
  readonly rewindTime: Seconds;
  gradients(angle: Radians): Pick<Block, 'gx' | 'gy'>;
  rewinders(angle: Radians): Pick<Block, 'gx' | 'gy'>;
  adc(phase: Radians): AdcEvent;
}

export function spiralArm(
  sequence: string,
  { fov, n, arms, dwell }: { fov: Meters; n: number; arms: number; dwell: Seconds },
  scanner: Scanner,
): SpiralArm {
  const { gammaBar, gradRaster: raster, Smax } = scanner;
  // Samples along the arm lie as close as those of a line.
  const Gmax = Math.min(scanner.Gmax, 1 / (gammaBar * dwell * fov));
  const { x, y } = spiralPath(n, fov, arms, { gammaBar, Gmax, Smax, raster });
  const recorded = x.length * raster;
  const steps = Math.ceil(Math.hypot(x.at(-1)!, y.at(-1)!) / (0.97 * Smax * raster));
  const [lastX, lastY] = [x.at(-1)!, y.at(-1)!];
  for (let step = 1; step <= steps; step++) {
    x.push(lastX * (1 - step / steps));
    y.push(lastY * (1 - step / steps));
  }
  const samples = Math.floor(recorded / dwell);
  if (samples < 2)
    throw usage(
      `${sequence}: an arm would have ${samples} samples, which is too few`,
      'give a shorter dwell or fewer arms',
    );
  const delay = roundUp(scanner.adcDeadTime, raster);
  const shaped = (angle: Radians) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return {
      gx: rasterGradient(
        x.map((gx, i) => c * gx - s * y[i]),
        raster,
        delay,
      ),
      gy: rasterGradient(
        x.map((gx, i) => s * gx + c * y[i]),
        raster,
        delay,
      ),
    };
  };
  // What the path leaves, along x and y of the arm that is not turned.
  const total = (values: readonly number[]): number => values.reduce((sum, g) => sum + g * raster, 0);
  const [areaX, areaY] = [total(x), total(y)];
  const winder = areaTrapezoid(Math.hypot(areaX, areaY), scanner);
  const bearing = Math.atan2(areaY, areaX);
  const known = new Map<Radians, ReturnType<typeof shaped>>();
  const readouts = new Map<Radians, AdcEvent>();
  return {
    duration: roundUp(delay + x.length * raster + scanner.adcDeadTime, scanner.blockRaster),
    center: delay,
    rewindTime: longestOf(scanner, winder),
    gradients(angle) {
      const made = known.get(angle) ?? shaped(angle);
      known.set(angle, made);
      return made;
    },
    rewinders(angle) {
      const share = (part: number) => ({ ...winder, amplitude: -winder.amplitude * part });
      return { gx: share(Math.cos(bearing + angle)), gy: share(Math.sin(bearing + angle)) };
    },
    adc(phase) {
      const made = readouts.get(phase) ?? adc(samples, dwell, delay, wrap(phase));
      readouts.set(phase, made);
      return made;
    },
  };
}
