/**
 * RF on. Where relaxation may be split from rotation (short, weak steps; the host decides in
 * host/timeline/relaxation.ts) each step is one rotation about the effective field (B1x, B1y, G·r +
 * (Δf − offset)/γ̄), and the spins relax between groups of steps. All other pulses, and every pulse
 * in f64, are solved exactly (`held-field.ts`). The rotation by half angle h (a vector) is v' = v +
 * C·t + t×w with t = v×w, C = √2·cos|h|, w = √2·h·sin|h|/|h|, clockwise as spins precess. The
 * factor √2 is part of the polynomials, where it costs nothing, and saves doubling t. Spins are the
 * outer loop and steps the inner one, so that the magnetisation stays in registers from the first
 * step to the last.
 */
import { Excitation, KernelContext, PANEL, PULSE, Pulse, recordAt, RfStep } from './abi';
import { cosRoot, cosTurns, decayLoss, halfTurns, remainder, sincRoot, sinTurns } from './functions';
import { playHeld } from './held-field';
import { halfAngle, isNewStep, relaxBefore, STEP_BYTES, transverse } from './rf-step';
import { isModelled, Tile } from './scratch';
import {
  isWide, partialSums, loadColumn, loadNext, loadT, madd, Narrow, nmadd, splat, storeBoth, storeT, Wide,
} from './simd';

/**
 * Applies an excitation to every spin of the tile. The steps' B1 has phase 0, so the spins are
 * rotated about z into the frame of the pulse before it and back after it. With a model every pulse
 * is solved exactly.
 */
export function excite<T, M>(job: KernelContext, tile: Tile, excitationIndex: i32): void {
  const excitation = recordAt<Excitation>(job.excitations, excitationIndex);
  const index = <i32>excitation.pulse;
  const pulse = recordAt<Pulse>(job.pulses, index);
  const first = job.steps + <usize>pulse.firstStep * STEP_BYTES;
  const end = first + <usize>pulse.steps * STEP_BYTES;
  const offset = pulse.offset;
  const form = load<i32>(job.pulseForms + (<usize>index << 2));
  const ci = splat<T>(excitation.cosIn), si = splat<T>(excitation.sinIn);
  const co = splat<T>(excitation.cosOut), so = splat<T>(excitation.sinOut);
  for (let n = 0; n < tile.count; n += partialSums<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, madd<T>(mx, ci, v128.mul<T>(my, si)));
    storeT<T>(tile.my, n, nmadd<T>(mx, si, v128.mul<T>(my, ci)));
  }
  const transmit = excitation.transmit;
  const column: usize = <usize>job.capacity << 2;
  let re: usize = 0, terms: usize = 0;
  if (isModelled<M>()) {
    if (transmit >= 0) re = tile.transmits + 2 * <usize>transmit * column;
    terms = job.stepTerms + <usize>pulse.firstStep * (<usize>job.phaseTerms << 3);
  }
  const im = re + column;
  if (sizeof<T>() == 8 || form == PULSE.HELD_F64) {
    for (let panel = 0; panel < tile.count; panel += PANEL)
      playHeld<f64, T, M>(tile, panel, first, end, offset, terms, re, im);
  } else if (isModelled<M>() || form == PULSE.HELD) {
    for (let panel = 0; panel < tile.count; panel += PANEL)
      playHeld<T, T, M>(tile, panel, first, end, offset, terms, re, im);
  } else {
    for (let n = 0; n < tile.count; n += 2 * partialSums<T>()) {
      if (form == PULSE.ANY) rotateAnyAngle<T>(tile, n, first, end, offset);
      else if (job.use256 != 0) rotateSmallAngle<T, Wide>(tile, n, first, end, offset);
      else rotateSmallAngle<T, Narrow>(tile, n, first, end, offset);
    }
  }
  for (let n = 0; n < tile.count; n += partialSums<T>()) {
    const mx = loadT<T>(tile.mx, n);
    const my = loadT<T>(tile.my, n);
    storeT<T>(tile.mx, n, nmadd<T>(my, so, v128.mul<T>(mx, co)));
    storeT<T>(tile.my, n, madd<T>(mx, so, v128.mul<T>(my, co)));
  }
}

/**
 * All steps of a pulse for two vectors of spins, a and b. Their independent dependency chains fill
 * the multiplier's latency: 1.5 times the throughput of one.
 */
function rotateSmallAngle<T, F>(tile: Tile, n: i32, first: usize, end: usize, offset: f64): void {
  const m = n + partialSums<T>();
  const da = loadColumn<T>(tile.density, n), db = loadColumn<T>(tile.density, m);
  let ax = loadT<T>(tile.mx, n), bx = loadNext<T>(tile.mx, n);
  let ay = loadT<T>(tile.my, n), by = loadNext<T>(tile.my, n);
  // Mz itself, not its deviation from equilibrium, in which a small Mz would have only the
  // precision of the density.
  let az = loadT<T>(tile.mz, n), bz = loadNext<T>(tile.mz, n);

  let time: f64 = 0;
  let la1 = splat<T>(0), la2 = la1, lb1 = la1, lb2 = la1;
  let hza = splat<T>(0), hzb = splat<T>(0);

  let step = first;
  do {
    const rest = relaxBefore(step);
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
    // The field along z is formed in f64, and only when it changes: once in a pulse with a constant
    // gradient.
    if (step == first || isNewStep(step)) {
      hza = halfAngle<T>(tile, n, step, offset, false);
      hzb = halfAngle<T>(tile, m, step, offset, false);
      if (isWide<F>()) {
        // V8 joins vectors that are loaded, not those that are assembled from f64, and it would try
        // to join vectors that are stored next to each other.
        v128.store(tile.partialSums, hza);
        v128.store(tile.partialSums, hzb, 64);
        hza = v128.load(tile.partialSums);
        hzb = v128.load(tile.partialSums, 64);
      }
    }
    // The inner loop holds rotations alone: otherwise the rare branches above would occupy
    // registers at every step.
    do {
      const hx = transverse<T>(step, 0), hy = transverse<T>(step, 1), sxy = transverse<T>(step, 2);
      const sa = madd<T>(hza, hza, sxy), sb = madd<T>(hzb, hzb, sxy);
      const ca = cosRoot<T>(sa), fa = sincRoot<T>(sa), cb = cosRoot<T>(sb), fb = sincRoot<T>(sb);
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
    } while (step < end && !isNewStep(step) && relaxBefore(step) == 0);
  } while (step < end);
  storeBoth<T>(tile.mx, n, ax, bx);
  storeBoth<T>(tile.my, n, ay, by);
  storeBoth<T>(tile.mz, n, az, bz);
  relaxAfter<T>(tile, n, end);
}

/** f32 constants of `rotateAnyAngle`: see `functions.ts`. */
const CONSTANTS: usize = memory.data<f32>([
  1.4142135623730951, 1.4142135623730951, 1.4142135623730951, 1.4142135623730951,
  0.11253953951963827, 0.11253953951963827, 0.11253953951963827, 0.11253953951963827,
], 16);

// @ts-ignore: decorator
@inline function constant<T>(which: usize, value: f64): v128 {
  return sizeof<T>() == 8 ? splat<T>(value) : v128.load(CONSTANTS + 16 * which);
}

/**
 * Offsets in one entry of the ring of precomputed rotations: |hz| in turns, then room for
 * √2·cos|h|, √2·sin|h|/|h| and hz times the latter, each for two vectors.
 */
const CACHED_PRECESSION_BYTES: usize = 128;
const RING_BYTES: usize = 8 * CACHED_PRECESSION_BYTES;
/** Steps by which rotations are computed ahead (1 to 4 are equally fast). */
const AHEAD: usize = 2;

/**
 * The same for any angle. |h| of a few radians in f32 would have the same error of 10⁻⁶ in every
 * step under a constant gradient. Therefore |hz| is given in turns, reduced in f64, and B1 adds the
 * small |h| − |hz| = hxy²/(|h| + |hz|). Half turns may be dropped because C and w change sign
 * together. Rotations are computed two steps before they are applied: the long chain through sqrt,
 * division and polynomials does not depend on the magnetisation, so it overlaps with the chain that
 * does (1.07 times faster).
 */
function rotateAnyAngle<T>(tile: Tile, n: i32, first: usize, end: usize, offset: f64): void {
  const m = n + partialSums<T>();
  let za = splat<T>(0), zb = za, ta = za, tb = za;
  const da = loadColumn<T>(tile.density, n), db = loadColumn<T>(tile.density, m);
  let ax = loadT<T>(tile.mx, n), bx = loadT<T>(tile.mx, m);
  let ay = loadT<T>(tile.my, n), by = loadT<T>(tile.my, m);
  let az = loadT<T>(tile.mz, n), bz = loadT<T>(tile.mz, m);
  let time: f64 = 0;
  let la1 = splat<T>(0), la2 = la1, lb1 = la1, lb2 = la1;
  let to = tile.partialSums, from = to;
  let ahead = first;
  for (let step = first - AHEAD * STEP_BYTES; step < end; step += STEP_BYTES) {
    if (ahead < end) {
      if (ahead == first || isNewStep(ahead)) {
        za = halfAngle<T>(tile, n, ahead, offset, false);
        zb = halfAngle<T>(tile, m, ahead, offset, false);
        ta = halfAngle<T>(tile, n, ahead, offset, true);
        tb = halfAngle<T>(tile, m, ahead, offset, true);
      }
      const sxy = transverse<T>(ahead, 2);
      const ra = v128.sqrt<T>(madd<T>(za, za, sxy)), rb = v128.sqrt<T>(madd<T>(zb, zb, sxy));
      const wa = v128.add<T>(ra, v128.abs<T>(za)), wb = v128.add<T>(rb, v128.abs<T>(zb));
      const root2 = constant<T>(0, Math.SQRT2);
      const qa = v128.div<T>(root2, v128.mul<T>(ra, wa)), qb = v128.div<T>(root2, v128.mul<T>(rb, wb));
      const share = v128.mul<T>(sxy, constant<T>(1, 0.11253953951963827));
      const pa = madd<T>(v128.mul<T>(share, ra), qa, ta), pb = madd<T>(v128.mul<T>(share, rb), qb, tb);
      const ua = remainder<T>(pa, halfTurns<T>(pa)), ub = remainder<T>(pb, halfTurns<T>(pb));
      const ua2 = v128.mul<T>(ua, ua), ub2 = v128.mul<T>(ub, ub);
      const fa = v128.mul<T>(v128.mul<T>(wa, qa), sinTurns<T>(ua, ua2));
      const fb = v128.mul<T>(v128.mul<T>(wb, qb), sinTurns<T>(ub, ub2));
      v128.store(to, v128.mul<T>(root2, cosTurns<T>(ua2)));
      v128.store(to, v128.mul<T>(root2, cosTurns<T>(ub2)), 16);
      v128.store(to, fa, 32);
      v128.store(to, fb, 48);
      v128.store(to, v128.mul<T>(za, fa), 64);
      v128.store(to, v128.mul<T>(zb, fb), 80);
      ahead += STEP_BYTES;
      to = nextTurn(tile, to);
    }
    if (step < first) continue;
    const rest = relaxBefore(step);
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
    const hx = transverse<T>(step, 0), hy = transverse<T>(step, 1);
    let c = v128.load(from), f = v128.load(from, 32), uz = v128.load(from, 64);
    let ux = v128.mul<T>(hx, f), uy = v128.mul<T>(hy, f);
    let tx = nmadd<T>(az, uy, v128.mul<T>(ay, uz));
    let ty = nmadd<T>(ax, uz, v128.mul<T>(az, ux));
    let tz = nmadd<T>(ay, ux, v128.mul<T>(ax, uy));
    ax = v128.add<T>(ax, madd<T>(c, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
    ay = v128.add<T>(ay, madd<T>(c, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
    az = v128.add<T>(az, madd<T>(c, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));
    c = v128.load(from, 16);
    f = v128.load(from, 48);
    uz = v128.load(from, 80);
    ux = v128.mul<T>(hx, f);
    uy = v128.mul<T>(hy, f);
    tx = nmadd<T>(bz, uy, v128.mul<T>(by, uz));
    ty = nmadd<T>(bx, uz, v128.mul<T>(bz, ux));
    tz = nmadd<T>(by, ux, v128.mul<T>(bx, uy));
    bx = v128.add<T>(bx, madd<T>(c, tx, nmadd<T>(tz, uy, v128.mul<T>(ty, uz))));
    by = v128.add<T>(by, madd<T>(c, ty, nmadd<T>(tx, uz, v128.mul<T>(tz, ux))));
    bz = v128.add<T>(bz, madd<T>(c, tz, nmadd<T>(ty, ux, v128.mul<T>(tx, uy))));
    from = nextTurn(tile, from);
  }
  storeT<T>(tile.mx, n, ax);
  storeT<T>(tile.mx, m, bx);
  storeT<T>(tile.my, n, ay);
  storeT<T>(tile.my, m, by);
  storeT<T>(tile.mz, n, az);
  storeT<T>(tile.mz, m, bz);
  relaxAfter<T>(tile, n, end);
}

// @ts-ignore: decorator
@inline function nextTurn(tile: Tile, at: usize): usize {
  return tile.partialSums + ((at + CACHED_PRECESSION_BYTES - tile.partialSums) & (RING_BYTES - 1));
}

/** The relaxation after a pulse's last step, of two vectors of spins. */
function relaxAfter<T>(tile: Tile, n: i32, end: usize): void {
  const time = changetype<RfStep>(end - STEP_BYTES).relaxAfter;
  for (let m = n; m < n + 2 * partialSums<T>(); m += partialSums<T>()) {
    const mx = loadT<T>(tile.mx, m), my = loadT<T>(tile.my, m), mz = loadT<T>(tile.mz, m);
    const l2 = loss<T>(tile.R2, m, time);
    storeT<T>(tile.mx, m, nmadd<T>(mx, l2, mx));
    storeT<T>(tile.my, m, nmadd<T>(my, l2, my));
    storeT<T>(tile.mz, m, madd<T>(v128.sub<T>(loadColumn<T>(tile.density, m), mz), loss<T>(tile.R1, m, time), mz));
  }
}

/** 1 − e^{−time·R} */
// @ts-ignore: decorator
@inline function loss<T>(rates: usize, n: i32, time: f64): v128 {
  return decayLoss<T>(v128.mul<T>(loadT<T>(rates, n), splat<T>(time)));
}
