/**
 * What a pulse does, as far as its envelope tells: flip angle, bandwidth, and whether it selects a slice. Small
 * questions that k-space, encoding and reports ask; the rotation itself is the timeline's and the kernels' business.
 */
import { GAMMA_BAR, type Hertz, type Meters, type Radians, type TeslaPerMeter } from '../common/units.ts';
import type { RfEvent, RfShimEvent } from './types.ts';

/** Cells of a pulse: their middles [s], lengths [s] and complex B1 [T]; a linear pulse's cells lie between its points. */
function cells(rf: RfEvent): { t: number; dt: number; re: number; im: number }[] {
  const { time, magnitude, phase } = rf;
  const re = (n: number): number => magnitude[n]! * Math.cos(phase[n]!);
  const im = (n: number): number => magnitude[n]! * Math.sin(phase[n]!);
  return Array.from({ length: time.length - 1 }, (_, n) => {
    const span = { t: (time[n]! + time[n + 1]!) / 2, dt: time[n + 1]! - time[n]! };
    if (rf.interpolation === 'held') return { ...span, re: re(n), im: im(n) };
    return { ...span, re: (re(n) + re(n + 1)) / 2, im: (im(n) + im(n + 1)) / 2 };
  });
}

const flips = new WeakMap<Float64Array, Map<Float64Array, Radians>>();

/** On-resonance flip angle of the envelope, 2πγ̄|∫B1 dt|; exact where B1 keeps its direction. */
export function flipAngle(rf: RfEvent): Radians {
  return perEnvelope(flips, rf, computeFlipAngle);
}

/** Events that differ in offsets alone share their arrays, and so the answer. */
function perEnvelope(
  known: WeakMap<Float64Array, Map<Float64Array, number>>,
  rf: RfEvent,
  compute: (rf: RfEvent) => number,
): number {
  const byPhase = known.get(rf.magnitude) ?? new Map<Float64Array, number>();
  known.set(rf.magnitude, byPhase);
  const value = byPhase.get(rf.phase) ?? compute(rf);
  byPhase.set(rf.phase, value);
  return value;
}

function computeFlipAngle(rf: RfEvent): Radians {
  let re = 0;
  let im = 0;
  for (const cell of cells(rf)) {
    re += cell.re * cell.dt;
    im += cell.im * cell.dt;
  }
  return 2 * Math.PI * GAMMA_BAR * Math.hypot(re, im);
}

/** A slab this thick holds everything a scanner images: nothing is selected by it. */
const THICKEST_SLAB: Meters = 0.5;

/**
 * Whether a pulse selects a slice in a gradient of `strength`. A hard pulse does not, even with a gradient on (UTE, ZTE
 * and other centre-out scans play it so), nor does one whose bandwidth covers a whole body.
 */
export function isSelective(rf: RfEvent, strength: TeslaPerMeter): boolean {
  if (strength === 0 || perEnvelope(hardness, rf, isHard) === 1) return false;
  return bandwidth(rf) < THICKEST_SLAB * GAMMA_BAR * strength;
}

const hardness = new WeakMap<Float64Array, Map<Float64Array, 0 | 1>>();

/** 1 if amplitude and phase are constant throughout. */
function isHard({ magnitude, phase }: RfEvent): 0 | 1 {
  const peak = magnitude.reduce((most, value) => Math.max(most, value), 0);
  return magnitude.every((value, n) => value > 0.999 * peak && Math.abs(phase[n]! - phase[0]!) < 1e-3) ? 1 : 0;
}

const bandwidths = new WeakMap<Float64Array, Map<Float64Array, Hertz>>();

/** Full width at half maximum of the envelope's spectrum: the bandwidth a small flip angle excites. */
export function bandwidth(rf: RfEvent): Hertz {
  return perEnvelope(bandwidths, rf, computeBandwidth);
}

function computeBandwidth(rf: RfEvent): Hertz {
  const all = cells(rf);
  const spectrum = (f: Hertz): number => {
    let re = 0;
    let im = 0;
    for (const { t, dt, re: x, im: y } of all) {
      const c = Math.cos(2 * Math.PI * f * t);
      const s = Math.sin(2 * Math.PI * f * t);
      re += (x * c + y * s) * dt;
      im += (y * c - x * s) * dt;
    }
    return Math.hypot(re, im);
  };
  const duration = rf.time[rf.time.length - 1]! - rf.time[0]!;
  const half = spectrum(0) / 2;
  // Walk outwards in steps finer than any feature of the spectrum, then take the crossing between two steps as linear.
  const step = 1 / (8 * duration);
  const edge = (direction: 1 | -1): Hertz => {
    let inside = spectrum(0);
    for (let n = 1; n < 8 * 64; n++) {
      const value = spectrum(direction * n * step);
      if (value <= half) return (n - 1 + (inside - half) / (inside - value)) * step;
      inside = value;
    }
    return 64 / duration;
  };
  return edge(1) + edge(-1);
}

const shims = new WeakMap<RfEvent, WeakMap<RfShimEvent, RfEvent>>();

/**
 * The pulse with the weight of its one transmit channel, w = m·e^{−iφ} on B1 (phases enter conjugated, as all of Pulseq's
 * do, so φ adds to the phase offset). The same pulse and shim give the same object.
 */
export function shimmed(rf: RfEvent, shim: RfShimEvent): RfEvent {
  const known = shims.get(rf) ?? new WeakMap<RfShimEvent, RfEvent>();
  shims.set(rf, known);
  const made = known.get(shim) ?? {
    ...rf,
    magnitude: rf.magnitude.map((b1) => b1 * shim.magnitude[0]!),
    phaseOffset: rf.phaseOffset + shim.phase[0]!,
  };
  known.set(shim, made);
  return made;
}
