/**
 * Positions of the spins that share a voxel, and how well a set of positions represents the whole
 * voxel.
 *
 * A set of N is a rank-1 lattice: place n along axis i is frac(a_i·(n + ½)/N), a_i whole numbers; a
 * = (0, 0, 1) are N layers along k. The signal of an order κ of the magnetisation (phase-graph.ts)
 * from such a set is D(a·g + …) with the Dirichlet kernel D, and from the full box of the voxel a
 * sinc; the difference is the spurious echo. Its size is known before the simulation, so the
 * smallest sufficient N is found by search. docs/explanation/sub-voxel-spins.md has the derivation.
 */
import type { Meters } from '../base/units.ts';
import type { Lattice } from './lattice.ts';
import type { Tissue } from './tissues.ts';

type Vector = readonly [number, number, number];
type Multipliers = readonly [number, number, number];

/** The parameter of phantoms of voxels that says how many spins share one. */
export const spinsPerVoxel = {
  default: 0,
  unit: '',
  doc: 'spins that share a voxel (0: as many as the sequence needs)',
  minimum: 0,
  integer: true,
} as const;

/** [spins][i, j, k]: positions in a voxel in units of the lattice steps, each in [−½, ½). */
export type SubVoxelPlaces = Float64Array;

/** An order and its energy over the wanted signal's. */
export interface WeightedOrder {
  /** [cycles/m] */
  readonly kappa: Vector;
  readonly energy: number;
}

/** The voxels that a set has to serve. */
export interface Voxels {
  readonly steps: Lattice['steps'];
  /** Voxels along k that add up to one pixel, where k is not encoded. */
  readonly planes: number;
  /** Pixel along i, j, k [m]; undefined where nothing encodes. */
  readonly pixel: readonly (Meters | undefined)[];
}

/** The voxels of a phantom before it has spins. */
export interface CountedVoxels extends Pick<Voxels, 'steps' | 'planes'> {
  readonly size: Lattice['size'];
  /** Tissues that occur, and how many voxels of each. */
  readonly tissues: readonly { readonly tissue: Tissue; readonly count: number }[];
  /** Field that the tissues' off-resonance belongs to [T]. */
  readonly B0: number;
}

export interface SpinChoice {
  /** By tissue. */
  readonly places: readonly SubVoxelPlaces[];
  /** Predicted spurious echo, relative to the signal. */
  readonly level?: number | undefined;
  /**
   * Predicted error of the sum over the slice for the tissue with the largest error, relative to
   * its signal.
   */
  readonly scale?: number | undefined;
}

/** Requirements of a sequence on the spins of a phantom on a lattice, derived from a timeline. */
export interface SpinSampler {
  /**
   * Thickness of a single plane of voxels, and its middle along z, so that magnetisation can
   * dephase across a slice. Undefined if nothing dephases along z. `planes`: the number of slices
   * within; spins outside are not excited.
   */
  readonly slab: { readonly from: Meters; readonly to: Meters; readonly planes?: number } | undefined;
  /** @param count undefined: as many as are needed */
  choose(voxels: CountedVoxels, count: number | undefined): SpinChoice;
}

/**
 * Errors at the edges of a tissue, where the sum over voxels ends, as a fraction of those of a
 * single voxel.
 */
const EDGE = 0.1;
/** Larger sets are not tried. */
const MAX_SET = 128;

/** N places by multipliers; along an axis with multiplier 0 all are in the middle. */
export function rankOne(count: number, multipliers: Multipliers): SubVoxelPlaces {
  const places = new Float64Array(3 * count);
  for (let n = 0; n < count; n++)
    for (const [axis, a] of multipliers.entries()) {
      const turn = a * ((n + 0.5) / count - 0.5);
      places[3 * n + axis] = turn - Math.floor(turn + 0.5);
    }
  return places;
}

/** A cubic lattice of side^dimensions places, as a finer image would have. */
export function gridPlaces(side: number, dimensions: 2 | 3): SubVoxelPlaces {
  const count = side ** dimensions;
  return Float64Array.from({ length: 3 * count }, (_, at) => {
    const [n, axis] = [Math.floor(at / 3), at % 3];
    return axis < dimensions ? ((Math.floor(n / side ** axis) % side) + 0.5) / side - 0.5 : 0;
  });
}

/** Without a sequence: points that fill the voxel evenly, along k first. */
export function evenPlaces(count: number, dimensions: 2 | 3): SubVoxelPlaces {
  // The golden ratio's and its 3-D companion's multiples spread best of all.
  const near = (ratio: number): number => {
    let a = Math.max(1, Math.round(count * ratio));
    while (a > 1 && commonDivisor(a, count) > 1) a--;
    return a;
  };
  return rankOne(count, dimensions === 2 ? [near(0.618034), 1, 0] : [near(0.754878), near(0.56984), 1]);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/**
 * The smallest set of at least `least` spins whose spurious echo is predicted to be within
 * `tolerance`; `exactly` fixes the number. If there is none, the best set that was tried.
 * `layered`: all spins at different heights along k, as a slice profile requires.
 */
export function chooseSet(
  orders: readonly WeightedOrder[],
  voxels: Voxels,
  tolerance: number,
  {
    least = 1,
    exactly,
    layered,
  }: { readonly least?: number; readonly exactly?: number; readonly layered?: boolean } = {},
): { readonly places: SubVoxelPlaces; readonly level: number } {
  const strong = strongest(orders, voxels);
  const directions = [0, 1, 2].map(
    (axis) => (windowOf(voxels)[axis] ?? 0) >= 1 || strong.some(({ cycles }) => Math.abs(cycles[axis]) > 1e-3),
  );
  let best = { count: exactly ?? least, multipliers: [0, 0, 1] as Multipliers, level: Number.POSITIVE_INFINITY };
  for (let count = exactly ?? least; count <= (exactly ?? Math.max(MAX_SET, least)); count++) {
    for (const multipliers of candidates(count, directions)) {
      if (layered && multipliers[2] !== 1) continue;
      const interior = levelOf(strong, voxels, count, multipliers);
      if (interior >= best.level) continue;
      const level = Math.sqrt(interior ** 2 + EDGE ** 2 * edgeEnergy(strong, voxels, count, multipliers));
      if (level < best.level) best = { count, multipliers, level };
      if (level <= tolerance && exactly === undefined) break;
    }
    if (best.level <= tolerance) break;
  }
  return { places: rankOne(best.count, best.multipliers), level: best.level };
}

/** Predicted spurious echo of one set. */
export function levelOfSet(
  orders: readonly WeightedOrder[],
  voxels: Voxels,
  count: number,
  multipliers: Multipliers,
): number {
  return levelOf(strongest(orders, voxels), voxels, count, multipliers);
}

/** The same positions repeated in each part of a voxel that is divided along i, j, k. */
export function filled(places: SubVoxelPlaces, [ni, nj, nk]: readonly number[]): SubVoxelPlaces {
  const parts = [ni, nj, nk];
  const count = ni * nj * nk;
  return Float64Array.from({ length: count * places.length }, (_, at) => {
    const part = Math.floor(at / places.length);
    const axis = at % 3;
    const index = [part % ni, Math.floor(part / ni) % nj, Math.floor(part / (ni * nj))][axis];
    return (index + 0.5 + places[at % places.length]) / parts[axis] - 0.5;
  });
}

/** Orders that are weighed. */
const WEIGHED = 300;

/**
 * The strongest orders in cycles per step. In a scan whose moments rotate from pulse to pulse
 * (spokes, spirals) there are thousands, each weak, and most of their energy is beyond the first
 * few hundred; therefore orders that a set of positions cannot distinguish are merged into one.
 */
function strongest(orders: readonly WeightedOrder[], voxels: Voxels): StrongOrder[] {
  // The lattice itself is visible if the image resolves its period: as a replica of the wanted
  // order.
  const wanted: StrongOrder = { cycles: [0, 0, 0], energy: 1 };
  const all = orders.map(({ kappa, energy }) => ({ cycles: cyclesPerStep(kappa, voxels.steps), energy }));
  return [wanted, ...(all.length > WEIGHED ? merged(all, voxels) : all)].slice(0, WEIGHED);
}

/**
 * Merges orders that lie close together into the strongest of them, with the energy of all; in
 * order of falling energy.
 */
function merged(orders: readonly StrongOrder[], voxels: Voxels): StrongOrder[] {
  const window = windowOf(voxels);
  const known = new Map<string, { cycles: Vector; energy: number }>();
  for (const { cycles, energy } of orders) {
    // The kernel of a set of positions is about one cycle per voxel wide, so orders closer than a
    // sixteenth are alike; along encoded axes the same replicas must fall in the image's window.
    const key = window
      .map((half, axis) => {
        const u = cycles[axis];
        return half === undefined
          ? Math.round(16 * u)
          : `${Math.ceil(u - half)} ${Math.floor(u + half)} ${Math.round(4 * u)}`;
      })
      .join(',');
    const one = known.get(key);
    if (one) one.energy += energy;
    else known.set(key, { cycles, energy });
  }
  return [...known.values()].sort((a, b) => b.energy - a.energy);
}

/**
 * Sets of this size to try, the simplest first: layers along k, i, j; then lattices in planes and
 * in three dimensions.
 */
function candidates(count: number, directions: readonly boolean[]): Multipliers[] {
  const plain: Multipliers[] = [
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0],
  ];
  if (count === 1) return [[0, 0, 1]];
  const sets: Multipliers[] = plain.filter((set) => directions[set.indexOf(1)]);
  if (directions.filter(Boolean).length < 2) return sets.length > 0 ? sets : [[0, 0, 1]];
  for (let g = 1; g < count && g <= 24; g++) {
    if (commonDivisor(g, count) > 1) continue;
    if (directions[0] && directions[2]) sets.push([g, 0, 1]);
    if (directions[1] && directions[2]) sets.push([0, g, 1]);
    if (directions[0] && directions[1]) sets.push([g, 1, 0]);
    if (directions.every(Boolean)) sets.push([g, (g * g) % count, 1]);
  }
  return sets;
}

/** κ in cycles per step along i, j, k. */
function cyclesPerStep(kappa: Vector, steps: Lattice['steps']): Vector {
  const along = (step: Vector): number => kappa[0] * step[0] + kappa[1] * step[1] + kappa[2] * step[2];
  return [along(steps[0]), along(steps[1]), along(steps[2])];
}

interface StrongOrder {
  /** Per step along i, j, k. */
  readonly cycles: Vector;
  readonly energy: number;
}

/** Mean of e^{i2πu·((n + ½)/N − ½)} over n. */
function dirichlet(u: number, count: number): number {
  const below = count * Math.sin((Math.PI * u) / count);
  if (Math.abs(below) > 1e-9) return Math.sin(Math.PI * u) / below;
  // At a multiple of N all terms are ±1: the sign is that of (−1)^{(N − 1)·u/N}.
  return (Math.round(u / count) * (count - 1)) % 2 === 0 ? 1 : -1;
}

export const sinc = (u: number): number => (Math.abs(u) < 1e-9 ? 1 : Math.sin(Math.PI * u) / (Math.PI * u));

/** Half the image's window of k along i, j, k, in cycles per step. */
function windowOf({ pixel, steps }: Voxels): (number | undefined)[] {
  return steps.map((step, axis) => (pixel[axis] === undefined ? undefined : Math.hypot(...step) / (2 * pixel[axis])));
}

/**
 * Inside an object of one tissue the voxels form one long lattice: only orders within the image's
 * window of k remain.
 */
function levelOf(orders: readonly StrongOrder[], voxels: Voxels, count: number, [a, b, c]: Multipliers): number {
  const { planes } = voxels;
  const window = windowOf(voxels);
  let sum = 0;
  for (const { cycles, energy } of orders) {
    const ranges = window.map((half, axis) =>
      half === undefined ? [0, 0] : [Math.ceil(cycles[axis] - half), Math.floor(cycles[axis] + half)],
    ) as [number, number][];
    for (let i = ranges[0][0]; i <= ranges[0][1]; i++)
      for (let j = ranges[1][0]; j <= ranges[1][1]; j++)
        for (let k = ranges[2][0]; k <= ranges[2][1]; k++) {
          const along = window[2] === undefined ? cycles[2] : k;
          const points = dirichlet(i * a + j * b + along * c, count);
          const column = window[2] === undefined ? dirichlet(planes * along, planes) : 1;
          const box = i === 0 && j === 0 && k === 0 ? sinc(window[2] === undefined ? planes * along : 0) : 0;
          // The order itself, inside the window, is what a perfect object shows too.
          const wanted = window[2] === undefined ? box : i === 0 && j === 0 && k === 0 ? 1 : 0;
          sum += energy * (points * column - wanted) ** 2;
        }
  }
  return Math.sqrt(sum);
}

/** A voxel by itself: points against box. */
function edgeEnergy(
  orders: readonly StrongOrder[],
  { planes, pixel }: Voxels,
  count: number,
  multipliers: Multipliers,
): number {
  const places = rankOne(count, multipliers);
  let sum = 0;
  for (const { cycles, energy } of orders.slice(0, 60)) {
    let [re, im] = [0, 0];
    for (let n = 0; n < count; n++) {
      const turn =
        2 * Math.PI * (cycles[0] * places[3 * n] + cycles[1] * places[3 * n + 1] + cycles[2] * places[3 * n + 2]);
      re += Math.cos(turn) / count;
      im += Math.sin(turn) / count;
    }
    const column = pixel[2] === undefined ? dirichlet(planes * cycles[2], planes) : 1;
    const box = sinc(cycles[0]) * sinc(cycles[1]) * sinc(pixel[2] === undefined ? planes * cycles[2] : cycles[2]);
    sum += energy * ((re * column - box) ** 2 + (im * column) ** 2);
  }
  return sum;
}
