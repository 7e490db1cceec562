/**
 * Thermal noise of the receiver, added on rank 0 to the finished signal, so that it is the same on
 * any number of ranks. White, circular and complex; coils correlate by their covariance Ψ = L·Lᴴ:
 *
 *     n_c = sd · Σ_d L_cd z_d,   sd = σ √(dwell of σ / dwell) per real part
 *     z = r e^{2πi·u2}, r = √(−2 ln u1), u1 = (w0 + 1)·2⁻³², u2 = w1·2⁻³²       (Box–Muller)
 *
 * w0, w1 are words of Philox4×32-10 with the seed as key and [sample in its readout, readout, coil,
 * 0] as counter.
 */
import { badInput } from '../base/errors.ts';
import type { Seconds } from '../base/units.ts';
import { cholesky } from '../numerics/cholesky.ts';
import { philox } from '../numerics/philox.ts';
import type { Readout } from '../sequence/encoding-types.ts';
import type { NoiseCovariance } from '../sequence/scanner-types.ts';

export interface Noise {
  /** Standard deviation of the real and of the imaginary part, in units of the signal. */
  readonly sigma: number;
  /** Dwell at which it holds; null: at the dwell of each readout. */
  readonly atDwell: Seconds | null;
  readonly seed: number;
}

/** Counter word that separates receiver noise from other streams of the same seed. */
const RECEIVER = 0;

/**
 * Adds noise to `signal` ([coils][samples][re, im]).
 * @param covariance of the coils, in units of σ²; undefined: none between coils
 * @throws LarmorError 65 if the covariance is not positive definite
 */
export function addNoise(
  signal: Float64Array,
  coils: number,
  readouts: readonly Readout[],
  noise: Noise,
  covariance: NoiseCovariance | undefined,
): void {
  const factor = covariance && covarianceFactor('scanner', covariance, coils);
  const add = noiseAdder(readouts, noise, factor);
  const samples = signal.length / 2 / coils;
  for (let from = 0; from < samples; from += CHUNK)
    for (let coil = 0; coil < coils; coil++) {
      const at = coil * samples + from;
      add(signal.subarray(2 * at, 2 * (at + Math.min(CHUNK, samples - from))), coil, from);
    }
}

/** Samples whose noise in all coils is kept at a time. */
const CHUNK = 2 ** 14;

/**
 * Correlated noise of a coil is made of that of the coils before it, which is kept for the samples
 * that were asked for last: parts of a signal should be asked for coil by coil.
 * @param factor of the coils' covariance in units of σ²; undefined: none between coils
 * @returns function that adds noise to a part [count][re, im] of the signal of a coil, from sample
 *   `first` on; readouts that measure noise contain nothing else
 */
export function noiseAdder(
  readouts: readonly Readout[],
  { sigma, atDwell, seed }: Noise,
  factor: Float64Array | undefined,
): (part: Float64Array, coil: number, first: number) => void {
  const coils = factor === undefined ? 0 : Math.sqrt(factor.length / 2);
  let kept = { first: 0, samples: 0, of: [] as Float64Array[] };
  const correlated = (coil: number, first: number, samples: number): Float64Array => {
    if (kept.first !== first || kept.samples !== samples) kept = { first, samples, of: [] };
    while (kept.of.length <= coil) kept.of.push(deviates(readouts, seed, kept.of.length, first, samples));
    const sum = new Float64Array(2 * samples);
    for (let d = 0; d <= coil; d++) {
      const z = kept.of[d];
      const [re, im] = [factor![2 * (coil * coils + d)], factor![2 * (coil * coils + d) + 1]];
      for (let at = 0; at < sum.length; at += 2) {
        sum[at] += re * z[at] - im * z[at + 1];
        sum[at + 1] += re * z[at + 1] + im * z[at];
      }
    }
    return sum;
  };
  return (part, coil, first) => {
    const samples = part.length / 2;
    const added =
      factor === undefined ? deviates(readouts, seed, coil, first, samples) : correlated(coil, first, samples);
    for (const [n, from, to] of readoutsIn(readouts, first, samples)) {
      const { dwell, role } = readouts[n];
      const sd = atDwell === null ? sigma : sigma * Math.sqrt(atDwell / dwell);
      const alone = role === 'noise';
      for (let at = 2 * from; at < 2 * to; at++) part[at] = (alone ? 0 : part[at]) + sd * added[at];
    }
  };
}

/** z of samples [first, first + samples) of a coil, [samples][re, im]; 0 outside of readouts. */
function deviates(readouts: readonly Readout[], seed: number, coil: number, first: number, samples: number) {
  const [key0, key1] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  const counter = new Uint32Array(4);
  const z = new Float64Array(2 * samples);
  for (const [n, from, to] of readoutsIn(readouts, first, samples)) {
    const begin = first - readouts[n].firstSample;
    for (let sample = from; sample < to; sample++) {
      counter[0] = begin + sample;
      counter[1] = n;
      counter[2] = coil;
      counter[3] = RECEIVER;
      philox(counter, key0, key1);
      const r = Math.sqrt(-2 * Math.log((counter[0] + 1) * 2 ** -32));
      const angle = 2 * Math.PI * counter[1] * 2 ** -32;
      z[2 * sample] = r * Math.cos(angle);
      z[2 * sample + 1] = r * Math.sin(angle);
    }
  }
  return z;
}

/** Readouts that overlap samples [first, first + samples): number, and where among these. */
function* readoutsIn(
  readouts: readonly Readout[],
  first: number,
  samples: number,
): Generator<[number: number, from: number, to: number]> {
  for (let n = readoutBefore(readouts, first); n < readouts.length; n++) {
    const begin = readouts[n].firstSample - first;
    if (begin >= samples) return;
    yield [n, Math.max(0, begin), Math.min(samples, begin + readouts[n].samples)];
  }
}

/**
 * Cholesky factor of a noise covariance.
 * @param file that names it
 * @throws LarmorError 65 if it is not positive definite or is that of another number of coils
 */
export function covarianceFactor(file: string, covariance: NoiseCovariance, coils: number): Float64Array {
  if (covariance.length !== coils) {
    const what = `receive.noiseCovariance is for ${covariance.length} coils, but there are ${coils}`;
    throw badInput(file, what, 'give a row and a column for each coil');
  }
  const factor = cholesky(covariance);
  if (factor !== undefined) return factor;
  throw badInput(file, 'receive.noiseCovariance is not positive definite', 'give a covariance matrix');
}

/** Noise as given on the command line: σ itself, or the signal-to-noise ratio. */
export interface NoiseRequest {
  readonly sigma?: number;
  readonly atDwell?: Seconds;
  readonly snr?: number;
  readonly seed: number;
}

/** The last readout that begins at a sample or before it. */
function readoutBefore(readouts: readonly Readout[], sample: number): number {
  let [low, high] = [0, readouts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (readouts[middle].firstSample <= sample) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The noise for such a setting. A signal-to-noise ratio is that of the largest sample of the
 * noiseless signal to the standard deviation of a real part, at the dwell of that sample.
 * @param partOf [count][re, im] of the noiseless signal of a coil from a sample on
 */
export function noiseOf(
  { sigma, atDwell, snr, seed }: NoiseRequest,
  partOf: (coil: number, first: number, count: number) => Float64Array,
  coils: number,
  readouts: readonly Readout[],
): Noise {
  if (sigma !== undefined) return { sigma, atDwell: atDwell ?? null, seed };
  let [largest, dwell] = [0, readouts[0].dwell];
  for (const readout of readouts) {
    if (readout.role === 'noise') continue;
    for (let coil = 0; coil < coils; coil++) {
      const signal = partOf(coil, readout.firstSample, readout.samples);
      for (let at = 0; at < signal.length; at += 2) {
        const size = Math.hypot(signal[at], signal[at + 1]);
        if (size > largest) [largest, dwell] = [size, readout.dwell];
      }
    }
  }
  return { sigma: largest / snr!, atDwell: dwell, seed };
}
