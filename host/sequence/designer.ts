/**
 * Events and blocks from what a sequence designer knows (flip angle, area, field of view, hardware
 * limits). It is separate from the built-in sequences so that each of these reads like its timing
 * diagram. The events are the same as those read from a file.
 */
import { GAMMA_BAR, type Hertz, type Radians, type Seconds, type Tesla, type TeslaPerMeter } from '../base/units.ts';
import type { Scanner } from './scanner-types.ts';
import type { AdcEvent, Block, GradientEvent, LabelEvent, RfEvent, RfUse, Sequence, TrapezoidEvent } from './types.ts';

/** Smallest multiple of `raster` that is at least `time`, up to rounding errors. */
export function roundUp(time: Seconds, raster: Seconds): Seconds {
  return Math.ceil(time / raster - 1e-6) * raster;
}

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
  const { flip, duration, timeBandwidth, raster, gammaBar = GAMMA_BAR } = options;
  const count = Math.round(duration / raster);
  const shape = sincShape(count, timeBandwidth);
  const amplitude = flip / (2 * Math.PI * gammaBar * raster * sum(shape));
  const time = Float64Array.from({ length: count + 1 }, (_, n) => n * raster);
  const magnitude = shape.map((s) => Math.abs(s) * amplitude);
  const phase = shape.map((s) => (s < 0 ? Math.PI : 0));
  return pulse(time, magnitude, phase, (count * raster) / 2, options);
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

export function trapezoid(amplitude: TeslaPerMeter, ramp: Seconds, flat: Seconds, delay: Seconds = 0): TrapezoidEvent {
  return { kind: 'trapezoid', delay, amplitude, rise: ramp, flat, fall: ramp };
}

/**
 * Trapezoid whose flat top holds `amplitude` for `flat`, with the shortest ramps on the gradient
 * raster.
 */
export function flatTop(amplitude: TeslaPerMeter, flat: Seconds, scanner: Scanner, delay: Seconds = 0): TrapezoidEvent {
  return trapezoid(amplitude, rampTime(amplitude, scanner), flat, delay);
}

/** Shortest ramp from 0 to `amplitude` on the gradient raster, one raster step at least. */
function rampTime(amplitude: TeslaPerMeter, { Smax, gradRaster }: Scanner): Seconds {
  return Math.max(gradRaster, roundUp(Math.abs(amplitude) / Smax, gradRaster));
}

/**
 * Shortest trapezoid of the given area on the gradient raster within Gmax and Smax; with `timing`
 * it has the exact timing of another trapezoid instead, so that all steps of a phase-encoding table
 * have one shape.
 * @param area T·s/m
 */
export function areaTrapezoid(area: number, scanner: Scanner, timing?: TrapezoidEvent): TrapezoidEvent {
  if (timing !== undefined) return { ...timing, amplitude: area / (timing.flat + (timing.rise + timing.fall) / 2) };
  const { Gmax, Smax, gradRaster } = scanner;
  const size = Math.abs(area);
  const triangle = Math.sqrt(size * Smax) <= Gmax;
  const ramp = Math.max(gradRaster, roundUp(triangle ? Math.sqrt(size / Smax) : Gmax / Smax, gradRaster));
  const flat = triangle ? 0 : roundUp(Math.max(0, size / Gmax - ramp), gradRaster);
  return trapezoid(area / (ramp + flat), ramp, flat);
}

export function adc(samples: number, dwell: Seconds, delay: Seconds, phaseOffset: Radians = 0): AdcEvent {
  return { kind: 'adc', delay, samples, dwell, frequencyOffset: 0, phaseOffset, frequencyPpm: 0, phasePpm: 0 };
}

export function setLabel(label: string, value: number): LabelEvent {
  return { label, mode: 'set', value };
}

/** End of an event, seconds from the block's start, without the dead time that follows. */
export function eventEnd(event: RfEvent | GradientEvent | AdcEvent): Seconds {
  switch (event.kind) {
    case 'adc':
      return event.delay + event.samples * event.dwell;
    case 'trapezoid':
      return event.delay + event.rise + event.flat + event.fall;
    default:
      return event.delay + event.time[event.time.length - 1];
  }
}

/** A block as long as its longest event, or as `duration` if that is given. */
export function blockOf(events: Omit<Block, 'duration'>, duration?: Seconds): Block {
  const { rf, gx, gy, gz, adc: readout } = events;
  const ends = [rf, gx, gy, gz, readout].map((event) => (event === undefined ? 0 : eventEnd(event)));
  return { duration: duration ?? Math.max(...ends), ...events };
}

export function delayOf(duration: Seconds): Block {
  return { duration };
}

/** Blocks as a sequence; `definitions` become Pulseq's [DEFINITIONS]. */
export function sequenceOf(
  name: string,
  blocks: readonly Block[],
  definitions: Readonly<Record<string, string | number | readonly number[]>>,
): Sequence {
  // Twelve digits, the precision of sums of rasters, so that 5 ms is not written as
  // 0.005000000000000001.
  const text = (value: string | number): string =>
    typeof value === 'number' ? String(Number(value.toPrecision(12))) : value;
  const written = Object.entries(definitions).map(([key, value]): [string, string] => [
    key,
    typeof value === 'object' ? value.map(text).join(' ') : text(value),
  ]);
  return {
    name,
    definitions: new Map(written),
    blockCount: blocks.length,
    duration: blocks.reduce((total, block) => total + block.duration, 0),
    block(n) {
      const found = blocks[n];
      if (found === undefined) throw new RangeError(`block ${n} of ${blocks.length}`);
      return found;
    },
  };
}
