/**
 * Samples of one readout by every coil: s_c[k] = Σ_n C_cn·M_n·e^{−i2π(K·r + Δf·T + κ·q)}·e^{−T·R2}.
 * Each sample's phase is computed exactly and once for all coils: first the transverse
 * magnetisation of a panel at a chunk of samples, then the weighted sum of it for every coil, at
 * four multiply-adds per spin, sample and coil. Without coils the weight is 1. Where spins move
 * among coils the weight is a polynomial in the sample number over a chunk, at as many more.
 */
import { KernelContext, LineRun, MODEL_CHUNK, MOST_SENSE_TERMS, PANEL, recordAt, Sense, Trajectory } from './abi';
import { cosTurns, expNegative, halfTurns, parity, remainder, sinTurns } from './functions';
import { precessionAt } from './model';
import { modelCycles, PRECESSION_BYTES } from './precession';
import { precessionBytes, senseBytes, Tile, transverseBytes } from './scratch';
import { senseRows } from './sense';
import { loadColumn, loadT, madd, nmadd, partialSums, splat, storeT } from './simd';
import { addLanes } from './sums';

/** Lane sums of one channel: [MODEL_CHUNK][re, im] vectors. */
const CHANNEL_BYTES: usize = <usize>MODEL_CHUNK * 32;

/** @returns false if a sample is not finite */
export function readModel<T>(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const run = recordAt<LineRun>(job.lineRuns, index);
  const trajectory = recordAt<Trajectory>(job.trajectories, run.trajectory);
  const samples = trajectory.samples;
  const bytes = PRECESSION_BYTES + (<usize>job.phaseTerms << 3), column = <usize>((samples + 7) & ~7) << 3;
  const precession = precessionAt(job, run.precession);
  const precessions = tile.readout, transverse = precessions + precessionBytes(job);
  const lanes = transverse + transverseBytes(job);
  const channels = job.channels;
  const values = lanes + <usize>channels * CHANNEL_BYTES, rows = values + senseBytes(job);
  const sense = changetype<Sense>(tile.sense);
  const isMoving = tile.sense != 0 && sense.terms > 1;
  let finite = true;
  for (let start = 0; start < samples; start += MODEL_CHUNK) {
    const count = min(MODEL_CHUNK, samples - start);
    let points = trajectory.points + (<usize>start << 3);
    for (let i: usize = 0; i < bytes; i += 8) {
      const from = load<f64>(precession + i);
      for (let k: usize = 0; k < <usize>count; k++)
        store<f64>(precessions + k * bytes + i, from + load<f64>(points + (k << 3)));
      points += column;
    }
    memory.fill(lanes, 0, <usize>channels * CHANNEL_BYTES);
    if (isMoving) {
      const half = 0.5 * <f64>max(1, count - 1);
      senseRows(sense, <f64>start, 0.5 * <f64>(count - 1), half, sense.chunkTerms, rows);
    }
    for (let panel = 0; panel < tile.count; panel += PANEL) {
      sampleTransverse<T>(tile, panel, precessions, bytes, count, transverse);
      if (job.coils == 0) sumPlain<T>(transverse, count, lanes);
      else for (let coil = 0; coil < channels; coil++) {
        const sumsOfCoil = lanes + <usize>coil * CHANNEL_BYTES;
        if (isMoving) {
          followCoil<T>(job, tile, panel, coil, sense, rows, values);
          sumMovingCoil<T>(values, sense.chunkTerms, transverse, count, sumsOfCoil);
        } else sumCoil<T>(job, tile, panel, coil, transverse, count, sumsOfCoil);
      }
    }
    for (let channel = 0; channel < channels; channel++) {
      const to = sums + ((<usize>channel * <usize>job.sampleCount + <usize>(run.firstSample + start)) << 4);
      finite = addLanes<T>(job, lanes + <usize>channel * CHANNEL_BYTES, to, count) && finite;
    }
  }
  return finite;
}

/** Bytes of the transverse magnetisation of a panel at one sample: [vectors][re, im]. */
// @ts-ignore: decorator
@inline function panelBytes<T>(): usize {
  return <usize>(PANEL / partialSums<T>()) * 32;
}

/** [samples][vectors of the panel][re, im]: Mxy of every spin at every sample. */
function sampleTransverse<T>(tile: Tile, panel: i32, precessions: usize, bytes: usize, count: i32, to: usize): void {
  for (let n = panel; n < panel + PANEL; n += partialSums<T>()) {
    const mx = loadT<T>(tile.mx, n), my = loadT<T>(tile.my, n), R2 = loadT<T>(tile.R2, n);
    let precession = precessions, at = to;
    for (let k = 0; k < count; k++) {
      const p = modelCycles<T>(tile, n, precession);
      const h = halfTurns<T>(p);
      const u = remainder<T>(p, h);
      const u2 = v128.mul<T>(u, u);
      const e = v128.xor(expNegative<T>(v128.mul<T>(splat<T>(load<f64>(precession, 24)), R2)), parity<T>(h));
      const c = v128.mul<T>(e, cosTurns<T>(u2)), s = v128.mul<T>(e, sinTurns<T>(u, u2));
      v128.store(at, madd<T>(mx, c, v128.mul<T>(my, s)));
      v128.store(at, nmadd<T>(mx, s, v128.mul<T>(my, c)), 16);
      precession += bytes;
      at += panelBytes<T>();
    }
    to += 32;
  }
}

/** Adds a panel's magnetisation to the lane sums. */
function sumPlain<T>(from: usize, count: i32, lanes: usize): void {
  for (let k = 0; k < count; k++) {
    let re = v128.load(lanes), im = v128.load(lanes, 16);
    for (const end = from + panelBytes<T>(); from < end; from += 32) {
      re = v128.add<T>(re, v128.load(from));
      im = v128.add<T>(im, v128.load(from, 16));
    }
    v128.store(lanes, re);
    v128.store(lanes, im, 16);
    lanes += 32;
  }
}

/**
 * The same, weighted by one coil. Two samples at a time give eight independent sums, so that the
 * multiplier never waits; if their number is odd, the last pair has a second sample that is not
 * used.
 */
function sumCoil<T>(
  job: KernelContext, tile: Tile, panel: i32, coil: i32, from: usize, count: i32, lanes: usize,
): void {
  const column = <usize>job.capacity << 2;
  const re = tile.coils + 2 * <usize>coil * column, im = re + column;
  for (let k = 0; k < count; k += 2) {
    let xx = splat<T>(0), yy = xx, xy = xx, yx = xx, XX = xx, YY = xx, XY = xx, YX = xx;
    let at = from;
    for (let n = panel; n < panel + PANEL; n += partialSums<T>()) {
      const x = loadColumn<T>(re, n), y = loadColumn<T>(im, n);
      const mx = v128.load(at), my = v128.load(at, 16);
      const Mx = v128.load(at + panelBytes<T>()), My = v128.load(at + panelBytes<T>(), 16);
      xx = madd<T>(x, mx, xx);
      yy = madd<T>(y, my, yy);
      xy = madd<T>(x, my, xy);
      yx = madd<T>(y, mx, yx);
      XX = madd<T>(x, Mx, XX);
      YY = madd<T>(y, My, YY);
      XY = madd<T>(x, My, XY);
      YX = madd<T>(y, Mx, YX);
      at += 32;
    }
    v128.store(lanes, v128.add<T>(v128.load(lanes), v128.sub<T>(xx, yy)));
    v128.store(lanes, v128.add<T>(v128.load(lanes, 16), v128.add<T>(xy, yx)), 16);
    v128.store(lanes, v128.add<T>(v128.load(lanes, 32), v128.sub<T>(XX, YY)), 32);
    v128.store(lanes, v128.add<T>(v128.load(lanes, 48), v128.add<T>(XY, YX)), 48);
    from += 2 * panelBytes<T>();
    lanes += 64;
  }
}

/** [chunkTerms][re, im][PANEL]: one coil of a panel as polynomials in the sample number. */
function followCoil<T>(
  job: KernelContext, tile: Tile, panel: i32, coil: i32, sense: Sense, rows: usize, to: usize,
): void {
  const column = <usize>job.capacity << 2, set = 2 * <usize>job.coils * column;
  const first = tile.coils + 2 * <usize>coil * column;
  for (let p = 0; p < sense.chunkTerms; p++) {
    for (let i = 0; i < PANEL; i += partialSums<T>()) {
      let x = splat<T>(0), y = x, from = first;
      for (let k = 0; k < sense.terms; k++) {
        const row = splat<T>(load<f64>(rows + (<usize>(p * MOST_SENSE_TERMS + k) << 3)));
        x = madd<T>(row, loadColumn<T>(from, panel + i), x);
        y = madd<T>(row, loadColumn<T>(from + column, panel + i), y);
        from += set;
      }
      storeT<T>(to, i, x);
      storeT<T>(to, PANEL + i, y);
    }
    to += 2 * PANEL * sizeof<T>();
  }
}

/** The same as `sumCoil`, one sample at a time. @param values of `followCoil` */
function sumMovingCoil<T>(values: usize, terms: i32, from: usize, count: i32, lanes: usize): void {
  const term = 2 * PANEL * sizeof<T>(), last = values + <usize>(terms - 1) * term;
  for (let k = 0; k < count; k++) {
    let xx = splat<T>(0), yy = xx, xy = xx, yx = xx;
    const j = splat<T>(<f64>k);
    for (let i = 0; i < PANEL; i += partialSums<T>()) {
      let at = last, x = loadT<T>(at, i), y = loadT<T>(at, PANEL + i);
      while (at > values) {
        at -= term;
        x = madd<T>(x, j, loadT<T>(at, i));
        y = madd<T>(y, j, loadT<T>(at, PANEL + i));
      }
      const mx = v128.load(from), my = v128.load(from, 16);
      xx = madd<T>(x, mx, xx);
      yy = madd<T>(y, my, yy);
      xy = madd<T>(x, my, xy);
      yx = madd<T>(y, mx, yx);
      from += 32;
    }
    v128.store(lanes, v128.add<T>(v128.load(lanes), v128.sub<T>(xx, yy)));
    v128.store(lanes, v128.add<T>(v128.load(lanes, 16), v128.add<T>(xy, yx)), 16);
    lanes += 32;
  }
}
