/**
 * Lines that share one in-line waveform as a matrix product: s[l,k] = Σ_n A[l,n]·W[n,k], A the magnetisation of spin n at the first
 * sample of line l (`record`), W its evolution from there to sample k (`flush`). Exact for static spins, and a spin's sin and cos
 * are paid once per batch of lines instead of once per line. The complex product is three real ones,
 *   P1 = Re A·Re W, P2 = Im A·Im W, P3 = (Re A + Im A)(Re W + Im W);  Re s = P1 − P2, Im s = P3 − P1 − P2,
 * each blocked to 3 lines × 12 samples in nine registers over a panel of 32 spins (2.2 times the speed of the 2×2 recurrence).
 */
import { Job, PANEL, recordBytesOf, Tile, TURN_BYTES } from './layout';
import { Lines, sumLines } from './lines';
import { turnsAt } from './precession';
import { decayingTurn, ec, es, evolve, READ_BYTES, WAVEFORM_BYTES } from './readout';
import { loadColumn, loadT, madd, nmadd, splat } from './simd';
import { addFixed, allFinite } from './sums';

const BATCH_BYTES: usize = 28;
/** One part (re, im or sum) of a panel's record of one line; of its evolution over eight samples: one spin. */
export const PART: usize = <usize>PANEL * 4;
export const RECORD: usize = 3 * PART;
/** W of one spin and one vector of samples, its three parts; of all spins of a panel. */
const SPIN: usize = 48;
const VECTOR: usize = <usize>PANEL * SPIN;
/** Behind three vectors of W: cos and sin of w⁴ and of w¹² of each spin. */
const POWERS: usize = 3 * VECTOR;

/** Lines from one exactly phased line of a run to the next: 8 would be 1.5 % slower and at 32 spins 15 % more accurate. */
const RESYNC: i32 = 16;

/**
 * Writes the magnetisation at the first sample of each line of a run into its row: M·e^{−i2π(K·r + Δf·T)}·e^{−T·R2}, both parts and
 * their sum. From line to line a spin goes by one complex factor; every sixteenth line is phased exactly.
 */
export function record(job: Job, tile: Tile, index: i32): void {
  let area = tile.records + <usize>load<i32>(job.reads + <usize>index * READ_BYTES, 12) * recordBytesOf(job);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    recordPanel(job, tile, panel, index, area);
    area += <usize>job.rows * RECORD;
  }
}

/** The same for the spins of one panel, whose rows stand at `rows`. */
function recordPanel(job: Job, tile: Tile, panel: i32, index: i32, rows: usize): void {
  const readout = job.reads + <usize>index * READ_BYTES;
  const moment = job.moments + (<usize>load<i32>(readout, 8) << 5);
  const step = job.moments + (<usize>load<i32>(readout, 24) << 5);
  const to = rows + <usize>load<i32>(readout, 16) * RECORD;
  for (let i = 0; i < PANEL; i += 8) recordEight(tile, panel + i, moment, step, load<i32>(readout, 20), to + (<usize>i << 2));
}

/**
 * Writes the magnetisation at the first sample of one line into its row, as `record` does, and keeps c and s of its way from the last pulse for
 * the next line of the area: if a kept step leads there, that costs a complex product instead of phase, sin, cos and exp.
 */
export function carry(job: Job, tile: Tile, index: i32): void {
  const readout = job.reads + <usize>index * READ_BYTES;
  const moment = job.moments + (<usize>load<i32>(readout, 8) << 5);
  const kx = load<f64>(moment), ky = load<f64>(moment, 8), kz = load<f64>(moment, 16), t = load<f64>(moment, 24);
  const area = load<i32>(readout, 12), step = load<i32>(readout, 24);
  let to = tile.records + <usize>area * recordBytesOf(job) + <usize>load<i32>(readout, 16) * RECORD;
  let own = turnsAt(job, tile, job.keptCount + area);
  let by = turnsAt(job, tile, step);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let n = panel; n < panel + PANEL; n += 4) {
      let c: v128, s: v128;
      if (step < 0) {
        evolve(tile, n, kx, ky, kz, t);
        c = ec;
        s = es;
      } else {
        const c0 = v128.load(own), s0 = v128.load(own, 16), dc = v128.load(by), ds = v128.load(by, 16);
        c = nmadd<f32>(s0, ds, v128.mul<f32>(c0, dc));
        s = madd<f32>(s0, dc, v128.mul<f32>(c0, ds));
        by += TURN_BYTES;
      }
      v128.store(own, c);
      v128.store(own, s, 16);
      own += TURN_BYTES;
      const x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
      storeRecord(to, madd<f32>(x, c, v128.mul<f32>(y, s)), nmadd<f32>(x, s, v128.mul<f32>(y, c)));
      to += 16;
    }
    to += <usize>job.rows * RECORD - PART;
  }
}

/**
 * The rows of a panel for batch `batch`, whose area stands at `area`. Rows of one pulse are recorded now, all panels in the same place: an
 * area written as a whole would leave the second-level cache before it is read.
 */
// @ts-ignore: decorator
@inline export function rowsOfPanel(job: Job, tile: Tile, panel: i32, batch: usize, area: usize): usize {
  const first = load<i32>(batch, 20), reads = load<i32>(batch, 24);
  if (reads == 0) return area + <usize>(panel / PANEL * job.rows) * RECORD;
  for (let index = first; index < first + reads; index++) recordPanel(job, tile, panel, index, area);
  return area;
}

/**
 * All lines of a run for two vectors of spins, a and b; suffix 1: the odd lines. Four chains that step over two lines: they keep the
 * multiplier busy, and the error of a step is repeated seven times where one line at a time would repeat it fifteen times.
 */
function recordEight(tile: Tile, n: i32, moment: usize, step: usize, lines: i32, to: usize): void {
  const kx = load<f64>(moment), ky = load<f64>(moment, 8), kz = load<f64>(moment, 16), t = load<f64>(moment, 24);
  const dkx = load<f64>(step), dky = load<f64>(step, 8), dkz = load<f64>(step, 16), dt = load<f64>(step, 24);
  let ac = f32x4.splat(0), as = ac, bc = ac, bs = ac, a2c = ac, a2s = ac, b2c = ac, b2s = ac;
  if (lines > 1) {
    evolve(tile, n, dkx, dky, dkz, dt);
    ac = ec;
    as = es;
    evolve(tile, n + 4, dkx, dky, dkz, dt);
    bc = ec;
    bs = es;
    evolve(tile, n, 2 * dkx, 2 * dky, 2 * dkz, 2 * dt);
    a2c = ec;
    a2s = es;
    evolve(tile, n + 4, 2 * dkx, 2 * dky, 2 * dkz, 2 * dt);
    b2c = ec;
    b2s = es;
  }
  for (let l = 0; l < lines; l += RESYNC) {
    const f = <f64>l;
    const Kx = kx + f * dkx, Ky = ky + f * dky, Kz = kz + f * dkz, T = t + f * dt;
    let x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    evolve(tile, n, Kx, Ky, Kz, T);
    let ax = madd<f32>(x, ec, v128.mul<f32>(y, es)), ay = nmadd<f32>(x, es, v128.mul<f32>(y, ec));
    x = loadT<f32>(tile.mx, n + 4);
    y = loadT<f32>(tile.my, n + 4);
    evolve(tile, n + 4, Kx, Ky, Kz, T);
    let bx = madd<f32>(x, ec, v128.mul<f32>(y, es)), by = nmadd<f32>(x, es, v128.mul<f32>(y, ec));
    let ax1 = madd<f32>(ax, ac, v128.mul<f32>(ay, as)), ay1 = nmadd<f32>(ax, as, v128.mul<f32>(ay, ac));
    let bx1 = madd<f32>(bx, bc, v128.mul<f32>(by, bs)), by1 = nmadd<f32>(bx, bs, v128.mul<f32>(by, bc));
    const end = to + <usize>min(RESYNC, lines - l) * RECORD;
    while (true) {
      storeRecord(to, ax, ay);
      storeRecord(to + 16, bx, by);
      to += RECORD;
      if (to == end) break;
      storeRecord(to, ax1, ay1);
      storeRecord(to + 16, bx1, by1);
      to += RECORD;
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
@inline function storeRecord(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, PART);
  v128.store(to, v128.add<f32>(re, im), 2 * PART);
}

/** Sums all rows of a batch. @returns false if a sample is not finite */
export function flush(job: Job, tile: Tile, index: i32, sums: usize): bool {
  const batch = job.batches + <usize>index * BATCH_BYTES;
  const waveform = job.waveforms + <usize>load<i32>(batch) * WAVEFORM_BYTES;
  const rows = load<i32>(batch, 8);
  const area = tile.records + <usize>load<i32>(batch, 4) * recordBytesOf(job);
  const firstSamples = <usize>load<i32>(batch, 12);
  const lines = <usize>load<i32>(batch, 16);
  if (lines != 0) return sumLines(job, tile, changetype<Lines>(lines), batch, area, rows, firstSamples, sums);
  const points = <usize>load<i32>(waveform);
  const samples = load<i32>(waveform, 4);
  const linear = load<i32>(waveform, 8) == 0;
  const padded = (samples + 7) & ~7;
  const line = <usize>padded << 2;
  const plane = <usize>job.rows * line;
  // Vectors of samples by threes as far as twos fill the rest.
  const vectors = padded >> 2;
  const wide = vectors - (vectors % 3 == 1 ? 4 : vectors % 3);
  memory.fill(tile.products, 0, 3 * plane);
  const W = tile.evolution;
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    const records = rowsOfPanel(job, tile, panel, batch, area);
    let out = tile.products;
    for (let k = 0; k < vectors; ) {
      const width = k < wide ? 3 : 2;
      if (!linear) evolveAny(tile, panel, points, padded, k << 2, W, width);
      else if (k == 0) startSeries(tile, panel, points, padded, W);
      else if (k <= wide) stepSeries(W);
      else lastOfSeries(W);
      for (let part: usize = 0; part < 3; part++) {
        if (width == 3) multiplyThree(records + part * PART, W + part * 16, out + part * plane, line, rows);
        else multiplyTwo(records + part * PART, W + part * 16, out + part * plane, line, rows);
      }
      out += <usize>width << 4;
      k += width;
    }
  }
  let answers = f64x2.splat(0);
  for (let l = 0; l < rows; l++) {
    const from = tile.products + <usize>l * line;
    const to = sums + (<usize>load<i32>(firstSamples + (<usize>l << 2)) << 4);
    for (let k: usize = 0; k < <usize>samples; k += 2) {
      const P1 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2)));
      const P2 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2) + plane));
      const P3 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2) + 2 * plane));
      const re = v128.sub<f64>(P1, P2);
      const im = v128.sub<f64>(v128.sub<f64>(P3, P1), P2);
      const at = to + (k << 4);
      answers = v128.add<f64>(answers, addFixed(job, at, v128.shuffle<i64>(re, im, 0, 2)));
      if (k + 1 < <usize>samples) answers = v128.add<f64>(answers, addFixed(job, at + 16, v128.shuffle<i64>(re, im, 1, 3)));
    }
  }
  return allFinite(answers);
}

/**
 * out[lines][4·vectors samples] += A[lines][32 spins] · W[32 spins][4·vectors samples], one part. `lines` and `vectors` are constant
 * where this is inlined. A multiplier of latency four that takes two products a cycle needs eight sums in flight: 3 × 3 gives it nine,
 * and with its six operands takes all fifteen registers V8 hands out (4 × 2 is 10 % slower, 6 × 2 spills: 20 %).
 */
// @ts-ignore: decorator
@inline function multiply(A: usize, W: usize, out: usize, line: usize, lines: i32, vectors: i32): void {
  const out1 = lines > 1 ? out + line : out, out2 = lines > 2 ? out + 2 * line : out, out3 = lines > 3 ? out + 3 * line : out;
  let s00 = v128.load(out), s01 = v128.load(out, 16), s02 = v128.load(out, 32);
  let s10 = v128.load(out1), s11 = v128.load(out1, 16), s12 = v128.load(out1, 32);
  let s20 = v128.load(out2), s21 = v128.load(out2, 16), s22 = v128.load(out2, 32);
  let s30 = v128.load(out3), s31 = v128.load(out3, 16), s32 = v128.load(out3, 32);
  for (const end = A + PART; A < end; A += 4) {
    const w0 = v128.load(W), w1 = v128.load(W, VECTOR), w2 = vectors > 2 ? v128.load(W, 2 * VECTOR) : w1;
    let a = v128.load32_splat(A);
    s00 = madd<f32>(a, w0, s00);
    s01 = madd<f32>(a, w1, s01);
    if (vectors > 2) s02 = madd<f32>(a, w2, s02);
    if (lines > 1) {
      a = v128.load32_splat(A, RECORD);
      s10 = madd<f32>(a, w0, s10);
      s11 = madd<f32>(a, w1, s11);
      if (vectors > 2) s12 = madd<f32>(a, w2, s12);
    }
    if (lines > 2) {
      a = v128.load32_splat(A, 2 * RECORD);
      s20 = madd<f32>(a, w0, s20);
      s21 = madd<f32>(a, w1, s21);
      if (vectors > 2) s22 = madd<f32>(a, w2, s22);
    }
    if (lines > 3) {
      a = v128.load32_splat(A, 3 * RECORD);
      s30 = madd<f32>(a, w0, s30);
      s31 = madd<f32>(a, w1, s31);
      if (vectors > 2) s32 = madd<f32>(a, w2, s32);
    }
    W += SPIN;
  }
  v128.store(out, s00);
  v128.store(out, s01, 16);
  if (vectors > 2) v128.store(out, s02, 32);
  if (lines > 1) {
    v128.store(out1, s10);
    v128.store(out1, s11, 16);
    if (vectors > 2) v128.store(out1, s12, 32);
  }
  if (lines > 2) {
    v128.store(out2, s20);
    v128.store(out2, s21, 16);
    if (vectors > 2) v128.store(out2, s22, 32);
  }
  if (lines > 3) {
    v128.store(out3, s30);
    v128.store(out3, s31, 16);
    if (vectors > 2) v128.store(out3, s32, 32);
  }
}

/** All lines, three vectors of samples. */
function multiplyThree(A: usize, W: usize, out: usize, line: usize, rows: i32): void {
  let l = 0;
  for (; l < rows - 2; l += 3) {
    multiply(A, W, out, line, 3, 3);
    A += 3 * RECORD;
    out += 3 * line;
  }
  if (l == rows - 2) multiply(A, W, out, line, 2, 3);
  else if (l == rows - 1) multiply(A, W, out, line, 1, 3);
}

/** All lines, two vectors of samples; rows up to a multiple of four are there. */
function multiplyTwo(A: usize, W: usize, out: usize, line: usize, rows: i32): void {
  for (let l = 0; l < rows; l += 4) {
    multiply(A, W, out, line, 4, 2);
    A += 4 * RECORD;
    out += 4 * line;
  }
}

/** Four phases as f32, from four in f64 turns less whole ones. */
// @ts-ignore: decorator
@inline function fourTurns(low: v128, high: v128): v128 {
  low = v128.sub<f64>(low, v128.nearest<f64>(low));
  high = v128.sub<f64>(high, v128.nearest<f64>(high));
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** w^j of four spins, from phase in f64 turns and −exponent of w. */
// @ts-ignore: decorator
@inline function powerOf(low: v128, high: v128, a: v128, j: f64): void {
  const by = f64x2.splat(j);
  decayingTurn(fourTurns(v128.mul<f64>(low, by), v128.mul<f64>(high, by)), v128.mul<f32>(a, splat<f32>(j)));
}

/** Turns per sample of two spins, not reduced. */
// @ts-ignore: decorator
@inline function turnsPerSample(tile: Tile, n: i32, points: usize, column: usize): v128 {
  let p = v128.mul<f64>(v128.load64_splat(points, 8), loadColumn<f64>(tile.x, n));
  p = madd<f64>(v128.load64_splat(points + column, 8), loadColumn<f64>(tile.y, n), p);
  p = madd<f64>(v128.load64_splat(points + 2 * column, 8), loadColumn<f64>(tile.z, n), p);
  return madd<f64>(v128.load64_splat(points + 3 * column, 8), loadT<f64>(tile.hertz, n), p);
}

/** Four vectors a spin each from four vectors a sample each, `SPIN` apart. */
// @ts-ignore: decorator
@inline function storeTurned(to: usize, k0: v128, k1: v128, k2: v128, k3: v128): void {
  const low01 = v128.shuffle<i32>(k0, k1, 0, 4, 1, 5), low23 = v128.shuffle<i32>(k2, k3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(k0, k1, 2, 6, 3, 7), high23 = v128.shuffle<i32>(k2, k3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), SPIN);
  v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 2 * SPIN);
  v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 3 * SPIN);
}

/**
 * W of a panel where samples are equally spaced: w, w², w³, w⁴ and w¹² of a spin are formed exactly, four spins at a time; samples 4 … 11
 * follow from the first four by w⁴, and all later ones twelve at a time by w¹² (`stepSeries`), eight steps for a line of 101: the error stays
 * at a rounding or two.
 */
function startSeries(tile: Tile, panel: i32, points: usize, padded: i32, W: usize): void {
  const column = <usize>padded << 3;
  const dt = splat<f32>(load<f64>(points + 3 * column, 8));
  for (let i = 0; i < PANEL; i += 4) {
    const n = panel + i;
    const low = turnsPerSample(tile, n, points, column), high = turnsPerSample(tile, n + 2, points, column);
    const a = v128.mul<f32>(dt, loadT<f32>(tile.R2, n));
    const to = W + <usize>i * SPIN;
    powerOf(low, high, a, 1);
    const c1 = ec, s1 = v128.neg<f32>(es);
    powerOf(low, high, a, 2);
    const c2 = ec, s2 = v128.neg<f32>(es);
    powerOf(low, high, a, 3);
    storeTurned(to, splat<f32>(1), c1, c2, ec);
    storeTurned(to + 16, splat<f32>(0), s1, s2, v128.neg<f32>(es));
    const powers = W + POWERS + (<usize>i << 2);
    powerOf(low, high, a, 4);
    v128.store(powers, ec);
    v128.store(powers, es, PART);
    powerOf(low, high, a, 12);
    v128.store(powers, ec, 2 * PART);
    v128.store(powers, es, 3 * PART);
  }
  for (let i: usize = 0; i < <usize>PANEL; i++) {
    const at = W + i * SPIN, power = W + POWERS + (i << 2);
    const c = v128.load32_splat(power), s = v128.load32_splat(power, PART);
    storeParts(at, v128.load(at), v128.load(at, 16));
    turnVector(at, at + VECTOR, c, s);
    turnVector(at + VECTOR, at + 2 * VECTOR, c, s);
  }
}

/** The next three vectors of samples, of each spin by its w¹² in place. */
function stepSeries(W: usize): void {
  for (let i: usize = 0; i < <usize>PANEL; i++) {
    const at = W + i * SPIN, power = W + POWERS + (i << 2);
    const c = v128.load32_splat(power, 2 * PART), s = v128.load32_splat(power, 3 * PART);
    turnVector(at, at, c, s);
    turnVector(at + VECTOR, at + VECTOR, c, s);
    turnVector(at + 2 * VECTOR, at + 2 * VECTOR, c, s);
  }
}

/** The last two vectors where of three only two were used: the third, and it by w⁴. */
function lastOfSeries(W: usize): void {
  for (let i: usize = 0; i < <usize>PANEL; i++) {
    const at = W + i * SPIN, power = W + POWERS + (i << 2);
    storeParts(at, v128.load(at, 2 * VECTOR), v128.load(at, 2 * VECTOR + 16));
    turnVector(at, at + VECTOR, v128.load32_splat(power), v128.load32_splat(power, PART));
  }
}

/** One vector of samples, all parts, by c − i·s. */
// @ts-ignore: decorator
@inline function turnVector(from: usize, to: usize, c: v128, s: v128): void {
  const re = v128.load(from), im = v128.load(from, 16);
  storeParts(to, madd<f32>(re, c, v128.mul<f32>(im, s)), nmadd<f32>(re, s, v128.mul<f32>(im, c)));
}

/** Both parts and their sum. */
// @ts-ignore: decorator
@inline function storeParts(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, 16);
  v128.store(to, v128.add<f32>(re, im), 32);
}

/** W of a panel on any waveform, `vectors` of samples from `first` on: every sample formed exactly, two phases at a time in f64. */
function evolveAny(tile: Tile, panel: i32, points: usize, padded: i32, first: i32, W: usize, vectors: i32): void {
  const column = <usize>padded << 3;
  for (let n = panel; n < panel + PANEL; n++) {
    const x = f64x2.splat(<f64>load<f32>(tile.x + (<usize>n << 2)));
    const y = f64x2.splat(<f64>load<f32>(tile.y + (<usize>n << 2)));
    const z = f64x2.splat(<f64>load<f32>(tile.z + (<usize>n << 2)));
    const hertz = f64x2.splat(load<f64>(tile.hertz + (<usize>n << 3)));
    const R2 = splat<f32>(<f64>load<f32>(tile.R2 + (<usize>n << 2)));
    let at = points + (<usize>first << 3);
    let to = W + <usize>(n - panel) * SPIN;
    for (let v = 0; v < vectors; v++) {
      const p = fourTurns(twoTurns(at, column, x, y, z, hertz), twoTurns(at + 16, column, x, y, z, hertz));
      const t0 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column));
      const t1 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column + 16));
      decayingTurn(p, v128.mul<f32>(v128.shuffle<i64>(t0, t1, 0, 2), R2));
      storeParts(to, ec, v128.neg<f32>(es));
      at += 32;
      to += VECTOR;
    }
  }
}

// @ts-ignore: decorator
@inline function twoTurns(at: usize, column: usize, x: v128, y: v128, z: v128, hertz: v128): v128 {
  let p = v128.mul<f64>(v128.load(at), x);
  p = madd<f64>(v128.load(at + column), y, p);
  p = madd<f64>(v128.load(at + 2 * column), z, p);
  return madd<f64>(v128.load(at + 3 * column), hertz, p);
}
