/**
 * Whether the spins of a phantom, at any positions, are enough for a sequence: the orders of the
 * sequence (phase-graph.ts) are weighted by the response of the points around a few pixels, a_κ =
 * Σ_n w_n e^{−i2πκ·r_n} / Σ_n w_n, with w the pixel's point-spread function. A perfect object has
 * a_κ = 0 for all orders outside the image's window of k; the remainder is the spurious echo, known
 * before anything is simulated. If pulses select a slice, the points are also compared with a dense
 * column across it (column-points.ts).
 */
import { phasor } from '../numerics/phasor.ts';
import { chooseSet, sinc } from '../phantom/sub-voxel.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Timeline } from '../timeline/types.ts';
import { columnSignal, layerTrial } from './column.ts';
import { type Across, acrossSlab, columnEnergy } from './column-points.ts';
import {
  type Order,
  type Orders,
  phaseGraph,
  type Slice,
  sliceOf,
  type TissueClass,
  type Vector,
} from './phase-graph.ts';
import { MAX_PULSES } from './play-points.ts';
import { searchByTrial } from './point-search.ts';
import {
  type Extent,
  extentsAlong,
  heightIn,
  type Neighbourhood,
  neighbourhoods,
  type PixelSize,
  probesOf,
  type Sampled,
  samples,
  tissueClasses,
} from './point-sets.ts';
import { type Cell, momentsTurn, pointTrial, softly } from './point-trial.ts';
import { SLAB_OF_SLICE } from './sampler.ts';
import { tripleMap } from './triple-map.ts';

export interface EchoPrediction {
  /** Spurious echo relative to the signal, within a factor of about two. */
  readonly level: number;
  /**
   * For a voxel phantom: error of the sum over the slice, for the tissue with the largest error,
   * relative to its signal.
   */
  readonly scale?: number;
  /**
   * The largest contribution: the tissue [s]; its order [cycles/m], unless it is caused by
   * imperfect pulses at the flanks of a slice; and the first pulse after which moments dephase it.
   */
  readonly T1?: number;
  readonly T2?: number;
  readonly order?: Vector;
  readonly pulse?: number;
  /** Moments between pulses turn, so that no one order is to blame. */
  readonly turning?: true;
  /**
   * Computed on request: number of spins per pixel that would be enough, evenly spread; for a
   * slice, within this distance across it [m].
   */
  readonly enough?: () => number;
  readonly within?: number;
  /**
   * If the readouts of a sequence see no refocused echo, so that no level is defined: the order
   * that they see instead [cycles/m].
   */
  readonly dephased?: Vector;
}

/** Orders of each tissue that are weighed, and of a phantom of millions. */
const MAX_ORDERS = 200;
const FEW_ORDERS = 30;
const MILLIONS = 1e6;
/**
 * Largest number of spins × orders, a fifth of a second. If pixels contain more, some thousands
 * each, spins are left out at random.
 */
const MAX_TERMS = 1.5e7;
/**
 * Number of standard deviations up to which the effect of leaving spins out at random on an order
 * counts as zero.
 */
const DEVIATIONS = 3;
/** Level below which nothing is checked: all orders together cannot reach half a per cent. */
const HARMLESS = 0.005;
/**
 * Thickness of the slab that a plane is assumed to become, for the number of spins that would be
 * enough [m].
 */
const SLAB = 10e-3;
/** Remaining spurious echo of a number of spins that counts as enough. */
const ENOUGH = 0.01;

/**
 * Number of pixels, and of points in each, that play the sequence if moments change direction; of
 * the spins around a pixel, those of this many pixels are read.
 */
const TRIAL_PIXELS = 3;
const TRIAL_POINTS = 2000;
const PIXELS_NEAR = 36;
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/**
 * Whether spins are enough for a sequence, by the phase graph and, where a slice is selected, by a
 * dense column across it.
 */
export function checkPoints(
  source: PhantomSource,
  timeline: Timeline,
  wanted: (readout: number) => Vector,
  pixel: PixelSize,
  maxTerms = MAX_TERMS,
): EchoPrediction {
  const slice = sliceOf(timeline);
  const slab = slabOf(slice, pixel);
  const sampled = samples(source, slab);
  if (momentsTurn(timeline, slice)) {
    const prediction = checkByTrial(source, timeline, wanted, pixel, sampled);
    if (prediction !== undefined) return prediction;
  }
  const classes = tissueClasses(sampled)
    .map(({ weight, ...tissue }) => ({ tissue, weight, graph: phaseGraph(timeline, tissue, wanted, slice) }))
    .filter(({ graph }) => graph.wanted > 0);
  const total = classes.reduce((sum, { weight, graph }) => sum + weight * graph.wanted, 0);
  const mostOrders = source.spinCount > MILLIONS ? FEW_ORDERS : MAX_ORDERS;
  const parts = classes.map(({ tissue, weight, graph }) => {
    const share = (weight * graph.wanted) / total;
    return { tissue, graph, share, orders: graph.orders.slice(0, mostOrders) };
  });
  const possible = parts.reduce((sum, { share, orders }) => sum + share * energyOf(orders), 0);
  if (slab === undefined && !(Math.sqrt(possible) > HARMLESS)) return { level: 0 };

  const { probes, near } = probesOf(sampled, pixel);
  // Tissues have their orders in common.
  const known = tripleMap();
  const which = parts.map(({ orders }) => orders.map(({ kappa }) => known.index(...kappa)));
  const kept = Math.min(1, maxTerms / (near * source.spinCount * probes.length * Math.max(FEW_ORDERS, known.count)));
  const pixels = neighbourhoods(source, probes, pixel, slab, kept);
  if (pixels.length === 0) return { level: 0 };
  const kappas = Array.from({ length: known.count }, (_, o): Vector => {
    return [known.keys[3 * o], known.keys[3 * o + 1], known.keys[3 * o + 2]];
  });
  const extents = AXES.map((axis, i) => (pixel[i] === undefined ? extentsAlong(pixels, axis) : undefined));
  const apart = distances(pixels, kappas, extents, pixel, kept);
  const column = slab === undefined ? undefined : acrossSlice(timeline, slice, slab, pixels, kappas, kept);
  const found = parts.map(({ tissue, graph, share, orders }, t) => {
    const energies = orders.map(({ energy }, o) => share * energy * apart[which[t][o]]);
    const worst = energies.indexOf(Math.max(...energies));
    const inGraph = energies.reduce((sum, energy) => sum + energy, 0);
    if (column === undefined) return { tissue, graph, energy: inGraph, order: orders[worst]?.kappa };
    let [flat, across, alone] = [0, 0, 0];
    for (const [o, { kappa, energy }] of orders.entries()) {
      if (Math.abs(dot(kappa, slab!.direction)) * slab!.thickness < 0.5) flat += energies[o];
      else {
        across += energies[o];
        alone += share * energy * column.apart[which[t][o]];
      }
    }
    const exact = share * column.energyOf(tissue);
    // The phase graph includes how many of its orders are suppressed in the plane, but not the
    // effects of the flanks of the slice.
    const energy = flat + (exact < alone ? (exact * across) / alone : across + exact - alone);
    return { tissue, graph, energy, order: energy < 2 * inGraph ? orders[worst]?.kappa : undefined };
  });
  const level = Math.sqrt(found.reduce((sum, { energy }) => sum + energy, 0));
  const worst = found.reduce((most, one) => (one.energy > most.energy ? one : most), found[0]);
  if (level < ENOUGH) return { level };
  const { T1, T2 } = worst.tissue;
  const cause = {
    level,
    T1,
    T2,
    pulse: worst.graph.pulse,
    ...(worst.order === undefined ? {} : { order: worst.order }),
  };
  if (column === undefined) return { ...cause, enough: () => enoughFor(worst.graph, pixel) };
  return { ...cause, enough: () => layersFor(timeline, worst.tissue, slice, slab!), within: slab!.thickness };
}

/**
 * For sequences whose moments change direction: the points of a few pixels play them
 * (point-trial.ts). Undefined for a plane, which has no thickness for comparison.
 */
function checkByTrial(
  source: PhantomSource,
  timeline: Timeline,
  wanted: (readout: number) => Vector,
  pixel: PixelSize,
  sampled: Sampled,
): EchoPrediction | undefined {
  const slice = sliceOf(timeline);
  const slab = slabOf(slice, pixel);
  const { probes, near } = probesOf(sampled, pixel);
  const kept = Math.min(1, (TRIAL_POINTS * PIXELS_NEAR) / (near * source.spinCount));
  const pixels = neighbourhoods(source, probes.slice(0, TRIAL_PIXELS), pixel, slab, kept);
  const extents = AXES.map((axis, i) => (pixel[i] === undefined ? extentsAlong(pixels, axis) : undefined));
  const soft = [0, 1, 2].map((axis) => pixel[axis] !== undefined) as [boolean, boolean, boolean];
  const cells = pixels.map(({ middle, spins }, p) => {
    const extent = (i: number): Extent => extents[i]![p];
    const sizes = AXES.map((_, i) => pixel[i] ?? extent(i).high - extent(i).low) as unknown as Vector;
    const across = AXES.map((_, i) => (soft[i] ? 0 : (extent(i).low + extent(i).high) / 2));
    // Values that vary over a pixel are compared about the same middle.
    const first = pointsIn(spins, across, sizes, soft);
    const about = across.map((at, axis) => (soft[axis] ? middleOf(first, axis) : at));
    const { places, weights } = pointsIn(spins, about, sizes, soft);
    const absolute = places.map((at, n) => at + middle[n % 3]);
    const cell: Cell = {
      middle: middle.map((at, i) => at + about[i]) as unknown as Vector,
      edges: edgesOf(sizes),
      soft,
    };
    return { ...cell, points: { places: absolute, weights, kept } };
  });
  const usable = cells.filter(
    ({ edges, points }) => edges.every((edge) => Math.hypot(...edge) > 0) && points.places.length > 0,
  );
  if (usable.length === 0) return undefined;
  // All readouts: a lattice is visible only in the few spokes along its rows (8 of 200 had 96 % of
  // an echo of UTE).
  const trial = pointTrial(timeline, slice, wanted, usable, MAX_PULSES);
  const parts = tissueClasses(sampled).map(({ weight, ...tissue }) => {
    const { wanted, error } = trial(tissue);
    return { tissue, signal: weight * wanted, level: error(usable.map(({ points }) => points)).level };
  });
  const total = parts.reduce((sum, { signal }) => sum + signal, 0);
  const energies = parts.map(({ signal, level }) => (signal / (total || 1)) * level ** 2);
  const level = Math.sqrt(energies.reduce((sum, energy) => sum + energy, 0));
  if (level < ENOUGH) return { level };
  const { tissue } = parts[energies.indexOf(Math.max(...energies))];
  const enough = (): number => {
    const pixel = { steps: usable[0].edges, counts: [1, 1, 1] } as const;
    return searchByTrial(timeline, slice, wanted, pixel)(tissue).places(ENOUGH).places.length / 3;
  };
  return { level, T1: tissue.T1, T2: tissue.T2, turning: true, enough };
}

function edgesOf([x, y, z]: Vector): Cell['edges'] {
  return [
    [x, 0, 0],
    [0, y, 0],
    [0, 0, z],
  ];
}

interface WeightedPoints {
  /** [points][x, y, z], m */
  readonly places: Float64Array;
  readonly weights: Float64Array;
}

/** Spins of a neighbourhood in a box about a place, whose soft sides end gradually. */
function pointsIn(
  spins: Float64Array,
  about: readonly number[],
  sizes: Vector,
  soft: readonly boolean[],
): WeightedPoints {
  const places: number[] = [];
  const weights: number[] = [];
  for (let at = 0; at < spins.length; at += 4) {
    const weight = sizes.reduce((product, size, axis) => {
      const distance = (spins[at + axis] - about[axis]) / size;
      return product * (soft[axis] ? softly(distance) : Math.abs(distance) < 0.5 ? 1 : 0);
    }, 1);
    if (weight === 0) continue;
    places.push(spins[at], spins[at + 1], spins[at + 2]);
    weights.push(weight);
  }
  return { places: Float64Array.from(places), weights: Float64Array.from(weights) };
}

function middleOf({ places, weights }: WeightedPoints, axis: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight, n) => sum + weight * places[3 * n + axis], 0) / total;
}

/** The slice and its flanks, if a slice is selected along a direction that is not encoded. */
function slabOf(slice: Slice, pixel: PixelSize): Slice | undefined {
  if (!Number.isFinite(slice.thickness)) return undefined;
  const share = slice.direction.map(Math.abs);
  if (pixel[share.indexOf(Math.max(...share))] !== undefined) return undefined;
  return { ...slice, thickness: SLAB_OF_SLICE * slice.thickness };
}

const energyOf = (orders: readonly Order[]): number => orders.reduce((sum, { energy }) => sum + energy, 0);

interface AcrossSlice {
  /**
   * The same as `distances`, for the heights of the points only: all in the middle of the pixel.
   */
  readonly apart: Float64Array;
  /**
   * Energy of the spurious echo of a dense column at the heights of the points, relative to the
   * signal.
   */
  energyOf(tissue: TissueClass): number;
}

/**
 * Undefined for a plane, which has only one height: the phase graph, whose pulses are those in the
 * middle of the slice, gives its echoes.
 */
function acrossSlice(
  timeline: Timeline,
  slice: Slice,
  slab: Slice,
  pixels: readonly Neighbourhood[],
  kappas: Kappas,
  kept: number,
): AcrossSlice | undefined {
  const extents = extentsAlong(pixels, slab.direction);
  if (extents.every(({ low, high }) => high === low)) return undefined;
  const solid = pixels.map((one, p) => ({ one, extent: extents[p] })).filter(({ extent: { low, high } }) => high > low);
  const column = columnSignal(timeline, slice, slab.thickness);
  const across = solid.map(({ one, extent }) => acrossSlab(one, slab, extent, column.layers));
  const stacks = solid.map(({ one }, p) => stackOf(one, across[p], slab));
  const along = kappas.map((kappa): Vector => [0, 0, dot(kappa, slab.direction)]);
  const heights = solid.map(({ extent }) => extent);
  return {
    apart: distances(stacks, along, [undefined, undefined, heights], [1, 1, undefined], kept),
    energyOf(tissue) {
      const { energy, chance } = columnEnergy(column.signal(tissue), across, kept);
      return beyondChance(energy, chance, across.length);
    },
  };
}

/** The layers of a slab as points, all in the middle of the pixel, and their heights along z. */
function stackOf({ middle, squares, total }: Neighbourhood, { points }: Across, slab: Slice): Neighbourhood {
  const base = heightIn(slab, ...middle);
  const spins: number[] = [];
  for (let n = 0; n < points.length; n++)
    if (points[n] !== 0) spins.push(0, 0, ((n + 0.5) / points.length - 0.5) * slab.thickness - base, points[n]);
  return { middle: [0, 0, 0], spins: Float64Array.from(spins), total: 1, squares: squares / total ** 2 };
}

/** Layers of a slab that would do. */
function layersFor(timeline: Timeline, tissue: TissueClass, slice: Slice, { thickness }: Slice): number {
  const { error, most } = layerTrial(timeline, slice, thickness, thickness)(tissue);
  let layers = 1;
  while (layers < most && error(layers).level > ENOUGH) layers++;
  return layers;
}

type Kappas = readonly Vector[];

const AXES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

/**
 * Mean over the pixels of |a_κ − value of a perfect object|², by order.
 * @param extents of the object along the axes that are not encoded, by pixel
 */
function distances(
  pixels: readonly Neighbourhood[],
  kappas: Kappas,
  extents: readonly (readonly Extent[] | undefined)[],
  pixel: PixelSize,
  kept: number,
): Float64Array {
  return Float64Array.from(kappas, (kappa) => {
    const inside = pixel.every((size, axis) => size === undefined || Math.abs(kappa[axis]) * 2 * size <= 1);
    let [sum, chances] = [0, 0];
    for (const [p, one] of pixels.entries()) {
      let [box, middle] = [inside ? 1 : 0, 0];
      for (const [axis, all] of extents.entries()) {
        if (all === undefined || kappa[axis] === 0) continue;
        const { low, high } = all[p];
        box *= high > low ? sinc(kappa[axis] * (high - low)) : 0;
        middle += Math.PI * kappa[axis] * (high + low);
      }
      const { re, im } = seenBy(one, kappa);
      sum += (re - box * Math.cos(middle)) ** 2 + (im + box * Math.sin(middle)) ** 2;
      // Leaving out all but the kept share adds as much to |a|² in the mean.
      chances += ((1 - kept) * one.squares * Math.max(0, 1 - re * re - im * im)) / one.total ** 2;
    }
    return beyondChance(sum, chances, pixels.length) / pixels.length;
  });
}

/**
 * A sum over pixels minus the expected contribution of chance, if it is significantly larger than
 * that.
 */
function beyondChance(sum: number, chance: number, pixels: number): number {
  const excess = sum - chance;
  return excess > (DEVIATIONS * chance) / Math.sqrt(pixels) ? excess : 0;
}

/** a_κ = Σ w e^{−i2πκ·r} / Σ w. */
function seenBy({ spins, total }: Neighbourhood, [kx, ky, kz]: Vector): { readonly re: number; readonly im: number } {
  const unit = new Float64Array(2);
  let re = 0;
  let im = 0;
  for (let at = 0; at < spins.length; at += 4) {
    const w = spins[at + 3];
    const turns = kx * spins[at] + ky * spins[at + 1] + kz * spins[at + 2];
    phasor(turns, unit, 0);
    re += w * unit[0];
    im -= w * unit[1];
  }
  return { re: re / total, im: im / total };
}

/**
 * Number of spins per pixel that would be enough as layers of a slab, or as a lattice in a pixel.
 */
function enoughFor({ orders }: Orders, pixel: readonly (number | undefined)[]): number {
  const size = (axis: number): number => pixel[axis] ?? SLAB;
  const steps = [
    [size(0), 0, 0],
    [0, size(1), 0],
    [0, 0, size(2)],
  ] as const;
  const { places } = chooseSet(orders, { steps, planes: 1, pixel: [size(0), size(1), pixel[2]] }, 0.01);
  return places.length / 3;
}
