/**
 * Tissue tables: the JSON file that says what the labels of an image stand for. Its schema is documented in
 * docs/reference/tissue-table.md; a misspelt key is an error, since a silently ignored one would be a wrong phantom.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import type { Meters, Tesla } from '../base/units.ts';
import { checkSpins } from './bounds.ts';
import { TISSUE_B0, type Tissue } from './tissues.ts';
import { spinBlock } from './types.ts';

export interface TissueTable {
  readonly path: string;
  /** Field at which the off-resonances hold. */
  readonly B0: Tesla;
  /** By label; null: known, without spins. */
  readonly tissues: ReadonlyMap<number, Tissue | null>;
  /** Voxel size along each array dimension; undefined: the image says. */
  readonly voxelSize?: readonly [Meters, Meters, Meters];
  /** Where array indices grow to, one letter of LRPASI per dimension. */
  readonly axes?: string;
  /** Which variable of a MAT-file. */
  readonly variable?: string;
}

/** Tissue numbers are bytes and 0 stands for no spins. */
const MAX_TISSUES = 255;
const TABLE_KEYS = ['tissues', 'B0', 'voxelSize', 'axes', 'variable', 'description'];
const TISSUE_KEYS = ['name', 'density', 'T1', 'T2', 'T2s', 'offResonance'];
/** One letter per body axis. */
const AXES = /^(?=.*[LR])(?=.*[PA])(?=.*[SI])[LRPASI]{3}$/;

/** Whether a JSON file means to be a tissue table; one that cannot be parsed does, so that its fault is reported. */
export function isTissueTable(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readInput(path).toString('utf8'));
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'tissues');
  } catch {
    return true;
  }
}

/** @throws LarmorError 66 if the file is not there, 65 naming the entry that is wrong */
export function readTissueTable(path: string): TissueTable {
  let table: unknown;
  try {
    table = JSON.parse(readInput(path).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badInput(path, `is not JSON (${error.message})`, 'correct it');
  }
  const record = recordOf(table, path, TABLE_KEYS);
  const tissues = new Map<number, Tissue | null>();
  if (record.tissues === undefined) throw badInput(path, "has no 'tissues'", 'see docs/reference/tissue-table.md');
  for (const [label, entry] of Object.entries(recordOf(record.tissues, `${path} tissues`))) {
    const number = label.trim() === '' ? Number.NaN : Number(label);
    if (!Number.isInteger(number)) throw badInput(`${path} tissues`, `'${label}' is no label`, 'use whole numbers');
    tissues.set(number, entry === null ? null : tissueOf(entry, `${path} tissue ${label}`));
  }
  const count = [...tissues.values()].filter((tissue) => tissue !== null).length;
  if (count === 0 || count > MAX_TISSUES) throw badInput(path, `has ${count} tissues`, `give 1 to ${MAX_TISSUES}`);
  return {
    path,
    B0: record.B0 === undefined ? TISSUE_B0 : positive(record.B0, `${path} B0`, 'T'),
    tissues,
    ...(record.voxelSize !== undefined && { voxelSize: voxelSizeOf(record.voxelSize, `${path} voxelSize`) }),
    ...(record.axes !== undefined && { axes: axesOf(record.axes, `${path} axes`) }),
    ...(record.variable !== undefined && { variable: String(record.variable) }),
  };
}

function tissueOf(entry: unknown, place: string): Tissue {
  const record = recordOf(entry, place, TISSUE_KEYS);
  const T2 = positive(record.T2, `${place} T2`, 's');
  const { offResonance = 0 } = record;
  if (typeof offResonance !== 'number' || !Number.isFinite(offResonance)) {
    throw badInput(`${place} offResonance`, `is ${JSON.stringify(offResonance)}`, 'give a number [Hz]');
  }
  const tissue: Tissue = {
    density: positive(record.density, `${place} density`, 'relative'),
    T1: positive(record.T1, `${place} T1`, 's'),
    T2,
    T2s: record.T2s === undefined ? T2 : positive(record.T2s, `${place} T2s`, 's'),
    offResonance: 2 * Math.PI * offResonance,
  };
  const spin = spinBlock(1);
  for (const name of ['density', 'T1', 'T2', 'T2s', 'offResonance'] as const) spin[name][0] = tissue[name];
  checkSpins(place, undefined, 1, spin);
  return tissue;
}

function recordOf(value: unknown, place: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badInput(place, 'is not an object', 'see docs/reference/tissue-table.md');
  }
  const wrong = keys && Object.keys(value).find((key) => !keys.includes(key));
  if (wrong !== undefined) throw badInput(place, `has an unknown entry '${wrong}'`, `it takes ${keys!.join(', ')}`);
  return value as Record<string, unknown>;
}

/** A number > 0 that stays finite and above 0 as f32, which is what engines compute with. */
function positive(value: unknown, place: string, unit: string): number {
  if (value === undefined) throw badInput(place, 'is missing', `give a positive number [${unit}]`);
  const rounded = typeof value === 'number' ? Math.fround(value) : Number.NaN;
  if (!(rounded > 0 && Number.isFinite(rounded))) {
    throw badInput(place, `is ${JSON.stringify(value)}`, `give a positive number [${unit}]`);
  }
  return value as number;
}

function voxelSizeOf(value: unknown, place: string): [Meters, Meters, Meters] {
  const sizes = Array.isArray(value) ? value : [value, value, value];
  if (sizes.length !== 3) throw badInput(place, `has ${sizes.length} numbers`, 'give one, or three [m]');
  return [positive(sizes[0], place, 'm'), positive(sizes[1], place, 'm'), positive(sizes[2], place, 'm')];
}

function axesOf(value: unknown, place: string): string {
  if (typeof value === 'string' && AXES.test(value)) return value;
  throw badInput(place, `is ${JSON.stringify(value)}`, 'give where each index grows to, e.g. PLS');
}
