/**
 * NIfTI-1 (`.nii`, `.nii.gz`): float32 [x][y][slice][repetition][contrast], x fastest, or complex64
 * [x][y][slice][coil][repetition][contrast] of every coil, in one file with the 348-byte header of
 * nifti1.h. Patient axes are converted from LPS to NIfTI's RAS; sform and qform agree.
 */
import { gzipSync } from 'node:zlib';
import { cannotWrite } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';
import { type Image, type Part, partOf, type Triple } from './image.ts';

/** Header and the four bytes that say "no extensions". */
const DATA_OFFSET = 352;
const FLOAT32 = 16;
const COMPLEX64 = 32;
const MILLIMETERS = 2;
const SCANNER_ANATOMICAL = 1;
/** `dim` holds 16-bit numbers. */
const LONGEST_SIDE = 32767;

/** @throws LarmorError 73 */
export function writeNifti(path: string, image: Image, part: Part = 'magnitude'): void {
  const volumes =
    part === 'coils' ? [image.coils, image.repetitions, image.contrasts] : [image.repetitions, image.contrasts];
  if ([...image.matrix, ...volumes].some((side) => side > LONGEST_SIDE)) {
    throw cannotWrite(path, `NIfTI-1 holds at most ${LONGEST_SIDE} pixels along an axis`, 'write .npy instead');
  }
  const header = niftiHeader(image, volumes, part);
  const values = inFileOrder(image, part === 'coils' ? image.data : partOf(image, part));
  const body = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (path.toLowerCase().endsWith('.gz')) {
    writeOutput(path, gzipSync(Buffer.concat([header, body])));
    return;
  }
  const file = createOutput(path);
  try {
    file.write(header);
    file.write(body);
    file.commit();
  } finally {
    file.abandon();
  }
}

/**
 * Our [coil][repetition][contrast] volumes in NIfTI's order, in which the fourth dimension (coils,
 * or repetitions) runs first.
 */
function inFileOrder({ coils, repetitions, contrasts }: Image, values: Float32Array): Float32Array {
  if ([coils, repetitions, contrasts].filter((count) => count > 1).length < 2) return values;
  const volume = values.length / (coils * repetitions * contrasts);
  const ordered = new Float32Array(values.length);
  for (let coil = 0; coil < coils; coil++) {
    for (let r = 0; r < repetitions; r++) {
      for (let c = 0; c < contrasts; c++) {
        const from = ((coil * repetitions + r) * contrasts + c) * volume;
        ordered.set(values.subarray(from, from + volume), ((c * repetitions + r) * coils + coil) * volume);
      }
    }
  }
  return ordered;
}

function niftiHeader(image: Image, volumes: readonly number[], part: Part): Buffer {
  const header = Buffer.alloc(DATA_OFFSET);
  const floats = (at: number, ...values: readonly number[]): void => {
    for (const [i, value] of values.entries()) header.writeFloatLE(value, at + 4 * i);
  };
  const shorts = (at: number, ...values: readonly number[]): void => {
    for (const [i, value] of values.entries()) header.writeInt16LE(value, at + 2 * i);
  };
  const voxel = image.voxel.map((side) => 1e3 * side);
  const origin = toRas(image.origin).map((r) => 1e3 * r);
  const axes = image.directions.map(toRas) as unknown as Triple<Triple<number>>;
  const { handedness, quaternion } = toQuaternion(axes);
  const dimensions = 4 + volumes.findLastIndex((count) => count > 1);

  header.writeInt32LE(348, 0);
  shorts(40, dimensions, ...image.matrix, ...volumes, ...Array<number>(4 - volumes.length).fill(1));
  if (part === 'coils') shorts(70, COMPLEX64, 64);
  else shorts(70, FLOAT32, 32);
  // Time between repetitions is not known here: 1, and no unit of time in xyzt_units.
  floats(76, handedness, ...voxel, 1, 1, 1, 1);
  floats(108, DATA_OFFSET, 1, 0);
  header.writeUInt8(MILLIMETERS, 123);
  header.write('Larmor', 148, 'latin1');
  shorts(252, SCANNER_ANATOMICAL, SCANNER_ANATOMICAL);
  floats(256, ...quaternion, ...origin);
  for (let row = 0; row < 3; row++) {
    floats(280 + 16 * row, axes[0][row] * voxel[0], axes[1][row] * voxel[1], axes[2][row] * voxel[2], origin[row]);
  }
  header.write('n+1\0', 344, 'latin1');
  return header;
}

/** LPS to RAS: left and posterior become negative right and anterior. */
function toRas([x, y, z]: Triple<number>): Triple<number> {
  return [-x, -y, z];
}

/**
 * The rotation whose columns are the image axes as NIfTI's quaternion (b, c, d; a ≥ 0 is implied).
 * A left-handed set of axes becomes a rotation when its third axis is reversed, which the sign in
 * pixdim[0] restores.
 */
function toQuaternion([u, v, w]: Triple<Triple<number>>): { handedness: 1 | -1; quaternion: Triple<number> } {
  const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const handedness = normal[0] * w[0] + normal[1] * w[1] + normal[2] * w[2] < 0 ? -1 : 1;
  const [p, q, r] = w.map((value) => handedness * value);
  // 4 × the squares of a, b, c, d; dividing by the largest keeps precision near half a turn.
  const squares = [1 + u[0] + v[1] + r, 1 + u[0] - v[1] - r, 1 - u[0] + v[1] - r, 1 - u[0] - v[1] + r];
  const largest = squares.indexOf(Math.max(...squares));
  const parts = [
    [squares[0], v[2] - q, p - u[2], u[1] - v[0]],
    [v[2] - q, squares[1], v[0] + u[1], p + u[2]],
    [p - u[2], v[0] + u[1], squares[2], q + v[2]],
    [u[1] - v[0], p + u[2], q + v[2], squares[3]],
  ][largest];
  const norm = 2 * Math.sqrt(squares[largest]) * (parts[0] < 0 ? -1 : 1);
  return { handedness, quaternion: [parts[1] / norm, parts[2] / norm, parts[3] / norm] };
}
