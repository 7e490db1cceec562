/**
 * Gradients of a block as piecewise-linear functions of time, rotation applied, and their exact
 * integrals. Used wherever gradients are evaluated (timeline, k-space, checks, export).
 */
import type { Block, GradientEvent } from './types.ts';

/**
 * Linear between points (t[n], a[n]); zero outside [t[0], t[last]]. t in seconds from the block's
 * start, not decreasing.
 */
export interface PiecewiseLinear {
  readonly t: Float64Array;
  /** T/m */
  readonly a: Float64Array;
}

const NOTHING: PiecewiseLinear = { t: new Float64Array(0), a: new Float64Array(0) };
const remembered = new WeakMap<GradientEvent, PiecewiseLinear>();

/** One event as points. */
export function gradientPoints(event: GradientEvent | undefined): PiecewiseLinear {
  if (event === undefined) return NOTHING;
  const known = remembered.get(event);
  if (known !== undefined) return known;
  const { delay } = event;
  const points: PiecewiseLinear =
    event.kind === 'trapezoid'
      ? {
          t: Float64Array.of(
            delay,
            delay + event.rise,
            delay + event.rise + event.flat,
            delay + event.rise + event.flat + event.fall,
          ),
          a: Float64Array.of(0, event.amplitude, event.amplitude, 0),
        }
      : { t: event.time.map((t) => t + delay), a: event.amplitude };
  remembered.set(event, points);
  return points;
}

/** (x, y, z) gradients of a block after its rotation. */
export function blockGradients(block: Block): readonly [PiecewiseLinear, PiecewiseLinear, PiecewiseLinear] {
  const raw = [gradientPoints(block.gx), gradientPoints(block.gy), gradientPoints(block.gz)] as const;
  const R = block.rotation;
  if (R === undefined) return raw;
  return [0, 1, 2].map((row) => combine(raw, [R[3 * row], R[3 * row + 1], R[3 * row + 2]])) as unknown as readonly [
    PiecewiseLinear,
    PiecewiseLinear,
    PiecewiseLinear,
  ];
}

/**
 * Σ weights[n]·parts[n] on the union of their points; jumps (equal times) are kept as two points.
 */
function combine(parts: readonly PiecewiseLinear[], weights: readonly number[]): PiecewiseLinear {
  const used = parts
    .map((part, n) => ({ part, weight: weights[n] }))
    .filter(({ part, weight }) => weight !== 0 && part.t.length > 0);
  if (used.length === 0) return NOTHING;
  const times = [...new Set(used.flatMap(({ part }) => [...part.t]))].sort((p, q) => p - q);
  const t: number[] = [];
  const a: number[] = [];
  const sum = (at: (part: PiecewiseLinear) => number): number =>
    used.reduce((s, { part, weight }) => s + weight * at(part), 0);
  for (const time of times) {
    const before = sum((part) => valueAt(part, time, 'before'));
    const after = sum((part) => valueAt(part, time, 'after'));
    t.push(time);
    a.push(before);
    if (after !== before) {
      t.push(time);
      a.push(after);
    }
  }
  return { t: Float64Array.from(t), a: Float64Array.from(a) };
}

/** First index n with t[n] > time. */
function upperBound(t: Float64Array, time: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (t[mid] > time) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** Value at `time` [T/m]; at a jump, the limit from the given side. Outside the points: 0. */
export function valueAt({ t, a }: PiecewiseLinear, time: number, side: 'before' | 'after' = 'after'): number {
  const count = t.length;
  if (count === 0 || time < t[0] || time > t[count - 1]) return 0;
  let next = upperBound(t, time);
  if (side === 'before') while (next > 0 && t[next - 1] >= time) next--;
  if (next === 0 || next === count) return 0;
  const t0 = t[next - 1];
  const t1 = t[next];
  return t1 === t0 ? a[next] : a[next - 1] + ((a[next] - a[next - 1]) * (time - t0)) / (t1 - t0);
}

/** Times of the points of any of them between `from` and `to`, ascending, each once. */
export function cornersWithin(parts: readonly PiecewiseLinear[], from: number, to: number): number[] {
  const times = parts.flatMap(({ t }) => {
    const within: number[] = [];
    for (let n = upperBound(t, from); n < t.length && t[n] < to; n++) within.push(t[n]);
    return within;
  });
  return [...new Set(times)].sort((p, q) => p - q);
}

/** ∫ from `from` to `to` (from ≤ to), exact for piecewise-linear functions [T·s/m]. */
export function integral({ t, a }: PiecewiseLinear, from: number, to: number): number {
  const count = t.length;
  if (count === 0 || to <= t[0] || from >= t[count - 1]) return 0;
  let sum = 0;
  for (let n = Math.max(0, upperBound(t, from) - 1); n + 1 < count && t[n] < to; n++) {
    const t0 = t[n];
    const t1 = t[n + 1];
    const low = Math.max(t0, from);
    const high = Math.min(t1, to);
    if (high <= low) continue;
    const slope = (a[n + 1] - a[n]) / (t1 - t0);
    const middle = a[n] + slope * ((low + high) / 2 - t0);
    sum += middle * (high - low);
  }
  return sum;
}
