/**
 * How a phantom is cut into tiles: spins in order, `tileSize` at a time. Spins of one group share a
 * timeline, so no tile crosses from one group to the next; the last of each may hold fewer spins.
 */
import type { PhantomSource } from '../phantom/types.ts';

export { PANEL } from '../abi/abi.generated.ts';

/** Spins [first, first + count) of one group. */
export interface TileSpins {
  readonly first: number;
  readonly count: number;
  readonly group: number;
}

export interface TileCut {
  readonly tileCount: number;
  spinsOf(tile: number): TileSpins;
}

export function tileCut(source: Pick<PhantomSource, 'spinCount' | 'model'>, tileSize: number): TileCut {
  const sizes = source.model?.groups ?? [source.spinCount];
  /** [groups + 1] the first tile and the first spin of each group. */
  const tiles = [0];
  const spins = [0];
  for (const [group, size] of sizes.entries()) {
    tiles.push(tiles[group] + Math.ceil(size / tileSize));
    spins.push(spins[group] + size);
  }
  return {
    tileCount: tiles.at(-1)!,
    spinsOf(tile) {
      let group = 0;
      while (tiles[group + 1] <= tile) group++;
      const first = spins[group] + (tile - tiles[group]) * tileSize;
      return { first, count: Math.min(tileSize, spins[group + 1] - first), group };
    },
  };
}
