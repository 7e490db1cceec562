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
import { sumPartInCoils } from './line-coils';
import { precessionAt } from './model';
import { PRECESSION_BYTES } from './precession';
import { evolve, evolveModel, expIm, expRe } from './readout';
import { CHUNK, isModelled, Tile } from './scratch';
import { loadColumn, loadT, madd, nmadd, splat } from './simd';
import { addVector, COLUMN, isSame } from './spreading';
import { addLanes, MAGIC } from './sums';

/**
 * Columns of a panel: offsets of the first cell and of the tabulated weights, three that make h_k;
 */
export const CELL: usize = 0, TABLE: usize = COLUMN;
const SHIFT: usize = 2 * COLUMN, DECAY: usize = 3 * COLUMN;
const BEND: usize = 4 * COLUMN, PLACES: usize = 5;
/** then M·h_k, re and im of each order. */
export const AMPLITUDES: usize = PLACES * COLUMN, ORDER: usize = 2 * COLUMN;

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
  if (isModelled<M>() && job.coils != 0) return sumPartInCoils(job, tile, line, precession, sums);
  const axis = changetype<LineAxis>(line.axis);
  const other = tile.grid + job.gridBytes;
  const plane = planeBytes(axis);
  // The other grid is free until the transform.
  const columns = other, middle = other + AMPLITUDES + <usize>axis.orders * ORDER;
  for (let i: usize = 0; i < momentBytes<M>(job); i += 8)
    store<f64>(middle + i, load<f64>(precession + i) + load<f64>(line.middle + i));
  memory.fill(tile.grid, 0, plane << 1);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    beginAtMiddle<M>(tile, panel, middle, columns);
    place<M>(job, tile, line, axis, panel, columns);
    if (axis.orders == 3) spreadPanel3(axis, columns, tile.grid);
    else if (axis.orders == 4) spreadPanel4(axis, columns, tile.grid);
    else if (axis.orders == 5) spreadPanel5(axis, columns, tile.grid);
    else spreadPanel7(axis, columns, tile.grid);
  }
  const seam = <usize>axis.grid << 2;
  for (let at = tile.grid; at < tile.grid + (<usize>axis.taps << 2); at += 16) {
    addVector(at, at + seam);
    addVector(at + plane, at + plane + seam);
  }
  const done = transformColumns(axis.stages, axis.stageCount, tile.grid, other, 4, 16, plane);
  return addSamples(job, tile, axis, done, plane, sums);
}

/** Bytes of all real or all imaginary parts of a grid. */
// @ts-ignore: decorator
@inline export function planeBytes(axis: LineAxis): usize {
  return <usize>(axis.grid + axis.taps) << 2;
}

/** Bytes of a precession and its phase terms. */
// @ts-ignore: decorator
@inline export function momentBytes<M>(job: KernelContext): usize {
  return PRECESSION_BYTES + (isModelled<M>() ? <usize>job.phaseTerms << 3 : 0);
}

/**
 * Spreads a panel. Each number of orders has a function of its own, in which it is a constant, so
 * that amplitudes stay in registers and taps take no branches: within one function the compiler
 * merges the numbers to a variable, which makes a line take 1.17 to 1.3 times as long.
 */
function spreadPanel3(axis: LineAxis, columns: usize, grid: usize): void {
  spreadPanel(axis, columns, grid, 3);
}
function spreadPanel4(axis: LineAxis, columns: usize, grid: usize): void {
  spreadPanel(axis, columns, grid, 4);
}
function spreadPanel5(axis: LineAxis, columns: usize, grid: usize): void {
  spreadPanel(axis, columns, grid, 5);
}
function spreadPanel7(axis: LineAxis, columns: usize, grid: usize): void {
  spreadPanel(axis, columns, grid, 7);
}

// @ts-ignore: decorator
@inline function spreadPanel(axis: LineAxis, columns: usize, grid: usize, orders: i32): void {
  const weights = axis.weights, taps = <usize>axis.taps << 2, plane = planeBytes(axis);
  for (let at = columns; at < columns + COLUMN; at += 16) weigh(at, orders);
  const last = columns + COLUMN - 4;
  let entry = load<i32>(columns, TABLE);
  for (let at = columns; at <= last; at += 4) {
    const next = at < last ? load<i32>(at, TABLE + 4) : -1;
    if (entry == next && isSame(at, PLACES)) addAmplitudes(at, orders);
    else spread(weights + <usize>entry, taps, at, grid + <usize>load<i32>(at, CELL), plane, orders);
    entry = next;
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

/** Magnetisation of a panel at the middle sample: amplitudes of order 0. */
export function beginAtMiddle<M>(tile: Tile, panel: i32, middle: usize, columns: usize): void {
  const kx = load<f64>(middle), ky = load<f64>(middle, 8), kz = load<f64>(middle, 16), t = load<f64>(middle, 24);
  let to = columns + AMPLITUDES;
  for (let n = panel; n < panel + PANEL; n += 4) {
    if (isModelled<M>()) evolveModel(tile, n, middle);
    else evolve(tile, n, kx, ky, kz, t);
    const c = expRe, s = expIm, mx = loadT<f32>(tile.mx, n), my = loadT<f32>(tile.my, n);
    v128.store(to, madd<f32>(mx, c, v128.mul<f32>(my, s)));
    v128.store(to, nmadd<f32>(mx, s, v128.mul<f32>(my, c)), COLUMN);
    to += 16;
  }
}

/** Positions of a panel on the grid: its first columns. Cycles per sample are computed in f64. */
export function place<M>(job: KernelContext, tile: Tile, line: Line, axis: LineAxis, panel: i32, columns: usize): void {
  const rate = line.rate;
  const grid = f64x2.splat(<f64>axis.grid), first = f64x2.splat(-0.5 * <f64>(axis.width - 1));
  const cells = i32x4.splat(axis.grid), stride = i32x4.splat((axis.taps * axis.orders) << 2);
  const perSecond = splat<f32>(line.decay), common = splat<f32>(line.commonR2);
  let to = columns;
  for (let n = panel; n < panel + PANEL; n += 4) {
    let q = loadColumn<f32>(tile.x, n), k = v128.load64_splat(rate);
    let low = v128.mul<f64>(k, f64x2.promote_low_f32x4(q)), high = v128.mul<f64>(k, highHalf(q));
    q = loadColumn<f32>(tile.y, n);
    k = v128.load64_splat(rate, 8);
    low = madd<f64>(k, f64x2.promote_low_f32x4(q), low);
    high = madd<f64>(k, highHalf(q), high);
    q = loadColumn<f32>(tile.z, n);
    k = v128.load64_splat(rate, 16);
    low = madd<f64>(k, f64x2.promote_low_f32x4(q), low);
    high = madd<f64>(k, highHalf(q), high);
    k = v128.load64_splat(rate, 24);
    low = madd<f64>(k, loadT<f64>(tile.offResonanceHz, n), low);
    high = madd<f64>(k, loadT<f64>(tile.offResonanceHz, n + 2), high);
    if (isModelled<M>()) {
      for (let term: usize = 0; term < <usize>tile.phaseTerms; term++) {
        q = loadColumn<f32>(load<usize>(tile.termColumns + (term << 2)), n);
        k = v128.load64_splat(rate + (term << 3), PRECESSION_BYTES);
        low = madd<f64>(k, f64x2.promote_low_f32x4(q), low);
        high = madd<f64>(k, highHalf(q), high);
      }
    }
    low = v128.sub<f64>(low, v128.floor<f64>(low));
    high = v128.sub<f64>(high, v128.floor<f64>(high));
    // Adding `MAGIC` rounds to the nearest integer, which is then in the mantissa: conversions,
    // which check their range, take several instructions.
    const magic = f64x2.splat(MAGIC);
    const lowU = madd<f64>(low, grid, first), highU = madd<f64>(high, grid, first);
    const lowCell = v128.add<f64>(lowU, magic), highCell = v128.add<f64>(highU, magic);
    const cell = v128.shuffle<i32>(lowCell, highCell, 0, 2, 4, 6);
    const behind = v128.and(v128.lt<i32>(cell, i32x4.splat(0)), cells);
    // Clamped, so that a phase that is not finite stays within the grid, too.
    const within = v128.min<u32>(v128.add<i32>(cell, behind), cells);
    v128.store(to + CELL, v128.shl<i32>(within, 2));
    // Position within a cell, from −½ to ½, and index of the nearest tabulated position.
    const local = joined(
      v128.sub<f64>(lowU, v128.sub<f64>(lowCell, magic)), v128.sub<f64>(highU, v128.sub<f64>(highCell, magic)),
    );
    const start = splat<f32>(MAGIC_SINGLE + FINENESS / 2);
    const nearest = madd<f32>(local, splat<f32>(FINENESS), start);
    const entry = v128.min<u32>(v128.and(nearest, i32x4.splat(MANTISSA)), i32x4.splat(FINENESS));
    v128.store(to, v128.mul<i32>(entry, stride), TABLE);
    v128.store(to, nmadd<f32>(v128.sub<f32>(nearest, start), splat<f32>(1 / <f64>FINENESS), local), SHIFT);
    v128.store(to, v128.mul<f32>(v128.sub<f32>(loadT<f32>(tile.R2, n), common), perSecond), DECAY);
    v128.store(to, line.bend == 0 ? splat<f32>(0) : bendOf<M>(job, tile, n, line.bend), BEND);
    to += 16;
  }
}

/** Amplitudes of all orders of four spins, from those of order 0. `orders` is a constant. */
// @ts-ignore: decorator
@inline export function weigh(at: usize, orders: i32): void {
  const shift = v128.load(at, SHIFT), decay = v128.load(at, DECAY), bend = v128.load(at, BEND);
  let re = v128.load(at, AMPLITUDES), im = v128.load(at, AMPLITUDES + COLUMN);
  let beforeRe = splat<f32>(0), beforeIm = beforeRe, bends = beforeRe;
  let to = at + AMPLITUDES;
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

/** Adds a spin to its cells. */
// @ts-ignore: decorator
@inline function spread(from: usize, taps: usize, at: usize, to: usize, plane: usize, orders: i32): void {
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
  addTaps(from, at, to, plane, orders, r0, i0, r1, i1, r2, i2, r3, i3, r4, i4);
  // Unrolled: a loop would ask for interrupts at every turn.
  if (taps < 32) return;
  addTaps(from + (<usize>orders << 4), at, to + 16, plane, orders, r0, i0, r1, i1, r2, i2, r3, i3, r4, i4);
  if (taps < 48) return;
  addTaps(from + (<usize>orders << 5), at, to + 32, plane, orders, r0, i0, r1, i1, r2, i2, r3, i3, r4, i4);
}

/** Adds a spin to four cells: r0, i0, … are its amplitudes. */
// @ts-ignore: decorator
@inline function addTaps(
  from: usize, at: usize, to: usize, plane: usize, orders: i32, r0: v128, i0: v128, r1: v128, i1: v128, r2: v128,
  i2: v128, r3: v128, i3: v128, r4: v128, i4: v128,
): void {
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
}

/** Joins the four columns of the transform to samples. */
export function addSamples(
  job: KernelContext, tile: Tile, axis: LineAxis, done: usize, plane: usize, sums: usize,
): bool {
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
