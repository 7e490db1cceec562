/**
 * A label image as a segmentation writes it (NIfTI-1, 16 bit, gzip): a brain of ellipsoids with
 * folds, 0 outside, 1 fluid, 2 grey and 3 white matter. Stands in for the reader's own in the pages
 * that are run.
 */
import { gzipSync } from 'node:zlib';

/** Voxels, and their edge [mm]. */
const SIZE = [48, 60, 40] as const;
const EDGE = 3;

/** The label at a position [mm]: x to the left, y to the back, z up. */
function labelAt(x: number, y: number, z: number): number {
  const outside = Math.hypot(x / 62, y / 80, z / 55);
  if (outside > 1) return 0;
  const ventricle = Math.hypot((Math.abs(x) - 9 - 0.06 * Math.abs(y)) / 7, y / 30, z / 16);
  if (ventricle < 1) return 1;
  const folds = 0.045 * Math.cos(9 * Math.atan2(y, x)) * Math.cos(z / 9) + 0.03 * Math.cos(17 * Math.atan2(x, y));
  const cleft = Math.abs(x) < 2.5 && outside > 0.72 ? 1 : 0;
  if (outside > 0.93 + folds / 2 || cleft) return 1;
  return outside > 0.76 + folds ? 2 : 3;
}

export function labelImage(): Buffer {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, ...SIZE, 1, 1, 1, 1].forEach((size, at) => {
    header.writeInt16LE(size, 40 + 2 * at);
  });
  header.writeInt16LE(4, 70);
  header.writeInt16LE(16, 72);
  [1, EDGE, EDGE, EDGE].forEach((size, at) => {
    header.writeFloatLE(size, 76 + 4 * at);
  });
  header.writeFloatLE(352, 108);
  header.writeInt8(2, 123); // mm
  header.writeInt16LE(1, 254); // the affine below
  const middle = SIZE.map((size) => (-EDGE * (size - 1)) / 2);
  for (let axis = 0; axis < 3; axis++) {
    header.writeFloatLE(EDGE, 280 + 20 * axis);
    header.writeFloatLE(middle[axis], 280 + 16 * axis + 12);
  }
  header.write('n+1\0', 344, 'latin1');
  const [nx, ny, nz] = SIZE;
  const labels = Int16Array.from({ length: nx * ny * nz }, (_, at) => {
    const index = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    const [x, y, z] = index.map((i, axis) => middle[axis] + EDGE * i);
    return labelAt(x, y, z);
  });
  return gzipSync(Buffer.concat([header, Buffer.from(labels.buffer)]));
}
