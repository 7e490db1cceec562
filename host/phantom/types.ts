/**
 * What a phantom is to the rest of Larmor: a number of spins that can be read in any contiguous range without holding
 * the others. Values are rounded to f32 on reading, and every engine computes from those.
 */
import type { Meters, Tesla } from '../base/units.ts';

/** Struct of arrays, one entry per spin. */
export interface SpinBlock {
  /** [n] m, LPS */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  /** [n] proton density, relative */
  readonly density: Float32Array;
  /** [n] s */
  readonly T1: Float32Array;
  readonly T2: Float32Array;
  /** [n] s; carried, not simulated yet */
  readonly T2s: Float32Array;
  /** [n] off-resonance at the phantom's own B0 [rad/s] */
  readonly offResonance: Float32Array;
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
  /** Field that `offResonance` belongs to; the timeline's B0 scales it. */
  readonly B0: Tesla;
  readonly bounds: PhantomBounds;
  /** Canonical description that enters the plan's hash: size, header, digest of sampled chunks. Same phantom, same text. */
  readonly identity: string;
  /** Of a phantom of voxels: the spins of each, by tissue, and their predicted spurious echo over the signal where a sequence was asked. */
  readonly spins?: { readonly least: number; readonly most: number; readonly level?: number };
  /** Bytes this source holds for as long as it is open (label image, run table …), for `larmor plan`. */
  readonly residentBytes: number;
  /**
   * Writes spins [first, first + count) to the front of `into`.
   * @throws LarmorError 65 naming file and spin if a value cannot be simulated (T1 or T2 not positive and finite, NaN anywhere)
   */
  read(first: number, count: number, into: SpinBlock): void;
  close(): void;
}

/** Views for `count` spins over one buffer (shared or not), the eight arrays one after the other. */
export function spinBlock(count: number, buffer?: ArrayBufferLike, byteOffset = 0, stride = count): SpinBlock {
  const memory = buffer ?? new ArrayBuffer(SPIN_BYTES * stride);
  const column = (n: number): Float32Array => new Float32Array(memory, byteOffset + 4 * n * stride, count);
  return {
    x: column(0),
    y: column(1),
    z: column(2),
    density: column(3),
    T1: column(4),
    T2: column(5),
    T2s: column(6),
    offResonance: column(7),
  };
}

/** Bytes of one spin in a `SpinBlock`. */
export const SPIN_BYTES = 32;
