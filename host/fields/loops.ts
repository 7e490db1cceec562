/**
 * Receive coils as circular loops: the sensitivity by reciprocity is the field of a unit current (Biot–Savart, quasi-static),
 * C = Bx − i·By [T/A], with the current right-handed about the normal. In the loop's own cylindrical frame (ρ, z), with
 * α² = (a + ρ)² + z², β² = (a − ρ)² + z² and kc = β/α,
 *
 *     B_z = μ0 a/(π α³) · cel(kc, kc², a + ρ, a − ρ),   B_ρ = μ0 a z/(π α³) · cel(kc, kc², −1, 1)
 *
 * which keeps its digits near the axis, where the usual form in K and E cancels.
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

/** Half the thickness of a conductor: nearer to the wire the field of a filament, which diverges there, means nothing. */
const WIRE: Meters = 2e-3;

/**
 * C of one loop at places [0, count) into `re` and `im`.
 * @param onWire called for a place nearer to the wire than 2 mm; it throws unless nothing is there, and C is 0
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
    const [dx, dy, dz] = [x[n]! - centre[0], y[n]! - centre[1], z[n]! - centre[2]];
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
    const axial = perArea * integrals[0]!;
    const radial = rho === 0 ? 0 : (perArea * height * integrals[1]!) / rho;
    re[n] = axial * nx + radial * px;
    im[n] = -(axial * ny + radial * py);
  }
}

/** @param file what names the coils @param who what stands there, such as `brain.phantom spin 3` */
export function onWire(file: string, coil: number, who: string, place: readonly number[]): LarmorError {
  const at = place.map((part) => `${Number((1e3 * part).toPrecision(4))}`).join(', ');
  const what = `the wire of coil ${coil + 1} runs through ${who} at (${at}) mm (LPS)`;
  return badInput(file, what, `place it ${1e3 * WIRE} mm or more from the phantom`);
}

/** Centres of neighbouring loops, in loop radii: overlap by a quarter of the diameter decouples them. */
const NEIGHBOURS = 1.5;

/**
 * `coils` loops on a cylinder about the z axis, normals inward: in rings, as many as make neighbours in a ring and along z about
 * as distant, every other ring turned by half a step.
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
