/**
 * Places of a voxel's spins by trial (point-trial.ts), for sequences whose moments turn: sets of growing size are played until
 * one is within the tolerance. Layers across the voxel do best against a spoiler along one direction; moments that turn in the plane want
 * different places there, and both together a few such columns.
 */
import { evenPlaces, filled, rankOne, type SubVoxelPlaces } from '../phantom/sub-voxel.ts';
import type { Timeline } from '../timeline/types.ts';
import type { Slice, TissueClass, Vector } from './phase-graph.ts';
import { type Cell, type PointTrial, placed, pointTrial } from './point-trial.ts';

/** A pixel of voxels on a lattice. */
export interface PixelOfVoxels {
  /** Edges of a voxel [m]. */
  readonly steps: readonly [Vector, Vector, Vector];
  /** Voxels of a pixel along each of them, and across the object where nothing is encoded. */
  readonly counts: readonly [number, number, number];
}

export interface FoundPlaces {
  readonly places: SubVoxelPlaces;
  readonly level: number;
}

/** Spins per voxel that are tried at most, and how much more each time. */
const MAX_SPINS = 400;
const GROWTH = 1.3;
/** From so many spins on only the best kinds of sets are tried. */
const MANY = 16;
const FEW_KINDS = 2;
/** Columns of layers beside each other in a voxel. */
const COLUMNS = [2, 3, 4, 6, 8, 12];
/** The second pixel that is looked at lies so many pixels from the first: moments that turn add a phase that grows with the distance. */
const APART = 15.37;

/**
 * @param exactly the one number of spins that is tried
 * @returns for a tissue the energy of its signal, and the smallest set within a tolerance or else the best there is
 */
export function searchByTrial(
  timeline: Timeline,
  slice: Slice,
  wanted: (readout: number) => Vector,
  pixel: PixelOfVoxels,
  exactly?: number,
): (tissue: TissueClass) => Pick<PointTrial, 'wanted'> & { places(tolerance: number): FoundPlaces } {
  const cells = cellsOf(pixel, slice);
  const trial = pointTrial(timeline, slice, wanted, cells);
  return (tissue) => {
    const { wanted, level } = trial(tissue);
    const levelOf = (places: SubVoxelPlaces): number =>
      level(cells.map((cell) => ({ places: placed(filled(places, pixel.counts), cell) })));
    // By kind and size: another tolerance asks for the same sets.
    const tried = new Map<string, number>();
    const places = (tolerance: number): FoundPlaces => {
      let best: FoundPlaces = { places: rankOne(1, [0, 0, 1]), level: Number.POSITIVE_INFINITY };
      let kinds = KINDS;
      for (let size = exactly ?? 1; size <= (exactly ?? MAX_SPINS); size = Math.ceil(GROWTH * size)) {
        const levels = kinds.map((kind) => {
          const places = kind(size, exactly !== undefined);
          if (places === undefined) return Number.POSITIVE_INFINITY;
          const key = `${KINDS.indexOf(kind)} ${size}`;
          const found = tried.get(key) ?? levelOf(places);
          tried.set(key, found);
          if (found < best.level) best = { places, level: found };
          return found;
        });
        if (best.level <= tolerance && exactly === undefined) return best;
        if (size >= MANY && kinds.length > FEW_KINDS) {
          const ranked = levels.map((found, n) => ({ found, kind: kinds[n] })).sort((x, y) => x.found - y.found);
          kinds = ranked.slice(0, FEW_KINDS).map(({ kind }) => kind);
        }
      }
      return best;
    };
    return { wanted, places };
  };
}

/** Places of about so many spins, or of exactly so many; undefined where a kind has none. */
type Kind = (size: number, exactly: boolean) => SubVoxelPlaces | undefined;

/** The plainest first. */
const KINDS: readonly Kind[] = [
  (size) => rankOne(size, [0, 0, 1]),
  (size) => (size > 1 ? evenPlaces(size, 3) : undefined),
  (size) => (size > 1 ? evenPlaces(size, 2) : undefined),
  ...COLUMNS.map(
    (columns): Kind =>
      (size, exactly) => {
        const layers = Math.round(size / columns);
        return layers < 2 || (exactly && layers * columns !== size) ? undefined : columnsOf(columns, layers);
      },
  ),
];

/** Columns at places that fill the plane, their layers at different heights. */
function columnsOf(columns: number, layers: number): SubVoxelPlaces {
  const plane = evenPlaces(columns, 2);
  const count = columns * layers;
  return Float64Array.from({ length: 3 * count }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    const [column, layer] = [Math.floor(n / layers), n % layers];
    return axis < 2 ? plane[3 * column + axis] : (layer * columns + column + 0.5) / count - 0.5;
  });
}

function cellsOf({ steps, counts }: PixelOfVoxels, { position, direction }: Slice): Cell[] {
  const edges = steps.map((step, i) => step.map((part) => part * counts[i])) as unknown as Cell['edges'];
  const encoded = edges.filter((edge) => Math.abs(edge.reduce((sum, part, i) => sum + part * direction[i], 0)) < 1e-9);
  return [0, APART].map((shift) => ({
    middle: [0, 1, 2].map((i) =>
      encoded.reduce((sum, edge, n) => sum + (shift * edge[i]) / (n + 1), position * direction[i]),
    ) as unknown as Vector,
    edges,
  }));
}
