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
  addNoiseTo(signal, { coil: 0, coils, first: 0, samples: signal.length / 2 / coils }, readouts, noise, factor);
}

/** Coils [coil, coil + coils) and samples [first, first + samples) of a signal. */
interface SignalPart {
  readonly coil: number;
  readonly coils: number;
  readonly first: number;
  readonly samples: number;
}

/**
 * Adds noise to a part of a signal ([coils][samples][re, im]). Readouts that measure noise contain
 * nothing else.
 * @param factor of the coils' covariance in units of σ²; undefined: none between coils
 */
export function addNoiseTo(
  signal: Float64Array,
  part: SignalPart,
  readouts: readonly Readout[],
  { sigma, atDwell, seed }: Noise,
  factor: Float64Array | undefined,
): void {
  const { samples, first } = part;
  const end = part.coil + part.coils;
  // Noise of a coil is that of the coils before it too, where they correlate.
  const lowest = factor === undefined ? part.coil : 0;
  const all = factor === undefined ? 0 : Math.sqrt(factor.length / 2);
  const [key0, key1] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  const counter = new Uint32Array(4);
  const z = new Float64Array(2 * end);
  for (let n = readoutBefore(readouts, first); n < readouts.length; n++) {
    const readout = readouts[n];
    const { firstSample } = readout;
    if (firstSample >= first + samples) return;
    const sd = atDwell === null ? sigma : sigma * Math.sqrt(atDwell / readout.dwell);
    const [from, to] = [Math.max(0, first - firstSample), Math.min(readout.samples, first + samples - firstSample)];
    for (let sample = from; sample < to; sample++) {
      for (let coil = lowest; coil < end; coil++) {
        counter[0] = sample;
        counter[1] = n;
        counter[2] = coil;
        counter[3] = RECEIVER;
        philox(counter, key0, key1);
        const r = Math.sqrt(-2 * Math.log((counter[0] + 1) * 2 ** -32));
        const angle = 2 * Math.PI * counter[1] * 2 ** -32;
        z[2 * coil] = r * Math.cos(angle);
        z[2 * coil + 1] = r * Math.sin(angle);
      }
      for (let coil = part.coil; coil < end; coil++) {
        let re = z[2 * coil];
        let im = z[2 * coil + 1];
        if (factor !== undefined) {
          re = 0;
          im = 0;
          for (let d = 0; d <= coil; d++) {
            const l = 2 * (coil * all + d);
            re += factor[l] * z[2 * d] - factor[l + 1] * z[2 * d + 1];
            im += factor[l] * z[2 * d + 1] + factor[l + 1] * z[2 * d];
          }
        }
        const at = 2 * ((coil - part.coil) * samples + firstSample + sample - first);
        const alone = readout.role === 'noise';
        signal[at] = (alone ? 0 : signal[at]) + sd * re;
        signal[at + 1] = (alone ? 0 : signal[at + 1]) + sd * im;
      }
    }
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
