/**
 * Lines that share one in-line waveform as a matrix product: s[l,k] = Σ_n A[l,n]·W[n,k], A the magnetisation of spin n at the first
 * sample of line l (`record`), W its evolution from there to sample k (`flush`). Exact for static spins, and a spin's sin and cos
 * are paid once per batch of lines instead of once per line. The complex product is three real ones,
 *   P1 = Re A·Re W, P2 = Im A·Im W, P3 = (Re A + Im A)(Re W + Im W);  Re s = P1 − P2, Im s = P3 − P1 − P2,
 * each blocked to 3 lines × 12 samples in nine registers over a panel of 32 spins (2.2 times the speed of the 2×2 recurrence).
 */
import { cosTurns, expNegative, halfTurns, parity, remainder, sinTurns } from './functions';
import { Job, PANEL, recordBytesOf, Tile } from './layout';
import { Lines, sumLines } from './lines';
import { turns } from './precession';
import { READ_BYTES, WAVEFORM_BYTES } from './readout';
import { loadT, madd, nmadd, splat } from './simd';
import { addFixed, allFinite } from './sums';

const BATCH_BYTES: usize = 20;
/** One part (re, im or sum) of a panel's record of one line; of its evolution over eight samples: one spin. */
export const PART: usize = <usize>PANEL * 4;
export const RECORD: usize = 3 * PART;
/** W of one spin and one vector of samples, its three parts; of all spins of a panel. */
const SPIN: usize = 48;
const VECTOR: usize = <usize>PANEL * SPIN;

/** Writes the magnetisation at the first sample of a read into its row: M·e^{−i2π(K·r + Δf·T)}·e^{−T·R2}, both parts and their sum. */
export function record(job: Job, tile: Tile, index: i32): void {
  const readout = job.reads + <usize>index * READ_BYTES;
  const moment = job.moments + (<usize>load<i32>(readout, 8) << 5);
  const kx = load<f64>(moment), ky = load<f64>(moment, 8), kz = load<f64>(moment, 16), t = load<f64>(moment, 24);
  const time = splat<f32>(t);
  const panelStep = <usize>job.rows * RECORD;
  let at = tile.records + <usize>load<i32>(readout, 12) * recordBytesOf(job) + <usize>load<i32>(readout, 16) * RECORD;
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let i = 0; i < PANEL; i += 4) {
      const n = panel + i;
      const p = turns<f32>(tile, n, kx, ky, kz, t);
      const h = halfTurns<f32>(p);
      const u = remainder<f32>(p, h);
      const u2 = v128.mul<f32>(u, u);
      const e = v128.xor(expNegative<f32>(v128.mul<f32>(time, loadT<f32>(tile.R2, n))), parity<f32>(h));
      const c = v128.mul<f32>(e, cosTurns<f32>(u2));
      const s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
      const x = loadT<f32>(tile.mx, n);
      const y = loadT<f32>(tile.my, n);
      const re = madd<f32>(x, c, v128.mul<f32>(y, s));
      const im = nmadd<f32>(x, s, v128.mul<f32>(y, c));
      const to = at + (<usize>i << 2);
      v128.store(to, re);
      v128.store(to, im, PART);
      v128.store(to, v128.add<f32>(re, im), 2 * PART);
    }
    at += panelStep;
  }
}

/** Sums all rows of a batch. @returns false if a sample is not finite */
export function flush(job: Job, tile: Tile, index: i32, sums: usize): bool {
  const batch = job.batches + <usize>index * BATCH_BYTES;
  const waveform = job.waveforms + <usize>load<i32>(batch) * WAVEFORM_BYTES;
  const rows = load<i32>(batch, 8);
  const firstSamples = <usize>load<i32>(batch, 12);
  const lines = <usize>load<i32>(batch, 16);
  if (lines != 0) return sumLines(job, tile, changetype<Lines>(lines), load<i32>(batch, 4), rows, firstSamples, sums);
  const points = <usize>load<i32>(waveform);
  const samples = load<i32>(waveform, 4);
  const linear = load<i32>(waveform, 8) != 0;
  const padded = (samples + 7) & ~7;
  const line = <usize>padded << 2;
  const plane = <usize>job.rows * line;
  // Vectors of samples by threes as far as twos fill the rest.
  const vectors = padded >> 2;
  const wide = vectors - (vectors % 3 == 1 ? 4 : vectors % 3);
  memory.fill(tile.products, 0, 3 * plane);
  let records = tile.records + <usize>load<i32>(batch, 4) * recordBytesOf(job);
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    for (let i = 0; i < PANEL; i++) {
      if (linear) evolveLinear(tile, panel + i, points, padded, tile.evolution + <usize>i * SPIN);
      else evolveAny(tile, panel + i, points, padded, tile.evolution + <usize>i * SPIN);
    }
    for (let part: usize = 0; part < 3; part++) {
      const A = records + part * PART;
      let W = tile.evolution + part * 16;
      let out = tile.products + part * plane;
      let k = 0;
      for (; k < wide; k += 3) {
        multiplyThree(A, W, out, line, rows);
        W += 3 * VECTOR;
        out += 48;
      }
      for (; k < vectors; k += 2) {
        multiplyTwo(A, W, out, line, rows);
        W += 2 * VECTOR;
        out += 32;
      }
    }
    records += <usize>job.rows * RECORD;
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

/** W's real and imaginary part for four samples of one spin, from phase and −exponent. */
// @ts-ignore: decorator
@inline function storeEvolution(to: usize, p: v128, a: v128): void {
  const h = halfTurns<f32>(p);
  const u = remainder<f32>(p, h);
  const u2 = v128.mul<f32>(u, u);
  const e = v128.xor(expNegative<f32>(a), parity<f32>(h));
  const re = v128.mul<f32>(e, cosTurns<f32>(u2));
  const im = v128.neg<f32>(v128.mul<f32>(e, sinTurns<f32>(u, u2)));
  v128.store(to, re);
  v128.store(to, im, 16);
  v128.store(to, v128.add<f32>(re, im), 32);
}

/**
 * W of one spin where samples are equally spaced: the first eight and the step over eight are formed exactly, the rest is a
 * geometric series of thirteen steps for a line of 104, so the error stays at a rounding or two.
 */
function evolveLinear(tile: Tile, n: i32, points: usize, padded: i32, to: usize): void {
  const column = <usize>padded << 3;
  const dt = load<f64>(points + 3 * column, 8);
  const turn = load<f64>(points, 8) * <f64>load<f32>(tile.x + (<usize>n << 2))
    + load<f64>(points + column, 8) * <f64>load<f32>(tile.y + (<usize>n << 2))
    + load<f64>(points + 2 * column, 8) * <f64>load<f32>(tile.z + (<usize>n << 2))
    + dt * load<f64>(tile.hertz + (<usize>n << 3));
  const p = f64x2.splat(turn);
  const decay = splat<f32>(dt * <f64>load<f32>(tile.R2 + (<usize>n << 2)));
  storeEvolution(to, fourTurns(v128.mul<f64>(p, f64x2(0, 1)), v128.mul<f64>(p, f64x2(2, 3))), v128.mul<f32>(decay, f32x4(0, 1, 2, 3)));
  storeEvolution(to + VECTOR, fourTurns(v128.mul<f64>(p, f64x2(4, 5)), v128.mul<f64>(p, f64x2(6, 7))), v128.mul<f32>(decay, f32x4(4, 5, 6, 7)));
  if (padded == 8) return;
  const step = v128.mul<f64>(p, f64x2.splat(8));
  const q = fourTurns(step, step);
  const h = halfTurns<f32>(q);
  const u = remainder<f32>(q, h);
  const u2 = v128.mul<f32>(u, u);
  const e = v128.xor(expNegative<f32>(v128.mul<f32>(decay, splat<f32>(8))), parity<f32>(h));
  const c = v128.mul<f32>(e, cosTurns<f32>(u2));
  const s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
  let re0 = v128.load(to), re1 = v128.load(to, VECTOR);
  let im0 = v128.load(to, 16), im1 = v128.load(to, VECTOR + 16);
  for (let k = 8; k < padded; k += 8) {
    to += 2 * VECTOR;
    const x0 = madd<f32>(re0, c, v128.mul<f32>(im0, s));
    const x1 = madd<f32>(re1, c, v128.mul<f32>(im1, s));
    im0 = nmadd<f32>(re0, s, v128.mul<f32>(im0, c));
    im1 = nmadd<f32>(re1, s, v128.mul<f32>(im1, c));
    re0 = x0;
    re1 = x1;
    v128.store(to, re0);
    v128.store(to, im0, 16);
    v128.store(to, v128.add<f32>(re0, im0), 32);
    v128.store(to, re1, VECTOR);
    v128.store(to, im1, VECTOR + 16);
    v128.store(to, v128.add<f32>(re1, im1), VECTOR + 32);
  }
}

/** W of one spin on any waveform: every sample formed exactly, two phases at a time in f64. */
function evolveAny(tile: Tile, n: i32, points: usize, padded: i32, to: usize): void {
  const column = <usize>padded << 3;
  const x = f64x2.splat(<f64>load<f32>(tile.x + (<usize>n << 2)));
  const y = f64x2.splat(<f64>load<f32>(tile.y + (<usize>n << 2)));
  const z = f64x2.splat(<f64>load<f32>(tile.z + (<usize>n << 2)));
  const hertz = f64x2.splat(load<f64>(tile.hertz + (<usize>n << 3)));
  const R2 = splat<f32>(<f64>load<f32>(tile.R2 + (<usize>n << 2)));
  for (let k = 0; k < padded; k += 4) {
    const at = points + (<usize>k << 3);
    const p = fourTurns(twoTurns(at, column, x, y, z, hertz), twoTurns(at + 16, column, x, y, z, hertz));
    const t0 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column));
    const t1 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column + 16));
    storeEvolution(to, p, v128.mul<f32>(v128.shuffle<i64>(t0, t1, 0, 2), R2));
    to += VECTOR;
  }
}

// @ts-ignore: decorator
@inline function twoTurns(at: usize, column: usize, x: v128, y: v128, z: v128, hertz: v128): v128 {
  let p = v128.mul<f64>(v128.load(at), x);
  p = madd<f64>(v128.load(at + column), y, p);
  p = madd<f64>(v128.load(at + 2 * column), z, p);
  return madd<f64>(v128.load(at + 3 * column), hertz, p);
}
