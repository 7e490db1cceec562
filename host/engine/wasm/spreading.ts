/**
 * One axis of a transform of equally spaced samples, sized for a bound on its error: spins are spread by a Kaiser–Bessel kernel on a grid of at
 * least twice the samples. The error is not estimated but measured here, on the polynomials the kernels evaluate, over places within a cell,
 * decays the phantom can have and all samples.
 */

import { direction } from '../../numerics/direction.ts';
import { type Stage, smoothLength, stagesOf } from './fourier.ts';
import { kaiserBessel, type SpreadingKernel, WIDEST } from './kaiser-bessel.ts';

export interface Axis {
  readonly samples: number;
  /** Cells: a multiple of 4, of factors 2 and 3. */
  readonly grid: number;
  readonly kernel: SpreadingKernel;
  /** [samples] */
  readonly factors: Float64Array;
  readonly stages: readonly Stage[];
}

/** Places within a cell, rates and samples at which the error is measured. */
const PLACES = 8;
const RATES = 4;
const MOST_SAMPLES = 48;

/**
 * The narrowest axis whose error stays within `bound`, or undefined.
 * @param duration of all samples [s]
 * @param maxR2 largest decay of any spin [1/s]; the factors carry half of it
 */
export function chooseAxis(samples: number, duration: number, maxR2: number, bound: number): Axis | undefined {
  // Without decay the error is near 0.8·10^(1 − width): where to begin looking.
  const begin = Math.max(3, Math.floor(1 + Math.log10(0.8 / bound)) - 1);
  for (let width = begin; width <= WIDEST; width++) {
    const axis = makeAxis(samples, width, (0.5 * maxR2 * duration) / samples);
    if (isWithin(axis, duration, maxR2, bound)) return axis;
  }
  return undefined;
}

function makeAxis(samples: number, width: number, commonDecay: number): Axis {
  const grid = smoothLength(Math.max(2 * samples, 2 * width), 4);
  const kernel = kaiserBessel(width, grid / samples);
  const factors = Float64Array.from({ length: samples }, (_, j) => {
    const k = j - Math.floor(samples / 2);
    return Math.exp(-commonDecay * k) / kernel.transform(k / grid);
  });
  return { samples, grid, kernel, factors, stages: stagesOf(grid) };
}

/**
 * Whether this axis alone errs by `bound` at most in any sample of one spin of density 1, decay since the axis's own start counted: a spin
 * that decays fast is harder to place but gone sooner.
 */
function isWithin(axis: Axis, duration: number, maxR2: number, bound: number): boolean {
  const { samples, grid, kernel, factors } = axis;
  const { width, degree, polynomials } = kernel;
  const middle = Math.floor(samples / 2);
  const stride = Math.max(1, Math.floor(samples / MOST_SAMPLES));
  const measured: number[] = [];
  for (let j = 0; j < samples - 1; j += stride) measured.push(j);
  measured.push(samples - 1);
  // e^{−2πik/G}, whose powers carry the taps.
  const turns = measured.map((j) => direction((-2 * Math.PI * (j - middle)) / grid));
  for (let place = 0; place <= PLACES; place++) {
    const local = place / PLACES - 0.5;
    const shifts = measured.map((j) => direction((2 * Math.PI * (j - middle) * (local + (width - 1) / 2)) / grid));
    for (let rate = 0; rate <= RATES; rate++) {
      const R2 = (maxR2 * rate) / RATES;
      const decay = ((R2 - maxR2 / 2) * duration) / samples;
      const imaginary = (-decay * grid) / (2 * Math.PI);
      const gone = Math.exp((-R2 * duration) / 2);
      const weights = new Float64Array(2 * width);
      for (let tap = 0; tap < width; tap++) {
        let re = 0;
        let im = 0;
        for (let d = 0; d <= degree; d++) {
          const c = polynomials[4 * ((degree + 1) * (tap >> 2) + d) + (tap & 3)]!;
          const next = re * local - im * imaginary + c;
          im = re * imaginary + im * local;
          re = next;
        }
        weights[2 * tap] = re;
        weights[2 * tap + 1] = im;
      }
      for (let n = 0; n < measured.length; n++) {
        const k = measured[n]! - middle;
        const [c, s] = turns[n]!;
        let re = 0;
        let im = 0;
        for (let tap = width - 1; tap >= 0; tap--) {
          const next = re * c - im * s + weights[2 * tap]!;
          im = re * s + im * c + weights[2 * tap + 1]!;
          re = next;
        }
        const [sc, ss] = shifts[n]!;
        const factor = factors[measured[n]!]!;
        const exact = Math.exp(((-maxR2 / 2) * duration * k) / samples - decay * k);
        const error = gone * Math.hypot(factor * (re * sc - im * ss) - exact, factor * (re * ss + im * sc));
        if (!(error <= bound)) return false;
      }
    }
  }
  return true;
}
