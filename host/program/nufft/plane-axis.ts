/**
 * One axis of a transform between points that are not equally spaced on either side: spins are
 * spread by one kernel on cells small enough for the largest k, the cells are transformed, and
 * samples are interpolated by another kernel between the points of the transform. Both errors are
 * measured here; the oversampling of cells and points is chosen by operation count.
 */
import { INTERPOLATION } from '../accuracy.ts';
import { type AxisKernel, decayingKernels } from './decaying-kernel.ts';
import { radicesOf, smoothLength } from './fourier.ts';
import { kaiserBessel, narrowestKernel, type SpreadingKernel, WIDEST } from './kaiser-bessel.ts';

export interface PlaneAxisChoice {
  /** Direction, of length 1. */
  readonly direction: readonly number[];
  /** Size of a cell [m], and the position of cell `middle` [m along the direction]. */
  readonly pitch: number;
  readonly centre: number;
  /** Cells that spins can reach. */
  readonly cells: number;
  readonly middle: number;
  readonly spreading: SpreadingKernel;
  /**
   * Points of the transform; the first one that samples need (it may be negative), and how many.
   */
  readonly grid: number;
  readonly first: number;
  readonly count: number;
  /** Stages of the transform. */
  readonly stages: number;
  readonly interpolation: SpreadingKernel;
  /**
   * Largest error of a sample of a spin of density 1 from spreading and interpolation along this
   * axis.
   */
  readonly error: number;
  /**
   * Factor by which both kernels amplify rounding at the largest k and the outermost spin; axes
   * multiply.
   */
  readonly amplification: number;
}

/**
 * Range of an axis: positions of spins [m along the direction], and k of the samples of one readout
 * [cycles/m].
 */
export interface Span {
  readonly direction: readonly number[];
  readonly centre: number;
  readonly reach: number;
  readonly kReach: number;
  /** Where time runs along the axis: largest R2, times half of that time. */
  readonly decay?: number;
}

/**
 * Oversampling factors of the cells relative to the largest k: with smaller cells a spin is spread
 * on fewer of them, and the transform has more.
 */
const FINENESS = [1.25, 1.5, 1.75, 2, 2.5] as const;
/** The same for points, against the cells there are. */
const LEAST_POINTS = 1.1875;
const MOST_POINTS = 2.75;
/** Axes whose error stays within `bound`, to choose from by error and cost. */
export function planeAxes(span: Span, bound: number): PlaneAxisChoice[] {
  return FINENESS.flatMap((fineness) => {
    const within = bound * (1 - INTERPOLATION);
    const kernels =
      span.decay === undefined ? realKernels(fineness, within) : decayingKernels(fineness, span.decay, within);
    return kernels.flatMap((spreading) => axesOf(span, fineness, spreading, bound * INTERPOLATION));
  });
}

/** The narrowest kernel whose error stays within `bound`, and the next one. */
function realKernels(fineness: number, bound: number): AxisKernel[] {
  const narrowest = narrowestKernel(fineness, bound);
  if (narrowest === undefined) return [];
  const wider = narrowest.width < WIDEST ? [kaiserBessel(narrowest.width + 1, fineness)] : [];
  return [narrowest, ...wider].map((kernel) => ({ kernel, error: kernel.error, amplification: kernel.amplification }));
}

function axesOf(
  { direction, centre, reach, kReach, decay }: Span,
  fineness: number,
  { kernel: spreading, error, amplification }: AxisKernel,
  bound: number,
): PlaneAxisChoice[] {
  // An axis along which nothing varies is one cell wide. Where time runs along it k does, and cells
  // are as wide as kernels of spins that decay were measured for.
  const widest = decay === undefined ? Math.max(2 * kReach, 1 / (fineness * Math.max(2 * reach, 1e-3))) : 2 * kReach;
  const pitch = 1 / (fineness * widest);
  const middle = Math.ceil(reach / pitch + spreading.width / 2 + 1e-6);
  const cells = 2 * middle;
  const axes: PlaneAxisChoice[] = [];
  for (let grid = smoothLength(LEAST_POINTS * cells, 1); grid < MOST_POINTS * cells; grid = smoothLength(grid + 1, 1)) {
    const interpolation = narrowestKernel(grid / cells, bound / amplification);
    if (interpolation === undefined) continue;
    const last = Math.ceil(grid * pitch * kReach + interpolation.width / 2);
    if (2 * last + 1 > grid) continue;
    axes.push({
      ...{ direction, pitch, centre, cells, middle, spreading, grid, interpolation },
      ...{ first: -last, count: 2 * last + 1, stages: radicesOf(grid).length },
      error: error + amplification * interpolation.error,
      amplification: amplification * interpolation.amplification,
    });
  }
  return axes;
}

/** [cells] over the transform of the kernel that interpolates */
export function correctionsOf({ cells, middle, grid, interpolation }: PlaneAxisChoice): Float64Array {
  return Float64Array.from({ length: cells }, (_, cell) => 1 / interpolation.transform((cell - middle) / grid));
}

/**
 * Interpolation of a sample at `k` relative to the middle of its readout [cycles/m]: the first
 * point, counted from the first one needed, the position between points, and the factor.
 */
export function pointOf(
  { interpolation: { width }, spreading, pitch, grid, first }: PlaneAxisChoice,
  k: number,
): { readonly first: number; readonly local: number; readonly factor: number } {
  const at = k * pitch * grid;
  const own = Math.ceil(at - width / 2);
  return { first: own - first, local: at - own - (width - 1) / 2, factor: 1 / spreading.transform(k * pitch) };
}
