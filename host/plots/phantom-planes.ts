/**
 * Averages spins over pixels of the three planes through the middle of a phantom, in one pass. The
 * size of pixels is that of the spins' lattice if they are on one, else the mean distance between
 * spins.
 */
import type { Meters } from '../base/units.ts';
import { modelColumns } from '../phantom/columns.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../phantom/types.ts';

/** Properties that are drawn, from the columns of a spin. */
export const MAPS = ['density', 'T1', 'T2', 'offResonance'] as const;
export type MapName = (typeof MAPS)[number];

export interface Plane {
  /** Axis across it: 0 sagittal, 1 coronal, 2 axial. */
  readonly normal: Axis;
  /** Position along the normal, and thickness of the averaged layer. */
  readonly at: Meters;
  readonly thickness: Meters;
  readonly columns: number;
  readonly rows: number;
  readonly pixel: Meters;
  /** Lower edges of the first pixel along u and v. */
  readonly origin: readonly [Meters, Meters];
  /** [rows][columns] spins; sums of the properties */
  readonly count: Uint32Array;
  readonly sums: Readonly<Record<MapName, Float64Array>>;
}

/** Pixels along the longer side of a plane. */
const MOST_PIXELS = 256;
/** Spins read at once. */
const CHUNK = 1 << 16;

const coordinates = ({ x, y, z }: SpinBlock): readonly Float32Array[] => [x, y, z];

export type Axis = 0 | 1 | 2;

/** Axes of a picture by the axis across it. */
export const ACROSS: Readonly<Record<Axis, readonly [u: Axis, v: Axis]>> = { 0: [1, 2], 1: [0, 2], 2: [0, 1] };

/**
 * The planes, by the axis across, in which a phantom has two extents; none for a line or a point.
 * Axial first.
 */
export function planesWith({ bounds }: PhantomSource): Axis[] {
  const extents = [0, 1, 2].map((axis) => bounds.max[axis] - bounds.min[axis]);
  const isWide = extents.map((extent) => extent > 0.02 * Math.max(...extents));
  return ([2, 1, 0] as const).filter((normal) => ACROSS[normal].every((axis) => isWide[axis]));
}

/** @param pitch as `pitches` finds it */
export function gatherPlanes(source: PhantomSource, wanted: readonly Axis[], pitch: readonly Pitch[]): Plane[] {
  const { spinCount } = source;
  const planes = wanted.map((normal) => openPlane(source, normal, pitch));
  const block = spinBlock(Math.min(CHUNK, spinCount), { extra: modelColumns(source.model).total });
  for (let first = 0; first < spinCount; first += CHUNK) {
    const count = Math.min(CHUNK, spinCount - first);
    source.read(first, count, block);
    for (const plane of planes) add(plane, block, count);
  }
  return planes;
}

/** Spins examined to find their lattice. */
const SAMPLE = 8192;

/**
 * Distance between neighbouring coordinates along an axis; without a lattice 1.3 times the mean
 * distance between spins.
 */
export interface Pitch {
  readonly step: Meters;
  readonly isLattice: boolean;
}

export function pitches(source: PhantomSource): Pitch[] {
  const { spinCount, bounds } = source;
  const chunks = Math.min(8, Math.ceil(spinCount / SAMPLE));
  const found: number[][] = [[], [], []];
  const block = spinBlock(Math.min(SAMPLE, spinCount), { extra: modelColumns(source.model).total });
  for (let n = 0; n < chunks; n++) {
    const first = Math.floor((n * Math.max(0, spinCount - SAMPLE)) / Math.max(1, chunks - 1));
    const count = Math.min(SAMPLE, spinCount - first);
    source.read(first, count, block);
    for (const [axis, values] of coordinates(block).entries()) found[axis].push(...values.subarray(0, count));
  }
  const wide = [0, 1, 2].map((axis) => bounds.max[axis] - bounds.min[axis]).filter((extent) => extent > 0);
  const volume = wide.reduce((product, extent) => product * extent, 1);
  const mean = wide.length === 0 ? 1e-3 : (volume / spinCount) ** (1 / wide.length);
  return found.map((values) => {
    const step = latticeStep(values);
    return { step: step ?? 1.3 * mean, isLattice: step !== undefined };
  });
}

/** Coordinates closer than this are one [m]. */
const SAME_PLACE = 1e-6;

/** The usual distance between neighbouring coordinates, if many spins share each: a lattice. */
function latticeStep(values: readonly number[]): Meters | undefined {
  const sorted = Float64Array.from(values).sort();
  const gaps: number[] = [];
  for (let n = 1; n < sorted.length; n++) {
    const gap = sorted[n] - sorted[n - 1];
    if (gap >= SAME_PLACE) gaps.push(gap);
  }
  if (gaps.length === 0 || gaps.length > values.length / 4) return undefined;
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

function openPlane({ bounds }: PhantomSource, normal: Axis, pitch: readonly Pitch[]): Plane {
  const [u, v] = ACROSS[normal];
  const extent = (axis: number): Meters => bounds.max[axis] - bounds.min[axis];
  const longest = Math.max(extent(u), extent(v));
  const own = Math.max(pitch[u].step, pitch[v].step);
  // A whole number of lattice steps per pixel, so that all pixels have equally many spins.
  const pixel = own * Math.ceil(longest / own / MOST_PIXELS);
  const sides = [u, v].map((axis) => Math.floor(extent(axis) / pixel + 0.5 * (own / pixel) + 1e-3) + 1);
  const origin = [u, v].map((axis) => bounds.min[axis] - own / 2) as [number, number];
  const middle = (bounds.min[normal] + bounds.max[normal]) / 2;
  const { step } = pitch[normal];
  // The layer of the lattice that is nearest to the middle.
  const at = bounds.min[normal] + step * Math.round((middle - bounds.min[normal]) / step - 1e-6);
  const [columns, rows] = sides as [number, number];
  const sums = Object.fromEntries(MAPS.map((name) => [name, new Float64Array(columns * rows)])) as Record<
    MapName,
    Float64Array
  >;
  const isThin = extent(normal) < step;
  return {
    ...{ normal, columns, rows, pixel, origin, sums },
    at: isThin ? middle : at,
    thickness: isThin ? Math.max(extent(normal), SAME_PLACE) * 1.01 + 2 * SAME_PLACE : step,
    count: new Uint32Array(columns * rows),
  };
}

function add(plane: Plane, block: SpinBlock, count: number): void {
  const places = coordinates(block);
  const [u, v] = ACROSS[plane.normal];
  const [across, along, up] = [places[plane.normal], places[u], places[v]];
  const { at, thickness, columns, rows, pixel, origin, sums } = plane;
  const [low, high] = [at - thickness / 2, at + thickness / 2];
  for (let n = 0; n < count; n++) {
    if (across[n] < low || across[n] >= high) continue;
    const column = Math.floor((along[n] - origin[0]) / pixel);
    const row = Math.floor((up[n] - origin[1]) / pixel);
    if (column < 0 || column >= columns || row < 0 || row >= rows) continue;
    const i = row * columns + column;
    plane.count[i]++;
    for (const name of MAPS) sums[name][i] += block[name][n];
  }
}
