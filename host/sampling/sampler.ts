/**
 * Requirements of a sequence on a phantom's spins: how thick a slab has to be and how many spins a
 * voxel needs, so that magnetisation dephased by gradients sums to zero. A function of sequence and
 * phantom only: orders from the phase graph, slices by trial of one column.
 */
import {
  type CountedVoxels,
  chooseSet,
  filled,
  levelOfSet,
  rankOne,
  type SpinChoice,
  type SpinSampler,
} from '../phantom/sub-voxel.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import type { Timeline } from '../timeline/types.ts';
import { pulseCount } from '../timeline/windows.ts';
import { type LayerErrors, layerTrial, SCALE_TOLERANCE } from './column.ts';
import {
  type Orders,
  phaseGraph,
  sliceOf,
  slicesOf,
  type TissueClass,
  type Vector,
  windsOneWay,
} from './phase-graph.ts';
import { type FoundPlaces, searchByTrial } from './point-search.ts';
import { momentsTurn } from './point-trial.ts';

/**
 * Largest spurious echo, relative to the signal, when the number of spins is chosen here: well
 * below the 2.5 % of ghosting that a scanner may have (percent signal ghosting of the American
 * College of Radiology's phantom test; limits tabulated in doi 10.1002/acm2.13730). For 1 % the
 * built-in scans of the head need a quarter more spins than for 2 % (median).
 */
const TOLERANCE = 0.01;
/**
 * Thickness of the slab relative to the slice, so that it includes the flanks. At the ends of the
 * slab a pulse's own signal does not cancel under the spoiler, and unlike an echo it is not
 * encoded: for a spin echo's 180° pulse it is 5e-4 of the echo at 2.6 slices, concentrated in one
 * row of the image to 8 %; 2e-5 at 3.2.
 */
export const SLAB_OF_SLICE = 3.2;
/**
 * A plane that dephases along z under hard pulses becomes about this thick: a whole number of
 * cycles [m].
 */
const PLAIN_SLAB = 5e-3;

/** Most voxels along one axis of a pixel. */
const MOST_VOXELS = 16;

/**
 * @param count spins per voxel unless the phantom specifies it; undefined: as many as are needed
 */
export function spinSampler(timeline: Timeline, encoding: Encoding, count?: number): SpinSampler {
  const slices = slicesOf(timeline);
  const slice = sliceOf(timeline);
  const axial = slices.length > 0 && slices.every(({ direction }) => Math.abs(direction[2]) > 0.999);
  const alone = pulseCount(timeline) < 2;
  const turning = momentsTurn(timeline, slice);
  const wantedK = wantedOf(timeline, encoding);
  const pixel = (step: Vector): number | undefined => pixelAlong(encoding, step);
  const encodedZ = pixel([0, 0, 1]) !== undefined;
  const slab = encodedZ ? undefined : axial ? slabOf(slices) : alone ? undefined : plainSlab(timeline, wantedK);
  return {
    slab,
    choose(voxels, own) {
      const { fill, exactly, steps, grid } = refinedGrid(voxels, own ?? count, pixel);
      // One excitation has no order but the wanted one.
      const graph = (tissue: TissueClass): Pick<Orders, 'orders' | 'wanted'> =>
        alone ? { orders: [], wanted: 1 } : phaseGraph(timeline, tissue, wantedK, slice);
      const fixed = exactly === undefined ? {} : { exactly };
      const bySet = (tissue: TissueClass): Demand => {
        const { orders, wanted } = graph(tissue);
        return { wanted, places: (tolerance) => chooseSet(orders, grid, tolerance, fixed) };
      };
      const byTrial = (): ((tissue: TissueClass) => Demand) => {
        const slab = SLAB_OF_SLICE * slice.thickness;
        const trial = layerTrial(timeline, slice, slab, Math.hypot(...steps[2]), exactly);
        const inPlane = !windsOneWay(timeline, slice);
        return (tissue) => {
          const { wanted, most, error } = trial(tissue);
          const places = (tolerance: number): FoundPlaces => {
            const least = exactly ?? fewest(error, most, tolerance);
            const { level, scale } = error(least);
            const layers = { places: rankOne(least, [0, 0, 1]), level, scale };
            // These layers suffice for all orders that are dephased across the slice; orders
            // dephased only in the plane need different positions there too.
            const orders = inPlane ? graph(tissue).orders : [];
            const flat = orders.filter(({ kappa }) => Math.abs(kappa[2]) * slab < 0.5);
            const inFlat = levelOfSet(flat, grid, least, [0, 0, 1]);
            if (inFlat <= tolerance) return layers;
            const counts = exactly === undefined ? { least } : { exactly };
            const set = chooseSet(orders, grid, tolerance, { ...counts, layered: true });
            const together = Math.hypot(layers.level, inFlat);
            return set.level > together ? { ...layers, level: together } : { ...set, scale };
          };
          return { wanted, places };
        };
      };
      // A lattice without steps in the plane is points there.
      const inPixel = (axis: 0 | 1 | 2): number => {
        const length = Math.hypot(...steps[axis]);
        if (length === 0) return 1;
        const across = Math.round((SLAB_OF_SLICE * slice.thickness) / length);
        return Math.max(
          1,
          Math.min(
            Math.round((pixel(steps[axis]) ?? across * length) / length),
            MOST_VOXELS,
            voxels.size[axis] * fill[axis],
          ),
        );
      };
      const searched = (): ((tissue: TissueClass) => Demand) =>
        searchByTrial(timeline, slice, wantedK, { steps, counts: [inPixel(0), inPixel(1), inPixel(2)] }, exactly);
      const demand = turning ? searched() : !axial || encodedZ ? bySet : byTrial();
      const chosen = forAllTissues(voxels, timeline.B0, demand);
      return { ...chosen, places: chosen.places.map((places) => filled(places, fill)) };
    },
  };
}

/**
 * Voxels refined to parts, each of which holds `exactly` so many spins where a number is stated.
 * @param pixel size of a pixel along a step; undefined where the sequence does not encode it
 */
function refinedGrid(voxels: CountedVoxels, stated: number | undefined, pixel: (step: Vector) => number | undefined) {
  // A lattice coarser than the pixels is refined first, so that a picture shows tissue and not
  // dots: the replicas of the image that a lattice of points makes in k-space begin to overlap
  // with it where the lattice is one pixel wide, and at two they lie inside.
  const whole = voxels.steps.map((step, axis) => {
    const fine = pixel(step);
    const asItIs = fine === undefined || voxels.size[axis] === 1;
    return asItIs ? 1 : Math.max(1, Math.round(Math.hypot(...step) / fine));
  });
  const fill = stated === undefined ? whole : partsFor(stated, whole);
  const exactly = stated === undefined ? undefined : stated / fill.reduce((product, parts) => product * parts, 1);
  const steps = voxels.steps.map((step, axis) => step.map((part) => part / fill[axis])) as unknown as Steps;
  const [a, b, c] = steps;
  const extent = (axis: 0 | 1): number => voxels.size[axis] * Math.hypot(...voxels.steps[axis]);
  const grid = {
    steps,
    planes: voxels.planes * fill[2],
    pixel: [pixel(a) ?? extent(0), pixel(b) ?? extent(1), pixel(c)],
  };
  return { fill, exactly, steps, grid };
}

/**
 * Largest number of parts of a voxel among which a stated number of spins can be shared evenly,
 * with a limit along each axis.
 */
function partsFor(spins: number, [a, b, c]: readonly number[]): [number, number, number] {
  let best: [number, number, number] = [1, 1, 1];
  for (let i = 1; i <= a!; i++)
    for (let j = 1; j <= b!; j++)
      for (let k = 1; k <= c!; k++)
        if (spins % (i * j * k) === 0 && i * j * k > best[0] * best[1] * best[2]) best = [i, j, k];
  return best;
}

type Steps = CountedVoxels['steps'];

/** The fewest layers within the tolerances, or those with the smallest excess. */
function fewest(errorOf: LayerErrors['error'], most: number, tolerance: number): number {
  let [best, nearest] = [most, Number.POSITIVE_INFINITY];
  for (let layers = 1; layers <= most; layers++) {
    const { visible, scale } = errorOf(layers);
    const excess = Math.max(visible / tolerance, scale / SCALE_TOLERANCE);
    if (excess <= 1) return layers;
    if (excess < nearest) [best, nearest] = [layers, excess];
  }
  return best;
}

/** Requirements of one tissue: positions for the error allowed relative to its own signal. */
interface Demand {
  /** Energy of its signal in a readout, for a density of 1. */
  readonly wanted: number;
  places(tolerance: number): FoundPlaces;
}

/**
 * Positions by tissue. Tissues may have different numbers of spins. Errors fall about as e^{−N/T2},
 * so the total number of spins is smallest if the squared tolerance is shared out in proportion to
 * voxels × T2, each tissue's error weighted by its share of the image's energy.
 */
function forAllTissues(
  { tissues, B0 }: CountedVoxels,
  scannerB0: number,
  demandOf: (tissue: TissueClass) => Demand,
): SpinChoice {
  const classes = new Map<string, { demand: Demand; weight: number; need: number }>();
  const keys = tissues.map(({ tissue, count }) => {
    const { T1, T2, density } = tissue;
    const offset = (tissue.offResonance / (2 * Math.PI)) * (scannerB0 / B0);
    const key = `${T1} ${T2} ${offset}`;
    const known = classes.get(key) ?? { demand: demandOf({ T1, T2, offset }), weight: 0, need: 0 };
    known.weight += count * density ** 2 * known.demand.wanted;
    known.need += count * T2;
    classes.set(key, known);
    return key;
  });
  const total = [...classes.values()].reduce((sum, { weight }) => sum + weight, 0);
  const needed = [...classes.values()].reduce((sum, { need }) => sum + need, 0);
  let [error, most] = [0, 0];
  const found = new Map(
    [...classes].map(([key, { demand, weight, need }]) => {
      const share = weight / total || 0;
      const { places, level, scale = 0 } = demand.places(TOLERANCE * Math.sqrt(need / needed / Math.max(1e-6, share)));
      error += share * level ** 2;
      most = Math.max(most, scale);
      return [key, places];
    }),
  );
  return { places: keys.map((key) => found.get(key)!), level: Math.sqrt(error), scale: most };
}

/**
 * k of the wanted signal at the first sample of a readout, patient axes. Across a slice that is not
 * otherwise encoded it is 0, whatever the gradients are: an echo that is not refocused there has no
 * signal.
 */
export function wantedOf(timeline: Timeline, encoding: Encoding): (readout: number) => Vector {
  const { direction, thickness } = sliceOf(timeline);
  if (!Number.isFinite(thickness) || pixelAlong(encoding, direction) !== undefined) return encoding.start;
  return (readout) => {
    const k = encoding.start(readout);
    const across = k[0] * direction[0] + k[1] * direction[1] + k[2] * direction[2];
    return [k[0] - across * direction[0], k[1] - across * direction[1], k[2] - across * direction[2]];
  };
}

/** Pixel size along a direction; undefined where nothing encodes it. */
export function pixelAlong({ axes, encodedMatrix, reconFov, reconMatrix }: Encoding, step: Vector): number | undefined {
  const frame = axes ?? [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const share = frame.map((axis) => Math.abs(axis[0] * step[0] + axis[1] * step[1] + axis[2] * step[2]));
  const most = share.indexOf(Math.max(...share));
  return encodedMatrix[most] > 1 ? reconFov[most] / reconMatrix[most] : undefined;
}

function slabOf(slices: ReturnType<typeof slicesOf>): NonNullable<SpinSampler['slab']> {
  const ends = slices.flatMap(({ position, thickness, direction }) =>
    [-1, 1].map((side) => position * direction[2] + side * (SLAB_OF_SLICE / 2) * thickness),
  );
  return { from: Math.min(...ends), to: Math.max(...ends), planes: slices.length };
}

/**
 * A whole number of cycles of the most frequent moment, about `PLAIN_SLAB` thick; undefined if none
 * dephases along z.
 */
function plainSlab(timeline: Timeline, wanted: (readout: number) => Vector): SpinSampler['slab'] {
  const { moment, orders } = phaseGraph(timeline, { T1: 1, T2: 0.1, offset: 0 }, wanted);
  const cycles = Math.abs(moment[2]);
  if (cycles < 1 || !orders.some(({ kappa }) => Math.abs(kappa[2]) > 1)) return undefined;
  const half = Math.ceil(PLAIN_SLAB * cycles) / cycles / 2;
  return { from: -half, to: half };
}
