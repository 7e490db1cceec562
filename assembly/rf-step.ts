/** One RF step, and the field along z that a spin experiences in it. */
import { RfStep } from './abi';
import { halfTurns, remainder } from './functions';
import { weightedTerms } from './precession';
import { Tile } from './scratch';
import { loadColumn, loadT, madd } from './simd';

/** Steps are visited by address, up to the end of the pulse. */
export const STEP_BYTES: usize = offsetof<RfStep>();

/** Whether dt or the gradient differ from the step before. */
// @ts-ignore: decorator
@inline export function isNewStep(step: usize): bool {
  return changetype<RfStep>(step).isNew != 0;
}

// @ts-ignore: decorator
@inline export function relaxBefore(step: usize): f64 {
  return changetype<RfStep>(step).relaxBefore;
}

/** One of a step's three transverse numbers for all lanes. */
// @ts-ignore: decorator
@inline export function transverse<T>(step: usize, which: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_splat(step + 8 * which, offsetof<RfStep>('hx'));
  return v128.load32_splat(step + 4 * which, offsetof<RfStep>('hxSingle'));
}

/**
 * z component of the half angle [rad]: g·r + π·dt·(Δf − offset), g = πγ̄G·dt [rad/m]. Computed in
 * f64. With `inTurns`, a constant where this is inlined: its absolute value in turns, modulo half
 * turns.
 */
// @ts-ignore: decorator
@inline export function halfAngle<T>(tile: Tile, n: i32, step: usize, offset: f64, inTurns: bool): v128 {
  const low = halfAngleOfTwo(tile, n, step, offset, inTurns);
  if (sizeof<T>() == 8) return low;
  const high = halfAngleOfTwo(tile, n + 2, step, offset, inTurns);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/**
 * The same of two spins with the contribution of the phase terms, f64.
 * @param terms [phaseTerms] f64: half angle per unit of q [rad]
 */
// @ts-ignore: decorator
@inline export function modelHalfAngle(tile: Tile, n: i32, step: usize, offset: f64, terms: usize): v128 {
  return v128.add<f64>(halfAngleOfTwo(tile, n, step, offset, false), weightedTerms(tile, n, terms));
}

// @ts-ignore: decorator
@inline function halfAngleOfTwo(tile: Tile, n: i32, step: usize, offset: f64, inTurns: bool): v128 {
  const off = v128.sub<f64>(loadT<f64>(tile.offResonanceHz, n), f64x2.splat(offset));
  let h = v128.mul<f64>(v128.load64_splat(step, offsetof<RfStep>('gx')), loadColumn<f64>(tile.x, n));
  h = madd<f64>(v128.load64_splat(step, offsetof<RfStep>('gy')), loadColumn<f64>(tile.y, n), h);
  h = madd<f64>(v128.load64_splat(step, offsetof<RfStep>('gz')), loadColumn<f64>(tile.z, n), h);
  h = madd<f64>(f64x2.splat(Math.PI * changetype<RfStep>(step).dt), off, h);
  if (!inTurns) return h;
  const p = v128.mul<f64>(v128.abs<f64>(h), f64x2.splat(0.5 / Math.PI));
  return remainder<f64>(p, halfTurns<f64>(p));
}
