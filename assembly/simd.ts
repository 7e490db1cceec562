/**
 * Vectors of f32 or f64, one source for both: every kernel is written over T and instantiated
 * twice, f32 for speed and f64 as the reference. A vector is 16 bytes: four f32 spins or two f64
 * spins.
 */

/** Spins in one vector. */
// @ts-ignore: decorator
@inline export function partialSums<T>(): i32 {
  return 16 / sizeof<T>();
}

/**
 * a·b + c; one rounding in the relaxed build on machines that fuse, two elsewhere (see
 * `probeFused`).
 */
// @ts-ignore: decorator
@inline export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c − a·b */
// @ts-ignore: decorator
@inline export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}

// @ts-ignore: decorator
@inline export function splat<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

/** Loads one vector of T from an f32 column, starting at spin `n`. */
// @ts-ignore: decorator
@inline export function loadColumn<T>(column: usize, n: i32): v128 {
  const at = column + (<usize>n << 2);
  if (sizeof<T>() == 8) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

/** Loads one vector of T from a column of T, starting at spin `n`. */
// @ts-ignore: decorator
@inline export function loadT<T>(column: usize, n: i32): v128 {
  return v128.load(column + <usize>n * sizeof<T>());
}

// @ts-ignore: decorator
@inline export function storeT<T>(column: usize, n: i32, value: v128): void {
  v128.store(column + <usize>n * sizeof<T>(), value);
}

/** Loads one vector of T from a column of S, which is T, or f32 where T is f64. */
// @ts-ignore: decorator
@inline export function loadAs<T, S>(column: usize, n: i32): v128 {
  return sizeof<S>() == sizeof<T>() ? loadT<T>(column, n) : loadColumn<T>(column, n);
}

// @ts-ignore: decorator
@inline export function storeAs<T, S>(column: usize, n: i32, value: v128): void {
  if (sizeof<S>() == sizeof<T>()) storeT<T>(column, n, value);
  else v128.store64_lane(column + (<usize>n << 2), f32x4.demote_f64x2_zero(value), 0);
}

/**
 * Type parameter of kernels with units of one vector, or of two that V8 joins to one of 256 bits.
 * They differ in their size.
 */
@unmanaged
export class Narrow {
  a: f64;
  b: f64;
}
@unmanaged
export class Wide extends Narrow {
  c: f64;
  d: f64;
}

// @ts-ignore: decorator
@inline export function isWide<F>(): bool {
  return offsetof<F>() == 32;
}

/**
 * The vector after the one at spin `n`. Its distance is an offset of the load, so that V8 can join
 * both to one of 256 bits.
 */
// @ts-ignore: decorator
@inline export function loadNext<T>(column: usize, n: i32): v128 {
  return v128.load(column + <usize>n * sizeof<T>(), 16);
}

// @ts-ignore: decorator
@inline export function storeBoth<T>(column: usize, n: i32, value: v128, next: v128): void {
  const at = column + <usize>n * sizeof<T>();
  v128.store(at, value);
  v128.store(at, next, 16);
}

/** Loads four f64 of a column as f32. */
// @ts-ignore: decorator
@inline export function demoteFour(column: usize, n: i32): v128 {
  const low = f32x4.demote_f64x2_zero(loadT<f64>(column, n));
  const high = f32x4.demote_f64x2_zero(loadT<f64>(column, n + 2));
  return v128.shuffle<i64>(low, high, 0, 2);
}

/**
 * Flushes magnetisation below 1e-25 to zero. It cannot affect a signal, but products of it would be
 * denormal numbers (below 1e-38) and make the next pulse a hundred times slower.
 */
// @ts-ignore: decorator
@inline export function flushDenormals<T>(v: v128): v128 {
  if (sizeof<T>() == 8) return v;
  return v128.and(v, v128.gt<T>(v128.abs<T>(v), splat<T>(1e-25)));
}

/**
 * Whether `madd` rounds once; part of the plan's hash. For x = 1 + 2⁻³⁰ the exact x² − fl(x²) is
 * 2⁻⁶⁰; two roundings give 0. The host passes x so that no compiler can evaluate this in advance.
 */
export function probeFused(x: f64): bool {
  const a = f64x2.splat(x);
  return f64x2.extract_lane(madd<f64>(a, a, v128.neg<f64>(v128.mul<f64>(a, a))), 0) != 0;
}
