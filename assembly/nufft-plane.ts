/**
 * The data that curved readouts (such as spirals) in one plane of k-space share. The grid position
 * of a spin on the two axes of the plane, and its phase and decay e^{−(R2 + i2πΔf)·τ} at the time
 * nodes τ, depend neither on the readout nor on the preceding pulse. They are computed once per
 * tile for all readouts: cell, weights on both axes, and the factors.
 *
 * Where time runs along v, as from line to line of EPI, the plane is skewed: t = s·k_v + τ, and
 * k_v·v + Δf·t is k_v·(v + s·Δf) + Δf·τ. So a spin is placed at v + s·(Δf − i·R2/2π), and the nodes
 * have to span only what of time is left. Its weights on v are complex.
 */
import { KernelContext, Kernel, NufftPlane, PlaneAxis } from './abi';
import { expRe, expIm, evolve } from './readout';
import { Tile } from './scratch';
import { loadColumn, loadT, madd, splat } from './simd';
import { COLUMN, copyWeights, weightsOf } from './spreading';

// @ts-ignore: decorator
@inline export function spreadingOf(axis: PlaneAxis): Kernel {
  return changetype<Kernel>(axis.spreading);
}

/** Bytes of a cell: four time nodes, real then imaginary. */
export const CELL: usize = 32;

// @ts-ignore: decorator
@inline export function isSkewed(plane: NufftPlane): bool {
  return plane.decay != 0;
}

/**
 * Bytes of a spin's grid position: address of its first cell, its number in the tile, weights on u
 * and v; of a skewed plane the real parts on v, then the imaginary ones.
 */
// @ts-ignore: decorator
@inline export function placeBytes(plane: NufftPlane): usize {
  const onU = spreadingOf(changetype<PlaneAxis>(plane.u)), onV = spreadingOf(changetype<PlaneAxis>(plane.v));
  return 8 + (<usize>(onU.taps + (isSkewed(plane) ? 2 : 1) * onV.taps) << 2);
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
  p = madd<f64>(v128.load64_splat(place, 16), loadColumn<f64>(tile.z, n), p);
  return madd<f64>(v128.load64_splat(place, 32), loadT<f64>(tile.offResonanceHz, n), p);
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
  const bytes = placeBytes(plane);
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
  /** Room for the positions of four spins, for the imaginary parts of their places, and weights. */
  const order = cells + 64, imaginary = cells + 80, weights = cells + 8 * COLUMN;
  const onU = spreadingOf(u), onV = spreadingOf(v);
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let n = 0; n < tile.count; n += 4) {
    locate4(u, tile, n, cells, cells + 16);
    locate4(v, tile, n, cells + 32, cells + 48);
    const rate = v128.sub<f32>(loadT<f32>(tile.R2, n), splat<f32>(plane.commonR2));
    v128.store(imaginary, v128.mul<f32>(rate, splat<f32>(plane.decay)));
    for (let i: usize = 0; i < 16; i += 4) {
      const row = load<i32>(cells + 32 + i);
      const next = rows + (<usize>row << 2);
      const at = load<i32>(next);
      store<i32>(next, at + 1);
      store<i32>(order + i, at);
      const to = sortedPoints(job, tile) + <usize>at * bytes;
      store<usize>(to, <usize>(row * u.cells + load<i32>(cells + i)) * CELL);
      store<i32>(to, n + <i32>(i >> 2), 4);
      kernelWeights(onU, v128.load32_splat(cells + 16 + i), to + 8);
      const above = to + 8 + (<usize>onU.taps << 2);
      const local = v128.load32_splat(cells + 48 + i);
      if (isSkewed(plane)) {
        const decay = v128.load32_splat(imaginary + i);
        weightsOf(onV.polynomials, onV.taps, onV.degree, local, decay, one, zero, weights);
        copyWeights(weights, above, <usize>onV.taps << 2);
      } else kernelWeights(onV, local, above);
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
