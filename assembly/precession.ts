/**
 * RF off: a spin at r with off-resonance Δf turns by −2π(k·r + Δf·dt) about z, its Mxy decays by
 * e^{−dt·R2}, its Mz recovers towards the density by e^{−dt·R1}. k = γ̄∫G dt [cycles/m] over its
 * duration. Input: tile columns. Output: Mx, My, Mz in place.
 */
import { KernelContext, Precession, recordAt } from './abi';
import { cosTurns, decayLoss, expNegative, halfTurns, parity, remainder, sinTurns } from './functions';
import { CACHED_PRECESSION_BYTES, isModelled, Plain, Tile } from './scratch';
import { partialSums, loadColumn, loadT, madd, nmadd, splat, storeT, flushDenormals } from './simd';

/**
 * Phase of two spins in turns, reduced to [−½, ½]. Computed in f64 for any T: 500 turns, at the
 * edge of a fine image, are known to 3e-5 of a turn in f32 and to 5e-14 in f64. Eight f64
 * operations per precession cost less than one sample.
 */
// @ts-ignore: decorator
@inline function phaseCycles2(tile: Tile, n: i32, kx: f64, ky: f64, kz: f64, dt: f64): v128 {
  let p = v128.mul<f64>(f64x2.splat(kx), loadColumn<f64>(tile.x, n));
  p = madd<f64>(f64x2.splat(ky), loadColumn<f64>(tile.y, n), p);
  p = madd<f64>(f64x2.splat(kz), loadColumn<f64>(tile.z, n), p);
  p = madd<f64>(f64x2.splat(dt), loadT<f64>(tile.offResonanceHz, n), p);
  return v128.sub<f64>(p, v128.nearest<f64>(p));
}

/** k·r + Δf·dt of one vector of spins, modulo whole turns. */
// @ts-ignore: decorator
@inline export function phaseCycles<T>(tile: Tile, n: i32, kx: f64, ky: f64, kz: f64, dt: f64): v128 {
  const low = phaseCycles2(tile, n, kx, ky, kz, dt);
  if (sizeof<T>() == 8) return low;
  const high = phaseCycles2(tile, n + 2, kx, ky, kz, dt);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/**
 * The same with the phase terms of a model: `precession` is the address of a Precession, which its
 * terms follow.
 */
// @ts-ignore: decorator
@inline function modelCycles2(tile: Tile, n: i32, precession: usize): v128 {
  let p = v128.mul<f64>(v128.load64_splat(precession), loadColumn<f64>(tile.x, n));
  p = madd<f64>(v128.load64_splat(precession, 8), loadColumn<f64>(tile.y, n), p);
  p = madd<f64>(v128.load64_splat(precession, 16), loadColumn<f64>(tile.z, n), p);
  p = madd<f64>(v128.load64_splat(precession, 24), loadT<f64>(tile.offResonanceHz, n), p);
  p = v128.add<f64>(p, weightedTerms(tile, n, precession + PRECESSION_BYTES));
  return v128.sub<f64>(p, v128.nearest<f64>(p));
}

/** Σ weight·q of two spins. @param weights [phaseTerms] f64, `apart` bytes from one to the next */
// @ts-ignore: decorator
@inline export function weightedTerms(tile: Tile, n: i32, weights: usize, apart: usize = 8): v128 {
  let sum = f64x2.splat(0);
  for (let term: usize = 0; term < <usize>tile.phaseTerms; term++) {
    const q = loadColumn<f64>(load<usize>(tile.termColumns + (term << 2)), n);
    sum = madd<f64>(v128.load64_splat(weights + term * apart), q, sum);
  }
  return sum;
}

/** Bytes of a Precession. */
export const PRECESSION_BYTES: usize = offsetof<Precession>();

// @ts-ignore: decorator
@inline export function modelCycles<T>(tile: Tile, n: i32, precession: usize): v128 {
  const low = modelCycles2(tile, n, precession);
  if (sizeof<T>() == 8) return low;
  const high = modelCycles2(tile, n + 2, precession);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// @ts-ignore: decorator
@inline function apply<T>(tile: Tile, n: i32, c: v128, s: v128, loss: v128): void {
  const mx = loadT<T>(tile.mx, n);
  const my = loadT<T>(tile.my, n);
  storeT<T>(tile.mx, n, flushDenormals<T>(madd<T>(mx, c, v128.mul<T>(my, s))));
  storeT<T>(tile.my, n, flushDenormals<T>(nmadd<T>(mx, s, v128.mul<T>(my, c))));
  const mz = loadT<T>(tile.mz, n);
  storeT<T>(tile.mz, n, madd<T>(v128.sub<T>(loadColumn<T>(tile.density, n), mz), loss, mz));
}

/**
 * Applies a precession to all spins, or stores its effect on each at `to` if `isKept`, which is a
 * constant where this is inlined.
 */
// @ts-ignore: decorator
@inline function pass<T, M>(tile: Tile, precession: Precession, isKept: bool, to: usize): void {
  const kx = precession.kx;
  const ky = precession.ky;
  const kz = precession.kz;
  const dt = precession.t;
  const time = splat<T>(dt);
  for (let n = 0; n < tile.count; n += partialSums<T>()) {
    const p = isModelled<M>()
      ? modelCycles<T>(tile, n, changetype<usize>(precession))
      : phaseCycles<T>(tile, n, kx, ky, kz, dt);
    const h = halfTurns<T>(p);
    const u = remainder<T>(p, h);
    const u2 = v128.mul<T>(u, u);
    const e2 = v128.xor(expNegative<T>(v128.mul<T>(time, loadT<T>(tile.R2, n))), parity<T>(h));
    const c = v128.mul<T>(e2, cosTurns<T>(u2));
    const s = v128.mul<T>(e2, sinTurns<T>(u, u2));
    // Adds the change of Mz: multiplying by e^{−dt·R1}, rounded alike in every TR, would shift a
    // steady state by 3e-8·T1/TR.
    const loss = decayLoss<T>(v128.mul<T>(time, loadT<T>(tile.R1, n)));
    if (isKept) {
      v128.store(to, c);
      v128.store(to, s, 16);
      v128.store(to, loss, 32);
      to += CACHED_PRECESSION_BYTES;
    } else {
      apply<T>(tile, n, c, s, loss);
    }
  }
}

export function precess<T, M>(tile: Tile, precession: Precession): void {
  pass<T, M>(tile, precession, false, 0);
}

/** Address of cached precession `index` of a tile: [count / 4][cos, sin, loss][4] f32. */
// @ts-ignore: decorator
@inline export function cachedPrecessionAt(job: KernelContext, tile: Tile, index: i32): usize {
  return tile.phaseCycles + <usize>index * (<usize>job.capacity >> 2) * CACHED_PRECESSION_BYTES;
}

/** Computes the precessions that repeat in every TR, once per spin and tile. */
export function cachePrecessions(job: KernelContext, tile: Tile): void {
  for (let index = 0; index < job.cachedCount; index++)
    pass<f32, Plain>(
      tile, recordAt<Precession>(job.precessions, load<i32>(job.cachedPrecessions + (<usize>index << 2))), true,
      cachedPrecessionAt(job, tile, index),
    );
}

/** `precess` by a cached precession: the same bits for a sixth of the operations. */
export function precessCached(job: KernelContext, tile: Tile, index: i32): void {
  let from = cachedPrecessionAt(job, tile, index);
  for (let n = 0; n < tile.count; n += 4) {
    apply<f32>(tile, n, v128.load(from), v128.load(from, 16), v128.load(from, 32));
    from += CACHED_PRECESSION_BYTES;
  }
}
