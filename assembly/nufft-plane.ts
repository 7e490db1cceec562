/**
 * The data that curved readouts (such as spirals) in one plane of k-space share. The grid position
 * of a spin on the two axes of the plane, and its phase and decay e^{−(R2 + i2πΔf)·τ} at the time
 * nodes τ, depend neither on the readout nor on the preceding pulse. They are computed once per
 * tile for all readouts: cell, weights on both axes, and the factors.
 */
import { KernelContext, Kernel, NufftPlane, PlaneAxis } from './abi';
import { expRe, expIm, evolve } from './readout';
import { Tile } from './scratch';
import { loadColumn, madd } from './simd';

// @ts-ignore: decorator
@inline export function spreadingOf(axis: PlaneAxis): Kernel {
  return changetype<Kernel>(axis.spreading);
}

/** Bytes of a cell: four time nodes, real then imaginary. */
export const CELL: usize = 32;

/**
 * Bytes of a spin's grid position: address of its first cell, its number in the tile, weights on u
 * and v.
 */
// @ts-ignore: decorator
@inline export function placeBytes(u: PlaneAxis, v: PlaneAxis): usize {
  return 8 + (<usize>(spreadingOf(u).taps + spreadingOf(v).taps) << 2);
}

/**
 * Magnetisation of all spins at the time when they are spread, [spins][re, im] f32; stored before
 * the positions.
 */
// @ts-ignore: decorator
@inline export function sortedPoints(job: KernelContext, tile: Tile): usize {
  return tile.plane + (<usize>job.capacity << 3);
}

/**
 * Four time nodes of all spins, [spins][re 4, im 4] f32, in the order of the positions; stored
 * after these.
 */
// @ts-ignore: decorator
@inline export function nodeFactorsOf(job: KernelContext, tile: Tile, bytes: usize, group: i32): usize {
  return sortedPoints(job, tile) + <usize>job.capacity * (bytes + <usize>group * CELL);
}

/** First cells of four spins as i32 to `cells`, positions between cells as f32 to `locals`. */
// @ts-ignore: decorator
@inline function locate4(axis: PlaneAxis, tile: Tile, n: i32, cells: usize, locals: usize): void {
  const low = locate2(axis, tile, n), high = locate2(axis, tile, n + 2);
  const width = spreadingOf(axis).width;
  const reach = f64x2.splat(0.5 * <f64>width), centre = f64x2.splat(0.5 * <f64>(width - 1));
  const lowFirst = v128.ceil<f64>(v128.sub<f64>(low, reach)), highFirst = v128.ceil<f64>(v128.sub<f64>(high, reach));
  const first = v128.shuffle<i64>(
    i32x4.trunc_sat_f64x2_s_zero(lowFirst), i32x4.trunc_sat_f64x2_s_zero(highFirst), 0, 2,
  );
  // Inside the grid, even if a phantom's declared bounds are wrong.
  v128.store(cells, i32x4.max_s(i32x4.splat(0), i32x4.min_s(i32x4.splat(axis.cells - width), first)));
  v128.store64_lane(locals, f32x4.demote_f64x2_zero(v128.sub<f64>(v128.sub<f64>(low, lowFirst), centre)), 0);
  v128.store64_lane(locals + 8, f32x4.demote_f64x2_zero(v128.sub<f64>(v128.sub<f64>(high, highFirst), centre)), 0);
}

// @ts-ignore: decorator
@inline function locate2(axis: PlaneAxis, tile: Tile, n: i32): v128 {
  const place = axis.place;
  let p = madd<f64>(v128.load64_splat(place), loadColumn<f64>(tile.x, n), v128.load64_splat(place, 24));
  p = madd<f64>(v128.load64_splat(place, 8), loadColumn<f64>(tile.y, n), p);
  return madd<f64>(v128.load64_splat(place, 16), loadColumn<f64>(tile.z, n), p);
}

/** Writes the weights of a point at `local` between cells, [taps] f32. */
// @ts-ignore: decorator
@inline export function kernelWeights(kernel: Kernel, local: v128, to: usize): void {
  let coefficient = kernel.polynomials;
  for (const end = to + (<usize>kernel.taps << 2); to < end; to += 16) {
    let w = v128.load(coefficient);
    for (let d = kernel.degree; d > 0; d--) {
      coefficient += 16;
      w = madd<f32>(w, local, v128.load(coefficient));
    }
    coefficient += 16;
    v128.store(to, w);
  }
}

/**
 * Computes the positions of the tile's spins on a plane, unless this has been done. They are sorted
 * by the first cell on v, so that consecutive spins are spread on rows that are still in the
 * first-level cache.
 */
export function setPoints(plane: NufftPlane, job: KernelContext, tile: Tile): void {
  if (tile.placed == changetype<usize>(plane)) return;
  tile.placed = changetype<usize>(plane);
  const u = changetype<PlaneAxis>(plane.u);
  const v = changetype<PlaneAxis>(plane.v);
  const bytes = placeBytes(u, v);
  const cells = tile.spread;
  /**
   * [v cells] i32: number of spins that begin there, then the index at which the next of them is
   * stored. Uses the memory of the grid, which is not in use yet.
   */
  const rows = tile.grid;
  memory.fill(rows, 0, <usize>v.cells << 2);
  for (let n = 0; n < tile.count; n += 4) {
    locate4(v, tile, n, cells, cells + 16);
    for (let at = cells; at < cells + 16; at += 4) {
      const row = rows + (<usize>load<i32>(at) << 2);
      store<i32>(row, load<i32>(row) + 1);
    }
  }
  let before = 0;
  for (let row = rows; row < rows + (<usize>v.cells << 2); row += 4) {
    const spins = load<i32>(row);
    store<i32>(row, before);
    before += spins;
  }
  /** Room for the positions of four spins. */
  const order = cells + 64;
  for (let n = 0; n < tile.count; n += 4) {
    locate4(u, tile, n, cells, cells + 16);
    locate4(v, tile, n, cells + 32, cells + 48);
    for (let i: usize = 0; i < 16; i += 4) {
      const row = load<i32>(cells + 32 + i);
      const next = rows + (<usize>row << 2);
      const at = load<i32>(next);
      store<i32>(next, at + 1);
      store<i32>(order + i, at);
      const to = sortedPoints(job, tile) + <usize>at * bytes;
      store<usize>(to, <usize>(row * u.cells + load<i32>(cells + i)) * CELL);
      store<i32>(to, n + <i32>(i >> 2), 4);
      kernelWeights(spreadingOf(u), v128.load32_splat(cells + 16 + i), to + 8);
      kernelWeights(spreadingOf(v), v128.load32_splat(cells + 48 + i), to + 8 + (<usize>spreadingOf(u).taps << 2));
    }
    for (let node = 0; node < plane.nodes; node++) {
      evolve(tile, n, 0, 0, 0, load<f64>(plane.times + (<usize>node << 3)));
      const to = nodeFactorsOf(job, tile, bytes, node >> 2) + (<usize>(node & 3) << 2);
      const im = v128.neg<f32>(expIm);
      const first = to + <usize>load<i32>(order) * CELL, second = to + <usize>load<i32>(order, 4) * CELL;
      const third = to + <usize>load<i32>(order, 8) * CELL, fourth = to + <usize>load<i32>(order, 12) * CELL;
      v128.store32_lane(first, expRe, 0);
      v128.store32_lane(first, im, 0, 16);
      v128.store32_lane(second, expRe, 1);
      v128.store32_lane(second, im, 1, 16);
      v128.store32_lane(third, expRe, 2);
      v128.store32_lane(third, im, 2, 16);
      v128.store32_lane(fourth, expRe, 3);
      v128.store32_lane(fourth, im, 3, 16);
    }
  }
}
