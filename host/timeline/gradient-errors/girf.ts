/**
 * Gradients as played by a system of known impulse response (GIRF): each corner of the nominal
 * waveforms, earlier or later, contributes.
 */
import { SAME_TIME } from '../../base/units.ts';
import { type Girf, type Response, responsesOf, spacingOf } from '../../fields/girf.ts';
import type { Sequence } from '../../sequence/types.ts';
import { blockGradients, integral, type PiecewiseLinear, valueAt } from '../../sequence/waveform.ts';
import { type Distortion, linearPieces } from './pieces.ts';
import { nominalGradient } from './source.ts';

/**
 * Distance in time within which corners contribute, if computing time allows and at least, in units
 * of 1/(spacing of the GIRF's frequencies): the interpolated response repeats weakly after each.
 */
const MOST_ECHOES = 12;
const LEAST_ECHOES = 0.5;
/** Most pairs of corner and knot in a whole sequence, for knots every 10 µs. */
const WORK = 3e9;
const KNOT = 1e-5;

interface Corner {
  readonly t: number;
  /** Change of slope [T/m/s] and of value [T/m]. */
  readonly slope: number;
  readonly jump: number;
}

export function impulseResponse(girf: Girf, sequence: Sequence): Distortion {
  const window = windowOf(girf, sequence);
  const responses = responsesOf(girf, window);
  return {
    start: new Float64Array(0),
    around(n) {
      let [first, last] = [n, n];
      for (let left = window; left > 0 && first > 0; left -= sequence.block(first).duration) first--;
      for (let left = window; left > 0 && last + 1 < sequence.blockCount; left -= sequence.block(last).duration) last++;
      return [first, last];
    },
    play(n, gradients, knots, left) {
      const end = knots[knots.length - 1];
      const wide = [0, 1, 2].map((axis) => nominalGradient(sequence, n, axis, -window, end + window));
      const corners = wide.map((gradient) => cornersOf(gradient, -window, end + window));
      const waveforms = [0, 1, 2, 3].map((to) => {
        const own = responses.filter((response) => response.to === to);
        if (own.length > 0) return played(own, wide, corners, knots, window);
        return gradients[to] ?? { t: new Float64Array(0), a: new Float64Array(0) };
      });
      return { waveforms, left };
    },
  };
}

/**
 * Distance within which corners contribute: as large as computing time allows, estimated from
 * the number of corners and the length of the sequence alone.
 */
function windowOf(girf: Girf, sequence: Sequence): number {
  let corners = 0;
  for (let n = 0; n < sequence.blockCount; n++)
    for (const { t } of blockGradients(sequence.block(n))) corners += t.length;
  const { duration } = sequence;
  const affordable = (WORK * KNOT) / Math.max(1, 2 * corners);
  const echo = 1 / spacingOf(girf);
  return Math.min(Math.max(affordable, LEAST_ECHOES * echo), Math.min(MOST_ECHOES * echo, duration));
}

/** Corners and jumps of a waveform, except the ends at which it was cut. */
function cornersOf({ t, a }: PiecewiseLinear, from: number, to: number): Corner[] {
  const corners: Corner[] = [];
  let slope = 0;
  for (let i = 0; i < t.length; ) {
    let last = i;
    while (last + 1 < t.length && t[last + 1] - t[i] < SAME_TIME) last++;
    const next = last + 1 < t.length ? (a[last + 1] - a[last]) / (t[last + 1] - t[last]) : 0;
    const before = i === 0 ? 0 : a[i];
    const after = last + 1 < t.length ? a[last] : 0;
    const cut = t[i] <= from + SAME_TIME || t[i] >= to - SAME_TIME;
    if (!cut && (next !== slope || after !== before))
      corners.push({ t: t[i], slope: next - slope, jump: after - before });
    slope = next;
    i = last + 1;
  }
  return corners;
}

/** One output at the knots. */
function played(
  responses: readonly Response[],
  gradients: readonly PiecewiseLinear[],
  corners: readonly (readonly Corner[])[],
  knots: Float64Array,
  window: number,
): PiecewiseLinear {
  const output = linearPieces();
  /** G and ∫G from the corners: the difference from the nominal waveform. */
  const rest = new Float64Array(2);
  const restAt = (time: number): [number, number] => {
    rest.fill(0);
    for (const response of responses)
      for (const { t, slope, jump } of corners[response.from]) {
        const distance = time - t;
        // A knot at a corner counts as after it, as in the slopes below.
        const u = Math.abs(distance) < SAME_TIME ? 0 : distance;
        if (u > window) continue;
        if (u < -window) break;
        if (slope !== 0) response.ramp(u, slope, rest);
        if (jump !== 0) response.step(u, jump, rest);
      }
    return [rest[0], rest[1]];
  };
  let before = restAt(knots[0]);
  for (let i = 0; i + 1 < knots.length; i++) {
    const [from, to] = [knots[i], knots[i + 1]];
    const after = restAt(to);
    let [left, right, area] = [before[0], after[0], after[1] - before[1]];
    for (const { from: axis, gain, first, second } of responses) {
      const gradient = gradients[axis];
      const [start, end] = [valueAt(gradient, from), valueAt(gradient, to)];
      const [slope, next] = [slopeAfter(gradient, from), slopeAfter(gradient, to)];
      left += gain * start + first * slope;
      right += gain * end + first * next;
      area += gain * integral(gradient, from, to) + first * (end - start) + second * (next - slope);
    }
    output.push(from, to, left, right, area);
    before = after;
  }
  return output.finish();
}

/** Slope just after a time. */
function slopeAfter({ t, a }: PiecewiseLinear, time: number): number {
  let [low, high] = [0, t.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] > time + SAME_TIME) high = middle;
    else low = middle + 1;
  }
  if (low === 0 || low === t.length) return 0;
  return (a[low] - a[low - 1]) / (t[low] - t[low - 1]);
}
