/**
 * How many layers a slice needs: one dense column of spins across the slice plays the sequence in
 * f64 with its real pulses. The Fourier series of its magnetisation along the column, M(u) = Σ_b
 * c_b e^{i2πbu}, gives the result for any number of layers: the mean of N is c_0 + Σ_{m≠0} ±c_{mN},
 * where the slice itself has c_0. Real pulses are rotations that vary across the slice and widen
 * every order, which the phase graph neglects.
 */
import { fft } from '../numerics/fft.ts';
import type { Timeline } from '../timeline/types.ts';
import type { Slice, TissueClass } from './phase-graph.ts';
import { playPoints, type Steps, stepsOf } from './play-points.ts';

/**
 * Layers of the dense column: orders of up to half as many cycles across the slab can be
 * distinguished. The finer column is used if the outer half of the coarse one's orders still
 * contains energy, as after many pulses within T2; it takes four times the work.
 */
const COARSE = 512;
const FINE = 2048;
/**
 * Layers per cycle of the largest moment, and the largest number of layers: an order beyond half of
 * the layers would be mistaken for another one. A lobe of diffusion weighting dephases by 400
 * cycles, and magnetisation that a 180° pulse does not refocus by both lobes.
 */
const PER_CYCLE = 8;
const FINEST = 16384;
/**
 * Amplitude of the outer half of the orders together, relative to the signal, above which a column
 * is too coarse; about 1 % in each order.
 */
const SETTLED = 0.3;
/** More layers than this are not asked for. */
const MAX_LAYERS = 1000;

/**
 * Error of the sum over the slice that is allowed in each tissue, relative to its own signal: too
 * few layers do not resolve a profile, and the tissue is too bright or too dark.
 */
export const SCALE_TOLERANCE = 0.01;

/**
 * Factor by which an error that is the same in every readout weighs more: it is not encoded and is
 * concentrated in one row of the image, like the free induction decay of a refocusing pulse.
 */
const GATHERED = 20;

/** Error of a number of layers, relative to the signal of the slice. */
export interface LayerError {
  readonly level: number;
  /** The same, or the part concentrated in one row of the image if that is more visible. */
  readonly visible: number;
  /**
   * The part of the error that is proportional to the signal: the relative error of the sum over
   * the slice.
   */
  readonly scale: number;
}

export interface LayerErrors {
  /** Energy of the slice's own signal in a readout, for a density of 1 and relative to the slab. */
  readonly wanted: number;
  /** By the number of layers per voxel. */
  error(perVoxel: number): LayerError;
  /** No more layers than this are asked for. */
  readonly most: number;
}

/**
 * @param slab thickness that represents the slice and its flanks [m]
 * @param voxel height of a voxel across the slice [m]; its layers are evenly spaced, and continue
 *   in the neighbouring voxels
 * @param exactly the only number of layers that will be requested; undefined: any up to `most`
 */
export function layerTrial(
  timeline: Timeline,
  slice: Slice,
  slab: number,
  voxel: number,
  exactly?: number,
): (tissue: TissueClass) => LayerErrors {
  const voxels = Math.max(1, Math.round(slab / voxel));
  const most = Math.ceil(MAX_LAYERS / voxels);
  const [from, to] = exactly === undefined ? [1, most] : [exactly, exactly];
  const steps = stepsOf(timeline, slice);
  const dense = (layers: number): Column =>
    denseColumn(timeline, steps, columnPlaces(slice, voxels * voxel, layers), layers);
  const resolving = layersOf(steps, slice, voxels * voxel);
  const coarse = dense(Math.max(COARSE, resolving));
  const missed = new Float64Array(2 * steps.readouts);
  let fine: Column | undefined;
  return (tissue) => {
    let series = coarse(tissue);
    if (outerShare(series) > SETTLED) {
      fine ??= dense(Math.max(FINE, resolving));
      series = fine(tissue);
    }
    // The next tissue overwrites the series, so all results that may be requested are computed now.
    const errors = Array.from({ length: to - from + 1 }, (_, n) => errorsOf(series, voxels * (from + n), missed));
    return {
      wanted: series.wanted / series.dense ** 2 / steps.readouts,
      error: (perVoxel) => errors[perVoxel - from],
      most,
    };
  };
}

/**
 * dense × c_b of each readout, [dense][width = readouts × (re, im)], b from 0 up and from −1 down
 * as usual; `wanted`: Σ|dense × c_0|².
 */
export interface Series {
  readonly values: Float64Array;
  readonly dense: number;
  readonly width: number;
  readonly wanted: number;
}

/** The difference between this number of layers and the slice. @param missed scratch, [width] */
export function errorsOf({ values, dense, width, wanted }: Series, layers: number, missed: Float64Array): LayerError {
  missed.fill(0);
  for (let b = layers, m = 1; b < dense / 2; b += layers, m++) {
    const sign = layers % 2 === 0 && m % 2 === 1 ? -1 : 1;
    const above = b * width;
    const below = (dense - b) * width;
    for (let at = 0; at < width; at++) missed[at] = missed[at] + sign * (values[above + at] + values[below + at]);
  }
  const share = (energy: number): number => (wanted > 0 ? Math.sqrt(energy / wanted) : 0);
  const level = share(energyOf(missed));
  let re = 0;
  let im = 0;
  for (let at = 0; at < width; at += 2) {
    re += missed[at];
    im += missed[at + 1];
  }
  const visible = Math.max(level, GATHERED * share((re * re + im * im) / (width / 2)));
  return { level, visible, scale: scaleOf(missed, values.subarray(0, width)) };
}

/**
 * Amplitude, relative to the signal, of the orders that a column of half as many layers could not
 * distinguish.
 */
function outerShare({ values, dense, width, wanted }: Series): number {
  return Math.sqrt(energyOf(values.subarray((dense / 4) * width, ((3 * dense) / 4) * width)) / (wanted || 1));
}

/** |Σ_j s_j*·d_j| / Σ_j |s_j|² of a difference d and a signal s, [re, im] pairs. */
export function scaleOf(difference: ArrayLike<number>, signal: ArrayLike<number>): number {
  let [re, im, energy] = [0, 0, 0];
  for (let at = 0; at < signal.length; at += 2) {
    re += signal[at] * difference[at] + signal[at + 1] * difference[at + 1];
    im += signal[at] * difference[at + 1] - signal[at + 1] * difference[at];
    energy += signal[at] ** 2 + signal[at + 1] ** 2;
  }
  return energy > 0 ? Math.hypot(re, im) / energy : 0;
}

function energyOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ** 2;
  return sum;
}

/** Plays the steps for a tissue; what it gives is overwritten by the next. */
type Column = (tissue: TissueClass) => Series;

/** @param places of a column of so many layers, a power of two */
export function denseColumn(timeline: Timeline, steps: Steps, places: Float64Array, dense: number): Column {
  const play = playPoints(timeline, steps, places);
  const width = 2 * steps.readouts;
  const work = new Float64Array(dense * width);
  return (tissue) => {
    const values = fft(dense, -1)(play(tissue), work, steps.readouts);
    // The first layer lies half a step inside.
    for (let b = -dense / 2; b < dense / 2; b++)
      turnRow(values, ((b + dense) % dense) * width, width, (Math.PI * b * (dense - 1)) / dense);
    return { values, dense, width, wanted: energyOf(values.subarray(0, width)) };
  };
}

/**
 * Number of layers, a power of two, that distinguishes orders of a few times the largest moment
 * across a slab.
 */
function layersOf({ intervals }: Steps, { direction }: Slice, slab: number): number {
  const cycles = intervals.map(({ k }) => slab * Math.abs(k.reduce((sum, part, i) => sum + part * direction[i], 0)));
  return Math.min(FINEST, 2 ** Math.ceil(Math.log2(PER_CYCLE * Math.max(1, ...cycles))));
}

/**
 * A column of so many layers, and its Mxy for a tissue, [layers][readouts][re, im]; overwritten by
 * the next.
 */
export interface ColumnSignal {
  readonly layers: number;
  signal(tissue: TissueClass): Float64Array;
}

export function columnSignal(timeline: Timeline, slice: Slice, slab: number): ColumnSignal {
  const steps = stepsOf(timeline, slice);
  const layers = Math.max(FINE, layersOf(steps, slice, slab));
  return { layers, signal: playPoints(timeline, steps, columnPlaces(slice, slab, layers)) };
}

/** The middles of the layers of a slab, [layers][x, y, z]. */
function columnPlaces({ direction, position }: Slice, slab: number, layers: number): Float64Array {
  const height = (layer: number): number => position + ((layer + 0.5) / layers - 0.5) * slab;
  return Float64Array.from({ length: 3 * layers }, (_, at) => height(Math.floor(at / 3)) * direction[at % 3]);
}

function turnRow(series: Float64Array, from: number, width: number, angle: number): void {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  for (let at = from; at < from + width; at += 2) {
    const re = series[at];
    const im = series[at + 1];
    series[at] = c * re - s * im;
    series[at + 1] = c * im + s * re;
  }
}
