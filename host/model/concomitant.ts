/**
 * Concomitant fields: the columns q for the terms of `concomitantTerms`. The isocentre is the
 * origin of coordinates.
 */
import { warn } from '../base/log.ts';
import type { Tesla } from '../base/units.ts';
import type { Numbers, Places } from '../fields/map.ts';
import type { PhantomBounds } from '../phantom/types.ts';
import { concomitantRates } from '../timeline/concomitant.ts';
import type { Layer } from './layer.ts';
import type { SeenField } from './seen-fields.ts';

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

/** z², x² + y², xz, yz [m²] of a spin's place at rest. @param bounds of the phantom */
export function concomitantLayer(bounds: Box): Layer {
  return {
    adds: { terms: 4 },
    largest: { terms: largestSquares(bounds) },
    identity: 'concomitant',
    residentBytes: 0,
    fill: ({ block, count }, columns) => squares(block, count, columns),
  };
}

/** The same of a spin on the move. @param bounds of all places that are reached */
export function seenConcomitant(B0: Tesla, bounds: Box): SeenField {
  return {
    largest: largestSquares(bounds),
    identity: `concomitant=${B0}`,
    residentBytes: 0,
    rates: concomitantRates(B0),
    sample: (places, columns) => squares(places, columns[0].length, columns),
  };
}

type Box = Pick<PhantomBounds, 'min' | 'max'>;

function largestSquares({ min, max }: Box): [number, number, number, number] {
  const [x, y, z] = min.map((low, axis) => Math.max(Math.abs(low), Math.abs(max[axis]))) as [number, number, number];
  return [z * z, x * x + y * y, x * z, y * z];
}

function squares({ x, y, z }: Places, count: number, columns: readonly Numbers[]): void {
  const [zz, rr, xz, yz] = columns as readonly [Numbers, Numbers, Numbers, Numbers];
  for (let n = 0; n < count; n++) {
    zz[n] = z[n] * z[n];
    rr[n] = x[n] * x[n] + y[n] * y[n];
    xz[n] = x[n] * z[n];
    yz[n] = y[n] * z[n];
  }
}
