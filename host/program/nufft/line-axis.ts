/**
 * The axis of a line that is transformed by itself (`assembly/line.ts`): a Kaiser–Bessel kernel and
 * its derivatives at 64 positions within a cell, and the factors that combine four interleaved
 * transforms to samples. The error is measured with these tables, in f64, over positions, decays
 * and quadratic phases.
 */
import { type Stage, smoothLength, stagesOf } from './fourier.ts';
import { kernelDerivatives, kernelTransform } from './kaiser-bessel.ts';
import { triedSamples } from './tried-samples.ts';

export interface LineAxis {
  readonly samples: number;
  readonly grid: number;
  readonly width: number;
  readonly taps: number;
  /** Derivatives 0, 1, … that are tabulated. */
  readonly orders: number;
  /** [places + 1][taps / 4][orders][4]: derivative k, over k! */
  readonly weights: Float64Array;
  /** [samples][4 re, 4 im] */
  readonly factors: Float64Array;
  /** Stages of the transform of a quarter of the grid. */
  readonly stages: readonly Stage[];
}

/** Ranges of the spins of a line. */
export interface LineExtent {
  readonly samples: number;
  /** Duration of all samples [s]. */
  readonly duration: number;
  /** Largest decay [1/s]; the factors carry half of it. */
  readonly maxR2: number;
  /** Largest quadratic phase at either end of the line [cycles]. */
  readonly bend: number;
}

/** As in assembly/line.ts. */
const PLACES = 64;
/** Taps come in vectors of four, so that other widths cost as much. */
const WIDTHS = [4, 8, 12] as const;
const FEWER_ORDERS = [3, 4, 5] as const;
const MOST_ORDERS = 7;

/** Where the error is measured: places in half a cell, decays, samples. */
const TRIED_PLACES = 5;
const TRIED_RATES = 4;
const TRIED_SAMPLES = 24;
const MEASURED = Array.from({ length: TRIED_PLACES + 1 }, (_, n) => Math.round((n * PLACES) / (2 * TRIED_PLACES)));
const ALL = Array.from({ length: PLACES + 1 }, (_, place) => place);

/** The cheapest axis whose error stays within `bound`, or undefined. */
export function chooseLineAxis(extent: LineExtent, bound: number): LineAxis | undefined {
  for (const width of WIDTHS) {
    if (width < Math.floor(1 + Math.log10(0.8 / bound))) continue;
    const plain = plainAxis(extent, width);
    const derivative = kernelDerivatives(width, plain.grid / extent.samples, MOST_ORDERS);
    const measured = tabulate(plain, MOST_ORDERS, derivative, MEASURED);
    const within = (orders: number): boolean => isWithin(plain, measured, orders, extent, bound);
    // If all derivatives are not enough, fewer are not either.
    if (!within(MOST_ORDERS)) continue;
    const orders = FEWER_ORDERS.find(within) ?? MOST_ORDERS;
    return { ...plain, orders, weights: tabulate(plain, orders, derivative, ALL), factors: factorsOf(plain, extent) };
  }
  return undefined;
}

/** What does not depend on the number of derivatives. */
interface PlainAxis extends Pick<LineAxis, 'samples' | 'grid' | 'width' | 'taps' | 'stages'> {
  /** Of the kernel, at so many cycles per cell. */
  transform(xi: number): number;
}

function plainAxis({ samples }: LineExtent, width: number): PlainAxis {
  const grid = smoothLength(Math.max(2 * samples, 2 * width), 4);
  const taps = 4 * Math.ceil(width / 4);
  return { samples, grid, width, taps, transform: kernelTransform(width, grid / samples), stages: stagesOf(grid / 4) };
}

/** What makes sample k, counted from the middle, of a transform. */
const factorOf = ({ transform, grid }: PlainAxis, { samples, duration, maxR2 }: LineExtent, k: number): number =>
  Math.exp((-0.5 * maxR2 * duration * k) / samples) / transform(k / grid);

function factorsOf(axis: PlainAxis, extent: LineExtent): Float64Array {
  const { samples, grid } = axis;
  const factors = new Float64Array(8 * samples);
  for (let j = 0; j < samples; j++) {
    const k = j - (samples >> 1);
    const factor = factorOf(axis, extent, k);
    for (let column = 0; column < 4; column++) {
      const angle = (-2 * Math.PI * k * column) / grid;
      factors[8 * j + column] = factor * Math.cos(angle);
      factors[8 * j + 4 + column] = factor * Math.sin(angle);
    }
  }
  return factors;
}

/** @returns [places][taps / 4][orders][4] weights */
function tabulate(
  { width, taps }: PlainAxis,
  orders: number,
  derivative: ReturnType<typeof kernelDerivatives>,
  places: readonly number[],
): Float64Array {
  const weights = new Float64Array(places.length * taps * orders);
  let at = 0;
  for (const place of places)
    for (let vector = 0; vector < taps; vector += 4)
      for (let order = 0; order < orders; order++)
        for (let tap = vector; tap < vector + 4; tap++)
          weights[at++] =
            tap < width ? Math.fround(derivative(tap, place / PLACES - 0.5, order) / factorial(order)) : 0;
  return weights;
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/**
 * Whether no sample of a spin of density 1 has an error above `bound`, including its decay since
 * the first sample.
 * @param measured weights of the `MEASURED` positions and most orders
 * @param orders of these that are used
 */
function isWithin(axis: PlainAxis, measured: Float64Array, orders: number, extent: LineExtent, bound: number): boolean {
  const { grid, width, taps } = axis;
  const { samples, duration, maxR2, bend } = extent;
  const middle = samples >> 1;
  const tried = triedSamples(samples, TRIED_SAMPLES);
  const perSample = bend / Math.max(1, middle) ** 2;
  const bends = bend === 0 ? [0] : [-perSample, 0.4 * perSample, perSample];
  const rates = Array.from({ length: TRIED_RATES + 1 }, (_, n) => {
    const R2 = (maxR2 * n) / TRIED_RATES;
    const perDwell = (R2 * duration) / samples;
    const decay = (-(R2 - maxR2 / 2) * duration * grid) / samples / (2 * Math.PI);
    return {
      perDwell,
      decay,
      gone: Math.exp(-perDwell * middle),
      re: new Float64Array(width),
      im: new Float64Array(width),
    };
  });
  const [cosines, sines] = [new Float64Array(width), new Float64Array(width)];
  for (const [n, place] of MEASURED.entries()) {
    const shift = (n % 2 === 0 ? 0.5 : -0.5) / PLACES;
    const u = place / PLACES - 0.5 + shift + (width - 1) / 2;
    for (const b of bends) {
      for (const { decay, re, im } of rates) {
        const amplitudes = orderAmplitudes(orders, shift, decay, (b * grid ** 2) / Math.PI);
        re.fill(0);
        im.fill(0);
        for (let tap = 0; tap < width; tap++)
          for (let k = 0; k < orders; k++) {
            const weight = measured[(n * taps + 4 * (tap >> 2)) * MOST_ORDERS + 4 * k + (tap & 3)];
            re[tap] += weight * amplitudes[2 * k];
            im[tap] += weight * amplitudes[2 * k + 1];
          }
      }
      for (const j of tried) {
        const k = j - middle;
        for (let tap = 0; tap < width; tap++) {
          const angle = (-2 * Math.PI * k * (tap - u)) / grid + 2 * Math.PI * b * k * k;
          cosines[tap] = Math.cos(angle);
          sines[tap] = Math.sin(angle);
        }
        const factor = factorOf(axis, extent, k);
        for (const { perDwell, gone, re, im } of rates) {
          let x = 0;
          let y = 0;
          for (let tap = 0; tap < width; tap++) {
            x += re[tap] * cosines[tap] - im[tap] * sines[tap];
            y += re[tap] * sines[tap] + im[tap] * cosines[tap];
          }
          const error = Math.hypot(factor * x - Math.exp(-perDwell * k), factor * y);
          if (!(gone * error <= bound)) return false;
        }
      }
    }
  }
  return true;
}

/** [orders][re, im] h_k of exp(zD + βD²) = Σ h_k·Dᵏ/k!, z = shift + i·decay, 2β = i·bend. */
function orderAmplitudes(orders: number, shift: number, decay: number, bend: number): Float64Array {
  const h = new Float64Array(2 * orders);
  h[0] = 1;
  for (let k = 1; k < orders; k++) {
    const [re, im] = [h[2 * k - 2], h[2 * k - 1]];
    const [beforeRe, beforeIm] = k === 1 ? [0, 0] : [h[2 * k - 4], h[2 * k - 3]];
    h[2 * k] = shift * re - decay * im - (k - 1) * bend * beforeIm;
    h[2 * k + 1] = shift * im + decay * re + (k - 1) * bend * beforeRe;
  }
  return h;
}
