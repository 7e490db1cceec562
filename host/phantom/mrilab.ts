/**
 * Virtual objects of MRiLab: a MAT-file (level 5 or 7.3) with a struct `VObj` of maps [rows,
 * columns, slices, types] on a grid about the isocentre. Rows run along y, columns along x, slices
 * along z, in m; each type is a spin of its own at every voxel where it has density. ChemShift is
 * in Hz/T of the scanner's field, positive = faster.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import type { Tesla } from '../base/units.ts';
import type { MapData } from '../fields/map.ts';
import { isHdf5, openHdf5 } from '../formats/hdf5/reader.ts';
import { matField, readMatlab } from '../formats/matlab.ts';
import { type MapTissue, mapPhantom, primeOf } from './map-phantom.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource } from './types.ts';

/** Fields that are read, and those that say nothing about spins. */
const READ = ['Rho', 'T1', 'T2', 'T2Star', 'ChemShift', 'TypeNum', 'XDimRes', 'YDimRes', 'ZDimRes'];
const NEUTRAL = ['XDim', 'YDim', 'ZDim', 'Name', 'Notes', 'Type', 'Model', 'Gyro'];

interface NumericArray {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The struct's fields. */
interface Fields {
  readonly names: readonly string[];
  /** undefined: absent, empty or no numbers. */
  numbers(name: string): NumericArray | undefined;
  close(): void;
}

/**
 * @param B0 of the scanner; default: that of the built-in tissues
 * @returns undefined if the file holds no VObj
 * @throws LarmorError 65 naming the field that is wrong
 */
export async function openMrilab(
  path: string,
  B0: Tesla = TISSUE_B0,
  warn: (message: string) => void,
): Promise<PhantomSource | undefined> {
  const fields = isHdf5(path) ? await hdf5Fields(path) : level5Fields(path);
  if (fields === undefined) return undefined;
  try {
    const rho = fields.numbers('Rho');
    if (rho === undefined) throw badInput(`${path} VObj`, 'has no Rho', 'save the whole object');
    const unused = fields.names.filter(
      (name) => !READ.includes(name) && !NEUTRAL.includes(name) && !isTrivial(name, fields.numbers(name)),
    );
    const exchange = unused.includes('K') ? '; exchange between types is not simulated' : '';
    if (unused.length > 0) warn(`${path}: VObj.${unused.join(', VObj.')}: without effect${exchange}`);
    return mapPhantom({ path, kind: 'mrilab', B0, tissues: tissuesOf(path, fields, rho, B0), warn });
  } finally {
    fields.close();
  }
}

/** Fields that change nothing: empty, or one spin for each voxel and type. */
const isTrivial = (name: string, value: NumericArray | undefined): boolean =>
  value === undefined || (name === 'SpinNum' && value.data.length === 1 && value.data[0] === 1);

function tissuesOf(path: string, fields: Fields, rho: NumericArray, B0: Tesla): MapTissue[] {
  const [rows, columns = 1, slices = 1, types = 1, ...more] = rho.dims as [number, ...number[]];
  if (more.some((extent) => extent !== 1))
    throw badInput(`${path} VObj.Rho`, `has ${rho.dims.length} dimensions`, 'give [rows, columns, slices, types]');
  const stated = fields.numbers('TypeNum')?.data[0] ?? types;
  if (stated !== types)
    throw badInput(`${path} VObj.TypeNum`, `is ${stated}, but Rho holds ${types} types`, 'correct one of the two');
  const volume = rows * columns * slices;
  const [dx, dy, dz] = ['XDimRes', 'YDimRes', 'ZDimRes'].map((name) => lengthOf(path, fields, name)) as Lengths;
  const grid: Pick<MapData, 'size' | 'origin' | 'steps'> = {
    size: [rows, columns, slices],
    origin: [(-(columns - 1) / 2) * dx, (-(rows - 1) / 2) * dy, (-(slices - 1) / 2) * dz],
    steps: [
      [0, dy, 0],
      [dx, 0, 0],
      [0, 0, dz],
    ],
  };
  const mapOf = (
    name: string,
    array: NumericArray,
    type: number,
    value = (x: number, _: number): number => x,
  ): MapData => ({
    ...grid,
    path: `${path} VObj.${name}`,
    ...{ channels: 1, parts: 1 },
    values: Float32Array.from({ length: volume }, (_, n) => value(array.data[type * volume + n], type * volume + n)),
  });
  const [T1, T2] = ['T1', 'T2'].map((name) => arrayOf(path, fields, name, rho)) as [NumericArray, NumericArray];
  const star = fields.numbers('T2Star') && arrayOf(path, fields, 'T2Star', rho);
  const shifts = fields.numbers('ChemShift')?.data ?? [0];
  if (shifts.length !== 1 && shifts.length !== types)
    throw badInput(`${path} VObj.ChemShift`, `holds ${shifts.length} numbers for ${types} types`, 'give one for each');
  return Array.from({ length: types }, (_, type) => ({
    name: `type ${type + 1}`,
    density: mapOf('Rho', rho, type),
    T1: mapOf('T1', T1, type),
    T2: mapOf('T2', T2, type),
    T2prime:
      star === undefined
        ? Number.POSITIVE_INFINITY
        : mapOf('T2Star', star, type, (value, n) => primeOf(value, T2.data[n])),
    offset: (shifts.length === 1 ? shifts[0] : shifts[type]) * B0,
    transmit: [1],
  }));
}

type Lengths = [number, number, number];

function lengthOf(path: string, fields: Fields, name: string): number {
  const value = fields.numbers(name)?.data[0];
  if (value !== undefined && value > 0 && Number.isFinite(value)) return value;
  throw badInput(
    `${path} VObj.${name}`,
    value === undefined ? 'is missing' : `is ${value}`,
    'give the voxel size in m',
  );
}

function arrayOf(path: string, fields: Fields, name: string, { dims }: NumericArray): NumericArray {
  const found = fields.numbers(name);
  const of = (extents: readonly number[]): string => extents.join(' × ');
  if (found !== undefined && of(found.dims) === of(dims)) return found;
  const what = found === undefined ? 'is missing' : `is ${of(found.dims)}, but Rho is ${of(dims)}`;
  throw badInput(`${path} VObj.${name}`, what, 'give one number for each entry of Rho');
}

function level5Fields(path: string): Fields | undefined {
  const object = readMatlab(readInput(path), path).get('VObj');
  if (object?.kind !== 'struct' || object.elements[0] === undefined) return undefined;
  return {
    names: Object.keys(object.elements[0]),
    numbers(name) {
      const value = matField(object, name);
      return value?.kind === 'numeric' && value.data.length > 0 ? value : undefined;
    },
    close() {},
  };
}

/**
 * A 7.3 file, whose datasets have MATLAB's dimensions in reverse; empty arrays are marked by an
 * attribute there.
 */
async function hdf5Fields(path: string): Promise<Fields | undefined> {
  const file = await openHdf5(path);
  const names = file.list('VObj');
  if (names.length === 0) {
    file.close();
    return undefined;
  }
  return {
    names,
    numbers(name) {
      if (!names.includes(name) || !file.isDataset(`VObj/${name}`)) return undefined;
      const { shape, read } = file.numbers(`VObj/${name}`);
      return { dims: [...shape].reverse(), data: read(shape.map((extent) => [0, extent])) };
    },
    close: file.close,
  };
}
