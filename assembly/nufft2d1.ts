/**
 * A train of equally spaced lines after one pulse (EPI, one parity) as a 2-D type-1 NUFFT:
 *   s[l, j] = Σ_n M_n e^{−i2π((K_l + k_j)·r + Δf(T_l + t_j))} e^{−R2(T_l + t_j)}
 * depends on a spin through two complex rates only, per sample and per line. Each spin is spread on
 * a grid of twice the samples in both directions, the grid is transformed once per tile, and
 * samples are divided by the transform of the spreading kernel. 7 × 8 weights replace the lines ×
 * samples products of the matrix form (101 × 101: 10 201). Off-resonance needs no time
 * segmentation, because it is part of the rates.
 */
import { Axis, KernelContext, PANEL, recordAt, Nufft2d1 } from './abi';
import { transformColumns } from './fourier';
import { expRe, expIm, evolve } from './readout';
import { Tile } from './scratch';
import { loadT, madd, nmadd, splat } from './simd';
import { addVector, cellOf, COLUMN, fold, isSame, MOST_TAPS, locate4, kernelWeights } from './spreading';
import { addFixed, allFinite } from './sums';

/**
 * Columns of a panel: cell, position and decay on both axes, then the magnetisation at the middle
 * of the train.
 */
export const PLACES: usize = 6;

/** Sums all lines of train `index`. @returns false if a sample is not finite */
export function sumNufft2d1(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const train = recordAt<Nufft2d1>(job.nufft2d1s, index);
  const across = changetype<Axis>(train.sampleAxis);
  const down = changetype<Axis>(train.lineAxis);
  const imaginary = <usize>(across.grid + across.taps) << 2;
  const row = imaginary << 1;
  memory.fill(tile.grid, 0, <usize>(down.grid + down.taps) * row);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    place(train, across, down, tile, panel);
    for (let n: usize = 0; n < <usize>PANEL; n++) {
      const at = tile.spread + (n << 2);
      if (n + 1 < <usize>PANEL && isSame(at, PLACES)) addToNext(at);
      else spread(across, down, at, tile.grid, row, tile.spread + 8 * COLUMN);
    }
  }
  fold(across, tile.grid, tile.grid + <usize>(down.grid + down.taps) * row, imaginary);
  foldRows(down, tile.grid, row);

  const lined = transformColumns(
    down.stages, down.stageCount, tile.grid, tile.grid + job.gridBytes, across.grid, row, imaginary,
  );
  const turned = lined == tile.grid ? tile.grid + job.gridBytes : tile.grid;
  const padded = (down.samples + 3) & ~3;
  transpose(across, down, lined, row, turned, padded);
  const done = transformColumns(
    across.stages, across.stageCount, turned, lined, padded, <usize>padded << 3, <usize>padded << 2,
  );
  return addTrain(job, train, across, down, done, padded, sums);
}

/** Grid positions of the spins of a panel, and their magnetisation at the middle of the train. */
export function place(train: Nufft2d1, across: Axis, down: Axis, tile: Tile, panel: i32): void {
  const centre = train.geometry;
  const kx = load<f64>(centre), ky = load<f64>(centre, 8), kz = load<f64>(centre, 16), t = load<f64>(centre, 24);
  const common = splat<f32>(load<f64>(centre, 96));
  const precessCached = -0.15915494309189535;
  const acrossDecay = splat<f32>(precessCached * <f64>across.grid * load<f64>(centre, 56));
  const downDecay = splat<f32>(precessCached * <f64>down.grid * load<f64>(centre, 88));
  for (let i = 0; i < PANEL; i += 4) {
    const n = panel + i;
    const at = tile.spread + (<usize>i << 2);
    locate4(across, tile, n, centre + 32, at, at + COLUMN);
    locate4(down, tile, n, centre + 64, at + 3 * COLUMN, at + 4 * COLUMN);
    const rate = v128.sub<f32>(loadT<f32>(tile.R2, n), common);
    v128.store(at + 2 * COLUMN, v128.mul<f32>(rate, acrossDecay));
    v128.store(at + 5 * COLUMN, v128.mul<f32>(rate, downDecay));
    evolve(tile, n, kx, ky, kz, t);
    const x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    v128.store(at + 6 * COLUMN, madd<f32>(x, expRe, v128.mul<f32>(y, expIm)));
    v128.store(at + 7 * COLUMN, nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe)));
  }
}

/** Adds the magnetisation of the spin at `at` to the next one's. */
// @ts-ignore: decorator
@inline function addToNext(at: usize): void {
  for (let column = PLACES; column < PLACES + 2; column++) {
    const part = at + column * COLUMN;
    store<f32>(part, load<f32>(part) + load<f32>(part, 4), 4);
  }
}

/** Adds one spin, or the sum of spins at one position, to the grid. */
// @ts-ignore: decorator
@inline function spread(across: Axis, down: Axis, at: usize, grid: usize, row: usize, weights: usize): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const lines = weights + MOST_TAPS * 8;
  kernelWeights(across, v128.load32_splat(at + COLUMN), v128.load32_splat(at + 2 * COLUMN), one, zero, weights);
  const re = v128.load32_splat(at + 6 * COLUMN), im = v128.load32_splat(at + 7 * COLUMN);
  kernelWeights(down, v128.load32_splat(at + 4 * COLUMN), v128.load32_splat(at + 5 * COLUMN), re, im, lines);
  let column = load<i32>(at), line = load<i32>(at + 3 * COLUMN);
  if (column < 0) column += across.grid;
  if (line < 0) line += down.grid;
  const imaginary = row >> 1;
  const end = lines + (<usize>down.width << 2);
  let corner = grid + <usize>line * row + (<usize>column << 2);
  for (let tap: usize = 0; tap < <usize>across.taps << 2; tap += 16) {
    const wr = v128.load(weights + tap), wi = v128.load(weights + tap, MOST_TAPS * 4);
    let to = corner;
    for (let from = lines; from < end; from += 4) {
      const cr = v128.load32_splat(from), ci = v128.load32_splat(from, MOST_TAPS * 4);
      const below = to + imaginary;
      v128.store(to, nmadd<f32>(ci, wi, madd<f32>(cr, wr, v128.load(to))));
      v128.store(below, madd<f32>(ci, wr, madd<f32>(cr, wi, v128.load(below))));
      to += row;
    }
    corner += 16;
  }
}

/** Adds values spread beyond the last row to the first rows (the grid is periodic). */
export function foldRows(down: Axis, grid: usize, row: usize): void {
  const rows = grid + <usize>down.grid * row;
  for (let at: usize = 0; at < <usize>down.taps * row; at += 16) addVector(grid + at, rows + at);
}

/** Transposes the rows that are samples: [across.grid][re lines, im lines]. */
function transpose(across: Axis, down: Axis, from: usize, row: usize, to: usize, padded: i32): void {
  const column = <usize>padded << 3;
  for (let l = 0; l < padded; l++) {
    const line = from + <usize>cellOf(down, min(l, down.samples - 1)) * row;
    const out = to + (<usize>l << 2);
    for (let g: usize = 0; g < <usize>across.grid; g++) {
      store<f32>(out + g * column, load<f32>(line + (g << 2)));
      store<f32>(out + g * column + (<usize>padded << 2), load<f32>(line + (g << 2) + (row >> 1)));
    }
  }
}

function addTrain(
  job: KernelContext, train: Nufft2d1, across: Axis, down: Axis, from: usize, padded: i32, sums: usize,
): bool {
  let answers = f64x2.splat(0);
  for (let l = 0; l < down.samples; l++) {
    const factor = load<f64>(down.factors + (<usize>l << 3));
    const to = sums + (<usize>load<i32>(train.firstSamples + (<usize>l << 2)) << 4);
    for (let j = 0; j < across.samples; j++) {
      const at = from + (<usize>(cellOf(across, j) * 2 * padded + l) << 2);
      const f = factor * load<f64>(across.factors + (<usize>j << 3));
      const sample = f64x2.replace_lane(f64x2.splat(load<f32>(at)), 1, load<f32>(at + (<usize>padded << 2)));
      answers = v128.add<f64>(answers, addFixed(job, to + (<usize>j << 4), v128.mul<f64>(sample, f64x2.splat(f))));
    }
  }
  return allFinite(answers);
}
