/**
 * Operators of pulses whose rates change little from use to use, as those of a slice that a heart
 * moves through. Where the frequencies of all uses lie on a line, f = f₀ + x·f₁ with |x| ≤ 1 and f₀
 * and f₁ of each spin, and their drifts too, s = s₀ + y·s₁, operators are smooth functions of x and
 * y, which are the same for all spins. So those at a few nodes are looked up once per spin and
 * cached, and one for any use is their sum with weights that all spins share:
 *
 *     operator(x, y) = Σ_n w_n(x, y)·operator(x_n, y_n)
 *
 * With seven nodes a use takes 125 operations where looking it up takes 430. How many are needed is
 * measured as for a table (`expansion.ts`).
 */
import { extremes } from '../../numerics/extremes.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import type { Timeline } from '../../timeline/types.ts';
import { bandOf, expansionSizes, selectTerms } from './expansion.ts';
import { endsOf, largestOf, type PulseRates } from './rates.ts';
import type { DriftRange } from './relaxation.ts';
import { durationOf, judgedPulse, type Shape } from './shape.ts';
import { chebyshev } from './table.ts';

export interface Course {
  /** Rates at the nodes. */
  readonly nodes: readonly Pick<PulseRates, 'middle' | 'slope'>[];
  /** By pulse: weights of the nodes. */
  readonly weights: ReadonlyMap<number, readonly number[]>;
  /** Largest sum of the absolute weights of a pulse: so much do errors at the nodes grow. */
  readonly growth: number;
}

/** Polynomials from which terms are selected: in the frequency, in the drift. */
const JUDGED = [12, 3];
const MOST_NODES = 16;
/**
 * Largest sum of absolute weights, by which aliases of omitted terms grow at most: 4.3 with six
 * nodes at one drift and two at another.
 */
const MOST_GROWTH = 5;

/**
 * @param members pulses of one shape and one offset
 * @param range that of their table
 * @param bound of the error of an entry by interpolation, and by rates that deviate from the lines
 * @returns undefined: their rates do not lie on lines, or too many nodes would be needed
 */
export function courseOf(
  timeline: Timeline,
  source: Pick<PhantomSource, 'bounds' | 'model'>,
  shape: Shape,
  members: ReadonlyMap<number, PulseRates>,
  range: DriftRange,
  bound: number,
): Course | undefined {
  const all = [...members.values()];
  const ends = endsOf(source, timeline.terms);
  const largest = (weights: Float64Array): number => largestOf(ends(weights));
  const frequency = lineThrough(
    all.map(({ middle }) => middle),
    largest,
  );
  const drift = lineThrough(
    all.map(({ slope }) => slope),
    largest,
  );
  const duration = durationOf(shape);
  const [, flip] = extremes(all.map((rates) => rates.flip));
  const deviation = 2 * Math.PI * (duration * frequency.deviation + (duration ** 2 / 4) * drift.deviation) * (1 + flip);
  const left = bound - deviation;
  if (left <= 0) return undefined;

  const operatorOf = judgedPulse(timeline, shape, range.drift);
  const half = [frequency.size, drift.size];
  const base = Math.max(0, range.drift - drift.size);
  const sizes = expansionSizes(JUDGED, half, bandOf(range, duration), (hertz, [x, y]) =>
    operatorOf(hertz + x, range.R1 / 2, range.R2 / 2, base + y),
  );
  const terms = selectTerms(sizes, (2 * left) / (1 + MOST_GROWTH), MOST_NODES);
  if (terms === undefined) return undefined;

  /** By order in y: polynomials in x, at least as many as of the next order. */
  const counts: number[] = [];
  for (const {
    orders: [a, b],
  } of terms)
    for (let order = 0; order <= b; order++) counts[order] = Math.max(counts[order] ?? 0, a + 1);
  const xs = outermostFirst(counts[0]);
  const ys = [0, 1, -1];
  const nodes = counts.flatMap((count, k) =>
    xs.slice(0, count).map((x) => ({ middle: frequency.at(x), slope: drift.at(ys[k]) })),
  );
  const weights = new Map<number, readonly number[]>();
  let growth = 1;
  for (const [n, member] of [...members.keys()].entries()) {
    const own = weightsAt(frequency.places[n], drift.places[n], xs, ys, counts);
    growth = Math.max(
      growth,
      own.reduce((sum, weight) => sum + Math.abs(weight), 0),
    );
    weights.set(member, own);
  }
  return growth <= MOST_GROWTH ? { nodes, weights, growth } : undefined;
}

interface RateLine {
  /** By pulse: from −1 to 1. */
  readonly places: readonly number[];
  /** Rates at any place. */
  at(place: number): Float64Array;
  /** Largest change of any spin's rate from the middle to an end, and deviation from the line. */
  readonly size: number;
  readonly deviation: number;
}

/** A line near all points. @param largest Σ weight·q of any spin */
function lineThrough(points: readonly Float64Array[], largest: (weights: Float64Array) => number): RateLine {
  const from = points[0];
  const away = points.map((point) => point.map((value, n) => value - from[n]));
  const sizes = away.map(largest);
  const along = away[sizes.indexOf(extremes(sizes)[1])];
  const unit = along.map((_, n) => largest(along.map((__, other) => (other === n ? 1 : 0))) ** 2);
  const product = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, n) => sum + unit[n] * value * b[n], 0);
  const square = product(along, along);
  const distances = away.map((way) => (square > 0 ? product(way, along) / square : 0));
  const [low, high] = extremes(distances);
  const [middle, half] = [(low + high) / 2, (high - low) / 2];
  const at = (place: number): Float64Array => from.map((value, n) => value + (middle + place * half) * along[n]);
  const places = distances.map((distance) => (half > 0 ? (distance - middle) / half : 0));
  const [, deviation] = extremes(
    points.map((point, n) => {
      const near = at(places[n]);
      return largest(point.map((value, i) => value - near[i]));
    }),
  );
  return { places, at, size: half * largest(along), deviation };
}

/**
 * Chebyshev nodes, the outermost first and each as far as possible from those before it, so that
 * the first few of them serve for polynomials of lower order.
 */
function outermostFirst(count: number): number[] {
  const left = Array.from({ length: count }, (_, n) => chebyshev(n, count));
  const nodes: number[] = [];
  const distance = (x: number): number => nodes.reduce((product, node) => product * Math.abs(x - node), 1);
  while (left.length > 0) {
    const best = left.reduce((far, x) => (distance(x) > distance(far) ? x : far));
    nodes.push(best);
    left.splice(left.indexOf(best), 1);
  }
  return nodes;
}

/**
 * Weights of the nodes (x_i, y_k), i < counts[k], in order of k: Newton's interpolation in y of
 * Lagrange's in x, of fewer nodes for higher differences in y.
 */
function weightsAt(
  x: number,
  y: number,
  xs: readonly number[],
  ys: readonly number[],
  counts: readonly number[],
): number[] {
  const rows = counts.map((count) => new Array<number>(count).fill(0));
  let basis = 1;
  for (const [order, count] of counts.entries()) {
    const inX = lagrange(x, xs.slice(0, count));
    for (let k = 0; k <= order; k++) {
      const others = ys.slice(0, order + 1).filter((_, n) => n !== k);
      const difference = others.reduce((share, other) => share / (ys[k] - other), basis);
      for (let i = 0; i < count; i++) rows[k][i] = rows[k][i] + difference * inX[i];
    }
    basis *= y - ys[order];
  }
  return rows.flat();
}

const lagrange = (x: number, nodes: readonly number[]): number[] =>
  nodes.map((own) => nodes.reduce((w, other) => (other === own ? w : (w * (x - other)) / (own - other)), 1));
