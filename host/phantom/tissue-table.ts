/**
 * Tissue tables: the JSON file that defines the labels of an image. Its schema is documented in
 * docs/reference/tissue-table.md; a misspelt key is an error, since a silently ignored one would be
 * a wrong phantom.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import { isObject, readJson } from '../base/json.ts';
import { GAMMA_BAR, type Meters, type Tesla } from '../base/units.ts';
import { checkSpins } from './bounds.ts';
import { TISSUE_B0, type Tissue } from './tissues.ts';
import { spinBlock } from './types.ts';

export interface TissueTable {
  readonly path: string;
  /** Field at which the off-resonances hold. */
  readonly B0: Tesla;
  /**
   * Whether T1 and T2 of all tissues are given by field strength, so that those of `tissues` are
   * for the scanner's field.
   */
  readonly knowsField: boolean;
  /** By label; null: known, without spins. */
  readonly tissues: ReadonlyMap<number, Tissue | null>;
  /**
   * By label: the map of its probability, `GM.nii.gz` or `tissues.nii.gz[0]`; empty if the labels
   * are those of an image.
   */
  readonly probabilities: ReadonlyMap<number, string>;
  /** Voxel size along each array dimension; undefined: the image says. */
  readonly voxelSize?: readonly [Meters, Meters, Meters];
  /** Where array indices grow to, one letter of LRPASI per dimension. */
  readonly axes?: string;
  /** Which variable of a MAT-file. */
  readonly variable?: string;
}

/** Tissue numbers are bytes, and 0 means no spins. */
const MAX_TISSUES = 255;
/** Chemical shifts beyond this are a frequency in Hz [ppm]. */
const MOST_SHIFT = 100;
const TABLE_KEYS = ['tissues', 'B0', 'voxelSize', 'axes', 'variable', 'description'];
const TISSUE_KEYS = ['name', 'density', 'T1', 'T2', 'T2s', 'offResonance', 'shift', 'probability'];
/** One letter per body axis. */
const AXES = /^(?=.*[LR])(?=.*[PA])(?=.*[SI])[LRPASI]{3}$/;

/**
 * Whether a JSON file means to be a tissue table; one that cannot be parsed does, so that its fault
 * is reported.
 */
export function isTissueTable(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readInput(path).toString('utf8'));
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'tissues');
  } catch {
    return true;
  }
}

/** Whether a JSON file means to be a table with maps of probability. */
export function hasProbabilities(path: string): boolean {
  return readJson(path, '{"tissues": {"1": {"probability": "GM.nii.gz", …}}}', (value) => {
    const tissues: unknown = isObject(value) ? value.tissues : undefined;
    return isObject(tissues) && Object.values(tissues).some((entry) => isObject(entry) && 'probability' in entry);
  });
}

/**
 * @param scannerB0 field at which times that are given by field are wanted; default: the table's
 * own
 * @throws LarmorError 66 if the file is not there, 65 naming the entry that is wrong
 */
export function readTissueTable(path: string, scannerB0?: Tesla): TissueTable {
  let table: unknown;
  try {
    table = JSON.parse(readInput(path).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badInput(path, `is not JSON (${error.message})`, 'correct it');
  }
  const record = recordOf(table, path, TABLE_KEYS);
  const tissues = new Map<number, Tissue | null>();
  const probabilities = new Map<number, string>();
  const own = record.B0 === undefined ? TISSUE_B0 : positive(record.B0, `${path} B0`, 'T');
  const B0 = scannerB0 ?? own;
  if (record.tissues === undefined) throw badInput(path, "has no 'tissues'", 'see docs/reference/tissue-table.md');
  for (const [label, entry] of Object.entries(recordOf(record.tissues, `${path} tissues`))) {
    const number = label.trim() === '' ? Number.NaN : Number(label);
    if (!Number.isInteger(number)) throw badInput(`${path} tissues`, `'${label}' is not a label`, 'use whole numbers');
    tissues.set(number, entry === null ? null : tissueOf(entry, `${path} tissue ${label}`, own, B0));
    const { probability } = (entry ?? {}) as { readonly probability?: unknown };
    if (probability === undefined) continue;
    if (typeof probability !== 'string' || probability === '')
      throw badInput(`${path} tissue ${label} probability`, `is ${JSON.stringify(probability)}`, 'name a NIfTI file');
    probabilities.set(number, probability);
  }
  const count = [...tissues.values()].filter((tissue) => tissue !== null).length;
  if (count === 0 || count > MAX_TISSUES) throw badInput(path, `has ${count} tissues`, `give 1 to ${MAX_TISSUES}`);
  return {
    path,
    B0: own,
    knowsField: Object.values(record.tissues as object).every((entry) => entry === null || isByField(entry)),
    tissues,
    probabilities,
    ...(record.voxelSize !== undefined && { voxelSize: voxelSizeOf(record.voxelSize, `${path} voxelSize`) }),
    ...(record.axes !== undefined && { axes: axesOf(record.axes, `${path} axes`) }),
    ...(record.variable !== undefined && { variable: String(record.variable) }),
  };
}

const isByField = ({ T1, T2 }: { readonly T1?: unknown; readonly T2?: unknown }): boolean =>
  typeof T1 === 'object' && typeof T2 === 'object';

/**
 * A time [s], or times by field strength, {"1.5": 0.9, "3": 1.2}: between two fields interpolated
 * linearly in the logarithms of both, since T1 ∝ B0^p.
 * @throws LarmorError 65 for a field outside those given
 */
function timeOf(value: unknown, place: string, B0: Tesla): number {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return positive(value, place, 's');
  const points = Object.entries(value)
    .map(([field, time]) => [Number(field), positive(time, `${place} at ${field} T`, 's')] as const)
    .sort((p, q) => p[0] - q[0]);
  const wrong = Object.keys(value).find((field) => !(Number(field) > 0));
  if (wrong !== undefined || points.length === 0)
    throw badInput(
      place,
      wrong === undefined ? 'names no field' : `'${wrong}' is not a field in T`,
      'give {"1.5": …, "3": …}',
    );
  const exact = points.find(([field]) => field === B0);
  if (exact) return exact[1];
  const above = points.findIndex(([field]) => field > B0);
  if (above <= 0) {
    const fields = points.map(([field]) => field).join(', ');
    throw badInput(place, `is given at ${fields} T, and ${B0} T is not between them`, 'give a value for that field');
  }
  const [[f, low], [g, high]] = [points[above - 1], points[above]];
  return low * (high / low) ** (Math.log(B0 / f) / Math.log(g / f));
}

function tissueOf(entry: unknown, place: string, own: Tesla, B0: Tesla): Tissue {
  const record = recordOf(entry, place, TISSUE_KEYS);
  const T2 = timeOf(record.T2, `${place} T2`, B0);
  const { offResonance = 0, shift = 0 } = record;
  if (typeof offResonance !== 'number' || !Number.isFinite(offResonance)) {
    throw badInput(`${place} offResonance`, `is ${JSON.stringify(offResonance)}`, 'give a number [Hz]');
  }
  if (typeof shift !== 'number' || !(Math.abs(shift) <= MOST_SHIFT)) {
    throw badInput(
      `${place} shift`,
      `is ${JSON.stringify(shift)}`,
      `give a number from −${MOST_SHIFT} to ${MOST_SHIFT} [ppm]`,
    );
  }
  const tissue: Tissue = {
    density: positive(record.density, `${place} density`, 'relative'),
    T1: timeOf(record.T1, `${place} T1`, B0),
    T2,
    T2s: record.T2s === undefined ? T2 : timeOf(record.T2s, `${place} T2s`, B0),
    // Both at the table's field; they are scaled to the scanner's.
    offResonance: 2 * Math.PI * (offResonance + 1e-6 * shift * GAMMA_BAR * own),
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
  throw badInput(place, `is ${JSON.stringify(value)}`, 'give the direction of increase of each index, for example PLS');
}
