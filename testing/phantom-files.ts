/**
 * Small phantom files for tests, written by other means than the readers they test: HDF5 by h5wasm,
 * MAT level 5 and NIfTI byte by byte from their specifications.
 */
import { writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import * as h5 from 'h5wasm/node';

export interface Hdf5Dataset {
  readonly data: Float64Array | Float32Array | Int32Array | string[];
  readonly shape?: readonly number[];
}

/** An HDF5 file of datasets by path, with attributes on its root. */
export async function writeHdf5(
  path: string,
  datasets: Readonly<Record<string, Hdf5Dataset>>,
  attributes: Readonly<Record<string, number | string>> = {},
): Promise<string> {
  await h5.ready;
  const file = new h5.File(path, 'w');
  const groups = new Set(Object.keys(datasets).flatMap((name) => (name.includes('/') ? [name.split('/')[0]] : [])));
  for (const group of groups) file.create_group(group);
  for (const [name, { data, shape }] of Object.entries(datasets)) {
    file.create_dataset({ name, data, shape: shape ? [...shape] : [data.length] });
  }
  for (const [name, value] of Object.entries(attributes)) file.create_attribute(name, value);
  file.close();
  return path;
}

/** One element of a MAT-file: tag, data, padding. */
function element(type: number, data: Uint8Array): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}

export interface MatArray {
  readonly name: string;
  readonly dims: readonly number[];
  /** Column-major; stored as uint8. */
  readonly data: Uint8Array;
}

/** A level 5 MAT-file of uint8 arrays. */
export function matFile(arrays: readonly MatArray[], compressed = true): Buffer {
  const header = Buffer.alloc(128, 32);
  header.write('MATLAB 5.0 MAT-file, written by a test');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const elements = arrays.map(({ name, dims, data }) => {
    const flags = Buffer.alloc(8);
    flags[0] = 9; // uint8 class
    const matrix = element(
      14,
      Buffer.concat([
        element(6, flags),
        element(5, Buffer.from(Int32Array.from(dims).buffer)),
        element(1, Buffer.from(name, 'latin1')),
        element(2, data),
      ]),
    );
    if (!compressed) return matrix;
    const packed = deflateSync(matrix);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15, 0);
    tag.writeUInt32LE(packed.length, 4);
    return Buffer.concat([tag, packed]);
  });
  return Buffer.concat([header, ...elements]);
}

/** A NIfTI-1 file of uint8 labels with a sform of this diagonal and offset [mm, RAS]. */
export function niftiFile(
  size: readonly [number, number, number],
  labels: Uint8Array,
  scale: readonly number[] = [1, 1, 1],
  offset: readonly number[] = [0, 0, 0],
): Buffer {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, ...size, 1, 1, 1, 1].forEach((extent, n) => {
    header.writeInt16LE(extent, 40 + 2 * n);
  });
  header.writeInt16LE(2, 70); // uint8
  header.writeInt16LE(8, 72);
  [1, ...scale.map(Math.abs)].forEach((step, n) => {
    header.writeFloatLE(step, 76 + 4 * n);
  });
  header.writeFloatLE(352, 108);
  header.writeUInt8(2, 123); // mm
  header.writeInt16LE(1, 254); // sform
  for (let row = 0; row < 3; row++) {
    header.writeFloatLE(scale[row], 280 + 16 * row + 4 * row);
    header.writeFloatLE(offset[row], 280 + 16 * row + 12);
  }
  header.write('n+1\0', 344, 'latin1');
  return Buffer.concat([header, labels]);
}

/**
 * A NIfTI-1 file of f32 or f64 numbers, complex if `complex`, with a sform [3][4] (mm, RAS); a
 * fourth extent are volumes.
 */
export function niftiMap(
  size: readonly number[],
  affine: readonly (readonly number[])[],
  values: Float32Array | Float64Array,
  complex = false,
): Buffer {
  const bytes = niftiFile(
    [size[0], size[1], size[2]],
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  const wide = values instanceof Float64Array;
  bytes.writeInt16LE(size.length, 40);
  size.forEach((extent, n) => {
    bytes.writeInt16LE(extent, 42 + 2 * n);
  });
  bytes.writeInt16LE(complex ? (wide ? 1792 : 32) : wide ? 64 : 16, 70);
  bytes.writeInt16LE((wide ? 64 : 32) * (complex ? 2 : 1), 72);
  affine.flat().forEach((part, n) => {
    bytes.writeFloatLE(part, 280 + 4 * n);
  });
  return bytes;
}

/** Writes a tissue table with these labels; label n has T1 = n s and density 1. */
export function writeTable(path: string, labels: readonly number[], more: Record<string, unknown> = {}): string {
  const tissues = Object.fromEntries(labels.map((label) => [label, { density: 1, T1: label, T2: 0.05 }]));
  writeFileSync(path, JSON.stringify({ tissues, ...more }));
  return path;
}
