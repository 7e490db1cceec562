/**
 * Writer of MATLAB level 5 files (MAT-File Format, R2019b, chapter 1): header, array elements,
 * padding. What variables a file holds is decided by those who write one. Arrays are column-major
 * and uncompressed.
 */
import { MI } from './matlab-elements.ts';

/** Classes of an array, and the bit that says it has an imaginary part. */
const CELL_CLASS = 1;
const STRUCT_CLASS = 2;
const CHAR_CLASS = 4;
const DOUBLE_CLASS = 6;
const SINGLE_CLASS = 7;
const COMPLEX = 0x0800;

/** Longest name of a field, without the zero that ends it. */
const MAX_FIELD_NAME = 31;

/** What MATLAB accepts per variable of this format. */
export const MAX_VARIABLE_BYTES = 2 ** 31 - 1;

/** The first 128 bytes. Without the customary date, so that equal runs give equal files. */
export function matHeader(): Buffer {
  const header = Buffer.alloc(128);
  header.write('MATLAB 5.0 MAT-file, written by Larmor'.padEnd(116), 'latin1');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126, 'latin1');
  return header;
}

/** A numeric array whose values follow as a stream. */
export interface StreamedArray {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  readonly precision: 'f32' | 'f64';
  readonly complex: boolean;
}

/**
 * The bytes before the first value. Then follow, for the real and if complex the imaginary part:
 * `partTag`, values, `padding`.
 */
export function arrayHeader({ name, shape, precision, complex }: StreamedArray): Buffer {
  const bytes = partBytes({ shape, precision });
  const parts = (complex ? 2 : 1) * (8 + padded(bytes));
  const numberClass = precision === 'f64' ? DOUBLE_CLASS : SINGLE_CLASS;
  return matrixHeader(name, numberClass | (complex ? COMPLEX : 0), shape, parts);
}

export function partTag(array: Pick<StreamedArray, 'shape' | 'precision'>): Buffer {
  return tag(array.precision === 'f64' ? MI.double : MI.single, partBytes(array));
}

/** Zeros up to the multiple of 8 on which the next element must begin. */
export function padding(array: Pick<StreamedArray, 'shape' | 'precision'>): Buffer {
  const bytes = partBytes(array);
  return Buffer.alloc(padded(bytes) - bytes);
}

/** Bytes of the real part. */
export function partBytes({ shape, precision }: Pick<StreamedArray, 'shape' | 'precision'>): number {
  return shape[0] * shape[1] * (precision === 'f64' ? 8 : 4);
}

/** A whole array of doubles. @param values column by column, `rows` to a column */
export function doubles(name: string, rows: number, values: ArrayLike<number>): Buffer {
  const columns = rows === 0 ? 0 : values.length / rows;
  const array = { name, shape: [rows, columns], precision: 'f64', complex: false } as const;
  return Buffer.concat([arrayHeader(array), partTag(array), Buffer.from(Float64Array.from(values).buffer)]);
}

/**
 * A character array, one row per text, blanks at their ends. As u16, not as UTF-16, which Octave
 * refuses to load; SciPy wants `uint16_codec='utf-16-le'` for letters beyond ASCII.
 */
export function characters(name: string, texts: readonly string[]): Buffer {
  const columns = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
  const bytes = 2 * texts.length * columns;
  const values = Buffer.alloc(padded(bytes));
  texts.forEach((text, row) => {
    for (let column = 0; column < columns; column++) {
      const code = column < text.length ? text.charCodeAt(column) : 0x20;
      values.writeUInt16LE(code, 2 * (row + column * texts.length));
    }
  });
  const header = matrixHeader(name, CHAR_CLASS, [texts.length, columns], 8 + values.length);
  return Buffer.concat([header, tag(MI.uint16, bytes), values]);
}

/** A 1×n cell array of arrays that were written without a name. */
export function cells(name: string, values: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(values);
  return Buffer.concat([matrixHeader(name, CELL_CLASS, [1, values.length], bytes.length), bytes]);
}

/**
 * A 1×n struct array. Fields are numbers, texts, columns of numbers and whole arrays (written
 * without a name); a field that an element lacks is empty in it.
 */
export function structs(name: string, elements: readonly Readonly<Record<string, MatField>>[]): Buffer {
  const fields = [...new Set(elements.flatMap((element) => Object.keys(element)))];
  const width = MAX_FIELD_NAME + 1;
  const names = Buffer.alloc(width * fields.length);
  fields.forEach((field, n) => {
    names.write(field.slice(0, MAX_FIELD_NAME), width * n, 'latin1');
  });
  // The length of names is a small element: type and size share a word.
  const nameLength = Buffer.alloc(8);
  nameLength.writeUInt16LE(MI.int32);
  nameLength.writeUInt16LE(4, 2);
  nameLength.writeInt32LE(width, 4);
  const values = elements.flatMap((element) => fields.map((field) => matField(element[field])));
  const body = Buffer.concat([nameLength, tag(MI.int8, names.length), names, ...values]);
  return Buffer.concat([matrixHeader(name, STRUCT_CLASS, [1, elements.length], body.length), body]);
}

export type MatField = number | boolean | string | ArrayLike<number> | Buffer | undefined;

function matField(value: MatField): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return characters('', [value]);
  if (typeof value === 'object') return doubles('', value.length, value);
  return doubles('', value === undefined ? 0 : 1, value === undefined ? [] : [Number(value)]);
}

function matrixHeader(name: string, flags: number, shape: readonly number[], valueBytes: number): Buffer {
  const nameBytes = Buffer.alloc(padded(name.length));
  nameBytes.write(name, 'latin1');
  const flagWords = Buffer.alloc(8);
  flagWords.writeUInt32LE(flags);
  const dimensions = Buffer.alloc(8);
  shape.forEach((length, n) => {
    dimensions.writeInt32LE(length, 4 * n);
  });
  const inner = Buffer.concat([
    tag(MI.uint32, 8),
    flagWords,
    tag(MI.int32, 8),
    dimensions,
    tag(MI.int8, name.length),
    nameBytes,
  ]);
  return Buffer.concat([tag(MI.matrix, inner.length + valueBytes), inner]);
}

function tag(type: number, bytes: number): Buffer {
  const words = Buffer.alloc(8);
  words.writeUInt32LE(type);
  words.writeUInt32LE(bytes, 4);
  return words;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
