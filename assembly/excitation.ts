/**
 * RF on: each step is half its relaxation, one rotation about the effective field (B1x, B1y, G·r + (Δf − offset)/γ̄) at the
 * step's middle, half its relaxation; the half relaxations of neighbouring steps are applied as one. The rotation is
 * v' = v + 2c(v×u) + 2(v×u)×u with half angle h (a vector), c = cos|h|, u = h·sin|h|/|h|: clockwise, as spins precess.
 * Spins outer, steps inner, so that a panel's magnetisation stays in registers from the first step to the last.
 */
import { cosRoot, cosTurns, expNegative, halfTurns, parity, remainder, sincRoot, sinTurns } from './functions';
import { Job, PULSE, Tile } from './layout';
import { lanes, loadColumn, loadT, madd, nmadd, splat, storeT } from './simd';

export const EXCITATION_BYTES: usize = 40;
const STEP_BYTES: usize = 48;

/** Plays excitation `index` on every spin of the tile. */
export function excite<T>(job: Job, tile: Tile, index: i32): void {
  const excitation = job.excitations + <usize>index * EXCITATION_BYTES;
  const ci = load<f64>(excitation, 8), si = load<f64>(excitation, 16);
  turnAndStep<T>(job, tile, <i32>load<f64>(excitation), ci, si, load<f64>(excitation, 24), load<f64>(excitation, 32));
}

/** A pulse between two turns about z, by their cos and sin: the steps' B1 has phase 0, so spins are turned into its frame and back out. */
export function turnAndStep<T>(job: Job, tile: Tile, index: i32, cosIn: f64, sinIn: f64, cosOut: f64, sinOut: f64): void {
  const pulse = job.pulses + (<usize>index << 5);
  const first = job.steps + <usize>load<f64>(pulse) * STEP_BYTES;
  const end = first + <usize>load<f64>(pulse, 8) * STEP_BYTES;
  const offset = load<f64>(pulse, 16);
  const any = load<i32>(job.pulseForms + (<usize>index << 2)) == PULSE.ANY;
  const ci = splat<T>(cosIn), si = splat<T>(sinIn), co = splat<T>(cosOut), so = splat<T>(sinOut);
  for (let n = 0; n < tile.count; n += lanes<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, madd<T>(mx, ci, v128.mul<T>(my, si)));
    storeT<T>(tile.my, n, nmadd<T>(mx, si, v128.mul<T>(my, ci)));
    if (any) walkSteps<T>(tile, n, first, end, offset, true);
    else walkSteps<T>(tile, n, first, end, offset, false);
    const px = loadT<T>(tile.mx, n);
    const py = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, nmadd<T>(py, so, v128.mul<T>(px, co)));
    storeT<T>(tile.my, n, madd<T>(px, so, v128.mul<T>(py, co)));
  }
}

/** All steps of a pulse for one vector of spins. `any` is constant where this is inlined. */
// @ts-ignore: decorator
@inline function walkSteps<T>(tile: Tile, n: i32, first: usize, end: usize, offset: f64, any: bool): void {
  const density = loadColumn<T>(tile.density, n);
  const R1 = loadT<T>(tile.R1, n);
  const R2 = loadT<T>(tile.R2, n);
  let mx = loadT<T>(tile.mx, n);
  let my = loadT<T>(tile.my, n);
  let mz = v128.sub<T>(loadT<T>(tile.mz, n), density); // deviation from equilibrium: decays like Mxy

  let dt = load<f64>(first);
  let half1 = expNegative<T>(v128.mul<T>(R1, splat<T>(0.5 * dt)));
  let half2 = expNegative<T>(v128.mul<T>(R2, splat<T>(0.5 * dt)));
  mx = v128.mul<T>(mx, half2);
  my = v128.mul<T>(my, half2);
  mz = v128.mul<T>(mz, half1);
  let full1 = v128.mul<T>(half1, half1);
  let full2 = v128.mul<T>(half2, half2);
  let gx: f64 = NaN, gy: f64 = NaN, gz: f64 = NaN;
  let hz = splat<T>(0);

  for (let step = first; step < end; step += STEP_BYTES) {
    // The field along z is formed in f64 and only when it changes: never in a pulse with a constant gradient.
    const sx = load<f64>(step, 24), sy = load<f64>(step, 32), sz = load<f64>(step, 40);
    if (sx != gx || sy != gy || sz != gz) {
      gx = sx;
      gy = sy;
      gz = sz;
      hz = halfAngle<T>(tile, n, gx, gy, gz, dt, offset);
    }
    const hx = splat<T>(load<f64>(step, 8));
    const hy = splat<T>(load<f64>(step, 16));
    const s = madd<T>(hz, hz, madd<T>(hx, hx, v128.mul<T>(hy, hy)));
    let c: v128, f: v128;
    if (any) {
      // A floor under |h|² keeps 0/0 out; sin|h|/|h| is 1 there to the last bit.
      const root = v128.sqrt<T>(v128.max<T>(s, splat<T>(1e-30)));
      const p = v128.mul<T>(root, splat<T>(0.15915494309189535));
      const q = v128.sub<T>(p, v128.nearest<T>(p));
      const h = halfTurns<T>(q);
      const u = remainder<T>(q, h);
      const u2 = v128.mul<T>(u, u);
      c = v128.xor(cosTurns<T>(u2), parity<T>(h));
      f = v128.div<T>(v128.xor(sinTurns<T>(u, u2), parity<T>(h)), root);
    } else {
      c = cosRoot<T>(s);
      f = sincRoot<T>(s);
    }
    const ux = v128.mul<T>(hx, f);
    const uy = v128.mul<T>(hy, f);
    const uz = v128.mul<T>(hz, f);
    const m = v128.add<T>(mz, density);
    let tx = nmadd<T>(m, uy, v128.mul<T>(my, uz));
    let ty = nmadd<T>(mx, uz, v128.mul<T>(m, ux));
    let tz = nmadd<T>(my, ux, v128.mul<T>(mx, uy));
    tx = v128.add<T>(tx, tx);
    ty = v128.add<T>(ty, ty);
    tz = v128.add<T>(tz, tz);
    mx = v128.add<T>(mx, madd<T>(c, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
    my = v128.add<T>(my, madd<T>(c, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
    mz = v128.add<T>(mz, madd<T>(c, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));

    const next = step + STEP_BYTES;
    if (next >= end) break;
    const nextDt = load<f64>(next);
    if (nextDt == dt) {
      mx = v128.mul<T>(mx, full2);
      my = v128.mul<T>(my, full2);
      mz = v128.mul<T>(mz, full1);
    } else {
      mx = v128.mul<T>(mx, half2);
      my = v128.mul<T>(my, half2);
      mz = v128.mul<T>(mz, half1);
      dt = nextDt;
      gx = NaN;
      half1 = expNegative<T>(v128.mul<T>(R1, splat<T>(0.5 * dt)));
      half2 = expNegative<T>(v128.mul<T>(R2, splat<T>(0.5 * dt)));
      full1 = v128.mul<T>(half1, half1);
      full2 = v128.mul<T>(half2, half2);
      mx = v128.mul<T>(mx, half2);
      my = v128.mul<T>(my, half2);
      mz = v128.mul<T>(mz, half1);
    }
  }
  storeT<T>(tile.mx, n, v128.mul<T>(mx, half2));
  storeT<T>(tile.my, n, v128.mul<T>(my, half2));
  storeT<T>(tile.mz, n, madd<T>(mz, half1, density));
}

/** z component of the half angle [rad]: g·r + π·dt·(Δf − offset), g = πγ̄G·dt [rad/m]. Formed in f64. */
// @ts-ignore: decorator
@inline function halfAngle<T>(tile: Tile, n: i32, gx: f64, gy: f64, gz: f64, dt: f64, offset: f64): v128 {
  const low = halfAngleOfTwo(tile, n, gx, gy, gz, dt, offset);
  if (sizeof<T>() == 8) return low;
  const high = halfAngleOfTwo(tile, n + 2, gx, gy, gz, dt, offset);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// @ts-ignore: decorator
@inline function halfAngleOfTwo(tile: Tile, n: i32, gx: f64, gy: f64, gz: f64, dt: f64, offset: f64): v128 {
  const off = v128.sub<f64>(loadT<f64>(tile.hertz, n), f64x2.splat(offset));
  let h = v128.mul<f64>(f64x2.splat(gx), loadColumn<f64>(tile.x, n));
  h = madd<f64>(f64x2.splat(gy), loadColumn<f64>(tile.y, n), h);
  h = madd<f64>(f64x2.splat(gz), loadColumn<f64>(tile.z, n), h);
  return madd<f64>(f64x2.splat(Math.PI * dt), off, h);
}
