/**
 * Operators from tables. Under a constant gradient the operator of a pulse depends on a spin
 * through three numbers only: its frequency φ = γ̄G·r + Δf, R1 and R2. The table holds, per cell of
 * φ and per node of R1 × R2, the twelve entries as polynomials in φ. A spin costs some 600
 * operations once per tile, where composing a 1 ms pulse on a 1 µs raster costs 250 000. Vectors
 * run over the entries of one spin, so no gather is needed.
 */
import { KernelContext, Table, TILE_BYTES } from './abi';
import { composePulse, PAIR_BYTES } from './held-field';
import { OPERATOR_BYTES, Tile } from './scratch';
import { madd, splat } from './simd';

const ENTRIES: usize = 48;

/**
 * Operators of a pulse for `count` virtual spins (a multiple of 2), in f64, from which the host
 * makes a table.
 * @param at memory for a Tile, then f64 columns [frequency Hz, R1, R2][count], f32 columns [x, 0,
 *   density][count], scratch of COMPOSE_BYTES
 * @param to [count / 2][12][2] f64
 */
export function evaluatePulseAtNodes(job: KernelContext, at: usize, count: i32, pulse: i32, to: usize): void {
  const tile = changetype<Tile>(at);
  const column = <usize>count << 3;
  tile.offResonanceHz = at + <usize>TILE_BYTES;
  tile.R1 = tile.offResonanceHz + column;
  tile.R2 = tile.R1 + column;
  tile.x = tile.R2 + column;
  tile.y = tile.x + (column >> 1);
  tile.z = tile.y;
  tile.density = tile.y + (column >> 1);
  tile.partialSums = tile.density + (column >> 1);
  for (let n = 0; n < count; n += 2, to += PAIR_BYTES) composePulse(job, tile, n, pulse, to);
}

/** Weight of node `index` in the polynomial through all nodes at `rate`. */
// @ts-ignore: decorator
@inline function weight(nodes: usize, count: i32, index: i32, rate: f64): f64 {
  let w = load<f64>(nodes + (<usize>(count + index) << 3));
  for (let other = 0; other < count; other++) if (other != index) w *= rate - load<f64>(nodes + (<usize>other << 3));
  return w;
}

/** Writes the operators of all spins of a tile at `to`, [count / 4][12][4]. */
export function interpolateOperators(tile: Tile, table: usize, to: usize): void {
  const head = changetype<Table>(table);
  const gx = head.gx, gy = head.gy, gz = head.gz;
  const low = head.low, perHertz = head.perHertz;
  const last = <i32>head.cells - 1;
  const degree = <i32>head.degree;
  const count1 = <i32>head.R1Count, count2 = <i32>head.R2Count;
  const coefficients = <usize>head.coefficients;
  const nodes1 = table + offsetof<Table>(), nodes2 = nodes1 + (<usize>count1 << 4);
  const cellBytes = <usize>(count1 * count2 * (degree + 1)) * ENTRIES;
  for (let n = 0; n < tile.count; n++) {
    const f32s = <usize>n << 2;
    const frequency =
      gx * <f64>load<f32>(tile.x + f32s) + gy * <f64>load<f32>(tile.y + f32s) + gz * <f64>load<f32>(tile.z + f32s)
      + load<f64>(tile.offResonanceHz + (<usize>n << 3));
    const place = (frequency - low) * perHertz;
    const cell = max(0, min(last, <i32>place));
    const u = splat<f32>(2 * (place - <f64>cell) - 1);
    const R1 = <f64>load<f32>(tile.R1 + f32s), R2 = <f64>load<f32>(tile.R2 + f32s);
    let at = coefficients + <usize>cell * cellBytes;
    let x = splat<f32>(0), y = x, z = x;
    for (let one = 0; one < count1; one++) {
      const w1 = weight(nodes1, count1, one, R1);
      for (let two = 0; two < count2; two++) {
        let px = v128.load(at), py = v128.load(at, 16), pz = v128.load(at, 32);
        for (let d = degree; d > 0; d--) {
          at += ENTRIES;
          px = madd<f32>(px, u, v128.load(at));
          py = madd<f32>(py, u, v128.load(at, 16));
          pz = madd<f32>(pz, u, v128.load(at, 32));
        }
        at += ENTRIES;
        const w = splat<f32>(w1 * weight(nodes2, count2, two, R2));
        x = madd<f32>(w, px, x);
        y = madd<f32>(w, py, y);
        z = madd<f32>(w, pz, z);
      }
    }
    // The last three entries are the recovery of density 1.
    const density = v128.load32_splat(tile.density + f32s);
    z = v128.mul<f32>(z, v128.shuffle<i32>(splat<f32>(1), density, 0, 4, 4, 4));
    storeEntries(to + <usize>(n >> 2) * OPERATOR_BYTES + (<usize>(n & 3) << 2), x, y, z);
  }
}

// @ts-ignore: decorator
@inline export function storeFour(to: usize, v: v128): void {
  v128.store_lane<f32>(to, v, 0);
  v128.store_lane<f32>(to, v, 1, 16);
  v128.store_lane<f32>(to, v, 2, 32);
  v128.store_lane<f32>(to, v, 3, 48);
}

// @ts-ignore: decorator
@inline export function storeEntries(to: usize, x: v128, y: v128, z: v128): void {
  storeFour(to, x);
  storeFour(to + 64, y);
  storeFour(to + 128, z);
}
