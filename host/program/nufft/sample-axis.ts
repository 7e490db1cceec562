/**
 * One axis of a transform of equally spaced samples, sized for an error bound: spins are spread by
 * a Kaiser–Bessel kernel on a grid of at least twice the samples. The error is not estimated but
 * measured here, with the polynomials that the kernels evaluate, over positions within a cell,
 * possible decays of the phantom and samples.
 */

import { type Stage, smoothLength, stagesOf } from './fourier.ts';
import { kaiserBessel, type SpreadingKernel, WIDEST } from './kaiser-bessel.ts';
import { triedSamples } from './tried-samples.ts';

export interface Axis {
  readonly samples: number;
  /** Cells: a multiple of 4, of factors 2 and 3. */
  readonly grid: number;
  readonly kernel: SpreadingKernel;
  /** [samples] */
  readonly factors: Float64Array;
  readonly stages: readonly Stage[];
}

/** Both grids of a thread stay below this [bytes]. */
export const MOST_GRID_BYTES = 2 ** 26;

/**
 * Where the error is measured: places in half a cell, for the kernel is even and the other half
 * errs by the conjugates; rates, but for the largest, which errs as much as none at the mirrored
 * sample, when less of the spin is left.
 */
const PLACES = 4;
const RATES = 4;
const MOST_SAMPLES = 48;

/** The samples of an axis and what spins may do meanwhile. */
interface Extent {
  readonly samples: number;
  /** Of all samples [s]. */
  readonly duration: number;
  /** Largest decay of any spin [1/s]; the factors carry half of it. */
  readonly maxR2: number;
}

/**
 * The narrowest axis whose error stays within `bound`, or undefined. It is looked for in every
 * process, so that what counts is how little is computed before V8 has compiled it.
 */
export function chooseAxis(extent: Extent, bound: number): Axis | undefined {
  const { samples } = extent;
  // Without decay the error is near 0.8·10^(1 − width): where to begin looking.
  const begin = Math.max(3, Math.floor(1 + Math.log10(0.8 / bound)) - 1);
  for (let width = begin; width <= WIDEST; width++) {
    const grid = smoothLength(Math.max(2 * samples, 2 * width), 4);
    const kernel = kaiserBessel(width, grid / samples);
    if (!isWithin(kernel, grid, extent, bound)) continue;
    const middle = Math.floor(samples / 2);
    const factors = Float64Array.from({ length: samples }, (_, j) => factorOf(kernel, grid, extent, j - middle));
    return { samples, grid, kernel, factors, stages: stagesOf(grid) };
  }
  return undefined;
}

/** What makes sample k, counted from the middle, of a transform. */
function factorOf(kernel: SpreadingKernel, grid: number, { samples, duration, maxR2 }: Extent, k: number): number {
  const commonDecay = (0.5 * maxR2 * duration) / samples;
  return Math.exp(-commonDecay * k) / kernel.transform(k / grid);
}

/**
 * Whether an axis with this kernel has an error of at most `bound` in any sample of a spin of
 * density 1, including its decay since the start of the axis: the error for a spin that decays fast
 * is larger, but its signal is smaller. Plain loops over flat arrays, no objects: see `chooseAxis`.
 */
function isWithin(kernel: SpreadingKernel, grid: number, extent: Extent, bound: number): boolean {
  const { samples, duration, maxR2 } = extent;
  const { width, degree, polynomials } = kernel;
  const middle = Math.floor(samples / 2);
  const tried = triedSamples(samples, MOST_SAMPLES);
  const count = tried.length;
  const k = new Float64Array(count);
  const factor = new Float64Array(count);
  // e^{−2πik/G}, whose powers carry the taps, and what moves them to the place.
  const turn = new Float64Array(2 * count);
  const shift = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) {
    k[n] = tried[n] - middle;
    factor[n] = factorOf(kernel, grid, extent, k[n]);
    const angle = (-2 * Math.PI * k[n]) / grid;
    turn[2 * n] = Math.cos(angle);
    turn[2 * n + 1] = Math.sin(angle);
  }
  const weights = new Float64Array(2 * width);
  for (let place = 0; place <= PLACES; place++) {
    const local = place / (2 * PLACES) - 0.5;
    for (let n = 0; n < count; n++) {
      const angle = (2 * Math.PI * k[n] * (local + (width - 1) / 2)) / grid;
      shift[2 * n] = Math.cos(angle);
      shift[2 * n + 1] = Math.sin(angle);
    }
    for (let rate = 0; rate < RATES; rate++) {
      const R2 = (maxR2 * rate) / RATES;
      const decay = ((R2 - maxR2 / 2) * duration) / samples;
      const imaginary = (-decay * grid) / (2 * Math.PI);
      const gone = Math.exp((-R2 * duration) / 2);
      for (let tap = 0; tap < width; tap++) {
        let re = 0;
        let im = 0;
        for (let at = 4 * (degree + 1) * (tap >> 2) + (tap & 3), d = 0; d <= degree; at += 4, d++) {
          const next = re * local - im * imaginary + polynomials[at];
          im = re * imaginary + im * local;
          re = next;
        }
        weights[2 * tap] = re;
        weights[2 * tap + 1] = im;
      }
      const total = (-maxR2 / 2) * (duration / samples) - decay;
      for (let n = 0; n < count; n++) {
        const c = turn[2 * n];
        const s = turn[2 * n + 1];
        let re = 0;
        let im = 0;
        for (let at = 2 * width - 2; at >= 0; at -= 2) {
          const next = re * c - im * s + weights[at];
          im = re * s + im * c + weights[at + 1];
          re = next;
        }
        const sc = shift[2 * n];
        const ss = shift[2 * n + 1];
        const apart = factor[n] * (re * sc - im * ss) - Math.exp(total * k[n]);
        const beside = factor[n] * (re * ss + im * sc);
        if (!(gone * Math.sqrt(apart * apart + beside * beside) <= bound)) return false;
      }
    }
  }
  return true;
}
