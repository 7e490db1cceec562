/**
 * Samples of one readout: s[k] = Σ_n M_n·e^{−i2π(k[k]·r + Δf·t[k])}·e^{−t[k]·R2} over the spins of a tile, M at the first sample.
 * A readout leaves the magnetisation alone. Samples are summed a chunk at a time into lane sums that stay in the
 * first-level cache, then folded into the exact sums.
 */
import { cosTurns, expNegative, halfTurns, parity, remainder, sinTurns } from './functions';
import { CHUNK, Job, Tile } from './layout';
import { turns } from './precession';
import { lanes, loadColumn, loadT, madd, nmadd, splat } from './simd';
import { addToSums } from './sums';

const POINT_BYTES: usize = 32;

/** Steps from one exactly phased sample to the next, in f32; f64 phases every sample exactly. */
// @ts-ignore: decorator
@inline function resync<T>(): i32 {
  return sizeof<T>() == 8 ? 1 : 16;
}

/** @returns false if a sample is not finite */
export function read<T>(job: Job, tile: Tile, index: i32, sums: usize): bool {
  const readout = job.readouts + (<usize>index << 3);
  const firstSample = load<i32>(readout);
  const waveform = job.waveforms + <usize>load<i32>(readout, 4) * 12;
  const points = job.points + <usize>load<i32>(waveform) * POINT_BYTES;
  const samples = load<i32>(waveform, 4);
  const linear = load<i32>(waveform, 8) != 0;
  for (let start = 0; start < samples; start += CHUNK) {
    const count = min(CHUNK, samples - start);
    const chunk = points + <usize>start * POINT_BYTES;
    memory.fill(tile.lanes, 0, <usize>((count + 1) & ~1) << 5);
    if (sizeof<T>() == 4 && linear) readLinear(tile, points + POINT_BYTES, chunk, count);
    else readAny<T>(tile, chunk, count);
    if (!addToSums<T>(job, tile.lanes, sums + (<usize>(firstSample + start) << 4), count)) return false;
  }
  return true;
}

/** Adds v to the lane sums at `at`. */
// @ts-ignore: decorator
@inline function accumulate<T>(at: usize, re: v128, im: v128): void {
  v128.store(at, v128.add<T>(v128.load(at), re));
  v128.store(at, v128.add<T>(v128.load(at, 16), im), 16);
}

/** Any trajectory: from an exactly phased sample, steps of Δk by sin and cos, four spins (f64: two) at a time. */
function readAny<T>(tile: Tile, chunk: usize, count: i32): void {
  for (let n = 0; n < tile.count; n += lanes<T>()) {
    const M0x = loadT<T>(tile.mx, n);
    const M0y = loadT<T>(tile.my, n);
    const R2 = loadT<T>(tile.R2, n);
    let mx = M0x;
    let my = M0y;
    for (let k = 0; k < count; k++) {
      const point = chunk + <usize>k * POINT_BYTES;
      const exact = k % resync<T>() == 0;
      const from = point - POINT_BYTES;
      let kx = load<f64>(point), ky = load<f64>(point, 8), kz = load<f64>(point, 16), t = load<f64>(point, 24);
      let p: v128;
      if (exact) {
        mx = M0x;
        my = M0y;
        p = turns<T>(tile, n, kx, ky, kz, t);
      } else {
        kx -= load<f64>(from);
        ky -= load<f64>(from, 8);
        kz -= load<f64>(from, 16);
        t -= load<f64>(from, 24);
        p = smallTurns<T>(tile, n, kx, ky, kz, t);
      }
      const h = halfTurns<T>(p);
      const u = remainder<T>(p, h);
      const u2 = v128.mul<T>(u, u);
      const e = v128.xor(expNegative<T>(v128.mul<T>(splat<T>(t), R2)), parity<T>(h));
      const c = v128.mul<T>(e, cosTurns<T>(u2));
      const s = v128.mul<T>(e, sinTurns<T>(u, u2));
      const x = madd<T>(mx, c, v128.mul<T>(my, s));
      my = nmadd<T>(mx, s, v128.mul<T>(my, c));
      mx = x;
      accumulate<T>(tile.lanes + (<usize>k << 5), mx, my);
    }
  }
}

/** Turns over one sample's step in T: a step is a turn or less wherever an image can come of it, so f32 holds it to 3e-8. */
// @ts-ignore: decorator
@inline function smallTurns<T>(tile: Tile, n: i32, kx: f64, ky: f64, kz: f64, dt: f64): v128 {
  let p = v128.mul<T>(splat<T>(kx), loadColumn<T>(tile.x, n));
  p = madd<T>(splat<T>(ky), loadColumn<T>(tile.y, n), p);
  p = madd<T>(splat<T>(kz), loadColumn<T>(tile.z, n), p);
  const hertz = sizeof<T>() == 8 ? loadT<f64>(tile.hertz, n) : demoteFour(tile.hertz, n);
  return madd<T>(splat<T>(dt), hertz, p);
}

// @ts-ignore: decorator
@inline function demoteFour(column: usize, n: i32): v128 {
  const low = f32x4.demote_f64x2_zero(loadT<f64>(column, n));
  const high = f32x4.demote_f64x2_zero(loadT<f64>(column, n + 2));
  return v128.shuffle<i64>(low, high, 0, 2);
}

/**
 * Equally spaced samples: M[k+2] = M[k]·w², two vectors of spins and two samples in flight, four independent chains, so
 * that the multiplier never waits (1.9 times the throughput of one chain). Each chunk starts from exact phases.
 * @param second address of the waveform's second point: the step
 */
function readLinear(tile: Tile, second: usize, chunk: usize, count: i32): void {
  const dkx = load<f64>(second), dky = load<f64>(second, 8), dkz = load<f64>(second, 16), dt = load<f64>(second, 24);
  const kx = load<f64>(chunk), ky = load<f64>(chunk, 8), kz = load<f64>(chunk, 16), t = load<f64>(chunk, 24);
  const step = splat<f32>(dt);
  const start = splat<f32>(t);
  for (let n = 0; n < tile.count; n += 8) {
    // Vector a: spins n … n+3; vector b: n+4 … n+7.
    let p = turns<f32>(tile, n, kx, ky, kz, t);
    let h = halfTurns<f32>(p), u = remainder<f32>(p, h), u2 = v128.mul<f32>(u, u);
    let e = v128.xor(expNegative<f32>(v128.mul<f32>(start, loadT<f32>(tile.R2, n))), parity<f32>(h));
    let c = v128.mul<f32>(e, cosTurns<f32>(u2)), s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
    let x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    let ax = madd<f32>(x, c, v128.mul<f32>(y, s)), ay = nmadd<f32>(x, s, v128.mul<f32>(y, c));
    p = turns<f32>(tile, n, dkx, dky, dkz, dt);
    h = halfTurns<f32>(p);
    u = remainder<f32>(p, h);
    u2 = v128.mul<f32>(u, u);
    e = v128.xor(expNegative<f32>(v128.mul<f32>(step, loadT<f32>(tile.R2, n))), parity<f32>(h));
    c = v128.mul<f32>(e, cosTurns<f32>(u2));
    s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
    let ax1 = madd<f32>(ax, c, v128.mul<f32>(ay, s)), ay1 = nmadd<f32>(ax, s, v128.mul<f32>(ay, c));
    p = turns<f32>(tile, n, dkx + dkx, dky + dky, dkz + dkz, dt + dt);
    h = halfTurns<f32>(p);
    u = remainder<f32>(p, h);
    u2 = v128.mul<f32>(u, u);
    e = v128.xor(v128.mul<f32>(e, e), parity<f32>(h));
    const wac = v128.mul<f32>(e, cosTurns<f32>(u2)), was = v128.mul<f32>(e, sinTurns<f32>(u, u2));

    const m = n + 4;
    p = turns<f32>(tile, m, kx, ky, kz, t);
    h = halfTurns<f32>(p);
    u = remainder<f32>(p, h);
    u2 = v128.mul<f32>(u, u);
    e = v128.xor(expNegative<f32>(v128.mul<f32>(start, loadT<f32>(tile.R2, m))), parity<f32>(h));
    c = v128.mul<f32>(e, cosTurns<f32>(u2));
    s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
    x = loadT<f32>(tile.mx, m);
    y = loadT<f32>(tile.my, m);
    let bx = madd<f32>(x, c, v128.mul<f32>(y, s)), by = nmadd<f32>(x, s, v128.mul<f32>(y, c));
    p = turns<f32>(tile, m, dkx, dky, dkz, dt);
    h = halfTurns<f32>(p);
    u = remainder<f32>(p, h);
    u2 = v128.mul<f32>(u, u);
    e = v128.xor(expNegative<f32>(v128.mul<f32>(step, loadT<f32>(tile.R2, m))), parity<f32>(h));
    c = v128.mul<f32>(e, cosTurns<f32>(u2));
    s = v128.mul<f32>(e, sinTurns<f32>(u, u2));
    let bx1 = madd<f32>(bx, c, v128.mul<f32>(by, s)), by1 = nmadd<f32>(bx, s, v128.mul<f32>(by, c));
    p = turns<f32>(tile, m, dkx + dkx, dky + dky, dkz + dkz, dt + dt);
    h = halfTurns<f32>(p);
    u = remainder<f32>(p, h);
    u2 = v128.mul<f32>(u, u);
    e = v128.xor(v128.mul<f32>(e, e), parity<f32>(h));
    const wbc = v128.mul<f32>(e, cosTurns<f32>(u2)), wbs = v128.mul<f32>(e, sinTurns<f32>(u, u2));

    const end = tile.lanes + (<usize>count << 5);
    for (let at = tile.lanes; at < end; at += 64) {
      accumulate<f32>(at, v128.add<f32>(ax, bx), v128.add<f32>(ay, by));
      accumulate<f32>(at + 32, v128.add<f32>(ax1, bx1), v128.add<f32>(ay1, by1));
      x = madd<f32>(ax, wac, v128.mul<f32>(ay, was));
      ay = nmadd<f32>(ax, was, v128.mul<f32>(ay, wac));
      ax = x;
      x = madd<f32>(ax1, wac, v128.mul<f32>(ay1, was));
      ay1 = nmadd<f32>(ax1, was, v128.mul<f32>(ay1, wac));
      ax1 = x;
      x = madd<f32>(bx, wbc, v128.mul<f32>(by, wbs));
      by = nmadd<f32>(bx, wbs, v128.mul<f32>(by, wbc));
      bx = x;
      x = madd<f32>(bx1, wbc, v128.mul<f32>(by1, wbs));
      by1 = nmadd<f32>(bx1, wbs, v128.mul<f32>(by1, wbc));
      bx1 = x;
    }
  }
}
