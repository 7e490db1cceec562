/**
 * Where the spins that share a voxel lie in it. A count that fills a sub-lattice (s² in a plane, s³ in a volume) gets one;
 * any other is scattered over the voxel by a hash of the seed and the spin's number, so that spin n needs no other.
 */
import type { Lattice } from './lattice.ts';

export interface SubVoxel {
  readonly spinsPerVoxel: number;
  readonly seed: number;
  /** Axes along which a voxel's spins spread: i, j, k, or i and j alone in a plane. */
  readonly dimensions: 2 | 3;
}

/** Place of spin number `spin`, the `sub`-th of its voxel, relative to the voxel's centre [x, y, z in m]; one triple, reused. */
export type SubVoxelPlaces = (spin: number, sub: number) => Float64Array;

export function subVoxelPlaces(
  { steps }: Pick<Lattice, 'steps'>,
  { spinsPerVoxel, seed, dimensions }: SubVoxel,
): SubVoxelPlaces {
  const place = new Float64Array(3);
  const put = (fraction: (axis: number) => number): Float64Array => {
    place.fill(0);
    for (let axis = 0; axis < dimensions; axis++) {
      const part = fraction(axis);
      for (let x = 0; x < 3; x++) place[x] += part * steps[axis][x];
    }
    return place;
  };
  const side = Math.round(spinsPerVoxel ** (1 / dimensions));
  if (side ** dimensions === spinsPerVoxel) {
    const table = Array.from({ length: spinsPerVoxel }, (_, sub) =>
      put((axis) => ((Math.floor(sub / side ** axis) % side) + 0.5) / side - 0.5).slice(),
    );
    return (_, sub) => table[sub];
  }
  return (spin) => put((axis) => unitHash(seed, spin, axis) - 0.5);
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
