/**
 * Pulses by the Shinnar–Le Roux transform (Pauly et al., IEEE Trans. Med. Imaging 1991): the
 * profile of a hard-pulse train is a pair of polynomials |A|² + |B|² = 1, so a filter B makes a
 * pulse whose slice is as sharp at 90° and 180° as at small angles, where a sinc's is not.
 *
 *     B = sin(flip/2) · low-pass filter,   A of minimum phase,
 *     from the last pulse to the first: φ = 2 atan(b₀/a₀), and A, B ← cA + sB, (cB − sA)/z
 */
import type { Radians, Seconds } from '../../base/units.ts';
import { GAMMA_BAR } from '../../base/units.ts';
import type { RfEvent } from '../types.ts';
import { arbitraryPulse, type PulseOptions } from './pulses.ts';

export interface SlrOptions extends PulseOptions {
  /** Up to 180°. */
  readonly flip: Radians;
  readonly duration: Seconds;
  /** Bandwidth × duration. */
  readonly timeBandwidth: number;
  /** Length of one held sample, of which there are to be at most a few hundred. */
  readonly raster: Seconds;
}

/** Points on the unit circle per coefficient. */
const FINE = 16;
/** |B| this far below 1, so that A has no zero on the circle. */
const BELOW_ONE = 1e-6;

export function slrPulse(options: SlrOptions): RfEvent {
  const { flip, duration, timeBandwidth, raster, gammaBar = GAMMA_BAR } = options;
  const count = Math.round(duration / raster);
  const b = filter(count, timeBandwidth, Math.min(Math.sin(flip / 2), 1 - BELOW_ONE));
  const angles = inverse(minimumPhase(b), b);
  const scale = 1 / (2 * Math.PI * gammaBar * raster);
  return arbitraryPulse(
    angles.map((angle) => Math.abs(angle) * scale),
    angles.map((angle) => (angle < 0 ? Math.PI : 0)),
    options,
  );
}

/** Windowed sinc whose transform reaches `height` at most. */
function filter(count: number, timeBandwidth: number, height: number): Float64Array {
  const shape = Float64Array.from({ length: count }, (_, n) => {
    const u = (n + 0.5) / count - 0.5;
    const x = Math.PI * timeBandwidth * u;
    return (x === 0 ? 1 : Math.sin(x) / x) * (0.54 + 0.46 * Math.cos(2 * Math.PI * u));
  });
  const highest = Math.max(...onCircle(shape));
  return shape.map((value) => (value * height) / highest);
}

/** |polynomial| at FINE · n points of the upper half of the unit circle. */
function onCircle(coefficients: Float64Array): Float64Array {
  const points = FINE * coefficients.length;
  const [cosine, sine] = [Math.cos, Math.sin].map((f) =>
    Float64Array.from({ length: points }, (_, m) => f((2 * Math.PI * m) / points)),
  ) as [Float64Array, Float64Array];
  return Float64Array.from({ length: points / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let n = 0; n < coefficients.length; n++) {
      re += coefficients[n] * cosine[(k * n) % points];
      im -= coefficients[n] * sine[(k * n) % points];
    }
    return Math.hypot(re, im);
  });
}

/** The polynomial of minimum phase with |A|² = 1 − |B|², from its cepstrum. */
function minimumPhase(b: Float64Array): Float64Array {
  const logs = onCircle(b).map((size) => Math.log(1 - size * size) / 2);
  const points = 2 * (logs.length - 1);
  const cepstrum = Float64Array.from({ length: b.length }, (_, n) => {
    let sum = logs[0] + logs[points / 2] * (n % 2 === 0 ? 1 : -1);
    for (let k = 1; k < points / 2; k++) sum += 2 * logs[k] * Math.cos((2 * Math.PI * ((k * n) % points)) / points);
    return sum / points;
  });
  // exp of a power series: n·a_n = Σ k·c_k·a_{n−k}, with c doubled from 1 on.
  const a = new Float64Array(b.length);
  a[0] = Math.exp(cepstrum[0]);
  for (let n = 1; n < b.length; n++) {
    for (let k = 1; k <= n; k++) a[n] += (2 * k * cepstrum[k] * a[n - k]) / n;
  }
  return a;
}

/** Angles of the hard pulses [rad]. */
function inverse(a: Float64Array, b: Float64Array): Float64Array {
  const angles = new Float64Array(a.length);
  for (let left = a.length; left > 0; left--) {
    const angle = Math.atan2(b[0], a[0]);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    angles[left - 1] = 2 * angle;
    const [nextA, nextB] = [new Float64Array(left - 1), new Float64Array(left - 1)];
    for (let n = 0; n < left - 1; n++) {
      nextA[n] = c * a[n] + s * b[n];
      nextB[n] = c * b[n + 1] - s * a[n + 1];
    }
    [a, b] = [nextA, nextB];
  }
  return angles;
}
