/**
 * The magnetisation at the first sample of every line, for lines that are summed together as a
 * matrix product (`matrix.ts`) or by transforms (`nufft1d1.ts`). Stored as real part, imaginary
 * part and their sum, each for a panel of spins.
 */
import { Batch, KernelContext, PANEL, Precession, LineRun, recordAt } from './abi';
import { precessionAt } from './model';
import { cachedPrecessionAt, PRECESSION_BYTES } from './precession';
import { expRe, expIm, evolve, evolveModel } from './readout';
import { isModelled, lineStartBytes, Tile, CACHED_PRECESSION_BYTES } from './scratch';
import { loadT, madd, nmadd } from './simd';

/** Bytes of one part (re, im or sum) of one line for a panel. */
export const PART: usize = <usize>PANEL * 4;
export const LINE_START_BYTES: usize = 3 * PART;

/**
 * Distance, in lines, between exactly computed phases in a run. 8 would be 1.5 % slower and, for 32
 * spins, 15 % more accurate.
 */
const RESYNC: i32 = 16;

/**
 * Stores the magnetisation at the first sample of each line of a run: M·e^{−i2π(K·r + Δf·T)}·
 * e^{−T·R2}, both parts and their sum. From line to line a spin is multiplied by one complex
 * factor; the phase of every sixteenth line is computed exactly.
 */
export function sampleLineStarts<M>(job: KernelContext, tile: Tile, index: i32): void {
  let buffer = tile.records + <usize>recordAt<LineRun>(job.lineRuns, index).buffer * lineStartBytes(job);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    samplePanel<M>(job, tile, panel, index, buffer);
    buffer += <usize>job.bufferLines * LINE_START_BYTES;
  }
}

/** The same for the spins of one panel, whose rows are at `rows`. */
function samplePanel<M>(job: KernelContext, tile: Tile, panel: i32, index: i32, rows: usize): void {
  const readout = recordAt<LineRun>(job.lineRuns, index);
  const precession = changetype<Precession>(precessionAt(job, readout.precession));
  const step = changetype<Precession>(precessionAt(job, readout.step));
  const to = rows + <usize>readout.line * LINE_START_BYTES;
  for (let i = 0; i < PANEL; i += 8)
    sampleEight<M>(tile, panel + i, precession, step, readout.lines, to + (<usize>i << 2));
}

/**
 * Writes the magnetisation at the first sample of one line into its place, as `sampleLineStarts`
 * does, and stores c and s of its precession since the last pulse for the next line of the buffer.
 * If the step to that line is a cached precession, it costs a complex product instead of a phase,
 * sin, cos and exp.
 */
export function recurLine(job: KernelContext, tile: Tile, index: i32): void {
  const readout = recordAt<LineRun>(job.lineRuns, index);
  const precession = recordAt<Precession>(job.precessions, readout.precession);
  const kx = precession.kx, ky = precession.ky, kz = precession.kz, t = precession.t;
  const buffer = readout.buffer, step = readout.step;
  let to = tile.records + <usize>buffer * lineStartBytes(job) + <usize>readout.line * LINE_START_BYTES;
  let own = cachedPrecessionAt(job, tile, job.cachedCount + buffer);
  let by = cachedPrecessionAt(job, tile, step);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let n = panel; n < panel + PANEL; n += 4) {
      let c: v128, s: v128;
      if (step < 0) {
        evolve(tile, n, kx, ky, kz, t);
        c = expRe;
        s = expIm;
      } else {
        const c0 = v128.load(own), s0 = v128.load(own, 16), dc = v128.load(by), ds = v128.load(by, 16);
        c = nmadd<f32>(s0, ds, v128.mul<f32>(c0, dc));
        s = madd<f32>(s0, dc, v128.mul<f32>(c0, ds));
        by += CACHED_PRECESSION_BYTES;
      }
      v128.store(own, c);
      v128.store(own, s, 16);
      own += CACHED_PRECESSION_BYTES;
      const x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
      storeLineStart(to, madd<f32>(x, c, v128.mul<f32>(y, s)), nmadd<f32>(x, s, v128.mul<f32>(y, c)));
      to += 16;
    }
    to += <usize>job.bufferLines * LINE_START_BYTES - PART;
  }
}

/**
 * The rows of a panel for a batch, whose buffer is at `buffer`. If all rows follow one pulse they
 * are sampled now, panel by panel into a single panel-sized buffer; a whole buffer would overflow
 * the second-level cache before it is read.
 */
// @ts-ignore: decorator
@inline export function lineStartsOfPanel<M>(
  job: KernelContext, tile: Tile, panel: i32, batch: Batch, buffer: usize,
): usize {
  const first = batch.firstRun, lineRuns = batch.lineRuns;
  if (lineRuns == 0) return buffer + <usize>(panel / PANEL * job.bufferLines) * LINE_START_BYTES;
  for (let index = first; index < first + lineRuns; index++) samplePanel<M>(job, tile, panel, index, buffer);
  return buffer;
}

/** c and s of four spins for a precession and `factor` times another one. */
// @ts-ignore: decorator
@inline function evolveAt<M>(tile: Tile, n: i32, from: Precession, by: Precession, factor: f64): void {
  if (isModelled<M>()) {
    evolveModel(tile, n, combine(tile, changetype<usize>(from), changetype<usize>(by), factor));
  } else {
    const kx = from.kx + factor * by.kx, ky = from.ky + factor * by.ky, kz = from.kz + factor * by.kz;
    evolve(tile, n, kx, ky, kz, from.t + factor * by.t);
  }
}

/** @returns address of the sum, phase terms included: in the room for a readout, not in use yet */
function combine(tile: Tile, from: usize, by: usize, factor: f64): usize {
  const to = tile.readout, bytes = PRECESSION_BYTES + (<usize>tile.phaseTerms << 3);
  for (let i: usize = 0; i < bytes; i += 8)
    store<f64>(to + i, load<f64>(from + i) + factor * load<f64>(by + i));
  return to;
}

/** Rows of a panel, as one coil receives them, at `to`. */
export function weighLineStarts(
  job: KernelContext, tile: Tile, panel: i32, coil: i32, records: usize, rows: i32, to: usize,
): void {
  const column = <usize>job.capacity << 2;
  const re = tile.coils + 2 * <usize>coil * column, im = re + column;
  for (let at = records, end = records + <usize>rows * LINE_START_BYTES; at < end; at += LINE_START_BYTES) {
    for (let n: usize = 0; n < PART; n += 16) {
      const x = loadT<f32>(re + n, panel), y = loadT<f32>(im + n, panel);
      const mx = v128.load(at + n), my = v128.load(at + n, PART);
      storeLineStart(to + n, nmadd<f32>(y, my, v128.mul<f32>(x, mx)), madd<f32>(y, mx, v128.mul<f32>(x, my)));
    }
    to += LINE_START_BYTES;
  }
}

/**
 * All lines of a run for two vectors of spins, a and b; suffix 1 denotes the odd lines. Four
 * dependency chains, each of which advances by two lines, keep the multiplier busy, and the error
 * of a step accumulates seven times where steps of one line would accumulate it fifteen times.
 */
function sampleEight<M>(tile: Tile, n: i32, precession: Precession, step: Precession, lines: i32, to: usize): void {
  let ac = f32x4.splat(0), as = ac, bc = ac, bs = ac, a2c = ac, a2s = ac, b2c = ac, b2s = ac;
  if (lines > 1) {
    evolveAt<M>(tile, n, step, step, 0);
    ac = expRe;
    as = expIm;
    evolveAt<M>(tile, n + 4, step, step, 0);
    bc = expRe;
    bs = expIm;
    evolveAt<M>(tile, n, step, step, 1);
    a2c = expRe;
    a2s = expIm;
    evolveAt<M>(tile, n + 4, step, step, 1);
    b2c = expRe;
    b2s = expIm;
  }
  for (let l = 0; l < lines; l += RESYNC) {
    let x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    evolveAt<M>(tile, n, precession, step, <f64>l);
    let ax = madd<f32>(x, expRe, v128.mul<f32>(y, expIm)), ay = nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe));
    x = loadT<f32>(tile.mx, n + 4);
    y = loadT<f32>(tile.my, n + 4);
    evolveAt<M>(tile, n + 4, precession, step, <f64>l);
    let bx = madd<f32>(x, expRe, v128.mul<f32>(y, expIm)), by = nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe));
    let ax1 = madd<f32>(ax, ac, v128.mul<f32>(ay, as)), ay1 = nmadd<f32>(ax, as, v128.mul<f32>(ay, ac));
    let bx1 = madd<f32>(bx, bc, v128.mul<f32>(by, bs)), by1 = nmadd<f32>(bx, bs, v128.mul<f32>(by, bc));
    const end = to + <usize>min(RESYNC, lines - l) * LINE_START_BYTES;
    while (true) {
      storeLineStart(to, ax, ay);
      storeLineStart(to + 16, bx, by);
      to += LINE_START_BYTES;
      if (to == end) break;
      storeLineStart(to, ax1, ay1);
      storeLineStart(to + 16, bx1, by1);
      to += LINE_START_BYTES;
      if (to == end) break;
      x = madd<f32>(ax, a2c, v128.mul<f32>(ay, a2s));
      ay = nmadd<f32>(ax, a2s, v128.mul<f32>(ay, a2c));
      ax = x;
      x = madd<f32>(bx, b2c, v128.mul<f32>(by, b2s));
      by = nmadd<f32>(bx, b2s, v128.mul<f32>(by, b2c));
      bx = x;
      x = madd<f32>(ax1, a2c, v128.mul<f32>(ay1, a2s));
      ay1 = nmadd<f32>(ax1, a2s, v128.mul<f32>(ay1, a2c));
      ax1 = x;
      x = madd<f32>(bx1, b2c, v128.mul<f32>(by1, b2s));
      by1 = nmadd<f32>(bx1, b2s, v128.mul<f32>(by1, b2c));
      bx1 = x;
    }
  }
}

// @ts-ignore: decorator
@inline export function storeLineStart(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, PART);
  v128.store(to, v128.add<f32>(re, im), 2 * PART);
}
