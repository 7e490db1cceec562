/**
 * Single-file NIfTI images read from the first voxel to the last, plain or compressed, in pieces:
 * the caller decides from the header what to store, so that a label image takes one byte per voxel
 * and a complex map sixteen.
 */
import { closeSync, createReadStream, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { badInput, LarmorError } from '../base/errors.ts';
import { openInput } from '../base/files.ts';
import { NIFTI_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from './nifti-header.ts';

/** Takes numbers [first, first + count), of `header.bytes` each, from the front of `view`. */
export type NumberSink = (view: DataView, first: number, count: number) => void;

export function isGzip(path: string): boolean {
  const fd = openInput(path);
  try {
    const bytes = new Uint8Array(2);
    return readSync(fd, bytes, 0, 2, 0) === 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  } finally {
    closeSync(fd);
  }
}

export function truncatedImage(path: string): LarmorError {
  return badInput(path, 'ends before its last voxel', 'check that it was copied whole');
}

const tooShort = (path: string): LarmorError =>
  badInput(path, 'too short for a NIfTI file', 'check that it was copied whole');

/** What is known without the numbers. @throws LarmorError as `scanNifti` does */
export const readNiftiHeader = (path: string): Promise<NiftiHeader> =>
  inPieces(path, async (pieces) => {
    for await (const head of pieces) return parseNiftiHeader(path, head);
    throw tooShort(path);
  });

/**
 * Reads all numbers of an image in file order; a complex voxel is two.
 * @param begin called once with the header: checks it, allocates, and returns a function that
 * receives the numbers
 * @throws LarmorError 65 if the file is no NIfTI image or is damaged, 66 if it cannot be read
 */
export const scanNifti = (path: string, begin: (header: NiftiHeader) => NumberSink): Promise<NiftiHeader> =>
  inPieces(path, async (pieces) => {
    let header: NiftiHeader | undefined;
    let take: NumberSink | undefined;
    let total = 0;
    let taken = 0;
    /** Bytes not used yet, fewer than one number. */
    let rest: Buffer = Buffer.alloc(0);
    let position = 0;
    for await (const chunk of pieces) {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (!header) {
        header = parseNiftiHeader(path, rest);
        take = begin(header);
        total = header.size[0] * header.size[1] * header.size[2] * header.volumes * header.parts;
      }
      if (position < header.dataOffset) {
        const skip = Math.min(rest.length, header.dataOffset - position);
        position += skip;
        rest = rest.subarray(skip);
      }
      const count = Math.min(total - taken, Math.floor(rest.length / header.bytes));
      if (count > 0) take!(new DataView(rest.buffer, rest.byteOffset, rest.byteLength), taken, count);
      taken += count;
      position += count * header.bytes;
      rest = rest.subarray(count * header.bytes);
      if (taken === total) break;
    }
    if (!header) throw tooShort(path);
    if (taken < total) throw truncatedImage(path);
    return header;
  });

/** Reads a file in pieces, decompressed, the first of which holds the header. */
async function inPieces<T>(path: string, read: (pieces: AsyncIterable<Buffer>) => Promise<T>): Promise<T> {
  const packed = isGzip(path);
  const source = createReadStream(path);
  const stream = packed ? source.pipe(createGunzip()) : source;
  if (packed) source.on('error', (error) => stream.destroy(error));
  try {
    return await read(wholeHead(stream));
  } catch (error) {
    if (error instanceof LarmorError) throw error;
    const what = packed ? 'cannot be decompressed' : 'cannot be read';
    throw badInput(path, `${what} (${(error as Error).message})`, 'check that it was copied whole');
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/** The stream's chunks, the first of them long enough to hold the header if the stream is. */
async function* wholeHead(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of stream) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < NIFTI_HEADER_BYTES) continue;
    yield head;
    head = undefined;
  }
  if (head) yield head;
}
