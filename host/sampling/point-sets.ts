/**
 * The spins of any phantom as an image sees them: the tissues, and the spins around a few pixels
 * with the weight of the pixel's point-spread function. One pass over the phantom; if it is large,
 * over a random share of the spins.
 */
import { sinc } from '../phantom/sub-voxel.ts';
import { type PhantomSource, spinBlock } from '../phantom/types.ts';
import { arrayBuilder } from '../timeline/intern.ts';
import type { Slice, TissueClass, Vector } from './phase-graph.ts';

/**
 * Number of spins, in runs of consecutive ones, that are examined for tissues and pixels; more runs
 * if a slice contains few of them.
 */
const RUN = 64;
const RUNS = 64;
const MANY_RUNS = 1024;
const MAX_TISSUES = 3;
const PROBES = 12;
/** Spins read at a time. */
const BLOCK = 65536;
/** Number of different heights examined for their spacing, and their smallest distance [m]. */
const MAX_HEIGHTS = 5000;
const SAME_HEIGHT = 1e-7;

/** Pixel size along x, y, z [m]; undefined where nothing is encoded. */
export type PixelSize = readonly (number | undefined)[];

/** Height along the normal of the slice, from its middle [m]. */
export function heightIn({ direction, position }: Slice, x: number, y: number, z: number): number {
  return direction[0] * x + direction[1] * y + direction[2] * z - position;
}

export interface Sampled {
  readonly places: readonly Vector[];
  readonly tissues: readonly { readonly T1: number; readonly T2: number; readonly weight: number }[];
  /** Number of examined spins, including those outside the slice. */
  readonly count: number;
}

/** Spins of a slice, or of the whole phantom, from all over it. */
export function samples(source: PhantomSource, slice: Slice | undefined, runs = RUNS): Sampled {
  const { spinCount } = source;
  const runCount = Math.min(runs, Math.ceil(spinCount / RUN));
  const block = spinBlock(RUN);
  const places: Vector[] = [];
  const tissues: { T1: number; T2: number; weight: number }[] = [];
  let seen = 0;
  for (let run = 0; run < runCount && places.length < RUNS * RUN; run++) {
    const first = Math.floor((run * spinCount) / runCount);
    const count = Math.min(RUN, spinCount - first);
    source.read(first, count, block);
    seen += count;
    for (let n = 0; n < count; n++) {
      const place: Vector = [block.x[n], block.y[n], block.z[n]];
      if (block.density[n] === 0 || (slice && !(Math.abs(heightIn(slice, ...place)) < slice.thickness / 2))) continue;
      places.push(place);
      tissues.push({ T1: block.T1[n], T2: block.T2[n], weight: block.density[n] ** 2 });
    }
  }
  if (places.length < RUN && runCount === RUNS) return samples(source, slice, MANY_RUNS);
  return { places, tissues, count: seen };
}

/**
 * Spins whose relaxation times agree within a third are one tissue; tissues in order of falling
 * weight times T2, the first few of them.
 */
export function tissueClasses({ tissues }: Sampled): (TissueClass & { readonly weight: number })[] {
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

/**
 * Pixels to examine: those of sampled spins with most neighbours, which lie inside the object.
 * `near`: share of spins in the largest.
 */
export function probesOf(
  { places, count }: Sampled,
  pixel: PixelSize,
): { readonly probes: readonly Vector[]; readonly near: number } {
  const around = (a: Vector, pixels: number): number =>
    places.reduce((sum, b) => {
      const near = a.every((v, axis) => pixel[axis] === undefined || Math.abs(v - b[axis]) < pixels * pixel[axis]);
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
  const near = probes.reduce((most, probe) => Math.max(most, around(probe, 3)), 0) / (count || 1);
  return { probes, near };
}

/** The spins around one pixel, with the weight of the point-spread function. */
export interface Neighbourhood {
  readonly middle: Vector;
  /** [spins][x, y, z, weight], relative to the middle [m] */
  readonly spins: Float64Array;
  /** Sums of the weights and of their squares. */
  readonly total: number;
  readonly squares: number;
}

/**
 * @param slice spins outside it are left out
 * @param kept share of the spins that is examined, drawn by spin number
 */
export function neighbourhoods(
  source: PhantomSource,
  probes: readonly Vector[],
  pixel: PixelSize,
  slice: Slice | undefined,
  kept: number,
): Neighbourhood[] {
  const { spinCount } = source;
  const found = probes.map(() => arrayBuilder(Float64Array));
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
      let mask = masks[Math.floor((x[n] - from) * perMeter)] ?? 0;
      if (mask === 0 || (kept < 1 && hash(first + n) >= least)) continue;
      if (slice !== undefined && !(Math.abs(heightIn(slice, x[n], y[n], z[n])) < slice.thickness / 2)) continue;
      for (let p = 0; mask !== 0; p++, mask >>>= 1) {
        if ((mask & 1) === 0) continue;
        const dx = x[n] - probes[p][0];
        const dy = y[n] - probes[p][1];
        const dz = z[n] - probes[p][2];
        if (!(dx < px && dx > -px && dy < py && dy > -py && dz < pz && dz > -pz)) continue;
        record[0] = dx;
        record[1] = dy;
        record[2] = dz;
        record[3] = spread(dx, pixel[0]) * spread(dy, pixel[1]) * spread(dz, pixel[2]);
        found[p].append(record);
      }
    }
  }
  return found.map((spins, p) => neighbourhood(probes[p], spins.finish())).filter(({ total }) => total > 0);
}

function neighbourhood(middle: Vector, spins: Float64Array): Neighbourhood {
  let [total, squares] = [0, 0];
  for (let at = 3; at < spins.length; at += 4) {
    total += spins[at];
    squares += spins[at] ** 2;
  }
  return { middle, spins, total, squares };
}

/**
 * Bit p: probe p may extend into this part of the x axis, which starts at `from`; a fast first test
 * for millions of spins.
 */
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
    for (let cell = first; cell <= last; cell++) masks[cell] = masks[cell] | (1 << p);
  }
  return { masks, from, perMeter };
}

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

/**
 * Extent of the object around a pixel along a direction, relative to the pixel's middle [m]; a
 * single plane has no thickness.
 */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/**
 * The extents of all pixels along a direction; each layer of spins represents the space up to the
 * middle between it and the next.
 */
export function extentsAlong(pixels: readonly Neighbourhood[], [dx, dy, dz]: Vector): Extent[] {
  const heights = new Set<number>();
  const ends = pixels.map(({ spins, middle }) => {
    const base = dx * middle[0] + dy * middle[1] + dz * middle[2];
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = 0; at < spins.length; at += 4) {
      const height = dx * spins[at] + dy * spins[at + 1] + dz * spins[at + 2];
      if (heights.size < MAX_HEIGHTS) heights.add(Math.round((base + height) / SAME_HEIGHT));
      if (height < low) low = height;
      if (height > high) high = height;
    }
    return { low, high };
  });
  const gap = SAME_HEIGHT * medianGap(heights);
  return ends.map(({ low, high }) =>
    high - low < SAME_HEIGHT ? { low, high: low } : { low: low - gap / 2, high: high + gap / 2 },
  );
}

function medianGap(heights: ReadonlySet<number>): number {
  const sorted = [...heights].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((height, n) => height - sorted[n]);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}
