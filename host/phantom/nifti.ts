/**
 * Label images in NIfTI files. A plain `.nii` is read row by row from the file; a compressed one
 * cannot be read at random, so it is decompressed once, as a stream, into one byte per voxel.
 */
import { closeSync, readSync, statSync } from 'node:fs';
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { openInput, watchInput } from '../base/files.ts';
import { detail } from '../base/log.ts';
import { isGzip, scanNifti, truncatedImage } from '../formats/nifti.ts';
import { NIFTI_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from '../formats/nifti-header.ts';
import { extentsOf, heldVolume, type LabelMap, type LabelVolume, type VolumeReader } from './label-image.ts';

/** Bytes of the file that are buffered for the next rows. */
const BLOCK_BYTES = 1 << 20;

export const readNiftiVolume: VolumeReader = (path, map) =>
  isGzip(path) ? inflated(path, map) : Promise.resolve(seekable(path, map));

function seekable(path: string, map: LabelMap): LabelVolume {
  const fd = openInput(path);
  try {
    const head = new Uint8Array(NIFTI_HEADER_BYTES);
    const header = parseNiftiHeader(path, head.subarray(0, readSync(fd, head, 0, head.length, 0)));
    requireLabels(path, header);
    const { size, bytes, dataOffset, numberAt } = header;
    const rowBytes = size[0] * bytes;
    if (dataOffset + rowBytes * size[1] * size[2] > statSync(path).size) throw truncatedImage(path);
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
          if (at + rowBytes > end) throw truncatedImage(path);
        }
        for (let i = 0; i < row.length; i++) row[i] = map.numberOf(numberAt(view, at - start + i * bytes));
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
  let numbers = new Uint8Array(0);
  const header = await scanNifti(path, (found) => {
    requireLabels(path, found);
    numbers = held(path, found);
    const { bytes, numberAt } = found;
    return (view, first, count) => {
      for (let n = 0; n < count; n++) numbers[first + n] = map.numberOf(numberAt(view, n * bytes));
    };
  });
  detail(`${path}: ${header.size.join(' × ')} labels held in memory, ${numbers.length} bytes`);
  return heldVolume(numbers, header.size, header);
}

/** Labels are real numbers, in one volume. */
function requireLabels(path: string, { datatype, parts, dims }: NiftiHeader): void {
  if (parts === 2) throw badInput(path, `numbers of NIfTI type ${datatype} cannot be labels`, 'convert it to integers');
  extentsOf(path, dims);
}

function held(path: string, { size }: NiftiHeader): Uint8Array<ArrayBuffer> {
  const voxels = size[0] * size[1] * size[2];
  const fix =
    'decompress it (a plain .nii is read piece by piece), or allow more with LARMOR_MEMORY, e.g. LARMOR_MEMORY=8G';
  openBudget('phantom', path, statSync(path).size, fix).take(voxels, `${voxels} voxels`);
  return new Uint8Array(voxels);
}
