/**
 * Samples of one readout: s[k] = Σ_n M_n·e^{−i2π(K·r + Δf·T)}·e^{−T·R2} over the spins of a tile,
 * where M is the magnetisation after the last pulse and (K, T) the gradient moment and time from
 * there to sample k. Each sample's phase is computed from these, so no error accumulates from
 * readout to readout. A chunk of samples is summed into lane sums that stay in the first-level
 * cache, which are then added to the exact sums. `readLinear` is for equally spaced samples,
 * `readAny` for all others and for f64. Lines that share one trajectory are better summed together,
 * in `matrix.ts`.
 */
import { KernelContext, Precession, LineRun, recordAt, Trajectory } from './abi';
import { cosTurns, expNegative, halfTurns, parity, remainder, sinTurns } from './functions';
import { modelCycles, phaseCycles } from './precession';
import { CHUNK, Tile } from './scratch';
import { demoteFour, partialSums, loadColumn, loadT, madd, nmadd, splat } from './simd';
import { addLanes } from './sums';

/** @returns false if a sample is not finite */
export function read<T>(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const readout = recordAt<LineRun>(job.lineRuns, index);
  const firstSample = readout.firstSample;
  const trajectory = recordAt<Trajectory>(job.trajectories, readout.trajectory);
  const precession = recordAt<Precession>(job.precessions, readout.precession);
  const points = trajectory.points;
  const samples = trajectory.samples;
  const exactEvery = trajectory.exactEvery;
  const column = <usize>((samples + 7) & ~7) << 3;
  for (let start = 0; start < samples; start += CHUNK) {
    const count = min(CHUNK, samples - start);
    memory.fill(tile.partialSums, 0, <usize>((count + 1) & ~1) << 5);
    if (sizeof<T>() == 8) readAny<T>(tile, precession, points + (<usize>start << 3), column, count, 1);
    else if (exactEvery != 0) readAny<T>(tile, precession, points + (<usize>start << 3), column, count, exactEvery);
    else readLinear(tile, precession, points, column, start, count);
    if (!addLanes<T>(job, tile.partialSums, sums + (<usize>(firstSample + start) << 4), count)) return false;
  }
  return true;
}

/** Adds v to the lane sums at `at`. */
// @ts-ignore: decorator
@inline function accumulate<T>(at: usize, re: v128, im: v128): void {
  v128.store(at, v128.add<T>(v128.load(at), re));
  v128.store(at, v128.add<T>(v128.load(at, 16), im), 16);
}

/**
 * Any trajectory. The phase of every `exactEvery`-th sample is computed exactly; from there each
 * step Δk is a complex factor. Two vectors of spins at a time have 1.4 times the throughput of one:
 * work that depends on the sample alone is shared, and their dependency chains overlap.
 */
function readAny<T>(
  tile: Tile, precession: Precession, points: usize, column: usize, count: i32, exactEvery: i32,
): void {
  const Kx = precession.kx, Ky = precession.ky, Kz = precession.kz, T = precession.t;
  for (let n = 0; n < tile.count; n += 2 * partialSums<T>()) {
    const m = n + partialSums<T>();
    const R2a = loadT<T>(tile.R2, n), R2b = loadT<T>(tile.R2, m);
    const hertzA = hertzOf<T>(tile, n), hertzB = hertzOf<T>(tile, m);
    let ax = splat<T>(0), ay = ax, bx = ax, by = ax;
    for (let k = 0, stepped = exactEvery; k < count; k++, stepped++) {
      const px = points + (<usize>k << 3);
      const py = px + column, pz = py + column, pt = pz + column;
      let pa: v128, pb: v128, t: f64;
      if (stepped == exactEvery) {
        stepped = 0;
        ax = loadT<T>(tile.mx, n);
        ay = loadT<T>(tile.my, n);
        bx = loadT<T>(tile.mx, m);
        by = loadT<T>(tile.my, m);
        const kx = Kx + load<f64>(px), ky = Ky + load<f64>(py), kz = Kz + load<f64>(pz);
        t = T + load<f64>(pt);
        pa = phaseCycles<T>(tile, n, kx, ky, kz, t);
        pb = phaseCycles<T>(tile, m, kx, ky, kz, t);
      } else {
        const kx = splat<T>(load<f64>(px) - load<f64>(px - 8));
        const ky = splat<T>(load<f64>(py) - load<f64>(py - 8));
        const kz = splat<T>(load<f64>(pz) - load<f64>(pz - 8));
        t = load<f64>(pt) - load<f64>(pt - 8);
        pa = smallTurns<T>(tile, n, kx, ky, kz, splat<T>(t), hertzA);
        pb = smallTurns<T>(tile, m, kx, ky, kz, splat<T>(t), hertzB);
      }
      const ha = halfTurns<T>(pa), hb = halfTurns<T>(pb);
      const ua = remainder<T>(pa, ha), ub = remainder<T>(pb, hb);
      const ua2 = v128.mul<T>(ua, ua), ub2 = v128.mul<T>(ub, ub);
      const ea = v128.xor(expNegative<T>(v128.mul<T>(splat<T>(t), R2a)), parity<T>(ha));
      const eb = v128.xor(expNegative<T>(v128.mul<T>(splat<T>(t), R2b)), parity<T>(hb));
      const ca = v128.mul<T>(ea, cosTurns<T>(ua2)), cb = v128.mul<T>(eb, cosTurns<T>(ub2));
      const sa = v128.mul<T>(ea, sinTurns<T>(ua, ua2)), sb = v128.mul<T>(eb, sinTurns<T>(ub, ub2));
      let x = madd<T>(ax, ca, v128.mul<T>(ay, sa));
      ay = nmadd<T>(ax, sa, v128.mul<T>(ay, ca));
      ax = x;
      x = madd<T>(bx, cb, v128.mul<T>(by, sb));
      by = nmadd<T>(bx, sb, v128.mul<T>(by, cb));
      bx = x;
      accumulate<T>(tile.partialSums + (<usize>k << 5), v128.add<T>(ax, bx), v128.add<T>(ay, by));
    }
  }
}

/**
 * Phase of the step from one sample to the next, in turns and in T: the larger it may be, the more
 * often the host has a sample's phase computed exactly (`exactEvery`).
 */
// @ts-ignore: decorator
@inline function smallTurns<T>(tile: Tile, n: i32, kx: v128, ky: v128, kz: v128, dt: v128, offResonanceHz: v128): v128 {
  let p = v128.mul<T>(kx, loadColumn<T>(tile.x, n));
  p = madd<T>(ky, loadColumn<T>(tile.y, n), p);
  p = madd<T>(kz, loadColumn<T>(tile.z, n), p);
  return madd<T>(dt, offResonanceHz, p);
}

// @ts-ignore: decorator
@inline function hertzOf<T>(tile: Tile, n: i32): v128 {
  return sizeof<T>() == 8 ? loadT<f64>(tile.offResonanceHz, n) : demoteFour(tile.offResonanceHz, n);
}

/**
 * Result of `complexExp`: cos and sin of a phase times the decay. Each thread's instance has its
 * own globals.
 */
export let expRe: v128 = f32x4.splat(0);
export let expIm: v128 = f32x4.splat(0);

/** c, s of e^{−i2πp}·e^{−a} = c − i·s, p in turns. */
// @ts-ignore: decorator
@inline export function complexExp(p: v128, a: v128): void {
  const h = halfTurns<f32>(p);
  const u = remainder<f32>(p, h);
  const u2 = v128.mul<f32>(u, u);
  const e = v128.xor(expNegative<f32>(a), parity<f32>(h));
  expRe = v128.mul<f32>(e, cosTurns<f32>(u2));
  expIm = v128.mul<f32>(e, sinTurns<f32>(u, u2));
}

/** c, s of e^{−i2π(k·r + Δf·t)}·e^{−t·R2} = c − i·s for the four spins at n. */
// @ts-ignore: decorator
@inline export function evolve(tile: Tile, n: i32, kx: f64, ky: f64, kz: f64, t: f64): void {
  complexExp(phaseCycles<f32>(tile, n, kx, ky, kz, t), v128.mul<f32>(splat<f32>(t), loadT<f32>(tile.R2, n)));
}

/**
 * The same with the phase terms of a model.
 * @param precession address of a Precession, which its terms follow
 */
// @ts-ignore: decorator
@inline export function evolveModel(tile: Tile, n: i32, precession: usize): void {
  const t = splat<f32>(load<f64>(precession, 24));
  complexExp(modelCycles<f32>(tile, n, precession), v128.mul<f32>(t, loadT<f32>(tile.R2, n)));
}

/**
 * Equally spaced samples: M[k+2] = M[k]·w². Two vectors of spins and two samples give four
 * independent dependency chains, so that the multiplier never waits (1.9 times the throughput of
 * one chain). Each chunk starts from exact phases. w² is computed from its own phase: squaring w
 * would double its error, which every step repeats (5e-6 instead of 3.5e-6 at the end of a line).
 */
function readLinear(tile: Tile, precession: Precession, points: usize, column: usize, start: i32, count: i32): void {
  const first = points + (<usize>start << 3);
  const kx = precession.kx + load<f64>(first), ky = precession.ky + load<f64>(first + column);
  const kz = precession.kz + load<f64>(first + 2 * column), t = precession.t + load<f64>(first + 3 * column);
  const dkx = load<f64>(points, 8), dky = load<f64>(points + column, 8);
  const dkz = load<f64>(points + 2 * column, 8), dt = load<f64>(points + 3 * column, 8);
  const end = tile.partialSums + (<usize>count << 5);
  for (let n = 0; n < tile.count; n += 8) {
    // Vector a: spins n … n+3; vector b: n+4 … n+7. Suffix 1: the odd samples.
    let x = loadT<f32>(tile.mx, n), y = loadT<f32>(tile.my, n);
    evolve(tile, n, kx, ky, kz, t);
    let ax = madd<f32>(x, expRe, v128.mul<f32>(y, expIm)), ay = nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe));
    evolve(tile, n, dkx, dky, dkz, dt);
    let ax1 = madd<f32>(ax, expRe, v128.mul<f32>(ay, expIm)), ay1 = nmadd<f32>(ax, expIm, v128.mul<f32>(ay, expRe));
    evolve(tile, n, 2 * dkx, 2 * dky, 2 * dkz, 2 * dt);
    const wac = expRe, was = expIm;
    x = loadT<f32>(tile.mx, n + 4);
    y = loadT<f32>(tile.my, n + 4);
    evolve(tile, n + 4, kx, ky, kz, t);
    let bx = madd<f32>(x, expRe, v128.mul<f32>(y, expIm)), by = nmadd<f32>(x, expIm, v128.mul<f32>(y, expRe));
    evolve(tile, n + 4, dkx, dky, dkz, dt);
    let bx1 = madd<f32>(bx, expRe, v128.mul<f32>(by, expIm)), by1 = nmadd<f32>(bx, expIm, v128.mul<f32>(by, expRe));
    evolve(tile, n + 4, 2 * dkx, 2 * dky, 2 * dkz, 2 * dt);
    const wbc = expRe, wbs = expIm;

    for (let at = tile.partialSums; at < end; at += 64) {
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
