/**
 * What a phantom is to the rest of Larmor: a number of spins that can be read in any contiguous
 * range without holding the others. Values are rounded to f32 on reading, and every engine computes
 * from those.
 */
import type { Meters, Tesla } from '../base/units.ts';
import { COLUMN_NAMES, COLUMNS, type ColumnName } from './columns.ts';
import type { Motion } from './motion/types.ts';

/** Struct of arrays, one entry per spin: the columns that `columns.ts` declares. */
export type SpinBlock = Readonly<Record<ColumnName, Float32Array>> & {
  /** The columns of a model, in the order of `modelColumns`; absent if there is no model. */
  readonly extra?: readonly Float32Array[];
};

/**
 * What spins have in addition to the base columns, and the bounds of it that engines need. Phase
 * terms: a spin rotates by −2π Σ κ_i·q_i in addition to k·r + Δf·t, with κ from the timeline and q
 * from the spin.
 */
export interface Model {
  /** Columns q. */
  readonly terms: number;
  /** B1+ columns; excitations name one. */
  readonly transmits: number;
  /** Receive coils; 0: one channel of weight 1. */
  readonly coils: number;
  /** Of a pass over some of the coils: how many there are, for which methods are chosen. */
  readonly allCoils?: number;
  /**
   * Sets of coil columns: for spins that move among coils, the coefficients of all pieces of time
   * (`Timeline.senses`). Default: one.
   */
  readonly coilSets?: number;
  /**
   * Nodes of the paths that spins follow; 0: none. With any, six more terms slide over the nodes
   * (`OP.slide` of the timeline).
   */
  readonly nodes: number;
  /**
   * Fields fixed in space that moving spins see: nodes in time, and the largest of each value at a
   * node [per unit of its term].
   */
  readonly fields?: { readonly nodes: number; readonly largest: readonly number[] };
  readonly largest: {
    /** [terms] max |q| */
    readonly terms: readonly number[];
    /** max |b| over spins and columns */
    readonly transmit: number;
    /** max |C| over spins and coils: the unit of the sums depends on it. */
    readonly coil: number;
    /** max displacement of a node along any axis [m] */
    readonly node: number;
    /**
     * max difference along any axis between the displacements of a node and of the next [m];
     * default: twice that of a node
     */
    readonly step?: number;
  };
  /**
   * Number of spins of each group; groups are contiguous, and each has a timeline of its own.
   * Default: one group.
   */
  readonly groups?: readonly number[];
}

/** Bounds over all spins, known before the first tile: they size sums and choose kernels. */
export interface PhantomBounds {
  /** max |density| */
  readonly maxDensity: number;
  /** [x, y, z] m */
  readonly min: readonly [Meters, Meters, Meters];
  readonly max: readonly [Meters, Meters, Meters];
  /** max |off-resonance| at the phantom's own B0 [rad/s] */
  readonly maxOffResonance: number;
  /** Smallest T1 and T2 [s]. */
  readonly minT1: number;
  readonly minT2: number;
}

export interface PhantomSource {
  /** File path or built-in name with its parameters: what messages cite. */
  readonly name: string;
  readonly spinCount: number;
  /** All parameters of a built-in phantom or label image, defaults included, in SI. */
  readonly parameters?: Readonly<Record<string, number | string>>;
  /** T1 and T2 are those of the scanner's field. */
  readonly knowsField?: boolean;
  /** Field that `offResonance` belongs to; the timeline's B0 scales it. */
  readonly B0: Tesla;
  readonly bounds: PhantomBounds;
  /** How its spins move, in the order of the file; `motion/moving.ts` makes it a model. */
  readonly motions?: readonly Motion[];
  /** Absent: static spins in one coil and a uniform B1. */
  readonly model?: Model;
  /**
   * Numbers in the file of spins [first, first + count), ascending within a group; absent: they are
   * in the file's order.
   */
  readonly numbersOf?: (first: number, count: number) => Float64Array;
  /** B1+ that the phantom itself states for each of its spins. */
  readonly transmit?: PhantomTransmit;
  /** Magnetisation that the spins start from; absent: thermal equilibrium. */
  readonly initial?: InitialMagnetization;
  /**
   * Canonical description that enters the plan's hash: size, header, digest of sampled chunks. Same
   * phantom, same text.
   */
  readonly identity: string;
  /** The part of it that says how spins move; absent: they do not. */
  readonly motionIdentity?: string;
  /**
   * For a phantom of voxels: the spins per voxel, by tissue, and if the sequence is known their
   * predicted spurious echo and error of the sum over the slice (`SpinChoice`).
   */
  readonly spins?: {
    readonly least: number;
    readonly most: number;
    readonly level?: number;
    readonly scale?: number;
  };
  /**
   * Bytes this source holds for as long as it is open (label image, run table …), for `larmor
   * plan`.
   */
  readonly residentBytes: number;
  /**
   * Writes spins [first, first + count) to the front of `into`, the columns of `model` included.
   * @throws LarmorError 65 naming file and spin if a value cannot be simulated (T1 or T2 not
   * positive and finite, NaN anywhere)
   */
  read(first: number, count: number, into: SpinBlock): void;
  close(): void;
}

/** B1+ over its nominal value, spin by spin. */
export interface PhantomTransmit {
  readonly channels: number;
  /** Largest modulus of any channel. */
  readonly largest: number;
  readonly identity: string;
  /** Writes spins [first, first + count) to the front of [channels][re, im]. */
  read(first: number, count: number, columns: readonly Float64Array[]): void;
}

/** Magnetisation of the spins at the start of the sequence, in the frame that turns with B0. */
export interface InitialMagnetization {
  /** A file, or what messages call an array. */
  readonly name: string;
  /**
   * Writes [count][x, y, z], in units of the density, of spins [first, first + count) in the order
   * of the file.
   */
  read(first: number, count: number, into: Float64Array): void;
}

/** Received signals: one per coil, or a single one of weight 1 without coils. */
export const channelsOf = ({ model }: Pick<PhantomSource, 'model'>): number => Math.max(1, model?.coils ?? 0);

/**
 * Views for `count` spins over one buffer (shared or not), the columns one after the other and then
 * `extra` more.
 */
export function spinBlock(
  count: number,
  { buffer, byteOffset = 0, stride = count, extra = 0 }: SpinBlockOptions = {},
): SpinBlock {
  const memory = buffer ?? new ArrayBuffer(4 * (COLUMNS.length + extra) * stride);
  const column = (n: number): Float32Array => new Float32Array(memory, byteOffset + 4 * n * stride, count);
  const block = Object.fromEntries(COLUMN_NAMES.map((name, n) => [name, column(n)])) as Record<
    ColumnName,
    Float32Array
  >;
  if (extra === 0) return block;
  return { ...block, extra: Array.from({ length: extra }, (_, n) => column(COLUMNS.length + n)) };
}

interface SpinBlockOptions {
  readonly buffer?: ArrayBufferLike;
  readonly byteOffset?: number;
  /** Spins from the start of one column to that of the next. */
  readonly stride?: number;
  readonly extra?: number;
}

/** Bytes of one spin in a `SpinBlock` without extra columns. */
export const SPIN_BYTES = 4 * COLUMNS.length;
