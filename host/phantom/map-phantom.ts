/**
 * Spins of quantitative maps on one grid: a spin at the centre of every voxel for each tissue that
 * has density there. Values that vary are stored as columns of the occupied voxels only, 8 bytes
 * per spin and 4 more for each map.
 */
import { createHash } from 'node:crypto';
import { badInput } from '../base/errors.ts';
import type { Tesla } from '../base/units.ts';
import { type MapData, requireSameGrid, voxelOf } from '../fields/map.ts';
import { checkExtent, checkSpins, requireRange, surveyOf } from './bounds.ts';
import { digestText } from './digest.ts';
import { phantomIdentity } from './identity.ts';
import { type PhantomSource, type PhantomTransmit, type SpinBlock, spinBlock } from './types.ts';

/** A constant, or one number per voxel from a map of one volume. */
export type MapValues = number | MapData;

export interface MapTissue {
  readonly name: string;
  /** Relative; no spin where it is 0. */
  readonly density: MapValues;
  /** [s], may be infinite */
  readonly T1: MapValues;
  readonly T2: MapValues;
  /** T2′ [s]: 1/T2* = 1/T2 + 1/T2′ */
  readonly T2prime: MapValues;
  /** [Hz] */
  readonly offset: MapValues;
  /** B1+ of each transmit channel over its nominal value, real or complex. */
  readonly transmit: readonly MapValues[];
}

export interface MapPhantom {
  /** As messages name it. */
  readonly path: string;
  /** First word of the identity. */
  readonly kind: string;
  readonly B0: Tesla;
  readonly tissues: readonly MapTissue[];
  readonly warn: (message: string) => void;
}

/** T2′ of T2* and T2; infinite where T2* is not shorter, or unset. */
export const primeOf = (T2star: number, T2: number): number =>
  T2star > 0 && T2star < T2 ? 1 / (1 / T2star - 1 / T2) : Number.POSITIVE_INFINITY;

/** Kernels need finite times; with this one [s] there is no decay. */
const NO_DECAY = 1e6;

/** Columns of the spins of one tissue: numbers where they are all the same. */
interface TissueSpins {
  readonly name: string;
  readonly voxels: Uint32Array;
  readonly columns: Readonly<Record<'density' | 'T1' | 'T2' | 'T2s' | 'offResonance', Float32Array | number>>;
  /** [channels] */
  readonly transmit: readonly { readonly re: Float32Array | number; readonly im: Float32Array | number }[];
}

/** @throws LarmorError 65 naming tissue and voxel of what cannot be simulated */
export function mapPhantom({ path, kind, B0, tissues, warn }: MapPhantom): PhantomSource {
  const grid = gridOf(path, tissues);
  const spins = tissues.map((tissue) => spinsOf(path, tissue, grid, warn)).filter(({ voxels }) => voxels.length > 0);
  const spinCount = spins.reduce((sum, { voxels }) => sum + voxels.length, 0);
  if (spinCount === 0) throw badInput(path, 'every density is 0', 'check its maps');
  for (const tissue of spins) checkTissue(path, grid, tissue);
  /**
   * Calls `use` with the parts of spins [first, first + count) in each tissue: the entry at which a
   * part begins, and its spins.
   */
  const eachPart = (
    first: number,
    count: number,
    use: (tissue: TissueSpins, at: number, from: number, part: number) => void,
  ): void => {
    requireRange(first, count, spinCount);
    let [at, before] = [0, 0];
    for (const tissue of spins) {
      const from = Math.max(0, first - before);
      const part = Math.min(tissue.voxels.length - from, count - at);
      if (part > 0) {
        use(tissue, at, from, part);
        at += part;
      }
      before += tissue.voxels.length;
    }
  };
  const read: PhantomSource['read'] = (first, count, into) =>
    eachPart(first, count, (tissue, at, from, part) => fill(into, at, grid, tissue, from, part));
  const transmit = transmitOf(path, tissues, spins, eachPart);
  const { bounds, digest } = surveyOf(spinCount, read) as Exclude<ReturnType<typeof surveyOf>, Promise<unknown>>;
  checkExtent(path, bounds);
  return {
    name: path,
    spinCount,
    parameters: { tissues: path },
    B0,
    bounds,
    ...(transmit && { transmit }),
    identity: phantomIdentity(kind, { B0 }, spinCount, digestText(digest)),
    residentBytes: spins.reduce((sum, tissue) => sum + bytesOf(tissue), 0),
    read,
    close() {},
  };
}

const bytesOf = ({ voxels, columns }: TissueSpins): number =>
  Object.values(columns).reduce<number>(
    (sum, column) => sum + (typeof column === 'number' ? 0 : column.byteLength),
    voxels.byteLength,
  );

/**
 * B1+ of the spins; undefined where it is nominal everywhere.
 * @throws LarmorError 65 if tissues differ in their channels
 */
function transmitOf(
  path: string,
  tissues: readonly MapTissue[],
  spins: readonly TissueSpins[],
  eachPart: (
    first: number,
    count: number,
    use: (tissue: TissueSpins, at: number, from: number, part: number) => void,
  ) => void,
): PhantomTransmit | undefined {
  if (tissues.every(({ transmit }) => transmit.length === 1 && transmit[0] === 1)) return undefined;
  const channels = tissues[0].transmit.length;
  const odd = tissues.find(({ transmit }) => transmit.length !== channels);
  if (odd !== undefined) {
    const what = `tissue '${odd.name}' has ${odd.transmit.length} B1+ channels, tissue '${tissues[0].name}' ${channels}`;
    throw badInput(path, what, 'give all tissues the same number');
  }
  const hash = createHash('sha256');
  let largest = 0;
  for (const { voxels, transmit } of spins)
    for (const { re, im } of transmit)
      for (let n = 0; n < voxels.length; n++) {
        const [x, y] = [numberOf(re, n), numberOf(im, n)];
        largest = Math.max(largest, Math.hypot(x, y));
        hash.update(Float64Array.of(x, y));
      }
  return {
    channels,
    largest,
    identity: hash.digest('hex'),
    read: (first, count, columns) =>
      eachPart(first, count, ({ transmit }, at, from, part) => {
        for (const [c, { re, im }] of transmit.entries())
          for (let n = 0; n < part; n++) {
            columns[2 * c][at + n] = numberOf(re, from + n);
            columns[2 * c + 1][at + n] = numberOf(im, from + n);
          }
      }),
  };
}

const numberOf = (column: Float32Array | number, n: number): number =>
  typeof column === 'number' ? column : column[n];

/** The voxels that all maps have. */
function gridOf(path: string, tissues: readonly MapTissue[]): MapData {
  const mapsOf = (values: readonly unknown[]): MapData[] =>
    values.filter((value): value is MapData => typeof value === 'object');
  const real = tissues.flatMap(({ name: _, transmit: __, ...values }) => mapsOf(Object.values(values)));
  const [grid, ...others] = [...real, ...tissues.flatMap(({ transmit }) => mapsOf(transmit))];
  if (grid === undefined) throw badInput(path, 'names no map', 'give at least the density of a tissue as a map');
  for (const map of others) requireSameGrid(grid, map);
  for (const map of real) if (map.parts === 2) throw badInput(map.path, 'holds complex numbers', 'give real numbers');
  return grid;
}

function spinsOf(path: string, tissue: MapTissue, { size }: MapData, warn: MapPhantom['warn']): TissueSpins {
  const { name, density } = tissue;
  const at = (quantity: MapValues, voxel: number): number =>
    typeof quantity === 'number' ? quantity : quantity.values[voxel];
  const list: number[] = [];
  for (let voxel = 0; voxel < size[0] * size[1] * size[2]; voxel++) if (!(at(density, voxel) <= 0)) list.push(voxel);
  const voxels = Uint32Array.from(list);
  const column = (quantities: readonly MapValues[], value: (...of: number[]) => number): Float32Array | number =>
    quantities.every((quantity) => typeof quantity === 'number')
      ? value(...(quantities as number[]))
      : Float32Array.from(voxels, (voxel) => value(...quantities.map((quantity) => at(quantity, voxel))));
  const { T1, T2, T2prime, offset } = tissue;
  // With T2 > 2·T1 |M| could exceed its equilibrium; if T2 is not given, transverse decay is
  // therefore the slowest possible.
  const slowest = (t1: number): number => Math.min(NO_DECAY, 2 * t1);
  const decay = (t1: number, t2: number): number =>
    t2 === Number.POSITIVE_INFINITY ? slowest(Math.min(t1, NO_DECAY)) : t2;
  if (T2 === Number.POSITIVE_INFINITY && T1 !== Number.POSITIVE_INFINITY && voxels.length > 0)
    warn(`${path}: tissue '${name}' has no T2; the physical maximum, twice its T1, is used`);
  return {
    name,
    voxels,
    columns: {
      density: column([density], (rho) => rho),
      T1: column([T1], (t1) => Math.min(t1, NO_DECAY)),
      T2: column([T1, T2], decay),
      T2s: column([T1, T2, T2prime], (t1, t2, prime) => 1 / (1 / decay(t1, t2) + 1 / prime)),
      offResonance: column([offset], (hertz) => 2 * Math.PI * hertz),
    },
    transmit: tissue.transmit.map((value) => {
      if (typeof value === 'number') return { re: value, im: 0 };
      requireFinite(value, voxels);
      const part = (k: 0 | 1): Float32Array =>
        Float32Array.from(voxels, (voxel) => value.values[value.parts * voxel + k]);
      return { re: part(0), im: value.parts === 2 ? part(1) : 0 };
    }),
  };
}

/** Checks the voxels that are spins. */
function requireFinite(map: MapData, voxels: Uint32Array): void {
  const { values, parts } = map;
  for (const voxel of voxels)
    for (let n = parts * voxel; n < parts * (voxel + 1); n++)
      if (!Number.isFinite(values[n]))
        throw badInput(map.path, `${voxelOf(map, n)} is ${values[n]}`, 'replace it by a finite number');
}

/** Spins [from, from + count) of a tissue to entries [at, …) of a block. */
function fill(
  into: SpinBlock,
  at: number,
  { size, origin, steps }: MapData,
  tissue: TissueSpins,
  from: number,
  count: number,
): void {
  const [nx, ny] = size;
  const [a, b, c] = steps;
  for (let n = 0; n < count; n++) {
    const voxel = tissue.voxels[from + n];
    const [i, j, k] = [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
    into.x[at + n] = origin[0] + i * a[0] + j * b[0] + k * c[0];
    into.y[at + n] = origin[1] + i * a[1] + j * b[1] + k * c[1];
    into.z[at + n] = origin[2] + i * a[2] + j * b[2] + k * c[2];
  }
  for (const [name, column] of Object.entries(tissue.columns) as [
    keyof TissueSpins['columns'],
    Float32Array | number,
  ][])
    if (typeof column === 'number') into[name].fill(column, at, at + count);
    else into[name].set(column.subarray(from, from + count), at);
}

/** Names the voxel of the first spin that cannot be simulated. */
function checkTissue(path: string, grid: MapData, tissue: TissueSpins): void {
  const count = tissue.voxels.length;
  const block = spinBlock(count);
  fill(block, 0, grid, tissue, 0, count);
  try {
    checkSpins(path, undefined, count, block);
  } catch {
    const one = spinBlock(1);
    for (let n = 0; n < count; n++) {
      fill(one, 0, grid, tissue, n, 1);
      checkSpins(`${path} tissue '${tissue.name}' ${voxelOf(grid, tissue.voxels[n])}`, undefined, 1, one);
    }
  }
}
