/**
 * Builds little-endian bytes field by field, and computes the checksum of HDF5 metadata. The bottom
 * layer of the HDF5 writer: integers and floats, without HDF5's structures.
 */

/** A growing run of bytes. Every method appends and returns the builder. */
export interface ByteBuilder {
  u8(value: number): ByteBuilder;
  u16(value: number): ByteBuilder;
  u32(value: number): ByteBuilder;
  /** A non-negative integer below 2^53, or a bigint. */
  u64(value: number | bigint): ByteBuilder;
  /** ASCII, without terminator. */
  ascii(text: string): ByteBuilder;
  bytes(more: Uint8Array): ByteBuilder;
  finish(): Uint8Array;
}

export function byteBuilder(): ByteBuilder {
  let buffer = Buffer.alloc(256);
  let end = 0;
  const room = (count: number): number => {
    if (end + count > buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(Math.max(count, buffer.length))]);
    end += count;
    return end - count;
  };
  const builder: ByteBuilder = {
    u8(value) {
      const at = room(1);
      buffer.writeUInt8(value, at);
      return builder;
    },
    u16(value) {
      const at = room(2);
      buffer.writeUInt16LE(value, at);
      return builder;
    },
    u32(value) {
      const at = room(4);
      buffer.writeUInt32LE(value, at);
      return builder;
    },
    u64(value) {
      const at = room(8);
      buffer.writeBigUInt64LE(BigInt(value), at);
      return builder;
    },
    ascii(text) {
      return builder.bytes(Buffer.from(text, 'latin1'));
    },
    bytes(more) {
      const at = room(more.length);
      buffer.set(more, at);
      return builder;
    },
    finish: () => Uint8Array.from(buffer.subarray(0, end)),
  };
  return builder;
}

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

/**
 * HDF5's metadata checksum: Bob Jenkins's lookup3 `hashlittle` (2006, public domain) with initial
 * value 0.
 * @returns unsigned 32-bit
 */
export function lookup3(bytes: Uint8Array): number {
  // Reading past the end gives 0, which is equivalent to the hash's own handling of the tail.
  const padded = new Uint8Array(Math.ceil(bytes.length / 12) * 12);
  padded.set(bytes);
  const words = new DataView(padded.buffer);
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + words.getInt32(at, true)) | 0;
    b = (b + words.getInt32(at + 4, true)) | 0;
    c = (c + words.getInt32(at + 8, true)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (bytes.length === 0) return c >>> 0;
  a = (a + words.getInt32(at, true)) | 0;
  b = (b + words.getInt32(at + 4, true)) | 0;
  c = (c + words.getInt32(at + 8, true)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
