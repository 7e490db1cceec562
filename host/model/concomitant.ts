/**
 * Concomitant fields: the columns q for the terms of `concomitantTerms`, to second order in the
 * gradients, or for those of the whole root (`whole-root.ts`). The isocentre is the origin of
 * coordinates.
 */
import type { Tesla } from '../base/units.ts';
import type { Numbers, Places } from '../fields/map.ts';
import type { PhantomBounds } from '../phantom/types.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { blockGradients, cornersWithin, valueAt } from '../sequence/waveform.ts';
import { concomitantRates } from '../timeline/concomitant.ts';
import { rememberByEvents } from '../timeline/tables.ts';
import type { Layer } from './layer.ts';
import type { SeenField } from './seen-fields.ts';
import { type Gradient, type WholeRoot, wholeRoot } from './whole-root.ts';

/**
 * Below this field [T] the third order in G is more than a thousandth of the second order at the
 * edge of a head.
 */
const SECOND_ORDER_FIELD: Tesla = 0.2;

/** Whether the whole root is taken. */
export function isWholeRoot({ B0, gradients }: Pick<Scanner, 'B0' | 'gradients'>): boolean {
  const how = gradients?.concomitant;
  return how === 'full' || (how === true && B0 < SECOND_ORDER_FIELD);
}

/** Largest error of the root: a phase of 1e-6 (f64) or 1e-5 rad in 0.1 s. */
const ERROR = { exact: 1e-6, single: 1e-5, time: 0.1 } as const;

/** @param played sequence as the scanner plays it */
export function rootOf(
  { B0, gammaBar }: Pick<Scanner, 'B0' | 'gammaBar'>,
  played: Sequence,
  box: Box,
  exact: boolean,
): WholeRoot {
  const phase = exact ? ERROR.exact : ERROR.single;
  return wholeRoot(B0, gradientsOf(played), box, phase / (2 * Math.PI * gammaBar * ERROR.time));
}

/** Gradients closer together than this part of the largest are one. */
const GRAIN = 1 / 48;
/** Points of a ramp that are examined, including its ends. */
const RAMP = 5;

/** Gradients of the sequence: those at the corners of the waveforms, and some between. */
function gradientsOf(played: Sequence): Gradient[] {
  const all: Gradient[] = [];
  const collect = rememberByEvents((block) => {
    const gradients = blockGradients(block);
    const times = [0, ...cornersWithin(gradients, 0, block.duration), block.duration];
    for (let n = 1; n < times.length; n++) {
      const [a, b] = [
        gradients.map((gradient) => valueAt(gradient, times[n - 1], 'after')),
        gradients.map((gradient) => valueAt(gradient, times[n], 'before')),
      ];
      const points = a.every((value, axis) => value === b[axis]) ? 1 : RAMP;
      for (let point = 0; point < points; point++)
        all.push(a.map((value, axis) => value + ((b[axis] - value) * point) / (RAMP - 1)) as unknown as Gradient);
    }
  });
  for (let n = 0; n < played.blockCount; n++) collect(played.block(n), n);
  all.sort((a, b) => Math.hypot(...b) - Math.hypot(...a));
  const unit = GRAIN * Math.hypot(...(all[0] ?? [1, 0, 0]));
  const distinct = new Map<string, Gradient>();
  for (const gradient of all) {
    const key = gradient.map((value) => Math.round(value / unit)).join(' ');
    if (!distinct.has(key)) distinct.set(key, gradient);
  }
  return [...distinct.values()];
}

/** The columns of the whole root at rest. */
export function rootLayer({ count, largest, identity, fill }: WholeRoot): Layer {
  return {
    adds: { terms: count },
    largest: { terms: largest },
    identity,
    residentBytes: 0,
    fill: ({ block, count: spins }, columns) => fill(block, spins, columns),
  };
}

/** The same of a spin on the move. */
export function seenRoot({ largest, identity, rates, fill }: WholeRoot): SeenField {
  return {
    ...{ largest, identity, residentBytes: 0, rates, curved: true },
    sample: (places, columns) => fill(places, columns[0]?.length ?? 0, columns),
  };
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

/** The same for a moving spin. @param bounds of all positions that spins reach */
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
