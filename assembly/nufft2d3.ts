/**
 * Readouts along any path in a plane of k-space as a 2-D type-3 NUFFT:
 *   s[j] = Σ_n M_n e^{−i2π k_j·r_n} e^{−(R2_n + i2πΔf_n)τ_j},
 * M the magnetisation at the path's first sample time and at the middle of its k. Phase and decay
 * are interpolated in time between a few nodes τ_l (Chebyshev), four at a time: for each, spins
 * are spread on a grid (`nufft-plane.ts`), the grid is transformed, and samples are interpolated
 * from the transform. A spin costs (cells × time nodes) products, independent of the number of
 * samples. In a skewed plane most of t is part of a spin's place, and a few nodes suffice.
 */
import {
  Nufft2d3, Nufft2d3Sample, KernelContext, Kernel, LINES_BESIDE, Precession, recordAt, NufftPlane, PlaneAxis,
} from './abi';
import { transformColumns } from './fourier';
import { expRe, expIm, evolve } from './readout';
import { Tile } from './scratch';
import {
  CELL, isSkewed, nodeFactorsOf, placeBytes, setPoints, sortedPoints, spreadingOf, kernelWeights,
} from './nufft-plane';
import { loadT, madd, nmadd } from './simd';
import { addFixed, allFinite } from './sums';

/** Sums all samples of curve `index`, in every coil. @returns false if a sample is not finite */
export function sumNufft2d3(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const curve = recordAt<Nufft2d3>(job.nufft2d3s, index);
  const plane = changetype<NufftPlane>(curve.plane);
  const u = changetype<PlaneAxis>(plane.u);
  const v = changetype<PlaneAxis>(plane.v);
  setPoints(plane, job, tile);
  let finite = true;
  for (let channel = 0; channel < job.channels; channel++) {
    turnSpins(curve, tile);
    if (job.coils != 0) weighSpins(job, tile, channel);
    for (let group = 0; group < plane.nodes >> 2; group++) {
      spreadSpins(plane, u, v, job, tile, group);
      const transformed = transform(u, v, job, tile);
      finite = addSamples(curve, plane, u, v, job, tile, transformed, group, sums) && finite;
    }
    sums += <usize>job.sampleCount << 4;
  }
  return finite;
}

/** Multiplies the magnetisation of all spins by the sensitivity of one coil. */
function weighSpins(job: KernelContext, tile: Tile, coil: i32): void {
  const column = <usize>job.capacity << 2;
  let re = tile.coils + 2 * <usize>coil * column;
  for (let at = tile.plane, end = at + (<usize>tile.count << 3); at < end; at += 8, re += 4) {
    const x = load<f32>(re), y = load<f32>(re + column), mx = load<f32>(at), my = load<f32>(at, 4);
    store<f32>(at, x * mx - y * my);
    store<f32>(at, x * my + y * mx, 4);
  }
}

/** Computes the magnetisation of all spins at the time when they are spread. */
function turnSpins(curve: Nufft2d3, tile: Tile): void {
  const precession = changetype<Precession>(curve.precession);
  const kx = precession.kx, ky = precession.ky;
  const kz = precession.kz, t = precession.t;
  for (let n = 0; n < tile.count; n += 4) {
    evolve(tile, n, kx, ky, kz, t);
    const x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    const re = madd<f32>(x, expRe, v128.mul<f32>(y, expIm)), im = nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe));
    const to = tile.plane + (<usize>n << 3);
    v128.store(to, v128.shuffle<i32>(re, im, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<i32>(re, im, 2, 6, 3, 7), 16);
  }
}

/** Spreads all spins on [v cells][u cells][re, im of four time nodes], at `tile.grid`. */
function spreadSpins(
  plane: NufftPlane, u: PlaneAxis, v: PlaneAxis, job: KernelContext, tile: Tile, group: i32,
): void {
  const bytes = placeBytes(plane);
  const row = <usize>u.cells * CELL;
  const onU = spreadingOf(u), onV = spreadingOf(v);
  const across: usize = <usize>onU.width << 2, down: usize = <usize>onV.width << 2;
  /** From the real part of a weight on v to its imaginary one; 0: it has none. */
  const imaginary: usize = isSkewed(plane) ? <usize>onV.taps << 2 : 0;
  memory.fill(tile.grid, 0, <usize>v.cells * row);
  let place = sortedPoints(job, tile);
  let factors = nodeFactorsOf(job, tile, bytes, group);
  for (const end = place + <usize>tile.count * bytes; place < end; place += bytes) {
    const spin = tile.plane + (<usize>load<i32>(place, 4) << 3);
    const mx = v128.load32_splat(spin), my = v128.load32_splat(spin, 4);
    const cx = v128.load(factors), cy = v128.load(factors, 16);
    const re = nmadd<f32>(my, cy, v128.mul<f32>(mx, cx));
    const im = madd<f32>(my, cx, v128.mul<f32>(mx, cy));
    const corner = tile.grid + load<usize>(place), left = place + 8, above = left + (<usize>onU.taps << 2);
    if (onU.taps == 8) spreadEight(corner, row, left, above, above + down, imaginary, re, im);
    else spreadAny(corner, row, left, left + across, above, above + down, imaginary, re, im);
    factors += CELL;
  }
}

/**
 * Spreads a spin on rows of cells, with its weights along a row from `left` to `right` and across
 * rows from `above` to `below`, whose imaginary parts are `imaginary` bytes further, if any.
 */
// @ts-ignore: decorator
@inline function spreadAny(
  line: usize, row: usize, left: usize, right: usize, above: usize, below: usize, imaginary: usize, re: v128,
  im: v128,
): void {
  for (; above < below; above += 4) {
    const w = v128.load32_splat(above);
    let lineRe = v128.mul<f32>(w, re), lineIm = v128.mul<f32>(w, im);
    if (imaginary != 0) {
      const wi = v128.load32_splat(above + imaginary);
      lineRe = nmadd<f32>(wi, im, lineRe);
      lineIm = madd<f32>(wi, re, lineIm);
    }
    let to = line;
    for (let from = left; from < right; from += 4) {
      const part = v128.load32_splat(from);
      v128.store(to, madd<f32>(part, lineRe, v128.load(to)));
      v128.store(to, madd<f32>(part, lineIm, v128.load(to, 16)), 16);
      to += CELL;
    }
    line += row;
  }
}

/**
 * The same for five to eight weights along a row, which stay in registers (1.6 times the speed).
 * Weights past the last are zero.
 */
// @ts-ignore: decorator
@inline function spreadEight(
  line: usize, row: usize, left: usize, above: usize, below: usize, imaginary: usize, re: v128, im: v128,
): void {
  const w0 = v128.load32_splat(left), w1 = v128.load32_splat(left, 4), w2 = v128.load32_splat(left, 8);
  const w3 = v128.load32_splat(left, 12);
  const w4 = v128.load32_splat(left, 16), w5 = v128.load32_splat(left, 20), w6 = v128.load32_splat(left, 24);
  const w7 = v128.load32_splat(left, 28);
  for (; above < below; above += 4) {
    const w = v128.load32_splat(above);
    let lineRe = v128.mul<f32>(w, re), lineIm = v128.mul<f32>(w, im);
    if (imaginary != 0) {
      const wi = v128.load32_splat(above + imaginary);
      lineRe = nmadd<f32>(wi, im, lineRe);
      lineIm = madd<f32>(wi, re, lineIm);
    }
    v128.store(line, madd<f32>(w0, lineRe, v128.load(line)));
    v128.store(line, madd<f32>(w0, lineIm, v128.load(line, 16)), 16);
    v128.store(line, madd<f32>(w1, lineRe, v128.load(line, 32)), 32);
    v128.store(line, madd<f32>(w1, lineIm, v128.load(line, 48)), 48);
    v128.store(line, madd<f32>(w2, lineRe, v128.load(line, 64)), 64);
    v128.store(line, madd<f32>(w2, lineIm, v128.load(line, 80)), 80);
    v128.store(line, madd<f32>(w3, lineRe, v128.load(line, 96)), 96);
    v128.store(line, madd<f32>(w3, lineIm, v128.load(line, 112)), 112);
    v128.store(line, madd<f32>(w4, lineRe, v128.load(line, 128)), 128);
    v128.store(line, madd<f32>(w4, lineIm, v128.load(line, 144)), 144);
    v128.store(line, madd<f32>(w5, lineRe, v128.load(line, 160)), 160);
    v128.store(line, madd<f32>(w5, lineIm, v128.load(line, 176)), 176);
    v128.store(line, madd<f32>(w6, lineRe, v128.load(line, 192)), 192);
    v128.store(line, madd<f32>(w6, lineIm, v128.load(line, 208)), 208);
    v128.store(line, madd<f32>(w7, lineRe, v128.load(line, 224)), 224);
    v128.store(line, madd<f32>(w7, lineIm, v128.load(line, 240)), 240);
    line += row;
  }
}

/** Bytes of the real or imaginary parts of cells that are transformed side by side. */
const RE_IM: usize = 16 * LINES_BESIDE;

/** Bytes of a row of cells that are transformed side by side. */
const WORK_ROW: usize = 2 * RE_IM;

/**
 * Transforms lines of cells along an axis: `lines` of them, `line` bytes apart, cells `cell` bytes
 * apart; from `from` to `to`, which receives the points that samples need, without gaps.
 * @param work room for `axis.grid` rows; another room of this size is at `more`
 */
function transformLines(
  axis: PlaneAxis, lines: i32, from: usize, line: usize, cell: usize, to: usize, toLine: usize, toCell: usize,
  work: usize, more: usize,
): void {
  const before = axis.grid - axis.middle;
  memory.fill(work, 0, <usize>axis.grid * WORK_ROW);
  for (let l = 0; l < lines; l += LINES_BESIDE) {
    const beside = min(LINES_BESIDE, lines - l);
    const gap = axis.cells - axis.middle;
    memory.fill(work + <usize>gap * WORK_ROW, 0, <usize>(before - gap) * WORK_ROW);
    for (let i = 0; i < axis.cells; i++) {
      const factor = v128.load32_splat(axis.corrections + (<usize>i << 2));
      const g = i - axis.middle;
      let out = work + <usize>(g < 0 ? g + axis.grid : g) * WORK_ROW;
      let at = from + <usize>i * cell;
      for (const end = out + (<usize>beside << 4); out < end; out += 16) {
        v128.store(out, v128.mul<f32>(factor, v128.load(at)));
        v128.store(out, v128.mul<f32>(factor, v128.load(at, 16)), RE_IM);
        at += line;
      }
    }
    const done = transformColumns(axis.stages, axis.stageCount, work, more, 4 * LINES_BESIDE, WORK_ROW, RE_IM);
    for (let p = 0; p < axis.count; p++) {
      const m = p + axis.first;
      let at = done + <usize>(m < 0 ? m + axis.grid : m) * WORK_ROW;
      let out = to + <usize>p * toCell;
      for (const end = at + (<usize>beside << 4); at < end; at += 16) {
        v128.store(out, v128.load(at));
        v128.store(out, v128.load(at, RE_IM), 16);
        out += toLine;
      }
    }
    from += <usize>LINES_BESIDE * line;
    to += <usize>LINES_BESIDE * toLine;
  }
}

/**
 * Transforms the grid both ways.
 * @returns address of [v points][u points][re, im of four time nodes]
 */
function transform(u: PlaneAxis, v: PlaneAxis, job: KernelContext, tile: Tile): usize {
  const other = tile.grid + job.gridBytes;
  const room = <usize>max(u.grid, v.grid) * WORK_ROW;
  const work = other - room, more = other + job.gridBytes - room;
  const row = <usize>u.cells * CELL;
  transformLines(v, u.cells, tile.grid, CELL, row, other, CELL, row, work, more);
  transformLines(u, v.count, other, row, CELL, tile.grid, <usize>u.count * CELL, CELL, work, more);
  return tile.grid;
}

function addSamples(
  curve: Nufft2d3, plane: NufftPlane, u: PlaneAxis, v: PlaneAxis, job: KernelContext, tile: Tile, from: usize,
  group: i32, sums: usize,
): bool {
  const row = <usize>u.count * CELL;
  const onU = changetype<Kernel>(u.interpolation), onV = changetype<Kernel>(v.interpolation);
  const left = tile.spread, right = left + (<usize>onU.width << 2);
  const above = left + (<usize>onU.taps << 2), below = above + (<usize>onV.width << 2);
  let answers = f64x2.splat(0);
  let point = curve.points;
  for (let j = 0; j < curve.samples; j++, point += offsetof<Nufft2d3Sample>()) {
    kernelWeights(onU, v128.load32_splat(point, offsetof<Nufft2d3Sample>('betweenU')), left);
    kernelWeights(onV, v128.load32_splat(point, offsetof<Nufft2d3Sample>('betweenV')), above);
    const first = changetype<Nufft2d3Sample>(point);
    let line = from + (<usize>first.v * <usize>u.count + <usize>first.u) * CELL;
    let re = f32x4.splat(0), im = re;
    for (let weight = above; weight < below; weight += 4) {
      let lineRe = f32x4.splat(0), lineIm = lineRe;
      let at = line;
      for (let across = left; across < right; across += 4) {
        const w = v128.load32_splat(across);
        lineRe = madd<f32>(w, v128.load(at), lineRe);
        lineIm = madd<f32>(w, v128.load(at, 16), lineIm);
        at += CELL;
      }
      const w = v128.load32_splat(weight);
      re = madd<f32>(w, lineRe, re);
      im = madd<f32>(w, lineIm, im);
      line += row;
    }
    const parts = partsAt(plane, group, v128.load32_splat(point, offsetof<Nufft2d3Sample>('time')));
    const c = v128.load32_splat(point, offsetof<Nufft2d3Sample>('cos'));
    const s = v128.load32_splat(point, offsetof<Nufft2d3Sample>('sin'));
    const x = v128.mul<f32>(parts, re), y = v128.mul<f32>(parts, im);
    const sample = fold(madd<f32>(y, s, v128.mul<f32>(x, c)), nmadd<f32>(x, s, v128.mul<f32>(y, c)));
    answers = v128.add<f64>(
      answers, addFixed(job, sums + (<usize>load<i32>(curve.targets + (<usize>j << 2)) << 4), sample),
    );
  }
  return allFinite(answers);
}

/** Lagrange weights of four time nodes. */
// @ts-ignore: decorator
@inline function partsAt(plane: NufftPlane, group: i32, time: v128): v128 {
  let at = plane.parts + <usize>(group * plane.nodes) * 32;
  let parts = f32x4.splat(1);
  for (const end = at + <usize>plane.nodes * 32; at < end; at += 32)
    parts = v128.mul<f32>(parts, madd<f32>(v128.load(at), time, v128.load(at, 16)));
  return parts;
}

/** Adds up the lanes of two vectors. */
// @ts-ignore: decorator
@inline function fold(a: v128, b: v128): v128 {
  const low = v128.shuffle<i32>(a, b, 0, 1, 4, 5), high = v128.shuffle<i32>(a, b, 2, 3, 6, 7);
  const pairs = v128.add<f32>(low, high);
  return f64x2.promote_low_f32x4(
    v128.add<f32>(v128.shuffle<i32>(pairs, pairs, 0, 2, 0, 2), v128.shuffle<i32>(pairs, pairs, 1, 3, 1, 3)),
  );
}
