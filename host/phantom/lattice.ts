/**
 * Phantoms on a lattice: spins at origin + i·a + j·b + k·c wherever a model paints a tissue. The
 * model paints one row along i at a time. One counting pass stores a single number per row, the
 * spins before it, so that spin n is found by bisection and computed from n alone. Memory is the
 * row table (8 B per row), independent of the number of spins.
 */
import { badInput } from '../base/errors.ts';
import type { Meters, Tesla } from '../base/units.ts';
import { requireRange } from './bounds.ts';
import { phantomIdentity, sampledDigest } from './identity.ts';
import { evenPlaces, rankOne, type SpinChoice, type SpinSampler, type SubVoxelPlaces } from './sub-voxel.ts';
import type { Tissue } from './tissues.ts';
import type { PhantomBounds, PhantomSource, SpinBlock } from './types.ts';

export type Vector = readonly [Meters, Meters, Meters];

export interface Lattice {
  /** Points along i, j, k; spins are numbered with i fastest. */
  readonly size: readonly [number, number, number];
  /** Place of point (0, 0, 0), patient LPS. */
  readonly origin: Vector;
  /** From a point to its neighbour along i, j, k. */
  readonly steps: readonly [Vector, Vector, Vector];
}

/** Tissue by lattice point. */
export interface LatticeModel {
  /** Tissue by number; 0 means no spins, and its entry is never read. */
  readonly tissues: readonly (Tissue | undefined)[];
  /** Writes the tissue numbers of row (j, k); `row` arrives zeroed. */
  paintRow(row: Uint8Array, j: number, k: number): void;
  /**
   * Refines the tissues of points [from, to) of a painted row (j, k). It changes none from or to 0,
   * so counting does not need it.
   */
  refineRow?(row: Uint8Array, from: number, to: number, j: number, k: number): void;
  /** Tissue numbers that `refineRow` may write. */
  readonly refined?: readonly number[];
  /** Digest of all rows if they come from a file; called after each was painted once, in order. */
  digest?(): string;
  /** Bytes the model holds. */
  readonly residentBytes?: number;
  close?(): void;
}

/** The spins of a voxel: at given positions, or a given number, or as the sequence requires. */
export interface SpinOptions {
  readonly places?: SubVoxelPlaces | undefined;
  /** Spins per voxel; undefined: as many as the sequence needs, one without a sequence. */
  readonly count?: number | undefined;
  readonly sampler?: SpinSampler | undefined;
  /** Spins represent points in the plane, not pixels: they are spread along k only. */
  readonly points?: boolean;
}

export interface LatticeOptions extends SpinOptions {
  /** Path, or name and parameters, as messages cite it. */
  readonly name: string;
  /** First word of the identity. */
  readonly kind: string;
  readonly B0: Tesla;
  /** Part of the identity: everything that defines the phantom in addition to its spins. */
  readonly header: Readonly<Record<string, unknown>>;
}

/**
 * 2^27 rows are 1 GiB of row table; 2^20 points 1 MiB of row buffer. A larger lattice is a mistake.
 */
const MAX_ROWS = 2 ** 27;
const MAX_ROW_POINTS = 2 ** 20;

/** @throws LarmorError 65 if the lattice is too large or holds no spins */
export function latticeSource(lattice: Lattice, model: LatticeModel, options: LatticeOptions): PhantomSource {
  const { steps, size } = lattice;
  const [nx, ny, nz] = size;
  if (ny * nz > MAX_ROWS || nx > MAX_ROW_POINTS) {
    throw badInput(options.name, `a lattice of ${size.join(' × ')} points is too large`, 'use larger voxels');
  }
  // Where tissues differ in their number of spins, rows are refined before they are counted.
  const refined = options.sampler !== undefined && !options.places;
  const row = new Uint8Array(nx);
  const paint = (r: number): void => {
    row.fill(0);
    const [j, k] = [r % ny, Math.floor(r / ny)];
    model.paintRow(row, j, k);
    if (refined) model.refineRow?.(row, 0, nx, j, k);
  };
  const counted = countRows(size, row, paint);
  if (counted.counts.every((count) => count === 0))
    throw badInput(options.name, 'holds no spins', 'check its labels, or use smaller voxels');
  const { places, level, scale } = choosePlaces(lattice, model, counted, options);
  const perVoxel = Uint32Array.from(places, (one) => one.length / 3);
  const before = spinsBefore(counted.before, row, paint, perVoxel);
  const spinCount = before[ny * nz];
  if (!Number.isSafeInteger(spinCount)) throw badInput(options.name, 'holds over 2^53 spins', 'use larger voxels');
  const columns = tissueColumns(model.tissues, perVoxel);
  const bounds = latticeBounds(lattice, model, counted, places, columns.density);
  if (![...bounds.min, ...bounds.max].every(Number.isFinite)) {
    throw badInput(options.name, 'has spins at positions that are not finite', 'check its voxel size and position');
  }
  const metres = new Map([...new Set(places)].map((one) => [one, metresInVoxel(one, steps)]));
  const inVoxel = places.map((one) => metres.get(one)!);
  const single = perVoxel.every((count) => count <= 1);
  // For the spins of one read within a row: the lattice point of each, and its number within the
  // voxel.
  const points = new Int32Array(nx);
  const subs = new Int32Array(nx);

  const read = (first: number, count: number, into: SpinBlock): void => {
    requireRange(first, count, spinCount);
    let r = rowOf(before, first);
    for (let n = 0; n < count; ) {
      while (before[r + 1] <= first + n) r++;
      const from = first + n - before[r];
      const spins = Math.min(nx, count - n, before[r + 1] - first - n);
      const j = r % ny;
      const k = Math.floor(r / ny);
      paint(r);
      listPoints(row, from, spins, perVoxel, points, subs);
      if (!refined) model.refineRow?.(row, points[0], points[spins - 1] + 1, j, k);
      fillTissues(into, n, columns, row, points, spins);
      const start = startOfRow(lattice, j, k);
      placeAlong(into.x, n, start[0], steps[0][0], points, spins);
      placeAlong(into.y, n, start[1], steps[0][1], points, spins);
      placeAlong(into.z, n, start[2], steps[0][2], points, spins);
      if (!single) placeInVoxels(into, n, start, steps[0], { row, points, subs, inVoxel }, spins);
      n += spins;
    }
  };

  return {
    name: options.name,
    spinCount,
    B0: options.B0,
    bounds,
    identity: phantomIdentity(
      options.kind,
      { ...options.header, steps, spins: [...perVoxel] },
      spinCount,
      `${model.digest?.() ?? ''}${sampledDigest(spinCount, read)}`,
    ),
    spins: spinsOfVoxels(perVoxel, counted.counts, { level, scale }),
    residentBytes: before.byteLength + row.byteLength + (model.residentBytes ?? 0),
    read,
    close: () => model.close?.(),
  };
}

// The work of `read` per spin is in separate functions: V8 takes 90 ms to optimise it as one
// function, and 10 ms as several.

/**
 * The points of spins [from, from + spins) of a painted row, and the number of each within its
 * voxel.
 */
function listPoints(
  row: Uint8Array,
  from: number,
  spins: number,
  perVoxel: Uint32Array,
  points: Int32Array,
  subs: Int32Array,
): void {
  let skip = from;
  for (let i = 0, s = 0; s < spins; i++) {
    const count = perVoxel[row[i]];
    if (skip >= count) {
      skip -= count;
      continue;
    }
    for (let sub = skip; sub < count && s < spins; sub++) {
      points[s] = i;
      subs[s++] = sub;
    }
    skip = 0;
  }
}

/** Fills the columns of tissue properties, from entry n on. */
function fillTissues(
  { density, T1, T2, T2s, offResonance }: SpinBlock,
  n: number,
  columns: TissueColumns,
  row: Uint8Array,
  points: Int32Array,
  spins: number,
): void {
  for (let s = 0; s < spins; s++) {
    const tissue = row[points[s]];
    density[n + s] = columns.density[tissue];
    T1[n + s] = columns.T1[tissue];
    T2[n + s] = columns.T2[tissue];
    T2s[n + s] = columns.T2s[tissue];
    offResonance[n + s] = columns.offResonance[tissue];
  }
}

/** Fills the positions along one axis of spins in the middle of their voxels, from entry n on. */
function placeAlong(
  column: Float32Array,
  n: number,
  start: number,
  step: number,
  points: Int32Array,
  spins: number,
): void {
  if (step === 0) column.fill(start, n, n + spins);
  else for (let s = 0; s < spins; s++) column[n + s] = start + points[s] * step;
}

/**
 * Fills the positions of spins that share voxels, from entry n on; computed in f64, so that they
 * are rounded once.
 */
function placeInVoxels(
  { x, y, z }: SpinBlock,
  n: number,
  start: Vector,
  step: Vector,
  of: { row: Uint8Array; points: Int32Array; subs: Int32Array; inVoxel: readonly Float64Array[] },
  spins: number,
): void {
  for (let s = 0; s < spins; s++) {
    const i = of.points[s];
    const metres = of.inVoxel[of.row[i]];
    const at = 3 * of.subs[s];
    x[n + s] = start[0] + i * step[0] + metres[at];
    y[n + s] = start[1] + i * step[1] + metres[at + 1];
    z[n + s] = start[2] + i * step[2] + metres[at + 2];
  }
}

/** [spins][x, y, z]: positions relative to the voxel's centre [m]. */
function metresInVoxel(places: SubVoxelPlaces, [a, b, c]: Lattice['steps']): Float64Array {
  return places.map((_, at) => {
    const [n, x] = [3 * Math.floor(at / 3), at % 3];
    return places[n] * a[x] + places[n + 1] * b[x] + places[n + 2] * c[x];
  });
}

/** A single axial plane becomes a slab if the sequence dephases along z: a plane cannot dephase. */
export function thickened(lattice: Lattice, sampler: SpinSampler | undefined): Lattice {
  const { size, steps } = lattice;
  const [a, b, c] = steps;
  const axial = a[2] === 0 && b[2] === 0 && c[0] === 0 && c[1] === 0;
  if (size[2] !== 1 || !axial || !sampler?.slab) return lattice;
  return { ...lattice, steps: [a, b, [0, 0, sampler.slab.to - sampler.slab.from]] };
}

/** Positions by tissue number; 0, air, has none. */
function choosePlaces(
  { steps, size }: Lattice,
  { tissues }: LatticeModel,
  { counts }: CountedRows,
  { places, count, sampler, points, B0 }: LatticeOptions,
): SpinChoice {
  const same = (one: SubVoxelPlaces): SubVoxelPlaces[] =>
    Array.from(counts, (_, n) => (n === 0 ? new Float64Array(0) : one));
  if (places) return { places: same(places) };
  if (!sampler) return { places: same(count ? evenPlaces(count, size[2] === 1 ? 2 : 3) : rankOne(1, [0, 0, 1])) };
  const present = tissues.flatMap((tissue, number) =>
    tissue && counts[number] > 0 ? { number, tissue, count: counts[number] } : [],
  );
  const none = [0, 0, 0] as const;
  const spread = points ? ([none, none, steps[2]] as const) : steps;
  const chosen = sampler.choose({ steps: spread, planes: size[2], size, tissues: present, B0 }, count);
  const all = same(chosen.places[0]);
  for (const [n, { number }] of present.entries()) all[number] = chosen.places[n];
  return { ...chosen, places: all };
}

/**
 * Smallest and largest number of spins of the occupied voxels, and the errors predicted for them.
 */
function spinsOfVoxels(
  perVoxel: Uint32Array,
  counts: Float64Array,
  { level, scale }: Pick<SpinChoice, 'level' | 'scale'>,
): NonNullable<PhantomSource['spins']> {
  const used = [...perVoxel].filter((_, tissue) => counts[tissue] > 0);
  const predicted = { ...(level !== undefined && { level }), ...(scale !== undefined && { scale }) };
  return { least: Math.min(...used), most: Math.max(...used), ...predicted };
}

function startOfRow({ origin, steps: [, b, c] }: Lattice, j: number, k: number): Vector {
  return [origin[0] + j * b[0] + k * c[0], origin[1] + j * b[1] + k * c[1], origin[2] + j * b[2] + k * c[2]];
}

interface CountedRows {
  /** [rows + 1] occupied voxels before row r; rows in order of j, then k */
  readonly before: Float64Array;
  /** First and last occupied index along i, j, k. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** [256] voxels by tissue number */
  readonly counts: Float64Array;
}

function countRows([nx, ny, nz]: Lattice['size'], row: Uint8Array, paint: (r: number) => void): CountedRows {
  const before = new Float64Array(ny * nz + 1);
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  const counts = new Float64Array(256);
  for (let r = 0; r < ny * nz; r++) {
    paint(r);
    const { occupied, left, right } = countRow(row, counts);
    before[r + 1] = before[r] + occupied;
    if (occupied === 0) continue;
    const at = [left, r % ny, Math.floor(r / ny)];
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], at[axis]);
      high[axis] = Math.max(high[axis], axis === 0 ? right : at[axis]);
    }
  }
  return { before, low, high, counts };
}

/**
 * [rows + 1] spins before each row, from the voxels before it: times a constant number, or counted.
 */
function spinsBefore(
  voxels: Float64Array,
  row: Uint8Array,
  paint: (r: number) => void,
  perVoxel: Uint32Array,
): Float64Array {
  if (perVoxel.every((count, tissue) => tissue === 0 || count === perVoxel[1]))
    return voxels.map((count) => count * perVoxel[1]);
  const before = new Float64Array(voxels.length);
  for (let r = 0; r + 1 < before.length; r++) {
    before[r + 1] = before[r];
    if (voxels[r + 1] === voxels[r]) continue;
    paint(r);
    for (let i = 0; i < row.length; i++) before[r + 1] += perVoxel[row[i]];
  }
  return before;
}

/**
 * Number of occupied points of a painted row, the first and the last of them; counts its tissues.
 * Works on runs of one tissue.
 */
function countRow(row: Uint8Array, counts: Float64Array): { occupied: number; left: number; right: number } {
  let occupied = 0;
  let left = -1;
  let right = -1;
  for (let i = 0; i < row.length; ) {
    const tissue = row[i];
    const start = i++;
    while (i < row.length && row[i] === tissue) i++;
    if (tissue === 0) continue;
    counts[tissue] += i - start;
    occupied += i - start;
    if (left < 0) left = start;
    right = i - 1;
  }
  return { occupied, left, right };
}

/** The row that holds spin n: the last with before[r] ≤ n. */
export function rowOf(before: Float64Array, n: number): number {
  let low = 0;
  let high = before.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (before[middle] <= n) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * [tissues] values of each by tissue number, rounded to f32 like spins; the spins of a voxel share
 * its density.
 */
type TissueColumns = Readonly<Record<keyof Tissue, Float32Array>>;

function tissueColumns(tissues: LatticeModel['tissues'], perVoxel: Uint32Array): TissueColumns {
  const column = (key: keyof Tissue): Float32Array => Float32Array.from(tissues, (tissue) => tissue?.[key] ?? 0);
  return {
    density: Float32Array.from(tissues, (tissue, n) => (tissue?.density ?? 0) / (perVoxel[n] || 1)),
    T1: column('T1'),
    T2: column('T2'),
    T2s: column('T2s'),
    offResonance: column('offResonance'),
  };
}

/** Bounds of the box of occupied points and of the tissues that occur, rounded as spins are. */
function latticeBounds(
  { origin, steps }: Lattice,
  model: LatticeModel,
  { low, high, counts }: CountedRows,
  places: readonly SubVoxelPlaces[],
  density: Float32Array,
): PhantomBounds {
  // Spins that share a voxel lie up to half a step from its centre.
  const spread = [0, 1, 2].map((axis) =>
    places.some((one) => one.some((place, at) => at % 3 === axis && place !== 0)) ? 0.5 : 0,
  );
  const present = [...counts.keys()].filter((tissue) => counts[tissue] > 0);
  const edge = (sign: 1 | -1, axis: number): number => {
    // Added in the same order as in `read`, so that both have the same rounding.
    const ends = [1, 2, 0].map((s) => {
      const [from, to] = [(low[s] - spread[s]) * steps[s][axis], (high[s] + spread[s]) * steps[s][axis]];
      return sign > 0 ? Math.max(from, to) : Math.min(from, to);
    });
    return Math.fround(ends.reduce((sum, end) => sum + end, origin[axis]));
  };
  const numbers = [...new Set([...present, ...(model.refined ?? [])])];
  const used = numbers.map((tissue) => model.tissues[tissue]!);
  const f32 = (pick: (tissue: Tissue) => number): number[] => used.map((tissue) => Math.fround(pick(tissue)));
  return {
    maxDensity: Math.max(...numbers.map((tissue) => Math.abs(density[tissue]))),
    min: [edge(-1, 0), edge(-1, 1), edge(-1, 2)],
    max: [edge(1, 0), edge(1, 1), edge(1, 2)],
    maxOffResonance: Math.max(...f32((tissue) => Math.abs(tissue.offResonance))),
    minT1: Math.min(...f32((tissue) => tissue.T1)),
    minT2: Math.min(...f32((tissue) => tissue.T2)),
  };
}
