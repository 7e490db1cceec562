/**
 * A readout of (nearly) equally spaced samples by itself, as a 1-D type-1 NUFFT of one line:
 *   s[j] = Σ_n M_n e^{−i2π(λ_n j + b_n j²) − a_n j},   j counted from the middle sample,
 * whatever the other lines are: radial spokes, and lines of moving spins, whose bend b is what
 * motion under the gradient adds. With D = ∂/∂u on a grid of G cells, on which a spin stands at
 * u = λG, its weights are exp(zD + βD²)ψ(u) = Σ_k h_k ψ⁽ᵏ⁾(u₀)/k!: z = u − u₀ − i·aG/2π is the way
 * from the nearest tabulated place and the decay, β = i·bG²/2π the bend, and h_k = z·h_{k−1} +
 * (k − 1)·2β·h_{k−2}. So a spin takes a few loads of tabulated derivatives of ψ instead of
 * polynomials of its own (240 operations with decay, 418 by complex polynomials).
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
import { addLanes, MAGIC } from './sums';

/**
 * Columns of a panel: offsets of the first cell and of the tabulated weights, three that make h_k;
 */
const CELL: usize = 0, TABLE: usize = COLUMN, SHIFT: usize = 2 * COLUMN, DECAY: usize = 3 * COLUMN;
const BEND: usize = 4 * COLUMN, PLACES: usize = 5;
/** then M·h_k, re and im of each order. */
const AMPLITUDES: usize = PLACES * COLUMN, ORDER: usize = 2 * COLUMN;

/** Tabulated places per cell. */
const FINENESS: i32 = 64;
/** 1.5·2²³: `MAGIC` for f32; `MANTISSA` masks the integer in its low mantissa bits. */
const MAGIC_SINGLE: f64 = 12582912;
const MANTISSA: i32 = 0x3fffff;

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
  const columns = other, middle = other + AMPLITUDES + <usize>axis.orders * ORDER;
  for (let i: usize = 0; i < momentBytes<M>(job); i += 8)
    store<f64>(middle + i, load<f64>(precession + i) + load<f64>(line.middle + i));
  memory.fill(tile.grid, 0, plane << 1);
  if (axis.orders == 3) spreadTile<M>(job, tile, line, axis, middle, columns, 3);
  else if (axis.orders == 4) spreadTile<M>(job, tile, line, axis, middle, columns, 4);
  else if (axis.orders == 5) spreadTile<M>(job, tile, line, axis, middle, columns, 5);
  else spreadTile<M>(job, tile, line, axis, middle, columns, 7);
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

/** Spreads all spins. `orders` is a constant where this is inlined. */
// @ts-ignore: decorator
@inline function spreadTile<M>(
  job: KernelContext, tile: Tile, line: Line, axis: LineAxis, middle: usize, columns: usize, orders: i32,
): void {
  const weights = axis.weights, taps = <usize>axis.taps << 2, grid = tile.grid;
  const plane = <usize>(axis.grid + axis.taps) << 2;
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let i = 0; i < PANEL; i += 4)
      place<M>(job, tile, line, axis, panel + i, middle, columns + (<usize>i << 2), orders);
    for (let n: usize = 0; n < <usize>PANEL; n++) {
      const at = columns + (n << 2);
      if (n + 1 < <usize>PANEL && isSame(at, PLACES)) addAmplitudes(at, orders);
      else spread(weights, taps, at, grid, plane, orders);
    }
  }
}

// @ts-ignore: decorator
@inline function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
}

/** Two f64 vectors as one of f32. */
// @ts-ignore: decorator
@inline function joined(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/**
 * Columns of the four spins at n. Cycles are computed in f64: at the middle sample, in [−½, ½], and
 * per sample, in [0, 1]. `orders` is a constant where this is inlined.
 */
// @ts-ignore: decorator
@inline function place<M>(
  job: KernelContext, tile: Tile, line: Line, axis: LineAxis, n: i32, middle: usize, to: usize, orders: i32,
): void {
  const rate = line.rate;
  let q = loadColumn<f32>(tile.x, n), low = f64x2.promote_low_f32x4(q), high = highHalf(q);
  let p = v128.load64_splat(middle), r = v128.load64_splat(rate);
  let lowP = v128.mul<f64>(p, low), highP = v128.mul<f64>(p, high);
  let lowR = v128.mul<f64>(r, low), highR = v128.mul<f64>(r, high);
  q = loadColumn<f32>(tile.y, n);
  low = f64x2.promote_low_f32x4(q);
  high = highHalf(q);
  p = v128.load64_splat(middle, 8);
  r = v128.load64_splat(rate, 8);
  lowP = madd<f64>(p, low, lowP);
  highP = madd<f64>(p, high, highP);
  lowR = madd<f64>(r, low, lowR);
  highR = madd<f64>(r, high, highR);
  q = loadColumn<f32>(tile.z, n);
  low = f64x2.promote_low_f32x4(q);
  high = highHalf(q);
  p = v128.load64_splat(middle, 16);
  r = v128.load64_splat(rate, 16);
  lowP = madd<f64>(p, low, lowP);
  highP = madd<f64>(p, high, highP);
  lowR = madd<f64>(r, low, lowR);
  highR = madd<f64>(r, high, highR);
  low = loadT<f64>(tile.offResonanceHz, n);
  high = loadT<f64>(tile.offResonanceHz, n + 2);
  p = v128.load64_splat(middle, 24);
  r = v128.load64_splat(rate, 24);
  lowP = madd<f64>(p, low, lowP);
  highP = madd<f64>(p, high, highP);
  lowR = madd<f64>(r, low, lowR);
  highR = madd<f64>(r, high, highR);
  if (isModelled<M>()) {
    for (let term: usize = 0; term < <usize>tile.phaseTerms; term++) {
      q = loadColumn<f32>(load<usize>(tile.termColumns + (term << 2)), n);
      low = f64x2.promote_low_f32x4(q);
      high = highHalf(q);
      p = v128.load64_splat(middle + (term << 3), PRECESSION_BYTES);
      r = v128.load64_splat(rate + (term << 3), PRECESSION_BYTES);
      lowP = madd<f64>(p, low, lowP);
      highP = madd<f64>(p, high, highP);
      lowR = madd<f64>(r, low, lowR);
      highR = madd<f64>(r, high, highR);
    }
  }
  lowP = v128.sub<f64>(lowP, v128.nearest<f64>(lowP));
  highP = v128.sub<f64>(highP, v128.nearest<f64>(highP));
  lowR = v128.sub<f64>(lowR, v128.floor<f64>(lowR));
  highR = v128.sub<f64>(highR, v128.floor<f64>(highR));
  const R2 = loadT<f32>(tile.R2, n), mx = loadT<f32>(tile.mx, n), my = loadT<f32>(tile.my, n);
  complexExp(joined(lowP, highP), v128.mul<f32>(splat<f32>(load<f64>(middle, 24)), R2));
  let re = madd<f32>(mx, expRe, v128.mul<f32>(my, expIm)), im = nmadd<f32>(mx, expIm, v128.mul<f32>(my, expRe));

  // Adding `MAGIC` rounds to the nearest integer, which is then in the mantissa: conversions, which
  // check their range, take several instructions.
  const grid = f64x2.splat(<f64>axis.grid), magic = f64x2.splat(MAGIC);
  const first = f64x2.splat(-0.5 * <f64>(axis.width - 1));
  const lowU = madd<f64>(lowR, grid, first), highU = madd<f64>(highR, grid, first);
  const lowCell = v128.add<f64>(lowU, magic), highCell = v128.add<f64>(highU, magic);
  const cell = v128.shuffle<i32>(lowCell, highCell, 0, 2, 4, 6);
  const behind = v128.and(v128.lt<i32>(cell, i32x4.splat(0)), i32x4.splat(axis.grid));
  // Clamped, so that a phase that is not finite stays within the grid, too.
  const within = v128.min<u32>(v128.add<i32>(cell, behind), i32x4.splat(axis.grid));
  v128.store(to + CELL, v128.shl<i32>(within, 2));
  // Position within a cell, from −½ to ½, and index of the nearest tabulated position.
  const local = joined(
    v128.sub<f64>(lowU, v128.sub<f64>(lowCell, magic)), v128.sub<f64>(highU, v128.sub<f64>(highCell, magic)),
  );
  const fineness = splat<f32>(FINENESS), start = splat<f32>(MAGIC_SINGLE + FINENESS / 2);
  const nearest = madd<f32>(local, fineness, start);
  const entry = v128.min<u32>(v128.and(nearest, i32x4.splat(MANTISSA)), i32x4.splat(FINENESS));
  v128.store(to + TABLE, v128.mul<i32>(entry, i32x4.splat((axis.taps * orders) << 2)));

  const shift = nmadd<f32>(v128.sub<f32>(nearest, start), splat<f32>(1 / <f64>FINENESS), local);
  const decay = v128.mul<f32>(v128.sub<f32>(R2, splat<f32>(line.commonR2)), splat<f32>(line.decay));
  let bend = splat<f32>(0);
  if (line.bend != 0) bend = bendOf<M>(job, tile, n, line.bend);
  v128.store(to + SHIFT, shift);
  v128.store(to + DECAY, decay);
  v128.store(to + BEND, bend);
  to += AMPLITUDES;
  v128.store(to, re);
  v128.store(to, im, COLUMN);
  let beforeRe = splat<f32>(0), beforeIm = beforeRe, bends = beforeRe;
  for (let k = 1; k < orders; k++) {
    const nextRe = nmadd<f32>(bends, beforeIm, nmadd<f32>(decay, im, v128.mul<f32>(shift, re)));
    const nextIm = madd<f32>(bends, beforeRe, madd<f32>(decay, re, v128.mul<f32>(shift, im)));
    bends = v128.add<f32>(bends, bend);
    beforeRe = re;
    beforeIm = im;
    re = nextRe;
    im = nextIm;
    to += ORDER;
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
  for (const end = at + <usize>orders * ORDER; at < end; at += COLUMN)
    store<f32>(at, load<f32>(at, 4) + load<f32>(at), 4);
}

/**
 * Adds a spin to its cells. `orders` is a constant where this is inlined, so that amplitudes stay
 * in registers.
 */
// @ts-ignore: decorator
@inline function spread(weights: usize, taps: usize, at: usize, grid: usize, plane: usize, orders: i32): void {
  let from = weights + <usize>load<i32>(at, TABLE);
  let to = grid + <usize>load<i32>(at, CELL);
  at += AMPLITUDES;
  const r0 = v128.load32_splat(at), i0 = v128.load32_splat(at, COLUMN);
  const r1 = v128.load32_splat(at, ORDER), i1 = v128.load32_splat(at, ORDER + COLUMN);
  const r2 = v128.load32_splat(at, 2 * ORDER), i2 = v128.load32_splat(at, 2 * ORDER + COLUMN);
  let r3 = r0, i3 = r0, r4 = r0, i4 = r0;
  if (orders > 3) {
    r3 = v128.load32_splat(at, 3 * ORDER);
    i3 = v128.load32_splat(at, 3 * ORDER + COLUMN);
  }
  if (orders > 4) {
    r4 = v128.load32_splat(at, 4 * ORDER);
    i4 = v128.load32_splat(at, 4 * ORDER + COLUMN);
  }
  for (const end = to + taps; to < end; to += 16) {
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
      re = madd<f32>(w, r3, re);
      im = madd<f32>(w, i3, im);
    }
    if (orders > 4) {
      w = v128.load(from, 64);
      re = madd<f32>(w, r4, re);
      im = madd<f32>(w, i4, im);
    }
    if (orders > 5) {
      // Loaded here: there are more amplitudes than registers.
      w = v128.load(from, 80);
      re = madd<f32>(w, v128.load32_splat(at, 5 * ORDER), re);
      im = madd<f32>(w, v128.load32_splat(at, 5 * ORDER + COLUMN), im);
      w = v128.load(from, 96);
      re = madd<f32>(w, v128.load32_splat(at, 6 * ORDER), re);
      im = madd<f32>(w, v128.load32_splat(at, 6 * ORDER + COLUMN), im);
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
