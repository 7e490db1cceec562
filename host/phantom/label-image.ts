/**
 * Phantoms from label images: voxels whose label has tissue in the table become spins on the
 * image's lattice. Readers of formats return a `LabelVolume`; here the stride, sub-voxel spins and
 * position are applied.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { badInput, missingInput } from '../base/errors.ts';
import { completeParameters, type Given, type Parameters } from '../base/parameters.ts';
import type { Tesla } from '../base/units.ts';
import { checkExtent } from './bounds.ts';
import { warnOfTableT2s } from './inert.ts';
import { type Lattice, type LatticeModel, latticeSource, thickened, type Vector } from './lattice.ts';
import { gridPlaces, type SpinSampler, spinsPerVoxel } from './sub-voxel.ts';
import { isTissueTable, readTissueTable, type TissueTable } from './tissue-table.ts';
import type { Tissue } from './tissues.ts';
import type { PhantomSource } from './types.ts';

/**
 * The result of a reader: labels already converted to tissue numbers, and the positions of voxels.
 */
export interface LabelVolume {
  readonly size: readonly [number, number, number];
  /**
   * Place of voxel (0, 0, 0) and steps to its neighbours, patient LPS [m]; undefined origin:
   * centred on 0.
   */
  readonly origin?: Vector;
  readonly steps: readonly [Vector, Vector, Vector];
  /** Row (j, k) of tissue numbers into `row`, which is as long as the first dimension. */
  readRow(row: Uint8Array, j: number, k: number): void;
  /** Bytes held in memory. */
  readonly residentBytes: number;
  close?(): void;
}

export const labelImageParameters = {
  tissues: { default: '', unit: 'path', doc: 'tissue table (JSON); default: beside the image, with ending .json' },
  variable: { default: '', unit: '', doc: 'variable of a MAT-file' },
  stride: { default: 1, unit: '', doc: 'every n-th voxel along each axis', minimum: 1, integer: true },
  upsampling: {
    default: 0,
    unit: '',
    doc: 'n × n (× n) spins on a sub-lattice of each voxel (0: as spinsPerVoxel says)',
    minimum: 0,
    integer: true,
  },
  spinsPerVoxel,
} as const satisfies Parameters;

/** Labels to tissue numbers by a table; 0, air in every image, needs no entry. */
export interface LabelMap {
  readonly tissues: readonly (Tissue | undefined)[];
  /** Labels in the image that are not in the table. */
  readonly unknown: ReadonlySet<number>;
  readonly numberOf: (label: number) => number;
}

/**
 * Labels stored as scaled or f32 numbers differ from a whole number by rounding; with a larger
 * difference a number is not a label.
 */
const ROUNDING = 1e-4;
/** Unknown labels collected for the warning: an image that is mistaken for labels has millions. */
const MOST_UNKNOWN = 1000;

function labelMap(path: string, table: TissueTable): LabelMap {
  const tissues: (Tissue | undefined)[] = [undefined];
  const numbers = new Map<number, number>([[0, 0]]);
  for (const [label, tissue] of table.tissues) numbers.set(label, tissue ? tissues.push(tissue) - 1 : 0);
  const unknown = new Set<number>();
  const numberOf = (value: number): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const label = Math.round(value);
    if (!(Math.abs(value - label) <= ROUNDING * Math.max(1, Math.abs(label))))
      throw badInput(path, `holds ${value}, which is not a label`, 'give whole numbers');
    const number = numbers.get(label);
    if (number !== undefined) return number;
    if (unknown.size < MOST_UNKNOWN) unknown.add(label);
    return 0;
  };
  return { tissues, unknown, numberOf };
}

/** Makes the volume of one format from path, label map, table and the `variable` parameter. */
export type VolumeReader = (path: string, map: LabelMap, table: TissueTable, variable: string) => Promise<LabelVolume>;

export interface LabelImageOptions {
  readonly warn: (message: string) => void;
  /** Where it goes that T2* has no effect. */
  readonly warnT2s: (message: string) => void;
  readonly sampler: SpinSampler | undefined;
  /** Field of the scanner. */
  readonly B0: Tesla | undefined;
}

/** @throws LarmorError 2, 65 or 66 */
export async function openLabelImage(
  path: string,
  given: Given,
  readVolume: VolumeReader,
  { warn, warnT2s, sampler, B0 }: LabelImageOptions,
): Promise<PhantomSource> {
  const options = completeParameters(path, labelImageParameters, given);
  const table = readTissueTable(options.tissues || besides(path), B0);
  if (table.probabilities.size > 0)
    throw badInput(table.path, 'its tissues name probability maps', 'give the table as the phantom, without labels');
  const map = labelMap(path, table);
  const volume = await readVolume(path, map, table, options.variable || (table.variable ?? ''));
  try {
    const { lattice, model } = thinned(volume, map, options.stride);
    const dimensions = volume.size[2] === 1 ? 2 : 3;
    const { upsampling } = options;
    const source = latticeSource(upsampling > 0 ? lattice : thickened(lattice, sampler), model, {
      name: path,
      kind: 'labels',
      B0: table.B0,
      header: {
        size: volume.size,
        stride: options.stride,
        origin: lattice.origin,
        steps: lattice.steps,
        B0: table.B0,
        tissues: [...table.tissues],
      },
      places: upsampling > 0 ? gridPlaces(upsampling, dimensions) : undefined,
      count: options.spinsPerVoxel || undefined,
      sampler,
    });
    warnUnknown(path, map, table, warn);
    warnOfTableT2s(table, warnT2s);
    checkExtent(path, source.bounds);
    return {
      ...source,
      parameters: { ...options, tissues: table.path },
      ...(table.knowsField && { knowsField: true }),
    };
  } catch (error) {
    warnUnknown(path, map, table, warn);
    volume.close?.();
    throw error;
  }
}

/** Name of the tissue table beside an image. */
export const tableBeside = (path: string): string => path.replace(/(\.nii)?\.\w+$/i, '.json');

function besides(path: string): string {
  const table = tableBeside(path);
  const exists = existsSync(table);
  if (exists && isTissueTable(table)) return table;
  // DICOM converters write a description of the scan with the same name.
  const what = exists
    ? "the JSON file beside the label image is not a tissue table (it has no 'tissues')"
    : 'a label image needs a tissue table and there is none';
  throw missingInput(table, what, 'give one with --set tissues=FILE.json');
}

function warnUnknown(path: string, { unknown }: LabelMap, table: TissueTable, warn: (message: string) => void): void {
  if (unknown.size === 0) return;
  const shown = [...unknown].sort((a, b) => a - b).slice(0, 8);
  const more = unknown.size > shown.length ? ` and ${unknown.size - shown.length} more` : '';
  warn(`${path}: labels ${shown.join(', ')}${more} are not in ${table.path} and hold no spins`);
}

/**
 * Every `stride`-th voxel from the first on; a volume without an origin is centred after the stride
 * is applied.
 */
function thinned(volume: LabelVolume, map: LabelMap, stride: number): { lattice: Lattice; model: LatticeModel } {
  const size = volume.size.map((points) => Math.ceil(points / stride)) as [number, number, number];
  const steps = volume.steps.map((step) => step.map((part) => part * stride)) as unknown as Lattice['steps'];
  const centred = [0, 1, 2].map((axis) =>
    steps.reduce((sum, step, dimension) => sum - ((size[dimension] - 1) / 2) * step[axis], 0),
  ) as unknown as Vector;
  const full = new Uint8Array(volume.size[0]);
  const hash = createHash('sha1');
  let hashed = 0;
  return {
    lattice: { size, steps, origin: volume.origin ?? centred },
    model: {
      tissues: map.tissues,
      paintRow(row, j, k) {
        volume.readRow(full, j * stride, k * stride);
        for (let i = 0; i < row.length; i++) row[i] = full[i * stride];
        if (j + k * size[1] !== hashed) return;
        hash.update(row);
        hashed++;
      },
      digest: () => hash.copy().digest('hex'),
      residentBytes: volume.residentBytes + full.byteLength,
      close: () => volume.close?.(),
    },
  };
}

/**
 * Steps along the array's dimensions for `axes` such as PLS: the letters towards which its indices
 * grow.
 */
export function stepsAlong(axes: string, voxelSize: readonly [number, number, number]): Lattice['steps'] {
  const DIRECTIONS: Record<string, Vector> = {
    L: [1, 0, 0],
    R: [-1, 0, 0],
    P: [0, 1, 0],
    A: [0, -1, 0],
    S: [0, 0, 1],
    I: [0, 0, -1],
  };
  const step = (dimension: number): Vector => {
    const [x, y, z] = DIRECTIONS[axes[dimension]];
    const size = voxelSize[dimension];
    return [x * size, y * size, z * size];
  };
  return [step(0), step(1), step(2)];
}

/** A volume held in memory, one byte a voxel, first dimension fastest. */
export function heldVolume(
  numbers: Uint8Array,
  size: readonly [number, number, number],
  geometry: Pick<LabelVolume, 'steps' | 'origin'>,
): LabelVolume {
  return {
    size,
    ...geometry,
    readRow(row, j, k) {
      const start = (k * size[1] + j) * size[0];
      row.set(numbers.subarray(start, start + size[0]));
    },
    residentBytes: numbers.byteLength,
  };
}

/** Three extents, of which the last may be left out; more than three are rejected. */
export function extentsOf(place: string, dims: readonly number[]): [number, number, number] {
  const extra = dims.slice(3).some((extent) => extent !== 1);
  const [ni, nj = 1, nk = 1] = dims;
  if (extra) throw badInput(place, `has ${dims.length} dimensions`, 'give a label image of 2 or 3');
  if (![ni, nj, nk].every((extent) => extent > 0))
    throw badInput(place, 'holds no voxels', 'check the program that wrote it');
  return [ni, nj, nk];
}
