/**
 * The pieces of a MATLAB level 5 file (MAT-File Format, R2019b, chapter 1): header, array elements,
 * padding. Apart from `mat.ts`, which decides what variables a raw-data file holds. Arrays are
 * column-major and uncompressed.
 */

/** Data types inside an element. */
const INT8 = 1;
const UINT16 = 4;
const INT32 = 5;
const UINT32 = 6;
const SINGLE = 7;
const DOUBLE = 9;
const MATRIX = 14;
/** Classes of an array, and the bit that says it has an imaginary part. */
const CHAR_CLASS = 4;
const DOUBLE_CLASS = 6;
const SINGLE_CLASS = 7;
const COMPLEX = 0x0800;

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
  return tag(array.precision === 'f64' ? DOUBLE : SINGLE, partBytes(array));
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
export function doubles(name: string, rows: number, values: readonly number[]): Buffer {
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
  return Buffer.concat([header, tag(UINT16, bytes), values]);
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
    tag(UINT32, 8),
    flagWords,
    tag(INT32, 8),
    dimensions,
    tag(INT8, name.length),
    nameBytes,
  ]);
  return Buffer.concat([tag(MATRIX, inner.length + valueBytes), inner]);
}

function tag(type: number, bytes: number): Buffer {
  const words = Buffer.alloc(8);
  words.writeUInt32LE(type);
  words.writeUInt32LE(bytes, 4);
  return words;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
