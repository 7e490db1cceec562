/**
 * Quantitative maps of one subject as a phantom: a folder with `T1map.nii.gz`, `T2map.nii.gz` and
 * others named according to BIDS (`sub-01_T1map.nii.gz` …). Every voxel that has T1, T2 and density
 * is a spin. Times are in s as BIDS has them; a sidecar's `Units` may say otherwise.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, missingInput } from '../base/errors.ts';
import { isObject, readJson } from '../base/json.ts';
import { type MapData, readMapData, requireSameGrid } from '../fields/map.ts';
import { mapPhantom, primeOf } from './map-phantom.ts';
import type { PhantomSource } from './types.ts';

const SUFFIX = /(?:^|_)([A-Za-z0-9]+)\.nii(?:\.gz)?$/;
/** Maps by what they give. R1 and R2 are turned over. */
const SUFFIXES = {
  T1: ['T1map', 'R1map'],
  T2: ['T2map', 'R2map'],
  T2star: ['T2starmap', 'R2starmap'],
  density: ['PDmap', 'M0map'],
  offset: ['B0map', 'fieldmap'],
  transmit: ['TB1map'],
} as const;
type Quantity = keyof typeof SUFFIXES;

/** Factors to SI by the sidecar's unit; the first is BIDS's own. */
const UNITS: Readonly<Record<Quantity, Readonly<Record<string, number>>>> = {
  T1: { s: 1, ms: 1e-3, '1/s': 1, '1/ms': 1e3 },
  T2: { s: 1, ms: 1e-3, '1/s': 1, '1/ms': 1e3 },
  T2star: { s: 1, ms: 1e-3, '1/s': 1, '1/ms': 1e3 },
  density: { arbitrary: 1, percent: 0.01, '%': 0.01 },
  offset: { Hz: 1, 'rad/s': 1 / (2 * Math.PI) },
  transmit: { arbitrary: 1, percent: 0.01, '%': 0.01 },
};
/** No tissue has longer times [s]: larger numbers are in ms. */
const LONGEST = 30;
/** No transmit field is this many times its nominal value: larger numbers are per cent. */
const STRONGEST = 10;
const USUAL_B0 = 3;

/** @throws LarmorError 65 for a map that cannot be used, 66 if T1 or T2 are missing */
export async function openMapFolder(folder: string, warn: (message: string) => void): Promise<PhantomSource> {
  const files = readdirSync(folder).sort();
  const pathOf = (quantity: Quantity): string | undefined => {
    const found = files.filter((name) =>
      (SUFFIXES[quantity] as readonly string[]).includes(SUFFIX.exec(name)?.[1] ?? ''),
    );
    if (found.length > 1) throw badInput(folder, `holds ${found.join(' and ')}`, 'keep the maps of one subject in it');
    return found[0] === undefined ? undefined : join(folder, found[0]);
  };
  const read = async (quantity: Quantity): Promise<MapData | undefined> => {
    const path = pathOf(quantity);
    return path === undefined ? undefined : inUnits(path, quantity, await readMapData(path));
  };
  const [T1, T2] = [await read('T1'), await read('T2')];
  if (T1 === undefined || T2 === undefined) {
    const missing = T1 === undefined ? 'T1map.nii.gz' : 'T2map.nii.gz';
    throw missingInput(
      folder,
      `is a directory without ${missing}`,
      'give T1map.nii.gz and T2map.nii.gz, with PDmap, T2starmap, B0map, TB1map if there are any',
    );
  }
  const given = await read('density');
  const star = await read('T2star');
  for (const map of [T2, given, star]) if (map !== undefined) requireSameGrid(T1, map);
  const density = T1.values.map((t1, n) => {
    const rho = given === undefined ? 1 : given.values[n];
    return t1 > 0 && T2.values[n] > 0 && rho > 0 && Number.isFinite(t1 + T2.values[n] + rho) ? rho : 0;
  });
  const transmit = await read('transmit');
  return mapPhantom({
    path: folder,
    kind: 'map folder',
    B0: fieldOf(T1.path, warn),
    warn,
    tissues: [
      {
        name: 'maps',
        density: { ...T1, values: density },
        T1,
        T2,
        T2prime:
          star === undefined
            ? Number.POSITIVE_INFINITY
            : { ...star, values: star.values.map((t, n) => primeOf(t, T2.values[n])) },
        offset: (await read('offset')) ?? 0,
        transmit: [transmit ?? 1],
      },
    ],
  });
}

function sidecarOf(path: string): Readonly<Record<string, unknown>> {
  const json = path.replace(/\.nii(\.gz)?$/, '.json');
  if (!existsSync(json)) return {};
  return readJson(json, '{"Units": "s"}', (value) => (isObject(value) ? value : {}));
}

function fieldOf(path: string, warn: (message: string) => void): number {
  const { MagneticFieldStrength: B0 } = sidecarOf(path);
  if (typeof B0 === 'number' && B0 > 0 && B0 < 100) return B0;
  if (B0 !== undefined)
    throw badInput(
      path,
      `MagneticFieldStrength of its sidecar is ${JSON.stringify(B0)}`,
      'give a number of T from 0 to 100, without quotes',
    );
  warn(`${path}: no sidecar states MagneticFieldStrength; ${USUAL_B0} T is assumed`);
  return USUAL_B0;
}

/** SI, and times in place of rates. */
function inUnits(path: string, quantity: Quantity, map: MapData): MapData {
  if (map.parts === 2 || map.channels > 1) throw badInput(path, 'is not one real volume', 'give one real volume');
  const { Units: unit } = sidecarOf(path);
  const known = UNITS[quantity];
  if (typeof unit === 'string' && known[unit] === undefined)
    throw badInput(path, `its sidecar has the unit '${unit}'`, `give ${Object.keys(known).join(', ')}`);
  const factor = typeof unit === 'string' ? known[unit] : 1;
  const rate = /_?R\d(star)?map\.nii/.test(path);
  const values = map.values.map((value) => (rate && value !== 0 ? 1 / (factor * value) : factor * value));
  const middle = medianOf(values);
  if (quantity.startsWith('T') && middle > LONGEST)
    throw badInput(path, `its median is ${middle.toPrecision(3)} s`, `give s, or a sidecar with "Units": "ms"`);
  if (quantity === 'transmit' && middle > STRONGEST)
    throw badInput(
      path,
      `its median is ${middle.toPrecision(3)}`,
      `give 1 = nominal, or a sidecar with "Units": "percent"`,
    );
  return { ...map, values };
}

/** Median of the positive values. */
function medianOf(values: MapData['values']): number {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value)).sort();
  return positive[positive.length >> 1] ?? 0;
}
