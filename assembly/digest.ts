/**
 * The digest of spins (`host/phantom/digest.ts`) for four spins at once. A module of its own: the
 * host embeds it and calls it on the thread that reads a phantom, before any kernel is loaded.
 *
 * Memory: eight columns of `STRIDE` values of 32 bits from address `COLUMNS` on, in the order of
 * the digest, of which the first `count` are given. The two sums are written to addresses 0 and 4.
 */

const COLUMNS: usize = 16;
/** Bytes of a column: 4096 values, and one vector so that columns do not share cache sets. */
const STRIDE: usize = 4 * 4096 + 16;

/**
 * Odd multipliers, from xxHash and Wellons's hash functions; any odd number of many set bits would
 * do.
 */
const K = i32x4.splat(0x9e3779b1);
const M = i32x4.splat(0x7feb352d);

/** (v ^ values)·factor */
// @ts-ignore: decorator
@inline function absorb(v: v128, values: usize, factor: v128): v128 {
  return i32x4.mul(v128.xor(v, v128.load(values)), factor);
}

/** v ^ (other >>> bits) */
// @ts-ignore: decorator
@inline function mix(v: v128, other: v128, bits: i32): v128 {
  return v128.xor(v, i32x4.shr_u(other, bits));
}

// @ts-ignore: decorator
@inline function sumOfLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}

/** Digest of `count` spins, of which the first has number `start` modulo 2³². */
export function digest(start: i32, count: i32): void {
  let sumA = i32x4.splat(0);
  let sumB = i32x4.splat(0);
  const lanes = v128(0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);
  for (let n = 0; n < count; n += 4) {
    const number = i32x4.add(i32x4.splat(start + n), lanes);
    let column = COLUMNS + (<usize>n << 2);
    let a = number;
    let b = v128.not(number);
    for (let pair = 0; pair < 4; pair++) {
      a = absorb(a, column, K);
      b = absorb(b, column + STRIDE, M);
      a = mix(a, b, 15);
      b = mix(b, a, 13);
      column += 2 * STRIDE;
    }
    a = i32x4.mul(a, K);
    b = i32x4.mul(b, M);
    // Lanes of spins: all but beyond the last.
    const isSpin = i32x4.lt_s(lanes, i32x4.splat(count - n));
    sumA = i32x4.add(sumA, v128.and(isSpin, mix(a, b, 16)));
    sumB = i32x4.add(sumB, v128.and(isSpin, mix(b, a, 16)));
  }
  store<i32>(0, sumOfLanes(sumA));
  store<i32>(4, sumOfLanes(sumB));
}
