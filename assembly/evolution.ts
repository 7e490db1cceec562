/**
 * W, the evolution of a panel's spins along a line: e^{−i2π(k·r + Δf·t)}·e^{−t·R2} from the first
 * sample to each, both parts and their sum. Formed for three units of samples at a time, just
 * before they are multiplied; layout [3][PANEL][re, im, sum][unit].
 */
import { PANEL } from './abi';
import { spinBytes, unitBytes } from './multiply';
import { complexExp, expRe, expIm } from './readout';
import { PART } from './line-starts';
import { isModelled, Tile } from './scratch';
import { weightedTerms } from './precession';
import { isWide, loadColumn, loadT, madd, nmadd, splat } from './simd';

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
  complexExp(fourTurns(v128.mul<f64>(low, by), v128.mul<f64>(high, by)), v128.mul<f32>(a, splat<f32>(j)));
}

/** Turns per sample of two spins, not reduced. */
// @ts-ignore: decorator
@inline function turnsPerSample<M>(tile: Tile, n: i32, points: usize, column: usize): v128 {
  let p = v128.mul<f64>(v128.load64_splat(points, 8), loadColumn<f64>(tile.x, n));
  p = madd<f64>(v128.load64_splat(points + column, 8), loadColumn<f64>(tile.y, n), p);
  p = madd<f64>(v128.load64_splat(points + 2 * column, 8), loadColumn<f64>(tile.z, n), p);
  p = madd<f64>(v128.load64_splat(points + 3 * column, 8), loadT<f64>(tile.offResonanceHz, n), p);
  return isModelled<M>() ? v128.add<f64>(p, weightedTerms(tile, n, points + 4 * column + 8, column)) : p;
}

/** Transposes four vectors of spins, one per sample, to four vectors of samples, one per spin. */
// @ts-ignore: decorator
@inline function storeTwiddled<F>(to: usize, k0: v128, k1: v128, k2: v128, k3: v128): void {
  const low01 = v128.shuffle<i32>(k0, k1, 0, 4, 1, 5), low23 = v128.shuffle<i32>(k2, k3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(k0, k1, 2, 6, 3, 7), high23 = v128.shuffle<i32>(k2, k3, 2, 6, 3, 7);
  const spin = spinBytes<F>();
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + spin, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * spin, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * spin, v128.shuffle<i64>(high01, high23, 1, 3));
}

/**
 * Starts W of a panel for equally spaced samples, w the factor from one sample to the next. w … w⁴
 * and the powers for one unit and for three are formed exactly, four spins at a time. The second
 * vector of a wide unit follows by w⁴, the other units by w^unit; later units follow three at a
 * time (`stepSeries`). A line of 101 samples takes eight narrow steps, so the error stays at one or
 * two roundings.
 */
export function startSeries<F, M>(tile: Tile, panel: i32, points: usize, padded: i32, W: usize): void {
  const unit = offsetof<F>(), spin = spinBytes<F>(), apart = unitBytes<F>();
  const column = <usize>padded << 3;
  const dt = splat<f32>(load<f64>(points + 3 * column, 8));
  for (let i = 0; i < PANEL; i += 4) {
    const n = panel + i;
    const low = turnsPerSample<M>(tile, n, points, column), high = turnsPerSample<M>(tile, n + 2, points, column);
    const a = v128.mul<f32>(dt, loadT<f32>(tile.R2, n));
    const to = W + <usize>i * spin;
    powerOf(low, high, a, 1);
    const c1 = expRe, s1 = v128.neg<f32>(expIm);
    powerOf(low, high, a, 2);
    const c2 = expRe, s2 = v128.neg<f32>(expIm);
    powerOf(low, high, a, 3);
    storeTwiddled<F>(to, splat<f32>(1), c1, c2, expRe);
    storeTwiddled<F>(to + unit, splat<f32>(0), s1, s2, v128.neg<f32>(expIm));
    const powers = powersOf<F>(W, i);
    powerOf(low, high, a, 4);
    storePower(powers, expRe, expIm);
    if (isWide<F>()) {
      powerOf(low, high, a, 8);
      storePower(powers + BY_UNIT, expRe, expIm);
    }
    powerOf(low, high, a, 3 * <f64>(unit >> 2));
    storePower(powers + BY_THREE, expRe, expIm);
  }
  for (let i = 0; i < PANEL; i++) {
    const at = W + <usize>i * spin, powers = powersOf<F>(W, i);
    storeParts<F>(at, v128.load(at), v128.load(at + unit));
    if (isWide<F>()) turnVector<F>(at, at + 16, powers);
    const byUnit = isWide<F>() ? powers + BY_UNIT : powers;
    turnUnit<F>(at, at + apart, byUnit);
    turnUnit<F>(at + apart, at + 2 * apart, byUnit);
  }
}

/** Advances W of every spin by three units of samples, in place. */
export function stepSeries<F>(W: usize): void {
  const apart = unitBytes<F>();
  for (let i = 0; i < PANEL; i++) {
    const at = W + <usize>i * spinBytes<F>(), power = powersOf<F>(W, i) + BY_THREE;
    turnUnit<F>(at, at, power);
    turnUnit<F>(at + apart, at + apart, power);
    turnUnit<F>(at + 2 * apart, at + 2 * apart, power);
  }
}

/**
 * Advances W by two units, where only two of three were used: the third of the old ones and the one
 * after it.
 */
export function lastOfSeries<F>(W: usize): void {
  const unit = offsetof<F>(), apart = unitBytes<F>();
  for (let i = 0; i < PANEL; i++) {
    const at = W + <usize>i * spinBytes<F>(), powers = powersOf<F>(W, i), third = at + 2 * apart;
    storeParts<F>(at, v128.load(third), v128.load(third + unit));
    if (isWide<F>()) storeParts<F>(at + 16, v128.load(third, 16), v128.load(third + unit, 16));
    turnUnit<F>(at, at + apart, isWide<F>() ? powers + BY_UNIT : powers);
  }
}

/**
 * Layout behind three units of W, for each spin: cos and sin of w⁴, of w^unit where this differs,
 * and of w to three units.
 */
const BY_UNIT: usize = 2 * PART;
const BY_THREE: usize = 4 * PART;

// @ts-ignore: decorator
@inline function powersOf<F>(W: usize, spin: i32): usize {
  return W + 3 * unitBytes<F>() + (<usize>spin << 2);
}

// @ts-ignore: decorator
@inline function storePower(at: usize, c: v128, s: v128): void {
  v128.store(at, c);
  v128.store(at, s, PART);
}

/** Multiplies one vector of samples (all parts) by the power c − i·s stored at `power`. */
// @ts-ignore: decorator
@inline function turnVector<F>(from: usize, to: usize, power: usize): void {
  const c = v128.load32_splat(power), s = v128.load32_splat(power, PART);
  const re = v128.load(from), im = v128.load(from, offsetof<F>());
  storeParts<F>(to, madd<f32>(re, c, v128.mul<f32>(im, s)), nmadd<f32>(re, s, v128.mul<f32>(im, c)));
}

/** Stores one unit of samples. */
// @ts-ignore: decorator
@inline function turnUnit<F>(from: usize, to: usize, power: usize): void {
  turnVector<F>(from, to, power);
  if (isWide<F>()) turnVector<F>(from + 16, to + 16, power);
}

/** Stores the real part, the imaginary part and their sum. */
// @ts-ignore: decorator
@inline function storeParts<F>(to: usize, re: v128, im: v128): void {
  v128.store(to, re);
  v128.store(to, im, offsetof<F>());
  v128.store(to, v128.add<f32>(re, im), 2 * offsetof<F>());
}

/**
 * W of a panel on any trajectory, `units` units of samples from `first` on. Every sample is formed
 * exactly, two phases at a time in f64.
 */
export function evolveAny<F, M>(
  tile: Tile, panel: i32, points: usize, padded: i32, first: i32, W: usize, units: i32,
): void {
  const column = <usize>padded << 3;
  for (let n = panel; n < panel + PANEL; n++) {
    const x = f64x2.splat(<f64>load<f32>(tile.x + (<usize>n << 2)));
    const y = f64x2.splat(<f64>load<f32>(tile.y + (<usize>n << 2)));
    const z = f64x2.splat(<f64>load<f32>(tile.z + (<usize>n << 2)));
    const offResonanceHz = f64x2.splat(load<f64>(tile.offResonanceHz + (<usize>n << 3)));
    const R2 = splat<f32>(<f64>load<f32>(tile.R2 + (<usize>n << 2)));
    let at = points + (<usize>first << 3);
    const to = W + <usize>(n - panel) * spinBytes<F>();
    const bytes = <usize>units * offsetof<F>();
    for (let v: usize = 0; v < bytes; v += 16) {
      const p = fourTurns(
        twoTurns<M>(tile, n, at, column, x, y, z, offResonanceHz),
        twoTurns<M>(tile, n, at + 16, column, x, y, z, offResonanceHz),
      );
      const t0 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column));
      const t1 = f32x4.demote_f64x2_zero(v128.load(at + 3 * column + 16));
      complexExp(p, v128.mul<f32>(v128.shuffle<i64>(t0, t1, 0, 2), R2));
      storeParts<F>(to + v / offsetof<F>() * unitBytes<F>() + v % offsetof<F>(), expRe, v128.neg<f32>(expIm));
      at += 32;
    }
  }
}

// @ts-ignore: decorator
@inline function twoTurns<M>(
  tile: Tile, n: i32, at: usize, column: usize, x: v128, y: v128, z: v128, offResonanceHz: v128,
): v128 {
  let p = v128.mul<f64>(v128.load(at), x);
  p = madd<f64>(v128.load(at + column), y, p);
  p = madd<f64>(v128.load(at + 2 * column), z, p);
  p = madd<f64>(v128.load(at + 3 * column), offResonanceHz, p);
  return isModelled<M>() ? v128.add<f64>(p, termsOf(tile, n, at + 4 * column, column)) : p;
}

/** Σ κ·q of one spin at two samples. @param kappas columns of the terms, `column` bytes apart */
// @ts-ignore: decorator
@inline function termsOf(tile: Tile, n: i32, kappas: usize, column: usize): v128 {
  let sum = f64x2.splat(0);
  for (let term: usize = 0; term < <usize>tile.phaseTerms; term++) {
    const q = <f64>load<f32>(load<usize>(tile.termColumns + (term << 2)) + (<usize>n << 2));
    sum = madd<f64>(v128.load(kappas + term * column), f64x2.splat(q), sum);
  }
  return sum;
}
