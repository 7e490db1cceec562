/**
 * The Bloch equations under a held field, solved exactly. During a step of an RF pulse the field does not change, so over a time t
 *
 *     dM/dt·t = A·M + b,  A = [[−e2, ωz, −ωy], [−ωz, −e2, ωx], [ωy, −ωx, −e1]],  b = (0, 0, e1·ρ),  e = t·R,  ω = 2πγ̄B·t,
 *     M(t) = M + φ(A)·(A·M + b),  φ(A) = Σ Aⁿ/(n + 1)!
 *
 * with relaxation inside the rotation: nothing is split, whatever T1 and T2 are against the step. By Cayley–Hamilton, A³ = −pA² − qA − r, so φ
 * is three numbers, φ = a + bA + cA², and a term of its series costs six operations. Steps whose |A| is too large for the series are
 * halved first and doubled after: φ(2A) = φ(A)·(2 + A·φ(A))/2 (scaling and squaring: Moler and Van Loan, SIAM Rev. 45, 3, 2003). The host
 * chooses the terms and the doublings from the phantom's bounds.
 */
import { Job, Tile } from './layout';
import { halfAngle, STEP_BYTES, transverse } from './rf-step';
import { loadAs, loadColumn, madd, nmadd, splat, storeAs } from './simd';

/** What `solve` writes: vectors of T. */
const A: usize = 0, B: usize = 16, C: usize = 32, WZ: usize = 48, E1: usize = 64, E2: usize = 80;

/** Writes a, b, c of a step for one vector of spins, with ωz, e1 and e2 of a 2^−doublings of it, to `to`. @param hz half of ωz of the whole step */
// @ts-ignore: decorator
@inline function solve<T, S>(tile: Tile, n: i32, step: usize, hz: v128, to: usize): void {
  const terms = load<i32>(step, 88), doublings = load<i32>(step, 92);
  const part = 1 / <f64>(1 << doublings);
  const time = splat<T>(load<f64>(step) * part);
  const e1 = v128.mul<T>(time, loadAs<T, S>(tile.R1, n)), e2 = v128.mul<T>(time, loadAs<T, S>(tile.R2, n));
  const wz = v128.mul<T>(splat<T>(2 * part), hz);
  const sxy = v128.mul<T>(splat<T>(4 * part * part), transverse<T>(step, 2));
  const wz2 = v128.mul<T>(wz, wz);
  const across = madd<T>(e2, e2, wz2);
  const p = v128.add<T>(v128.add<T>(e2, e2), e1);
  const q = madd<T>(v128.add<T>(e1, e1), e2, v128.add<T>(across, sxy));
  const r = madd<T>(e2, sxy, v128.mul<T>(e1, across));
  let a = splat<T>(1), b = splat<T>(0), c = b;
  for (let term = terms; term > 1; term--) {
    const over = splat<T>(1 / <f64>term);
    const na = nmadd<T>(v128.mul<T>(r, c), over, splat<T>(1));
    const nb = v128.mul<T>(nmadd<T>(q, c, a), over);
    c = v128.mul<T>(nmadd<T>(p, c, b), over);
    a = na;
    b = nb;
  }
  for (let n = 0; n < doublings; n++) {
    // (a, b, c) · (2 + A·(a, b, c)), the powers above A² reduced from the highest on.
    const u0 = nmadd<T>(r, c, splat<T>(2)), u1 = nmadd<T>(q, c, a), u2 = nmadd<T>(p, c, b);
    const m4 = v128.mul<T>(c, u2);
    const m3 = nmadd<T>(p, m4, madd<T>(b, u2, v128.mul<T>(c, u1)));
    const m2 = madd<T>(a, u2, madd<T>(b, u1, v128.mul<T>(c, u0)));
    const m1 = madd<T>(a, u1, v128.mul<T>(b, u0));
    a = nmadd<T>(r, m3, v128.mul<T>(a, u0));
    b = nmadd<T>(q, m3, nmadd<T>(r, m4, m1));
    c = nmadd<T>(p, m3, nmadd<T>(q, m4, m2));
  }
  v128.store(to, a, A);
  v128.store(to, b, B);
  v128.store(to, c, C);
  v128.store(to, wz, WZ);
  v128.store(to, e1, E1);
  v128.store(to, e2, E2);
}

/** Plays all steps of a pulse on one vector of spins, computing in T on columns of S. */
// @ts-ignore: decorator
@inline export function playHeld<T, S>(tile: Tile, n: i32, first: usize, end: usize, offset: f64): void {
  const density = loadColumn<T>(tile.density, n);
  let x = loadAs<T, S>(tile.mx, n), y = loadAs<T, S>(tile.my, n), z = loadAs<T, S>(tile.mz, n);
  let hz = splat<T>(0);
  const at = tile.lanes;
  for (let step = first; step < end; step += STEP_BYTES) {
    if (step == first || load<i32>(step, 68) != 0) hz = halfAngle<T>(tile, n, step, offset, false);
    solve<T, S>(tile, n, step, hz, at);
    const twice = splat<T>(2 / <f64>(1 << load<i32>(step, 92)));
    const wx = v128.mul<T>(twice, transverse<T>(step, 0)), wy = v128.mul<T>(twice, transverse<T>(step, 1));
    const wz = v128.load(at, WZ), e1 = v128.load(at, E1), e2 = v128.load(at, E2);
    const a = v128.load(at, A), b = v128.load(at, B), c = v128.load(at, C);
    const gx = nmadd<T>(e2, x, nmadd<T>(z, wy, v128.mul<T>(y, wz)));
    const gy = nmadd<T>(e2, y, nmadd<T>(x, wz, v128.mul<T>(z, wx)));
    const gz = madd<T>(e1, v128.sub<T>(density, z), nmadd<T>(y, wx, v128.mul<T>(x, wy)));
    // a·g + A·(b·g + A·(c·g))
    let vx = v128.mul<T>(c, gx), vy = v128.mul<T>(c, gy), vz = v128.mul<T>(c, gz);
    for (let power = 1; power >= 0; power--) {
      const over = power == 1 ? b : a;
      const ux = nmadd<T>(e2, vx, nmadd<T>(vz, wy, madd<T>(vy, wz, v128.mul<T>(over, gx))));
      const uy = nmadd<T>(e2, vy, nmadd<T>(vx, wz, madd<T>(vz, wx, v128.mul<T>(over, gy))));
      vz = nmadd<T>(e1, vz, nmadd<T>(vy, wx, madd<T>(vx, wy, v128.mul<T>(over, gz))));
      vx = ux;
      vy = uy;
    }
    x = v128.add<T>(x, vx);
    y = v128.add<T>(y, vy);
    z = v128.add<T>(z, vz);
  }
  storeAs<T, S>(tile.mx, n, x);
  storeAs<T, S>(tile.my, n, y);
  storeAs<T, S>(tile.mz, n, z);
}

/** Bytes of an operator of two spins in f64: twelve vectors, the images of x, y and z without density and of 0 with it. */
export const PAIR_BYTES: usize = 192;

/**
 * What a pulse does to two spins, at `to`: its steps' maps composed in f64. One solution and nine entries of a step serve all four images, so
 * that making an operator costs less than four images stepped one by one.
 */
export function composePulse(job: Job, tile: Tile, n: i32, index: i32, to: usize): void {
  const pulse = job.pulses + (<usize>index << 5);
  const first = job.steps + <usize>load<f64>(pulse) * STEP_BYTES;
  const end = first + <usize>load<f64>(pulse, 8) * STEP_BYTES;
  const offset = load<f64>(pulse, 16);
  const density = loadColumn<f64>(tile.density, n);
  const one = f64x2.splat(1);
  memory.fill(to, 0, PAIR_BYTES);
  for (let image: usize = 0; image < 3; image++) v128.store(to + 64 * image, one);
  let hz = one;
  const at = tile.lanes;
  for (let step = first; step < end; step += STEP_BYTES) {
    if (step == first || load<i32>(step, 68) != 0) hz = halfAngle<f64>(tile, n, step, offset, false);
    solve<f64, f64>(tile, n, step, hz, at);
    const twice = f64x2.splat(2 / <f64>(1 << load<i32>(step, 92)));
    const wx = v128.mul<f64>(twice, transverse<f64>(step, 0)), wy = v128.mul<f64>(twice, transverse<f64>(step, 1));
    const wz = v128.load(at, WZ), e1 = v128.load(at, E1), e2 = v128.load(at, E2);
    const a = v128.load(at, A), b = v128.load(at, B), c = v128.load(at, C);
    const wx2 = v128.mul<f64>(wx, wx), wy2 = v128.mul<f64>(wy, wy), wz2 = v128.mul<f64>(wz, wz);
    const xy = v128.mul<f64>(wx, wy), xz = v128.mul<f64>(wx, wz), yz = v128.mul<f64>(wy, wz);
    const both = v128.add<f64>(e1, e2), twist = v128.mul<f64>(v128.add<f64>(e2, e2), wz);
    const bx = v128.mul<f64>(both, wx), by = v128.mul<f64>(both, wy);
    const e22 = v128.mul<f64>(e2, e2);
    // A², by rows
    const sxx = v128.sub<f64>(e22, v128.add<f64>(wy2, wz2)), sxy = v128.sub<f64>(xy, twist), sxz = v128.add<f64>(xz, by);
    const syx = v128.add<f64>(xy, twist), syy = v128.sub<f64>(e22, v128.add<f64>(wx2, wz2)), syz = v128.sub<f64>(yz, bx);
    const szx = v128.sub<f64>(xz, by), szy = v128.add<f64>(yz, bx), szz = v128.sub<f64>(v128.mul<f64>(e1, e1), v128.add<f64>(wx2, wy2));
    // What is gained: A·φ(A) = d0 + d1·A + d2·A²
    const wz2e = v128.add<f64>(e22, wz2), w2 = v128.add<f64>(wx2, wy2);
    const p = v128.add<f64>(v128.add<f64>(e2, e2), e1);
    const q = madd<f64>(v128.add<f64>(e1, e1), e2, v128.add<f64>(wz2e, w2));
    const r = madd<f64>(e2, w2, v128.mul<f64>(e1, wz2e));
    const d0 = v128.neg<f64>(v128.mul<f64>(r, c)), d1 = nmadd<f64>(q, c, a), d2 = nmadd<f64>(p, c, b);
    const gxx = madd<f64>(d2, sxx, nmadd<f64>(d1, e2, d0)), gxy = madd<f64>(d2, sxy, v128.mul<f64>(d1, wz)), gxz = nmadd<f64>(d1, wy, v128.mul<f64>(d2, sxz));
    const gyx = nmadd<f64>(d1, wz, v128.mul<f64>(d2, syx)), gyy = madd<f64>(d2, syy, nmadd<f64>(d1, e2, d0)), gyz = madd<f64>(d2, syz, v128.mul<f64>(d1, wx));
    const gzx = madd<f64>(d2, szx, v128.mul<f64>(d1, wy)), gzy = nmadd<f64>(d1, wx, v128.mul<f64>(d2, szy)), gzz = madd<f64>(d2, szz, nmadd<f64>(d1, e1, d0));
    for (let image: usize = 0; image < PAIR_BYTES; image += 48) {
      const x = v128.load(to + image), y = v128.load(to + image, 16), z = v128.load(to + image, 32);
      v128.store(to + image, v128.add<f64>(x, madd<f64>(gxx, x, madd<f64>(gxy, y, v128.mul<f64>(gxz, z)))));
      v128.store(to + image, v128.add<f64>(y, madd<f64>(gyx, x, madd<f64>(gyy, y, v128.mul<f64>(gyz, z)))), 16);
      v128.store(to + image, v128.add<f64>(z, madd<f64>(gzx, x, madd<f64>(gzy, y, v128.mul<f64>(gzz, z)))), 32);
    }
    // φ(A)·b
    const rise = v128.mul<f64>(e1, density);
    const at3 = to + 144;
    v128.store(at3, madd<f64>(rise, nmadd<f64>(b, wy, v128.mul<f64>(c, sxz)), v128.load(at3)));
    v128.store(at3, madd<f64>(rise, madd<f64>(b, wx, v128.mul<f64>(c, syz)), v128.load(at3, 16)), 16);
    v128.store(at3, madd<f64>(rise, madd<f64>(c, szz, nmadd<f64>(b, e1, a)), v128.load(at3, 32)), 32);
  }
}
