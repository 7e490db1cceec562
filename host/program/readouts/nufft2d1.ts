/**
 * Which lines after one pulse form a train that a 2-D non-uniform transform can sum (`assembly/nufft2d1.ts`): readouts of one equally
 * spaced waveform whose first samples are equally spaced in moment and time. Chosen when its operations are fewer and its measured error stays
 * within the tolerance.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { WindowReadout } from '../../timeline/windows.ts';
import { type Axis, chooseAxis } from '../nufft/sample-axis.ts';

/** A waveform whose lines, whatever pulses lie between them, are transformed in batches (`assembly/nufft1d1.ts`). */
export interface Nufft1d1 {
  /** [kx, ky, kz, t] per sample, then the common decay [1/s] */
  readonly rate: Float64Array;
  readonly axis: Axis;
  readonly choice: Choice;
}

/** A readout and its encoding since the last pulse. */
export type Line = WindowReadout;

export interface Nufft2d1 {
  /** [centre, per sample, per line][kx, ky, kz, t], then the common decay [1/s] */
  readonly geometry: Float64Array;
  readonly sampleAxis: Axis;
  readonly lineAxis: Axis;
  readonly firstSamples: Int32Array;
}

/** Fewer lines than this are no train. */
const FEWEST_LINES = 8;
/** Relative deviation below which lines are equally spaced: rounding of f64 sums, nothing physical. */
const SPACING = 1e-9;
/** Of the tolerance, an axis may use this much: two axes, and half is left to the pulses. */
const AXIS_SHARE = 0.25;
/** Both grids of a thread stay below this [bytes]. */
const MOST_GRID_BYTES = 2 ** 26;

/** Axes are the same for every shot: found once. */
export interface AxisFinder {
  /** Half of the largest decay [1/s]: what the factors of every axis carry. */
  readonly commonR2: number;
  find(samples: number, duration: number): Axis | undefined;
}

export function axisFinder(minT2: number, tolerance: number): AxisFinder {
  const known = new Map<string, Axis | undefined>();
  return {
    commonR2: 0.5 / minT2,
    find(samples, duration) {
      const key = `${samples} ${duration.toPrecision(9)}`;
      if (!known.has(key)) known.set(key, chooseAxis(samples, duration, 1 / minT2, AXIS_SHARE * tolerance));
      return known.get(key);
    },
  };
}

/** One decision and the operations behind it, for `larmor plan -v`. */
export interface Choice {
  readonly what: string;
  readonly chosen: string;
  /** Lanes per spin: one f32 operation on one spin. */
  readonly lanes: number;
  readonly instead: string;
  readonly insteadLanes: number;
}

/** Trains among the lines between two pulses, and the lines that are in none. */
export function findNufft2d1s(
  timeline: Timeline,
  lines: readonly Line[],
  axes: AxisFinder,
  tileSize: number,
): { nufft2d1s: Nufft2d1[]; choices: Choice[]; rest: Line[] } {
  const groups = new Map<number, Line[]>();
  for (const line of lines) groups.set(line.trajectory, [...(groups.get(line.trajectory) ?? []), line]);
  const nufft2d1s: Nufft2d1[] = [];
  const choices: Choice[] = [];
  const rest: Line[] = [];
  for (const group of groups.values()) {
    const train = trainOf(timeline, group, axes);
    const lanes = train === undefined ? Number.POSITIVE_INFINITY : trainLanes(train, tileSize);
    if (train === undefined || lanes >= matrixLanes(train)) {
      rest.push(...group);
      continue;
    }
    nufft2d1s.push(train);
    const { sampleAxis, lineAxis } = train;
    choices.push({
      what: `${lineAxis.samples} lines of ${sampleAxis.samples} samples after one pulse`,
      chosen: `2-D transform, ${sampleAxis.kernel.width} × ${lineAxis.kernel.width} cells of ${sampleAxis.grid} × ${lineAxis.grid}`,
      lanes,
      instead: 'matrix',
      insteadLanes: matrixLanes(train),
    });
  }
  return { nufft2d1s, choices, rest: rest.sort((a, b) => a.readout - b.readout) };
}

/** Lines of one waveform by transform where that is cheaper than the matrix form; undefined: it is not, or not exact enough. */
export function linesOf(
  { trajectories: waveforms, samples: points }: Timeline,
  waveform: number,
  axes: AxisFinder,
  tileSize: number,
): Nufft1d1 | undefined {
  const [first, samples, linear] = waveforms.subarray(STRIDE.trajectory * waveform) as unknown as number[];
  if (linear !== 1) return undefined;
  const step = points.subarray(STRIDE.sample * (first! + 1), STRIDE.sample * (first! + 2));
  const axis = axes.find(samples!, samples! * step[3]);
  if (axis === undefined) return undefined;
  const transform = axis.grid * (5 * Math.log2(axis.grid) + 8) + 40 * samples!;
  const choice = {
    what: `a line of ${samples} samples of many`,
    chosen: `1-D transforms of a batch, ${axis.kernel.width} cells of ${axis.grid}`,
    lanes: 8 * axis.kernel.width + 8 + transform / tileSize,
    instead: 'matrix',
    insteadLanes: 3 * 8 * Math.ceil(samples! / 8),
  };
  return choice.lanes < choice.insteadLanes
    ? { rate: Float64Array.of(...step, axes.commonR2), axis, choice }
    : undefined;
}

/** Bytes of one grid for a batch of lines; a panel's records take as much as 32 cells. */
export const lineGridBytes = ({ axis }: Nufft1d1, rows: number): number =>
  8 * Math.max(32, axis.grid + axis.kernel.taps) * 4 * Math.ceil(rows / 4);

function trainOf(
  { trajectories: waveforms, samples: points }: Timeline,
  lines: readonly Line[],
  axes: AxisFinder,
): Nufft2d1 | undefined {
  const [first, samples, linear] = waveforms.subarray(STRIDE.trajectory * lines[0].trajectory) as unknown as number[];
  if (linear !== 1 || lines.length < FEWEST_LINES) return undefined;
  const start = lines[0].encoding;
  const end = lines[lines.length - 1].encoding;
  const perLine = start.map((value, i) => (end[i] - value) / (lines.length - 1));
  const isSpaced = start.every((value, i) => {
    const reach = Math.max(...lines.map(({ encoding }) => Math.abs(encoding[i])));
    return lines.every(({ encoding }, l) => Math.abs(encoding[i] - value - l * perLine[i]) <= SPACING * reach);
  });
  if (!isSpaced) return undefined;
  const step = points.subarray(STRIDE.sample * (first! + 1), STRIDE.sample * (first! + 2));
  const sampleAxis = axes.find(samples!, samples! * step[3]);
  const lineAxis = axes.find(lines.length, lines.length * perLine[3]);
  if (sampleAxis === undefined || lineAxis === undefined) return undefined;
  if (2 * gridBytes(sampleAxis, lineAxis) > MOST_GRID_BYTES) return undefined;
  const middle = [Math.floor(samples! / 2), Math.floor(lines.length / 2)] as const;
  const centre = start.map((value, i) => value + middle[0] * step[i] + middle[1] * perLine[i]);
  return {
    geometry: Float64Array.of(...centre, ...step, ...perLine, axes.commonR2),
    sampleAxis,
    lineAxis,
    firstSamples: Int32Array.from(lines, ({ firstSample }) => firstSample),
  };
}

/** Bytes of one of the two grids a transform goes back and forth between. */
export function gridBytes({ grid, kernel }: Axis, lineAxis: Axis): number {
  const spread = (lineAxis.grid + lineAxis.kernel.taps) * 8 * (grid + kernel.taps);
  return Math.max(spread, grid * 32 * Math.ceil(lineAxis.samples / 4));
}

/** Lanes per spin: places and phases, weights of both axes, their products; a tile's share of the transform. */
function trainLanes({ sampleAxis, lineAxis }: Nufft2d1, tileSize: number): number {
  const weights =
    4 * (sampleAxis.kernel.taps * sampleAxis.kernel.degree + lineAxis.kernel.taps * lineAxis.kernel.degree);
  return (
    120 +
    weights +
    10 * sampleAxis.kernel.taps * lineAxis.kernel.width +
    transformLanes(sampleAxis, lineAxis) / tileSize
  );
}

/** Lanes of a tile's transform, its transposition and its samples. */
function transformLanes(sampleAxis: Axis, lineAxis: Axis): number {
  const [n, l] = [sampleAxis.grid, lineAxis.grid];
  return (
    5 * n * l * Math.log2(l) +
    n * lineAxis.samples * (5 * Math.log2(n) + 8) +
    40 * sampleAxis.samples * lineAxis.samples
  );
}

/** Lanes per spin of the matrix form: three products per sample, the evolution, and a complex factor per line. */
function matrixLanes({ sampleAxis, lineAxis }: Nufft2d1): number {
  const padded = 8 * Math.ceil(sampleAxis.samples / 8);
  return 3 * padded * lineAxis.samples + 12 * padded + 12 * lineAxis.samples;
}
