/**
 * Whether the spins of a phantom are enough for a sequence, wherever they lie: the orders of the sequence (phase-graph.ts) are weighed
 * with what the points around a few pixels make of them, a_κ = Σ_n w_n e^{−i2πκ·r_n} / Σ_n w_n, w the pixel's point-spread function. A perfect
 * object has a_κ = 0 for all orders outside the image's window of k; the rest is the spurious echo, known before anything is simulated.
 */
import { chooseSet, sinc } from '../phantom/sub-voxel.ts';
import { type PhantomSource, spinBlock } from '../phantom/types.ts';
import { growing } from './intern.ts';
import { type Orders, phaseGraph, sliceOf, type TissueClass, type Vector } from './phase-graph.ts';
import { type TripleMap, tripleMap } from './triple-map.ts';
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
/** Spins × orders weighed, half a second. Where pixels hold more, some thousands each, spins are left out at random. */
const MAX_TERMS = 5e7;
/** What chance makes of an order then is taken for nothing up to so many standard deviations. */
const DEVIATIONS = 3;
/** Spins read at a time. */
const BLOCK = 65536;
/** Below this nothing is looked at: all orders together cannot reach half a per cent. */
const HARMLESS = 0.005;
/** Different heights looked at for their spacing. */
const MAX_HEIGHTS = 5000;
/** A plane is thought to become a slab of this thickness for the number of spins that would do [m]. */
const SLAB = 10e-3;

/** @param pixel size along x, y, z [m]; undefined where nothing is encoded */
export function checkPoints(
  source: PhantomSource,
  timeline: Timeline,
  wanted: (readout: number) => Vector,
  pixel: readonly (number | undefined)[],
  maxTerms = MAX_TERMS,
): EchoPrediction {
  const { spinCount } = source;
  const sampled = samples(source);
  const slice = sliceOf(timeline);
  const classes = tissueClasses(sampled)
    .map(({ weight, ...tissue }) => ({ tissue, weight, graph: phaseGraph(timeline, tissue, wanted, slice) }))
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

  const { probes, near } = probesOf(sampled, pixel);
  // Tissues have their orders in common.
  const known = tripleMap();
  const which = all.map(({ kappa }) => known.index(...kappa));
  const kept = Math.min(1, maxTerms / (near * spinCount * probes.length * known.count));
  const apart = distances(neighbourhoods(source, probes, pixel, kept), known, pixel, kept);
  const parts = all.map(({ energy }, o) => energy * apart[which[o]!]!);
  const level = Math.sqrt(parts.reduce((sum, part) => sum + part, 0));
  const worst = all[parts.indexOf(Math.max(...parts))]!;
  const { tissue, graph, kappa } = worst;
  return { level, T1: tissue.T1, T2: tissue.T2, order: kappa, pulse: graph.pulse, enough: enoughFor(graph, pixel) };
}

/** Mean over the pixels of |a_κ − what a perfect object has|², by order. */
function distances(
  pixels: readonly Neighbourhood[],
  { keys, count }: TripleMap,
  pixel: readonly (number | undefined)[],
  kept: number,
): Float64Array {
  const heights = new Set<number>();
  for (const { spins } of pixels)
    for (let at = 2; at < spins.length && heights.size < MAX_HEIGHTS; at += 4) heights.add(spins[at]!);
  const gap = medianGap(heights);
  return Float64Array.from({ length: count }, (_, o) => {
    const kappa: Vector = [keys[3 * o]!, keys[3 * o + 1]!, keys[3 * o + 2]!];
    const inside = pixel.every((size, axis) => size === undefined || Math.abs(kappa[axis]!) * 2 * size <= 1);
    let [sum, chances] = [0, 0];
    for (const one of pixels) {
      const thick = one.high - one.low + gap;
      const box = !inside ? 0 : pixel[2] !== undefined || kappa[2] === 0 ? 1 : thick > 0 ? sinc(kappa[2] * thick) : 0;
      const middle = pixel[2] === undefined ? Math.PI * kappa[2] * (one.high + one.low) : 0;
      const { re, im, chance } = seenBy(one, kappa, kept);
      sum += (re - box * Math.cos(middle)) ** 2 + (im + box * Math.sin(middle)) ** 2;
      chances += chance;
    }
    const excess = sum - chances;
    return excess > (DEVIATIONS * chances) / Math.sqrt(pixels.length) ? excess / pixels.length : 0;
  });
}

/** The spins around one pixel, relative to its middle in x and y [m], with the weight of the point-spread function. */
interface Neighbourhood {
  /** [spins][x, y, z, weight] */
  readonly spins: Float64Array;
  /** Of z. */
  readonly low: number;
  readonly high: number;
}

/** @param kept share of the spins that is looked at, drawn by their number */
function neighbourhoods(
  source: PhantomSource,
  probes: readonly Vector[],
  pixel: readonly (number | undefined)[],
  kept: number,
): Neighbourhood[] {
  const { spinCount } = source;
  const found = probes.map(() => growing(Float64Array));
  const ends = probes.map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }));
  const block = spinBlock(Math.min(BLOCK, spinCount));
  const [px, py, pz] = [0, 1, 2].map((axis) => 3 * (pixel[axis] ?? Number.POSITIVE_INFINITY)) as [
    number,
    number,
    number,
  ];
  const least = kept * 2 ** 32;
  const { masks, from, perMeter } = probesAlong(probes, px);
  const record = new Float64Array(4);
  for (let first = 0; first < spinCount; first += BLOCK) {
    const count = Math.min(BLOCK, spinCount - first);
    source.read(first, count, block);
    const { x, y, z } = block;
    for (let n = 0; n < count; n++) {
      let mask = masks[Math.floor((x[n]! - from) * perMeter)] ?? 0;
      if (mask === 0 || (kept < 1 && hash(first + n) >= least)) continue;
      for (let p = 0; mask !== 0; p++, mask >>>= 1) {
        if ((mask & 1) === 0) continue;
        const dx = x[n]! - probes[p]![0];
        const dy = y[n]! - probes[p]![1];
        const dz = z[n]! - probes[p]![2];
        if (!(dx < px && dx > -px && dy < py && dy > -py && dz < pz && dz > -pz)) continue;
        const end = ends[p]!;
        if (z[n]! < end.low) end.low = z[n]!;
        if (z[n]! > end.high) end.high = z[n]!;
        record[0] = dx;
        record[1] = dy;
        record[2] = z[n]!;
        record[3] = spread(dx, pixel[0]) * spread(dy, pixel[1]) * spread(dz, pixel[2]);
        found[p]!.append(record);
      }
    }
  }
  return found.map((spins, p) => ({ spins: spins.finish(), ...ends[p]! }));
}

/** Bit p: probe p may reach into this part of the x axis, which starts at `from`; a first sieve for millions of spins. */
function probesAlong(
  probes: readonly Vector[],
  reach: number,
): { readonly masks: Int32Array; readonly from: number; readonly perMeter: number } {
  const cells = 4096;
  const all = 2 ** probes.length - 1;
  if (!Number.isFinite(reach)) return { masks: Int32Array.of(all), from: 0, perMeter: 0 };
  const xs = probes.map(([x]) => x);
  const from = Math.min(...xs) - reach;
  const perMeter = cells / (Math.max(...xs) + reach - from);
  const masks = new Int32Array(cells);
  for (const [p, x] of xs.entries()) {
    const first = Math.max(0, Math.floor((x - reach - from) * perMeter) - 1);
    const last = Math.min(cells - 1, Math.floor((x + reach - from) * perMeter) + 1);
    for (let cell = first; cell <= last; cell++) masks[cell] = masks[cell]! | (1 << p);
  }
  return { masks, from, perMeter };
}

/**
 * a_κ = Σ w e^{−i2πκ·r} / Σ w. Where only a share was kept, chance adds (1 − kept)·Σw²/(Σw)²·(1 − |a|²) to |a|², which is given too.
 */
function seenBy(
  { spins }: Neighbourhood,
  [kx, ky, kz]: Vector,
  kept: number,
): { readonly re: number; readonly im: number; readonly chance: number } {
  let re = 0;
  let im = 0;
  let total = 0;
  let squares = 0;
  for (let at = 0; at < spins.length; at += 4) {
    const w = spins[at + 3]!;
    const turns = kx * spins[at]! + ky * spins[at + 1]! + kz * spins[at + 2]!;
    // Half turns from the nearest whole one, and Taylor's series of a quarter of that: right to 1e-7, five times as fast as Math.cos.
    const a = (Math.PI / 2) * (turns - Math.round(turns));
    const aa = a * a;
    const s = a * (1 + aa * (S[0] + aa * (S[1] + aa * (S[2] + aa * S[3]))));
    const c = 1 + aa * (C[0] + aa * (C[1] + aa * (C[2] + aa * (C[3] + aa * C[4]))));
    const s2 = 2 * s * c;
    const c2 = c * c - s * s;
    re += w * (c2 * c2 - s2 * s2);
    im -= w * 2 * s2 * c2;
    total += w;
    squares += w * w;
  }
  if (total === 0) return { re: 0, im: 0, chance: 0 };
  re /= total;
  im /= total;
  const chance = ((1 - kept) * squares * Math.max(0, 1 - re * re - im * im)) / (total * total);
  return { re, im, chance };
}

/** Taylor's series of sin a / a and cos a in a², but for the 1. */
const S = [-1 / 6, 1 / 120, -1 / 5040, 1 / 362880] as const;
const C = [-1 / 2, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800] as const;

/** Numbers without pattern in [0, 2³²) from whole ones. */
function hash(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
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

/** Pixels to look at: those of sampled spins with most neighbours, which lie inside the object. `near`: share of spins in the largest. */
function probesOf(
  { places }: Sampled,
  pixel: readonly (number | undefined)[],
): { readonly probes: readonly Vector[]; readonly near: number } {
  const around = (a: Vector, pixels: number): number =>
    places.reduce((sum, b) => {
      const near = a.every((v, axis) => pixel[axis] === undefined || Math.abs(v - b[axis]!) < pixels * pixel[axis]);
      return sum + (near ? 1 : 0);
    }, 0);
  const step = Math.max(1, Math.floor(places.length / 200));
  const some = places.filter((_, n) => n % step === 0);
  const probes = some
    .map((place) => ({ place, count: around(place, 8) }))
    .sort((a, b) => b.count - a.count)
    .filter((_, n, all) => n % Math.max(1, Math.floor(all.length / 2 / PROBES)) === 0)
    .slice(0, PROBES)
    .map(({ place }) => place);
  const near = probes.reduce((most, probe) => Math.max(most, around(probe, 3)), 0) / (places.length || 1);
  return { probes, near };
}

function medianGap(heights: ReadonlySet<number>): number {
  const sorted = [...heights].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((height, n) => height - sorted[n]!);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}
