/**
 * What a pulse does, as far as its envelope tells: flip angle, bandwidth, and whether it excites or refocuses. Small
 * questions that k-space, encoding and reports ask; the rotation itself is the timeline's and the kernels' business.
 */
import { GAMMA_BAR, type Hertz, type Radians } from '../common/units.ts';
import type { RfEvent } from './types.ts';

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
  const byTime = flips.get(rf.magnitude) ?? new Map<Float64Array, Radians>();
  flips.set(rf.magnitude, byTime);
  // Events that differ in offsets alone share their arrays, and so the answer.
  const known = byTime.get(rf.phase);
  if (known !== undefined) return known;
  let re = 0;
  let im = 0;
  for (const cell of cells(rf)) {
    re += cell.re * cell.dt;
    im += cell.im * cell.dt;
  }
  const flip = 2 * Math.PI * GAMMA_BAR * Math.hypot(re, im);
  byTime.set(rf.phase, flip);
  return flip;
}

/** Above this a pulse of unknown use refocuses; half a degree more than 90° leaves room for rounded amplitudes. */
const REFOCUSING_ABOVE = (90.5 * Math.PI) / 180;

/**
 * What a pulse does to k: an excitation starts it at 0, a refocusing pulse negates it, all others leave it. Files up to
 * 1.4 do not say (`undefined`): a flip angle up to 90.5° excites, a larger one refocuses. An inversion or saturation
 * taken for a refocusing pulse does no harm, as an excitation follows before anything is read.
 */
export function effectOnK(rf: RfEvent): 'start' | 'negate' | 'none' {
  if (rf.use === 'excitation') return 'start';
  if (rf.use === 'refocusing') return 'negate';
  if (rf.use !== 'undefined') return 'none';
  return flipAngle(rf) > REFOCUSING_ABOVE ? 'negate' : 'start';
}

/** Full width at half maximum of the envelope's spectrum: the bandwidth a small flip angle excites. */
export function bandwidth(rf: RfEvent): Hertz {
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
