/**
 * Pulses cached as operators. A pulse is affine in the magnetisation, M' = M + D·M + b, so its
 * effect on a spin is twelve numbers: the change of the three unit vectors for density 0, and of M
 * = 0 for the spin's own density. They are computed once per tile from the exact solution of each
 * step in f64, and a repeated pulse then costs 35 operations per spin instead of 40 per step. It is
 * also more accurate. Rounding happens once instead of at every step: the error of 128 repetitions
 * of a pulse of 1000 steps falls from 3e-5 to 3e-7 of Σ|ρ|. And D is stored, not 1 + D, because the
 * rounding of a number near 1 would recur with every repetition: single spins of a 3-D GRE err by
 * 8.5e-7 instead of 1.19e-6. RF phase cycling is a rotation about z before and after. A pulse of
 * another amplitude is a linear combination of operators at a few amplitudes (`terms`, chosen by
 * the host). The entries between Mxy and Mz are odd in the amplitude and all others even, so they
 * have coefficients of their own.
 *
 * Layout: [operators][spins / 4][12][4], so that an excitation reads whole cache lines from as many
 * streams as it has terms.
 */
import { Excitation, KernelContext, Operator, PANEL, OperatorUse, recordAt, Term, TILE_BYTES } from './abi';
import { composePulse, PAIR_BYTES } from './held-field';
import { OPERATOR_BYTES, Tile } from './scratch';
import { loadColumn, loadT, madd, nmadd, splat, storeT } from './simd';
import { interpolateOperators } from './tables';
import { T1, T2 } from './tile';

/** Layout of a term while it is applied. */
const LANE_BYTES: usize = 16;

/**
 * Computes all operators of the job for the spins of a tile, from their tables or by composing the
 * steps of the pulse.
 */
export function buildOperatorCache(job: KernelContext, tile: Tile): void {
  if (job.operatorCount == 0) return;
  const scratchTile = changetype<Tile>(changetype<usize>(tile) + TILE_BYTES);
  const column = <usize>PANEL * 8;
  scratchTile.R1 = tile.operatorScratch;
  scratchTile.R2 = scratchTile.R1 + column;
  const low = scratchTile.R2 + column, high = low + PAIR_BYTES;
  scratchTile.partialSums = tile.partialSums;
  for (let operator = 0; operator < job.operatorCount; operator++) {
    const table = tableOf(job, operator);
    if (table != 0) interpolateOperators(tile, table, operatorAt(job, tile, operator));
  }
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    const skip = <usize>panel << 2;
    scratchTile.x = tile.x + skip;
    scratchTile.y = tile.y + skip;
    scratchTile.z = tile.z + skip;
    scratchTile.density = tile.density + skip;
    scratchTile.offResonanceHz = tile.offResonanceHz + 2 * skip;
    rate(tile.x + T1 * 4 * <usize>job.capacity + skip, scratchTile.R1);
    rate(tile.x + T2 * 4 * <usize>job.capacity + skip, scratchTile.R2);
    for (let operator = 0; operator < job.operatorCount; operator++) {
      if (tableOf(job, operator) != 0) continue;
      const pulse = recordAt<Operator>(job.operators, operator).pulse;
      let to = operatorAt(job, tile, operator) + <usize>(panel >> 2) * OPERATOR_BYTES;
      for (let n = 0; n < PANEL; n += 4) {
        composePulse(job, scratchTile, n, pulse, low);
        composePulse(job, scratchTile, n + 2, pulse, high);
        for (let entry: usize = 0; entry < PAIR_BYTES; entry += 16, to += 16) {
          const kept = f64x2.splat(entry < 144 && (entry & 63) == 0 ? 1 : 0);
          const two = f32x4.demote_f64x2_zero(v128.sub<f64>(v128.load(low + entry), kept));
          const next = f32x4.demote_f64x2_zero(v128.sub<f64>(v128.load(high + entry), kept));
          v128.store(to, v128.shuffle<i64>(two, next, 0, 2));
        }
      }
    }
  }
}

/** f64 rates of a panel from f32 times. */
function rate(times: usize, rates: usize): void {
  for (let n = 0; n < PANEL; n += 2) storeT<f64>(rates, n, v128.div<f64>(splat<f64>(1), loadColumn<f64>(times, n)));
}

/** Address of the table that an operator is interpolated from, or 0: its steps are composed. */
// @ts-ignore: decorator
@inline function tableOf(job: KernelContext, operator: i32): usize {
  return recordAt<Operator>(job.operators, operator).table;
}

/** Address of a cached operator: [count / 4][12][4] f32. */
// @ts-ignore: decorator
@inline export function operatorAt(job: KernelContext, tile: Tile, operator: i32): usize {
  return tile.operators + <usize>operator * (<usize>job.capacity >> 2) * OPERATOR_BYTES;
}

/** Applies an excitation by its cached operators. */
export function applyOperator(job: KernelContext, tile: Tile, index: i32): void {
  const entry = recordAt<OperatorUse>(job.operatorUses, index);
  const excitation = recordAt<Excitation>(job.excitations, entry.excitation);
  const first = changetype<usize>(recordAt<Term>(job.terms, entry.firstTerm));
  // [terms][address of the operator, both coefficients]
  const terms = tile.partialSums, end = terms + <usize>entry.terms * LANE_BYTES;
  for (let term = terms, from = first; term < end; term += LANE_BYTES, from += offsetof<Term>()) {
    const own = changetype<Term>(from);
    store<usize>(term, operatorAt(job, tile, <i32>own.operator));
    store<f32>(term, <f32>own.even, 4);
    store<f32>(term, <f32>own.odd, 8);
  }
  const ci = splat<f32>(excitation.cosIn), si = splat<f32>(excitation.sinIn);
  const co = splat<f32>(excitation.cosOut), so = splat<f32>(excitation.sinOut);
  let spins: usize = 0;
  for (let n = 0; n < tile.count; n += 4) {
    const px = loadT<f32>(tile.mx, n);
    const py = loadT<f32>(tile.my, n);
    const x = madd<f32>(px, ci, v128.mul<f32>(py, si));
    const y = nmadd<f32>(px, si, v128.mul<f32>(py, ci));
    const z = loadT<f32>(tile.mz, n);
    const mx = v128.add<f32>(x, component(terms, end, spins, x, y, z, 4, 8));
    const my = v128.add<f32>(y, component(terms, end, spins + 16, x, y, z, 4, 8));
    const mz = v128.add<f32>(z, component(terms, end, spins + 32, x, y, z, 8, 4));
    spins += OPERATOR_BYTES;
    storeT<f32>(tile.mx, n, nmadd<f32>(my, so, v128.mul<f32>(mx, co)));
    storeT<f32>(tile.my, n, madd<f32>(mx, so, v128.mul<f32>(my, co)));
    storeT<f32>(tile.mz, n, mz);
  }
}

/**
 * One component of the sum of all terms, with one coefficient for Mxy and another for Mz and the
 * density.
 */
// @ts-ignore: decorator
@inline function component(
  terms: usize, end: usize, at: usize, x: v128, y: v128, z: v128, ofXY: usize, ofZ: usize,
): v128 {
  let sum = splat<f32>(0);
  for (let term = terms; term < end; term += LANE_BYTES) {
    const from = load<usize>(term) + at;
    const across = madd<f32>(v128.load(from, 48), y, v128.mul<f32>(v128.load(from), x));
    const along = madd<f32>(v128.load(from, 96), z, v128.load(from, 144));
    sum = madd<f32>(v128.load32_splat(term + ofXY), across, madd<f32>(v128.load32_splat(term + ofZ), along, sum));
  }
  return sum;
}
