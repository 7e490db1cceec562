/**
 * Properties of a pulse that follow from its envelope: flip angle, bandwidth, and whether it
 * selects a slice, for k-space, encoding and reports. The rotation itself is computed by the
 * timeline and the kernels.
 */
import type { Hertz, Meters, Radians, TeslaPerMeter } from '../base/units.ts';
import type { RfEvent, RfShimEvent } from './types.ts';

/**
 * Cells of a pulse: their middles [s] and complex B1·dt [T·s]; a linear pulse's cells lie between
 * its points.
 */
interface Cells {
  readonly t: Float64Array;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function cells({ time, magnitude, phase, interpolation }: RfEvent): Cells {
  const count = time.length - 1;
  const [t, re, im] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  // B1 of a point and of the next one; most neighbours have the same phase.
  let [angle, c, s] = [0, 1, 0];
  let [x, y] = [0, 0];
  for (let n = 0; n <= count; n++) {
    if (phase[n] !== angle) {
      angle = phase[n];
      c = Math.cos(angle);
      s = Math.sin(angle);
    }
    const [nextX, nextY] = [magnitude[n] * c, magnitude[n] * s];
    if (n > 0) {
      const dt = time[n] - time[n - 1];
      t[n - 1] = (time[n - 1] + time[n]) / 2;
      re[n - 1] = dt * (interpolation === 'held' ? x : (x + nextX) / 2);
      im[n - 1] = dt * (interpolation === 'held' ? y : (y + nextY) / 2);
    }
    x = nextX;
    y = nextY;
  }
  return { t, re, im };
}

const sum = (values: Float64Array): number => {
  let total = 0;
  for (let n = 0; n < values.length; n++) total += values[n];
  return total;
};

const areas = new WeakMap<Float64Array, Map<Float64Array, number>>();

/** On-resonance flip angle of the envelope, 2πγ̄|∫B1 dt|; exact if the phase of B1 is constant. */
export function flipAngle(rf: RfEvent, gammaBar: Hertz): Radians {
  return 2 * Math.PI * gammaBar * perEnvelope(areas, rf, area);
}

/** Events that differ only in their offsets share their arrays, and so the result. */
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

/** |∫B1 dt| [T·s] */
function area(rf: RfEvent): number {
  const { re, im } = cells(rf);
  return Math.hypot(sum(re), sum(im));
}

/** A slab this thick contains everything that a scanner images, so it is no selection. */
const THICKEST_SLAB: Meters = 0.5;

/**
 * Whether a pulse selects a slice in a gradient of `strength`. A hard pulse does not, even with a
 * gradient on (as in UTE, ZTE and other centre-out scans), nor does one whose bandwidth covers a
 * whole body.
 */
export function isSelective(rf: RfEvent, strength: TeslaPerMeter, gammaBar: Hertz): boolean {
  if (strength === 0 || perEnvelope(hardness, rf, isHard) === 1) return false;
  return bandwidth(rf) < THICKEST_SLAB * gammaBar * strength;
}

const hardness = new WeakMap<Float64Array, Map<Float64Array, 0 | 1>>();

/** 1 if amplitude and phase are constant throughout. */
function isHard({ magnitude, phase }: RfEvent): 0 | 1 {
  const peak = magnitude.reduce((most, value) => Math.max(most, value), 0);
  return magnitude.every((value, n) => value > 0.999 * peak && Math.abs(phase[n] - phase[0]) < 1e-3) ? 1 : 0;
}

const bandwidths = new WeakMap<Float64Array, Map<Float64Array, Hertz>>();
let previous: { readonly rf: RfEvent; readonly value: Hertz } | undefined;

/**
 * Full width at half maximum of the envelope's spectrum: the bandwidth a small flip angle excites.
 */
export function bandwidth(rf: RfEvent): Hertz {
  return perEnvelope(bandwidths, rf, () => {
    // Trains of varying flip angle have one shape at different amplitudes.
    const value = previous !== undefined && isScaled(rf, previous.rf) ? previous.value : computeBandwidth(rf);
    previous = { rf, value };
    return value;
  });
}

/** Whether two pulses differ only in amplitude and offsets. */
function isScaled(a: RfEvent, b: RfEvent): boolean {
  const [x, y] = [sum(a.magnitude), sum(b.magnitude)];
  if (a.interpolation !== b.interpolation || a.time.length !== b.time.length || !(x > 0 && y > 0)) return false;
  for (let n = 0; n < a.time.length; n++) {
    if (a.time[n] !== b.time[n] || a.phase[n] !== b.phase[n]) return false;
    if (Math.abs(a.magnitude[n] / x - b.magnitude[n] / y) > 1e-12) return false;
  }
  return true;
}

function computeBandwidth(rf: RfEvent): Hertz {
  const { t, re, im } = cells(rf);
  const duration = rf.time[rf.time.length - 1] - rf.time[0];
  const center = Math.hypot(sum(re), sum(im));
  // Search outwards in steps finer than any feature of the spectrum, then interpolate linearly
  // between two steps.
  const step = 1 / (8 * duration);
  // Each step rotates every cell by its own constant angle, which saves sines and cosines per
  // frequency: scans have thousands of pulses.
  const cosines = t.map((time) => Math.cos(2 * Math.PI * step * time));
  const sines = t.map((time) => Math.sin(2 * Math.PI * step * time));
  const edge = (direction: 1 | -1): Hertz => {
    const [x, y] = [re.slice(), im.slice()];
    let inside = center;
    for (let n = 1; n < 8 * 64; n++) {
      const value = turnedSum(x, y, cosines, sines, -direction);
      if (value <= center / 2) return (n - 1 + (inside - center / 2) / (inside - value)) * step;
      inside = value;
    }
    return 64 / duration;
  };
  return edge(1) + edge(-1);
}

/** Multiplies each x + iy by c ± is. @returns the modulus of their sum */
function turnedSum(x: Float64Array, y: Float64Array, c: Float64Array, s: Float64Array, sign: number): number {
  let re = 0;
  let im = 0;
  for (let n = 0; n < x.length; n++) {
    const sine = sign * s[n];
    const turned = x[n] * c[n] - y[n] * sine;
    y[n] = x[n] * sine + y[n] * c[n];
    x[n] = turned;
    re += x[n];
    im += y[n];
  }
  return Math.hypot(re, im);
}

const shims = new WeakMap<RfEvent, WeakMap<RfShimEvent, RfEvent>>();

/**
 * The pulse with the weight of its one transmit channel, w = m·e^{−iφ} on B1 (phases enter
 * conjugated, as all of Pulseq's do, so φ adds to the phase offset). The same pulse and shim give
 * the same object.
 */
export function shimmed(rf: RfEvent, shim: RfShimEvent): RfEvent {
  const known = shims.get(rf) ?? new WeakMap<RfShimEvent, RfEvent>();
  shims.set(rf, known);
  const made = known.get(shim) ?? {
    ...rf,
    magnitude: rf.magnitude.map((b1) => b1 * shim.magnitude[0]),
    phaseOffset: rf.phaseOffset + shim.phase[0],
  };
  known.set(shim, made);
  return made;
}
