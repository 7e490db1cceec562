/**
 * RF on: each step is half its relaxation, one rotation about the effective field (B1x, B1y, G·r + (Δf − offset)/γ̄) at the
 * step's middle, half its relaxation; the half relaxations of neighbouring steps are applied as one. The rotation by half angle h (a
 * vector) is v' = v + C·t + t×w with t = v×w, C = √2·cos|h|, w = √2·h·sin|h|/|h|: clockwise, as spins precess; the √2 sits in the
 * polynomials, where it is free, and spares doubling t.
 * Spins outer, steps inner, so that a panel's magnetisation stays in registers from the first step to the last.
 */
import { cosRoot, cosTurns, expNegative, halfTurns, parity, remainder, sincRoot, sinTurns } from './functions';
import { Job, PULSE, Tile } from './layout';
import { lanes, loadColumn, loadT, madd, nmadd, splat, storeT } from './simd';

const EXCITATION_BYTES: usize = 40;
/** [dt, gx, gy, gz, hx, hy, hx² + hy²] f64, the last three again as f32, and one of CHANGE as i32. */
const STEP_BYTES: usize = 72;

/** What differs from the step before. */
namespace CHANGE {
  export const NOTHING: i32 = 0;
  export const GRADIENT: i32 = 1;
  export const DURATION: i32 = 2;
}

/** One of a step's three transverse numbers for all lanes. */
// @ts-ignore: decorator
@inline function transverse<T>(step: usize, which: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_splat(step + 8 * which, 32);
  return v128.load32_splat(step + 4 * which, 56);
}

/** Plays excitation `index` on every spin of the tile. */
export function excite<T>(job: Job, tile: Tile, index: i32): void {
  const excitation = job.excitations + <usize>index * EXCITATION_BYTES;
  const pulseIndex = <i32>load<f64>(excitation);
  const pulse = job.pulses + (<usize>pulseIndex << 5);
  const first = job.steps + <usize>load<f64>(pulse) * STEP_BYTES;
  const end = first + <usize>load<f64>(pulse, 8) * STEP_BYTES;
  const offset = load<f64>(pulse, 16);
  const any = load<i32>(job.pulseForms + (<usize>pulseIndex << 2)) == PULSE.ANY;
  // The steps' B1 has phase 0: the spins are turned into its frame and back out, on leaving also by what the frame turned.
  const ci = splat<T>(load<f64>(excitation, 8)), si = splat<T>(load<f64>(excitation, 16));
  const co = splat<T>(load<f64>(excitation, 24)), so = splat<T>(load<f64>(excitation, 32));
  for (let n = 0; n < tile.count; n += lanes<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, madd<T>(mx, ci, v128.mul<T>(my, si)));
    storeT<T>(tile.my, n, nmadd<T>(mx, si, v128.mul<T>(my, ci)));
  }
  for (let n = 0; n < tile.count; n += 2 * lanes<T>()) {
    if (any) walkSteps<T>(tile, n, first, end, offset, true);
    else walkSteps<T>(tile, n, first, end, offset, false);
  }
  for (let n = 0; n < tile.count; n += lanes<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, nmadd<T>(my, so, v128.mul<T>(mx, co)));
    storeT<T>(tile.my, n, madd<T>(mx, so, v128.mul<T>(my, co)));
  }
}

/** What `turn` leaves: √2·cos|h| and √2·sin|h|/|h| of one vector. Globals are an instance's own. */
let c: v128 = f32x4.splat(0);
let f: v128 = f32x4.splat(0);

/** From s = |h|². `any` is constant where this is inlined. */
// @ts-ignore: decorator
@inline function turn<T>(s: v128, any: bool): void {
  if (any) {
    // A floor under |h|² keeps 0/0 out; sin|h|/|h| is 1 there to the last bit.
    const root = v128.sqrt<T>(v128.max<T>(s, splat<T>(1e-30)));
    const p = v128.mul<T>(root, splat<T>(0.15915494309189535));
    const q = v128.sub<T>(p, v128.nearest<T>(p));
    const h = halfTurns<T>(q);
    const u = remainder<T>(q, h);
    const u2 = v128.mul<T>(u, u);
    const root2 = v128.xor(splat<T>(Math.SQRT2), parity<T>(h));
    c = v128.mul<T>(root2, cosTurns<T>(u2));
    f = v128.div<T>(v128.mul<T>(root2, sinTurns<T>(u, u2)), root);
  } else {
    c = cosRoot<T>(s);
    f = sincRoot<T>(s);
  }
}

/**
 * All steps of a pulse for two vectors of spins, a and b: their independent chains fill the multiplier's latency (1.5 times the
 * throughput of one). `any` is constant where this is inlined.
 */
// @ts-ignore: decorator
@inline function walkSteps<T>(tile: Tile, n: i32, first: usize, end: usize, offset: f64, any: bool): void {
  const m = n + lanes<T>();
  const da = loadColumn<T>(tile.density, n), db = loadColumn<T>(tile.density, m);
  let ax = loadT<T>(tile.mx, n), bx = loadT<T>(tile.mx, m);
  let ay = loadT<T>(tile.my, n), by = loadT<T>(tile.my, m);
  // Deviation from equilibrium: it decays like Mxy.
  let az = v128.sub<T>(loadT<T>(tile.mz, n), da), bz = v128.sub<T>(loadT<T>(tile.mz, m), db);

  let dt = load<f64>(first);
  let ha1 = halfDecay<T>(tile.R1, n, dt), hb1 = halfDecay<T>(tile.R1, m, dt);
  let ha2 = halfDecay<T>(tile.R2, n, dt), hb2 = halfDecay<T>(tile.R2, m, dt);
  let ea1 = ha1, ea2 = ha2, eb1 = hb1, eb2 = hb2;
  let hza = splat<T>(0), hzb = splat<T>(0);
  let sza = hza, szb = hzb;

  for (let step = first; step < end; step += STEP_BYTES) {
    // Half a relaxation before the first step, and a whole one between equal steps.
    ax = v128.mul<T>(ax, ea2);
    bx = v128.mul<T>(bx, eb2);
    ay = v128.mul<T>(ay, ea2);
    by = v128.mul<T>(by, eb2);
    az = v128.mul<T>(az, ea1);
    bz = v128.mul<T>(bz, eb1);

    // The field along z is formed in f64 and only when it changes: never in a pulse with a constant gradient.
    if (step == first || load<i32>(step, 68) != CHANGE.NOTHING) {
      hza = halfAngle<T>(tile, n, step, offset);
      hzb = halfAngle<T>(tile, m, step, offset);
      sza = v128.mul<T>(hza, hza);
      szb = v128.mul<T>(hzb, hzb);
    }
    const hx = transverse<T>(step, 0), hy = transverse<T>(step, 1), sxy = transverse<T>(step, 2);

    turn<T>(v128.add<T>(sza, sxy), any);
    const ca = c;
    let ux = v128.mul<T>(hx, f), uy = v128.mul<T>(hy, f), uz = v128.mul<T>(hza, f);
    let mz = v128.add<T>(az, da);
    let tx = nmadd<T>(mz, uy, v128.mul<T>(ay, uz));
    let ty = nmadd<T>(ax, uz, v128.mul<T>(mz, ux));
    let tz = nmadd<T>(ay, ux, v128.mul<T>(ax, uy));
    ax = v128.add<T>(ax, madd<T>(ca, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
    ay = v128.add<T>(ay, madd<T>(ca, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
    az = v128.add<T>(az, madd<T>(ca, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));

    turn<T>(v128.add<T>(szb, sxy), any);
    const cb = c;
    ux = v128.mul<T>(hx, f);
    uy = v128.mul<T>(hy, f);
    uz = v128.mul<T>(hzb, f);
    mz = v128.add<T>(bz, db);
    tx = nmadd<T>(mz, uy, v128.mul<T>(by, uz));
    ty = nmadd<T>(bx, uz, v128.mul<T>(mz, ux));
    tz = nmadd<T>(by, ux, v128.mul<T>(bx, uy));
    bx = v128.add<T>(bx, madd<T>(cb, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
    by = v128.add<T>(by, madd<T>(cb, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
    bz = v128.add<T>(bz, madd<T>(cb, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));

    const next = step + STEP_BYTES;
    if (next >= end) break;
    if (load<i32>(next, 68) == CHANGE.DURATION) {
      dt = load<f64>(next);
      const na1 = halfDecay<T>(tile.R1, n, dt), nb1 = halfDecay<T>(tile.R1, m, dt);
      const na2 = halfDecay<T>(tile.R2, n, dt), nb2 = halfDecay<T>(tile.R2, m, dt);
      ea1 = v128.mul<T>(ha1, na1);
      eb1 = v128.mul<T>(hb1, nb1);
      ea2 = v128.mul<T>(ha2, na2);
      eb2 = v128.mul<T>(hb2, nb2);
      ha1 = na1;
      hb1 = nb1;
      ha2 = na2;
      hb2 = nb2;
    } else {
      ea1 = v128.mul<T>(ha1, ha1);
      eb1 = v128.mul<T>(hb1, hb1);
      ea2 = v128.mul<T>(ha2, ha2);
      eb2 = v128.mul<T>(hb2, hb2);
    }
  }
  storeT<T>(tile.mx, n, v128.mul<T>(ax, ha2));
  storeT<T>(tile.mx, m, v128.mul<T>(bx, hb2));
  storeT<T>(tile.my, n, v128.mul<T>(ay, ha2));
  storeT<T>(tile.my, m, v128.mul<T>(by, hb2));
  storeT<T>(tile.mz, n, madd<T>(az, ha1, da));
  storeT<T>(tile.mz, m, madd<T>(bz, hb1, db));
}

/** e^{−dt·R/2} */
// @ts-ignore: decorator
@inline function halfDecay<T>(rates: usize, n: i32, dt: f64): v128 {
  return expNegative<T>(v128.mul<T>(loadT<T>(rates, n), splat<T>(0.5 * dt)));
}

/** z component of the half angle [rad]: g·r + π·dt·(Δf − offset), g = πγ̄G·dt [rad/m]. Formed in f64. */
// @ts-ignore: decorator
@inline function halfAngle<T>(tile: Tile, n: i32, step: usize, offset: f64): v128 {
  const low = halfAngleOfTwo(tile, n, step, offset);
  if (sizeof<T>() == 8) return low;
  const high = halfAngleOfTwo(tile, n + 2, step, offset);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// @ts-ignore: decorator
@inline function halfAngleOfTwo(tile: Tile, n: i32, step: usize, offset: f64): v128 {
  const off = v128.sub<f64>(loadT<f64>(tile.hertz, n), f64x2.splat(offset));
  let h = v128.mul<f64>(v128.load64_splat(step, 8), loadColumn<f64>(tile.x, n));
  h = madd<f64>(v128.load64_splat(step, 16), loadColumn<f64>(tile.y, n), h);
  h = madd<f64>(v128.load64_splat(step, 24), loadColumn<f64>(tile.z, n), h);
  return madd<f64>(f64x2.splat(Math.PI * load<f64>(step)), off, h);
}
