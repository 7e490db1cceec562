/**
 * One axis of a type-1 NUFFT. A spin's rate λ = k·r + Δf·t (turns per sample) and decay a (per
 * sample) give the complex position z = λG − i·aG/2π on a grid of G cells, and the Fourier
 * transform of the few weights ψ(z − g) around it is e^{−2πi λj − aj} for all samples j. ψ
 * (Kaiser–Bessel) is an entire function, so decay needs no grids of its own: the polynomials of ψ
 * are evaluated at a complex argument.
 */
import { Axis, PANEL } from './abi';
import { Tile } from './scratch';
import { loadColumn, loadT, madd, nmadd } from './simd';

/** Largest support of a kernel, padded to vectors. */
export const MOST_TAPS: usize = 16;

// @ts-ignore: decorator
@inline function locate2(
  tile: Tile, n: i32, rate: usize, grid: v128, reach: v128, centre: v128, cells: usize, locals: usize,
): void {
  let p = v128.mul<f64>(v128.load64_splat(rate), loadColumn<f64>(tile.x, n));
  p = madd<f64>(v128.load64_splat(rate, 8), loadColumn<f64>(tile.y, n), p);
  p = madd<f64>(v128.load64_splat(rate, 16), loadColumn<f64>(tile.z, n), p);
  p = madd<f64>(v128.load64_splat(rate, 24), loadT<f64>(tile.offResonanceHz, n), p);
  const u = v128.mul<f64>(v128.sub<f64>(p, v128.floor<f64>(p)), grid);
  const first = v128.ceil<f64>(v128.sub<f64>(u, reach));
  v128.store64_lane(cells, i32x4.trunc_sat_f64x2_s_zero(first), 0);
  const local = v128.sub<f64>(v128.sub<f64>(u, first), centre);
  v128.store64_lane(locals, f32x4.demote_f64x2_zero(local), 0);
}

/**
 * Positions of four spins on an axis: first cell (add G where it is negative: the grid is periodic)
 * and position between cells, in [−½, ½]. Computed in f64: in f32 it would be known to 1e-5 of a
 * cell on a grid of 200.
 * @param rate address of [kx, ky, kz, t] f64 per sample
 */
// @ts-ignore: decorator
@inline export function locate4(axis: Axis, tile: Tile, n: i32, rate: usize, cells: usize, locals: usize): void {
  const grid = f64x2.splat(<f64>axis.grid);
  const reach = f64x2.splat(0.5 * <f64>axis.width);
  const centre = f64x2.splat(0.5 * <f64>(axis.width - 1));
  locate2(tile, n, rate, grid, reach, centre, cells, locals);
  locate2(tile, n + 2, rate, grid, reach, centre, cells + 8, locals + 8);
}

/**
 * Writes the weights of one spin times `re + i·im` to `to`: re [MOST_TAPS], then im [MOST_TAPS].
 */
// @ts-ignore: decorator
@inline export function kernelWeights(axis: Axis, local: v128, decay: v128, re: v128, im: v128, to: usize): void {
  weightsOf(axis.polynomials, axis.taps, axis.degree, local, decay, re, im, to);
}

/** The same of a kernel given by its polynomials. */
// @ts-ignore: decorator
@inline export function weightsOf(
  polynomials: usize, taps: i32, degree: i32, local: v128, decay: v128, re: v128, im: v128, to: usize,
): void {
  let coefficient = polynomials;
  for (const end = to + (<usize>taps << 2); to < end; to += 16) {
    let wr = v128.load(coefficient);
    let wi = f32x4.splat(0);
    for (let d = degree; d > 0; d--) {
      coefficient += 16;
      const next = nmadd<f32>(wi, decay, madd<f32>(wr, local, v128.load(coefficient)));
      wi = madd<f32>(wr, decay, v128.mul<f32>(wi, local));
      wr = next;
    }
    coefficient += 16;
    v128.store(to, nmadd<f32>(wi, im, v128.mul<f32>(wr, re)));
    v128.store(to, madd<f32>(wi, re, v128.mul<f32>(wr, im)), MOST_TAPS * 4);
  }
}

/** @returns address behind the copy of such weights: [taps] re, [taps] im */
// @ts-ignore: decorator
@inline export function copyWeights(from: usize, to: usize, taps: usize): usize {
  for (let at: usize = 0; at < taps; at += 16) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at + taps, v128.load(from + at, MOST_TAPS * 4));
  }
  return to + 2 * taps;
}

/** Bytes of one column of a panel, four for each spin. */
export const COLUMN: usize = <usize>PANEL * 4;

/**
 * Whether the spin at `at` and the next one have the same first `columns` columns. This is so for
 * sub-voxel spins that differ in z alone, unless there is a gradient along z: their magnetisation
 * is added up before it is spread, which is a ninth of the work (GRE of the built-in head, 49 to
 * 154 layers: the transforms take a third of the time).
 */
// @ts-ignore: decorator
@inline export function isSame(at: usize, columns: usize): bool {
  for (let column: usize = 0; column < columns; column++)
    if (load<i32>(at + column * COLUMN) != load<i32>(at + column * COLUMN, 4)) return false;
  return true;
}

// @ts-ignore: decorator
@inline export function addVector(to: usize, from: usize): void {
  v128.store(to, v128.add<f32>(v128.load(to), v128.load(from)));
}

/**
 * Adds values spread beyond the end of every plane (re or im of a row) to its front (the grid is
 * periodic).
 */
export function fold(axis: Axis, planes: usize, end: usize, plane: usize): void {
  const seam = <usize>axis.grid << 2;
  for (; planes < end; planes += plane)
    for (let tap: usize = 0; tap < <usize>axis.taps << 2; tap += 16) addVector(planes + tap, planes + seam + tap);
}

/** Cell that holds sample j after the transform. */
// @ts-ignore: decorator
@inline export function cellOf(axis: Axis, j: i32): i32 {
  const k = j - (axis.samples >> 1);
  return k < 0 ? k + axis.grid : k;
}
