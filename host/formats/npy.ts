/**
 * NumPy's `.npy` (format 1.0): the header of a file to write, and any plain numeric array read
 * back, whole or in ranges of rows.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { badInput } from '../base/errors.ts';
import { openInput, readInput, watchInput } from '../base/files.ts';

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

export function npyHeader(descr: string, shape: string): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  // Padded so that the data begins on a multiple of 64, as NumPy itself writes it.
  const length = Math.ceil((MAGIC.length + 2 + text.length + 1) / 64) * 64 - MAGIC.length - 2;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  return Buffer.concat([MAGIC, size, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')]);
}

export interface NpyArray {
  /** Row-major; complex numbers as [re, im] pairs. */
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly complex: boolean;
}

const READERS: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  i8: [8, (view, at) => Number(view.getBigInt64(at, true))],
  u8: [8, (view, at) => Number(view.getBigUint64(at, true))],
};

/**
 * Reads a numeric array, little-endian, as f64.
 * @throws LarmorError 66 missing, 65 not such an array
 */
export function readNpy(path: string): NpyArray {
  const bytes = readInput(path);
  const { shape, complex, start, width, read, byColumns, count } = parseHeader(path, bytes, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * width);
  const data = Float64Array.from({ length: count }, (_, n) => read(view, n * width));
  return { data: byColumns ? byRows(data, shape, complex ? 2 : 1) : data, shape, complex };
}

/** A matrix of real numbers, read in ranges of its rows. */
export interface NpyRows {
  readonly shape: readonly [rows: number, columns: number];
  /**
   * Writes rows [first, first + count), one after the other.
   * @throws LarmorError 65 if the file was changed
   */
  read(first: number, count: number, into: Float64Array): void;
  close(): void;
}

/** Headers of arrays are a line; that of a structured type may be longer, but holds no numbers. */
const MOST_HEADER = 65536;

/** @throws LarmorError 66 missing, 65 not a matrix of real numbers */
export function openNpyRows(path: string): NpyRows {
  const fd = openInput(path);
  try {
    const head = Buffer.alloc(MOST_HEADER);
    const length = readSync(fd, head, 0, MOST_HEADER, 0);
    const { shape, complex, start, width, read, byColumns } = parseHeader(
      path,
      head.subarray(0, length),
      fstatSync(fd).size,
    );
    const [rows, columns] = shape as [number, number];
    if (shape.length !== 2 || complex)
      throw badInput(
        path,
        `holds ${complex ? 'complex' : 'real'} numbers in the shape (${shape.join(', ')})`,
        'give a matrix of real numbers',
      );
    const requireSame = watchInput(path);
    const fetch = (from: number, count: number, into: Float64Array, at: number, step: number): void => {
      const bytes = Buffer.alloc(count * width);
      readSync(fd, bytes, 0, bytes.length, start + from * width);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let n = 0; n < count; n++) into[at + step * n] = read(view, n * width);
    };
    return {
      shape: [rows, columns],
      read(first, count, into) {
        if (byColumns)
          for (let column = 0; column < columns; column++) fetch(column * rows + first, count, into, column, columns);
        else fetch(first * columns, count * columns, into, 0, 1);
        requireSame();
      },
      close: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @param size of the file, of which `bytes` is the beginning */
function parseHeader(path: string, bytes: Buffer, size: number) {
  const foreign = (what: string): Error => badInput(path, what, 'save a plain numeric array with numpy.save');
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw foreign('not a .npy file');
  const wide = bytes[6] >= 2;
  const start = (wide ? 12 : 10) + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.toString('latin1', wide ? 12 : 10, start);
  const descr = /'descr':\s*'([<|=])(\w\d+)'/.exec(header)?.[2];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (!descr || sizes === undefined) throw foreign('its header names no little-endian numbers');
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  const complex = descr === 'c8' || descr === 'c16';
  const type = complex ? `f${Number(descr.slice(1)) / 2}` : descr;
  const reader = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (!reader) throw foreign(`numbers of type ${descr}`);
  const [width, read] = reader;
  const count = shape.reduce((product, length) => product * length, complex ? 2 : 1);
  if (size < start + count * width) throw foreign('shorter than its header says');
  const byColumns = /'fortran_order':\s*True/.test(header) && shape.length > 1;
  return { shape, complex, start, width, read, byColumns, count };
}

/**
 * Reorders numbers (of `parts` each) that are stored with the first index fastest to the last index
 * fastest.
 */
function byRows(data: Float64Array, shape: readonly number[], parts: number): Float64Array {
  const result = new Float64Array(data.length);
  const index = shape.map(() => 0);
  for (let from = 0; from < data.length; from += parts) {
    let to = 0;
    for (let axis = 0; axis < shape.length; axis++) to = to * shape[axis] + index[axis];
    for (let part = 0; part < parts; part++) result[parts * to + part] = data[from + part];
    for (let axis = 0; ++index[axis] === shape[axis] && axis < shape.length - 1; axis++) index[axis] = 0;
  }
  return result;
}
