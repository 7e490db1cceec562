/**
 * Phantoms on a lattice: spins at origin + i·a + j·b + k·c wherever a model paints a tissue. The model paints one row
 * along i at a time; one counting pass keeps a single number per row, the spins before it, so that spin n is found by
 * bisection and computed from n alone. Memory is the row table (8 B a row), whatever the number of spins.
 */
import { badInput } from '../common/errors.ts';
import type { Meters, Tesla } from '../common/units.ts';
import { requireRange } from './bounds.ts';
import { phantomIdentity, sampledDigest } from './identity.ts';
import { type SubVoxel, type SubVoxelPlaces, subVoxelPlaces } from './sub-voxel.ts';
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
  /** Tissue by number; 0 stands for no spins and its entry is never read. */
  readonly tissues: readonly (Tissue | undefined)[];
  /** Writes the tissue numbers of row (j, k); `row` arrives zeroed. */
  paintRow(row: Uint8Array, j: number, k: number): void;
  /** Turns points [from, to) of painted row (j, k) into finer tissues, none into 0 or out of it, so that counting needs no call. */
  refineRow?(row: Uint8Array, from: number, to: number, j: number, k: number): void;
  /** Tissue numbers that `refineRow` may write. */
  readonly refined?: readonly number[];
  /** Digest of all rows where they come from a file; asked for after each was painted once, in order. */
  digest?(): string;
  /** Bytes the model holds. */
  readonly residentBytes?: number;
  close?(): void;
}

export interface LatticeOptions extends SubVoxel {
  /** Path, or name and parameters, as messages cite it. */
  readonly name: string;
  /** First word of the identity. */
  readonly kind: string;
  readonly B0: Tesla;
  /** Enters the identity: whatever defines the phantom besides its spins. */
  readonly header: Readonly<Record<string, unknown>>;
}

/** 2^27 rows are 1 GiB of row table; 2^20 points 1 MiB of row buffer. Beyond either a lattice is a mistake. */
const MAX_ROWS = 2 ** 27;
const MAX_ROW_POINTS = 2 ** 20;

/** @throws LarmorError 65 if the lattice is too large or holds no spins */
export function latticeSource(lattice: Lattice, model: LatticeModel, options: LatticeOptions): PhantomSource {
  const { steps, size } = lattice;
  const [nx, ny, nz] = size;
  if (ny * nz > MAX_ROWS || nx > MAX_ROW_POINTS) {
    throw badInput(options.name, `a lattice of ${size.join(' × ')} points is too large`, 'use larger voxels');
  }
  const row = new Uint8Array(nx);
  const paint = (r: number): void => {
    row.fill(0);
    model.paintRow(row, r % ny, Math.floor(r / ny));
  };
  const perVoxel = options.spinsPerVoxel;
  const counted = countRows(size, row, paint, perVoxel);
  const { before, spinCount } = counted;
  if (spinCount === 0) throw badInput(options.name, 'holds no spins', 'check its labels, or use smaller voxels');
  if (!Number.isSafeInteger(spinCount)) throw badInput(options.name, 'holds over 2^53 spins', 'use larger voxels');
  const bounds = latticeBounds(lattice, model, counted, perVoxel);
  if (![...bounds.min, ...bounds.max].every(Number.isFinite)) {
    throw badInput(options.name, 'has spins at no finite place', 'check its voxel size and position');
  }
  const places = subVoxelPlaces(lattice, options);
  const columns = tissueColumns(model.tissues);
  // Points of the spins that are read at a time: part of one row.
  const points = new Int32Array(nx);

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
      listPoints(row, from, spins, perVoxel, points);
      model.refineRow?.(row, points[0], points[spins - 1] + 1, j, k);
      fillTissues(into, n, columns, row, points, spins);
      const start = startOfRow(lattice, j, k);
      if (perVoxel > 1) {
        const inVoxels = { places, spin: first + n, sub: from % perVoxel, perVoxel };
        placeSpins(into, n, start, steps[0], points, spins, inVoxels);
      } else {
        placeAlong(into.x, n, start[0], steps[0][0], points, spins);
        placeAlong(into.y, n, start[1], steps[0][1], points, spins);
        placeAlong(into.z, n, start[2], steps[0][2], points, spins);
      }
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
      options.header,
      spinCount,
      `${model.digest?.() ?? ''}${sampledDigest(spinCount, read)}`,
    ),
    residentBytes: before.byteLength + row.byteLength + (model.residentBytes ?? 0),
    read,
    close: () => model.close?.(),
  };
}

// What `read` does per spin stands in functions of their own: V8 takes 90 ms to optimise all of it as one, so 10 ms.

/** The points of spins [from, from + spins) of a painted row with `perVoxel` spins at each occupied point. */
function listPoints(row: Uint8Array, from: number, spins: number, perVoxel: number, points: Int32Array): void {
  let s = 0;
  for (let i = 0, end = -from; s < spins; i++) {
    if (row[i] === 0) continue;
    end += perVoxel;
    while (s < end && s < spins) points[s++] = i;
  }
}

/** What the columns hold for the tissues of the spins, from entry n on. */
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

/** The places along one axis of spins in the middle of their voxels, from entry n on. */
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

/** Where spins lie in their voxels: the first one's number and which of its voxel it is. */
interface InVoxels {
  readonly places: SubVoxelPlaces;
  readonly spin: number;
  readonly sub: number;
  readonly perVoxel: number;
}

/** The places of spins that share voxels, from entry n on. */
function placeSpins(
  { x, y, z }: SpinBlock,
  n: number,
  start: Vector,
  step: Vector,
  points: Int32Array,
  spins: number,
  { places, spin, sub, perVoxel }: InVoxels,
): void {
  for (let s = 0, t = sub; s < spins; s++) {
    const i = points[s];
    const place = places(spin + s, t);
    x[n + s] = start[0] + i * step[0] + place[0];
    y[n + s] = start[1] + i * step[1] + place[1];
    z[n + s] = start[2] + i * step[2] + place[2];
    t = t + 1 === perVoxel ? 0 : t + 1;
  }
}

function startOfRow({ origin, steps: [, b, c] }: Lattice, j: number, k: number): Vector {
  return [origin[0] + j * b[0] + k * c[0], origin[1] + j * b[1] + k * c[1], origin[2] + j * b[2] + k * c[2]];
}

interface CountedRows {
  /** [rows + 1] spins before row r; rows in order of j, then k */
  readonly before: Float64Array;
  readonly spinCount: number;
  /** First and last occupied index along i, j, k. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Tissue numbers that occur. */
  readonly present: ReadonlySet<number>;
}

function countRows(
  [nx, ny, nz]: Lattice['size'],
  row: Uint8Array,
  paint: (r: number) => void,
  perVoxel: number,
): CountedRows {
  const before = new Float64Array(ny * nz + 1);
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  const seen = new Uint8Array(256);
  for (let r = 0; r < ny * nz; r++) {
    paint(r);
    const { occupied, left, right } = countRow(row, seen);
    before[r + 1] = before[r] + occupied * perVoxel;
    if (occupied === 0) continue;
    const at = [left, r % ny, Math.floor(r / ny)];
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], at[axis]);
      high[axis] = Math.max(high[axis], axis === 0 ? right : at[axis]);
    }
  }
  const present = new Set([...seen.keys()].filter((tissue) => seen[tissue] !== 0));
  return { before, spinCount: before[ny * nz], low, high, present };
}

/** Occupied points of a painted row, the first and the last of them; marks the tissues seen. Goes from run to run of one tissue. */
function countRow(row: Uint8Array, seen: Uint8Array): { occupied: number; left: number; right: number } {
  let occupied = 0;
  let left = -1;
  let right = -1;
  for (let i = 0; i < row.length; ) {
    const tissue = row[i];
    const start = i++;
    while (i < row.length && row[i] === tissue) i++;
    if (tissue === 0) continue;
    seen[tissue] = 1;
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

/** [tissues] each, by tissue number, rounded as spins are. */
type TissueColumns = Readonly<Record<keyof Tissue, Float32Array>>;

function tissueColumns(tissues: LatticeModel['tissues']): TissueColumns {
  const column = (key: keyof Tissue): Float32Array => Float32Array.from(tissues, (tissue) => tissue?.[key] ?? 0);
  return {
    density: column('density'),
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
  { low, high, present }: CountedRows,
  perVoxel: number,
): PhantomBounds {
  // Spins that share a voxel lie up to half a step from its centre.
  const spread = perVoxel > 1 ? 0.5 : 0;
  const edge = (sign: 1 | -1, axis: number): number => {
    // In the order in which `read` adds, so that both round alike.
    const ends = [1, 2, 0].map((s) => {
      const [from, to] = [(low[s] - spread) * steps[s][axis], (high[s] + spread) * steps[s][axis]];
      return sign > 0 ? Math.max(from, to) : Math.min(from, to);
    });
    return Math.fround(ends.reduce((sum, end) => sum + end, origin[axis]));
  };
  const used = [...new Set([...present, ...(model.refined ?? [])])].map((tissue) => model.tissues[tissue]!);
  const f32 = (pick: (tissue: Tissue) => number): number[] => used.map((tissue) => Math.fround(pick(tissue)));
  return {
    maxDensity: Math.max(...f32((tissue) => Math.abs(tissue.density))),
    min: [edge(-1, 0), edge(-1, 1), edge(-1, 2)],
    max: [edge(1, 0), edge(1, 1), edge(1, 2)],
    maxOffResonance: Math.max(...f32((tissue) => Math.abs(tissue.offResonance))),
    minT1: Math.min(...f32((tissue) => tissue.T1)),
    minT2: Math.min(...f32((tissue) => tissue.T2)),
  };
}
