/**
 * KomaMRI's `.phantom` (HDF5): one array per property under `position` and `contrast`, spins in file order; the same
 * arrays at the top of a plain `.h5` are read too. Any property left out has KomaMRI's default. Spins are read by slice,
 * so the file may be larger than memory.
 */
import { badInput } from '../common/errors.ts';
import type { Hdf5Reader, NumberDataset } from '../common/hdf5/reader.ts';
import { warn } from '../common/log.ts';
import { boundsOf, checkSpins } from './bounds.ts';
import { phantomIdentity } from './identity.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource, SpinBlock } from './types.ts';

/** Where a property may stand, and its value where the file leaves it out (KomaMRI's own defaults). */
const COLUMNS: Readonly<Record<keyof SpinBlock, { readonly paths: readonly string[]; readonly default: number }>> = {
  x: { paths: ['position/x', 'x'], default: 0 },
  y: { paths: ['position/y', 'y'], default: 0 },
  z: { paths: ['position/z', 'z'], default: 0 },
  density: { paths: ['contrast/ρ', 'ρ'], default: 1 },
  T1: { paths: ['contrast/T1', 'T1'], default: 1e6 },
  T2: { paths: ['contrast/T2', 'T2'], default: 1e6 },
  T2s: { paths: ['contrast/T2s', 'T2s'], default: 1e6 },
  offResonance: { paths: ['contrast/Δw', 'Δw'], default: 0 },
};
const NAMES = Object.keys(COLUMNS) as (keyof SpinBlock)[];

/** Whether an open HDF5 file holds a phantom as arrays. */
export function isArrayPhantom(file: Hdf5Reader): boolean {
  return COLUMNS.x.paths.some((path) => file.has(path));
}

/**
 * The phantom in an open file. KomaMRI states Δw without a field strength: 1.5 T, its scanner's default, is taken.
 * @throws LarmorError 65 if it cannot be simulated
 */
export function arrayPhantom(file: Hdf5Reader): PhantomSource {
  const datasets = new Map<keyof SpinBlock, NumberDataset>();
  for (const name of NAMES) {
    const path = COLUMNS[name].paths.find((candidate) => file.has(candidate));
    if (path) datasets.set(name, file.numbers(path));
  }
  const x = datasets.get('x');
  if (!x) throw badInput(file.path, 'holds no position/x', 'give a KomaMRI .phantom');
  const spinCount = vectorLength(x);
  for (const dataset of datasets.values()) {
    const length = vectorLength(dataset);
    if (length !== spinCount)
      throw badInput(dataset.place, `${length} values for ${spinCount} spins`, 'write it again');
  }
  if (spinCount === 0) throw badInput(file.path, 'holds no spins', 'check the program that wrote it');
  const stated = file.attribute('/', 'Ns');
  if (typeof stated === 'number' && stated !== spinCount) {
    throw badInput(file.path, `says ${stated} spins and holds ${spinCount}`, 'write it again');
  }
  if (file.list('motion').length > 0) {
    warn(`${file.path}: it holds motion, which is not simulated; its spins stay at rest where they are at the start`);
  }

  const readSpins = (first: number, count: number, into: SpinBlock): void => {
    for (const name of NAMES) {
      const dataset = datasets.get(name);
      if (!dataset) into[name].fill(COLUMNS[name].default, 0, count);
      else if (count > 0) into[name].set(sliceOf(dataset, first, first + count));
    }
    checkSpins(file.path, first, count, into);
  };
  return {
    name: file.path,
    spinCount,
    B0: TISSUE_B0,
    bounds: boundsOf(spinCount, readSpins),
    identity: phantomIdentity('arrays', { bytes: file.size }, spinCount, readSpins),
    residentBytes: 0,
    read: readSpins,
    close: file.close,
  };
}

/** Length of a vector, stored as [n], [n, 1] or [1, n]. */
function vectorLength({ place, shape }: NumberDataset): number {
  const long = shape.filter((extent) => extent !== 1);
  if (long.length > 1) throw badInput(place, `has shape ${shape.join(' × ')}`, 'give one value per spin');
  return shape.reduce((product, extent) => product * extent, 1);
}

function sliceOf({ shape, read }: NumberDataset, from: number, to: number) {
  // Of [n, 1] and [1, n] the long axis is cut; a single spin has none, and any axis of extent 1 serves.
  const axis = Math.max(
    0,
    shape.findIndex((extent) => extent !== 1),
  );
  return read(shape.map((_, a) => (a === axis ? [from, to] : [0, 1])));
}
