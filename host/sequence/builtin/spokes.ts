/** A line of k-space through its centre, turned in any direction: the lobes of a radial readout. */
import type { Block, TrapezoidEvent } from '../types.ts';

/**
 * Spokes have twice the samples that the matrix needs: what lies a field of view away from an
 * object comes back as a ring about it, which reaches the corners of the picture.
 */
export const OVERSAMPLING = 2;

/** Unit vector. */
export type SpokeDirection = readonly [number, number, number];

/** A lobe along a direction: its share on every axis that it has one on. */
export function along(lobe: TrapezoidEvent, direction: SpokeDirection): Pick<Block, 'gx' | 'gy' | 'gz'> {
  const share = (part: number): TrapezoidEvent => ({ ...lobe, amplitude: lobe.amplitude * part });
  const [x, y, z] = direction;
  return {
    ...(x === 0 ? {} : { gx: share(x) }),
    ...(y === 0 ? {} : { gy: share(y) }),
    ...(z === 0 ? {} : { gz: share(z) }),
  };
}

/**
 * Turn from spoke to spoke of which any number lie about evenly (Winkelmann et al. 2007): 180° over
 * the golden ratio.
 */
const GOLDEN_ANGLE = Math.PI * ((Math.sqrt(5) - 1) / 2);

/** Directions in the plane over half a turn. */
export function planeSpokes(count: number, order: string): SpokeDirection[] {
  const step = order === 'golden' ? GOLDEN_ANGLE : Math.PI / count;
  return Array.from({ length: count }, (_, n) => [Math.cos(n * step), Math.sin(n * step), 0]);
}

/** The two-dimensional golden means (Chan et al. 2009). */
const GOLDEN_MEANS = [0.4656, 0.6823] as const;

/** Directions over the half sphere z > 0, each of an equal part of it. */
export function sphereSpokes(count: number, order: string): SpokeDirection[] {
  return Array.from({ length: count }, (_, n) => {
    const golden = order === 'golden';
    const z = golden ? (n * GOLDEN_MEANS[0]) % 1 : (n + 0.5) / count;
    // On a spiral from equator to pole: by the golden angle from one to the next.
    const angle = 2 * Math.PI * (golden ? (n * GOLDEN_MEANS[1]) % 1 : (n * GOLDEN_ANGLE) / Math.PI);
    const r = Math.sqrt(1 - z * z);
    return [r * Math.cos(angle), r * Math.sin(angle), z];
  });
}
