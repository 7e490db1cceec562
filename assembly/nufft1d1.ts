/**
 * Lines that share one equally spaced trajectory as 1-D type-1 NUFFTs over a batch: s[l, j] = Σ_n
 * A[l, n]·e^{−i2πλ_n j − a_n j}, A the magnetisation at the first sample of line l
 * (`line-starts.ts`). A spin's weights are computed once per batch and spread on the cells of every
 * line: 8 complex products instead of one per sample as in the matrix form. A cell holds all lines
 * side by side, as they are transformed.
 */
import { Axis, Batch, KernelContext, Nufft1d1, PANEL } from './abi';
import { transformColumns } from './fourier';
import { expRe, expIm, evolve } from './readout';
import { PART, LINE_START_BYTES, lineStartsOfPanel, weighLineStarts } from './line-starts';
import { Plain, Tile } from './scratch';
import { loadT, madd, nmadd, splat } from './simd';
import { addVector, cellOf, COLUMN, isSame, MOST_TAPS, locate4, kernelWeights } from './spreading';
import { addFixed, allFinite } from './sums';

/** Columns of a panel: cell, position within it, decay, evolution to the middle of a line. */
const PLACES: usize = 5;

/**
 * Sums all rows of a batch, in every coil.
 * @param firstSamples address of [rows] i32
 * @returns false if a sample is not finite
 */
export function sumNufft1d1(
  job: KernelContext, tile: Tile, lines: Nufft1d1, batch: Batch, buffer: usize, rows: i32, firstSamples: usize,
  sums: usize,
): bool {
  if (job.coils == 0) return sumRows(job, tile, lines, batch, buffer, rows, firstSamples, sums, -1);
  let finite = true;
  for (let coil = 0; coil < job.coils; coil++) {
    finite = sumRows(job, tile, lines, batch, buffer, rows, firstSamples, sums, coil) && finite;
    sums += <usize>job.sampleCount << 4;
  }
  return finite;
}

/**
 * The same in one coil, or without any if that is −1. The weights are formed again for each coil:
 * they are a few per cent of the work of many lines.
 */
function sumRows(
  job: KernelContext, tile: Tile, lines: Nufft1d1, batch: Batch, buffer: usize, rows: i32, firstSamples: usize,
  sums: usize, coil: i32,
): bool {
  const axis = changetype<Axis>(lines.axis);
  const padded = (rows + 3) & ~3;
  const imaginary = <usize>padded << 2, cell = imaginary << 1;
  const other = tile.grid + job.gridBytes;
  memory.fill(tile.grid, 0, <usize>(axis.grid + axis.taps) * cell);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    place(lines, axis, tile, panel);
    let records = lineStartsOfPanel<Plain>(job, tile, panel, batch, buffer);
    if (coil >= 0) {
      weighLineStarts(job, tile, panel, coil, records, rows, tile.readout);
      records = tile.readout;
    }
    bySpins(records, imaginary, other);
    let sampleLineStarts = other;
    for (let n: usize = 0; n < <usize>PANEL; n++, sampleLineStarts += cell) {
      const at = tile.spread + (n << 2);
      if (n + 1 < <usize>PANEL && isSame(at, PLACES)) addRecord(sampleLineStarts, sampleLineStarts + cell);
      else spread(axis, at, tile.spread + 8 * COLUMN, sampleLineStarts, tile.grid, imaginary);
    }
  }
  const seam = tile.grid + <usize>axis.grid * cell;
  for (let at: usize = 0; at < <usize>axis.taps * cell; at += 16) addVector(tile.grid + at, seam + at);
  const done = transformColumns(axis.stages, axis.stageCount, tile.grid, other, padded, cell, imaginary);
  let answers = f64x2.splat(0);
  for (let j = 0; j < axis.samples; j++) {
    const factor = v128.load64_splat(axis.factors + (<usize>j << 3));
    let at = done + <usize>cellOf(axis, j) * (<usize>padded << 3);
    for (let l = 0; l < rows; l++) {
      const to = sums + (<usize>(load<i32>(firstSamples + (<usize>l << 2)) + j) << 4);
      const sample = f64x2.replace_lane(f64x2.splat(load<f32>(at)), 1, load<f32>(at + (<usize>padded << 2)));
      answers = v128.add<f64>(answers, addFixed(job, to, v128.mul<f64>(sample, factor)));
      at += 4;
    }
  }
  return allFinite(answers);
}

/**
 * Grid positions of the spins of a panel, and their evolution from the first sample to the middle
 * of a line.
 */
function place(lines: Nufft1d1, axis: Axis, tile: Tile, panel: i32): void {
  const rate = lines.rate;
  const middle = <f64>(axis.samples >> 1);
  const kx = middle * load<f64>(rate), ky = middle * load<f64>(rate, 8), kz = middle * load<f64>(rate, 16);
  const t = middle * load<f64>(rate, 24);
  const common = splat<f32>(load<f64>(rate, 32));
  const decay = splat<f32>(-0.15915494309189535 * <f64>axis.grid * load<f64>(rate, 24));
  for (let i = 0; i < PANEL; i += 4) {
    const n = panel + i;
    const at = tile.spread + (<usize>i << 2);
    locate4(axis, tile, n, rate, at, at + COLUMN);
    v128.store(at + 2 * COLUMN, v128.mul<f32>(v128.sub<f32>(loadT<f32>(tile.R2, n), common), decay));
    evolve(tile, n, kx, ky, kz, t);
    v128.store(at + 3 * COLUMN, expRe);
    v128.store(at + 4 * COLUMN, v128.neg<f32>(expIm));
  }
}

/**
 * Transposes the line starts of a panel, [rows][re, im, sum][PANEL], to [PANEL][re, im][rows].
 * @param imaginary bytes of all rows, rounded up to four rows
 */
function bySpins(records: usize, imaginary: usize, to: usize): void {
  for (let row: usize = 0; row < imaginary; row += 16) {
    for (let spin: usize = 0; spin < PART; spin += 16) {
      const from = records + (row >> 2) * LINE_START_BYTES + spin;
      const out = to + row + (spin >> 2) * (imaginary << 1);
      transpose4x4(from, out, imaginary << 1);
      transpose4x4(from + PART, out + imaginary, imaginary << 1);
    }
  }
}

/** Transposes four rows of four. */
// @ts-ignore: decorator
@inline function transpose4x4(from: usize, to: usize, step: usize): void {
  const a = v128.load(from), b = v128.load(from, LINE_START_BYTES), c = v128.load(from, 2 * LINE_START_BYTES);
  const d = v128.load(from, 3 * LINE_START_BYTES);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const more = v128.shuffle<i32>(a, b, 2, 6, 3, 7), last = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<i64>(more, last, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(more, last, 1, 3));
}

/** Adds the line starts of one spin to those of the next, which begin at `end`. */
// @ts-ignore: decorator
@inline function addRecord(from: usize, end: usize): void {
  for (let to = end; from < end; from += 16, to += 16) addVector(to, from);
}

/**
 * Adds one spin, or the sum of spins at one position, to its cells, a vector of lines at a time.
 */
// @ts-ignore: decorator
@inline function spread(
  axis: Axis, at: usize, weights: usize, sampleLineStarts: usize, grid: usize, imaginary: usize,
): void {
  const re0 = v128.load32_splat(at + 3 * COLUMN), im0 = v128.load32_splat(at + 4 * COLUMN);
  kernelWeights(axis, v128.load32_splat(at + COLUMN), v128.load32_splat(at + 2 * COLUMN), re0, im0, weights);
  let column = load<i32>(at);
  if (column < 0) column += axis.grid;
  let to = grid + <usize>column * (imaginary << 1);
  for (const end = weights + (<usize>axis.width << 2); weights < end; weights += 4) {
    const wr = v128.load32_splat(weights), wi = v128.load32_splat(weights, MOST_TAPS * 4);
    let from = sampleLineStarts;
    for (const last = to + imaginary; to < last; to += 16) {
      const ar = v128.load(from), ai = v128.load(from + imaginary);
      v128.store(to, nmadd<f32>(ai, wi, madd<f32>(ar, wr, v128.load(to))));
      v128.store(to + imaginary, madd<f32>(ai, wr, madd<f32>(ar, wi, v128.load(to + imaginary))));
      from += 16;
    }
    to += imaginary;
  }
}
