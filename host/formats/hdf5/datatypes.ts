/**
 * HDF5 datatypes as the bytes of a datatype message, version 3 (HDF5 File Format Specification 3.0,
 * IV.A.2.d). Separate from the object headers because types nest only in each other.
 */
import { byteBuilder } from './bytes.ts';

export interface Datatype {
  /** Bytes one value takes in a dataset. */
  readonly size: number;
  /** The datatype message. */
  readonly message: Uint8Array;
}

const VERSION = 3 << 4;
/** Class numbers of the specification. */
const FIXED = 0;
const FLOAT = 1;
const COMPOUND = 6;
const VARIABLE_LENGTH = 9;
const ARRAY = 10;

/** A reference to a variable-length value: u32 count, u64 heap address, u32 index in that heap. */
const REFERENCE_BYTES = 16;

function integer(size: number, signed: boolean): Datatype {
  const message = byteBuilder()
    .u8(VERSION | FIXED)
    .u8(signed ? 0x08 : 0)
    .u16(0)
    .u32(size)
    .u16(0) // bit offset
    .u16(8 * size); // precision
  return { size, message: message.finish() };
}

const u8 = integer(1, false);
export const u16 = integer(2, false);
export const u32 = integer(4, false);
export const u64 = integer(8, false);
export const i32 = integer(4, true);

/** IEEE 754 single, little-endian. */
export const f32: Datatype = {
  size: 4,
  message: byteBuilder()
    .u8(VERSION | FLOAT)
    .u8(0x20) // the mantissa's leading 1 is implied
    .u8(31) // sign bit
    .u8(0)
    .u32(4)
    .u16(0)
    .u16(32)
    .u8(23) // exponent: position, bits
    .u8(8)
    .u8(0) // mantissa: position, bits
    .u8(23)
    .u32(127)
    .finish(),
};

/** A one-dimensional array of fixed length as one value. */
export function array(length: number, of: Datatype): Datatype {
  const size = length * of.size;
  const message = byteBuilder()
    .u8(VERSION | ARRAY)
    .u8(0)
    .u16(0)
    .u32(size)
    .u8(1)
    .u32(length)
    .bytes(of.message);
  return { size, message: message.finish() };
}

/** A sequence of variable length; the elements are in a global heap. */
export function variableLength(of: Datatype): Datatype {
  const message = byteBuilder()
    .u8(VERSION | VARIABLE_LENGTH)
    .u8(0)
    .u16(0)
    .u32(REFERENCE_BYTES)
    .bytes(of.message);
  return { size: REFERENCE_BYTES, message: message.finish() };
}

/**
 * A zero-terminated ASCII string of any length. The library requires bytes as its base type, not
 * characters.
 */
export const variableString: Datatype = {
  size: REFERENCE_BYTES,
  message: byteBuilder()
    .u8(VERSION | VARIABLE_LENGTH)
    .u8(0x01)
    .u16(0)
    .u32(REFERENCE_BYTES)
    .bytes(u8.message)
    .finish(),
};

export interface Member {
  readonly name: string;
  readonly type: Datatype;
  /** Bytes from the start of the compound; right after the member before where absent. */
  readonly offset?: number;
}

/** A record, with the offsets and sizes of its members. */
export interface Compound extends Datatype {
  readonly offsets: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
}

export function compound(members: readonly Member[]): Compound {
  const offsets: Record<string, number> = {};
  let size = 0;
  for (const { name, type, offset } of members) {
    offsets[name] = offset ?? size;
    size = offsets[name] + type.size;
  }
  // Member offsets take as many bytes as the compound's size needs.
  const width = Math.ceil((32 - Math.clz32(size)) / 8);
  const message = byteBuilder()
    .u8(VERSION | COMPOUND)
    .u16(members.length)
    .u8(0)
    .u32(size);
  for (const { name, type } of members) {
    message.ascii(name).u8(0);
    for (let byte = 0; byte < width; byte++) message.u8((offsets[name] >>> (8 * byte)) & 0xff);
    message.bytes(type.message);
  }
  const sizes = Object.fromEntries(members.map(({ name, type }) => [name, type.size]));
  return { size, message: message.finish(), offsets, sizes };
}
