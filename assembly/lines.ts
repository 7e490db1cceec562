/**
 * Lines that share one equally spaced waveform as non-uniform transforms over a batch: s[l, j] = Σ_n A[l, n]·e^{−i2πλ_n j − a_n j}, A the recorded
 * magnetisation at the first sample of line l (`record` in matrix.ts). A spin's weights are formed once per batch and spread on the grid of
 * every line: 8 complex products where the matrix form has as many as samples. All lines of the batch are transformed together.
 */
import { transformColumns } from './fourier';
import { Job, PANEL, Tile } from './layout';
import { PART, RECORD, rowsOfPanel } from './matrix';
import { ec, es, evolve } from './readout';
import { loadT, madd, nmadd, splat } from './simd';
import { Axis, cellOf, fold, MOST_TAPS, placeFour, weigh } from './spreading';
import { addFixed, allFinite } from './sums';

@unmanaged
export class Lines {
  axis: usize;
  /** f64: [kx, ky, kz, t] per sample, then the decay that the factors carry for all spins [1/s]. */
  rate: usize;
}

/** Columns of a panel: cell, place, decay, evolution to the middle of a line. */
const COLUMN: usize = <usize>PANEL * 4;

/** Sums all rows of a batch. @param firstSamples address of [rows] i32 @returns false if a sample is not finite */
export function sumLines(job: Job, tile: Tile, lines: Lines, batch: usize, area: usize, rows: i32, firstSamples: usize, sums: usize): bool {
  const axis = changetype<Axis>(lines.axis);
  const imaginary = <usize>(axis.grid + axis.taps) << 2;
  const row = imaginary << 1;
  memory.fill(tile.grid, 0, <usize>rows * row);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    const records = rowsOfPanel(job, tile, panel, batch, area);
    place(lines, axis, tile, panel);
    for (let n: usize = 0; n < COLUMN; n += 4) spread(axis, tile.spread + n, tile.spread + 8 * COLUMN, records + n, rows, tile.grid, imaginary);
  }
  fold(axis, tile.grid, tile.grid + <usize>rows * row, imaginary);
  const padded = (rows + 3) & ~3;
  const turned = tile.grid + job.gridBytes;
  for (let l = 0; l < padded; l++) {
    const from = tile.grid + <usize>min(l, rows - 1) * row;
    let to = turned + (<usize>l << 2);
    for (let g: usize = 0; g < <usize>axis.grid; g++) {
      store<f32>(to, load<f32>(from + (g << 2)));
      store<f32>(to + (<usize>padded << 2), load<f32>(from + imaginary + (g << 2)));
      to += <usize>padded << 3;
    }
  }
  const done = transformColumns(axis.stages, axis.stageCount, turned, tile.grid, padded, <usize>padded << 3, <usize>padded << 2);
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

/** Where the spins of a panel stand, and how they evolve from the first sample to the middle of a line. */
function place(lines: Lines, axis: Axis, tile: Tile, panel: i32): void {
  const rate = lines.rate;
  const middle = <f64>(axis.samples >> 1);
  const kx = middle * load<f64>(rate), ky = middle * load<f64>(rate, 8), kz = middle * load<f64>(rate, 16), t = middle * load<f64>(rate, 24);
  const common = splat<f32>(load<f64>(rate, 32));
  const decay = splat<f32>(-0.15915494309189535 * <f64>axis.grid * load<f64>(rate, 24));
  for (let i = 0; i < PANEL; i += 4) {
    const n = panel + i;
    const at = tile.spread + (<usize>i << 2);
    placeFour(axis, tile, n, rate, at, at + COLUMN);
    v128.store(at + 2 * COLUMN, v128.mul<f32>(v128.sub<f32>(loadT<f32>(tile.R2, n), common), decay));
    evolve(tile, n, kx, ky, kz, t);
    v128.store(at + 3 * COLUMN, ec);
    v128.store(at + 4 * COLUMN, v128.neg<f32>(es));
  }
}

/** Adds one spin to the grids of all lines, a vector of taps at a time. */
// @ts-ignore: decorator
@inline function spread(axis: Axis, at: usize, weights: usize, record: usize, rows: i32, grid: usize, imaginary: usize): void {
  const re0 = v128.load32_splat(at + 3 * COLUMN), im0 = v128.load32_splat(at + 4 * COLUMN);
  weigh(axis, v128.load32_splat(at + COLUMN), v128.load32_splat(at + 2 * COLUMN), re0, im0, weights);
  let column = load<i32>(at);
  if (column < 0) column += axis.grid;
  let to = grid + (<usize>column << 2);
  for (let tap: usize = 0; tap < <usize>axis.taps << 2; tap += 16) {
    const wr = v128.load(weights + tap), wi = v128.load(weights + tap, MOST_TAPS * 4);
    let re = to;
    const end = record + <usize>rows * RECORD;
    for (let from = record; from < end; from += RECORD) {
      const ar = v128.load32_splat(from), ai = v128.load32_splat(from, PART);
      const im = re + imaginary;
      v128.store(re, nmadd<f32>(ai, wi, madd<f32>(ar, wr, v128.load(re))));
      v128.store(im, madd<f32>(ai, wr, madd<f32>(ar, wi, v128.load(im))));
      re = im + imaginary;
    }
    to += 16;
  }
}
