/**
 * The Bloch equations under a constant field (zero-order hold), solved exactly. During a step of an
 * RF pulse the field does not change, so over a time t
 *
 *     dM/dt·t = A·M + b,  A = [[−e2, ωz, −ωy], [−ωz, −e2, ωx], [ωy, −ωx, −e1]],
 *     b = (0, 0, e1·ρ),  e = t·R,  ω = 2πγ̄B·t,
 *     M(t) = M + φ(A)·(A·M + b),  φ(A) = Σ Aⁿ/(n + 1)!
 *
 * Relaxation and rotation are not split, however short T1 and T2 are compared with the step. By
 * Cayley–Hamilton A³ = −pA² − qA − r, so φ is given by three numbers, φ = a + bA + cA², and a term
 * of its series costs three operations (the numbers are multiplied by (term − 1)!, which saves the
 * divisions). A step whose |A| is too large for the series is halved several times first and
 * doubled again afterwards: φ(2A) = φ(A)·(2 + A·φ(A))/2 (scaling and squaring: Moler and Van Loan,
 * SIAM Rev. 45, 3, 2003). The host chooses the number of terms and of doublings from the phantom's
 * bounds.
 */
import { KernelContext, PANEL, Pulse, recordAt, RfStep } from './abi';
import { halfAngle, isNewStep, modelHalfAngle, STEP_BYTES, transverse } from './rf-step';
import { isModelled, Plain, Tile } from './scratch';
import { partialSums, loadAs, loadColumn, madd, nmadd, splat, storeAs } from './simd';

/**
 * Layout of the values of one vector of spins in a step, vectors of T. First those that change only
 * with dt, the gradient or the number of doublings: ωz, e1, e2 for 2^−doublings of the step, the
 * parts of p, q, r that B1 does not enter, and e1·ρ. Then the solution (`solve`), and the
 * magnetisation, because spins of f32 columns can be computed in f64 too.
 */
const WZ: usize = 0, E1: usize = 16, E2: usize = 32, P: usize = 48, Q: usize = 64, R: usize = 80, RISE: usize = 96;
const A: usize = 112, B: usize = 128, C: usize = 144, X: usize = 160, Y: usize = 176, Z: usize = 192;
/** With a model: b. */
const B_RE: usize = 208, B_IM: usize = 224;
/** Compensated: what rounding has left of ωz, and of the magnetisation. */
const WZ_REST: usize = 240, X_REST: usize = 256, Y_REST: usize = 272, Z_REST: usize = 288;

// @ts-ignore: decorator
@inline function vectorBytes<T, M>(): usize {
  return isCompensated<T, M>() ? 304 : isModelled<M>() ? 240 : 208;
}

/**
 * Whether the rounding of each step is added to the next (Kahan, Comm. ACM 8, 40, 1965). Pulses of
 * moving spins may take tens of thousands of steps, each of which would leave 1e-9 of a spin: 4e-5
 * in three pulses. Rounding of ωz is a rotation about z that is the same in all steps under a
 * constant gradient.
 */
// @ts-ignore: decorator
@inline function isCompensated<T, M>(): bool {
  return isModelled<M>() && sizeof<T>() == 4;
}

/**
 * 1/n!, so that the series, evaluated from its highest power, needs no division. The last one
 * belongs to `MOST_TERMS` of the host.
 */
const FACTORIALS_F32: usize = memory.data<f32>([
  1, 1, 0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333, 0.001388888888888889,
  0.0001984126984126984, 2.48015873015873e-05, 2.7557319223985893e-06, 2.755731922398589e-07,
  2.505210838544172e-08, 2.08767569878681e-09, 1.6059043836821613e-10, 1.1470745597729725e-11,
  7.647163731819816e-13,
], 16);
const FACTORIALS_F64: usize = memory.data<f64>([
  1, 1, 0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333, 0.001388888888888889,
  0.0001984126984126984, 2.48015873015873e-05, 2.7557319223985893e-06, 2.755731922398589e-07,
  2.505210838544172e-08, 2.08767569878681e-09, 1.6059043836821613e-10, 1.1470745597729725e-11,
  7.647163731819816e-13, 4.779477332387385e-14, 2.8114572543455206e-15, 1.5619206968586225e-16,
  8.22063524662433e-18, 4.110317623312165e-19, 1.9572941063391263e-20, 8.896791392450574e-22,
  3.868170170630684e-23,
], 16);

/** 1/n! for all lanes. */
// @ts-ignore: decorator
@inline function factorial<T>(n: i32): v128 {
  if (sizeof<T>() == 8) return v128.load64_splat(FACTORIALS_F64 + (<usize>n << 3));
  return v128.load32_splat(FACTORIALS_F32 + (<usize>n << 2));
}

/** Duration that the series is evaluated for, as a fraction of the step: 2^−doublings. */
// @ts-ignore: decorator
@inline function partOf(step: usize): f64 {
  return 1 / <f64>(1 << changetype<RfStep>(step).doublings);
}

/** Whether the result of `prepare` for the previous step is invalid for this one. */
// @ts-ignore: decorator
@inline function isNew(step: usize, first: usize): bool {
  if (step == first || isNewStep(step)) return true;
  return changetype<RfStep>(step).doublings != changetype<RfStep>(step - STEP_BYTES).doublings;
}

/**
 * Computes the values of a vector of spins that all consecutive steps with the same dt and gradient
 * share.
 */
// @ts-ignore: decorator
@inline function prepare<T, S, M>(tile: Tile, n: i32, step: usize, offset: f64, terms: usize, to: usize): void {
  const part = partOf(step);
  const time = splat<T>(changetype<RfStep>(step).dt * part);
  const e1 = v128.mul<T>(time, loadAs<T, S>(tile.R1, n)), e2 = v128.mul<T>(time, loadAs<T, S>(tile.R2, n));
  let half: v128;
  if (isCompensated<T, M>()) {
    const low = modelHalfAngle(tile, n, step, offset, terms), high = modelHalfAngle(tile, n + 2, step, offset, terms);
    const lowSingle = f32x4.demote_f64x2_zero(low), highSingle = f32x4.demote_f64x2_zero(high);
    half = v128.shuffle<i64>(lowSingle, highSingle, 0, 2);
    const lowRest = f32x4.demote_f64x2_zero(v128.sub<f64>(low, f64x2.promote_low_f32x4(lowSingle)));
    const highRest = f32x4.demote_f64x2_zero(v128.sub<f64>(high, f64x2.promote_low_f32x4(highSingle)));
    const rest = v128.shuffle<i64>(lowRest, highRest, 0, 2);
    v128.store(to, v128.add<f32>(rest, rest), WZ_REST);
  } else if (isModelled<M>()) {
    half = modelHalfAngle(tile, n, step, offset, terms);
  } else {
    half = halfAngle<T>(tile, n, step, offset, false);
  }
  const wz = v128.mul<T>(splat<T>(2 * part), half);
  const across = madd<T>(e2, e2, v128.mul<T>(wz, wz));
  v128.store(to, wz, WZ);
  v128.store(to, e1, E1);
  v128.store(to, e2, E2);
  v128.store(to, v128.add<T>(v128.add<T>(e2, e2), e1), P);
  v128.store(to, madd<T>(v128.add<T>(e1, e1), e2, across), Q);
  v128.store(to, v128.mul<T>(e1, across), R);
  v128.store(to, v128.mul<T>(e1, loadColumn<T>(tile.density, n)), RISE);
}

/**
 * Writes a, b, c of a step, from at least three terms of the series, for one vector of spins.
 * @param sxy ωx² + ωy² of a 2^−doublings of it
 */
// @ts-ignore: decorator
@inline function solve<T>(step: usize, sxy: v128, at: usize): void {
  const terms = changetype<RfStep>(step).terms, doublings = changetype<RfStep>(step).doublings;
  const p = v128.load(at, P), q = v128.add<T>(v128.load(at, Q), sxy);
  const r = madd<T>(v128.load(at, E2), sxy, v128.load(at, R));
  // Each multiplied by (term − 1)!; the first two terms are constants.
  let a = factorial<T>(terms - 2), b = factorial<T>(terms - 1), c = factorial<T>(terms);
  for (let term = terms - 2; term > 1; term--) {
    const na = nmadd<T>(r, c, factorial<T>(term - 1));
    const nb = nmadd<T>(q, c, a);
    c = nmadd<T>(p, c, b);
    a = na;
    b = nb;
  }
  for (let n = 0; n < doublings; n++) {
    // (a, b, c) · (2 + A·(a, b, c)); powers above A² are reduced, the highest first.
    const u0 = nmadd<T>(r, c, splat<T>(2)), u1 = nmadd<T>(q, c, a), u2 = nmadd<T>(p, c, b);
    const m4 = v128.mul<T>(c, u2);
    const m3 = nmadd<T>(p, m4, madd<T>(b, u2, v128.mul<T>(c, u1)));
    const m2 = madd<T>(a, u2, madd<T>(b, u1, v128.mul<T>(c, u0)));
    const m1 = madd<T>(a, u1, v128.mul<T>(b, u0));
    a = nmadd<T>(r, m3, v128.mul<T>(a, u0));
    b = nmadd<T>(q, m3, nmadd<T>(r, m4, m1));
    c = nmadd<T>(p, m3, nmadd<T>(q, m4, m2));
  }
  v128.store(at, a, A);
  v128.store(at, b, B);
  v128.store(at, c, C);
}

/**
 * Applies all steps of a pulse to one panel of spins, computing in T on columns of S. Steps are the
 * outer loop: the dependency chain of one vector's step is long, and the other vectors of the panel
 * fill the latency (twice as fast as one vector after the other).
 * @param terms with a model: [steps][phaseTerms] f64, half angles
 * @param re,im with a model: the columns of b, or 0 where b is 1
 */
export function playHeld<T, S, M>(
  tile: Tile, panel: i32, first: usize, end: usize, offset: f64, terms: usize, re: usize, im: usize,
): void {
  const vector = vectorBytes<T, M>();
  const from = tile.partialSums, to = from + <usize>(PANEL / partialSums<T>()) * vector;
  for (let at = from, n = panel; at < to; at += vector, n += partialSums<T>()) {
    v128.store(at, loadAs<T, S>(tile.mx, n), X);
    v128.store(at, loadAs<T, S>(tile.my, n), Y);
    v128.store(at, loadAs<T, S>(tile.mz, n), Z);
    if (isModelled<M>()) {
      v128.store(at, re == 0 ? splat<T>(1) : loadColumn<T>(re, n), B_RE);
      v128.store(at, re == 0 ? splat<T>(0) : loadColumn<T>(im, n), B_IM);
    }
    if (isCompensated<T, M>()) memory.fill(at + X_REST, 0, 48);
  }
  for (let step = first; step < end; step += STEP_BYTES) {
    if (isNew(step, first))
      for (let at = from, n = panel; at < to; at += vector, n += partialSums<T>())
        prepare<T, S, M>(tile, n, step, offset, terms, at);
    const part = partOf(step);
    const twice = splat<T>(2 * part);
    const nominalX = v128.mul<T>(twice, transverse<T>(step, 0)), nominalY = v128.mul<T>(twice, transverse<T>(step, 1));
    let wx = nominalX, wy = nominalY;
    let sxy = v128.mul<T>(splat<T>(4 * part * part), transverse<T>(step, 2));
    for (let at = from; at < to; at += vector) {
      if (isModelled<M>()) {
        const bx = v128.load(at, B_RE), by = v128.load(at, B_IM);
        wx = nmadd<T>(by, nominalY, v128.mul<T>(bx, nominalX));
        wy = madd<T>(by, nominalX, v128.mul<T>(bx, nominalY));
        sxy = madd<T>(wx, wx, v128.mul<T>(wy, wy));
      }
      solve<T>(step, sxy, at);
      const wz = v128.load(at, WZ), e1 = v128.load(at, E1), e2 = v128.load(at, E2);
      const x = v128.load(at, X), y = v128.load(at, Y), z = v128.load(at, Z);
      // g = A·M + b, h = A·g, k = A·h
      const gx = nmadd<T>(e2, x, nmadd<T>(z, wy, v128.mul<T>(y, wz)));
      const gy = nmadd<T>(e2, y, nmadd<T>(x, wz, v128.mul<T>(z, wx)));
      const gz = nmadd<T>(e1, z, nmadd<T>(y, wx, madd<T>(x, wy, v128.load(at, RISE))));
      const hx = nmadd<T>(e2, gx, nmadd<T>(gz, wy, v128.mul<T>(gy, wz)));
      const hy = nmadd<T>(e2, gy, nmadd<T>(gx, wz, v128.mul<T>(gz, wx)));
      const hz = nmadd<T>(e1, gz, nmadd<T>(gy, wx, v128.mul<T>(gx, wy)));
      const kx = nmadd<T>(e2, hx, nmadd<T>(hz, wy, v128.mul<T>(hy, wz)));
      const ky = nmadd<T>(e2, hy, nmadd<T>(hx, wz, v128.mul<T>(hz, wx)));
      const kz = nmadd<T>(e1, hz, nmadd<T>(hy, wx, v128.mul<T>(hx, wy)));
      const a = v128.load(at, A), b = v128.load(at, B), c = v128.load(at, C);
      if (isCompensated<T, M>()) {
        const rest = v128.load(at, WZ_REST);
        const dx = madd<T>(a, gx, madd<T>(b, hx, madd<T>(c, kx, v128.load(at, X_REST))));
        const dy = madd<T>(a, gy, madd<T>(b, hy, madd<T>(c, ky, v128.load(at, Y_REST))));
        const dz = madd<T>(a, gz, madd<T>(b, hz, madd<T>(c, kz, v128.load(at, Z_REST))));
        const nx = v128.add<T>(x, dx), ny = v128.add<T>(y, dy), nz = v128.add<T>(z, dz);
        v128.store(at, madd<T>(y, rest, v128.sub<T>(dx, v128.sub<T>(nx, x))), X_REST);
        v128.store(at, nmadd<T>(x, rest, v128.sub<T>(dy, v128.sub<T>(ny, y))), Y_REST);
        v128.store(at, v128.sub<T>(dz, v128.sub<T>(nz, z)), Z_REST);
        v128.store(at, nx, X);
        v128.store(at, ny, Y);
        v128.store(at, nz, Z);
      } else {
        v128.store(at, v128.add<T>(x, madd<T>(a, gx, madd<T>(b, hx, v128.mul<T>(c, kx)))), X);
        v128.store(at, v128.add<T>(y, madd<T>(a, gy, madd<T>(b, hy, v128.mul<T>(c, ky)))), Y);
        v128.store(at, v128.add<T>(z, madd<T>(a, gz, madd<T>(b, hz, v128.mul<T>(c, kz)))), Z);
      }
    }
    if (isModelled<M>()) terms += <usize>tile.phaseTerms << 3;
  }
  for (let at = from, n = panel; at < to; at += vector, n += partialSums<T>()) {
    storeAs<T, S>(tile.mx, n, v128.load(at, X));
    storeAs<T, S>(tile.my, n, v128.load(at, Y));
    storeAs<T, S>(tile.mz, n, v128.load(at, Z));
  }
}

/**
 * Bytes of an operator of two spins in f64: twelve vectors, the images of x, y and z for density 0
 * and of M = 0 for the spins' own density.
 */
export const PAIR_BYTES: usize = 192;

/**
 * Writes the operator of a pulse for two spins to `to`: the maps of its steps composed in f64. The
 * solution of a step and the nine entries of its matrix serve all four images, so this costs less
 * than stepping the four images separately.
 */
export function composePulse(job: KernelContext, tile: Tile, n: i32, index: i32, to: usize): void {
  const pulse = recordAt<Pulse>(job.pulses, index);
  const first = job.steps + <usize>pulse.firstStep * STEP_BYTES;
  const end = first + <usize>pulse.steps * STEP_BYTES;
  const offset = pulse.offset;
  const one = f64x2.splat(1);
  memory.fill(to, 0, PAIR_BYTES);
  for (let image: usize = 0; image < 3; image++) v128.store(to + 64 * image, one);
  const at = tile.partialSums;
  for (let step = first; step < end; step += STEP_BYTES) {
    if (isNew(step, first)) prepare<f64, f64, Plain>(tile, n, step, offset, 0, at);
    const part = partOf(step);
    solve<f64>(step, v128.mul<f64>(f64x2.splat(4 * part * part), transverse<f64>(step, 2)), at);
    const twice = f64x2.splat(2 * part);
    const wx = v128.mul<f64>(twice, transverse<f64>(step, 0)), wy = v128.mul<f64>(twice, transverse<f64>(step, 1));
    const wz = v128.load(at, WZ), e1 = v128.load(at, E1), e2 = v128.load(at, E2);
    const a = v128.load(at, A), b = v128.load(at, B), c = v128.load(at, C);
    const wx2 = v128.mul<f64>(wx, wx), wy2 = v128.mul<f64>(wy, wy), wz2 = v128.mul<f64>(wz, wz);
    const xy = v128.mul<f64>(wx, wy), xz = v128.mul<f64>(wx, wz), yz = v128.mul<f64>(wy, wz);
    const both = v128.add<f64>(e1, e2), twist = v128.mul<f64>(v128.add<f64>(e2, e2), wz);
    const bx = v128.mul<f64>(both, wx), by = v128.mul<f64>(both, wy);
    const e22 = v128.mul<f64>(e2, e2);
    // A², by rows
    const sxx = v128.sub<f64>(e22, v128.add<f64>(wy2, wz2)), sxy = v128.sub<f64>(xy, twist);
    const sxz = v128.add<f64>(xz, by);
    const syx = v128.add<f64>(xy, twist), syy = v128.sub<f64>(e22, v128.add<f64>(wx2, wz2));
    const syz = v128.sub<f64>(yz, bx);
    const szx = v128.sub<f64>(xz, by), szy = v128.add<f64>(yz, bx);
    const szz = v128.sub<f64>(v128.mul<f64>(e1, e1), v128.add<f64>(wx2, wy2));
    // The change of M: A·φ(A) = d0 + d1·A + d2·A²
    const w2 = v128.add<f64>(wx2, wy2);
    const p = v128.load(at, P), q = v128.add<f64>(v128.load(at, Q), w2), r = madd<f64>(e2, w2, v128.load(at, R));
    const d0 = v128.neg<f64>(v128.mul<f64>(r, c)), d1 = nmadd<f64>(q, c, a), d2 = nmadd<f64>(p, c, b);
    const gxx = madd<f64>(d2, sxx, nmadd<f64>(d1, e2, d0)), gxy = madd<f64>(d2, sxy, v128.mul<f64>(d1, wz));
    const gxz = nmadd<f64>(d1, wy, v128.mul<f64>(d2, sxz));
    const gyx = nmadd<f64>(d1, wz, v128.mul<f64>(d2, syx)), gyy = madd<f64>(d2, syy, nmadd<f64>(d1, e2, d0));
    const gyz = madd<f64>(d2, syz, v128.mul<f64>(d1, wx));
    const gzx = madd<f64>(d2, szx, v128.mul<f64>(d1, wy)), gzy = nmadd<f64>(d1, wx, v128.mul<f64>(d2, szy));
    const gzz = madd<f64>(d2, szz, nmadd<f64>(d1, e1, d0));
    for (let image: usize = 0; image < PAIR_BYTES; image += 48) {
      const x = v128.load(to + image), y = v128.load(to + image, 16), z = v128.load(to + image, 32);
      v128.store(to + image, v128.add<f64>(x, madd<f64>(gxx, x, madd<f64>(gxy, y, v128.mul<f64>(gxz, z)))));
      v128.store(to + image, v128.add<f64>(y, madd<f64>(gyx, x, madd<f64>(gyy, y, v128.mul<f64>(gyz, z)))), 16);
      v128.store(to + image, v128.add<f64>(z, madd<f64>(gzx, x, madd<f64>(gzy, y, v128.mul<f64>(gzz, z)))), 32);
    }
    // φ(A)·b
    const rise = v128.load(at, RISE);
    const at3 = to + 144;
    v128.store(at3, madd<f64>(rise, nmadd<f64>(b, wy, v128.mul<f64>(c, sxz)), v128.load(at3)));
    v128.store(at3, madd<f64>(rise, madd<f64>(b, wx, v128.mul<f64>(c, syz)), v128.load(at3, 16)), 16);
    v128.store(at3, madd<f64>(rise, madd<f64>(c, szz, nmadd<f64>(b, e1, a)), v128.load(at3, 32)), 32);
  }
}
