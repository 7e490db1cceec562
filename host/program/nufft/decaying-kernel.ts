/**
 * Kernels that spread a spin at a complex place: where time runs along an axis, decay beyond that
 * common to all spins is the imaginary part of its place, as on the axes of equally spaced samples.
 * Errors are measured on the polynomials that the kernels evaluate, over places within a cell,
 * decays and frequencies.
 */
import { kaiserBessel, narrowestKernel, type SpreadingKernel, WIDEST } from './kaiser-bessel.ts';

export interface AxisKernel {
  readonly kernel: SpreadingKernel;
  /**
   * Largest error of a sample of one spin of density 1, and by how much rounding is amplified at
   * most, decay since the first sample counted.
   */
  readonly error: number;
  readonly amplification: number;
}

/** Decays are rounded up to a multiple of this, so that kernels are measured for a few. */
const DECAY_STEP = 1 / 64;
const PLACES = 8;
const RATES = 4;
const FREQUENCIES = 16;

const known = new Map<string, AxisKernel | undefined>();

/**
 * The narrowest kernel whose error stays within `bound` and the next one, if there is any.
 * @param ratio how many times finer the grid is than what is transformed needs
 * @param decay largest R2, times half of the time that runs along the axis
 */
export function decayingKernels(ratio: number, decay: number, bound: number): AxisKernel[] {
  const steps = Math.ceil(decay / DECAY_STEP);
  const key = `${ratio} ${steps} ${bound}`;
  const own = (width: number): AxisKernel => measured(kaiserBessel(width, ratio), ratio, steps * DECAY_STEP);
  if (!known.has(key)) known.set(key, findNarrowest(narrowestKernel(ratio, bound)?.width, own, bound));
  const narrowest = known.get(key);
  if (narrowest === undefined) return [];
  const { width } = narrowest.kernel;
  return width < WIDEST ? [narrowest, own(width + 1)] : [narrowest];
}

/** @param first width that suffices without decay */
function findNarrowest(
  first: number | undefined,
  own: (width: number) => AxisKernel,
  bound: number,
): AxisKernel | undefined {
  for (let width = first ?? WIDEST + 1; width <= WIDEST; width++) {
    const found = own(width);
    if (found.error <= bound) return found;
  }
  return undefined;
}

/**
 * Samples carry half of the largest decay, so that a spin that decays by `share` of it is spread at
 * an imaginary place of (½ − share)·ratio·decay/π cells.
 */
function measured(kernel: SpreadingKernel, ratio: number, decay: number): AxisKernel {
  const { width, degree, polynomials, transform } = kernel;
  const transforms = Array.from({ length: FREQUENCIES + 1 }, (_, n) => transform((n / FREQUENCIES - 0.5) / ratio));
  const [re, im] = [new Float64Array(width), new Float64Array(width)];
  let [error, amplification] = [0, 0];
  for (let rate = 0; rate <= RATES; rate++) {
    const share = rate / RATES;
    const imaginary = ((0.5 - share) * ratio * decay) / Math.PI;
    for (let place = 0; place <= PLACES; place++) {
      const local = place / PLACES - 0.5;
      let total = 0;
      for (let tap = 0; tap < width; tap++) {
        let [x, y] = [0, 0];
        for (let at = 4 * (degree + 1) * (tap >> 2) + (tap & 3), d = 0; d <= degree; at += 4, d++)
          [x, y] = [x * local - y * imaginary + polynomials[at], x * imaginary + y * local];
        [re[tap], im[tap]] = [x, y];
        total += Math.hypot(x, y);
      }
      for (const [n, transformed] of transforms.entries()) {
        // From −1 to 1 over the largest frequencies.
        const eta = (2 * n) / FREQUENCIES - 1;
        const own = Math.exp(-decay * (share + eta / 2)) / transformed;
        let [x, y] = [0, 0];
        for (let tap = 0; tap < width; tap++) {
          const angle = ((Math.PI * eta) / ratio) * (local + (width - 1) / 2 - tap);
          const [c, s] = [Math.cos(angle), Math.sin(angle)];
          x += re[tap] * c - im[tap] * s;
          y += re[tap] * s + im[tap] * c;
        }
        error = Math.max(error, Math.hypot(own * x - Math.exp(-decay * share * (1 + eta)), own * y));
        amplification = Math.max(amplification, total * own);
      }
    }
  }
  return { kernel, error, amplification };
}
