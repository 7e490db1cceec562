/**
 * A train of lines (`nufft2d1.ts`) in several coils. A spin's cells and weights are the same for
 * all of them, so they are computed once per tile and stored. The grid then holds four coils side
 * by side in the lanes of its vectors: whatever is loaded to find and weigh a cell serves four, and
 * the transforms run over four times as many columns. Lanes past the last coil stay zero.
 */
import { Axis, COILS_BESIDE, KernelContext, Nufft2d1, PANEL, recordAt } from './abi';
import { transformColumns } from './fourier';
import { foldRows, place, PLACES } from './nufft2d1';
import { Tile } from './scratch';
import { madd, nmadd } from './simd';
import { addVector, cellOf, COLUMN, copyWeights, isSame, kernelWeights, MOST_TAPS } from './spreading';
import { addFixed, allFinite } from './sums';

/** Bytes of a cell's real or imaginary parts. */
const CELL: usize = 16;

/**
 * A stored point: distance of its first cell, and how many spins in a row share it; then its
 * weights along a row and across rows, [taps] re and [taps] im each.
 */
const POINT: usize = 8;

/** Sums all lines of train `index` in every coil. @returns false if a sample is not finite */
export function sumNufft2d1Coils(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const train = recordAt<Nufft2d1>(job.nufft2d1s, index);
  const across = changetype<Axis>(train.sampleAxis);
  const down = changetype<Axis>(train.lineAxis);
  const imaginary = <usize>(across.grid + across.taps) * CELL;
  const row = imaginary << 1;
  const end = storePoints(train, across, down, job, tile, row);
  const other = tile.grid + job.gridBytes;
  let finite = true;
  for (let coil = 0; coil < job.coils; coil += COILS_BESIDE) {
    memory.fill(tile.grid, 0, <usize>(down.grid + down.taps) * row);
    spreadPoints(across, down, job, tile, row, coil, end);
    fold(across, tile.grid, tile.grid + <usize>(down.grid + down.taps) * row, imaginary);
    foldRows(down, tile.grid, row);
    const columns = across.grid * COILS_BESIDE;
    const lined = transformColumns(down.stages, down.stageCount, tile.grid, other, columns, row, imaginary);
    const turned = lined == tile.grid ? other : tile.grid;
    transpose(across, down, lined, row, turned);
    const half = <usize>down.samples * CELL;
    const done = transformColumns(
      across.stages, across.stageCount, turned, lined, down.samples * COILS_BESIDE, half << 1, half,
    );
    finite = addTrain(job, train, across, down, done, coil, sums) && finite;
  }
  return finite;
}

/**
 * Stores the magnetisation of all spins at the middle of the train, [spins][re, im] at
 * `tile.plane`, and behind it their points.
 * @returns address behind the last point
 */
function storePoints(train: Nufft2d1, across: Axis, down: Axis, job: KernelContext, tile: Tile, row: usize): usize {
  tile.placed = 0;
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const weights = tile.spread + 8 * COLUMN;
  let magnetization = tile.plane;
  let to = pointsOf(job, tile);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    place(train, across, down, tile, panel);
    let spins = 1;
    for (let n: usize = 0; n < <usize>PANEL; n++, magnetization += 8) {
      const at = tile.spread + (n << 2);
      store<f32>(magnetization, load<f32>(at + 6 * COLUMN));
      store<f32>(magnetization, load<f32>(at + 7 * COLUMN), 4);
      if (n + 1 < <usize>PANEL && isSame(at, PLACES)) {
        spins++;
        continue;
      }
      let column = load<i32>(at), line = load<i32>(at + 3 * COLUMN);
      if (column < 0) column += across.grid;
      if (line < 0) line += down.grid;
      store<usize>(to, <usize>line * row + <usize>column * CELL);
      store<i32>(to, spins, 4);
      kernelWeights(across, v128.load32_splat(at + COLUMN), v128.load32_splat(at + 2 * COLUMN), one, zero, weights);
      to = copyWeights(weights, to + POINT, <usize>across.taps << 2);
      kernelWeights(down, v128.load32_splat(at + 4 * COLUMN), v128.load32_splat(at + 5 * COLUMN), one, zero, weights);
      to = copyWeights(weights, to, <usize>down.taps << 2);
      spins = 1;
    }
  }
  return to;
}

// @ts-ignore: decorator
@inline function pointsOf(job: KernelContext, tile: Tile): usize {
  return tile.plane + (<usize>job.capacity << 3);
}

/** Spreads the stored points, up to `end`, as four coils from `coil` on receive them. */
function spreadPoints(
  across: Axis, down: Axis, job: KernelContext, tile: Tile, row: usize, coil: i32, end: usize,
): void {
  const column = <usize>job.capacity << 2;
  const coils = min(COILS_BESIDE, job.coils - coil);
  const taps: usize = <usize>across.taps << 2, downTaps: usize = <usize>down.taps << 2;
  const bytes = POINT + 2 * (taps + downTaps);
  const imaginary = row >> 1;
  const rows: usize = <usize>down.width << 2;
  let from = tile.coils + 2 * <usize>coil * column;
  let magnetization = tile.plane;
  for (let point = pointsOf(job, tile); point < end; point += bytes) {
    let mx = f32x4.splat(0), my = mx;
    for (let spins = load<i32>(point, 4); spins > 0; spins--, magnetization += 8, from += 4) {
      const x = ofCoils(from, 2 * column, coils), y = ofCoils(from + column, 2 * column, coils);
      const re = v128.load32_splat(magnetization), im = v128.load32_splat(magnetization, 4);
      mx = nmadd<f32>(y, im, madd<f32>(x, re, mx));
      my = madd<f32>(y, re, madd<f32>(x, im, my));
    }
    const weights = point + POINT;
    let line = tile.grid + load<usize>(point);
    for (let above = weights + 2 * taps, below = above + rows; above < below; above += 4) {
      const re = v128.load32_splat(above), im = v128.load32_splat(above + downTaps);
      const cx = nmadd<f32>(im, my, v128.mul<f32>(re, mx)), cy = madd<f32>(im, mx, v128.mul<f32>(re, my));
      if (taps == 32) addEight(line, imaginary, weights, cx, cy);
      else for (let tap: usize = 0; tap < taps; tap += 4) {
        const at = weights + tap;
        addCell(line + (tap << 2), imaginary, v128.load32_splat(at), v128.load32_splat(at + taps), cx, cy);
      }
      line += row;
    }
  }
}

/** One spin's values of up to four columns, `apart` bytes apart; 0 for those that are missing. */
// @ts-ignore: decorator
@inline function ofCoils(at: usize, apart: usize, coils: i32): v128 {
  let values = v128.load32_zero(at);
  if (coils > 1) values = v128.load32_lane(at + apart, values, 1);
  if (coils > 2) values = v128.load32_lane(at + 2 * apart, values, 2);
  if (coils > 3) values = v128.load32_lane(at + 3 * apart, values, 3);
  return values;
}

/** Adds the product of one weight, c + i·s, with four coils to a cell. */
// @ts-ignore: decorator
@inline function addCell(cell: usize, imaginary: usize, c: v128, s: v128, cx: v128, cy: v128): void {
  const below = cell + imaginary;
  v128.store(cell, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(cell))));
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below))));
}

/** The same for the eight cells of a row; weights past the last are zero. */
// @ts-ignore: decorator
@inline function addEight(line: usize, imaginary: usize, weights: usize, cx: v128, cy: v128): void {
  const below = line + imaginary;
  let c = v128.load32_splat(weights), s = v128.load32_splat(weights, 32);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line))));
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below))));
  c = v128.load32_splat(weights, 4);
  s = v128.load32_splat(weights, 36);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 16))), 16);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 16))), 16);
  c = v128.load32_splat(weights, 8);
  s = v128.load32_splat(weights, 40);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 32))), 32);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 32))), 32);
  c = v128.load32_splat(weights, 12);
  s = v128.load32_splat(weights, 44);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 48))), 48);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 48))), 48);
  c = v128.load32_splat(weights, 16);
  s = v128.load32_splat(weights, 48);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 64))), 64);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 64))), 64);
  c = v128.load32_splat(weights, 20);
  s = v128.load32_splat(weights, 52);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 80))), 80);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 80))), 80);
  c = v128.load32_splat(weights, 24);
  s = v128.load32_splat(weights, 56);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 96))), 96);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 96))), 96);
  c = v128.load32_splat(weights, 28);
  s = v128.load32_splat(weights, 60);
  v128.store(line, nmadd<f32>(s, cy, madd<f32>(c, cx, v128.load(line, 112))), 112);
  v128.store(below, madd<f32>(s, cx, madd<f32>(c, cy, v128.load(below, 112))), 112);
}

/** Adds values spread beyond the end of every row to its front (the grid is periodic). */
function fold(axis: Axis, planes: usize, end: usize, plane: usize): void {
  const seam = <usize>axis.grid * CELL;
  for (; planes < end; planes += plane)
    for (let tap: usize = 0; tap < <usize>axis.taps * CELL; tap += 16) addVector(planes + tap, planes + seam + tap);
}

/** Transposes the rows that are samples: [across.grid][re lines, im lines][coils]. */
function transpose(across: Axis, down: Axis, from: usize, row: usize, to: usize): void {
  const half = <usize>down.samples * CELL;
  for (let l = 0; l < down.samples; l++) {
    const line = from + <usize>cellOf(down, l) * row;
    let out = to + <usize>l * CELL;
    for (let at = line, end = line + <usize>across.grid * CELL; at < end; at += CELL) {
      v128.store(out, v128.load(at));
      v128.store(out + half, v128.load(at + (row >> 1)));
      out += half << 1;
    }
  }
}

function addTrain(
  job: KernelContext, train: Nufft2d1, across: Axis, down: Axis, from: usize, coil: i32, sums: usize,
): bool {
  const half = <usize>down.samples * CELL;
  const channel = <usize>job.sampleCount << 4;
  const last = sums + <usize>min(coil + COILS_BESIDE, job.coils) * channel;
  let answers = f64x2.splat(0);
  for (let l = 0; l < down.samples; l++) {
    const factor = load<f64>(down.factors + (<usize>l << 3));
    const line = sums + <usize>coil * channel + (<usize>load<i32>(train.firstSamples + (<usize>l << 2)) << 4);
    for (let j = 0; j < across.samples; j++) {
      let at = from + <usize>cellOf(across, j) * (half << 1) + <usize>l * CELL;
      const f = f64x2.splat(factor * load<f64>(across.factors + (<usize>j << 3)));
      for (let to = line + (<usize>j << 4); to < last; to += channel, at += 4) {
        const sample = f64x2.replace_lane(f64x2.splat(load<f32>(at)), 1, load<f32>(at + half));
        answers = v128.add<f64>(answers, addFixed(job, to, v128.mul<f64>(sample, f)));
      }
    }
  }
  return allFinite(answers);
}
