/**
 * RF on: each step is one rotation about the effective field (B1x, B1y, G·r + (Δf − offset)/γ̄) at its middle; between groups of
 * steps the spins relax, as host/timeline/relaxation.ts says when. The rotation by half angle h (a
 * vector) is v' = v + C·t + t×w with t = v×w, C = √2·cos|h|, w = √2·h·sin|h|/|h|: clockwise, as spins precess; the √2 sits in the
 * polynomials, where it is free, and spares doubling t.
 * Spins outer, steps inner, so that a panel's magnetisation stays in registers from the first step to the last.
 */
import { cosRoot, cosTurns, decayLoss, halfTurns, parity, remainder, sincRoot, sinTurns } from './functions';
import { Job, PULSE, Tile } from './layout';
import { lanes, loadColumn, loadT, madd, nmadd, splat, storeT } from './simd';

export const EXCITATION_BYTES: usize = 40;
/**
 * [dt, gx, gy, gz, hx, hy, hx² + hy²] f64, the last three again as f32, i32: dt or the gradient differ from the step before, and
 * [relaxation before, relaxation after the pulse's last step] f64.
 */
const STEP_BYTES: usize = 88;

/** One of a step's three transverse numbers for all lanes. */
// @ts-ignore: decorator
@inline function transverse<T>(step: usize, which: usize): v128 {
  if (sizeof<T>() == 8) return v128.load64_splat(step + 8 * which, 32);
  return v128.load32_splat(step + 4 * which, 56);
}

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
  }
  if (any) walkAny<T>(tile, first, end, offset);
  else walkSmall<T>(tile, first, end, offset);
  for (let n = 0; n < tile.count; n += lanes<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, nmadd<T>(my, so, v128.mul<T>(mx, co)));
    storeT<T>(tile.my, n, madd<T>(mx, so, v128.mul<T>(my, co)));
  }
}

// Two functions: in one, the optimiser merges the two kinds of step and asks at each which it is (1.25 times slower).
function walkAny<T>(tile: Tile, first: usize, end: usize, offset: f64): void {
  for (let n = 0; n < tile.count; n += 2 * lanes<T>()) walkSteps<T>(tile, n, first, end, offset, true);
}

function walkSmall<T>(tile: Tile, first: usize, end: usize, offset: f64): void {
  for (let n = 0; n < tile.count; n += 2 * lanes<T>()) walkSteps<T>(tile, n, first, end, offset, false);
}

/** f32 constants of `turn`: see `functions.ts`. */
const CONSTANTS: usize = memory.data<f32>([
  1e-30, 1e-30, 1e-30, 1e-30,
  0.15915494309189535, 0.15915494309189535, 0.15915494309189535, 0.15915494309189535,
  1.4142135623730951, 1.4142135623730951, 1.4142135623730951, 1.4142135623730951,
], 16);

// @ts-ignore: decorator
@inline function constant<T>(which: usize, value: f64): v128 {
  return sizeof<T>() == 8 ? splat<T>(value) : v128.load(CONSTANTS + 16 * which);
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
  // Mz itself, not its deviation from equilibrium: of a small Mz that would keep but the bits of the density.
  let az = loadT<T>(tile.mz, n), bz = loadT<T>(tile.mz, m);

  let time: f64 = 0;
  let la1 = splat<T>(0), la2 = la1, lb1 = la1, lb2 = la1;
  let hza = splat<T>(0), hzb = splat<T>(0);

  let step = first;
  do {
    const rest = load<f64>(step, 72);
    if (rest != 0) {
      if (rest != time) {
        time = rest;
        la1 = loss<T>(tile.R1, n, time);
        lb1 = loss<T>(tile.R1, m, time);
        la2 = loss<T>(tile.R2, n, time);
        lb2 = loss<T>(tile.R2, m, time);
      }
      ax = nmadd<T>(ax, la2, ax);
      bx = nmadd<T>(bx, lb2, bx);
      ay = nmadd<T>(ay, la2, ay);
      by = nmadd<T>(by, lb2, by);
      az = madd<T>(v128.sub<T>(da, az), la1, az);
      bz = madd<T>(v128.sub<T>(db, bz), lb1, bz);
    }
    // The field along z is formed in f64 and only when it changes: never in a pulse with a constant gradient.
    if (step == first || load<i32>(step, 68) != 0) {
      hza = halfAngle<T>(tile, n, step, offset);
      hzb = halfAngle<T>(tile, m, step, offset);
    }
    // An inner loop of nothing but rotations: what the rare branches above need would otherwise take registers at every step.
    do {
      const hx = transverse<T>(step, 0), hy = transverse<T>(step, 1), sxy = transverse<T>(step, 2);
      const sa = madd<T>(hza, hza, sxy), sb = madd<T>(hzb, hzb, sxy);
      let ca: v128, cb: v128, fa: v128, fb: v128;
      if (any) {
        // A floor under |h|² keeps 0/0 out; sin|h|/|h| is 1 there to the last bit. For `pmax` see `expNegative`.
        const ra = v128.sqrt<T>(v128.pmax<T>(sa, constant<T>(0, 1e-30)));
        const rb = v128.sqrt<T>(v128.pmax<T>(sb, constant<T>(0, 1e-30)));
        const pa = v128.mul<T>(ra, constant<T>(1, 0.15915494309189535));
        const pb = v128.mul<T>(rb, constant<T>(1, 0.15915494309189535));
        const ha = halfTurns<T>(pa), hb = halfTurns<T>(pb);
        const ua = remainder<T>(pa, ha), ub = remainder<T>(pb, hb);
        const ua2 = v128.mul<T>(ua, ua), ub2 = v128.mul<T>(ub, ub);
        const root2a = v128.xor(constant<T>(2, Math.SQRT2), parity<T>(ha));
        const root2b = v128.xor(constant<T>(2, Math.SQRT2), parity<T>(hb));
        ca = v128.mul<T>(root2a, cosTurns<T>(ua2));
        cb = v128.mul<T>(root2b, cosTurns<T>(ub2));
        fa = v128.div<T>(v128.mul<T>(root2a, sinTurns<T>(ua, ua2)), ra);
        fb = v128.div<T>(v128.mul<T>(root2b, sinTurns<T>(ub, ub2)), rb);
      } else {
        ca = cosRoot<T>(sa);
        fa = sincRoot<T>(sa);
        cb = cosRoot<T>(sb);
        fb = sincRoot<T>(sb);
      }
      let ux = v128.mul<T>(hx, fa), uy = v128.mul<T>(hy, fa), uz = v128.mul<T>(hza, fa);
      let tx = nmadd<T>(az, uy, v128.mul<T>(ay, uz));
      let ty = nmadd<T>(ax, uz, v128.mul<T>(az, ux));
      let tz = nmadd<T>(ay, ux, v128.mul<T>(ax, uy));
      ax = v128.add<T>(ax, madd<T>(ca, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
      ay = v128.add<T>(ay, madd<T>(ca, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
      az = v128.add<T>(az, madd<T>(ca, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));

      ux = v128.mul<T>(hx, fb);
      uy = v128.mul<T>(hy, fb);
      uz = v128.mul<T>(hzb, fb);
      tx = nmadd<T>(bz, uy, v128.mul<T>(by, uz));
      ty = nmadd<T>(bx, uz, v128.mul<T>(bz, ux));
      tz = nmadd<T>(by, ux, v128.mul<T>(bx, uy));
      bx = v128.add<T>(bx, madd<T>(cb, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
      by = v128.add<T>(by, madd<T>(cb, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
      bz = v128.add<T>(bz, madd<T>(cb, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));
      step += STEP_BYTES;
    } while (step < end && load<i32>(step, 68) == 0 && load<f64>(step, 72) == 0);
  } while (step < end);
  time = load<f64>(end - STEP_BYTES, 80);
  la1 = loss<T>(tile.R1, n, time);
  lb1 = loss<T>(tile.R1, m, time);
  la2 = loss<T>(tile.R2, n, time);
  lb2 = loss<T>(tile.R2, m, time);
  storeT<T>(tile.mx, n, nmadd<T>(ax, la2, ax));
  storeT<T>(tile.mx, m, nmadd<T>(bx, lb2, bx));
  storeT<T>(tile.my, n, nmadd<T>(ay, la2, ay));
  storeT<T>(tile.my, m, nmadd<T>(by, lb2, by));
  storeT<T>(tile.mz, n, madd<T>(v128.sub<T>(da, az), la1, az));
  storeT<T>(tile.mz, m, madd<T>(v128.sub<T>(db, bz), lb1, bz));
}

/** 1 − e^{−time·R} */
// @ts-ignore: decorator
@inline function loss<T>(rates: usize, n: i32, time: f64): v128 {
  return decayLoss<T>(v128.mul<T>(loadT<T>(rates, n), splat<T>(time)));
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
