/**
 * Label images in NIfTI files. A plain `.nii` is read row by row from the file; a compressed one has no rows to seek to,
 * so it is decompressed once, as a stream, into one byte a voxel.
 */
import { closeSync, createReadStream, readSync, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { openBudget } from '../base/budget.ts';
import { badInput, LarmorError } from '../base/errors.ts';
import { openInput, watchInput } from '../base/files.ts';
import { detail } from '../base/log.ts';
import { heldVolume, type LabelMap, type LabelVolume, type VolumeReader } from './label-image.ts';
import { NIFTI_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from './nifti-header.ts';

/** Bytes of the file kept at hand for rows to come. */
const BLOCK_BYTES = 1 << 20;

export const readNiftiVolume: VolumeReader = (path, map) =>
  isGzip(path) ? inflated(path, map) : Promise.resolve(seekable(path, map));

function isGzip(path: string): boolean {
  const fd = openInput(path);
  try {
    const bytes = new Uint8Array(2);
    return readSync(fd, bytes, 0, 2, 0) === 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  } finally {
    closeSync(fd);
  }
}

function truncated(path: string): LarmorError {
  return badInput(path, 'ends before its last voxel', 'check that it was copied whole');
}

function seekable(path: string, map: LabelMap): LabelVolume {
  const fd = openInput(path);
  try {
    const head = new Uint8Array(NIFTI_HEADER_BYTES);
    const header = parseNiftiHeader(path, head.subarray(0, readSync(fd, head, 0, head.length, 0)));
    const { size, bytes, dataOffset, labelAt } = header;
    const rowBytes = size[0] * bytes;
    if (dataOffset + rowBytes * size[1] * size[2] > statSync(path).size) throw truncated(path);
    const block = new Uint8Array(Math.max(rowBytes, BLOCK_BYTES - (BLOCK_BYTES % rowBytes)));
    const view = new DataView(block.buffer);
    const requireUnchanged = watchInput(path);
    let start = 0;
    let end = 0;
    return {
      ...header,
      readRow(row, j, k) {
        const at = dataOffset + (k * size[1] + j) * rowBytes;
        if (at < start || at + rowBytes > end) {
          start = at;
          end = at + readSync(fd, block, 0, block.length, at);
          requireUnchanged();
          if (at + rowBytes > end) throw truncated(path);
        }
        for (let i = 0; i < row.length; i++) row[i] = map.numberOf(labelAt(view, at - start + i * bytes));
      },
      residentBytes: block.byteLength,
      close: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function inflated(path: string, map: LabelMap): Promise<LabelVolume> {
  const source = createReadStream(path);
  const stream = source.pipe(createGunzip());
  source.on('error', (error) => stream.destroy(error));
  let header: NiftiHeader | undefined;
  let numbers = new Uint8Array(0);
  let filled = 0;
  // Bytes not used yet, fewer than one number.
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  try {
    for await (const chunk of wholeHead(stream)) {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      if (!header) {
        header = parseNiftiHeader(path, rest);
        numbers = held(path, header);
      }
      if (position < header.dataOffset) {
        const skip = Math.min(rest.length, header.dataOffset - position);
        position += skip;
        rest = rest.subarray(skip);
      }
      const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
      const whole = Math.min(numbers.length - filled, Math.floor(rest.length / header.bytes));
      for (let n = 0; n < whole; n++) numbers[filled++] = map.numberOf(header.labelAt(view, n * header.bytes));
      position += whole * header.bytes;
      rest = rest.subarray(whole * header.bytes);
      if (filled === numbers.length) break;
    }
  } catch (error) {
    if (error instanceof LarmorError) throw error;
    throw badInput(path, `cannot be decompressed (${(error as Error).message})`, 'check that it was copied whole');
  } finally {
    source.destroy();
    stream.destroy();
  }
  if (!header) throw badInput(path, 'too short for a NIfTI file', 'check that it was copied whole');
  if (filled < numbers.length) throw truncated(path);
  detail(`${path}: ${header.size.join(' × ')} labels held in memory, ${numbers.length} bytes`);
  return heldVolume(numbers, header.size, header);
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

function held(path: string, { size }: NiftiHeader): Uint8Array<ArrayBuffer> {
  const voxels = size[0] * size[1] * size[2];
  const fix =
    'decompress it (a plain .nii is read piece by piece), or allow more with LARMOR_MEMORY, e.g. LARMOR_MEMORY=8G';
  openBudget('phantom', path, statSync(path).size, fix).take(voxels, `${voxels} voxels`);
  return new Uint8Array(voxels);
}
