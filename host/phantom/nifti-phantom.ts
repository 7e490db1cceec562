/**
 * Phantoms of quantitative maps (`nifti-phantom-v1` of MRzero,
 * https://github.com/mrx-org/nifti-phantoms): a JSON file names for each tissue its density and
 * times, as numbers, as volumes of NIfTI files or as formulas of them. A voxel holds one spin of
 * every tissue that has density there (partial volumes), at its centre by the file's affine.
 */
import { dirname, join } from 'node:path';
import { badInput } from '../base/errors.ts';
import { isObject, readJson } from '../base/json.ts';
import { type MapData, readMapData } from '../fields/map.ts';
import { type Formula, parseFormula } from './expression.ts';
import { type MapTissue, type MapValues, mapPhantom } from './map-phantom.ts';
import type { PhantomSource } from './types.ts';

/** Units that the format fixes. */
const UNITS: Readonly<Record<string, string>> = {
  gyro: 'MHz/T',
  B0: 'T',
  T1: 's',
  T2: 's',
  "T2'": 's',
  ADC: '10^-3 mm^2/s',
  dB0: 'Hz',
  'B1+': 'rel',
  'B1-': 'rel',
};
const SCHEMA = /(?:nifti|bifti)-phantom-v(\d+)(?:\.json)?$/;
const KEYS = ['density', 'T1', 'T2', "T2'", 'ADC', 'dB0', 'B1+', 'B1-'];
const NAMES = ['x', 'x_min', 'x_max', 'x_mean', 'x_std'];
const EXAMPLE =
  '{"$schema": "…/nifti-phantom-v1", "system": {"B0": 3}, "tissues": {"water": {"density": "PD.nii.gz[0]", …}}}';
const SPEC = 'see docs/how-to/phantoms-from-maps.md';

/** Whether a JSON file means to be such a phantom. */
export function isNiftiPhantom(path: string): boolean {
  return readJson(
    path,
    EXAMPLE,
    (value) => isObject(value) && typeof value.$schema === 'string' && SCHEMA.test(value.$schema),
  );
}

/** @throws LarmorError 65 naming the entry or file that is wrong, 66 if a file is missing */
export async function openNiftiPhantom(path: string, warn: (message: string) => void): Promise<PhantomSource> {
  const whole = readJson(path, EXAMPLE, (value) => value as Record<string, unknown>);
  checkHead(path, whole);
  const system = objectOf(path, 'system', whole.system ?? {});
  const B0 = system.B0 ?? 3;
  if (typeof B0 !== 'number' || !(B0 > 0 && B0 < 100)) throw badInput(path, `system.B0 is ${B0}`, 'give a field in T');
  const tissues = objectOf(path, 'tissues', whole.tissues);
  const reader = volumeReader(path);
  const read: MapTissue[] = [];
  for (const [name, entry] of Object.entries(tissues)) read.push(await tissueOf(path, name, entry, reader, warn));
  return mapPhantom({ path, kind: 'maps', B0, tissues: read, warn });
}

function checkHead(path: string, whole: Readonly<Record<string, unknown>>): void {
  const version = SCHEMA.exec(String(whole.$schema))?.[1];
  if (version !== '1') throw badInput(path, `version ${version} of the format is not supported`, 'give version 1');
  if (whole.reslice_to !== undefined)
    throw badInput(path, "'reslice_to' is not supported", 'give maps that have the wanted voxels, without it');
  if (!isObject(whole.tissues) || Object.keys(whole.tissues).length === 0) throw badInput(path, 'has no tissues', SPEC);
  const units = objectOf(path, 'units', whole.units ?? {});
  for (const [name, unit] of Object.entries(units))
    if (UNITS[name] !== undefined && UNITS[name] !== unit)
      throw badInput(path, `units.${name} is '${String(unit)}'`, `the format has ${UNITS[name]}: convert the values`);
}

async function tissueOf(
  path: string,
  name: string,
  entry: unknown,
  volume: VolumeReader,
  warn: (message: string) => void,
): Promise<MapTissue> {
  const location = `${path} tissue '${name}'`;
  const record = objectOf(path, `tissue '${name}'`, entry);
  const unknown = Object.keys(record).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) warn(`${location}: ${unknown.join(', ')}: unknown, ignored`);
  if (record.density === undefined) throw badInput(location, 'has no density', SPEC);
  const value = (key: string, fallback: number): Promise<MapValues> | number =>
    record[key] === undefined ? fallback : valuesOf(record[key], `${location} ${key}`, volume);
  const ADC = await value('ADC', 0);
  if (record['B1-'] !== undefined && JSON.stringify(record['B1-']) !== '[1]')
    warn(`${location}: B1- has no effect; give receive coils in the scanner file`);
  if (ADC !== 0) warn(`${location}: ADC has no effect: diffusion is not simulated`);
  return {
    name,
    density: await value('density', 0),
    T1: await value('T1', Number.POSITIVE_INFINITY),
    T2: await value('T2', Number.POSITIVE_INFINITY),
    T2prime: await value("T2'", Number.POSITIVE_INFINITY),
    offset: await value('dB0', 0),
    transmit: await channelsOf(record['B1+'], `${location} B1+`, volume),
  };
}

/** A list of channels; nominal without one. */
async function channelsOf(entry: unknown, location: string, volume: VolumeReader): Promise<MapValues[]> {
  const list = Array.isArray(entry) ? (entry as unknown[]) : [entry ?? 1];
  if (list.length === 0) throw badInput(location, 'is an empty list', 'give a value for each transmit channel');
  const channels: MapValues[] = [];
  for (const [n, value] of list.entries()) channels.push(await valuesOf(value, `${location}[${n}]`, volume));
  return channels;
}

function objectOf(path: string, key: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw badInput(path, `${key} is not an object`, SPEC);
}

type VolumeReader = (reference: string, location: string) => Promise<MapData>;

/**
 * Volume of a file by reference, `file.nii.gz[2]`; each file is read once.
 * @param index optional: a file of one volume is named without
 */
export function volumeReader(path: string, index: 'required' | 'optional' = 'required'): VolumeReader {
  const files = new Map<string, MapData>();
  return async (reference, location) => {
    const [, name, number] = /^(.+?)(?:\[(\d+)\])?$/.exec(reference) ?? [];
    if (name === undefined || (number === undefined && index === 'required'))
      throw badInput(location, `'${reference}' does not name a volume of a file`, "write for example 'T1.nii.gz[0]'");
    const file = join(dirname(path), name);
    const whole = files.get(file) ?? (await readMapData(file));
    files.set(file, whole);
    if (number === undefined && whole.channels > 1)
      throw badInput(location, `${name} has ${whole.channels} volumes`, `name one: '${name}[0]', counted from 0`);
    const volume = Number(number ?? 0);
    if (volume >= whole.channels)
      throw badInput(location, `${name} has ${whole.channels} volumes, no number ${volume}`, 'count from 0');
    const size = whole.values.length / whole.channels;
    return { ...whole, channels: 1, values: whole.values.subarray(volume * size, (volume + 1) * size) };
  };
}

async function valuesOf(entry: unknown, location: string, volume: VolumeReader): Promise<MapValues> {
  if (typeof entry === 'number') return entry;
  // JSON has no infinity, but Python writes it as a word.
  if (entry === 'inf' || entry === 'Infinity') return Number.POSITIVE_INFINITY;
  if (typeof entry === 'string') return volume(entry, location);
  if (!isObject(entry) || typeof entry.file !== 'string' || typeof entry.func !== 'string')
    throw badInput(location, 'is neither a number, nor a reference to a volume, nor a formula', SPEC);
  const map = await volume(entry.file, location);
  if (map.parts === 2) throw badInput(location, 'formulas of complex numbers are not supported', 'give real numbers');
  let formula: Formula;
  try {
    formula = parseFormula(entry.func, NAMES);
  } catch (error) {
    throw badInput(
      `${location} func '${entry.func}'`,
      (error as Error).message,
      `use + - * / ( ) and ${NAMES.join(', ')}`,
    );
  }
  return { ...map, values: applied(formula, map.values) };
}

function applied(formula: Formula, values: MapData['values']): Float64Array {
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  const names = { x: 0, x_min: min, x_max: max, x_mean: mean, x_std: Math.sqrt(squares / values.length) };
  return Float64Array.from(values, (x) => formula({ ...names, x }));
}
