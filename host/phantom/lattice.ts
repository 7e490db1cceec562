/**
 * Phantoms on a regular lattice whose tissue is computed, not stored. A model paints the tissue numbers of one row along
 * x; one counting pass keeps a single number per row, the spins before it, so that spin n is found by bisection and
 * computed from n alone. Memory is the row table (8 B a row), whatever the number of spins.
 */
import { usage } from '../common/errors.ts';
import type { Meters, Tesla } from '../common/units.ts';
import { phantomIdentity } from './identity.ts';
import type { Tissue } from './tissues.ts';
import type { PhantomBounds, PhantomSource, SpinBlock } from './types.ts';

export interface Lattice {
  /** Points along x, y, z. */
  readonly size: readonly [number, number, number];
  readonly spacing: Meters;
  /** Where the lattice's centre lies in the scanner [m]. */
  readonly centre: readonly [Meters, Meters, Meters];
  /** Axes along which a voxel's spins spread: 3 for a volume, 2 for a plane at one z. */
  readonly dimensions: 2 | 3;
}

/** Tissue by place; places are relative to the lattice's centre [m]. */
export interface LatticeModel {
  /** Tissue by number; 0 stands for no spins and its entry is never read. */
  readonly tissues: readonly (Tissue | undefined)[];
  /** Writes the tissue numbers of the row at (y, z), whose point i lies at x0 + i·spacing; `row` arrives zeroed. */
  paintRow(row: Uint8Array, x0: Meters, spacing: Meters, y: Meters, z: Meters): void;
  /** The finer tissue at one place of `row`'s tissue number: never 0, so that counting needs no call. */
  refine?(tissue: number, x: Meters, y: Meters, z: Meters): number;
  /** Tissue numbers that `refine` may return. */
  readonly refined?: readonly number[];
}

export interface SubVoxel {
  readonly spinsPerVoxel: number;
  readonly seed: number;
}

export interface LatticeOptions extends SubVoxel {
  /** Name and parameters, as messages cite them. */
  readonly name: string;
  readonly B0: Tesla;
  /** Enters the identity: parameters, and a version that changes with the model. */
  readonly header: Readonly<Record<string, unknown>>;
}

/** 2^27 rows are 1 GiB of row table: beyond it a finer phantom should come from a file. */
const MAX_ROWS = 2 ** 27;
/** Points in a row: the row buffer, one byte each. */
const MAX_ROW_POINTS = 2 ** 20;

export function latticeSource(lattice: Lattice, model: LatticeModel, options: LatticeOptions): PhantomSource {
  const { spacing, centre } = lattice;
  const [nx, ny, nz] = lattice.size;
  if (ny * nz > MAX_ROWS || nx > MAX_ROW_POINTS) {
    throw usage(`${options.name} would be a lattice of ${nx} × ${ny} × ${nz} points`, 'give a larger voxel');
  }
  const start = startOf(lattice);
  const row = new Uint8Array(nx);
  const paint = (r: number): void => {
    row.fill(0);
    model.paintRow(row, start[0], spacing, start[1] + (r % ny) * spacing, start[2] + Math.floor(r / ny) * spacing);
  };
  const perVoxel = options.spinsPerVoxel;
  const counted = countRows(lattice, row, paint, perVoxel);
  const { before, spinCount } = counted;
  if (spinCount === 0) throw usage(`${options.name} holds no spins`, 'give a smaller voxel or a wider range');
  if (!Number.isSafeInteger(spinCount)) throw usage(`${options.name} holds 2^53 spins`, 'give a larger voxel');
  const offsets = subVoxelOffsets(lattice, options);
  const columns = tissueColumns(model.tissues);

  const read = (first: number, count: number, into: SpinBlock): void => {
    let r = rowOf(before, first);
    let skip = first - before[r];
    for (let n = 0; n < count; r++, skip = 0) {
      if (before[r + 1] === before[r]) continue;
      paint(r);
      const y = start[1] + (r % ny) * spacing;
      const z = start[2] + Math.floor(r / ny) * spacing;
      let spin = before[r];
      for (let i = 0; i < nx && n < count; i++) {
        if (row[i] === 0) continue;
        if (skip >= perVoxel) {
          skip -= perVoxel;
          spin += perVoxel;
          continue;
        }
        const x = start[0] + i * spacing;
        const tissue = model.refine ? model.refine(row[i], x, y, z) : row[i];
        for (let s = skip; s < perVoxel && n < count; s++, n++) {
          const offset = offsets(spin + s, s);
          into.x[n] = centre[0] + x + offset[0];
          into.y[n] = centre[1] + y + offset[1];
          into.z[n] = centre[2] + z + offset[2];
          into.density[n] = columns.density[tissue];
          into.T1[n] = columns.T1[tissue];
          into.T2[n] = columns.T2[tissue];
          into.T2s[n] = columns.T2s[tissue];
          into.offResonance[n] = columns.offResonance[tissue];
        }
        spin += perVoxel;
        skip = 0;
      }
    }
  };

  return {
    name: options.name,
    spinCount,
    B0: options.B0,
    bounds: latticeBounds(lattice, model, counted, perVoxel),
    identity: phantomIdentity('lattice', options.header, spinCount, read),
    residentBytes: before.byteLength + row.byteLength,
    read,
    close() {},
  };
}

/** The first point along each axis, relative to the centre [m]. */
function startOf({ size, spacing }: Lattice): number[] {
  return size.map((points) => (-(points - 1) / 2) * spacing);
}

interface CountedRows {
  /** [rows + 1] spins before row r, rows in order of y, then z */
  readonly before: Float64Array;
  readonly spinCount: number;
  /** First and last occupied point along x, y, z. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Tissue numbers that occur. */
  readonly present: ReadonlySet<number>;
}

function countRows(lattice: Lattice, row: Uint8Array, paint: (r: number) => void, perVoxel: number): CountedRows {
  const [nx, ny, nz] = lattice.size;
  const before = new Float64Array(ny * nz + 1);
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  const seen = new Uint8Array(256);
  for (let r = 0; r < ny * nz; r++) {
    paint(r);
    let occupied = 0;
    let left = -1;
    let right = -1;
    for (let i = 0; i < nx; i++) {
      if (row[i] === 0) continue;
      if (left < 0) left = i;
      right = i;
      seen[row[i]] = 1;
      occupied++;
    }
    before[r + 1] = before[r] + occupied * perVoxel;
    if (occupied === 0) continue;
    const at = [left, r % ny, Math.floor(r / ny)];
    for (let a = 0; a < 3; a++) {
      low[a] = Math.min(low[a], at[a]);
      high[a] = Math.max(high[a], a === 0 ? right : at[a]);
    }
  }
  const present = new Set([...seen.keys()].filter((tissue) => seen[tissue] !== 0));
  return { before, spinCount: before[ny * nz], low, high, present };
}

/** The row that holds spin n: the last with before[r] ≤ n. */
function rowOf(before: Float64Array, n: number): number {
  let low = 0;
  let high = before.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (before[middle] <= n) low = middle;
    else high = middle - 1;
  }
  return low;
}

function tissueColumns(tissues: readonly (Tissue | undefined)[]): Record<keyof Tissue, Float64Array> {
  const column = (key: keyof Tissue): Float64Array => Float64Array.from(tissues, (tissue) => tissue?.[key] ?? 0);
  return {
    density: column('density'),
    T1: column('T1'),
    T2: column('T2'),
    T2s: column('T2s'),
    offResonance: column('offResonance'),
  };
}

/**
 * Places of a voxel's spins relative to its centre [m]. A count that fills a sub-lattice (s² in a plane, s³ in a volume)
 * gets one; any other is scattered over the voxel by a hash of the seed and the spin's number. The returned triple is
 * reused by the next call.
 */
function subVoxelOffsets(
  { dimensions, spacing }: Lattice,
  { spinsPerVoxel, seed }: SubVoxel,
): (spin: number, sub: number) => Float64Array {
  const offset = new Float64Array(3);
  const side = Math.round(spinsPerVoxel ** (1 / dimensions));
  if (side ** dimensions === spinsPerVoxel) {
    const table = Float64Array.from({ length: side }, (_, i) => ((i + 0.5) / side - 0.5) * spacing);
    return (_, sub) => {
      for (let a = 0; a < dimensions; a++) offset[a] = table[Math.floor(sub / side ** a) % side];
      return offset;
    };
  }
  return (spin) => {
    for (let a = 0; a < dimensions; a++) offset[a] = (unitHash(seed, spin, a) - 0.5) * spacing;
    return offset;
  };
}

/** A number in [0, 1) from three integers: murmur3's finaliser over their 32-bit halves. */
function unitHash(seed: number, spin: number, axis: number): number {
  let h = Math.imul(seed | 0, 0x9e3779b1) ^ axis;
  for (const word of [spin | 0, Math.floor(spin / 2 ** 32) | 0]) {
    h = Math.imul(h ^ word, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

function latticeBounds(
  lattice: Lattice,
  model: LatticeModel,
  { low, high, present }: CountedRows,
  perVoxel: number,
): PhantomBounds {
  const { spacing, centre, dimensions } = lattice;
  // Spins of a shared voxel lie up to half a spacing from its centre.
  const spread = (axis: number): number => (perVoxel > 1 && axis < dimensions ? spacing / 2 : 0);
  const start = startOf(lattice);
  const place = (index: number, axis: number): number => centre[axis] + (start[axis] + index * spacing);
  const edge = (indices: readonly number[], sign: number): [number, number, number] => [
    Math.fround(place(indices[0], 0) + sign * spread(0)),
    Math.fround(place(indices[1], 1) + sign * spread(1)),
    Math.fround(place(indices[2], 2) + sign * spread(2)),
  ];
  const used = [...new Set([...present, ...(model.refined ?? [])])].map((tissue) => model.tissues[tissue]!);
  const f32 = (pick: (tissue: Tissue) => number): number[] => used.map((tissue) => Math.fround(pick(tissue)));
  return {
    maxDensity: Math.max(...f32((tissue) => Math.abs(tissue.density))),
    min: edge(low, -1),
    max: edge(high, 1),
    maxOffResonance: Math.max(...f32((tissue) => Math.abs(tissue.offResonance))),
    minT1: Math.min(...f32((tissue) => tissue.T1)),
    minT2: Math.min(...f32((tissue) => tissue.T2)),
  };
}
