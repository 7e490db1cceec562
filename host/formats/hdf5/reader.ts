/**
 * HDF5 files, read lazily through h5wasm: datasets by slices, records, attributes, groups. h5wasm
 * is 4 MB of WebAssembly, so it is loaded when the first file is opened and not before. Its Node
 * build uses the real file system and reads the requested part, never the whole file. All its
 * errors, including an abort of the library on a corrupt file, become one line.
 */
import { closeSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { File as H5File } from 'h5wasm/node';
import { type Budget, openBudget } from '../../base/budget.ts';
import { badInput, LarmorError } from '../../base/errors.ts';
import { openInput, watchInput } from '../../base/files.ts';
import type { Numbers } from '../numbers.ts';
import { type Range, readByChunks } from './chunks.ts';
import { confine, type Refusal, withinLimits, withinTime } from './confine.ts';
import { type H5Module, membersOf, type RecordDataset, readRecords } from './records.ts';
import { refuseBoundless } from './size.ts';

/** A dataset of numbers; nothing is read before `read`. */
export interface NumberDataset {
  /** File and path in it, as messages cite it. */
  readonly place: string;
  readonly shape: readonly number[];
  /** Whether it is stored in chunks, in which the library may run for ever. */
  readonly chunked: boolean;
  /** The hyperslab [start, end) per axis, row-major. @throws LarmorError 65 if it cannot be read */
  read(ranges: readonly Range[]): Numbers;
}

export interface Hdf5Reader {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /**
   * @throws LarmorError 65 if the file was changed since it was opened; what was read before may
   * then be wrong
   */
  requireUnchanged(): void;
  /**
   * Runs many reads with one time limit: setting one takes a third of a millisecond.
   * @throws LarmorError 65 if they do not end in time
   */
  together<T>(reads: () => T): T;
  /** Names in a group; [] if it does not exist. */
  list(group: string): string[];
  has(path: string): boolean;
  isDataset(path: string): boolean;
  /** @throws LarmorError 65 if there is no such dataset or it does not hold numbers */
  numbers(path: string): NumberDataset;
  /** @throws LarmorError 65 if there is no such dataset or it is not a list of records */
  records(path: string): RecordDataset;
  /**
   * The first string of a dataset.
   * @throws LarmorError 65 if there is no such dataset or it holds no text
   */
  text(path: string): string;
  /**
   * An attribute of a group or dataset, 64-bit integers as numbers; undefined if it does not exist.
   */
  attribute(path: string, name: string): string | number | readonly number[] | undefined;
  close(): void;
}

/**
 * Where an HDF5 superblock may begin: 0, then 512 and its doublings; MATLAB 7.3 files have it at
 * 512.
 */
const SIGNATURE = '\x89HDF\r\n\x1a\n';
const SIGNATURE_PLACES = [0, 512, 1024, 2048];

/** Whether the file carries the HDF5 signature. @throws LarmorError 66 if it cannot be opened */
export function isHdf5(path: string): boolean {
  const fd = openInput(path);
  try {
    const bytes = Buffer.alloc(8);
    return SIGNATURE_PLACES.some((at) => readSync(fd, bytes, 0, 8, at) === 8 && bytes.toString('latin1') === SIGNATURE);
  } finally {
    closeSync(fd);
  }
}

/** Opens an HDF5 file. @throws LarmorError 66 if it is not there, 65 if it is not whole HDF5 */
export async function openHdf5(path: string): Promise<Hdf5Reader> {
  if (!isHdf5(path)) throw badInput(path, 'is not an HDF5 file', 'check that it is the right file');
  const { h5, module } = await loadHdf5();
  if (aborted) throw badInput(path, 'HDF5 stopped at an earlier damaged file', 'start again without that file');
  const size = statSync(path).size;
  const budget = openBudget('phantom', path, size);
  // Twice the budget: a buffer that grows is copied.
  const memory = module.HEAPU8.byteLength + 2 * budget.left();
  const { guard, together } = guardOf(budget, memory, STEP_MS + Math.ceil(size / BYTES_PER_MS));
  const file = guard(
    path,
    () => {
      const opened = new h5.File(resolve(path), 'r');
      if (opened.file_id < 0n) throw new Error('cannot be opened');
      return opened;
    },
    { file: path },
  );
  return reader({ path, size, file, budget, guard, together, h5, module });
}

/**
 * Time limit for a step of the library: a constant, and more for a large file at the speed of a
 * slow disk.
 */
const STEP_MS = 15_000;
const BYTES_PER_MS = 10_000;

/** The library decompresses whole chunks; below this size that does not matter. */
const LARGE_CHUNK = 2 ** 24;

type H5 = typeof import('h5wasm/node');

/** The library, set to throw its errors as exceptions instead of printing pages of them. */
export async function loadHdf5(): Promise<{ readonly h5: H5; readonly module: H5Module }> {
  // When it aborts it also prints to the console.error that it finds while it loads; our one line
  // is sufficient.
  const print = console.error;
  console.error = () => {};
  try {
    const h5 = await import('h5wasm/node');
    const module = await h5.ready;
    module.activate_throwing_error_handler();
    confine(module);
    return { h5, module };
  } finally {
    console.error = print;
  }
}

/**
 * Set after a file made the library abort or run for ever: it is then not used any more in this
 * process.
 */
let aborted = false;

/** An open file and what limits reading it. */
interface Opened {
  readonly path: string;
  readonly size: number;
  readonly file: H5File;
  readonly budget: Budget;
  readonly guard: Guard;
  readonly together: Hdf5Reader['together'];
  readonly h5: H5;
  readonly module: H5Module;
}

function reader(opened: Opened): Hdf5Reader {
  const { path, size, file, guard, together, h5 } = opened;
  const entity = (inside: string) => guard(`${path} ${inside}`, () => (inside === '/' ? file : file.get(inside)));
  return {
    path,
    size,
    requireUnchanged: watchInput(path),
    together,
    list: (group) => {
      const at = entity(group);
      return at instanceof h5.Group ? guard(`${path} ${group}`, () => at.keys()) : [];
    },
    has: (inside) => entity(inside) !== null,
    isDataset: (inside) => entity(inside) instanceof h5.Dataset,
    numbers: (inside) => numbersOf(opened, `${path} ${inside}`, entity(inside)),
    records: (inside) => recordsOf(opened, `${path} ${inside}`, entity(inside)),
    text: (inside) => textOf(opened, `${path} ${inside}`, entity(inside)),
    attribute(inside, name) {
      const at = entity(inside);
      if (!(at instanceof h5.Group || at instanceof h5.Dataset)) return undefined;
      const value = guard(`${path} ${inside} ${name}`, () => at.attrs[name]?.value);
      if (typeof value === 'bigint') return Number(value);
      if (typeof value === 'string' || typeof value === 'number') return value;
      return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number | bigint>, Number) : undefined;
    },
    close: () => {
      try {
        if (!aborted) guard(path, () => file.close());
      } catch {
        // Nothing was written, so nothing is lost; the earlier error is the one to report.
      }
    },
  };
}

/** @param place as messages cite it */
function numbersOf({ h5, guard, budget, size }: Opened, place: string, dataset: unknown): NumberDataset {
  if (!(dataset instanceof h5.Dataset)) throw badInput(place, 'no such dataset', 'check that it is the right file');
  const shape = guard(place, () => dataset.shape);
  if (!shape) throw badInput(place, 'is empty', 'check the program that wrote it');
  const { chunks, size: bytes } = guard(place, () => dataset.metadata);
  const total = shape.reduce((product, extent) => product * extent, 1);
  refuseBoundless(place, size, bytes * total, `${total} numbers`);
  const chunk = (chunks ?? []).reduce((product, extent) => product * extent, bytes);
  if (chunk > LARGE_CHUNK) budget.take(chunk, `a chunk of ${chunk} bytes`, place);
  const read = (ranges: readonly Range[]): Numbers => {
    const count = ranges.reduce((product, [start, end]) => product * (end - start), 1);
    budget.check(bytes * count, `${count} numbers`, place);
    // A scalar has no axes, and HDF5 no hyperslab of it.
    const value = () => (shape.length === 0 ? dataset.value : dataset.slice(ranges.map(([a, b]) => [a, b])));
    const step = (): Numbers => numbersFrom(value(), place);
    // Without chunks it is one run of bytes, which is safe, and read in many small parts.
    return guard(place, step, { timed: chunks !== null });
  };
  return { place, shape, chunked: chunks !== null, read: chunks ? readByChunks(shape, chunks, read) : read };
}

function recordsOf({ h5, module, guard, size }: Opened, place: string, dataset: unknown): RecordDataset {
  const metadata = dataset instanceof h5.Dataset ? guard(place, () => dataset.metadata) : undefined;
  if (!(dataset instanceof h5.Dataset) || !metadata?.compound_type || metadata.shape?.length !== 1)
    throw badInput(place, 'is not a list of records', 'check that it is the right file');
  refuseBoundless(place, size, metadata.shape[0] * metadata.size, `${metadata.shape[0]} records`);
  return {
    place,
    length: metadata.shape[0],
    members: membersOf(metadata.compound_type, 0),
    read: (start, end, use) => guard(place, () => readRecords(module, dataset, metadata.size, start, end, use)),
  };
}

function textOf({ h5, guard, budget }: Opened, place: string, dataset: unknown): string {
  if (dataset instanceof h5.Dataset) {
    const { size: each, total_size: count } = guard(place, () => dataset.metadata);
    const bytes = each * count;
    budget.take(bytes, `a text of ${bytes} bytes`, place);
  }
  const value = dataset instanceof h5.Dataset ? guard(place, () => dataset.value) : undefined;
  const text = Array.isArray(value) ? value[0] : value;
  if (typeof text !== 'string') throw badInput(place, 'holds no text', 'check that it is the right file');
  return text;
}

function numbersFrom(value: unknown, place: string): Numbers {
  if (typeof value === 'number' || typeof value === 'bigint') return Float64Array.of(Number(value));
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Float64Array.from(value, Number);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as Numbers;
  throw badInput(place, 'does not hold plain numbers', 'check that it is the right file');
}

/** @param cause message of the HDF5 library */
function unreadable(place: string, cause: string): LarmorError {
  // HDF5 searches for a plugin of an unknown filter, in a folder of the machine it was built on.
  if (cause.includes('plugin'))
    return badInput(
      place,
      'is compressed by a method other than gzip (LZF, Zstandard …)',
      "write it with gzip, e.g. h5py's compression='gzip'",
    );
  const type = /(\w+) not supported/.exec(cause)?.[1];
  if (type !== undefined)
    return badInput(place, `holds numbers of type ${type}, which cannot be read`, 'write them as float32 or float64');
  return badInput(place, `HDF5 cannot read it (${cause})`, 'check that the file was copied whole');
}

/**
 * Runs one step of the library within its limits. `file`: what it may open in this step. `timed`:
 * true by default.
 */
type Guard = <T>(place: string, step: () => T, more?: { readonly file?: string; readonly timed?: boolean }) => T;

/**
 * An error of the library as one line; its own messages have many, of which the innermost cause is
 * useful.
 */
function guardOf(
  budget: Budget,
  memory: number,
  time: number,
): { readonly guard: Guard; readonly together: Hdf5Reader['together'] } {
  /** Location of the step in progress. */
  let at = '';
  const refused =
    (place: string) =>
    ({ file, memory: bytes = 0, time: waited }: Refusal): Error => {
      if (waited !== undefined) {
        aborted = true;
        const what = `HDF5 did not end reading it within ${Math.round(waited / 1000)} s`;
        return badInput(place, what, 'check that the file was copied whole and that its disk responds');
      }
      const fix = 'copy its data into this file, e.g. with h5repack';
      if (file !== undefined) return badInput(place, `refers to another file, '${file}'`, fix);
      try {
        budget.check(bytes, 'its data in memory', place);
      } catch (error) {
        return error as Error;
      }
      return badInput(place, 'needs more memory than HDF5 can use here', 'check that the file was copied whole');
    };
  const guard: Guard = (place, step, { file, timed = true } = {}) => {
    at = place;
    try {
      return withinLimits({ file, memory, time: timed ? time : undefined }, step, refused(place));
    } catch (error) {
      if (error instanceof LarmorError) throw error;
      if (error instanceof WebAssembly.RuntimeError) {
        aborted = true;
        throw badInput(place, 'is damaged, and HDF5 cannot continue after it', 'check that the file was copied whole');
      }
      const causes = [...String(error).matchAll(/\): (.+)/g)];
      const cause = causes.at(-1)?.[1] ?? String(error).split('\n')[0];
      throw unreadable(place, cause.trim());
    }
  };
  return { guard, together: (reads) => withinTime(time, reads, () => refused(at)({ time })) };
}
