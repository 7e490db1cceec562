/**
 * The kernel that spreads points on a grid, ψ(u) = I₀(β√(1 − (2u/W)²))/I₀(β) over W cells
 * (Kaiser–Bessel; β by Beatty et al., IEEE TMI 24:799, 2005), cut into one polynomial per cell as
 * the kernels evaluate it, and its transform.
 */
import { besselI0 } from '../../numerics/bessel.ts';

export interface SpreadingKernel {
  readonly width: number;
  /** `width` rounded up to whole vectors. */
  readonly taps: number;
  readonly degree: number;
  /** [taps / 4][degree + 1, highest first][4], rounded to f32 */
  readonly polynomials: Float64Array;
  /**
   * Amplification of an error by the division by the kernel's transform, at the outermost |ξ| =
   * 1/(2·ratio).
   */
  readonly amplification: number;
  /** Largest error of the kernel's representation of a point's e^{−2πiξu}, |ξ| ≤ 1/(2·ratio). */
  readonly error: number;
  /** As `kernelTransform` gives it. */
  transform(xi: number): number;
}

/** As in assembly/spreading.ts. */
export const WIDEST = 16;

const betaOf = (width: number, ratio: number): number =>
  Math.PI * Math.sqrt(Math.max(0, ((width / ratio) * (ratio - 0.5)) ** 2 - 0.8));

/** @returns ∫ψ(u)e^{−2πiξu}du of ξ in cycles per cell */
export function kernelTransform(width: number, ratio: number): (xi: number) => number {
  const beta = betaOf(width, ratio);
  const peak = besselI0(beta);
  return (xi) => {
    const s = beta ** 2 - (Math.PI * width * xi) ** 2;
    const root = Math.sqrt(Math.abs(s));
    return (width * (root < 1e-9 ? 1 : s > 0 ? Math.sinh(root) / root : Math.sin(root) / root)) / peak;
  };
}

/** @param ratio of the grid's sampling rate to that which the transformed range requires */
export function kaiserBessel(width: number, ratio: number): SpreadingKernel {
  const beta = betaOf(width, ratio);
  const peak = besselI0(beta);
  const degree = width + 2;
  const taps = 4 * Math.ceil(width / 4);
  const polynomials = new Float64Array(taps * (degree + 1));
  const at = (tap: number, d: number): number => 4 * ((degree + 1) * (tap >> 2) + d) + (tap & 3);
  for (let tap = 0; tap < width / 2; tap++) {
    const powers = interpolate((v) => shape(beta, (2 * (v + (width - 1) / 2 - tap)) / width) / peak, degree);
    powers.forEach((value, power) => {
      const d = degree - power;
      polynomials[at(tap, d)] = Math.fround(value);
      // ψ is even: the cell on the other side holds the same, mirrored.
      polynomials[at(width - 1 - tap, d)] = Math.fround(power % 2 === 0 ? value : -value);
    });
  }
  const transform = kernelTransform(width, ratio);
  const amplification = transform(0) / transform(0.5 / ratio);
  const weight = (tap: number, local: number): number => {
    let sum = 0;
    for (let i = at(tap, 0); i <= at(tap, degree); i += 4) sum = sum * local + polynomials[i];
    return sum;
  };
  let error: number | undefined;
  return {
    ...{ width, taps, degree, polynomials, amplification, transform },
    // An axis of equal samples measures its own.
    get error() {
      error ??= spreadingError(width, ratio, weight, transform);
      return error;
    },
  };
}

/** Degree that gives four derivatives to 1e-9 and more, and six to 1e-5, of values below 1. */
const FINE_DEGREE = 18;

/**
 * @param orders how many derivatives are wanted, the function itself being the first
 * @returns derivative `order` of ψ with respect to the position, at tap `tap` and `local` in [−½,
 *   ½]
 */
export function kernelDerivatives(
  width: number,
  ratio: number,
  orders: number,
): (tap: number, local: number, order: number) => number {
  const beta = betaOf(width, ratio);
  const peak = besselI0(beta);
  /** [orders][taps] coefficients, lowest power first; those below the order are gone. */
  const coefficients = [
    Array.from({ length: width }, (_, tap) =>
      interpolate((v) => shape(beta, (2 * (v + (width - 1) / 2 - tap)) / width) / peak, FINE_DEGREE),
    ),
  ];
  for (let order = 1; order < orders; order++)
    coefficients.push(coefficients[order - 1].map((own) => own.map((value, power) => value * (power - order + 1))));
  return (tap, local, order) => {
    const own = coefficients[order][tap];
    let value = 0;
    for (let power = FINE_DEGREE; power >= order; power--) value = value * local + own[power];
    return value;
  };
}

const PLACES = 5;
const FREQUENCIES = 9;

/**
 * Measured at positions within half a cell (the other half mirrors it) and at several frequencies.
 */
function spreadingError(
  width: number,
  ratio: number,
  weight: (tap: number, local: number) => number,
  transform: (xi: number) => number,
): number {
  let largest = 0;
  for (let place = 0; place < PLACES; place++) {
    const local = (0.5 * place) / (PLACES - 1);
    const weights = Array.from({ length: width }, (_, tap) => weight(tap, local));
    for (let n = 0; n < FREQUENCIES; n++) {
      const xi = n / (FREQUENCIES - 1) / (2 * ratio);
      let [re, im] = [0, 0];
      for (let tap = 0; tap < width; tap++) {
        const angle = 2 * Math.PI * xi * (local + (width - 1) / 2 - tap);
        re += weights[tap] * Math.cos(angle);
        im += weights[tap] * Math.sin(angle);
      }
      largest = Math.max(largest, Math.hypot(re / transform(xi) - 1, im / transform(xi)));
    }
  }
  return largest;
}

const known = new Map<string, SpreadingKernel | undefined>();

/**
 * Ratios are rounded down to a multiple of this, so that only a few kernels are made; the grid is
 * then finer than assumed, never coarser.
 */
const RATIO_STEP = 1 / 16;

/** The narrowest kernel whose error stays within `bound`, or undefined. */
export function narrowestKernel(wanted: number, bound: number): SpreadingKernel | undefined {
  const ratio = RATIO_STEP * Math.floor(wanted / RATIO_STEP);
  const key = `${ratio} ${bound}`;
  if (!known.has(key)) known.set(key, findNarrowest(ratio, bound));
  return known.get(key);
}

function findNarrowest(ratio: number, bound: number): SpreadingKernel | undefined {
  // The error falls by e^{π√(1 − 1/ratio)} a cell: where to begin looking.
  const begin = Math.floor(Math.log(1 / bound) / (Math.PI * Math.sqrt(1 - 1 / ratio))) - 1;
  for (let width = Math.max(2, begin); width <= WIDEST; width++) {
    const kernel = kaiserBessel(width, ratio);
    if (kernel.error <= bound) return kernel;
  }
  return undefined;
}

/** I0(β√(1 − u²)), 0 outside [−1, 1]. */
function shape(beta: number, u: number): number {
  return Math.abs(u) > 1 + 1e-12 ? 0 : besselI0(beta * Math.sqrt(Math.max(0, 1 - u * u)));
}

/**
 * [degree + 1] coefficients, lowest first, of the polynomial through a function at the Chebyshev
 * nodes of [−½, ½].
 */
function interpolate(f: (x: number) => number, degree: number): Float64Array {
  const nodes = new Float64Array(degree + 1);
  const divided = new Float64Array(degree + 1);
  for (let n = 0; n <= degree; n++) {
    nodes[n] = 0.5 * Math.cos((Math.PI * (2 * n + 1)) / (2 * degree + 2));
    divided[n] = f(nodes[n]);
  }
  for (let order = 1; order <= degree; order++)
    for (let n = degree; n >= order; n--) divided[n] = (divided[n] - divided[n - 1]) / (nodes[n] - nodes[n - order]);
  // Newton's form multiplied out.
  const powers = new Float64Array(degree + 1);
  for (let n = degree; n >= 0; n--) {
    for (let i = degree - n; i > 0; i--) powers[i] = powers[i - 1] - nodes[n] * powers[i];
    powers[0] = divided[n] - nodes[n] * powers[0];
  }
  return powers;
}
