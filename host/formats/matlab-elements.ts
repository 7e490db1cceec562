/**
 * Elements of MATLAB level 5 files: a tag {type, bytes}, data, padding to 8 bytes; small ones
 * within the tag, compressed ones around others. Separate from the arrays that consist of them,
 * which do not depend on tags and byte order.
 */
import { inflateSync } from 'node:zlib';
import type { Budget } from '../base/budget.ts';
import { badInput, type LarmorError } from '../base/errors.ts';
import type { Numbers } from './numbers.ts';

/** Data types of elements (mi…), table 1-1 of the format. */
export const MI = {
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

export interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Bytes of one level of nesting, read front to back; every read checks its end. */
export interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
  readonly littleEndian: boolean;
  readonly place: string;
  /** Memory budget of inflated data and of the values made from them. */
  readonly budget: Budget;
}

export function corrupt(place: string, what: string): LarmorError {
  return badInput(place, `corrupt MAT-file (${what})`, 'save or copy it again');
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Compressed elements are not padded, all others are, to 8 bytes. */
export function nextElement(cursor: Cursor, top = false): Element {
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

export function inflated(data: Uint8Array, cursor: Cursor): Element {
  let plain: Uint8Array;
  try {
    plain = inflateSync(data, { maxOutputLength: cursor.budget.left() });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      cursor.budget.take(cursor.budget.left() + 1, 'a compressed variable', cursor.place);
    throw corrupt(cursor.place, `compressed data: ${(error as Error).message}`);
  }
  cursor.budget.take(plain.length, `${plain.length} inflated bytes`, cursor.place);
  return nextElement({ ...cursor, bytes: plain, offset: 0 });
}

export function numbers({ type, data }: Element, { littleEndian, place }: Cursor): Numbers {
  const source = view(data);
  const fill = <T extends Numbers>(size: number, make: (n: number) => T, at: (offset: number) => number): T => {
    if (data.length % size !== 0) throw corrupt(place, 'a number cut short');
    const out = make(data.length / size);
    // The usual case is one copy; only files of the other byte order are converted element by
    // element.
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
    case MI.utf32:
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

/** Bytes that a text takes while it is assembled character by character. */
const BYTES_PER_CHARACTER = 48;

export function charText(element: Element, cursor: Cursor): string {
  if (element.type === MI.utf8) return new TextDecoder().decode(element.data);
  cursor.budget.take(BYTES_PER_CHARACTER * element.data.length, `a text of ${element.data.length} bytes`, cursor.place);
  let text = '';
  for (const code of numbers(element, cursor)) text += String.fromCharCode(code);
  return text;
}

export function asciiText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end));
}
