/**
 * A plane of k-space with the grids and time nodes by which all curves in it are transformed: those
 * with the fewest operations within an error bound.
 */
import { LINES_BESIDE } from '../../abi/abi.generated.ts';
import { singleBytes } from '../../abi/arena.ts';
import type { ErrorBudget } from '../accuracy.ts';
import { nufft2d3Cost } from '../cost.ts';
import type { Context, Scratch } from '../method.ts';
import { type PlaneAxisChoice, planeAxes, type Span } from './plane-axis.ts';
import type { PlaneFrame } from './plane-frames.ts';
import { MOST_GRID_BYTES } from './sample-axis.ts';
import { chooseTimes } from './time-nodes.ts';

export interface NufftPlane {
  readonly u: PlaneAxisChoice;
  readonly v: PlaneAxisChoice;
  /** Time that runs along v [s per cycle/m]; 0: none, places are real. */
  readonly slope: number;
  /** Half of the largest decay [1/s]: what samples carry of what runs along v. */
  readonly commonR2: number;
  /**
   * Time nodes at which spins are spread, from the least time left of a curve [s]: a multiple of
   * four.
   */
  readonly times: Float64Array;
  /** Longest time left of a curve [s]. */
  readonly duration: number;
  /** Largest error of a sample of one spin of density 1. */
  readonly error: number;
  readonly scratch: Scratch;
}

/** Joint requirements of the curves of one plane. */
export interface CurveExtent extends Pick<PlaneFrame, 'axes' | 'slope'> {
  /** Largest |k| from the middle of a curve, along both axes [cycles/m]. */
  readonly kMax: number[];
  /** Longest time left of a curve [s]. */
  duration: number;
  curves: number;
}

/** Relative rounding error of a sum in f32, root mean square. */
const ROUNDING = 2 ** -26;

/** The cheapest plane within the budget, or undefined. */
export function choosePlane(
  { axes, slope, kMax, duration }: CurveExtent,
  { timeline, source: { bounds, B0 }, tileSize, once }: Context,
  budget: ErrorBudget,
): NufftPlane | undefined {
  const bound = budget.readouts;
  const hertz = (bounds.maxOffResonance * timeline.B0) / B0 / (2 * Math.PI);
  const maxR2 = 1 / bounds.minT2;
  // What has decayed by a sample's own time may be this much less by the time that runs along v.
  const early = slope === 0 ? 1 : Math.exp(maxR2 * duration);
  const nodes = once(`time nodes of ${duration} s`, () => chooseTimes(duration, hertz, maxR2, budget.time / early));
  if (nodes === undefined) return undefined;
  const { times } = nodes;
  const [us, vs] = axes.map((own, axis) => {
    const half = bounds.min.map((low, i) => (Math.abs(own[i]) * (bounds.max[i] - low)) / 2);
    const centre = bounds.min.map((low, i) => (own[i] * (bounds.max[i] + low)) / 2);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const isSkewed = axis === 1 && slope !== 0;
    const span: Span = {
      ...{ direction: own, centre: sum(centre), kReach: kMax[axis] },
      reach: sum(half) + (isSkewed ? slope * hertz : 0),
      ...(isSkewed && { decay: maxR2 * slope * kMax[axis] }),
    };
    const within = bound / early - nodes.error;
    return once(`plane axes of ${JSON.stringify([span, within])}`, () => planeAxes(span, within));
  }) as [PlaneAxisChoice[], PlaneAxisChoice[]];
  // Thousands of pairs, for every plane: only the cheapest is remembered.
  let [best, least] = [undefined as NufftPlane | undefined, Number.POSITIVE_INFINITY];
  for (const u of us) {
    for (const v of vs) {
      const error = early * (nodes.error + (u.error + v.error + ROUNDING * u.amplification * v.amplification));
      if (error > bound) continue;
      const scratch = scratchOf(u, v, slope, times.length);
      const plane = { u, v, slope, commonR2: maxR2 / 2, times, duration, error, scratch };
      if (2 * scratch.gridBytes > MOST_GRID_BYTES) continue;
      const cost = nufft2d3Cost(plane, 0, tileSize);
      if (cost < least) [best, least] = [plane, cost];
    }
  }
  return best;
}

/**
 * A grid holds the cells of a plane for four time nodes, or the points of the transform along one
 * or both axes; behind them are the lines being transformed. The magnetisation, position, weights
 * and factors at all time nodes are stored for every spin.
 */
function scratchOf(u: PlaneAxisChoice, v: PlaneAxisChoice, slope: number, nodes: number): Scratch {
  const cells = Math.max(v.cells * u.cells, v.count * u.cells, v.count * u.count);
  const weights = u.spreading.taps + (slope === 0 ? 1 : 2) * v.spreading.taps;
  return {
    gridBytes: singleBytes(cells, 2, 4) + singleBytes(Math.max(u.grid, v.grid), LINES_BESIDE, 2, 4),
    pointBytes: singleBytes(2) + singleBytes(2) + singleBytes(weights) + singleBytes(2, nodes),
  };
}
