/**
 * KomaMRI's `.phantom` (HDF5): one array per property under `position` and `contrast`, spins in
 * file order; the same arrays at the top of a plain `.h5` are read too. Missing properties have
 * KomaMRI's defaults. Spins are read by slice, so the file may be larger than memory.
 */
import { badInput } from '../base/errors.ts';
import type { Hdf5Reader, NumberDataset } from '../formats/hdf5/reader.ts';
import { boundsBuilder, checkSpins, contains, requireRange, type SurveyOf } from './bounds.ts';
import { COLUMN_NAMES, COLUMNS, type ColumnName } from './columns.ts';
import { addDigests, digestCheck, digestText } from './digest.ts';
import { phantomIdentity } from './identity.ts';
import { COLUMN_PATHS, unpackBounds, unpackDigests } from './koma-layout.ts';
import { readMotions } from './motion/read.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource, SpinBlock } from './types.ts';

/** Whether an open HDF5 file holds a phantom as arrays. */
export function isArrayPhantom(file: Hdf5Reader): boolean {
  return COLUMN_PATHS.x.some((path) => file.has(path));
}

/**
 * The phantom in an open file. KomaMRI files have Δw without a field strength: 1.5 T, the default
 * of its scanner, is assumed unless the file has Larmor's attribute B0.
 * @throws LarmorError 65 if it cannot be simulated
 */
export async function arrayPhantom(
  file: Hdf5Reader,
  warn: (message: string) => void,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const datasets = new Map<ColumnName, NumberDataset>();
  for (const name of COLUMN_NAMES) {
    const path = COLUMN_PATHS[name].find((candidate) => file.has(candidate));
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
    throw badInput(file.path, `states ${stated} spins but holds ${spinCount}`, 'write it again');
  }
  const motions = readMotions(file, spinCount, warn);

  const chunked = [...datasets.values()].some((dataset) => dataset.chunked);
  const readSpins = (first: number, count: number, into: SpinBlock): void => {
    requireRange(first, count, spinCount);
    const readAll = (): void => {
      for (const { name, default: absent } of COLUMNS) {
        const dataset = datasets.get(name);
        if (!dataset) into[name].fill(absent, 0, count);
        else if (count > 0) into[name].set(sliceOf(dataset, first, first + count));
      }
    };
    if (chunked) file.together(readAll);
    else readAll();
    file.requireUnchanged();
    checkSpins(file.path, first, count, into);
  };
  // Bounds and digests in the file are checked while its spins are read, so an edit that did not
  // update them is reported with its position. Without them, all spins are read once now.
  const digests = unpackDigests(file.attribute('/', 'digests'), spinCount);
  const stored = digests && unpackBounds(file.attribute('/', 'bounds'));
  const check = digests && digestCheck(file.path, spinCount, digests, readSpins);
  const readWithin = (first: number, count: number, into: SpinBlock): void => {
    readSpins(first, count, into);
    const seen = boundsBuilder();
    seen.add(count, into);
    if (stored && !contains(stored, seen.bounds)) {
      const what = `spins ${first} to ${first + count - 1} exceed the bounds it states`;
      throw badInput(file.path, what, "delete its attribute 'bounds'");
    }
    check?.(first, count, into);
  };
  const read = stored ? readWithin : readSpins;
  const { bounds, digest } = stored
    ? { bounds: stored, digest: digests!.reduce(addDigests) }
    : await surveyOf(spinCount, readSpins);
  if (bounds.maxDensity === 0) throw badInput(file.path, 'every density is 0', 'check the program that wrote it');
  const B0 = Number([file.attribute('/', 'B0') ?? TISSUE_B0].flat()[0]);
  if (!(B0 > 0 && Number.isFinite(B0))) throw badInput(`${file.path} B0`, `is ${B0}`, 'give a field in T');
  return {
    name: file.path,
    spinCount,
    B0,
    bounds,
    ...(motions.length === 0 ? {} : { motions }),
    identity: phantomIdentity('arrays', { B0 }, spinCount, digestText(digest)),
    residentBytes: 0,
    read,
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
  // Of the shapes [n, 1] and [1, n] the long axis is read in ranges; for a single spin either axis
  // works.
  const axis = Math.max(
    0,
    shape.findIndex((extent) => extent !== 1),
  );
  return read(shape.map((_, a) => (a === axis ? [from, to] : [0, 1])));
}
