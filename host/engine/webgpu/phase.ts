/**
 * The timeline's factor of a phase for the kernels: per axis the phase in turns per unit of a
 * spin's integer coordinate, as an exact 32-bit fraction and the remainder. `shaders/functions.ts`
 * explains the method and the spin's factor.
 */
import type { PhantomBounds } from '../../phantom/types.ts';

/** Fractions of a turn are counted in units of 2⁻³². */
const TURN = 2 ** 32;

/** [kx, ky, kz] in cycles/m and time in s, as in precessions and samples. */
export type Precession = ArrayLike<number>;

export interface PhaseUnits {
  /**
   * 1/δ of x, y, z [1/m] and of the phantom's own off-resonance [s/rad]: powers of two, so that
   * scaling is exact.
   */
  readonly scale: readonly [number, number, number, number];
  /** Frequency [Hz] at the scanner's B0 for an off-resonance of 1 rad/s at the phantom's. */
  readonly turnsPerRadian: number;
}

/**
 * Integer coordinates are within ±2³⁰, so that the f32 remainders of four axes together are within
 * half a turn.
 */
const INTEGER_BITS = 30;

/** @param ratio scanner's B0 over the phantom's */
export function phaseUnits(bounds: PhantomBounds, ratio: number): PhaseUnits {
  const scaleFor = (largest: number): number => {
    const bits = largest > 0 ? Math.ceil(Math.log2(largest)) : 0;
    // Beyond 2^±96 f32 could not hold the scale; no phantom is that large or small.
    return 2 ** Math.max(-96, Math.min(96, INTEGER_BITS - bits));
  };
  const reach = [0, 1, 2].map((i) => scaleFor(Math.max(Math.abs(bounds.min[i]), Math.abs(bounds.max[i]))));
  return {
    scale: [reach[0], reach[1], reach[2], scaleFor(bounds.maxOffResonance)],
    turnsPerRadian: ratio / (2 * Math.PI),
  };
}

const perAxis = (moment: Precession, { turnsPerRadian }: PhaseUnits, axis: number): number =>
  axis < 3 ? moment[axis] : moment[3] * turnsPerRadian;

/** The fraction of `turns` in [−½, ½] in units of 2⁻³² turns. */
const fraction = (turns: number): number => (turns - Math.round(turns)) * TURN;

/** Fraction of a constant phase as the kernels add it. @param turns clockwise */
export function constantTurn(turns: number): number {
  return Math.round(fraction(turns)) >>> 0;
}

/**
 * Writes hi[4] to words[at …] and lo[4] to floats[at + 4 …] (views of one buffer), the arguments of
 * `turns` in WGSL.
 */
export function writeCoefficients(
  words: Uint32Array,
  floats: Float32Array,
  at: number,
  moment: Precession,
  units: PhaseUnits,
): void {
  for (let axis = 0; axis < 4; axis++) {
    const scale = units.scale[axis];
    const exact = fraction(perAxis(moment, units, axis) / scale);
    const hi = Math.round(exact);
    words[at + axis] = hi >>> 0;
    floats[at + 4 + axis] = (exact - hi) * scale;
  }
}

/** A fraction of a turn in 64 bits. @param units of 2⁻³² turns */
function writeWide(words: Uint32Array, hiAt: number, loAt: number, exact: number): void {
  const hi = Math.floor(exact);
  words[hiAt] = hi >>> 0;
  words[loAt] = Math.min(TURN - 1, Math.floor((exact - hi) * TURN));
}

/** Writes hi[4], lo[4] at words[at …]: arguments of `turnsWide`. */
export function writeWideCoefficients(words: Uint32Array, at: number, moment: Precession, units: PhaseUnits): void {
  for (let axis = 0; axis < 4; axis++)
    writeWide(words, at + axis, at + 4 + axis, fraction(perAxis(moment, units, axis) / units.scale[axis]));
}

/** Writes (hi, lo) of a constant turn at words[at …]. */
export function writeWideTurn(words: Uint32Array, at: number, turns: number): void {
  writeWide(words, at, at + 1, fraction(turns));
}
