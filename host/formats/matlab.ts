/**
 * Reader of MATLAB level 5 MAT-files (`save -v6`, `-v7`): numeric and logical arrays, char, cells,
 * structs, plain or compressed. It is in this room because label images and reference waveforms use
 * it. Layout: "MAT-File Format", MathWorks, R2023; every element is a tag {type, bytes}, data, and
 * padding to 8 bytes.
 */
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import {
  asciiText,
  type Cursor,
  charText,
  corrupt,
  type Element,
  inflated,
  MI,
  nextElement,
  numbers,
  view,
} from './matlab-elements.ts';
import type { Numbers } from './numbers.ts';

/**
 * A MATLAB array; elements in column-major order (first dimension fastest), as MATLAB stores them.
 */
export type MatValue =
  /**
   * Numbers as stored, which may be narrower than the class (a double array of small integers is
   * stored as bytes).
   */
  | {
      readonly kind: 'numeric';
      readonly dims: readonly number[];
      readonly data: Numbers;
      readonly imag?: Numbers;
    }
  | { readonly kind: 'char'; readonly dims: readonly number[]; readonly text: string }
  | { readonly kind: 'cell'; readonly dims: readonly number[]; readonly cells: readonly MatValue[] }
  | {
      readonly kind: 'struct';
      readonly dims: readonly number[];
      readonly elements: readonly Record<string, MatValue>[];
    }
  /** Sparse arrays, objects and function handles: listed by name, not read. */
  | { readonly kind: 'unsupported'; readonly what: string };

/** Array classes (mx…), table 1-3. */
const MX = { cell: 1, struct: 2, char: 4, firstNumeric: 6, lastNumeric: 15 } as const;
const OTHER_CLASSES: Record<number, string> = {
  3: 'object',
  5: 'sparse array',
  16: 'function handle',
  17: 'opaque object',
};

/** Deeper nesting than in any valid file; prevents a corrupt one from exhausting the stack. */
const MAX_DEPTH = 64;
const HEADER_BYTES = 128;
/** An empty array as an object, with its dimensions. */
const BYTES_PER_CELL = 240;

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
  const budget = openBudget('phantom', place, bytes.length);
  const cursor: Cursor = { bytes, offset: HEADER_BYTES, littleEndian: mark === 'IM', place, budget };
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

function readMatrix(data: Uint8Array, parent: Cursor, depth: number): { name: string; value: MatValue } {
  const { place, littleEndian, budget } = parent;
  // An empty matrix element means [] in cells and fields.
  if (data.length === 0) return { name: '', value: { kind: 'numeric', dims: [0, 0], data: new Float64Array(0) } };
  if (depth > MAX_DEPTH) throw corrupt(place, 'nested too deeply');
  const cursor: Cursor = { bytes: data, offset: 0, littleEndian, place, budget };
  const flagElement = nextElement(cursor);
  if (flagElement.type !== MI.uint32 || flagElement.data.length < 8) throw corrupt(place, 'array flags missing');
  const flags = view(flagElement.data).getUint32(0, littleEndian);
  const arrayClass = flags & 0xff;
  const isComplex = (flags & 0x0800) !== 0;
  // An opaque object has no dimensions where every other array has them, so nothing further of it
  // can be read.
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
  // Each cell or field takes at least a tag of 8 bytes: a corrupt count is rejected before anything
  // is allocated.
  const readable = (cells: number): number => {
    if (cells * 8 > cursor.bytes.length - cursor.offset)
      throw corrupt(cursor.place, 'fewer elements than its size says');
    cursor.budget.take(BYTES_PER_CELL * cells, `${cells} cells`, cursor.place);
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

function sized(element: Element, cursor: Cursor, count: number): Numbers {
  const data = numbers(element, cursor);
  if (data.length !== count) throw corrupt(cursor.place, `${data.length} numbers where its size says ${count}`);
  return data;
}
