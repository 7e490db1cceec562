/**
 * The product of line starts and evolution, in blocks of as many sums as the registers hold. A unit
 * is one vector of samples, or two where V8 joins neighbouring vectors to one of 256 bits (`Wide`):
 * the same nine sums and six operands then take as many registers, each of twice the width. Where
 * V8 does not join them, the wide form is correct but slow.
 */
import { PANEL } from './abi';
import { PART, LINE_START_BYTES } from './line-starts';
import { isWide, madd } from './simd';

/** W of one spin and one unit of samples, its three parts. */
// @ts-ignore: decorator
@inline export function spinBytes<F>(): usize {
  return 3 * offsetof<F>();
}

/** W of one unit of samples and all spins of a panel. */
// @ts-ignore: decorator
@inline export function unitBytes<F>(): usize {
  return <usize>PANEL * spinBytes<F>();
}

/** The second vector of a wide unit. */
// @ts-ignore: decorator
@inline function upper<F>(at: usize, lower: v128): v128 {
  return isWide<F>() ? v128.load(at, 16) : lower;
}

// @ts-ignore: decorator
@inline function storeUnit<F>(at: usize, lower: v128, upper: v128): void {
  v128.store(at, lower);
  if (isWide<F>()) v128.store(at, upper, 16);
}

/**
 * out[lines][units of samples] += A[lines][32 spins] · W[32 spins][units of samples], one part.
 * `lines` and `units` are constants where this is inlined. A multiplier of latency four and two
 * products per cycle needs eight independent sums: 3 × 3 gives nine, and with six operands uses all
 * fifteen registers that V8 allocates (4 × 2 is 10 % slower; 6 × 2 spills and is 20 % slower).
 */
// @ts-ignore: decorator
@inline function multiply<F>(A: usize, W: usize, out: usize, line: usize, lines: i32, units: i32): void {
  const unit = offsetof<F>(), spin = spinBytes<F>();
  const out1 = lines > 1 ? out + line : out, out2 = lines > 2 ? out + 2 * line : out;
  const out3 = lines > 3 ? out + 3 * line : out;
  let s00 = v128.load(out), s01 = v128.load(out + unit), s02 = v128.load(out + 2 * unit);
  let t00 = upper<F>(out, s00), t01 = upper<F>(out + unit, s01), t02 = upper<F>(out + 2 * unit, s02);
  let s10 = v128.load(out1), s11 = v128.load(out1 + unit), s12 = v128.load(out1 + 2 * unit);
  let t10 = upper<F>(out1, s10), t11 = upper<F>(out1 + unit, s11), t12 = upper<F>(out1 + 2 * unit, s12);
  let s20 = v128.load(out2), s21 = v128.load(out2 + unit), s22 = v128.load(out2 + 2 * unit);
  let t20 = upper<F>(out2, s20), t21 = upper<F>(out2 + unit, s21), t22 = upper<F>(out2 + 2 * unit, s22);
  let s30 = v128.load(out3), s31 = v128.load(out3 + unit), s32 = v128.load(out3 + 2 * unit);
  let t30 = upper<F>(out3, s30), t31 = upper<F>(out3 + unit, s31), t32 = upper<F>(out3 + 2 * unit, s32);
  for (const end = A + PART; A < end; A += 4) {
    const w0 = v128.load(W), w1 = v128.load(W, unitBytes<F>()), w2 = units > 2 ? v128.load(W, 2 * unitBytes<F>()) : w1;
    const v0 = isWide<F>() ? v128.load(W, 16) : w0, v1 = isWide<F>() ? v128.load(W, unitBytes<F>() + 16) : w1;
    const v2 = isWide<F>() && units > 2 ? v128.load(W, 2 * unitBytes<F>() + 16) : v1;
    let a = v128.load32_splat(A);
    s00 = madd<f32>(a, w0, s00);
    s01 = madd<f32>(a, w1, s01);
    if (units > 2) s02 = madd<f32>(a, w2, s02);
    if (isWide<F>()) t00 = madd<f32>(a, v0, t00);
    if (isWide<F>()) t01 = madd<f32>(a, v1, t01);
    if (isWide<F>() && units > 2) t02 = madd<f32>(a, v2, t02);
    if (lines > 1) {
      a = v128.load32_splat(A, LINE_START_BYTES);
      s10 = madd<f32>(a, w0, s10);
      s11 = madd<f32>(a, w1, s11);
      if (units > 2) s12 = madd<f32>(a, w2, s12);
      if (isWide<F>()) t10 = madd<f32>(a, v0, t10);
      if (isWide<F>()) t11 = madd<f32>(a, v1, t11);
      if (isWide<F>() && units > 2) t12 = madd<f32>(a, v2, t12);
    }
    if (lines > 2) {
      a = v128.load32_splat(A, 2 * LINE_START_BYTES);
      s20 = madd<f32>(a, w0, s20);
      s21 = madd<f32>(a, w1, s21);
      if (units > 2) s22 = madd<f32>(a, w2, s22);
      if (isWide<F>()) t20 = madd<f32>(a, v0, t20);
      if (isWide<F>()) t21 = madd<f32>(a, v1, t21);
      if (isWide<F>() && units > 2) t22 = madd<f32>(a, v2, t22);
    }
    if (lines > 3) {
      a = v128.load32_splat(A, 3 * LINE_START_BYTES);
      s30 = madd<f32>(a, w0, s30);
      s31 = madd<f32>(a, w1, s31);
      if (units > 2) s32 = madd<f32>(a, w2, s32);
      if (isWide<F>()) t30 = madd<f32>(a, v0, t30);
      if (isWide<F>()) t31 = madd<f32>(a, v1, t31);
      if (isWide<F>() && units > 2) t32 = madd<f32>(a, v2, t32);
    }
    W += spin;
  }
  storeUnit<F>(out, s00, t00);
  storeUnit<F>(out + unit, s01, t01);
  if (units > 2) storeUnit<F>(out + 2 * unit, s02, t02);
  if (lines > 1) {
    storeUnit<F>(out1, s10, t10);
    storeUnit<F>(out1 + unit, s11, t11);
    if (units > 2) storeUnit<F>(out1 + 2 * unit, s12, t12);
  }
  if (lines > 2) {
    storeUnit<F>(out2, s20, t20);
    storeUnit<F>(out2 + unit, s21, t21);
    if (units > 2) storeUnit<F>(out2 + 2 * unit, s22, t22);
  }
  if (lines > 3) {
    storeUnit<F>(out3, s30, t30);
    storeUnit<F>(out3 + unit, s31, t31);
    if (units > 2) storeUnit<F>(out3 + 2 * unit, s32, t32);
  }
}

/** All lines, three units of samples. */
export function multiplyThree<F>(A: usize, W: usize, out: usize, line: usize, rows: i32): void {
  let l = 0;
  for (; l < rows - 2; l += 3) {
    multiply<F>(A, W, out, line, 3, 3);
    A += 3 * LINE_START_BYTES;
    out += 3 * line;
  }
  if (l == rows - 2) multiply<F>(A, W, out, line, 2, 3);
  else if (l == rows - 1) multiply<F>(A, W, out, line, 1, 3);
}

/** All lines, two units of samples; there is room for rows up to a multiple of four. */
export function multiplyTwo<F>(A: usize, W: usize, out: usize, line: usize, rows: i32): void {
  for (let l = 0; l < rows; l += 4) {
    multiply<F>(A, W, out, line, 4, 2);
    A += 4 * LINE_START_BYTES;
    out += 4 * line;
  }
}
