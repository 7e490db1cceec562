/**
 * HDF5 global heaps (HDF5 File Format Specification 3.0, III.E): storage of variable-length values.
 * Laid out from the sizes alone, so that rows can point at values that are not yet written. Values
 * are in groups that are read together (all of one row) and share a collection, because a reader
 * loads a collection whole.
 */
import { align8 } from './objects.ts';

const COLLECTION_HEADER = 16;
const OBJECT_HEADER = 16;
/** The library refuses smaller collections. */
const MIN_COLLECTION = 4096;
/**
 * A collection is closed before it exceeds this: large enough to keep headers rare, small enough to
 * read for one row, and too small for more objects (of 24 bytes or more) than their u16 numbers can
 * count.
 */
const TARGET_BYTES = 1 << 18;

/** Groups `first … first + groups − 1` in one collection of the file. */
export interface Collection {
  readonly address: number;
  readonly bytes: number;
  readonly first: number;
  readonly groups: number;
}

/** Where a value begins in its collection, and its number there. */
export interface Slot {
  readonly index: number;
  readonly offset: number;
}

/**
 * Divides `groups` groups of values among collections, in order, from `start` on.
 * @param sizes bytes of each value of a group; none may be empty (an empty value needs no heap)
 */
export function planHeap(groups: number, sizes: (group: number) => readonly number[], start: number): Collection[] {
  const collections: Collection[] = [];
  let address = start;
  let first = 0;
  let bytes = COLLECTION_HEADER;
  const close = (next: number): void => {
    if (next === first) return;
    bytes = Math.max(bytes, MIN_COLLECTION);
    collections.push({ address, bytes, first, groups: next - first });
    address += bytes;
    first = next;
    bytes = COLLECTION_HEADER;
  };
  for (let group = 0; group < groups; group++) {
    const more = sizes(group).reduce((sum, size) => sum + OBJECT_HEADER + align8(size), 0);
    if (bytes + more > TARGET_BYTES) close(group);
    bytes += more;
  }
  close(groups);
  return collections;
}

/** First byte after the last collection. */
export function heapEnd(collections: readonly Collection[], start: number): number {
  const last = collections.at(-1);
  return last ? last.address + last.bytes : start;
}

/**
 * A collection being filled: `add` values in the planned order, then write `buffer` at
 * `collection.address`.
 */
export interface CollectionBuffer {
  readonly buffer: Buffer;
  /** Reserves a value of `bytes` bytes; the caller fills `buffer` from `offset` on. */
  add(bytes: number): Slot;
}

export function collectionBuffer({ bytes }: Collection): CollectionBuffer {
  const buffer = Buffer.alloc(bytes);
  buffer.write('GCOL', 0, 'latin1');
  buffer.writeUInt8(1, 4);
  buffer.writeBigUInt64LE(BigInt(bytes), 8);
  let index = 0;
  let end = COLLECTION_HEADER;
  const header = (number: number, size: number): void => {
    buffer.writeUInt16LE(number, end);
    buffer.writeBigUInt64LE(BigInt(size), end + 8);
  };
  const freeRest = (): void => {
    // The remaining space is object 0, whose size includes its own header; a smaller remainder has
    // none.
    if (bytes - end >= OBJECT_HEADER) header(0, bytes - end);
  };
  freeRest();
  return {
    buffer,
    add: (size) => {
      index++;
      header(index, size);
      const offset = end + OBJECT_HEADER;
      end = offset + align8(size);
      freeRest();
      return { index, offset };
    },
  };
}

/** Writes the 16-byte reference to a value into a row: element count, collection, number. */
export function writeReference(row: Buffer, at: number, count: number, collection: Collection, slot: Slot): void {
  row.writeUInt32LE(count, at);
  row.writeBigUInt64LE(BigInt(collection.address), at + 4);
  row.writeUInt32LE(slot.index, at + 12);
}
