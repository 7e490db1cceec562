/**
 * Lists of records (HDF5 compounds), read as bytes. Separate from the reader of plain numbers
 * because it bypasses h5wasm's classes and uses the memory of the library: ISMRMRD's records are
 * many, large and full of lists.
 */
import type { CompoundTypeMetadata, Dataset, ready } from 'h5wasm/node';

export type H5Module = Awaited<typeof ready>;

/** H5T_FLOAT among the library's datatype classes. */
const FLOAT_CLASS = 1;

/** A member of a record, in its in-memory form. */
export interface RecordMember {
  readonly name: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  readonly size: number;
  /** Its own members where it is a record itself, with offsets in the whole record. */
  readonly members?: readonly RecordMember[];
  /** It is a list of f32 of any length. */
  readonly floats: boolean;
}

/** Records as bytes: decoding them field by field is the caller's. */
export interface Records {
  /** Little-endian. */
  readonly view: DataView;
  /** Bytes from one record to the next. */
  readonly stride: number;
  /** A copy of the list of f32 described at byte `at`; it shares its buffer with other lists. */
  floats(at: number): Float32Array;
}

/** A one-dimensional dataset of records; nothing is read before `read`. */
export interface RecordDataset {
  readonly place: string;
  readonly length: number;
  readonly members: readonly RecordMember[];
  /**
   * Passes the records [start, end) to `use`; they are invalid when it returns.
   * @throws LarmorError 65
   */
  read(start: number, end: number, use: (records: Records) => void): void;
}

/** Members with offsets from `base` on. */
export function membersOf(type: CompoundTypeMetadata, base: number): RecordMember[] {
  return type.members.map(({ name, offset, size, compound_type, vlen_type }) => ({
    name,
    offset: base + offset,
    size,
    floats: vlen_type?.type === FLOAT_CLASS && vlen_type.size === 4,
    ...(compound_type ? { members: membersOf(compound_type, base + offset) } : {}),
  }));
}

/**
 * Reads records through the library's own memory. Not through `Dataset.slice`, which takes 130 µs
 * (this: 17) for a record of 30 members and never frees the lists in it, so that a file larger than
 * the library's 4 GiB could not be read.
 */
export function readRecords(
  module: H5Module,
  dataset: Dataset,
  stride: number,
  start: number,
  end: number,
  use: (records: Records) => void,
): void {
  if (end <= start) return;
  const bytes = (end - start) * stride;
  const at = module._malloc(bytes);
  if (at === 0) throw new Error('out of memory');
  const count = [BigInt(end - start)];
  try {
    module.HEAPU8.fill(0, at, at + bytes);
    module.get_dataset_data(dataset.file_id, dataset.path, count, [BigInt(start)], [1n], BigInt(at));
    const view = new DataView(module.HEAPU8.slice(at, at + bytes).buffer);
    const room = roomFor();
    // The library's memory neither grows nor changes until `use` returns.
    const memory = new Float32Array(module.HEAPU8.buffer);
    use({
      view,
      stride,
      floats: (place) => {
        // The library describes a list by its length and its address, each 4 bytes in 32-bit
        // WebAssembly.
        const first = view.getUint32(place + 4, true);
        const length = view.getUint32(place, true);
        const list = room(length);
        for (let n = 0, from = first / 4; n < length; n++) list[n] = memory[from + n];
        return list;
      },
    });
  } finally {
    module.reclaim_vlen_memory_count(dataset.file_id, dataset.path, '', BigInt(at), count);
    module._free(at);
  }
}

/** Numbers of a buffer that lists share: one of its own for each takes longer than its content. */
const SHARED = 1 << 15;

/** @returns what makes room for a list */
function roomFor(): (length: number) => Float32Array {
  let shared = new Float32Array(0);
  let used = 0;
  return (length) => {
    if (length > SHARED / 8) return new Float32Array(length);
    if (used + length > shared.length) {
      shared = new Float32Array(SHARED);
      used = 0;
    }
    used += length;
    return shared.subarray(used - length, used);
  };
}
