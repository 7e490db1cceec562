/**
 * sin, cos and exp for vectors. Angles are in turns, already reduced to [−½, ½]: the reduction is
 * exact (in f64, see `precession.ts`) and the polynomials need no π. Coefficients are those of
 * Chebyshev interpolation on the interval given, computed in extended precision; errors are the
 * polynomial's, before rounding.
 */
import { madd, nmadd, splat } from './simd';

/*
 * f32 coefficients are stored in memory, highest power first and four times each, and loaded where
 * they are used. As vector constants the compiler would assemble them from two integers at every
 * use; loading makes pulses 1.2 times faster.
 */

/**
 * 1.5·2^(mantissa bits): adding it rounds to the nearest integer, whose low bits are then those of
 * the mantissa.
 */
// @ts-ignore: decorator
@inline function magic<T>(): f64 {
  return sizeof<T>() == 8 ? 6755399441055744.0 : 12582912.0;
}

const CONSTANTS: usize = memory.data<f32>([
  12582912.0, 12582912.0, 12582912.0, 12582912.0,
  6291456.0, 6291456.0, 6291456.0, 6291456.0,
  1.0, 1.0, 1.0, 1.0,
  -1.4426950408889634, -1.4426950408889634, -1.4426950408889634, -1.4426950408889634,
  -126.0, -126.0, -126.0, -126.0,
], 16);

// @ts-ignore: decorator
@inline function toInteger<T>(): v128 {
  return sizeof<T>() == 8 ? splat<T>(magic<T>()) : v128.load(CONSTANTS);
}

/** Half of `magic`: adding it rounds to the nearest half. */
// @ts-ignore: decorator
@inline function toHalf<T>(): v128 {
  return sizeof<T>() == 8 ? splat<T>(0.5 * magic<T>()) : v128.load(CONSTANTS, 16);
}

// @ts-ignore: decorator
@inline function one<T>(): v128 {
  return sizeof<T>() == 8 ? splat<T>(1) : v128.load(CONSTANTS, 32);
}

/**
 * Half turns of p: rounds p to n/2 with an integer n, so that p − n/2 lies in [−¼, ¼] and the
 * parity of n is the common sign of sin and cos. One shift gives the sign, where a reduction to
 * quadrants needs a swap and two masks.
 */
// @ts-ignore: decorator
@inline export function halfTurns<T>(p: v128): v128 {
  return v128.add<T>(p, toHalf<T>());
}

/** Sign bit from `halfTurns`. */
// @ts-ignore: decorator
@inline export function parity<T>(h: v128): v128 {
  if (sizeof<T>() == 8) return v128.shl<i64>(h, 63);
  return v128.shl<i32>(h, 31);
}

/** p minus its half turns, in [−¼, ¼]. */
// @ts-ignore: decorator
@inline export function remainder<T>(p: v128, h: v128): v128 {
  return v128.sub<T>(p, v128.sub<T>(h, toHalf<T>()));
}

const SIN_TURNS: usize = memory.data<f32>([
  -14.39396629533007, -14.39396629533007, -14.39396629533007, -14.39396629533007,
  42.00977930313461, 42.00977930313461, 42.00977930313461, 42.00977930313461,
  -76.7042798760416, -76.7042798760416, -76.7042798760416, -76.7042798760416,
  81.60522617402964, 81.60522617402964, 81.60522617402964, 81.60522617402964,
  -41.341702116744, -41.341702116744, -41.341702116744, -41.341702116744,
  6.283185307072264, 6.283185307072264, 6.283185307072264, 6.283185307072264,
], 16);

/** sin(2πu) for u in [−¼, ¼], given u and u². f32: 1.1e-10 relative to u; f64: 1e-17. */
// @ts-ignore: decorator
@inline export function sinTurns<T>(u: v128, u2: v128): v128 {
  let p: v128;
  if (sizeof<T>() == 8) {
    p = splat<T>(-0.03336388870876296);
    p = madd<T>(p, u2, splat<T>(-0.0007355652966228211));
    p = madd<T>(p, u2, splat<T>(0.10264162215671313));
    p = madd<T>(p, u2, splat<T>(-0.7179971259103884));
    p = madd<T>(p, u2, splat<T>(3.819946508819461));
    p = madd<T>(p, u2, splat<T>(-15.09464238956713));
    p = madd<T>(p, u2, splat<T>(42.058693941263385));
    p = madd<T>(p, u2, splat<T>(-76.70585975301917));
    p = madd<T>(p, u2, splat<T>(81.6052492760748));
    p = madd<T>(p, u2, splat<T>(-41.34170224039976));
    p = madd<T>(p, u2, splat<T>(6.283185307179586));
  } else {
    p = v128.load(SIN_TURNS);
    p = madd<T>(p, u2, v128.load(SIN_TURNS, 16));
    p = madd<T>(p, u2, v128.load(SIN_TURNS, 32));
    p = madd<T>(p, u2, v128.load(SIN_TURNS, 48));
    p = madd<T>(p, u2, v128.load(SIN_TURNS, 64));
    p = madd<T>(p, u2, v128.load(SIN_TURNS, 80));
  }
  return v128.mul<T>(p, u);
}

const COS_TURNS: usize = memory.data<f32>([
  -24.981434467885894, -24.981434467885894, -24.981434467885894, -24.981434467885894,
  60.14388956034119, 60.14388956034119, 60.14388956034119, 60.14388956034119,
  -85.45356476099516, -85.45356476099516, -85.45356476099516, -85.45356476099516,
  64.93934647621015, 64.93934647621015, 64.93934647621015, 64.93934647621015,
  -19.739208547715783, -19.739208547715783, -19.739208547715783, -19.739208547715783,
], 16);

/** cos(2πu) for u in [−¼, ¼], given u². f32: 2.2e-10; f64: 2.2e-19. */
// @ts-ignore: decorator
@inline export function cosTurns<T>(u2: v128): v128 {
  let p: v128;
  if (sizeof<T>() == 8) {
    p = splat<T>(-0.010534911221052443);
    p = madd<T>(p, u2, splat<T>(-0.031873749364799905));
    p = madd<T>(p, u2, splat<T>(0.28139958111133784));
    p = madd<T>(p, u2, splat<T>(-1.7143454458045901));
    p = madd<T>(p, u2, splat<T>(7.903534325049556));
    p = madd<T>(p, u2, splat<T>(-26.42625672603888));
    p = madd<T>(p, u2, splat<T>(60.24464137089892));
    p = madd<T>(p, u2, splat<T>(-85.45681720668419));
    p = madd<T>(p, u2, splat<T>(64.93939402266824));
    p = madd<T>(p, u2, splat<T>(-19.739208802178716));
  } else {
    p = v128.load(COS_TURNS);
    p = madd<T>(p, u2, v128.load(COS_TURNS, 16));
    p = madd<T>(p, u2, v128.load(COS_TURNS, 32));
    p = madd<T>(p, u2, v128.load(COS_TURNS, 48));
    p = madd<T>(p, u2, v128.load(COS_TURNS, 64));
  }
  return madd<T>(p, u2, one<T>());
}

const COS_ROOT: usize = memory.data<f32>([
  -3.6841193136345857e-07, -3.6841193136345857e-07, -3.6841193136345857e-07, -3.6841193136345857e-07,
  3.501608290562737e-05, 3.501608290562737e-05, 3.501608290562737e-05, 3.501608290562737e-05,
  -0.001964110747332659, -0.001964110747332659, -0.001964110747332659, -0.001964110747332659,
  0.058925521955545755, 0.058925521955545755, 0.058925521955545755, 0.058925521955545755,
  -0.7071067720710623, -0.7071067720710623, -0.7071067720710623, -0.7071067720710623,
  1.4142135620607716, 1.4142135620607716, 1.4142135620607716, 1.4142135620607716,
], 16);

/** √2·cos√s for s in [0, (π/2)²]. f32: 3e-10; f64: 2e-19. */
// @ts-ignore: decorator
@inline export function cosRoot<T>(s: v128): v128 {
  if (sizeof<T>() == 8) {
    let p = splat<T>(-3.4925528834135144e-19);
    p = madd<T>(p, s, splat<T>(-2.088419898510971e-16));
    p = madd<T>(p, s, splat<T>(6.75250220085824e-14));
    p = madd<T>(p, s, splat<T>(-1.6221876522225158e-11));
    p = madd<T>(p, s, splat<T>(2.9524188968615747e-09));
    p = madd<T>(p, s, splat<T>(-3.8971934543575555e-07));
    p = madd<T>(p, s, splat<T>(3.507474112995884e-05));
    p = madd<T>(p, s, splat<T>(-0.001964185503295831));
    p = madd<T>(p, s, splat<T>(0.05892556509887893));
    p = madd<T>(p, s, splat<T>(-0.7071067811865476));
    return madd<T>(p, s, splat<T>(1.4142135623730951));
  }
  let p = v128.load(COS_ROOT);
  p = madd<T>(p, s, v128.load(COS_ROOT, 16));
  p = madd<T>(p, s, v128.load(COS_ROOT, 32));
  p = madd<T>(p, s, v128.load(COS_ROOT, 48));
  p = madd<T>(p, s, v128.load(COS_ROOT, 64));
  return madd<T>(p, s, v128.load(COS_ROOT, 80));
}

const SINC_ROOT: usize = memory.data<f32>([
  -3.3784455769625216e-08, -3.3784455769625216e-08, -3.3784455769625216e-08, -3.3784455769625216e-08,
  3.892660987652645e-06, 3.892660987652645e-06, 3.892660987652645e-06, 3.892660987652645e-06,
  -0.0002805921496895542, -0.0002805921496895542, -0.0002805921496895542, -0.0002805921496895542,
  0.011785109683468159, 0.011785109683468159, 0.011785109683468159, 0.011785109683468159,
  -0.2357022596905148, -0.2357022596905148, -0.2357022596905148, -0.2357022596905148,
  1.414213562348939, 1.414213562348939, 1.414213562348939, 1.414213562348939,
], 16);

/** √2·sin√s/√s for s in [0, (π/2)²]. f32: 2e-11; f64: 1e-19. */
// @ts-ignore: decorator
@inline export function sincRoot<T>(s: v128): v128 {
  if (sizeof<T>() == 8) {
    let p = splat<T>(-2.1675496011354148e-20);
    p = madd<T>(p, s, splat<T>(-1.2490751867716596e-17));
    p = madd<T>(p, s, splat<T>(3.9886760324245544e-15));
    p = madd<T>(p, s, splat<T>(-1.0815334564385684e-12));
    p = madd<T>(p, s, splat<T>(2.2710932586150268e-10));
    p = madd<T>(p, s, splat<T>(-3.542903165054332e-08));
    p = madd<T>(p, s, splat<T>(3.897193459079677e-06));
    p = madd<T>(p, s, splat<T>(-0.00028059792904234614));
    p = madd<T>(p, s, splat<T>(0.011785113019775804));
    p = madd<T>(p, s, splat<T>(-0.23570226039551584));
    return madd<T>(p, s, splat<T>(1.4142135623730951));
  }
  let p = v128.load(SINC_ROOT);
  p = madd<T>(p, s, v128.load(SINC_ROOT, 16));
  p = madd<T>(p, s, v128.load(SINC_ROOT, 32));
  p = madd<T>(p, s, v128.load(SINC_ROOT, 48));
  p = madd<T>(p, s, v128.load(SINC_ROOT, 64));
  return madd<T>(p, s, v128.load(SINC_ROOT, 80));
}

const EXP: usize = memory.data<f32>([
  0.00015461444698567777, 0.00015461444698567777, 0.00015461444698567777, 0.00015461444698567777,
  0.0013400428177615803, 0.0013400428177615803, 0.0013400428177615803, 0.0013400428177615803,
  0.00961805667852464, 0.00961805667852464, 0.00961805667852464, 0.00961805667852464,
  0.05550327226670302, 0.05550327226670302, 0.05550327226670302, 0.05550327226670302,
  0.24022650922288757, 0.24022650922288757, 0.24022650922288757, 0.24022650922288757,
  0.6931472067028326, 0.6931472067028326, 0.6931472067028326, 0.6931472067028326,
], 16);

/**
 * The integer nearest to −a·log₂e, plus `magic`: its low mantissa bits, shifted into the exponent,
 * multiply by a power of two.
 */
// @ts-ignore: decorator
@inline function powerOfTwo<T>(t: v128): v128 {
  return v128.add<T>(t, toInteger<T>());
}

/**
 * −a·log₂e, limited so that e^{−a} is at least 2^−126 (f32) or 2^−1022 (f64), which is as good as
 * 0.
 */
// @ts-ignore: decorator
@inline function binaryLog<T>(a: v128): v128 {
  // `pmax` is one instruction; `max`, which distinguishes −0 from 0, is eight. In this order of
  // operands `pmax` passes a NaN on.
  if (sizeof<T>() == 8) return v128.pmax<T>(v128.mul<T>(a, splat<T>(-1.4426950408889634)), splat<T>(-1022.0));
  return v128.pmax<T>(v128.mul<T>(a, v128.load(CONSTANTS, 48)), v128.load(CONSTANTS, 64));
}

/** x·2^n, from `powerOfTwo`. */
// @ts-ignore: decorator
@inline function scale<T>(x: v128, h: v128): v128 {
  if (sizeof<T>() == 8) return v128.add<i64>(x, v128.shl<i64>(h, 52));
  return v128.add<i32>(x, v128.shl<i32>(h, 23));
}

/** (2^f − 1)/f for f in [−½, ½]; f32: 2e-9, f64: 3e-18. */
// @ts-ignore: decorator
@inline function slopeOfPower<T>(f: v128): v128 {
  let p: v128;
  if (sizeof<T>() == 8) {
    p = splat<T>(4.455675227129062e-10);
    p = madd<T>(p, f, splat<T>(7.074188819079104e-9));
    p = madd<T>(p, f, splat<T>(1.0178058204205954e-7));
    p = madd<T>(p, f, splat<T>(1.3215432572169604e-6));
    p = madd<T>(p, f, splat<T>(1.5252733838366595e-5));
    p = madd<T>(p, f, splat<T>(0.00015403530463638124));
    p = madd<T>(p, f, splat<T>(0.0013333558146410467));
    p = madd<T>(p, f, splat<T>(0.009618129107587347));
    p = madd<T>(p, f, splat<T>(0.055504108664821604));
    p = madd<T>(p, f, splat<T>(0.24022650695910158));
    return madd<T>(p, f, splat<T>(0.6931471805599453));
  }
  p = v128.load(EXP);
  p = madd<T>(p, f, v128.load(EXP, 16));
  p = madd<T>(p, f, v128.load(EXP, 32));
  p = madd<T>(p, f, v128.load(EXP, 48));
  p = madd<T>(p, f, v128.load(EXP, 64));
  return madd<T>(p, f, v128.load(EXP, 80));
}

/** e^{−a} for a ≥ 0: 2^n·2^f with n the nearest integer to −a·log₂e. */
// @ts-ignore: decorator
@inline export function expNegative<T>(a: v128): v128 {
  const t = binaryLog<T>(a);
  const h = powerOfTwo<T>(t);
  const f = v128.sub<T>(t, v128.sub<T>(h, toInteger<T>()));
  return scale<T>(madd<T>(slopeOfPower<T>(f), f, one<T>()), h);
}

/**
 * 1 − e^{−a} for a ≥ 0, accurate relative to itself. Quantities that decay a little at every step
 * are reduced by this share instead of being multiplied by e^{−a}, whose rounding error would be
 * the same every time and accumulate.
 */
// @ts-ignore: decorator
@inline export function decayLoss<T>(a: v128): v128 {
  const t = binaryLog<T>(a);
  const h = powerOfTwo<T>(t);
  const f = v128.sub<T>(t, v128.sub<T>(h, toInteger<T>()));
  const power = scale<T>(one<T>(), h);
  return nmadd<T>(v128.mul<T>(slopeOfPower<T>(f), f), power, v128.sub<T>(one<T>(), power));
}
