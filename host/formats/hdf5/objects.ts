/**
 * HDF5's skeleton: superblock version 2, groups and contiguous datasets as version 2 object headers
 * (HDF5 File Format Specification 3.0, II.A and IV). A tree is laid out before anything is written:
 * every address follows from the sizes, so data can be streamed directly to its position. Written
 * by hand because the WASM build of the library cannot write variable-length data inside compounds,
 * which ISMRMRD requires.
 */
import { byteBuilder, lookup3 } from './bytes.ts';
import type { Datatype } from './datatypes.ts';

export interface Group {
  readonly children: Readonly<Record<string, Group | Dataset>>;
}

export interface Dataset {
  readonly type: Datatype;
  /** Slowest first; [] is a scalar. */
  readonly shape: readonly number[];
}

export interface Layout {
  /** Metadata to write: bytes and where. */
  readonly metadata: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Position of each dataset's values, by path without the leading slash. */
  readonly data: ReadonlyMap<string, number>;
  /** First free byte, a multiple of 8: heaps go here. */
  readonly end: number;
  /** The superblock for a file of that many bytes in all; it is at address 0. */
  superblock(fileBytes: number): Uint8Array;
}

const SUPERBLOCK_BYTES = 48;
const UNDEFINED = 0xffff_ffff_ffff_ffffn;
/** Header message types. */
const DATASPACE = 0x01;
const LINK_INFO = 0x02;
const DATATYPE = 0x03;
const FILL_VALUE = 0x05;
const LINK = 0x06;
const LAYOUT = 0x08;
const GROUP_INFO = 0x0a;

export const align8 = (address: number): number => Math.ceil(address / 8) * 8;

/** Lays out a tree of groups and datasets. Nothing is written. */
export function layOut(root: Group): Layout {
  const metadata: { address: number; bytes: Uint8Array }[] = [];
  const data = new Map<string, number>();
  let end = SUPERBLOCK_BYTES;
  const place = (bytes: Uint8Array): number => {
    const address = end;
    metadata.push({ address, bytes });
    end = align8(end + bytes.length);
    return address;
  };
  const visit = (node: Group | Dataset, path: string): number => {
    if ('children' in node) {
      const links = Object.entries(node.children).map(
        ([name, child]) => [name, visit(child, path ? `${path}/${name}` : name)] as const,
      );
      return place(groupHeader(links));
    }
    // The header's size does not depend on the address it holds: build it once to find where the
    // data begins.
    const dataAddress = align8(end + datasetHeader(node, 0).length);
    const address = place(datasetHeader(node, dataAddress));
    data.set(path, dataAddress);
    end = align8(dataAddress + byteLength(node));
    return address;
  };
  const rootAddress = visit(root, '');
  return { metadata, data, end, superblock: (fileBytes) => superblock(rootAddress, fileBytes) };
}

function byteLength({ type, shape }: Dataset): number {
  return shape.reduce((product, length) => product * length, type.size);
}

function superblock(root: number, fileBytes: number): Uint8Array {
  const fields = byteBuilder()
    .u8(0x89)
    .ascii('HDF\r\n\x1a\n')
    .u8(2) // version
    .u8(8) // bytes of an address
    .u8(8) // bytes of a length
    .u8(0)
    .u64(0) // base address
    .u64(UNDEFINED) // no extension
    .u64(fileBytes)
    .u64(root)
    .finish();
  return byteBuilder().bytes(fields).u32(lookup3(fields)).finish();
}

function objectHeader(messages: readonly (readonly [type: number, body: Uint8Array])[]): Uint8Array {
  const chunk = byteBuilder();
  for (const [type, body] of messages) chunk.u8(type).u16(body.length).u8(0).bytes(body);
  const body = chunk.finish();
  const fields = byteBuilder()
    .ascii('OHDR')
    .u8(2) // version
    .u8(0x02) // the chunk's size takes 4 bytes; no times, no creation order
    .u32(body.length)
    .bytes(body)
    .finish();
  return byteBuilder().bytes(fields).u32(lookup3(fields)).finish();
}

function groupHeader(links: readonly (readonly [name: string, address: number])[]): Uint8Array {
  // Links stand in this header.
  const linkInfo = byteBuilder().u8(0).u8(0).u64(UNDEFINED).u64(UNDEFINED).finish();
  const messages: [number, Uint8Array][] = [
    [LINK_INFO, linkInfo],
    [GROUP_INFO, Uint8Array.of(0, 0)],
  ];
  for (const [name, address] of links) {
    messages.push([LINK, byteBuilder().u8(1).u8(0).u8(name.length).ascii(name).u64(address).finish()]);
  }
  return objectHeader(messages);
}

function datasetHeader(dataset: Dataset, address: number): Uint8Array {
  const { type, shape } = dataset;
  const space = byteBuilder()
    .u8(2) // version
    .u8(shape.length)
    .u8(0) // fixed size
    .u8(shape.length === 0 ? 0 : 1);
  for (const length of shape) space.u64(length);
  const bytes = byteLength(dataset);
  // An empty dataset has no place.
  const contiguous = byteBuilder()
    .u8(3)
    .u8(1)
    .u64(bytes === 0 ? UNDEFINED : address)
    .u64(bytes);
  return objectHeader([
    [DATASPACE, space.finish()],
    [DATATYPE, type.message],
    [FILL_VALUE, Uint8Array.of(3, 0x16)], // version 3: allocated late, never written, undefined
    [LAYOUT, contiguous.finish()],
  ]);
}
