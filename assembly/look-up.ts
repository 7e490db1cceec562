/**
 * Pulses on spins whose frequency differs each time: moving spins, and spins with phase terms. Over
 * a pulse of length T the frequency of a spin is f + s·t, t from the middle, so its operator
 * depends on f, s, R1 and R2, wherever the spin is. What depends on them most is taken out:
 *
 *     operator = H(+s)·(Q + (R2 − R1)·F, R1·G)·H(−s)
 *
 * H is half of the pulse's relaxation and the phase ±sT²/8 that the drift adds from the start to
 * the middle, and from there to the end; Q the rotation without relaxation, F and G small changes
 * of the matrix and the recovery. The table holds polynomials per cell of f: of the quaternion of Q
 * in orders of s, as it has four entries instead of nine and varies half as fast; and of the
 * largest terms of a Chebyshev expansion of F and G in R1, R2 − R1 and s, of a low degree, because
 * they are small. F does not depend on R1. So flow of 1 m/s through a pulse of 1 ms takes 66
 * vectors of coefficients per spin, and 570 operations where 1000 steps take 40 000; with all
 * twelve entries of the operator in each term it would take 144 vectors and 860 operations.
 *
 * Where f and s are those of an earlier use, as in slices that a motion stays within, the operators
 * are looked up once and cached as those of spins at rest are (`operators.ts`).
 */
import { DriftTable, Excitation, KernelContext, LookUp, recordAt } from './abi';
import { decayLoss } from './functions';
import { operatorAt } from './operators';
import { PRECESSION_BYTES, weightedTerms } from './precession';
import { complexExp, expIm, expRe } from './readout';
import { OPERATOR_BYTES, Tile } from './scratch';
import { loadColumn, loadT, madd, nmadd, splat, storeT } from './simd';
import { storeEntries, storeFour } from './tables';

/**
 * Scratch in `Tile.partialSums`, vectors of four spins: position in the cell, offset of the cell;
 * the operators; shares of the largest R2 − R1 and R1; Chebyshev polynomials of each axis; the
 * quaternions; weights of the terms.
 */
const PLACE: usize = 0, CELL: usize = 16, OPERATORS: usize = 32, DELTA_SHARE: usize = 224, R1_SHARE: usize = 240;
const R1_ORDERS: usize = 256, DELTA_ORDERS: usize = 384, DRIFT_ORDERS: usize = 512, QUATERNIONS: usize = 768;
const WEIGHTS: usize = 832;
/** Bytes of the orders and the number of coefficients of a term. */
const TERM: usize = 16;

/** Σ weight·column of two spins. @param weights [x, y, z, off-resonance, terms] f64 */
// @ts-ignore: decorator
@inline function sumOfTwo(tile: Tile, n: i32, weights: usize): v128 {
  let sum = v128.mul<f64>(v128.load64_splat(weights), loadColumn<f64>(tile.x, n));
  sum = madd<f64>(v128.load64_splat(weights, 8), loadColumn<f64>(tile.y, n), sum);
  sum = madd<f64>(v128.load64_splat(weights, 16), loadColumn<f64>(tile.z, n), sum);
  sum = madd<f64>(v128.load64_splat(weights, 24), loadT<f64>(tile.offResonanceHz, n), sum);
  return v128.add<f64>(sum, weightedTerms(tile, n, weights + PRECESSION_BYTES));
}

// @ts-ignore: decorator
@inline function single(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Chebyshev polynomials 0 … count − 1 of four spins. */
// @ts-ignore: decorator
@inline function storeOrders(x: v128, count: i32, to: usize): void {
  const twice = v128.add<f32>(x, x);
  let before = x, now = splat<f32>(1);
  for (let order = 0; order < count; order++) {
    v128.store(to + (<usize>order << 4), now);
    const next = v128.sub<f32>(v128.mul<f32>(twice, now), before);
    before = now;
    now = next;
  }
}

/**
 * Cell of four spins, their position in it, and the weights of the terms. @returns drifts [Hz/s]
 */
// @ts-ignore: decorator
@inline function locate(tile: Tile, n: i32, use: LookUp, table: DriftTable, room: usize): v128 {
  const shift = f64x2.splat(use.shift), perHertz = f64x2.splat(table.perHertz);
  const last = f64x2.splat(<f64>(table.cells - 1)), zero = f64x2.splat(0);
  const low = v128.mul<f64>(v128.add<f64>(sumOfTwo(tile, n, use.middle), shift), perHertz);
  const high = v128.mul<f64>(v128.add<f64>(sumOfTwo(tile, n + 2, use.middle), shift), perHertz);
  const lowCell = v128.max<f64>(zero, v128.min<f64>(last, v128.floor<f64>(low)));
  const highCell = v128.max<f64>(zero, v128.min<f64>(last, v128.floor<f64>(high)));
  const place = single(v128.sub<f64>(low, lowCell), v128.sub<f64>(high, highCell));
  v128.store(room, v128.sub<f32>(v128.add<f32>(place, place), splat<f32>(1)), PLACE);
  const cell = v128.shuffle<i64>(
    i32x4.trunc_sat_f64x2_s_zero(lowCell), i32x4.trunc_sat_f64x2_s_zero(highCell), 0, 2,
  );
  v128.store(room, v128.mul<i32>(cell, i32x4.splat(table.cellBytes)), CELL);

  const drift = single(sumOfTwo(tile, n, use.slope), sumOfTwo(tile, n + 2, use.slope));
  const R1 = loadT<f32>(tile.R1, n), delta = v128.sub<f32>(loadT<f32>(tile.R2, n), R1);
  const ofR1 = v128.mul<f32>(R1, splat<f32>(table.perR1));
  v128.store(room, v128.mul<f32>(ofR1, splat<f32>(0.5)), R1_SHARE);
  v128.store(room, v128.mul<f32>(delta, splat<f32>(table.ofLargest)), DELTA_SHARE);
  storeOrders(v128.sub<f32>(ofR1, splat<f32>(1)), table.ordersR1, room + R1_ORDERS);
  storeOrders(
    v128.mul<f32>(v128.sub<f32>(delta, splat<f32>(table.middleDelta)), splat<f32>(table.perDelta)),
    table.ordersDelta, room + DELTA_ORDERS,
  );
  storeOrders(v128.mul<f32>(drift, splat<f32>(table.perDrift)), table.ordersDrift, room + DRIFT_ORDERS);
  let at = table.orders;
  for (let to = room + WEIGHTS, end = to + (<usize>table.terms << 4); to < end; to += 16, at += TERM) {
    const ofR1 = v128.load(room + R1_ORDERS + (<usize>load<i32>(at) << 4));
    const ofDelta = v128.load(room + DELTA_ORDERS + (<usize>load<i32>(at, 4) << 4));
    const ofDrift = v128.load(room + DRIFT_ORDERS + (<usize>load<i32>(at, 8) << 4));
    v128.store(to, v128.mul<f32>(v128.mul<f32>(ofR1, ofDelta), ofDrift));
  }
  return drift;
}

/** Writes the operators of four spins, [12][4]; vectors run over the entries of one spin. */
// @ts-ignore: decorator
@inline function interpolate(table: DriftTable, room: usize): void {
  const rotation = table.rotation, endOfRotation = rotation + (<usize>table.rotationOrders << 2);
  const whole = table.orders + <usize>table.wholeTerms * TERM, all = table.orders + <usize>table.terms * TERM;
  for (let spin = room; spin < room + 16; spin += 4) {
    let at = table.coefficients + <usize>load<i32>(spin, CELL);
    const u = v128.load32_splat(spin, PLACE);
    let weight = spin + DRIFT_ORDERS;
    let q = splat<f32>(0);
    for (let order = rotation; order < endOfRotation; order += 4, weight += 16) {
      let p = v128.load(at);
      const end = at + (<usize>load<i32>(order) << 4);
      for (at += 16; at < end; at += 16) p = madd<f32>(p, u, v128.load(at));
      q = madd<f32>(v128.load32_splat(weight), p, q);
    }
    storeFour(spin + QUATERNIONS, q);

    let x = splat<f32>(0), y = x, z = x, term = table.orders;
    weight = spin + WEIGHTS;
    for (; term < whole; term += TERM, weight += 16) {
      let px = v128.load(at), py = v128.load(at, 16), pz = v128.load(at, 32);
      const end = at + <usize>load<i32>(term, 12) * 48;
      for (at += 48; at < end; at += 48) {
        px = madd<f32>(px, u, v128.load(at));
        py = madd<f32>(py, u, v128.load(at, 16));
        pz = madd<f32>(pz, u, v128.load(at, 32));
      }
      const w = v128.load32_splat(weight);
      x = madd<f32>(w, px, x);
      y = madd<f32>(w, py, y);
      z = madd<f32>(w, pz, z);
    }
    for (; term < all; term += TERM, weight += 16) {
      let pz = v128.load(at);
      const end = at + (<usize>load<i32>(term, 12) << 4);
      for (at += 16; at < end; at += 16) pz = madd<f32>(pz, u, v128.load(at));
      z = madd<f32>(v128.load32_splat(weight), pz, z);
    }
    const ofDelta = v128.load32_splat(spin, DELTA_SHARE), ofR1 = v128.load32_splat(spin, R1_SHARE);
    z = v128.mul<f32>(z, v128.shuffle<i32>(ofDelta, ofR1, 0, 4, 4, 4));
    storeEntries(spin + OPERATORS, v128.mul<f32>(x, ofDelta), v128.mul<f32>(y, ofDelta), z);
  }
  addRotation(room + QUATERNIONS, room + OPERATORS);
}

// @ts-ignore: decorator
@inline function addTo(at: usize, v: v128): void {
  v128.store(at, v128.add<f32>(v128.load(at), v));
}

/** Adds what rotations by the quaternions add to the three unit vectors. */
// @ts-ignore: decorator
@inline function addRotation(quaternions: usize, to: usize): void {
  const a = v128.load(quaternions), b = v128.load(quaternions, 16);
  const c = v128.load(quaternions, 32), d = v128.load(quaternions, 48);
  const a2 = v128.add<f32>(a, a), b2 = v128.add<f32>(b, b), c2 = v128.add<f32>(c, c), d2 = v128.add<f32>(d, d);
  const bb = v128.mul<f32>(b, b2), cc = v128.mul<f32>(c, c2), dd = v128.mul<f32>(d, d2);
  const bc = v128.mul<f32>(b2, c), bd = v128.mul<f32>(b2, d), cd = v128.mul<f32>(c2, d);
  addTo(to, v128.neg<f32>(v128.add<f32>(cc, dd)));
  addTo(to + 16, madd<f32>(a2, d, bc));
  addTo(to + 32, nmadd<f32>(a2, c, bd));
  addTo(to + 48, nmadd<f32>(a2, d, bc));
  addTo(to + 64, v128.neg<f32>(v128.add<f32>(bb, dd)));
  addTo(to + 80, madd<f32>(a2, b, cd));
  addTo(to + 96, madd<f32>(a2, c, bd));
  addTo(to + 112, nmadd<f32>(a2, b, cd));
  addTo(to + 128, v128.neg<f32>(v128.add<f32>(bb, cc)));
}

/** Entry `row` of the images of x, y and z, and of the recovery. */
// @ts-ignore: decorator
@inline function component(from: usize, x: v128, y: v128, z: v128, density: v128): v128 {
  const across = madd<f32>(v128.load(from, 48), y, v128.mul<f32>(v128.load(from), x));
  return v128.add<f32>(across, madd<f32>(v128.load(from, 96), z, v128.mul<f32>(v128.load(from, 144), density)));
}

export function lookUp(job: KernelContext, tile: Tile, index: i32): void {
  const use = recordAt<LookUp>(job.lookUps, index);
  const excitation = recordAt<Excitation>(job.excitations, use.excitation);
  const table = changetype<DriftTable>(use.table);
  const room = tile.partialSums;
  const ci = splat<f32>(excitation.cosIn), si = splat<f32>(excitation.sinIn);
  const co = splat<f32>(excitation.cosOut), so = splat<f32>(excitation.sinOut);
  const half = splat<f32>(0.5 * table.duration), eighth = splat<f32>(0.125 * table.duration * table.duration);
  for (let n = 0; n < tile.count; n += 4) {
    const drift = locate(tile, n, use, table, room);
    interpolate(table, room);
    complexExp(v128.mul<f32>(drift, eighth), v128.mul<f32>(half, loadT<f32>(tile.R2, n)));
    const c = expRe, s = expIm;
    const loss = decayLoss<f32>(v128.mul<f32>(half, loadT<f32>(tile.R1, n)));
    const density = loadColumn<f32>(tile.density, n);
    const px = loadT<f32>(tile.mx, n), py = loadT<f32>(tile.my, n), pz = loadT<f32>(tile.mz, n);
    const ix = madd<f32>(px, ci, v128.mul<f32>(py, si)), iy = nmadd<f32>(px, si, v128.mul<f32>(py, ci));
    const x = nmadd<f32>(iy, s, v128.mul<f32>(ix, c)), y = madd<f32>(ix, s, v128.mul<f32>(iy, c));
    const z = madd<f32>(v128.sub<f32>(density, pz), loss, pz);
    const from = room + OPERATORS;
    const mx = v128.add<f32>(x, component(from, x, y, z, density));
    const my = v128.add<f32>(y, component(from + 16, x, y, z, density));
    const mz = v128.add<f32>(z, component(from + 32, x, y, z, density));
    const ox = madd<f32>(my, s, v128.mul<f32>(mx, c)), oy = nmadd<f32>(mx, s, v128.mul<f32>(my, c));
    storeT<f32>(tile.mx, n, nmadd<f32>(oy, so, v128.mul<f32>(ox, co)));
    storeT<f32>(tile.my, n, madd<f32>(ox, so, v128.mul<f32>(oy, co)));
    storeT<f32>(tile.mz, n, madd<f32>(v128.sub<f32>(density, mz), loss, mz));
  }
}

/**
 * Stores the operators of a tile's spins in the form of `operators.ts`: H(+s)·table·H(−s) − 1, and
 * the recovery of Mz times the spin's density.
 */
export function cacheLookUp(job: KernelContext, tile: Tile, index: i32): void {
  const use = recordAt<LookUp>(job.lookUps, index);
  const table = changetype<DriftTable>(use.table);
  const room = tile.partialSums, from = room + OPERATORS;
  const half = splat<f32>(0.5 * table.duration), eighth = splat<f32>(0.125 * table.duration * table.duration);
  const whole = splat<f32>(table.duration), zero = splat<f32>(0);
  let to = operatorAt(job, tile, use.operator);
  for (let n = 0; n < tile.count; n += 4, to += OPERATOR_BYTES) {
    const drift = locate(tile, n, use, table, room);
    interpolate(table, room);
    const R1 = loadT<f32>(tile.R1, n), R2 = loadT<f32>(tile.R2, n);
    complexExp(v128.mul<f32>(drift, eighth), v128.mul<f32>(half, R2));
    const c = expRe, s = expIm;
    const loss = decayLoss<f32>(v128.mul<f32>(half, R1)), left = v128.sub<f32>(splat<f32>(1), loss);
    const across = decayLoss<f32>(v128.mul<f32>(whole, R2)), along = decayLoss<f32>(v128.mul<f32>(whole, R1));
    storeImage(from, to, c, s, zero, zero, c, s, left);
    storeImage(from, to + 48, v128.neg<f32>(s), c, zero, zero, c, s, left);
    storeImage(from, to + 96, zero, zero, left, zero, c, s, left);
    const density = loadColumn<f32>(tile.density, n);
    storeImage(from, to + 144, zero, zero, v128.mul<f32>(density, loss), density, c, s, left);
    v128.store(to, v128.sub<f32>(v128.load(to), across));
    v128.store(to + 64, v128.sub<f32>(v128.load(to + 64), across));
    v128.store(to + 128, v128.sub<f32>(v128.load(to + 128), along));
    v128.store(to + 176, v128.add<f32>(v128.load(to + 176), v128.mul<f32>(density, along)));
  }
}

/** H·(change of a magnetisation by the table), [x, y, z][4]; c, s and `left` are entries of H. */
// @ts-ignore: decorator
@inline function storeImage(
  from: usize, to: usize, x: v128, y: v128, z: v128, density: v128, c: v128, s: v128, left: v128,
): void {
  const mx = component(from, x, y, z, density), my = component(from + 16, x, y, z, density);
  v128.store(to, madd<f32>(my, s, v128.mul<f32>(mx, c)));
  v128.store(to, nmadd<f32>(mx, s, v128.mul<f32>(my, c)), 16);
  v128.store(to, v128.mul<f32>(component(from + 32, x, y, z, density), left), 32);
}
