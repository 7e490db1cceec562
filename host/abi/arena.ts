/**
 * Lays out the kernels' memory before it exists: each item is given an address and recorded, so the
 * exact size is known to `larmor plan` and to the run before it creates a memory that never grows.
 * (An instance of the module may not notice in time that a memory has grown.)
 */
import { type RecordLayout, type RecordList, recordList, type Values, writeRecord } from './records.ts';

const PAGE = 65536;

/** The kernels' constants lie below this address; `heapBase` of the kernels must not exceed it. */
export const KERNEL_DATA = 4096;

type Write = (memory: ArrayBufferLike) => void;

/** Contents to be copied into the memory. */
type Placeable = Int32Array | Uint32Array | Float32Array | Float64Array | Uint8Array;

/** Bytes of an array of this shape, of f32. */
export const singleBytes = (...shape: readonly number[]): number =>
  shape.reduce((bytes, size) => bytes * size, Float32Array.BYTES_PER_ELEMENT);

export class Arena {
  #end = KERNEL_DATA;
  readonly #writes: Write[] = [];
  readonly #placed = new Map<object, number>();

  /** Bytes that the memory needs. */
  get bytes(): number {
    return this.#end;
  }

  /** 64-byte aligned room. @returns its address */
  reserve(bytes: number): number {
    const address = 64 * Math.ceil(this.#end / 64);
    this.#end = address + bytes;
    return address;
  }

  /** Leaves writing for when there is a memory. */
  later(write: Write): void {
    this.#writes.push(write);
  }

  /** An array, which must not change before the memory is created. @returns its address */
  place(array: Placeable): number {
    const address = this.reserve(array.byteLength);
    this.later((memory) => {
      const from = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      new Uint8Array(memory, address, array.byteLength).set(from);
    });
    return address;
  }

  /** Numbers as f32. @returns their address */
  placeSingle(array: Float64Array): number {
    return this.place(Float32Array.from(array));
  }

  /** @returns the record's address */
  record<L extends RecordLayout>(layout: L, values: Values<L>): number {
    return this.records(layout, [values]);
  }

  /** What several refer to: placed when first asked for. @returns its address */
  once(value: object, place: () => number): number {
    const address = this.#placed.get(value) ?? place();
    this.#placed.set(value, address);
    return address;
  }

  /** Records one after the other. @returns the first one's address */
  records<L extends RecordLayout>(layout: L, records: readonly Values<L>[]): number {
    const list = recordList(layout, records.length);
    for (const values of records) list.push(values);
    return this.list(list);
  }

  /** @returns the first record's address */
  list<L extends RecordLayout>(list: RecordList<L>): number {
    return this.place(list.bytes());
  }

  /** A record whose address is known before its values are. */
  fill<L extends RecordLayout>(address: number, layout: L, values: Values<L>): void {
    this.later((memory) => writeRecord(new DataView(memory), address, layout, values));
  }

  /** Makes the memory and writes everything in. Call once, last. */
  make(): WebAssembly.Memory {
    const memory = sharedMemory(Math.ceil(this.#end / PAGE));
    for (const write of this.#writes.splice(0)) write(memory.buffer);
    return memory;
  }
}

/** A memory of fixed size; pages that nobody touches cost nothing. */
function sharedMemory(pages: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
