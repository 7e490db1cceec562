/**
 * NumPy's `.npy` (format 1.0): the header of a file to write, and any plain numeric array read
 * back.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';

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
  if (bytes.length < start + count * width) throw foreign('shorter than its header says');
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * width);
  const data = Float64Array.from({ length: count }, (_, n) => read(view, n * width));
  const byColumns = /'fortran_order':\s*True/.test(header) && shape.length > 1;
  return { data: byColumns ? byRows(data, shape, complex ? 2 : 1) : data, shape, complex };
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
