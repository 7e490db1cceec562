/**
 * Paths that readouts take through k-space within their blocks, before rotation: computed once per
 * combination of gradient and ADC events and shared by all readouts of the same events, so that the
 * cost is per distinct event.
 */
import type { CyclesPerMeter, Hertz } from '../base/units.ts';
import type { AdcEvent, Block } from './types.ts';
import { add, dot, norm, scale, type Vector } from './vector.ts';
import { gradientPoints, integral, type PiecewiseLinear } from './waveform.ts';

/**
 * The path of a readout's samples in its block, before rotation; shared by all readouts of the same
 * events.
 */
export interface Path {
  readonly id: number;
  readonly samples: number;
  readonly first: Vector;
  readonly last: Vector;
  /**
   * Samples at one and two thirds of the path: with the first and last, enough to distinguish
   * paths.
   */
  readonly via: readonly [Vector, Vector];
  /** Lowest and highest K along each axis. */
  readonly low: Vector;
  readonly high: Vector;
  /** Mean of K over the samples. */
  readonly mean: Vector;
  /** Farthest any sample lies from the chord between first and last, over the chord's length. */
  readonly bend: number;
  /**
   * How evenly the steps between samples cover their plane: (S² − tr T²)/2S² with T = Σ step·stepᵀ
   * and S = tr T; 0 for steps that run along one line, back or forth, ¼ for those of a circle.
   */
  readonly roundness: number;
  /** 27·det T / S³: 0 for steps that stay in a plane, 1 for those that fill space evenly. */
  readonly depth: number;
  /** Largest and smallest distance between neighbouring samples [cycles/m]. */
  readonly largestStep: CyclesPerMeter;
  readonly smallestStep: CyclesPerMeter;
  /** K at every sample: [samples][x, y, z] cycles/m. */
  points(): Float64Array;
}

/** Values cached for all paths together; beyond this (64 MB) they are recomputed when needed. */
const KEPT_VALUES = 8e6;

/** Paths by their events; blocks of the same events have the same path. */
export function pathCollection(gammaBar: Hertz): (block: Block, adc: AdcEvent) => Path {
  const ids = new Map<object, number>();
  const idOf = (event: object | undefined): number => {
    if (event === undefined) return 0;
    const id = ids.get(event) ?? ids.size + 1;
    ids.set(event, id);
    return id;
  };
  const paths = new Map<string, Path>();
  const kept = new Map<number, Float64Array>();
  let keptValues = 0;
  return ({ gx, gy, gz }, adc) => {
    const key = `${idOf(gx)} ${idOf(gy)} ${idOf(gz)} ${idOf(adc)}`;
    const known = paths.get(key);
    if (known !== undefined) return known;
    const id = paths.size;
    const points = (): Float64Array => {
      const there = kept.get(id);
      if (there !== undefined) return there;
      const made = pathPoints([gx, gy, gz].map(gradientPoints), adc, gammaBar);
      if (keptValues + made.length > KEPT_VALUES) {
        kept.clear();
        keptValues = 0;
      }
      kept.set(id, made);
      keptValues += made.length;
      return made;
    };
    // Without gradients k stays where it is, and one sample tells all.
    const isStill = gx === undefined && gy === undefined && gz === undefined;
    const path = { id, samples: adc.samples, ...features(isStill ? points().subarray(0, 3) : points()), points };
    paths.set(key, path);
    return path;
  };
}

function pathPoints(
  gradients: readonly PiecewiseLinear[],
  { samples, dwell, delay }: AdcEvent,
  gammaBar: Hertz,
): Float64Array {
  const points = new Float64Array(3 * samples);
  for (const [axis, gradient] of gradients.entries()) {
    if (gradient.t.length === 0) continue;
    let k = 0;
    let from = Number.NEGATIVE_INFINITY;
    for (let n = 0; n < samples; n++) {
      const to = delay + (n + 0.5) * dwell;
      k += gammaBar * integral(gradient, from, to);
      points[3 * n + axis] = k;
      from = to;
    }
  }
  return points;
}

function features(points: Float64Array): Omit<Path, 'id' | 'samples' | 'points'> {
  const at = (n: number): Vector => [points[3 * n], points[3 * n + 1], points[3 * n + 2]];
  const samples = points.length / 3;
  const first = at(0);
  const last = at(samples - 1);
  const chord = add(last, first, -1);
  const length = norm(chord);
  const along: Vector = length === 0 ? [0, 0, 0] : scale(chord, 1 / length);
  const via = [at(Math.floor(samples / 3)), at(Math.floor((2 * samples) / 3))] as const;
  let low = first;
  let high = first;
  let sum = first;
  let farthest = 0;
  const [diagonal, mixed] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let largestStep = 0;
  let smallestStep = samples > 1 ? Number.POSITIVE_INFINITY : 0;
  for (let n = 1; n < samples; n++) {
    const here = at(n);
    sum = add(sum, here);
    low = [Math.min(low[0], here[0]), Math.min(low[1], here[1]), Math.min(low[2], here[2])];
    high = [Math.max(high[0], here[0]), Math.max(high[1], here[1]), Math.max(high[2], here[2])];
    const change = add(here, at(n - 1), -1);
    for (const axis of [0, 1, 2]) {
      diagonal[axis] += change[axis] ** 2;
      mixed[axis] += change[axis] * change[(axis + 1) % 3];
    }
    const step = norm(change);
    largestStep = Math.max(largestStep, step);
    smallestStep = Math.min(smallestStep, step);
    const from = add(here, first, -1);
    farthest = Math.max(farthest, norm(add(from, along, -dot(from, along))));
  }
  const mean = scale(sum, 1 / samples);
  const bend = farthest === 0 ? 0 : farthest / length;
  const trace = diagonal[0] + diagonal[1] + diagonal[2];
  const square = [0, 1, 2].reduce((t, axis) => t + diagonal[axis] ** 2 + 2 * mixed[axis] ** 2, 0);
  const roundness = trace === 0 ? 0 : (trace ** 2 - square) / (2 * trace ** 2);
  const [xx, yy, zz] = diagonal as [number, number, number];
  const [xy, yz, zx] = mixed as [number, number, number];
  const determinant = xx * yy * zz + 2 * xy * yz * zx - xx * yz ** 2 - yy * zx ** 2 - zz * xy ** 2;
  const depth = trace === 0 ? 0 : (27 * determinant) / trace ** 3;
  return { first, last, via, low, high, roundness, depth, mean, bend, largestStep, smallestStep };
}
