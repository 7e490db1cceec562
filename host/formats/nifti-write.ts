/**
 * Writes a map as single-file NIfTI-1, plain or compressed: float32 numbers with an sform.
 */
import { gzipSync } from 'node:zlib';
import { createOutput } from '../base/files.ts';
import type { NiftiHeader } from './nifti-header.ts';

/** Header and the four bytes that say "no extensions". */
const DATA_OFFSET = 352;
const FLOAT32 = 16;
const MILLIMETRES = 2;
const SCANNER_ANATOMICAL = 1;

type Grid = Pick<NiftiHeader, 'size' | 'origin' | 'steps'>;

/** @param grid origin and steps in patient LPS [m] @throws LarmorError 73 */
export function writeNiftiMap(path: string, grid: Grid, values: Float32Array): void {
  const header = mapHeader(grid, 1);
  const body = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const file = createOutput(path);
  try {
    if (path.toLowerCase().endsWith('.gz')) file.write(gzipSync(Buffer.concat([header, body])));
    else {
      file.write(header);
      file.write(body);
    }
    file.commit();
  } finally {
    file.abandon();
  }
}

/**
 * What precedes the float32 numbers of a file.
 * @param volumes one after the other
 */
export function mapHeader({ size, origin = [0, 0, 0], steps }: Grid, volumes: number): Buffer {
  const header = Buffer.alloc(DATA_OFFSET);
  header.writeInt32LE(348, 0);
  const dim = [volumes === 1 ? 3 : 4, ...size, volumes, 1, 1, 1];
  for (const [n, extent] of dim.entries()) header.writeInt16LE(extent, 40 + 2 * n);
  header.writeInt16LE(FLOAT32, 70);
  header.writeInt16LE(32, 72);
  for (const [n, length] of [1, ...steps.map((step) => 1e3 * Math.hypot(...step))].entries())
    header.writeFloatLE(length, 76 + 4 * n);
  header.writeFloatLE(DATA_OFFSET, 108);
  header.writeFloatLE(1, 112);
  header.writeUInt8(MILLIMETRES, 123);
  header.writeInt16LE(SCANNER_ANATOMICAL, 254);
  // LPS to RAS turns x and y round.
  for (let row = 0; row < 3; row++)
    for (const [column, vector] of [...steps, origin].entries())
      header.writeFloatLE((row < 2 ? -1e3 : 1e3) * vector[row], 280 + 16 * row + 4 * column);
  header.write('n+1\0', 344, 'latin1');
  return header;
}
