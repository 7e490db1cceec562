/**
 * Receive coils as circular loops: the sensitivity by reciprocity is the field of a unit current
 * (Biot–Savart, quasi-static), C = Bx − i·By [T/A], with the current right-handed about the normal.
 * In the loop's own cylindrical frame (ρ, z), with α² = (a + ρ)² + z², β² = (a − ρ)² + z² and kc =
 * β/α,
 *
 *     B_z = μ0 a/(π α³) · cel(kc, kc², a + ρ, a − ρ),   B_ρ = μ0 a z/(π α³) · cel(kc, kc², −1, 1)
 *
 * which stays accurate near the axis, where the usual form in K and E suffers from cancellation.
 */
import { badInput, type LarmorError } from '../base/errors.ts';
import { type Meters, MU_0 } from '../base/units.ts';
import { celPair } from '../numerics/elliptic.ts';
import type { Numbers, Places } from './map.ts';

export interface Loop {
  readonly centre: readonly [Meters, Meters, Meters];
  /** Any length but 0. */
  readonly normal: readonly [number, number, number];
  readonly radius: Meters;
}

/**
 * Half the thickness of a conductor: closer to the wire the field of a filament diverges and is not
 * valid.
 */
export const WIRE: Meters = 2e-3;

/**
 * C of one loop at positions [0, count) into `re` and `im`.
 * @param onWire called for a position closer to the wire than 2 mm; it throws unless there is no
 *   spin, in which case C is 0
 */
export function loopSensitivity(
  { centre, normal, radius: a }: Loop,
  { x, y, z }: Places,
  count: number,
  re: Numbers,
  im: Numbers,
  onWire: (n: number) => void,
): void {
  const length = Math.hypot(...normal);
  const [nx, ny, nz] = normal.map((component) => component / length) as [number, number, number];
  const scale = (MU_0 * a) / Math.PI;
  const integrals = new Float64Array(2);
  for (let n = 0; n < count; n++) {
    const [dx, dy, dz] = [x[n] - centre[0], y[n] - centre[1], z[n] - centre[2]];
    const height = dx * nx + dy * ny + dz * nz;
    const [px, py, pz] = [dx - height * nx, dy - height * ny, dz - height * nz];
    const rho = Math.sqrt(px * px + py * py + pz * pz);
    const squared = height * height;
    const alpha = Math.sqrt((a + rho) ** 2 + squared);
    const beta = Math.sqrt((a - rho) ** 2 + squared);
    if (beta < WIRE) {
      re[n] = 0;
      im[n] = 0;
      onWire(n);
      continue;
    }
    const kc = beta / alpha;
    celPair(kc, kc * kc, a + rho, a - rho, -1, 1, integrals);
    const perArea = scale / (alpha * alpha * alpha);
    const axial = perArea * integrals[0];
    const radial = rho === 0 ? 0 : (perArea * height * integrals[1]) / rho;
    re[n] = axial * nx + radial * px;
    im[n] = -(axial * ny + radial * py);
  }
}

/** A box, in metres. */
interface Box {
  readonly min: readonly [Meters, Meters, Meters];
  readonly max: readonly [Meters, Meters, Meters];
}

/** Number of points of a wire that are examined. */
const POINTS = 64;

/**
 * An upper bound of |C| within a box: |B| ≤ μ0 a/(2αβ) ≤ μ0/(2β), with β the distance from the
 * wire.
 */
export function loopBound(loop: Loop, box: Box): number {
  return MU_0 / (2 * wireClearance(loop, box));
}

/** A lower bound of the distance of spins within a box from the middle of the wire. */
export const wireClearance = (loop: Loop, box: Box): Meters => Math.max(WIRE, wireDistance(loop, box));

/** Whether the wire is far enough from a box. */
export const keepsClear = (loop: Loop, box: Box, distance: Meters): boolean => wireDistance(loop, box) >= distance;

/** Whether a place is nearer to the wire than `distance`. */
export function isNearWire(loop: Loop, [x, y, z]: readonly [Meters, Meters, Meters], distance: Meters): boolean {
  return distanceFromWire(loop, x, y, z) < distance;
}

function distanceFromWire({ centre, normal, radius }: Loop, x: Meters, y: Meters, z: Meters): Meters {
  const [dx, dy, dz] = [x - centre[0], y - centre[1], z - centre[2]];
  const height = (dx * normal[0] + dy * normal[1] + dz * normal[2]) / Math.hypot(normal[0], normal[1], normal[2]);
  const rho = Math.sqrt(Math.max(0, dx * dx + dy * dy + dz * dz - height * height));
  return Math.hypot(radius - rho, height);
}

/** A lower bound of the distance between a wire and a box. */
function wireDistance({ centre, normal, radius }: Loop, { min, max }: Box): Meters {
  const [u, v] = acrossOf(normal);
  let nearest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < POINTS; n++) {
    const [c, s] = [Math.cos((2 * Math.PI * n) / POINTS), Math.sin((2 * Math.PI * n) / POINTS)];
    const gaps = ([0, 1, 2] as const).map((axis) => {
      const at = centre[axis] + radius * (c * u[axis] + s * v[axis]);
      return Math.max(0, min[axis] - at, at - max[axis]);
    });
    nearest = Math.min(nearest, Math.hypot(...gaps));
  }
  // No point of the wire is farther from one of these than half their distance along the wire.
  return Math.max(0, nearest - (Math.PI * radius) / POINTS);
}

/** Two unit vectors that span the plane of a loop. */
function acrossOf(normal: readonly [number, number, number]): [number[], number[]] {
  const length = Math.hypot(...normal);
  const [x, y, z] = normal.map((component) => component / length) as [number, number, number];
  // Across the axis that the normal is least along.
  const least = [x, y, z].reduce((best, part, axis, all) => (Math.abs(part) < Math.abs(all[best]) ? axis : best), 0);
  const e = [0, 1, 2].map((axis) => (axis === least ? 1 : 0)) as [number, number, number];
  const raw = [y * e[2] - z * e[1], z * e[0] - x * e[2], x * e[1] - y * e[0]];
  const size = Math.hypot(...raw);
  const [a, b, c] = raw.map((part) => part / size) as [number, number, number];
  return [
    [a, b, c],
    [y * c - z * b, z * a - x * c, x * b - y * a],
  ];
}

/**
 * The error for a spin on the wire of a coil.
 * @param file that defines the coils
 * @param who the spin, such as `brain.phantom spin 3`
 */
export function onWire(file: string, coil: number, who: string, place: readonly number[]): LarmorError {
  const at = place.map((part) => `${Number((1e3 * part).toPrecision(4))}`).join(', ');
  const what = `the wire of coil ${coil + 1} runs through ${who} at (${at}) mm (LPS)`;
  return badInput(file, what, 'place it outside the phantom');
}

/**
 * Centres of neighbouring loops, in loop radii: overlap by a quarter of the diameter decouples
 * them.
 */
const NEIGHBOURS = 1.5;

/**
 * `coils` loops on a cylinder about the z axis, normals inward: in rings, whose number makes the
 * distances within a ring and along z about equal; every second ring is rotated by half a step.
 */
export function cylinderArray(coils: number, radius: Meters, length: Meters): Loop[] {
  const rings = Math.max(1, Math.round(Math.sqrt((coils * length) / (2 * Math.PI * radius))));
  const apart = length / rings;
  return Array.from({ length: rings }, (_, ring) => {
    const first = Math.floor((coils * ring) / rings);
    const inRing = Math.floor((coils * (ring + 1)) / rings) - first;
    const across = rings > 1 ? Math.max(apart, (2 * Math.PI * radius) / inRing) : (2 * Math.PI * radius) / inRing;
    return Array.from({ length: inRing }, (_, n): Loop => {
      const angle = (2 * Math.PI * (n + (ring % 2) / 2)) / inRing;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return {
        centre: [radius * c, radius * s, (ring + 0.5 - rings / 2) * apart],
        normal: [-c, -s, 0],
        radius: Math.min(across / NEIGHBOURS, radius),
      };
    });
  }).flat();
}
