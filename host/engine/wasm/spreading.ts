/**
 * One axis of a non-uniform transform, sized for a bound on its error: ψ is Kaiser–Bessel over `width` cells of a grid of at least twice
 * the samples (Beatty et al., IEEE TMI 24:799, 2005), cut into one polynomial per cell. The error is not estimated but measured here, on the
 * polynomials the kernels evaluate, over places within a cell, decays the phantom can have and all samples.
 */

import { direction } from '../../common/direction.ts';

export interface Axis {
  readonly samples: number;
  /** Cells: a multiple of 4, of factors 2 and 3. */
  readonly grid: number;
  readonly width: number;
  /** `width` rounded up to whole vectors. */
  readonly taps: number;
  readonly degree: number;
  /** [taps / 4][degree + 1, highest first][4] */
  readonly polynomials: Float64Array;
  /** [samples] */
  readonly factors: Float64Array;
  readonly stages: readonly Stage[];
}

/** One radix of a transform, as `assembly/fourier.ts` takes it. */
export interface Stage {
  readonly radix: number;
  readonly m: number;
  readonly stride: number;
  /** [m][radix − 1][re, im] */
  readonly twiddles: Float64Array;
}

/** As in assembly/spreading.ts. */
const WIDEST = 16;
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
    if (axisError(axis, duration, maxR2) <= bound) return axis;
  }
  return undefined;
}

function makeAxis(samples: number, width: number, commonDecay: number): Axis {
  const grid = smoothGrid(Math.max(2 * samples, 2 * width));
  const ratio = grid / samples;
  const beta = Math.PI * Math.sqrt(((width / ratio) * (ratio - 0.5)) ** 2 - 0.8);
  const peak = bessel0(beta);
  const degree = width + 2;
  const taps = 4 * Math.ceil(width / 4);
  const polynomials = new Float64Array(taps * (degree + 1));
  for (let tap = 0; tap < width; tap++) {
    const powers = interpolate((v) => kaiserBessel(beta, (2 * (v + (width - 1) / 2 - tap)) / width) / peak, degree);
    for (let d = 0; d <= degree; d++)
      polynomials[4 * ((degree + 1) * (tap >> 2) + d) + (tap & 3)] = Math.fround(powers[degree - d]!);
  }
  const factors = Float64Array.from({ length: samples }, (_, j) => {
    const k = j - Math.floor(samples / 2);
    return (Math.exp(-commonDecay * k) * peak) / kaiserBesselTransform(beta, width, k / grid);
  });
  return { samples, grid, width, taps, degree, polynomials, factors, stages: stagesOf(grid) };
}

/** Smallest multiple of 4 of factors 2 and 3 that is not below `least`. */
function smoothGrid(least: number): number {
  for (let n = 4 * Math.ceil(least / 4); ; n += 4) {
    let rest = n;
    while (rest % 2 === 0) rest /= 2;
    while (rest % 3 === 0) rest /= 3;
    if (rest === 1) return n;
  }
}

/** I0(β√(1 − u²)), 0 outside [−1, 1]. */
function kaiserBessel(beta: number, u: number): number {
  return Math.abs(u) > 1 + 1e-12 ? 0 : bessel0(beta * Math.sqrt(Math.max(0, 1 - u * u)));
}

function bessel0(x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (x / (2 * n)) ** 2;
    sum += term;
  }
  return sum;
}

/** ∫ψ(u)e^{−2πiξu}du of a kernel `width` cells wide. */
function kaiserBesselTransform(beta: number, width: number, xi: number): number {
  const s = beta ** 2 - (Math.PI * width * xi) ** 2;
  const root = Math.sqrt(Math.abs(s));
  const shape = root < 1e-9 ? 1 : s > 0 ? Math.sinh(root) / root : Math.sin(root) / root;
  return width * shape;
}

/** [degree + 1] coefficients, lowest first, of the polynomial through a function at the Chebyshev nodes of [−½, ½]. */
function interpolate(f: (x: number) => number, degree: number): number[] {
  const nodes = Array.from(
    { length: degree + 1 },
    (_, n) => 0.5 * Math.cos((Math.PI * (2 * n + 1)) / (2 * degree + 2)),
  );
  const divided = nodes.map(f);
  for (let order = 1; order <= degree; order++)
    for (let n = degree; n >= order; n--)
      divided[n] = (divided[n]! - divided[n - 1]!) / (nodes[n]! - nodes[n - order]!);
  // Newton's form multiplied out.
  let powers = [divided[degree]!];
  for (let n = degree - 1; n >= 0; n--) {
    const shifted = [0, ...powers];
    powers = shifted.map((power, i) => power - nodes[n]! * (powers[i] ?? 0));
    powers[0] = powers[0]! + divided[n]!;
  }
  return powers;
}

/**
 * Largest error of this axis alone that a sample of one spin of density 1 can show, decay since the axis's own start counted: a spin that
 * decays fast is harder to place but gone sooner.
 */
function axisError(axis: Axis, duration: number, maxR2: number): number {
  const { samples, grid, width, degree, polynomials, factors } = axis;
  const middle = Math.floor(samples / 2);
  const stride = Math.max(1, Math.floor(samples / MOST_SAMPLES));
  const measured: number[] = [];
  for (let j = 0; j < samples - 1; j += stride) measured.push(j);
  measured.push(samples - 1);
  // e^{−2πik/G}, whose powers carry the taps.
  const turns = measured.map((j) => direction((-2 * Math.PI * (j - middle)) / grid));
  let largest = 0;
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
        let [re, im] = [0, 0];
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
        let [re, im] = [0, 0];
        for (let tap = width - 1; tap >= 0; tap--) {
          const next = re * c - im * s + weights[2 * tap]!;
          im = re * s + im * c + weights[2 * tap + 1]!;
          re = next;
        }
        const [sc, ss] = shifts[n]!;
        const factor = factors[measured[n]!]!;
        const exact = Math.exp(((-maxR2 / 2) * duration * k) / samples - decay * k);
        largest = Math.max(
          largest,
          gone * Math.hypot(factor * (re * sc - im * ss) - exact, factor * (re * ss + im * sc)),
        );
      }
    }
  }
  return largest;
}

/** Stages of a forward transform of length n = 2^a·3^b, fours first. */
function stagesOf(n: number): Stage[] {
  const stages: Stage[] = [];
  for (let [length, stride] = [n, 1]; length > 1; ) {
    const radix = length % 4 === 0 ? 4 : length % 3 === 0 ? 3 : 2;
    const m = length / radix;
    const twiddles = new Float64Array(2 * m * (radix - 1));
    for (let p = 0; p < m; p++) {
      for (let j = 1; j < radix; j++) {
        const angle = (-2 * Math.PI * p * j) / length;
        twiddles[2 * (p * (radix - 1) + j - 1)] = Math.cos(angle);
        twiddles[2 * (p * (radix - 1) + j - 1) + 1] = Math.sin(angle);
      }
    }
    stages.push({ radix, m, stride, twiddles });
    length = m;
    stride *= radix;
  }
  return stages;
}
