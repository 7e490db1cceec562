/**
 * The axis of a line that is transformed by itself (`assembly/line.ts`): a Kaiser–Bessel kernel and
 * its derivatives at 128 places of a cell, and the factors that make samples of four interleaved
 * transforms. The error is measured on these tables, in f64, over places, decays and bends.
 */
import { type Stage, smoothLength, stagesOf } from './fourier.ts';
import { kaiserBessel, kernelDerivatives, WIDEST } from './kaiser-bessel.ts';

export interface LineAxis {
  readonly samples: number;
  readonly grid: number;
  readonly width: number;
  readonly taps: number;
  /** Derivatives 0, 1, … that are tabulated. */
  readonly orders: number;
  /** [places + 1][taps / 4][orders][4] */
  readonly weights: Float64Array;
  /** [samples][4 re, 4 im] */
  readonly factors: Float64Array;
  /** Of a quarter of the grid. */
  readonly stages: readonly Stage[];
}

/** What the spins of a line may have. */
export interface LineExtent {
  readonly samples: number;
  /** Of all samples [s]. */
  readonly duration: number;
  /** Largest decay [1/s]; the factors carry half of it. */
  readonly maxR2: number;
  /** Largest bend: phase quadratic in the sample number, at either end [cycles]. */
  readonly bend: number;
}

/** As in assembly/line.ts. */
const PLACES = 128;
const ORDERS = [3, 4, 5, 7] as const;

/** Where the error is measured: places in half a cell, decays, samples. */
const TRIED_PLACES = 5;
const TRIED_RATES = 4;
const TRIED_SAMPLES = 24;

/** The cheapest axis whose error stays within `bound`, or undefined. */
export function chooseLineAxis(extent: LineExtent, bound: number): LineAxis | undefined {
  const begin = Math.max(3, Math.floor(1 + Math.log10(0.8 / bound)) - 1);
  for (let width = begin; width <= Math.min(12, WIDEST); width++)
    for (const orders of ORDERS) {
      const axis = makeAxis(extent, width, orders);
      if (isWithin(axis, extent, bound)) return axis;
    }
  return undefined;
}

function makeAxis({ samples, duration, maxR2 }: LineExtent, width: number, orders: number): LineAxis {
  const grid = smoothLength(Math.max(2 * samples, 2 * width), 4);
  const taps = 4 * Math.ceil(width / 4);
  const ratio = grid / samples;
  const derivative = kernelDerivatives(width, ratio);
  const weights = new Float64Array((PLACES + 1) * taps * orders);
  for (let place = 0, at = 0; place <= PLACES; place++)
    for (let vector = 0; vector < taps; vector += 4)
      for (let order = 0; order < orders; order++)
        for (let tap = vector; tap < vector + 4; tap++)
          weights[at++] = tap < width ? Math.fround(derivative(tap, place / PLACES - 0.5, order)) : 0;
  const { transform } = kaiserBessel(width, ratio);
  const factors = new Float64Array(8 * samples);
  for (let j = 0; j < samples; j++) {
    const k = j - (samples >> 1);
    const factor = Math.exp((-0.5 * maxR2 * duration * k) / samples) / transform(k / grid);
    for (let column = 0; column < 4; column++) {
      const angle = (-2 * Math.PI * k * column) / grid;
      factors[8 * j + column] = factor * Math.cos(angle);
      factors[8 * j + 4 + column] = factor * Math.sin(angle);
    }
  }
  return { samples, grid, width, taps, orders, weights, factors, stages: stagesOf(grid / 4) };
}

/**
 * Whether a sample of one spin of density 1 errs by `bound` at most, decay since the first sample
 * counted.
 */
function isWithin(axis: LineAxis, { samples, duration, maxR2, bend }: LineExtent, bound: number): boolean {
  const { grid, width, taps, orders, weights, factors } = axis;
  const middle = samples >> 1;
  const stride = Math.max(1, Math.floor(samples / TRIED_SAMPLES));
  const tried = [...Array.from({ length: Math.ceil(samples / stride) }, (_, n) => n * stride), samples - 1];
  const perSample = bend / Math.max(1, middle) ** 2;
  const bends = bend === 0 ? [0] : [-perSample, 0.4 * perSample, perSample];
  const tapRe = new Float64Array(width);
  const tapIm = new Float64Array(width);
  for (let n = 0; n <= TRIED_PLACES; n++) {
    const place = Math.round((n * PLACES) / (2 * TRIED_PLACES));
    const shift = (n % 2 === 0 ? 0.5 : -0.5) / PLACES;
    const u = place / PLACES - 0.5 + shift + (width - 1) / 2;
    for (let rate = 0; rate <= TRIED_RATES; rate++) {
      const R2 = (maxR2 * rate) / TRIED_RATES;
      const perDwell = (R2 * duration) / samples;
      const gone = Math.exp(-perDwell * middle);
      const decay = (-(R2 - maxR2 / 2) * duration * grid) / samples / (2 * Math.PI);
      for (const b of bends) {
        const amplitudes = orderAmplitudes(orders, shift, decay, (b * grid ** 2) / Math.PI);
        tapRe.fill(0);
        tapIm.fill(0);
        for (let tap = 0; tap < width; tap++)
          for (let k = 0; k < orders; k++) {
            const weight = weights[place * taps * orders + 4 * ((tap >> 2) * orders + k) + (tap & 3)];
            tapRe[tap] += weight * amplitudes[2 * k];
            tapIm[tap] += weight * amplitudes[2 * k + 1];
          }
        for (const j of tried) {
          const k = j - middle;
          let [re, im] = [0, 0];
          for (let tap = 0; tap < width; tap++) {
            const angle = (-2 * Math.PI * k * (tap - u)) / grid + 2 * Math.PI * b * k * k;
            const [c, s] = [Math.cos(angle), Math.sin(angle)];
            re += tapRe[tap] * c - tapIm[tap] * s;
            im += tapRe[tap] * s + tapIm[tap] * c;
          }
          const factor = factors[8 * j];
          const error = Math.hypot(factor * re - Math.exp(-perDwell * k), factor * im);
          if (!(gone * error <= bound)) return false;
        }
      }
    }
  }
  return true;
}

/** [orders][re, im] h_k of exp(zD + βD²), z = shift + i·decay, 2β = i·bend. */
function orderAmplitudes(orders: number, shift: number, decay: number, bend: number): Float64Array {
  const h = new Float64Array(2 * orders);
  h[0] = 1;
  for (let k = 1; k < orders; k++) {
    const [re, im] = [h[2 * k - 2], h[2 * k - 1]];
    const [beforeRe, beforeIm] = k === 1 ? [0, 0] : [h[2 * k - 4], h[2 * k - 3]];
    h[2 * k] = (shift * re - decay * im - bend * beforeIm) / k;
    h[2 * k + 1] = (shift * im + decay * re + bend * beforeRe) / k;
  }
  return h;
}
