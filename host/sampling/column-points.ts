/**
 * Compares spins across a slice, at any positions, with the slice itself: a dense column plays the
 * sequence with its real pulses (column.ts). The points around a pixel see Σ_n w_n M(u_n) / Σ_n w_n
 * of its magnetisation, whereas the object has the mean of M over its thickness. The column is in
 * the middle of the pixel: the effect of in-plane moments on an order is left to the phase graph.
 */
import type { Slice } from './phase-graph.ts';
import { type Extent, heightIn, type Neighbourhood } from './point-sets.ts';

/**
 * Weights of the points around a pixel and of the object that they represent, by layer of the dense
 * column, as fractions of the whole.
 */
export interface Across {
  readonly points: Float64Array;
  /** Squares of the weights. */
  readonly squares: Float64Array;
  readonly object: Float64Array;
}

/**
 * @param slab the slice and its flanks, which the column fills
 * @param extent of the object, relative to the pixel's middle [m]
 * @param layers of the dense column
 */
export function acrossSlab(
  { spins, middle, total }: Neighbourhood,
  slab: Slice,
  { low, high }: Extent,
  layers: number,
): Across {
  const points = new Float64Array(layers);
  const squares = new Float64Array(layers);
  const layer = (height: number): number => (height / slab.thickness + 0.5) * layers;
  for (let at = 0; at < spins.length; at += 4) {
    const height = heightIn(slab, middle[0] + spins[at], middle[1] + spins[at + 1], middle[2] + spins[at + 2]);
    const w = spins[at + 3] / total;
    // Shared between two layers, as M between them is interpolated.
    const between = Math.min(Math.max(layer(height) - 0.5, 0), layers - 1);
    const below = Math.min(Math.floor(between), layers - 2);
    points[below] += w * (below + 1 - between);
    points[below + 1] += w * (between - below);
    squares[Math.round(between)] += w * w;
  }
  const base = heightIn(slab, ...middle);
  const [from, to] = [layer(base + low), layer(base + high)];
  const object = Float64Array.from({ length: layers }, (_, n) => {
    return Math.max(0, Math.min(to, n + 1) - Math.max(from, n)) / (to - from);
  });
  return { points, squares, object };
}

/**
 * Energy of what the points see but the object does not have, relative to the object's signal; mean
 * over pixels and readouts.
 * @param signal of the column, [layers][readouts][re, im]
 * @returns `chance`: the contribution of using only a random share `kept` of the points
 */
export function columnEnergy(
  signal: Float64Array,
  pixels: readonly Across[],
  kept: number,
): { readonly energy: number; readonly chance: number } {
  const layers = pixels[0]?.points.length ?? 1;
  const width = signal.length / layers;
  const apart = new Float64Array(width);
  const whole = new Float64Array(width);
  let [energy, wanted, chance] = [0, 0, 0];
  for (const { points, squares, object } of pixels) {
    apart.fill(0);
    whole.fill(0);
    for (let n = 0; n < layers; n++)
      for (let j = 0; j < width; j++) {
        const value = signal[n * width + j];
        apart[j] += (points[n] - object[n]) * value;
        whole[j] += object[n] * value;
      }
    for (let j = 0; j < width; j++) {
      energy += apart[j] ** 2;
      wanted += whole[j] ** 2;
    }
    if (kept === 1) continue;
    for (let n = 0; n < layers; n++) {
      if (squares[n] === 0) continue;
      for (let j = 0; j < width; j++)
        chance += (1 - kept) * squares[n] * (signal[n * width + j] - whole[j] - apart[j]) ** 2;
    }
  }
  return wanted > 0 ? { energy: energy / wanted, chance: chance / wanted } : { energy: 0, chance: 0 };
}
