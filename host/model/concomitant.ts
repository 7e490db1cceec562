/**
 * Concomitant fields: the columns q for the terms of `concomitantTerms`. The isocentre is the
 * origin of coordinates.
 */
import { warn } from '../base/log.ts';
import type { Tesla } from '../base/units.ts';
import type { PhantomBounds } from '../phantom/types.ts';
import type { Layer } from './layer.ts';

/**
 * Below this field [T] the neglected third order in G is more than a thousandth of the second order
 * at the edge of a head.
 */
const SECOND_ORDER_FIELD: Tesla = 0.2;

/** Warns if the second order in G is not sufficient. @param path of the scanner file */
export function warnOfLowField(path: string, B0: Tesla): void {
  if (B0 >= SECOND_ORDER_FIELD) return;
  warn(
    `${path}: concomitant fields at ${B0} T are simulated to second order in the gradients, which is coarse below 0.2 T`,
  );
}

/** z², x² + y², xz, yz [m²] of a spin's position at rest. @param bounds of the phantom */
export function concomitantLayer({ min, max }: PhantomBounds): Layer {
  const [x, y, z] = min.map((low, axis) => Math.max(Math.abs(low), Math.abs(max[axis]))) as [number, number, number];
  return {
    adds: { terms: 4 },
    largest: { terms: [z * z, x * x + y * y, x * z, y * z] },
    identity: 'concomitant',
    residentBytes: 0,
    fill({ block, count }, [zz, rr, xz, yz]) {
      for (let n = 0; n < count; n++) {
        const [px, py, pz] = [block.x[n], block.y[n], block.z[n]];
        zz![n] = pz * pz;
        rr![n] = px * px + py * py;
        xz![n] = px * pz;
        yz![n] = py * pz;
      }
    },
  };
}
