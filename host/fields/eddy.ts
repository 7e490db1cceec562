/**
 * Eddy currents: every change of a gradient induces a field that opposes it and decays,
 *
 *     g_e(t) = −α ∫ (dG/ds) e^{−(t − s)/τ} ds,  s ≤ t
 *
 * (α dimensionless from axis to axis, in metres from an axis to B0). Over a linear piece of G both
 * g_e and its integral have closed forms, so a waveform is processed from corner to corner without
 * sampling. The value of g_e is the whole state.
 */

/** From axis 0, 1, 2 to axis 0, 1, 2 or, 3, the field common to all spins. */
export interface EddyTerm {
  readonly from: number;
  readonly to: number;
  readonly amplitude: number;
  /** [s] */
  readonly timeConstant: number;
}

/** g_e just after G changed by `jump` at once. */
export function afterJump({ amplitude }: EddyTerm, value: number, jump: number): number {
  return value - amplitude * jump;
}

/**
 * g_e after `dt` s of a slope of G [per s], from `value`; and its integral over them.
 * @param into [value, integral]
 */
export function decay(
  { amplitude, timeConstant }: EddyTerm,
  value: number,
  slope: number,
  dt: number,
  into: Float64Array,
): void {
  // dg/dt = −g/τ − α·slope: towards −α·slope·τ.
  const limit = -amplitude * slope * timeConstant;
  const lost = -Math.expm1(-dt / timeConstant);
  into[0] = value + (limit - value) * lost;
  into[1] = limit * dt + (value - limit) * timeConstant * lost;
}
