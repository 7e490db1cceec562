/**
 * Lines that share one trajectory as a matrix product: s[l,k] = Σ_n A[l,n]·W[n,k], A the
 * magnetisation of spin n at the first sample of line l (`line-starts.ts`), W its evolution from
 * there to sample k (`evolution.ts`). Exact for static spins; a spin's sin and cos are computed
 * once per batch of lines instead of once per line. The complex product is three real ones,
 *   P1 = Re A·Re W,  P2 = Im A·Im W,  P3 = (Re A + Im A)(Re W + Im W),
 *   Re s = P1 − P2,  Im s = P3 − P1 − P2,
 * each in blocks of 3 lines × 3 units of samples over a panel of 32 spins (`multiply.ts`; 2.2 times
 * the speed of the 2×2 recurrence). A coil multiplies the magnetisation of a spin, so every line
 * has one row per coil, and W is the same for all of them.
 */
import { Batch, KernelContext, Nufft1d1, PANEL, recordAt, Trajectory } from './abi';
import { evolveAny, lastOfSeries, startSeries, stepSeries } from './evolution';
import { sumNufft1d1 } from './nufft1d1';
import { multiplyThree, multiplyTwo } from './multiply';
import { LINE_START_BYTES, PART, lineStartsOfPanel, weighLineStarts } from './line-starts';
import { lineStartBytes, Tile } from './scratch';
import { Narrow, Wide } from './simd';
import { addFixed, allFinite } from './sums';

/** Sums all rows of a batch. @returns false if a sample is not finite */
export function sumBatch<M>(job: KernelContext, tile: Tile, index: i32, sums: usize): bool {
  const batch = recordAt<Batch>(job.batches, index);
  const trajectory = recordAt<Trajectory>(job.trajectories, batch.trajectory);
  const rows = batch.lineCount, channels = job.channels;
  const buffer = tile.records + <usize>batch.buffer * lineStartBytes(job);
  const firstSamples = batch.firstSamples;
  const lines = batch.nufft1d1;
  if (lines != 0) return sumNufft1d1(job, tile, changetype<Nufft1d1>(lines), batch, buffer, rows, firstSamples, sums);
  const points = trajectory.points;
  const samples = trajectory.samples;
  const exactEvery = trajectory.exactEvery;
  const padded = (samples + 7) & ~7;
  const line = <usize>padded << 2;
  const plane = <usize>(job.bufferLines * channels) * line;
  memory.fill(tile.products, 0, 3 * plane);
  // A line of a single wide unit has no second unit to be multiplied together with it.
  if (job.use256 != 0 && padded > 8)
    multiplyPanels<Wide, M>(job, tile, batch, buffer, rows, points, padded, exactEvery == 0);
  else multiplyPanels<Narrow, M>(job, tile, batch, buffer, rows, points, padded, exactEvery == 0);
  let answers = f64x2.splat(0);
  for (let l = 0; l < rows * channels; l++) {
    const from = tile.products + <usize>l * line;
    const coil = channels == 1 ? 0 : l / rows;
    const first = load<i32>(firstSamples + (<usize>(l - coil * rows) << 2));
    const to = sums + ((<usize>coil * <usize>job.sampleCount + <usize>first) << 4);
    for (let k: usize = 0; k < <usize>samples; k += 2) {
      const P1 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2)));
      const P2 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2) + plane));
      const P3 = f64x2.promote_low_f32x4(v128.load64_zero(from + (k << 2) + 2 * plane));
      const re = v128.sub<f64>(P1, P2);
      const im = v128.sub<f64>(v128.sub<f64>(P3, P1), P2);
      const at = to + (k << 4);
      answers = v128.add<f64>(answers, addFixed(job, at, v128.shuffle<i64>(re, im, 0, 2)));
      if (k + 1 < <usize>samples)
        answers = v128.add<f64>(answers, addFixed(job, at + 16, v128.shuffle<i64>(re, im, 1, 3)));
    }
  }
  return allFinite(answers);
}

/** [3 parts][coils · rows][padded samples] of `tile.products` += A·W, panel by panel. */
function multiplyPanels<F, M>(
  job: KernelContext, tile: Tile, batch: Batch, buffer: usize, rows: i32, points: usize, padded: i32, linear: bool,
): void {
  const unit = <i32>offsetof<F>();
  const line = <usize>padded << 2;
  const plane = <usize>(job.bufferLines * job.channels) * line;
  const all = rows * job.channels;
  const units = (padded << 2) / unit;
  // Units of samples in threes, as long as twos can fill the rest.
  const use256 = units - (units % 3 == 1 ? 4 : units % 3);
  const W = tile.evolution;
  for (let panel = 0; panel < tile.count; panel += PANEL) {
    let records = lineStartsOfPanel<M>(job, tile, panel, batch, buffer);
    if (job.coils != 0) records = weighByCoils(job, tile, panel, records, rows);
    let out = tile.products;
    for (let k = 0; k < units; ) {
      const width = k < use256 ? 3 : 2;
      if (!linear) evolveAny<F, M>(tile, panel, points, padded, k * (unit >> 2), W, width);
      else if (k == 0) startSeries<F, M>(tile, panel, points, padded, W);
      else if (k <= use256) stepSeries<F>(W);
      else lastOfSeries<F>(W);
      for (let part: usize = 0; part < 3; part++) {
        if (width == 3) multiplyThree<F>(records + part * PART, W + part * unit, out + part * plane, line, all);
        else multiplyTwo<F>(records + part * PART, W + part * unit, out + part * plane, line, all);
      }
      out += <usize>(width * unit);
      k += width;
    }
  }
}

/**
 * Rows of a panel multiplied by every coil: [coils][rows][re, im, re + im][PANEL].
 * @returns their address
 */
function weighByCoils(job: KernelContext, tile: Tile, panel: i32, records: usize, rows: i32): usize {
  let to = tile.readout;
  for (let coil = 0; coil < job.coils; coil++) {
    weighLineStarts(job, tile, panel, coil, records, rows, to);
    to += <usize>rows * LINE_START_BYTES;
  }
  return tile.readout;
}
