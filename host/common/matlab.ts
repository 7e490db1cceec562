/**
 * Reader of MATLAB level 5 MAT-files (`save -v6`, `-v7`): numeric and logical arrays, char, cells, structs, plain or
 * compressed. It stands in the common room because label images and reference waveforms both come in it. Layout: "MAT-File
 * Format", MathWorks, R2023; every element is a tag {type, bytes}, data, and padding to 8 bytes.
 */
import { inflateSync } from 'node:zlib';
import { badInput, type LarmorError } from './errors.ts';

export type MatNumbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A MATLAB array; elements in column-major order (first dimension fastest), as MATLAB stores them. */
export type MatValue =
  /** Numbers as stored, which may be narrower than the class (a double array of small integers is kept as bytes). */
  | {
      readonly kind: 'numeric';
      readonly dims: readonly number[];
      readonly data: MatNumbers;
      readonly imag?: MatNumbers;
    }
  | { readonly kind: 'char'; readonly dims: readonly number[]; readonly text: string }
  | { readonly kind: 'cell'; readonly dims: readonly number[]; readonly cells: readonly MatValue[] }
  | {
      readonly kind: 'struct';
      readonly dims: readonly number[];
      readonly elements: readonly Record<string, MatValue>[];
    }
  /** Sparse arrays, objects, function handles: named, not read. */
  | { readonly kind: 'unsupported'; readonly what: string };

/** Data types of elements (mi…), table 1-1 of the format. */
const MI = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  int64: 12,
  uint64: 13,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
  utf32: 18,
} as const;

/** Array classes (mx…), table 1-3. */
const MX = { cell: 1, struct: 2, char: 4, firstNumeric: 6, lastNumeric: 15 } as const;
const OTHER_CLASSES: Record<number, string> = {
  3: 'object',
  5: 'sparse array',
  16: 'function handle',
  17: 'opaque object',
};

/** Deeper nesting than any honest file has; keeps a corrupt one from exhausting the stack. */
const MAX_DEPTH = 64;
const HEADER_BYTES = 128;

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Bytes of one level of nesting, read front to back; every read checks its end. */
interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
  readonly littleEndian: boolean;
  readonly place: string;
}

/**
 * Variables of a MAT-file by name.
 * @param bytes the whole file
 * @param place how errors name it
 * @throws LarmorError 65 for anything that is not a whole level 5 file
 */
export function readMatlab(bytes: Uint8Array, place: string): Map<string, MatValue> {
  if (bytes.length < HEADER_BYTES) throw badInput(place, 'too short for a MAT-file', 'check that it was copied whole');
  const text = String.fromCharCode(...bytes.subarray(0, 116));
  if (text.startsWith('MATLAB 7.3')) {
    throw badInput(place, 'is a MATLAB 7.3 file (HDF5)', 'save it with -v7');
  }
  const mark = String.fromCharCode(bytes[126], bytes[127]);
  if (mark !== 'IM' && mark !== 'MI') throw badInput(place, 'is not a MATLAB level 5 file', 'save it with -v7');
  const cursor: Cursor = { bytes, offset: HEADER_BYTES, littleEndian: mark === 'IM', place };
  const variables = new Map<string, MatValue>();
  while (cursor.bytes.length - cursor.offset >= 8) {
    const element = nextElement(cursor, true);
    const matrix = element.type === MI.compressed ? inflated(element.data, cursor) : element;
    if (matrix.type !== MI.matrix) throw corrupt(place, `element of type ${matrix.type} at the top level`);
    const { name, value } = readMatrix(matrix.data, cursor, 0);
    variables.set(name, value);
  }
  return variables;
}

/** The field `name` of a 1×1 struct, or undefined. */
export function matField(value: MatValue | undefined, name: string): MatValue | undefined {
  return value?.kind === 'struct' ? value.elements[0]?.[name] : undefined;
}

function corrupt(place: string, what: string): LarmorError {
  return badInput(place, `corrupt MAT-file (${what})`, 'save or copy it again');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Compressed elements are not padded, all others are, to 8 bytes. */
function nextElement(cursor: Cursor, top = false): Element {
  const { bytes, place, littleEndian } = cursor;
  if (cursor.offset + 8 > bytes.length) throw corrupt(place, 'ends inside an element');
  const tag = view(bytes);
  const first = tag.getUint32(cursor.offset, littleEndian);
  // Small format: up to 4 data bytes inside the tag, their count in its upper half.
  const smallSize = first >>> 16;
  if (smallSize !== 0) {
    if (smallSize > 4) throw corrupt(place, 'a small element of more than 4 bytes');
    const data = bytes.subarray(cursor.offset + 4, cursor.offset + 4 + smallSize);
    cursor.offset += 8;
    return { type: first & 0xffff, data };
  }
  const size = tag.getUint32(cursor.offset + 4, littleEndian);
  const start = cursor.offset + 8;
  if (start + size > bytes.length) throw corrupt(place, 'an element reaches beyond the end');
  const padded = top && first === MI.compressed ? size : Math.ceil(size / 8) * 8;
  cursor.offset = Math.min(start + padded, bytes.length);
  return { type: first, data: bytes.subarray(start, start + size) };
}

function inflated(data: Uint8Array, cursor: Cursor): Element {
  let plain: Uint8Array;
  try {
    plain = inflateSync(data);
  } catch (error) {
    throw corrupt(cursor.place, `compressed data: ${(error as Error).message}`);
  }
  return nextElement({ ...cursor, bytes: plain, offset: 0 });
}

function readMatrix(data: Uint8Array, parent: Cursor, depth: number): { name: string; value: MatValue } {
  const { place, littleEndian } = parent;
  // An empty matrix element stands for [] in cells and fields.
  if (data.length === 0) return { name: '', value: { kind: 'numeric', dims: [0, 0], data: new Float64Array(0) } };
  if (depth > MAX_DEPTH) throw corrupt(place, 'nested too deeply');
  const cursor: Cursor = { bytes: data, offset: 0, littleEndian, place };
  const flagElement = nextElement(cursor);
  if (flagElement.type !== MI.uint32 || flagElement.data.length < 8) throw corrupt(place, 'array flags missing');
  const flags = view(flagElement.data).getUint32(0, littleEndian);
  const arrayClass = flags & 0xff;
  const isComplex = (flags & 0x0800) !== 0;
  // An opaque object has no dimensions where every other array has them, so nothing further of it can be read.
  if (arrayClass === 17) return { name: '', value: { kind: 'unsupported', what: OTHER_CLASSES[17] } };
  const dims = [...numbers(nextElement(cursor), cursor)];
  if (dims.length < 2 || dims.some((d) => !Number.isInteger(d) || d < 0)) throw corrupt(place, 'bad dimensions');
  const count = dims.reduce((product, d) => product * d, 1);
  const name = asciiText(nextElement(cursor).data);
  return { name, value: readBody(cursor, arrayClass, isComplex, dims, count, depth) };
}

function readBody(
  cursor: Cursor,
  arrayClass: number,
  isComplex: boolean,
  dims: readonly number[],
  count: number,
  depth: number,
): MatValue {
  if (arrayClass >= MX.firstNumeric && arrayClass <= MX.lastNumeric) {
    const data = sized(nextElement(cursor), cursor, count);
    return isComplex
      ? { kind: 'numeric', dims, data, imag: sized(nextElement(cursor), cursor, count) }
      : { kind: 'numeric', dims, data };
  }
  if (arrayClass === MX.char) return { kind: 'char', dims, text: charText(nextElement(cursor), cursor) };
  // Each cell or field takes at least a tag of 8 bytes: a corrupt count is refused before anything is allocated.
  const readable = (cells: number): number => {
    if (cells * 8 > cursor.bytes.length - cursor.offset)
      throw corrupt(cursor.place, 'fewer elements than its size says');
    return cells;
  };
  const nested = (): MatValue => {
    const element = nextElement(cursor);
    if (element.type !== MI.matrix) throw corrupt(cursor.place, 'a cell or field that is not an array');
    return readMatrix(element.data, cursor, depth + 1).value;
  };
  if (arrayClass === MX.cell) return { kind: 'cell', dims, cells: Array.from({ length: readable(count) }, nested) };
  if (arrayClass === MX.struct) {
    const width = numbers(nextElement(cursor), cursor)[0];
    const names = nextElement(cursor).data;
    if (!(width > 0)) throw corrupt(cursor.place, 'field name length');
    const fields = Array.from({ length: Math.floor(names.length / width) }, (_, f) =>
      asciiText(names.subarray(f * width, (f + 1) * width)),
    );
    // A struct without fields stores nothing per element.
    if (fields.length === 0) return { kind: 'struct', dims, elements: [] };
    readable(count * fields.length);
    const elements = Array.from({ length: count }, () => {
      const record: Record<string, MatValue> = Object.create(null);
      for (const field of fields) record[field] = nested();
      return record;
    });
    return { kind: 'struct', dims, elements };
  }
  return { kind: 'unsupported', what: OTHER_CLASSES[arrayClass] ?? `class ${arrayClass}` };
}

function sized(element: Element, cursor: Cursor, count: number): MatNumbers {
  const data = numbers(element, cursor);
  if (data.length !== count) throw corrupt(cursor.place, `${data.length} numbers where its size says ${count}`);
  return data;
}

function numbers({ type, data }: Element, { littleEndian, place }: Cursor): MatNumbers {
  const source = view(data);
  const fill = <T extends MatNumbers>(size: number, make: (n: number) => T, at: (offset: number) => number): T => {
    if (data.length % size !== 0) throw corrupt(place, 'a number cut short');
    const out = make(data.length / size);
    // The usual case is one copy; only a file of the other byte order is walked.
    if (littleEndian && size === out.BYTES_PER_ELEMENT) {
      new Uint8Array(out.buffer).set(data);
    } else {
      for (let n = 0; n < out.length; n++) out[n] = at(n * size);
    }
    return out;
  };
  switch (type) {
    case MI.double:
      return fill(
        8,
        (n) => new Float64Array(n),
        (o) => source.getFloat64(o, littleEndian),
      );
    case MI.single:
      return fill(
        4,
        (n) => new Float32Array(n),
        (o) => source.getFloat32(o, littleEndian),
      );
    case MI.int32:
      return fill(
        4,
        (n) => new Int32Array(n),
        (o) => source.getInt32(o, littleEndian),
      );
    case MI.uint32:
      return fill(
        4,
        (n) => new Uint32Array(n),
        (o) => source.getUint32(o, littleEndian),
      );
    case MI.int16:
      return fill(
        2,
        (n) => new Int16Array(n),
        (o) => source.getInt16(o, littleEndian),
      );
    case MI.uint16:
    case MI.utf16:
      return fill(
        2,
        (n) => new Uint16Array(n),
        (o) => source.getUint16(o, littleEndian),
      );
    case MI.int8:
      return fill(
        1,
        (n) => new Int8Array(n),
        (o) => source.getInt8(o),
      );
    case MI.uint8:
    case MI.utf8:
      return fill(
        1,
        (n) => new Uint8Array(n),
        (o) => source.getUint8(o),
      );
    case MI.int64:
    case MI.uint64: {
      if (data.length % 8 !== 0) throw corrupt(place, 'a number cut short');
      const at = type === MI.int64 ? source.getBigInt64.bind(source) : source.getBigUint64.bind(source);
      return Float64Array.from({ length: data.length / 8 }, (_, n) => Number(at(8 * n, littleEndian)));
    }
    default:
      throw corrupt(place, `numbers of unknown type ${type}`);
  }
}

function charText(element: Element, cursor: Cursor): string {
  if (element.type === MI.utf8) return new TextDecoder().decode(element.data);
  let text = '';
  for (const code of numbers(element, cursor)) text += String.fromCharCode(code);
  return text;
}

function asciiText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end));
}
