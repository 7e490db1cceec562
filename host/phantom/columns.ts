/**
 * The columns of a spin, declared once for readers, checks, bounds and digests, and in this order
 * for the kernels (`assembly/tile.ts`). A run with a model, beyond static spins in one coil, has
 * further columns after these, in the order of `modelColumns`.
 */
import type { Model } from './types.ts';

/**
 * - `most`: largest |value|. Larger lengths and frequencies are in another unit (positions in mm),
 *   and would overflow to NaN in the f32 arithmetic of the kernels.
 * - `least`: smallest value.
 * - `default`: value if a file does not have the column (the defaults of KomaMRI).
 */
export const COLUMNS = [
  /** Position in LPS. */
  { name: 'x', unit: 'm', most: 10, default: 0 },
  { name: 'y', unit: 'm', most: 10, default: 0 },
  { name: 'z', unit: 'm', most: 10, default: 0 },
  /** Proton density, relative. */
  { name: 'density', unit: '', most: 1e20, default: 1 },
  { name: 'T1', unit: 's', least: 1e-9, default: 1e6 },
  { name: 'T2', unit: 's', least: 1e-9, default: 1e6 },
  /** Not simulated by itself: may be infinite (no dephasing) or 0 (unset). */
  { name: 'T2s', unit: 's', least: 0, default: 1e6 },
  /** At the phantom's own B0: up to 10 MHz. */
  { name: 'offResonance', unit: 'rad/s', most: 2 * Math.PI * 1e7, default: 0 },
] as const;

export type ColumnName = (typeof COLUMNS)[number]['name'];

export const COLUMN_NAMES: readonly ColumnName[] = COLUMNS.map(({ name }) => name);

/** The declaration of a column. */
export function columnOf<N extends ColumnName>(name: N): Extract<(typeof COLUMNS)[number], { name: N }> {
  return COLUMNS.find((column) => column.name === name) as Extract<(typeof COLUMNS)[number], { name: N }>;
}

/** Parts of a model beyond static spins in one coil and a uniform B1, in words. */
export function modelParts(model: Model | undefined): string[] {
  const { terms = 0, transmits = 0, coils = 0, nodes = 0, fields } = model ?? {};
  const parts = {
    ...{ 'receive coils': coils, 'maps of B1': transmits, 'phase terms': terms, 'paths of spins': nodes },
    'fields seen on the move': fields?.nodes ?? 0,
  };
  return Object.entries(parts).flatMap(([name, count]) => (count > 0 ? [name] : []));
}

/** Where a model's columns begin among `SpinBlock.extra`, and how many there are. */
export interface ModelColumns {
  /** [terms] q: factors of the phase terms κ of the timeline, except the sliding ones. */
  readonly terms: number;
  /** [transmits][re, im] of b = B1+ over its nominal value. */
  readonly transmits: number;
  /** [sets][coils][re, im] of the receive sensitivity. */
  readonly coils: number;
  /** [nodes][x, y, z] displacement from the spin's position [m]. */
  readonly nodes: number;
  /** [nodes] 1 if the spin is reset at the node, else 0. */
  readonly resets: number;
  /** [field nodes][values] of fields fixed in space, where the spin is at the time of a node. */
  readonly fields: number;
  readonly total: number;
}

export function modelColumns(
  model: Pick<Model, 'terms' | 'transmits' | 'coils' | 'coilSets' | 'nodes' | 'fields'> | undefined,
): ModelColumns {
  const { terms = 0, transmits = 0, coils = 0, coilSets = 1, nodes = 0, fields } = model ?? {};
  const at = {
    terms: 0,
    transmits: terms,
    coils: terms + 2 * transmits,
    nodes: terms + 2 * (transmits + coils * coilSets),
  };
  const resets = at.nodes + 3 * nodes;
  const values = resets + nodes;
  return {
    ...at,
    resets,
    fields: values,
    total: values + (fields === undefined ? 0 : fields.nodes * fields.largest.length),
  };
}
