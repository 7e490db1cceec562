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
const MAX_SPINS = 600;
const GROWTH = 1.2;
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
    const tried = new Map<string, number>();
    const levelOf = ({ name, places }: Candidate): number => {
      const known =
        tried.get(name) ?? level(cells.map((cell) => ({ places: placed(filled(places, pixel.counts), cell) })));
      tried.set(name, known);
      return known;
    };
    const places = (tolerance: number): FoundPlaces => {
      let best: FoundPlaces = { places: rankOne(1, [0, 0, 1]), level: Number.POSITIVE_INFINITY };
      for (
        let size = exactly ?? 1;
        size <= (exactly ?? MAX_SPINS);
        size = Math.max(size + 1, Math.round(GROWTH * size))
      )
        for (const candidate of candidatesOf(size, exactly !== undefined)) {
          const level = levelOf(candidate);
          if (level < best.level) best = { places: candidate.places, level };
          if (level <= tolerance && exactly === undefined) return best;
        }
      return best;
    };
    return { wanted, places };
  };
}

interface Candidate {
  readonly name: string;
  readonly places: SubVoxelPlaces;
}

function candidatesOf(size: number, exactly: boolean): Candidate[] {
  const found: Candidate[] = [{ name: `layers ${size}`, places: rankOne(size, [0, 0, 1]) }];
  if (size === 1) return found;
  found.push(
    { name: `space ${size}`, places: evenPlaces(size, 3) },
    { name: `plane ${size}`, places: evenPlaces(size, 2) },
  );
  for (const columns of COLUMNS) {
    const layers = Math.round(size / columns);
    if (layers < 2 || (exactly && layers * columns !== size)) continue;
    found.push({ name: `columns ${columns} ${layers}`, places: columnsOf(columns, layers) });
  }
  return found;
}

/** Columns at places that fill the plane, their layers at different heights. */
function columnsOf(columns: number, layers: number): SubVoxelPlaces {
  const plane = evenPlaces(columns, 2);
  const count = columns * layers;
  return Float64Array.from({ length: 3 * count }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    const [column, layer] = [Math.floor(n / layers), n % layers];
    return axis < 2 ? plane[3 * column + axis]! : (layer * columns + column + 0.5) / count - 0.5;
  });
}

function cellsOf({ steps, counts }: PixelOfVoxels, { position, direction }: Slice): Cell[] {
  const edges = steps.map((step, i) => step.map((part) => part * counts[i]!)) as unknown as Cell['edges'];
  const encoded = edges.filter((edge) => Math.abs(edge.reduce((sum, part, i) => sum + part * direction[i]!, 0)) < 1e-9);
  return [0, APART].map((shift) => ({
    middle: [0, 1, 2].map((i) =>
      encoded.reduce((sum, edge, n) => sum + (shift * edge[i]!) / (n + 1), position * direction[i]!),
    ) as unknown as Vector,
    edges,
  }));
}
