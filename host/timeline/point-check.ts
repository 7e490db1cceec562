/**
 * Whether the spins of a phantom are enough for a sequence, wherever they lie: the orders of the sequence (phase-graph.ts) are weighed
 * with what the points around a few pixels make of them, a_κ = Σ_n w_n e^{−i2πκ·r_n} / Σ_n w_n, w the pixel's point-spread function. A perfect
 * object has a_κ = 0 for all orders outside the image's window of k; the rest is the spurious echo, known before anything is simulated.
 */
import { chooseSet, sinc } from '../phantom/sub-voxel.ts';
import { type PhantomSource, spinBlock } from '../phantom/types.ts';
import { type Orders, phaseGraph, type TissueClass, type Vector } from './phase-graph.ts';
import type { Timeline } from './types.ts';

export interface EchoPrediction {
  /** Spurious echo over the signal, within a factor of about two. */
  readonly level: number;
  /** What contributes most: the tissue [s], its order [cycles/m], and the first pulse after which moments wind it up. */
  readonly T1?: number;
  readonly T2?: number;
  readonly order?: Vector;
  readonly pulse?: number;
  /** Spins per pixel that would do, evenly spread. */
  readonly enough?: number;
}

/** Spins looked at for tissues and pixels; tissues kept apart; pixels probed; orders of each tissue, and of a phantom of millions. */
const SAMPLED = 4096;
const MAX_TISSUES = 3;
const PROBES = 12;
const MAX_ORDERS = 200;
const FEW_ORDERS = 30;
const MILLIONS = 1e6;
/** Spins read at a time. */
const BLOCK = 65536;
/** Below this nothing is looked at: all orders together cannot reach half a per cent. */
const HARMLESS = 0.005;
/** A plane is thought to become a slab of this thickness for the number of spins that would do [m]. */
const SLAB = 10e-3;

/** @param pixel size along x, y, z [m]; undefined where nothing is encoded */
export function checkPoints(
  source: PhantomSource,
  timeline: Timeline,
  wanted: (readout: number) => Vector,
  pixel: readonly (number | undefined)[],
): EchoPrediction {
  const { spinCount } = source;
  const sampled = samples(source);
  const classes = tissueClasses(sampled)
    .map(({ weight, ...tissue }) => ({ tissue, weight, graph: phaseGraph(timeline, tissue, wanted) }))
    .filter(({ graph }) => graph.wanted > 0);
  const total = classes.reduce((sum, { weight, graph }) => sum + weight * graph.wanted, 0);
  const all = classes.flatMap(({ tissue, weight, graph }) =>
    graph.orders.slice(0, spinCount > MILLIONS ? FEW_ORDERS : MAX_ORDERS).map(({ kappa, energy }) => ({
      tissue,
      graph,
      kappa,
      energy: (weight * graph.wanted * energy) / total,
    })),
  );
  if (!(Math.sqrt(all.reduce((sum, { energy }) => sum + energy, 0)) > HARMLESS)) return { level: 0 };

  const probes = probesOf(sampled, pixel);
  const re = all.map(() => new Float64Array(probes.length));
  const im = all.map(() => new Float64Array(probes.length));
  const weights = new Float64Array(probes.length);
  const [low, high] = [new Float64Array(probes.length).fill(Infinity), new Float64Array(probes.length).fill(-Infinity)];
  const heights = new Set<number>();
  const block = spinBlock(Math.min(BLOCK, spinCount));
  const [px, py, pz] = [0, 1, 2].map((axis) => 3 * (pixel[axis] ?? Number.POSITIVE_INFINITY)) as [
    number,
    number,
    number,
  ];
  for (let first = 0; first < spinCount; first += BLOCK) {
    const count = Math.min(BLOCK, spinCount - first);
    source.read(first, count, block);
    const { x, y, z } = block;
    for (const [p, [cx, cy, cz]] of probes.entries()) {
      for (let n = 0; n < count; n++) {
        const dx = x[n]! - cx;
        if (!(dx < px && dx > -px)) continue;
        const dy = y[n]! - cy;
        if (!(dy < py && dy > -py)) continue;
        const dz = z[n]! - cz;
        if (!(dz < pz && dz > -pz)) continue;
        const w = spread(dx, pixel[0]) * spread(dy, pixel[1]) * spread(dz, pixel[2]);
        weights[p]! += w;
        low[p] = Math.min(low[p]!, z[n]!);
        high[p] = Math.max(high[p]!, z[n]!);
        if (heights.size < 5000) heights.add(z[n]!);
        for (const [o, { kappa }] of all.entries()) {
          const turn = 2 * Math.PI * (kappa[0] * dx + kappa[1] * dy + kappa[2] * z[n]!);
          re[o]![p]! += w * Math.cos(turn);
          im[o]![p]! -= w * Math.sin(turn);
        }
      }
    }
  }
  const gap = medianGap(heights);
  const parts = all.map(({ kappa, energy }, o) => {
    let sum = 0;
    for (const [p] of probes.entries()) {
      const inside = [0, 1, 2].every(
        (axis) => pixel[axis] === undefined || Math.abs(kappa[axis]!) * 2 * pixel[axis] <= 1,
      );
      const thick = high[p]! - low[p]! + gap;
      const box = !inside ? 0 : pixel[2] !== undefined || kappa[2] === 0 ? 1 : thick > 0 ? sinc(kappa[2] * thick) : 0;
      const middle = pixel[2] === undefined ? Math.PI * kappa[2] * (high[p]! + low[p]!) : 0;
      const [a, b] = [re[o]![p]! / weights[p]!, im[o]![p]! / weights[p]!];
      sum += (a - box * Math.cos(middle)) ** 2 + (b + box * Math.sin(middle)) ** 2;
    }
    return (energy * sum) / probes.length;
  });
  const level = Math.sqrt(parts.reduce((sum, part) => sum + part, 0));
  const worst = all[parts.indexOf(Math.max(...parts))]!;
  const { tissue, graph, kappa } = worst;
  return { level, T1: tissue.T1, T2: tissue.T2, order: kappa, pulse: graph.pulse, enough: enoughFor(graph, pixel) };
}

/** The pixel's point-spread function, cut off smoothly at three pixels. */
function spread(distance: number, pixel: number | undefined): number {
  return pixel === undefined ? 1 : sinc(distance / pixel) * Math.cos((Math.PI * distance) / (6 * pixel)) ** 2;
}

/** Spins of each pixel that would do, were they layers of a slab or a lattice in a pixel. */
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

interface Sampled {
  readonly places: readonly Vector[];
  readonly tissues: readonly { readonly T1: number; readonly T2: number; readonly weight: number }[];
}

/** Spins from all over the phantom, in short runs. */
function samples(source: PhantomSource): Sampled {
  const runs = Math.min(64, Math.ceil(source.spinCount / 64));
  const block = spinBlock(64);
  const places: Vector[] = [];
  const tissues: { T1: number; T2: number; weight: number }[] = [];
  for (let run = 0; run < runs && places.length < SAMPLED; run++) {
    const first = Math.floor((run * source.spinCount) / runs);
    const count = Math.min(64, source.spinCount - first);
    source.read(first, count, block);
    for (let n = 0; n < count; n++) {
      if (block.density[n] === 0) continue;
      places.push([block.x[n]!, block.y[n]!, block.z[n]!]);
      tissues.push({ T1: block.T1[n]!, T2: block.T2[n]!, weight: block.density[n]! ** 2 });
    }
  }
  return { places, tissues };
}

/** Spins whose relaxation times agree to a third are one tissue; the ones that weigh most, long T2 first of equals. */
function tissueClasses({ tissues }: Sampled): (TissueClass & { readonly weight: number })[] {
  const classes = new Map<string, { T1: number; T2: number; offset: number; weight: number }>();
  for (const { T1, T2, weight } of tissues) {
    const key = [T1, T2].map((time) => Math.round(Math.log(time) / Math.log(1.3))).join(' ');
    const known = classes.get(key) ?? { T1: 0, T2: 0, offset: 0, weight: 0 };
    const sum = known.weight + weight;
    known.T1 = (known.T1 * known.weight + T1 * weight) / sum;
    known.T2 = (known.T2 * known.weight + T2 * weight) / sum;
    known.weight = sum;
    classes.set(key, known);
  }
  return [...classes.values()].sort((a, b) => b.weight * b.T2 - a.weight * a.T2).slice(0, MAX_TISSUES);
}

/** Pixels to look at: those of sampled spins with most neighbours, which lie inside the object. */
function probesOf({ places }: Sampled, pixel: readonly (number | undefined)[]): Vector[] {
  const near = (a: Vector, b: Vector): boolean =>
    a.every((value, axis) => pixel[axis] === undefined || Math.abs(value - b[axis]!) < 8 * pixel[axis]);
  const step = Math.max(1, Math.floor(places.length / 200));
  const some = places.filter((_, n) => n % step === 0);
  return some
    .map((place) => ({ place, count: places.reduce((sum, other) => sum + (near(place, other) ? 1 : 0), 0) }))
    .sort((a, b) => b.count - a.count)
    .filter((_, n, all) => n % Math.max(1, Math.floor(all.length / 2 / PROBES)) === 0)
    .slice(0, PROBES)
    .map(({ place }) => place);
}

function medianGap(heights: ReadonlySet<number>): number {
  const sorted = [...heights].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((height, n) => height - sorted[n]!);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}
