/** Random spins and small sequences that reach every kernel, for the tests of this folder. */

import { randomNumbers } from '../../host/numerics/random.ts';
import type { SpinBlock } from '../../host/phantom/types.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../../host/sequence/designer.ts';
import type { Block, RfEvent, ShapedGradientEvent } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { type Spin, spinsOf } from '../../testing/run.ts';

/** Spins of a body: within `reach` [m] of the centre along each axis, ±`offset` [Hz]. */
export function randomSpins(count: number, { reach = 0.1, offset = 150, seed = 1 } = {}): SpinBlock {
  const next = randomNumbers(seed);
  const within = (most: number): number => most * (2 * next() - 1);
  return spinsOf(
    Array.from(
      { length: count },
      (): Spin => ({
        x: within(reach),
        y: within(reach),
        z: within(reach),
        density: 0.5 + next() / 2,
        T1: 0.3 + 2 * next(),
        T2: 0.02 + 0.2 * next(),
        offset: within(offset),
      }),
    ),
  );
}

export function timelineOf(...blocks: Block[]): Timeline {
  return compileTimeline(sequenceOf('test', blocks, {}), { B0: 1.5, maxRfStep: 50e-6 });
}

/** 65° in 40 µs, phase 0.4: the start of readout tests. */
export const tip = blockOf({ rf: hardPulse(1.13, 0.106e-3, { phaseOffset: 0.4 }) });

/** A gradient that follows `at(t)` on a raster of 10 µs. */
export function shape(duration: number, at: (t: number) => number): ShapedGradientEvent {
  const count = Math.round(duration / 1e-5);
  const time = Float64Array.from({ length: count + 1 }, (_, n) => n * 1e-5);
  return { kind: 'shape', delay: 0, time, amplitude: time.map(at) };
}

/** Lines of `samples` under a constant gradient, blips of y between them, [T/m] by number. */
export function lines(count: number, samples: number, amplitude = 20e-3, blip = (_n: number) => 3e-3): Block[] {
  const [dwell, ramp] = [4e-6, 1e-4];
  const flat = samples * dwell;
  return Array.from({ length: count }, (_, n) => [
    blockOf({ gx: trapezoid(n % 2 === 0 ? amplitude : -amplitude, ramp, flat), adc: adc(samples, dwell, ramp) }),
    blockOf({ gy: trapezoid(blip(n), 2e-5, 4e-5) }),
  ]).flat();
}

const slice = (options: Partial<RfEvent> = {}): Block => {
  const rf = sincPulse({ flip: 1.2, duration: 6e-4, timeBandwidth: 4, raster: 2e-6, delay: 1e-4 });
  return blockOf({ rf: { ...rf, ...options }, gz: trapezoid(4e-3, 1e-4, 6e-4) });
};
const read = blockOf({ adc: adc(3, 5e-4, 0) });
const spiral = (sign: number): Block =>
  blockOf({
    gx: shape(2e-3, (t) => sign * 12 * t * Math.cos(6000 * t)),
    gy: shape(2e-3, (t) => 12 * t * Math.sin(6000 * t)),
    adc: adc(333, 6e-6, 0),
  });

/** What is simulated, by name of the kernel that it is about. */
export const CASES: Readonly<Record<string, Timeline>> = {
  'a slice-selective pulse': timelineOf(slice(), read),
  'pulses with offsets and phases': timelineOf(
    slice({ frequencyOffset: 1700, phaseOffset: 0.9 }),
    slice({ frequencyOffset: -650, phaseOffset: -2.2 }),
    read,
  ),
  'pulses under varying gradients': timelineOf(
    blockOf({
      rf: hardPulse(1, 12e-6),
      gx: trapezoid(6e-3, 5e-5, 1e-4),
      gz: shape(4e-4, (t) => 0.01 * Math.sin(9000 * t)),
    }),
    read,
  ),
  'precession far from the centre': timelineOf(tip, blockOf({ gx: trapezoid(60e-3, 2e-4, 9e-3) }), delayOf(0.3), read),
  'one sample': timelineOf(tip, blockOf({ adc: adc(1, 1e-5, 1e-4) })),
  'a line of 129 samples': timelineOf(tip, ...lines(1, 129)),
  'three lines of 300 samples': timelineOf(tip, ...lines(3, 300)),
  'nine lines of 37 samples': timelineOf(tip, ...lines(9, 37)),
  'trains of 70 lines of 8 to 32 samples': timelineOf(
    ...[8, 16, 24, 32].flatMap((samples) => [tip, ...lines(70, samples)]),
  ),
  'lines of which some are equally spaced': timelineOf(
    tip,
    ...lines(60, 20, 20e-3, (n) => (n % 23 < 18 ? 2e-3 : -n * 1e-4)),
  ),
  'six spirals of one shape': timelineOf(
    tip,
    ...Array.from({ length: 3 }, () => spiral(1)),
    tip,
    ...Array.from({ length: 3 }, () => spiral(1)),
  ),
  'lines and pulses in turn': timelineOf(...Array.from({ length: 7 }, () => [tip, ...lines(5, 24)]).flat()),
  'three spirals': timelineOf(tip, spiral(1), spiral(-1), tip, spiral(1)),
};
