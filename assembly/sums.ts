/**
 * Exact sums. The tile's partial signal in f32 or f64 is rounded to integers in units of
 * 2^−scaleExponent and added to the accumulator. Integer addition is associative, so the order of
 * tiles, threads and ranks changes no bit.
 *
 * Headroom: |partial signal of a tile| ≤ spins of the tile × max|density| up to rounding, so over
 * all tiles the integers stay below spins × max|density| × 2^scaleExponent, which the plan keeps at
 * or below 2^62: the spare bit allows a factor of 2 for rounding in f32 (a rotation in f32 may
 * lengthen Mxy by 1e-7 per step, so 10⁶ steps add 10 %). A tile's number beyond 1.5 times its bound
 * is rejected like NaN. Thus no sum of tiles, threads or ranks can overflow, and none of them needs
 * a check of its own.
 *
 * SUMS.FLOAT omits the conversion: it gives `--verify` its reference for the integers of a run.
 */
import { KernelContext, SUMS } from './abi';

/**
 * Largest value that a sample of the current tile may have, in units of the sums; each thread's
 * instance has its own globals.
 */
let largest: f64 = 0;

export function beginSums(job: KernelContext, spins: i32): void {
  largest = job.largest * <f64>spins;
}

/**
 * 1.5·2^52: adding it to a number below 2^51 leaves the nearest integer in the low mantissa bits.
 */
export const MAGIC: f64 = 6755399441055744.0;

/**
 * Adds two numbers at `at` and the eight bytes after it. WebAssembly has no vector of f64 → i64,
 * and its scalar conversion branches around overflow; so a number is converted in two pieces, high
 * = nearest(v·2^−32) and low = v − high·2^32. Both are exact, and integers below 2^31 once low is
 * rounded: the same bits in half the time.
 * @returns 0 twice if both are finite and not too large, else NaN, so that callers can add up the
 * results
 */
// @ts-ignore: decorator
@inline export function addFixed(job: KernelContext, at: usize, value: v128): v128 {
  const v = v128.mul<f64>(value, f64x2.splat(job.scale));
  const high = v128.nearest<f64>(v128.mul<f64>(v, f64x2.splat(1.0 / 4294967296.0)));
  const low = v128.sub<f64>(v, v128.mul<f64>(high, f64x2.splat(4294967296.0)));
  const magic = f64x2.splat(MAGIC);
  const upper = v128.shl<i64>(v128.sub<i64>(v128.add<f64>(high, magic), magic), 32);
  const fixed = v128.add<i64>(upper, v128.sub<i64>(v128.add<f64>(low, magic), magic));
  if (job.sumsKind == SUMS.OWN) {
    v128.store(at, v128.add<i64>(v128.load(at), fixed));
  } else if (job.sumsKind == SUMS.SHARED) {
    atomic.add<i64>(at, v128.extract_lane<i64>(fixed, 0));
    atomic.add<i64>(at + 8, v128.extract_lane<i64>(fixed, 1));
  } else {
    v128.store(at, v128.add<f64>(v128.load(at), v));
  }
  return v128.or(v128.sub<f64>(v, v), v128.gt<f64>(v128.abs<f64>(v), f64x2.splat(largest)));
}

/**
 * Whether the sum of the results of `addFixed` means that all numbers were finite and within
 * bounds.
 */
// @ts-ignore: decorator
@inline export function allFinite(answers: v128): bool {
  return f64x2.extract_lane(answers, 0) + f64x2.extract_lane(answers, 1) == 0;
}

/**
 * Adds up the lane sums of `count` samples in one fixed order and adds the results at `sums`.
 * @returns false if one is not finite
 */
export function addLanes<T>(job: KernelContext, partialSums: usize, sums: usize, count: i32): bool {
  let answers = f64x2.splat(0);
  for (let n = 0; n < count; n++) {
    const re = foldHalves<T>(v128.load(partialSums + (<usize>n << 5)));
    const im = foldHalves<T>(v128.load(partialSums + (<usize>n << 5), 16));
    const sum = v128.add<f64>(v128.shuffle<i64>(re, im, 0, 2), v128.shuffle<i64>(re, im, 1, 3));
    answers = v128.add<f64>(answers, addFixed(job, sums + (<usize>n << 4), sum));
  }
  return allFinite(answers);
}

/** Adds up the lanes of T to two f64. */
// @ts-ignore: decorator
@inline function foldHalves<T>(v: v128): v128 {
  if (sizeof<T>() == 8) return v;
  return v128.add<f64>(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
}

/** Bytes of one accumulator. */
// @ts-ignore: decorator
@inline export function sumBytes(job: KernelContext): usize {
  return (<usize>job.channels * <usize>job.sampleCount) << 4;
}

/**
 * Adds the other accumulators to the first and clears them, sample by sample. This takes a
 * millisecond for 10⁶ samples; BigInt takes 0.2 s.
 */
export function gatherSums(job: KernelContext): void {
  const bytes = sumBytes(job);
  for (let n = 1; n < job.accumulators; n++) {
    const other = job.sums + <usize>n * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(job.sums + at, v128.add<i64>(v128.load(job.sums + at), v128.load(other + at)));
    }
    memory.fill(other, 0, bytes);
  }
}
