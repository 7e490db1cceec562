/**
 * What gradient-echo and spin-echo imaging share: slice selection, the readout lobe, the
 * phase-encoding table, the stack of slices, and the parameters that describe them. All of it lies
 * on the scanner's rasters and keeps its dead times, so that a written file plays on real hardware;
 * `gre.ts` and `se.ts` are left with their timing diagrams.
 */
import { usage } from '../../base/errors.ts';
import type { Hertz, Meters, Radians, Seconds } from '../../base/units.ts';
import { adc, areaTrapezoid, eventEnd, flatTop, roundUp, sincDuration, sincPulse } from '../designer.ts';
import type { Scanner } from '../scanner-types.ts';
import type { AdcEvent, RfEvent, RfUse, TrapezoidEvent } from '../types.ts';
import { tooShort } from './parameters.ts';

/** How times that may be left to the sequence say so in their description. */
const SHORTEST = '0 = shortest possible; lengthened if necessary unless set explicitly';

export const spinWarpParameters = {
  fov: { default: 0.25, unit: 'm', doc: 'the field of view, square', minimum: 0, exclusive: true, plausible: 1 },
  n: {
    default: 128,
    unit: '',
    doc: 'the matrix: lines, and samples per line',
    minimum: 2,
    maximum: 4096,
    integer: true,
  },
  slices: { default: 1, unit: '', doc: 'the number of slices', minimum: 1, maximum: 1024, integer: true },
  thickness: { default: 5e-3, unit: 'm', doc: 'the slice thickness', minimum: 0, exclusive: true, plausible: 0.5 },
  gap: { default: 0, unit: 'm', doc: 'the gap between slices', minimum: 0, plausible: 0.5 },
  offset: { default: 0, unit: 'm', doc: 'the z position of the middle of the slices', plausible: 1 },
  dwell: { default: 20e-6, unit: 's', doc: 'the time per sample', minimum: 0, exclusive: true, plausible: 0.01 },
  timeBandwidth: { default: 4, unit: '', doc: 'the time-bandwidth product of the pulses', minimum: 1, maximum: 100 },
} as const;

/** Parameters of which each spin-warp sequence has a default of its own. */
export const echoTime = (value: Seconds) =>
  ({ default: value, unit: 's', doc: `the echo time (${SHORTEST})`, minimum: 0, plausible: 2 }) as const;
export const repetitionTime = (value: Seconds) =>
  ({
    default: value,
    unit: 's',
    doc: `the repetition time of a slice (${SHORTEST})`,
    minimum: 0,
    plausible: 15,
  }) as const;
export const dummyScans = (value: number) =>
  ({
    default: value,
    unit: '',
    doc: 'the number of TRs before the first line is recorded, to reach the steady state',
    minimum: 0,
    integer: true,
  }) as const;

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
  const pulses = new Map<string, RfEvent>();
  return {
    gradient,
    duration: roundUp(Math.max(eventEnd(gradient), rfDelay + duration + scanner.rfRingdown), scanner.blockRaster),
    center: rfDelay + duration / 2,
    areaAfter: amplitude * (duration / 2 + gradient.fall / 2),
    pulse(z, phase) {
      const key = `${z} ${phase}`;
      const known = pulses.get(key);
      if (known !== undefined) return known;
      const frequencyOffset: Hertz = scanner.gammaBar * amplitude * z;
      // The offset's phase ramp starts with the pulse; taking it back at the centre gives every
      // slice the same phase.
      const phaseOffset = wrap(phase - 2 * Math.PI * frequencyOffset * shape.center);
      const made = { ...shape, frequencyOffset, phaseOffset };
      pulses.set(key, made);
      return made;
    },
  };
}

/** Into [0, 2π). */
function wrap(phase: Radians): Radians {
  const turn = 2 * Math.PI;
  return phase - turn * Math.floor(phase / turn);
}

export interface ReadoutLobe {
  readonly gradient: TrapezoidEvent;
  readonly duration: Seconds;
  /** Time of sample floor(n/2), which is to lie at k = 0, from the block's start. */
  readonly center: Seconds;
  /** Gradient area from the block's start to that sample [T·s/m]. */
  readonly areaBefore: number;
  adc(phase: Radians): AdcEvent;
}

export function readoutLobe(sequence: string, fov: Meters, n: number, dwell: Seconds, scanner: Scanner): ReadoutLobe {
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
  const gradient = flatTop(amplitude, roundUp(delay - rise + n * dwell, scanner.gradRaster), scanner);
  const readouts = new Map<Radians, AdcEvent>();
  return {
    gradient,
    duration: roundUp(Math.max(eventEnd(gradient), delay + n * dwell + scanner.adcDeadTime), scanner.blockRaster),
    center,
    areaBefore: amplitude * (center - rise / 2),
    adc(phase) {
      const known = readouts.get(phase) ?? adc(n, dwell, delay, wrap(phase));
      readouts.set(phase, known);
      return known;
    },
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

/** Dephasing lobe of so many cycles across the slice. */
export function spoilerLobe(cycles: number, thickness: Meters, scanner: Scanner): TrapezoidEvent {
  return areaTrapezoid(cycles / (scanner.gammaBar * thickness), scanner);
}

/** Slice centres along z [m], by slice number. */
export function slicePositions(slices: number, thickness: Meters, gap: Meters, offset: Meters): readonly Meters[] {
  return Array.from({ length: slices }, (_, s) => offset + (s - (slices - 1) / 2) * (thickness + gap));
}

/** Order of excitation: even slices, then odd ones, so that neighbours disturb each other least. */
export function interleaved(slices: number): readonly number[] {
  const all = Array.from({ length: slices }, (_, s) => s);
  return [...all.filter((s) => s % 2 === 0), ...all.filter((s) => s % 2 === 1)];
}

/** A requested time: the parameter, its value, and whether the user gave it. */
interface WantedTime {
  readonly sequence: string;
  readonly parameter: 'te' | 'tr';
  readonly value: Seconds;
  readonly given: boolean;
}

/** Makes what `waiting` needs from the times of a sequence. */
export const wantedTimes =
  (sequence: string, isGiven: (parameter: WantedTime['parameter']) => boolean) =>
  (parameter: WantedTime['parameter'], value: Seconds): WantedTime => ({
    ...{ sequence, parameter, value },
    given: isGiven(parameter),
  });

/**
 * Waiting time after `earliest` until the requested time, on the block raster; 0 if the request is
 * 0 (shortest possible) or a default that is too short for the other parameters.
 * @throws LarmorError 2 naming the parameter and its smallest value
 */
export function waiting(
  { sequence, parameter, value, given }: WantedTime,
  earliest: Seconds,
  scanner: Scanner,
): Seconds {
  if (value !== 0 && given && value < earliest - 1e-9) throw tooShort(sequence, parameter, value, earliest);
  return roundUp(Math.max(0, value - earliest), scanner.blockRaster);
}

/** Blocks shorter than a picosecond are rounding error of a wait that is not there. */
export function isWait(time: Seconds): boolean {
  return time > 1e-12;
}

/** Time that lobes played together take, on the block raster. */
export function longestOf(scanner: Scanner, ...lobes: readonly TrapezoidEvent[]): Seconds {
  return roundUp(Math.max(...lobes.map(eventEnd)), scanner.blockRaster);
}

/**
 * What each slice of a TR but the last waits: they share the wait evenly as far as the raster lets
 * them.
 */
export function waitPerSlice(wait: Seconds, slices: number, { blockRaster }: Scanner): Seconds {
  return Math.floor(wait / slices / blockRaster + 1e-6) * blockRaster;
}
