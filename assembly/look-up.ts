/**
 * Pulses on spins whose frequency differs each time: moving spins, and spins with phase terms. Over
 * a pulse of length T the frequency of a spin is f + s·t, t from the middle, so its operator
 * depends on f, s, R1 and R2, wherever the spin is. The table holds, per cell of f, polynomials in
 * f of the largest terms of a Chebyshev expansion in the other three. What they depend on most is
 * taken out:
 *
 *     operator = H(+s) · table · H(−s),   H: half of the pulse's relaxation, and the phase ±sT²/8
 *
 * that the drift adds from the start to the middle, and from there to the end. So three to ten
 * terms are enough, of some 100 operations each, where a pulse of 100 steps takes 4000.
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
import { storeEntries } from './tables';

/** Bytes of the twelve entries of an operator. */
const ENTRIES: usize = 48;
/**
 * Scratch in `Tile.partialSums`, vectors of four spins: position in the cell, offset of the cell;
 * the operators; Chebyshev polynomials of each axis; weights of the terms.
 */
const PLACE: usize = 0, CELL: usize = 16, OPERATORS: usize = 32, R1_ORDERS: usize = 224, R2_ORDERS: usize = 352;
const DRIFT_ORDERS: usize = 480, WEIGHTS: usize = 736;

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
@inline function locate(tile: Tile, n: i32, use: LookUp, table: DriftTable, cellBytes: i32, room: usize): v128 {
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
  v128.store(room, v128.mul<i32>(cell, i32x4.splat(cellBytes)), CELL);

  const drift = single(sumOfTwo(tile, n, use.slope), sumOfTwo(tile, n + 2, use.slope));
  const one = splat<f32>(1);
  storeOrders(
    v128.sub<f32>(v128.mul<f32>(loadT<f32>(tile.R1, n), splat<f32>(table.perR1)), one),
    table.ordersR1, room + R1_ORDERS,
  );
  storeOrders(
    v128.sub<f32>(v128.mul<f32>(loadT<f32>(tile.R2, n), splat<f32>(table.perR2)), one),
    table.ordersR2, room + R2_ORDERS,
  );
  storeOrders(v128.mul<f32>(drift, splat<f32>(table.perDrift)), table.ordersDrift, room + DRIFT_ORDERS);
  let at = table.orders;
  for (let to = room + WEIGHTS, end = to + (<usize>table.terms << 4); to < end; to += 16, at += 12) {
    const R1 = v128.load(room + R1_ORDERS + (<usize>load<i32>(at) << 4));
    const R2 = v128.load(room + R2_ORDERS + (<usize>load<i32>(at, 4) << 4));
    const s = v128.load(room + DRIFT_ORDERS + (<usize>load<i32>(at, 8) << 4));
    v128.store(to, v128.mul<f32>(v128.mul<f32>(R1, R2), s));
  }
  return drift;
}

/** Writes the operators of four spins, [12][4]; vectors run over the entries of one spin. */
// @ts-ignore: decorator
@inline function interpolate(table: DriftTable, room: usize): void {
  const degree = table.degree, end = WEIGHTS + (<usize>table.terms << 4);
  for (let spin = room; spin < room + 16; spin += 4) {
    let at = table.coefficients + <usize>load<i32>(spin, CELL);
    const u = v128.load32_splat(spin, PLACE);
    let x = splat<f32>(0), y = x, z = x;
    for (let weight = WEIGHTS; weight < end; weight += 16) {
      let px = v128.load(at), py = v128.load(at, 16), pz = v128.load(at, 32);
      for (let d = degree; d > 0; d--) {
        at += ENTRIES;
        px = madd<f32>(px, u, v128.load(at));
        py = madd<f32>(py, u, v128.load(at, 16));
        pz = madd<f32>(pz, u, v128.load(at, 32));
      }
      at += ENTRIES;
      const w = v128.load32_splat(spin + weight);
      x = madd<f32>(w, px, x);
      y = madd<f32>(w, py, y);
      z = madd<f32>(w, pz, z);
    }
    storeEntries(spin + OPERATORS, x, y, z);
  }
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
  const cellBytes = table.terms * (table.degree + 1) * <i32>ENTRIES;
  const room = tile.partialSums;
  const ci = splat<f32>(excitation.cosIn), si = splat<f32>(excitation.sinIn);
  const co = splat<f32>(excitation.cosOut), so = splat<f32>(excitation.sinOut);
  const half = splat<f32>(0.5 * table.duration), eighth = splat<f32>(0.125 * table.duration * table.duration);
  for (let n = 0; n < tile.count; n += 4) {
    const drift = locate(tile, n, use, table, cellBytes, room);
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
  const cellBytes = table.terms * (table.degree + 1) * <i32>ENTRIES;
  const room = tile.partialSums, from = room + OPERATORS;
  const half = splat<f32>(0.5 * table.duration), eighth = splat<f32>(0.125 * table.duration * table.duration);
  const whole = splat<f32>(table.duration), zero = splat<f32>(0);
  let to = operatorAt(job, tile, use.operator);
  for (let n = 0; n < tile.count; n += 4, to += OPERATOR_BYTES) {
    const drift = locate(tile, n, use, table, cellBytes, room);
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
