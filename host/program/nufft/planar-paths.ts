/** The path of a curve's samples through k-space and time, and the plane that holds it. */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { WindowReadout } from '../../timeline/windows.ts';
import { alongAxis, framesOf, type PlaneFrame, rangeOf } from './plane-frames.ts';

/** Relative out-of-plane deviation that is treated as rounding error. */
const FLATNESS = 1e-9;

/** Samples between two pulses, from the first line's start. */
export interface Path {
  /** [samples][kx, ky, kz, t] */
  readonly points: Float64Array;
  /** None: the trajectory is not planar, or is straight (its plane is not unique). */
  readonly frames: readonly PlaneFrame[];
}

/** Directions that span a plane, and their names as a key. */
interface Plane {
  readonly key: string;
  readonly axes: readonly (readonly number[])[];
}

export function targetsOf(timeline: Timeline, lines: readonly WindowReadout[]): Int32Array {
  const counts = lines.map((line) => samplesOf(timeline, line));
  const targets = new Int32Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const [l, { firstSample }] of lines.entries())
    for (let j = 0; j < counts[l]; j++) targets[at++] = firstSample + j;
  return targets;
}

export function trace(timeline: Timeline, lines: readonly WindowReadout[]): Path {
  const points = lines.length === 1 ? pointsOf(timeline, lines[0]) : joined(timeline, lines);
  const ranges = COORDINATES.map((axis) => rangeOf(points, (n) => alongAxis(points, n, axis)));
  const plane = planeOf(points, ranges);
  return { points, frames: plane === undefined ? [] : framesOf(points, plane.key, plane.axes) };
}

const COORDINATES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

/** The plane that contains all points, spanned by two coordinate axes if possible. */
function planeOf(points: Float64Array, ranges: readonly [number, number][]): Plane | undefined {
  const sizes = ranges.map(([low, high]) => high - low);
  const flat = FLATNESS * Math.max(...sizes);
  for (const normal of [2, 1, 0]) {
    if (sizes[normal] > flat) continue;
    const axes = COORDINATES.filter((_, axis) => axis !== normal);
    return { key: `normal to ${'xyz'[normal]}`, axes };
  }
  const farthest = (residual: (n: number) => readonly number[]): readonly number[] => {
    let [best, most] = [[0, 0, 0] as readonly number[], 0];
    for (let n = 0; n < points.length; n += STRIDE.sample) {
      const own = residual(n);
      const length = Math.hypot(...own);
      if (length > most) [best, most] = [own, length];
    }
    return best;
  };
  const from = (n: number): number[] => [0, 1, 2].map((i) => points[n + i] - points[i]);
  const without = (vector: readonly number[], axis: readonly number[]): number[] => {
    const along = vector.reduce((sum, value, i) => sum + value * axis[i], 0);
    return vector.map((value, i) => value - along * axis[i]);
  };
  const along = unit(farthest(from));
  const bend = farthest((n) => without(from(n), along));
  // A straight path lies in many planes and would share none with another path.
  if (Math.hypot(...bend) <= flat) return undefined;
  const across = unit(bend);
  const off = farthest((n) => without(without(from(n), along), across));
  if (Math.hypot(...off) > flat) return undefined;
  // Axes that are the same for every path in the plane: from its normal, equal for two paths but
  // for sign and rounding.
  const normal = cross(along, across);
  const sign = Math.sign(normal.find((value) => Math.abs(value) > FLATNESS)!);
  const rounded = normal.map((value) => Number((sign * value).toFixed(9)));
  const least = rounded.reduce((best, value, i) => (Math.abs(value) < Math.abs(rounded[best]) ? i : best), 0);
  const u = unit(cross(rounded, COORDINATES[least]));
  return { key: `normal to ${rounded.join()}`, axes: [u, unit(cross(rounded, u))] };
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [0, 1, 2].map((i) => a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3]);
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** A line's own points: they begin at its first sample. */
function pointsOf({ trajectories, samples }: Timeline, { trajectory }: WindowReadout): Float64Array {
  const [first, count] = trajectories.subarray(STRIDE.trajectory * trajectory) as unknown as [number, number];
  return samples.subarray(STRIDE.sample * first, STRIDE.sample * (first + count));
}

/** Points of all lines from the first one's start. */
function joined(timeline: Timeline, lines: readonly WindowReadout[]): Float64Array {
  const start = lines[0].encoding;
  const all = lines.map((line) =>
    pointsOf(timeline, line).map((value, i) => value + line.encoding[i % STRIDE.sample] - start[i % STRIDE.sample]),
  );
  const points = new Float64Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const own of all) {
    points.set(own, at);
    at += own.length;
  }
  return points;
}

function samplesOf({ trajectories }: Timeline, { trajectory }: WindowReadout): number {
  return trajectories[STRIDE.trajectory * trajectory + 1];
}
