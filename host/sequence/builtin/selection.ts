/**
 * Excitation of a slice or of the whole volume, and the stack of slices: the pulse, its gradient
 * and the moment that is left to rephase. On the scanner's rasters and within its dead times.
 */
import { usage } from '../../base/errors.ts';
import type { Hertz, Meters, Radians, Seconds } from '../../base/units.ts';
import { eventEnd, flatTop, hardPulse, roundUp, sincDuration, sincPulse } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { RfEvent, RfUse, TrapezoidEvent } from '../types.ts';
import { wrap } from './spoiling.ts';

/** A slice-selective pulse and its gradient, the pulse in the middle of the flat top. */
export interface Selection {
  readonly gradient: TrapezoidEvent;
  /** Block length: gradient and ringdown both over. */
  readonly duration: Seconds;
  /** Pulse centre, seconds from the block's start. */
  readonly center: Seconds;
  /** Area that the gradient leaves after the pulse's centre [T·s/m]. */
  readonly areaAfter: number;
  /** The pulse that selects the slice at `z` with `phase` at its centre. */
  pulse(z: Meters, phase: Radians): RfEvent;
}

export interface SelectionOptions {
  readonly sequence: string;
  readonly flip: Radians;
  readonly use: RfUse;
  readonly thickness: Meters;
  readonly timeBandwidth: number;
  /** Smallest duration of the pulse; longer if B1 requires it. */
  readonly shortest: Seconds;
}

export function sliceSelection(options: SelectionOptions, scanner: Scanner): Selection {
  const { sequence, flip, use, thickness, timeBandwidth, shortest } = options;
  // Even numbers of raster steps put the pulse's centre on the raster, and so every echo time.
  const duration = sincDuration(flip, timeBandwidth, scanner, 2 * scanner.gradRaster, shortest);
  const amplitude = timeBandwidth / duration / (scanner.gammaBar * thickness);
  if (amplitude > scanner.Gmax) {
    const least = (thickness * amplitude) / scanner.Gmax;
    throw usage(
      `${sequence}: thickness=${thickness} m needs a slice gradient above Gmax = ${scanner.Gmax} T/m`,
      `give thickness ≥ ${least.toExponential(3)} m or a smaller timeBandwidth`,
    );
  }
  const { rise } = flatTop(amplitude, duration, scanner);
  const delay = roundUp(Math.max(0, scanner.rfDeadTime - rise), scanner.gradRaster);
  const gradient = flatTop(amplitude, duration, scanner, delay);
  const rfDelay = delay + rise;
  // One shape for all: slices and phases differ in offsets alone. Steps this long put the next
  // copies of the slice 32 thicknesses away or more.
  const fine = Math.max(scanner.rfRaster, scanner.gradRaster);
  const raster = duration / (2 * fine) >= 32 * timeBandwidth ? 2 * fine : fine;
  const { gammaBar } = scanner;
  const shape = sincPulse({ flip, duration, timeBandwidth, raster, use, delay: rfDelay, gammaBar });
  const pulses = new Map<Meters, Map<Radians, RfEvent>>();
  return {
    gradient,
    duration: roundUp(Math.max(eventEnd(gradient), rfDelay + duration + scanner.rfRingdown), scanner.blockRaster),
    center: rfDelay + duration / 2,
    areaAfter: amplitude * (duration / 2 + gradient.fall / 2),
    pulse(z, phase) {
      const ofSlice = pulses.get(z) ?? new Map<Radians, RfEvent>();
      pulses.set(z, ofSlice);
      const known = ofSlice.get(phase);
      if (known !== undefined) return known;
      const frequencyOffset: Hertz = scanner.gammaBar * amplitude * z;
      // The offset's phase ramp starts with the pulse; taking it back at the centre gives every
      // slice the same phase.
      const phaseOffset = wrap(phase - 2 * Math.PI * frequencyOffset * shape.center);
      const made = { ...shape, frequencyOffset, phaseOffset };
      ofSlice.set(phase, made);
      return made;
    },
  };
}

/** A rectangular pulse that turns the whole volume. */
export interface VolumePulse {
  /** Block length, dead time and ringdown included. */
  readonly duration: Seconds;
  /** Pulse centre, seconds from the block's start. */
  readonly center: Seconds;
  pulse(phase: Radians): RfEvent;
}

/** As short as B1 allows, and at least `shortest`, with its centre on the gradient raster. */
export function volumePulse(flip: Radians, use: RfUse, shortest: Seconds, scanner: Scanner): VolumePulse {
  const { gammaBar, B1, gradRaster } = scanner;
  const cycles = flip / (2 * Math.PI * gammaBar);
  const length = roundUp(Math.max(shortest, cycles / B1), 2 * gradRaster);
  const delay = roundUp(scanner.rfDeadTime, gradRaster);
  const shape = hardPulse(flip, cycles / length, { use, delay, gammaBar });
  const pulses = new Map<Radians, RfEvent>();
  return {
    duration: roundUp(delay + length + scanner.rfRingdown, scanner.blockRaster),
    center: delay + length / 2,
    pulse(phase) {
      const known = pulses.get(phase) ?? { ...shape, phaseOffset: wrap(phase) };
      pulses.set(phase, known);
      return known;
    },
  };
}

/** Slice centres along z [m], by slice number. */
export function slicePositions(slices: number, thickness: Meters, gap: Meters, offset: Meters): readonly Meters[] {
  return Array.from({ length: slices }, (_, s) => offset + (s - (slices - 1) / 2) * (thickness + gap));
}
