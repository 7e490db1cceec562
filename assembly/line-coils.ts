/**
 * A line in coils, for moving spins: `line.ts` with the weight C_c(j) of each spin, coil and
 * sample,
 *   s_c[j] = Σ_n C_cn(j)·M_n e^{−i2π(λ_n j + b_n j²) − a_n j},   C(j) = c₀ + c₁j + c₂j².
 * On the grid j is the derivative (iG/2π)·∂/∂u of a spin's weights W(u). So W and its derivatives
 * are formed once for all coils, from the tabulated derivatives of the kernel, and each coil adds
 * c₀W + c₁(iG/2π)W′ + c₂(iG/2π)²W″ to a grid of its own: four multiply-adds for each cell and term.
 */
import { KernelContext, Line, LineAxis, MOST_SENSE_TERMS, PANEL, Sense } from './abi';
import { transformColumns } from './fourier';
import {
  addSamples, AMPLITUDES, beginAtMiddle, CELL, momentBytes, ORDER, place, planeBytes, TABLE, weigh,
} from './line';
import { Modelled, Tile } from './scratch';
import { SENSE_ROWS_BYTES, senseRows } from './sense';
import { loadT, madd, nmadd, splat } from './simd';
import { addVector, COLUMN } from './spreading';

/** Most terms of a coil over a line. */
const MOST_TERMS: usize = 3;
/** Bytes of a panel's coefficients in one coil, and of the rows that make them, in f32. */
const VALUES_BYTES: usize = MOST_TERMS * 2 * COLUMN;
const ROWS_BYTES: usize = MOST_TERMS * <usize>MOST_SENSE_TERMS * 16;

/** Sums one part of a line in every coil. @returns false if a sample is not finite */
export function sumPartInCoils(
  job: KernelContext, tile: Tile, line: Line, precession: usize, sums: usize,
): bool {
  const axis = changetype<LineAxis>(line.axis);
  const other = tile.grid + job.gridBytes;
  const plane = planeBytes(axis);
  // The other grid is free until the transforms.
  const columns = other, middle = other + AMPLITUDES + <usize>axis.orders * ORDER;
  const moments = momentBytes<Modelled>(job);
  for (let i: usize = 0; i < moments; i += 8)
    store<f64>(middle + i, load<f64>(precession + i) + load<f64>(line.middle + i));
  const exact = (middle + moments + 15) & ~15, rows = exact + SENSE_ROWS_BYTES;
  const values = rows + ROWS_BYTES, weights = values + VALUES_BYTES;
  const terms = line.coilTerms;
  memory.fill(tile.grid, 0, 2 * plane * <usize>job.coils);
  writeRows(changetype<Sense>(tile.sense), line, axis, exact, rows);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    beginAtMiddle<Modelled>(tile, panel, middle, columns);
    place<Modelled>(job, tile, line, axis, panel, columns);
    for (let at = columns; at < columns + COLUMN; at += 16) weigh(at, axis.orders);
    if (terms == 1) spreadPanel1(job, tile, axis, panel, columns, rows, values, weights);
    else if (terms == 2) spreadPanel2(job, tile, axis, panel, columns, rows, values, weights);
    else spreadPanel3(job, tile, axis, panel, columns, rows, values, weights);
  }
  const seam = <usize>axis.grid << 2;
  let finite = true, grid = tile.grid;
  for (let coil = 0; coil < job.coils; coil++) {
    for (let at = grid; at < grid + (<usize>axis.taps << 2); at += 16) {
      addVector(at, at + seam);
      addVector(at + plane, at + plane + seam);
    }
    const done = transformColumns(axis.stages, axis.stageCount, grid, other, 4, 16, plane);
    finite = addSamples(job, tile, axis, done, plane, sums) && finite;
    grid += 2 * plane;
    sums += <usize>job.sampleCount << 4;
  }
  return finite;
}

/**
 * Rows that make the coefficients of a coil over the part from its columns, [columns][terms][4]
 * f32: c₀, (G/2π)c₁, −(G/2π)²c₂.
 */
function writeRows(sense: Sense, line: Line, axis: LineAxis, exact: usize, to: usize): void {
  const samples = axis.samples, middle = samples >> 1, terms = line.coilTerms;
  const centre = 0.5 * <f64>(samples - 1);
  senseRows(sense, <f64>(line.first + middle), centre - <f64>middle, centre, terms, exact);
  for (let k = 0; k < sense.terms; k++) {
    let scale: f64 = 1;
    for (let p = 0; p < terms; p++) {
      const row = load<f64>(exact + (<usize>(p * MOST_SENSE_TERMS + k) << 3));
      v128.store(to, splat<f32>((p == 2 ? -scale : scale) * row));
      scale *= <f64>axis.grid / (2 * Math.PI);
      to += 16;
    }
  }
}

/** Spreads a panel of spins in every coil, by a function for each number of terms. */
function spreadPanel1(
  job: KernelContext, tile: Tile, axis: LineAxis, panel: i32, columns: usize, rows: usize, values: usize,
  weights: usize,
): void {
  spreadPanel(job, tile, axis, panel, columns, rows, values, weights, 1);
}
function spreadPanel2(
  job: KernelContext, tile: Tile, axis: LineAxis, panel: i32, columns: usize, rows: usize, values: usize,
  weights: usize,
): void {
  spreadPanel(job, tile, axis, panel, columns, rows, values, weights, 2);
}
function spreadPanel3(
  job: KernelContext, tile: Tile, axis: LineAxis, panel: i32, columns: usize, rows: usize, values: usize,
  weights: usize,
): void {
  spreadPanel(job, tile, axis, panel, columns, rows, values, weights, 3);
}

// @ts-ignore: decorator
@inline function spreadPanel(
  job: KernelContext, tile: Tile, axis: LineAxis, panel: i32, columns: usize, rows: usize, values: usize,
  weights: usize, terms: i32,
): void {
  const plane = planeBytes(axis);
  const bytes = (<usize>axis.taps << 3) * <usize>terms;
  let to = weights;
  for (let n: usize = 0; n < <usize>PANEL; n++) {
    formWeights(axis, columns + (n << 2), to, terms);
    to += bytes;
  }
  for (let coil = 0; coil < job.coils; coil++) {
    followCoil(job, tile, panel, coil, rows, values, terms);
    const grid = tile.grid + 2 * <usize>coil * plane;
    for (let n: usize = 0; n < <usize>PANEL; n++) {
      const to = grid + <usize>load<i32>(columns + (n << 2), CELL);
      spread(to, weights + n * bytes, bytes, values + (n << 2), plane, terms);
    }
  }
}

/** [vectors of taps][terms][re, im] of one spin: its weights W and their derivatives. */
// @ts-ignore: decorator
@inline function formWeights(axis: LineAxis, at: usize, to: usize, terms: i32): void {
  const orders = <usize>axis.orders;
  let from = axis.weights + <usize>load<i32>(at, TABLE);
  at += AMPLITUDES;
  for (let tap = 0; tap < axis.taps; tap += 4) {
    let w = v128.load(from), from0 = at;
    let h0re = v128.load32_splat(from0), h0im = v128.load32_splat(from0, COLUMN);
    let re = v128.mul<f32>(w, h0re), im = v128.mul<f32>(w, h0im);
    let re1 = splat<f32>(0), im1 = re1, re2 = re1, im2 = re1, h1re = re1, h1im = re1;
    for (let k: usize = 1; k < orders; k++) {
      from += 16;
      from0 += ORDER;
      w = v128.load(from);
      const hre = v128.load32_splat(from0), him = v128.load32_splat(from0, COLUMN);
      re = madd<f32>(w, hre, re);
      im = madd<f32>(w, him, im);
      if (terms > 1) {
        const w1 = v128.mul<f32>(w, splat<f32>(<f64>k));
        re1 = madd<f32>(w1, h0re, re1);
        im1 = madd<f32>(w1, h0im, im1);
        if (terms > 2) {
          const w2 = v128.mul<f32>(w1, splat<f32>(<f64>k - 1));
          re2 = madd<f32>(w2, h1re, re2);
          im2 = madd<f32>(w2, h1im, im2);
          h1re = h0re;
          h1im = h0im;
        }
        h0re = hre;
        h0im = him;
      }
    }
    from += 16;
    v128.store(to, re);
    v128.store(to, im, 16);
    if (terms > 1) {
      v128.store(to, re1, 32);
      v128.store(to, im1, 48);
    }
    if (terms > 2) {
      v128.store(to, re2, 64);
      v128.store(to, im2, 80);
    }
    to += <usize>terms << 5;
  }
}

/** [terms][re, im][PANEL]: factors of the weights and their derivatives in one coil. */
// @ts-ignore: decorator
@inline function followCoil(
  job: KernelContext, tile: Tile, panel: i32, coil: i32, rows: usize, values: usize, terms: i32,
): void {
  const count = changetype<Sense>(tile.sense).terms;
  const column = <usize>job.capacity << 2, set = 2 * <usize>job.coils * column;
  const first = tile.coils + 2 * <usize>coil * column;
  for (let i = 0; i < PANEL; i += 4) {
    let re = splat<f32>(0), im = re, re1 = re, im1 = re, re2 = re, im2 = re, from = first, row = rows;
    for (let k = 0; k < count; k++) {
      const x = loadT<f32>(from, panel + i), y = loadT<f32>(from + column, panel + i);
      let by = v128.load(row);
      re = madd<f32>(by, x, re);
      im = madd<f32>(by, y, im);
      if (terms > 1) {
        by = v128.load(row, 16);
        re1 = madd<f32>(by, x, re1);
        im1 = madd<f32>(by, y, im1);
      }
      if (terms > 2) {
        by = v128.load(row, 32);
        re2 = madd<f32>(by, x, re2);
        im2 = madd<f32>(by, y, im2);
      }
      from += set;
      row += <usize>terms << 4;
    }
    const to = values + (<usize>i << 2);
    v128.store(to, re);
    v128.store(to, im, COLUMN);
    if (terms > 1) {
      v128.store(to, v128.neg<f32>(im1), 2 * COLUMN);
      v128.store(to, re1, 3 * COLUMN);
    }
    if (terms > 2) {
      v128.store(to, re2, 4 * COLUMN);
      v128.store(to, im2, 5 * COLUMN);
    }
  }
}

/** Adds a spin to its cells in one coil. */
// @ts-ignore: decorator
@inline function spread(to: usize, from: usize, bytes: usize, at: usize, plane: usize, terms: i32): void {
  const c0 = v128.load32_splat(at), s0 = v128.load32_splat(at, COLUMN);
  let c1 = c0, s1 = c0, c2 = c0, s2 = c0;
  if (terms > 1) {
    c1 = v128.load32_splat(at, 2 * COLUMN);
    s1 = v128.load32_splat(at, 3 * COLUMN);
  }
  if (terms > 2) {
    c2 = v128.load32_splat(at, 4 * COLUMN);
    s2 = v128.load32_splat(at, 5 * COLUMN);
  }
  for (const end = from + bytes; from < end; ) {
    let x = v128.load(from), y = v128.load(from, 16);
    let re = nmadd<f32>(s0, y, madd<f32>(c0, x, v128.load(to)));
    let im = madd<f32>(s0, x, madd<f32>(c0, y, v128.load(to + plane)));
    if (terms > 1) {
      x = v128.load(from, 32);
      y = v128.load(from, 48);
      re = nmadd<f32>(s1, y, madd<f32>(c1, x, re));
      im = madd<f32>(s1, x, madd<f32>(c1, y, im));
    }
    if (terms > 2) {
      x = v128.load(from, 64);
      y = v128.load(from, 80);
      re = nmadd<f32>(s2, y, madd<f32>(c2, x, re));
      im = madd<f32>(s2, x, madd<f32>(c2, y, im));
    }
    v128.store(to, re);
    v128.store(to + plane, im);
    from += <usize>terms << 5;
    to += 16;
  }
}
