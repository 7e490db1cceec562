/**
 * The effect of relaxation on a pulse: its operator, without half of the relaxation and the phase
 * of the drift before and after it, against the rotation without relaxation, which is a quaternion.
 * The matrix depends on R2 − R1 only, as R1 = R2 is a factor e^{−R1·T}, and the recovery vanishes
 * with R1.
 */
import { STRIDE } from '../../timeline/types.ts';
import { after } from './reference.ts';

/** Ranges of the spins in all uses of a table. */
export interface DriftRange {
  /** Frequencies at the middle of the pulse, less its offset [Hz]. */
  readonly low: number;
  readonly high: number;
  /** Largest drift [Hz/s], R1 and R2 [1/s]. */
  readonly drift: number;
  readonly R1: number;
  readonly R2: number;
}

/** Ranges of [R1, R2 − R1, drift]; R2 is at least half of R1, but for rounding. */
export function relaxationRange({ R1, R2, drift }: DriftRange) {
  const low = -0.501 * R1;
  return {
    middle: [R1 / 2, (R2 + low) / 2, 0] as const,
    half: [R1 / 2, (R2 - low) / 2, drift] as const,
    /** Largest |R2 − R1|. */
    largest: Math.max(R2, -low),
  };
}

/**
 * The effect of relaxation on the matrix per share of the largest R2 − R1, and on the recovery per
 * share of the largest R1.
 */
export function effect(
  whole: Float64Array,
  rotation: Float64Array,
  R1: number,
  delta: number,
  range: DriftRange,
): Float64Array {
  const [ofDelta, ofR1] = [relaxationRange(range).largest / delta, range.R1 / R1];
  const matrix = rotationMatrix(rotation);
  return whole.map((value, entry) => (entry < 9 ? (value - matrix[entry]) * ofDelta : value * ofR1));
}

/** Images of x, y and z under the rotation by a quaternion. */
function rotationMatrix([a, b, c, d]: Float64Array): Float64Array {
  return Float64Array.of(
    ...[1 - 2 * (c * c + d * d), 2 * (b * c + a * d), 2 * (b * d - a * c)],
    ...[2 * (b * c - a * d), 1 - 2 * (b * b + d * d), 2 * (c * d + a * b)],
    ...[2 * (b * d + a * c), 2 * (c * d - a * b), 1 - 2 * (b * b + c * c)],
  );
}

/**
 * The quaternion of a pulse without relaxation, without the phases of the drift before and after
 * it. Spins turn by −|ω|dt about ω; as a product of the steps' it is a smooth function of frequency
 * and drift.
 * @param steps [steps][dt, B1re, B1im, Gx, 0, 0] with unit drift along x
 */
export function innerRotation(
  steps: Float64Array,
  gammaBar: number,
  duration: number,
  hertz: number,
  drift: number,
): Float64Array {
  let [a, b, c, d] = [1, 0, 0, 0];
  for (let at = 0; at < steps.length; at += STRIDE.rfStep) {
    const dt = steps[at];
    const half = Math.PI * gammaBar * dt;
    const [x, y] = [half * steps[at + 1], half * steps[at + 2]];
    const z = half * steps[at + 3] * drift + Math.PI * dt * hertz;
    const angle = Math.sqrt(x * x + y * y + z * z);
    const ratio = angle < 1e-4 ? (angle * angle) / 6 - 1 : -Math.sin(angle) / angle;
    const cos = Math.cos(angle);
    const [p, q, r] = [ratio * x, ratio * y, ratio * z];
    [a, b, c, d] = [
      cos * a - p * b - q * c - r * d,
      cos * b + p * a + q * d - r * c,
      cos * c + q * a + r * b - p * d,
      cos * d + r * a + p * c - q * b,
    ];
  }
  const phase = (Math.PI * drift * duration ** 2) / 8;
  const [u, v] = [Math.cos(phase), Math.sin(phase)];
  // (u + vk)·q·(u − vk)
  return Float64Array.of(a, (u * u - v * v) * b - 2 * u * v * c, (u * u - v * v) * c + 2 * u * v * b, d);
}

/** An operator without half of the relaxation, and the phases of the drift, before and after it. */
export function inner(whole: Float64Array, duration: number, R1: number, R2: number, drift: number): Float64Array {
  const turns = (drift * duration ** 2) / 8;
  const undo = (angle: number): Float64Array => {
    const [grow1, grow2] = [Math.exp((R1 * duration) / 2), Math.exp((R2 * duration) / 2)];
    const [c, s] = [grow2 * Math.cos(2 * Math.PI * angle), grow2 * Math.sin(2 * Math.PI * angle)];
    return Float64Array.of(c, s, 0, -s, c, 0, 0, 0, grow1, 0, 0, 1 - grow1);
  };
  return after(undo(turns), after(whole, undo(-turns)));
}
