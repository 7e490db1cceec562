/**
 * RF pulses of given flip angle: rectangular, sinc, Gaussian, and any samples. Samples are held for
 * their cells and scaled so that their sum turns by exactly the flip angle.
 */
import { GAMMA_BAR, type Hertz, type Radians, type Seconds, type Tesla } from '../../base/units.ts';
import type { Scanner } from '../scanner-types.ts';
import type { RfEvent, RfUse } from '../types.ts';
import { roundUp } from './rasters.ts';

export interface PulseOptions {
  /** Default: that of ¹H. */
  readonly gammaBar?: Hertz;
  readonly delay?: Seconds;
  readonly use?: RfUse;
  readonly frequencyOffset?: Hertz;
  readonly phaseOffset?: Radians;
}

/** Rectangular pulse of a given flip angle at full amplitude: its length is flip / (2π γ̄ B1). */
export function hardPulse(flip: Radians, amplitude: Tesla, options: PulseOptions = {}): RfEvent {
  const { gammaBar = GAMMA_BAR } = options;
  const duration = flip / (2 * Math.PI * gammaBar * amplitude);
  return pulse(Float64Array.of(0, duration), Float64Array.of(amplitude), Float64Array.of(0), duration / 2, options);
}

export interface SincOptions extends PulseOptions {
  readonly flip: Radians;
  readonly duration: Seconds;
  /** Bandwidth × duration: zero crossings of the sinc, both sides together. */
  readonly timeBandwidth: number;
  /** Length of one held sample. */
  readonly raster: Seconds;
}

/**
 * Hann-filtered sinc, symmetric, sampled at cell middles and scaled so that its samples, each
 * constant over its cell, rotate exactly by `flip`.
 */
export function sincPulse(options: SincOptions): RfEvent {
  const { duration, timeBandwidth, raster } = options;
  return shapedPulse(sincShape(Math.round(duration / raster), timeBandwidth), options);
}

export interface GaussOptions extends PulseOptions {
  readonly flip: Radians;
  readonly duration: Seconds;
  /** Full width at half maximum of the spectrum. */
  readonly bandwidth: Hertz;
  readonly raster: Seconds;
}

/** Gaussian, cut off at the ends of its duration. */
export function gaussPulse(options: GaussOptions): RfEvent {
  const { duration, bandwidth, raster } = options;
  const count = Math.round(duration / raster);
  // e^{−(πtb)²/(4 ln 2)} has the spectrum e^{−4 ln 2 (f/b)²}.
  const scale = (Math.PI * bandwidth) ** 2 / (4 * Math.LN2);
  const shape = Float64Array.from({ length: count }, (_, n) =>
    Math.exp(-scale * ((n + 0.5 - count / 2) * raster) ** 2),
  );
  return shapedPulse(shape, options);
}

/** A real shape scaled to a flip angle. */
export function shapedPulse(
  shape: Float64Array,
  options: PulseOptions & { readonly flip: Radians; readonly raster: Seconds },
): RfEvent {
  const { flip, raster, gammaBar = GAMMA_BAR } = options;
  const amplitude = flip / (2 * Math.PI * gammaBar * raster * sum(shape));
  const magnitude = shape.map((s) => Math.abs(s) * Math.abs(amplitude));
  const phase = shape.map((s) => (s * amplitude < 0 ? Math.PI : 0));
  return arbitraryPulse(magnitude, phase, options);
}

/**
 * Samples of B1 [T] and its phase [rad], each held for `raster`; Pulseq's sign of the phase.
 * `center`, by default the middle, is the time from which phases and echo times count.
 */
export function arbitraryPulse(
  magnitude: Float64Array,
  phase: Float64Array,
  options: PulseOptions & { readonly raster: Seconds; readonly center?: Seconds },
): RfEvent {
  const { raster, center = (magnitude.length * raster) / 2 } = options;
  const time = Float64Array.from({ length: magnitude.length + 1 }, (_, n) => n * raster);
  return pulse(time, magnitude, phase, center, options);
}

/** The same pulse with another amplitude. */
export function scaledPulse(rf: RfEvent, factor: number): RfEvent {
  return { ...rf, magnitude: rf.magnitude.map((b1) => b1 * factor) };
}

/** Shortest sinc duration, on `raster` and not below `atLeast`, whose peak stays within B1. */
export function sincDuration(
  flip: Radians,
  timeBandwidth: number,
  { B1, gammaBar }: Scanner,
  raster: Seconds,
  atLeast: Seconds,
): Seconds {
  // The mean of the shape, and so the peak at a given length, depends on the number of cells only
  // by rounding; the slack keeps this error on the safe side.
  const cells = 1000;
  const mean = sum(sincShape(cells, timeBandwidth)) / cells;
  return roundUp(Math.max(atLeast, (flip / (2 * Math.PI * gammaBar * B1 * mean)) * (1 + 1e-4)), raster);
}

function sincShape(count: number, timeBandwidth: number): Float64Array {
  return Float64Array.from({ length: count }, (_, n) => {
    const u = (n + 0.5) / count - 0.5;
    const x = Math.PI * timeBandwidth * u;
    return (x === 0 ? 1 : Math.sin(x) / x) * (0.5 + 0.5 * Math.cos(2 * Math.PI * u));
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function pulse(
  time: Float64Array,
  magnitude: Float64Array,
  phase: Float64Array,
  center: Seconds,
  { delay = 0, use = 'excitation', frequencyOffset = 0, phaseOffset = 0 }: PulseOptions,
): RfEvent {
  const offsets = { frequencyOffset, phaseOffset, frequencyPpm: 0, phasePpm: 0 };
  return { kind: 'rf', delay, interpolation: 'held', time, magnitude, phase, center, use, ...offsets };
}
