/**
 * A readout of (nearly) equally spaced samples by itself, as a 1-D type-1 NUFFT of one line:
 *   s[j] = Σ_n M_n e^{−i2π(λ_n j + b_n j²) − a_n j},   j counted from the middle sample,
 * whatever the other lines are: radial spokes, and lines of moving spins, whose bend b is what
 * motion under the gradient adds. With D = ∂/∂u on a grid of G cells, on which a spin stands at
 * u = λG, its weights are exp(zD + βD²)ψ(u) = Σ_k h_k ψ⁽ᵏ⁾(u₀): z = u − u₀ − i·aG/2π is the way
 * from the nearest tabulated place and the decay, β = i·bG²/2π the bend, and k·h_k = z·h_{k−1} +
 * 2β·h_{k−2}. So a spin takes a few loads of tabulated derivatives of ψ instead of polynomials of
 * its own (240 operations with decay, 418 by complex polynomials).
 *
 * The grid is transformed as four interleaved columns, which a vector holds side by side; a sample
 * joins the four with its twiddle factors, and one over the transform of ψ in them.
 */
import { KernelContext, Line, LineAxis, LineRun, PANEL, Precession, recordAt } from './abi';
import { transformColumns } from './fourier';
import { precessionAt } from './model';
import { PRECESSION_BYTES } from './precession';
import { complexExp, expIm, expRe } from './readout';
import { CHUNK, isModelled, Tile } from './scratch';
import { loadColumn, loadT, madd, nmadd, splat } from './simd';
import { addVector, COLUMN, isSame } from './spreading';
import { addLanes } from './sums';

/**
 * Columns of a panel: offsets of the first cell and of the tabulated weights, three that make h_k;
 */
const CELL: usize = 0, TABLE: usize = COLUMN, SHIFT: usize = 2 * COLUMN, DECAY: usize = 3 * COLUMN;
const BEND: usize = 4 * COLUMN, PLACES: usize = 5;
/** then M·h_k, re and im of each order. */
const AMPLITUDES: usize = PLACES * COLUMN;

/** Tabulated places per cell. */
const FINENESS: f64 = 128;

/** @returns false if a sample is not finite */
export function sumLine<M>(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const run = recordAt<LineRun>(job.lineRuns, index);
  let line = changetype<Line>(load<usize>(job.lines + (<usize>run.trajectory << 2)));
  const precession = isModelled<M>()
    ? precessionAt(job, run.precession)
    : changetype<usize>(recordAt<Precession>(job.precessions, run.precession));
  let to = sums + (<usize>run.firstSample << 4);
  let finite = sumPart<M>(job, tile, line, precession, to);
  while (line.isLast == 0) {
    to += <usize>changetype<LineAxis>(line.axis).samples << 4;
    line = changetype<Line>(changetype<usize>(line) + offsetof<Line>());
    finite = sumPart<M>(job, tile, line, precession, to) && finite;
  }
  return finite;
}

function sumPart<M>(job: KernelContext, tile: Tile, line: Line, precession: usize, sums: usize): bool {
  const axis = changetype<LineAxis>(line.axis);
  const other = tile.grid + job.gridBytes;
  const plane = <usize>(axis.grid + axis.taps) << 2;
  // The other grid is free until the transform.
  const columns = other, middle = other + AMPLITUDES + (<usize>axis.orders << 1) * COLUMN;
  for (let i: usize = 0; i < momentBytes<M>(job); i += 8)
    store<f64>(middle + i, load<f64>(precession + i) + load<f64>(line.middle + i));
  memory.fill(tile.grid, 0, plane << 1);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let i = 0; i < PANEL; i += 4) place<M>(job, tile, line, axis, panel + i, middle, columns + (<usize>i << 2));
    for (let n: usize = 0; n < <usize>PANEL; n++) {
      const at = columns + (n << 2);
      if (n + 1 < <usize>PANEL && isSame(at, PLACES)) addAmplitudes(at, axis.orders);
      else if (axis.orders == 3) spread(axis, at, tile.grid, plane, 3);
      else if (axis.orders == 4) spread(axis, at, tile.grid, plane, 4);
      else if (axis.orders == 5) spread(axis, at, tile.grid, plane, 5);
      else spread(axis, at, tile.grid, plane, 7);
    }
  }
  const seam = <usize>axis.grid << 2;
  for (let at = tile.grid; at < tile.grid + (<usize>axis.taps << 2); at += 16) {
    addVector(at, at + seam);
    addVector(at + plane, at + plane + seam);
  }
  const done = transformColumns(axis.stages, axis.stageCount, tile.grid, other, 4, 16, plane);
  return addSamples(job, tile, axis, done, plane, sums);
}

/** Bytes of a precession and its phase terms. */
// @ts-ignore: decorator
@inline function momentBytes<M>(job: KernelContext): usize {
  return PRECESSION_BYTES + (isModelled<M>() ? <usize>job.phaseTerms << 3 : 0);
}

/** Results of `cyclesOfTwo`: cycles at the middle sample, in [−½, ½], and per sample, in [0, 1]. */
let atMiddle: v128 = f64x2.splat(0);
let perSample: v128 = f64x2.splat(0);

/** Both of two spins, whose columns are loaded once. */
// @ts-ignore: decorator
@inline function cyclesOfTwo<M>(tile: Tile, n: i32, middle: usize, rate: usize): void {
  let q = loadColumn<f64>(tile.x, n);
  let p = v128.mul<f64>(v128.load64_splat(middle), q), r = v128.mul<f64>(v128.load64_splat(rate), q);
  q = loadColumn<f64>(tile.y, n);
  p = madd<f64>(v128.load64_splat(middle, 8), q, p);
  r = madd<f64>(v128.load64_splat(rate, 8), q, r);
  q = loadColumn<f64>(tile.z, n);
  p = madd<f64>(v128.load64_splat(middle, 16), q, p);
  r = madd<f64>(v128.load64_splat(rate, 16), q, r);
  q = loadT<f64>(tile.offResonanceHz, n);
  p = madd<f64>(v128.load64_splat(middle, 24), q, p);
  r = madd<f64>(v128.load64_splat(rate, 24), q, r);
  if (isModelled<M>()) {
    for (let term: usize = 0; term < <usize>tile.phaseTerms; term++) {
      q = loadColumn<f64>(load<usize>(tile.termColumns + (term << 2)), n);
      p = madd<f64>(v128.load64_splat(middle + (term << 3), PRECESSION_BYTES), q, p);
      r = madd<f64>(v128.load64_splat(rate + (term << 3), PRECESSION_BYTES), q, r);
    }
  }
  atMiddle = v128.sub<f64>(p, v128.nearest<f64>(p));
  perSample = v128.sub<f64>(r, v128.floor<f64>(r));
}

/** Columns of the four spins at n. */
// @ts-ignore: decorator
@inline function place<M>(
  job: KernelContext, tile: Tile, line: Line, axis: LineAxis, n: i32, middle: usize, to: usize,
): void {
  cyclesOfTwo<M>(tile, n, middle, line.rate);
  const lowTurns = f32x4.demote_f64x2_zero(atMiddle), low = perSample;
  cyclesOfTwo<M>(tile, n + 2, middle, line.rate);
  const p = v128.shuffle<i64>(lowTurns, f32x4.demote_f64x2_zero(atMiddle), 0, 2), high = perSample;
  const R2 = loadT<f32>(tile.R2, n), mx = loadT<f32>(tile.mx, n), my = loadT<f32>(tile.my, n);
  complexExp(p, v128.mul<f32>(splat<f32>(load<f64>(middle, 24)), R2));
  let re = madd<f32>(mx, expRe, v128.mul<f32>(my, expIm)), im = nmadd<f32>(mx, expIm, v128.mul<f32>(my, expRe));

  const grid = f64x2.splat(<f64>axis.grid), reach = f64x2.splat(0.5 * <f64>axis.width);
  const lowU = v128.mul<f64>(low, grid), highU = v128.mul<f64>(high, grid);
  const lowCell = v128.ceil<f64>(v128.sub<f64>(lowU, reach)), highCell = v128.ceil<f64>(v128.sub<f64>(highU, reach));
  const cell = v128.shuffle<i64>(
    i32x4.trunc_sat_f64x2_s_zero(lowCell), i32x4.trunc_sat_f64x2_s_zero(highCell), 0, 2,
  );
  const behind = v128.and(v128.lt<i32>(cell, i32x4.splat(0)), i32x4.splat(axis.grid));
  v128.store(to + CELL, v128.shl<i32>(v128.add<i32>(cell, behind), 2));
  // From 0 to 1 within a cell.
  const start = f64x2.splat(0.5 * <f64>axis.width - 1);
  const local = v128.shuffle<i64>(
    f32x4.demote_f64x2_zero(v128.sub<f64>(v128.sub<f64>(lowU, lowCell), start)),
    f32x4.demote_f64x2_zero(v128.sub<f64>(v128.sub<f64>(highU, highCell), start)), 0, 2,
  );
  const nearest = v128.nearest<f32>(v128.mul<f32>(local, splat<f32>(FINENESS)));
  const entry = i32x4.trunc_sat_f32x4_s(nearest);
  v128.store(to + TABLE, v128.mul<i32>(entry, i32x4.splat((axis.taps * axis.orders) << 2)));

  const shift = nmadd<f32>(nearest, splat<f32>(1 / FINENESS), local);
  const decay = v128.mul<f32>(v128.sub<f32>(R2, splat<f32>(line.commonR2)), splat<f32>(line.decay));
  let bend = splat<f32>(0);
  if (line.bend != 0) bend = bendOf<M>(job, tile, n, line.bend);
  v128.store(to + SHIFT, shift);
  v128.store(to + DECAY, decay);
  v128.store(to + BEND, bend);
  to += AMPLITUDES;
  v128.store(to, re);
  v128.store(to, im, COLUMN);
  let beforeRe = splat<f32>(0), beforeIm = beforeRe;
  for (let k = 1; k < axis.orders; k++) {
    to += 2 * COLUMN;
    const share = splat<f32>(1 / <f64>k);
    const nextRe = nmadd<f32>(bend, beforeIm, nmadd<f32>(decay, im, v128.mul<f32>(shift, re)));
    const nextIm = madd<f32>(bend, beforeRe, madd<f32>(decay, re, v128.mul<f32>(shift, im)));
    beforeRe = re;
    beforeIm = im;
    re = v128.mul<f32>(nextRe, share);
    im = v128.mul<f32>(nextIm, share);
    v128.store(to, re);
    v128.store(to, im, COLUMN);
  }
}

/** 2β/i of four spins. @param weights [x, y, z, unused, terms] f64 */
// @ts-ignore: decorator
@inline function bendOf<M>(job: KernelContext, tile: Tile, n: i32, weights: usize): v128 {
  let sum = v128.mul<f32>(splat<f32>(load<f64>(weights)), loadColumn<f32>(tile.x, n));
  sum = madd<f32>(splat<f32>(load<f64>(weights, 8)), loadColumn<f32>(tile.y, n), sum);
  sum = madd<f32>(splat<f32>(load<f64>(weights, 16)), loadColumn<f32>(tile.z, n), sum);
  if (!isModelled<M>()) return sum;
  for (let term: usize = 0; term < <usize>job.phaseTerms; term++) {
    const q = loadColumn<f32>(load<usize>(tile.termColumns + (term << 2)), n);
    sum = madd<f32>(splat<f32>(load<f64>(weights + (term << 3), PRECESSION_BYTES)), q, sum);
  }
  return sum;
}

/** Adds the amplitudes of one spin to those of the next, which is at the same position. */
function addAmplitudes(at: usize, orders: i32): void {
  at += AMPLITUDES;
  for (const end = at + (<usize>orders << 1) * COLUMN; at < end; at += COLUMN)
    store<f32>(at, load<f32>(at, 4) + load<f32>(at), 4);
}

/** Adds a spin to its cells. `orders` is a constant where this is inlined. */
// @ts-ignore: decorator
@inline function spread(axis: LineAxis, at: usize, grid: usize, plane: usize, orders: i32): void {
  let from = axis.weights + <usize>load<i32>(at, TABLE);
  let to = grid + <usize>load<i32>(at, CELL);
  at += AMPLITUDES;
  const r0 = v128.load32_splat(at), i0 = v128.load32_splat(at, COLUMN);
  const r1 = v128.load32_splat(at, 2 * COLUMN), i1 = v128.load32_splat(at, 3 * COLUMN);
  const r2 = v128.load32_splat(at, 4 * COLUMN), i2 = v128.load32_splat(at, 5 * COLUMN);
  for (const end = to + (<usize>axis.taps << 2); to < end; to += 16) {
    let w = v128.load(from);
    let re = madd<f32>(w, r0, v128.load(to)), im = madd<f32>(w, i0, v128.load(to + plane));
    w = v128.load(from, 16);
    re = madd<f32>(w, r1, re);
    im = madd<f32>(w, i1, im);
    w = v128.load(from, 32);
    re = madd<f32>(w, r2, re);
    im = madd<f32>(w, i2, im);
    if (orders > 3) {
      w = v128.load(from, 48);
      re = madd<f32>(w, v128.load32_splat(at, 6 * COLUMN), re);
      im = madd<f32>(w, v128.load32_splat(at, 7 * COLUMN), im);
    }
    if (orders > 4) {
      w = v128.load(from, 64);
      re = madd<f32>(w, v128.load32_splat(at, 8 * COLUMN), re);
      im = madd<f32>(w, v128.load32_splat(at, 9 * COLUMN), im);
    }
    if (orders > 5) {
      w = v128.load(from, 80);
      re = madd<f32>(w, v128.load32_splat(at, 10 * COLUMN), re);
      im = madd<f32>(w, v128.load32_splat(at, 11 * COLUMN), im);
      w = v128.load(from, 96);
      re = madd<f32>(w, v128.load32_splat(at, 12 * COLUMN), re);
      im = madd<f32>(w, v128.load32_splat(at, 13 * COLUMN), im);
    }
    v128.store(to, re);
    v128.store(to + plane, im);
    from += <usize>orders << 4;
  }
}

/** Joins the four columns of the transform to samples. */
function addSamples(job: KernelContext, tile: Tile, axis: LineAxis, done: usize, plane: usize, sums: usize): bool {
  const rows = axis.grid >> 2, samples = axis.samples;
  let row = -(samples >> 1) % rows;
  if (row < 0) row += rows;
  let factor = axis.factors, finite = true;
  for (let start = 0; start < samples; start += CHUNK) {
    const count = min(CHUNK, samples - start);
    for (let at = tile.partialSums; at < tile.partialSums + (<usize>count << 5); at += 32) {
      const from = done + (<usize>row << 4);
      const re = v128.load(from), im = v128.load(from + plane);
      const c = v128.load(factor), s = v128.load(factor, 16);
      v128.store(at, nmadd<f32>(im, s, v128.mul<f32>(re, c)));
      v128.store(at, madd<f32>(im, c, v128.mul<f32>(re, s)), 16);
      factor += 32;
      if (++row == rows) row = 0;
    }
    finite = addLanes<f32>(job, tile.partialSums, sums + (<usize>start << 4), count) && finite;
  }
  return finite;
}
