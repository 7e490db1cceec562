/**
 * Coordinates of the samples of a path in a plane of k-space, for its transform: k along two axes u
 * and v, and a remaining time. In the upright frame the remaining time is the whole time. In the
 * skewed frame v is the direction in which time increases with k, as from line to line of EPI even
 * where its lines rotate or bend: t = slope · k_v + start + τ. Only τ, the remaining time, is
 * interpolated; the term in k_v is a shift of the spin's position.
 */
import { STRIDE } from '../../timeline/types.ts';

export interface PlaneFrame {
  /** Equal for paths that share a plane's grids. */
  readonly key: string;
  readonly axes: readonly (readonly number[])[];
  /** Time along v [s per cycle/m]; 0: upright. */
  readonly slope: number;
  /** Middle of k, and its largest distance from there along both axes [cycles/m]. */
  readonly middle: readonly number[];
  readonly reach: readonly number[];
  /** Smallest remaining time, and its range [s]; with slope 0 the range is the path's duration. */
  readonly start: number;
  readonly duration: number;
}

/** A skewed frame is proposed if its remaining time is below this fraction of the duration. */
const MOST_LEFT = 1 / 2;
/**
 * Slopes along both axes are rounded to this fraction of the larger one, so that similar shots
 * share a plane. The rounding adds about a thousandth of the duration to the remaining time.
 */
const SLOPE_STEP = 2 ** -8;

/**
 * The frames in which a path may be transformed.
 * @param points [samples][kx, ky, kz, t] from the first sample
 * @param axes that span its plane
 */
export function framesOf(points: Float64Array, key: string, axes: readonly (readonly number[])[]): PlaneFrame[] {
  const upright = frameOf(points, key, axes, 0);
  const [u, v] = axes as [readonly number[], readonly number[]];
  const [along, across] = slopesOf(points, u, v);
  const slope = Math.hypot(along, across);
  if (slope === 0) return [upright];
  const onto = (a: number, b: number): number[] => u.map((value, i) => (a * value + b * v[i]) / slope);
  const skewedKey = `${key}, time along ${along} ${across}`;
  const skewed = frameOf(points, skewedKey, [onto(across, -along), onto(along, across)], slope);
  return skewed.start >= 0 && skewed.duration < MOST_LEFT * upright.duration ? [upright, skewed] : [upright];
}

function frameOf(points: Float64Array, key: string, axes: readonly (readonly number[])[], slope: number): PlaneFrame {
  const spans = axes.map((axis) => rangeOf(points, (n) => alongAxis(points, n, axis)));
  const middles = spans.map(([low, high]) => (low + high) / 2) as [number, number];
  const [first, last] = rangeOf(points, (n) => timeLeft(points, n, axes[1], middles[1], slope));
  return {
    ...{ key, axes, slope },
    middle: [0, 1, 2].map((i) => axes.reduce((sum, axis, a) => sum + axis[i] * middles[a], 0)),
    reach: spans.map(([low, high]) => (high - low) / 2),
    ...{ start: slope === 0 ? 0 : first, duration: slope === 0 ? last : last - first },
  };
}

/**
 * Smallest and largest value over all points.
 * @param valueAt takes the index in `points` at which a point begins
 */
export function rangeOf(points: Float64Array, valueAt: (n: number) => number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let n = 0; n < points.length; n += STRIDE.sample) {
    const value = valueAt(n);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

export const alongAxis = (points: Float64Array, n: number, axis: readonly number[]): number =>
  axis[0] * points[n] + axis[1] * points[n + 1] + axis[2] * points[n + 2];

/** Time of a point less slope · k_v, with k_v from the middle of its range. */
const timeLeft = (points: Float64Array, n: number, v: readonly number[], middle: number, slope: number): number =>
  points[n + 3] - slope * (alongAxis(points, n, v) - middle);

/** Slopes of time along two axes, by least squares, rounded; both 0 if there is no trend. */
function slopesOf(points: Float64Array, u: readonly number[], v: readonly number[]): [number, number] {
  const count = points.length / STRIDE.sample;
  let [a, b, t, aa, ab, bb, at, bt] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let n = 0; n < points.length; n += STRIDE.sample) {
    const [ku, kv, time] = [alongAxis(points, n, u), alongAxis(points, n, v), points[n + 3]];
    a += ku;
    b += kv;
    t += time;
    aa += ku * ku;
    ab += ku * kv;
    bb += kv * kv;
    at += ku * time;
    bt += kv * time;
  }
  const [saa, sab, sbb] = [aa - (a * a) / count, ab - (a * b) / count, bb - (b * b) / count];
  const [sat, sbt] = [at - (a * t) / count, bt - (b * t) / count];
  const determinant = saa * sbb - sab * sab;
  const slopes = [(sat * sbb - sbt * sab) / determinant, (sbt * saa - sat * sab) / determinant] as const;
  const largest = Math.max(...slopes.map(Math.abs));
  if (!(largest > 0 && Number.isFinite(largest))) return [0, 0];
  const step = SLOPE_STEP * 2 ** Math.floor(Math.log2(largest));
  return [step * Math.round(slopes[0] / step), step * Math.round(slopes[1] / step)];
}
