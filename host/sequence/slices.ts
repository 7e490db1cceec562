/** Slices of a sequence, distinguished by the planes that its selective excitations select. */
import type { Meters } from '../base/units.ts';
import type { Excitation } from './kspace.ts';
import { positive } from './trajectory-kind.ts';
import { dot, norm, scale, type Vector, ZERO } from './vector.ts';

/** Slices in order along their normals, from the frequency offsets of selective excitations. */
export interface Slices {
  readonly count: number;
  /** Slice number and centre by excitation; 0 and the origin before the first. */
  of(excitation: number): { number: number; position: Vector };
  /** Distance between neighbours, if all are parallel and there are several. */
  readonly spacing: Meters | undefined;
}

interface Plane {
  readonly normal: Vector;
  readonly offset: Meters;
  readonly position: Vector;
  number: number;
}

/**
 * Planes closer to each other than this fraction of their thickness are one slice whose frequency
 * was corrected.
 */
const SAME_SLICE = 0.02;
/** Components of normals are compared in steps of this. */
const SAME_NORMAL = 1e-3;

/** @param used excitations that an image readout follows, in order */
export function slicesOf(excitations: readonly Excitation[], used: readonly number[]): Slices {
  /** Planes by their rounded normals. */
  const byNormal = new Map<string, Plane[]>();
  const planeBy = new Map<number, Plane>();
  for (const n of used) {
    if (excitations[n] !== undefined) planeBy.set(n, planeOf(excitations[n], byNormal));
  }
  const planes = [...byNormal.values()].flat();
  const parallel = byNormal.size <= 1;
  // Planes of several orientations have no common order and keep that of acquisition.
  if (parallel) planes.sort((a, b) => a.offset - b.offset);
  for (const [number, plane] of planes.entries()) plane.number = number;
  // A slab that rotates with every spoke is one volume, not one slice per spoke.
  const turning = !parallel && planes.length > used.length / 2 && planes.every(({ offset }) => offset === 0);
  const nowhere = { number: 0, position: ZERO };
  return {
    count: turning ? 1 : Math.max(1, planes.length),
    of: (n) => (turning ? nowhere : (planeBy.get(n) ?? nowhere)),
    spacing:
      parallel && planes.length > 1 ? (planes.at(-1)!.offset - planes[0].offset) / (planes.length - 1) : undefined,
  };
}

/** The known plane that an excitation selects, or a new one. */
function planeOf({ gradient, position, thickness = 0 }: Excitation, byNormal: Map<string, Plane[]>): Plane {
  const strength = norm(gradient);
  const normal = strength === 0 ? ZERO : positive(scale(gradient, 1 / strength));
  const offset = dot(normal, position);
  const key = normal.map((c) => Math.round(c / SAME_NORMAL) + 0).join(' ');
  const planes = byNormal.get(key) ?? [];
  byNormal.set(key, planes);
  const known = planes.find((plane) => Math.abs(plane.offset - offset) <= SAME_SLICE * thickness);
  if (known !== undefined) return known;
  const plane = { normal, offset, position, number: 0 };
  planes.push(plane);
  return plane;
}
