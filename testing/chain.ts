/**
 * The whole chain in one call: a sequence plays on a phantom, its raw data are written to an
 * ISMRMRD file, read back and reconstructed, and the image is written as PNG and NIfTI. Tests then
 * check positions in those two files.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import type { PhantomSource, SpinBlock } from '../host/phantom/types.ts';
import { readRaw, writeRaw } from '../host/raw/index.ts';
import { writeImage } from '../host/recon/files.ts';
import type { Image } from '../host/recon/image.ts';
import { reconstruct } from '../host/recon/reconstruct.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { simulate } from './run.ts';
import { temporaryFolder } from './temporary.ts';

export interface Picture {
  readonly image: Image;
  readonly png: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  readonly nifti: Nifti;
}

export interface Nifti {
  readonly size: readonly [number, number, number];
  readonly data: Float32Array;
  /** Right, anterior, superior [m] of voxel (i, j, k), by the file's sform. */
  place(i: number, j: number, k: number): readonly [number, number, number];
}

export async function pictureOf(sequence: Sequence, phantom: PhantomSource | SpinBlock): Promise<Picture> {
  const signal = await simulate(sequence, phantom);
  const folder = temporaryFolder();
  const [raw, png, nifti] = ['raw.mrd', 'image.png', 'image.nii'].map((name) => join(folder, name));
  try {
    writeRaw(raw, {
      signal,
      coils: 1,
      samples: signal.length / 2,
      precision: 'f32',
      encoding: encode(sequence, DEFAULT_SCANNER),
      sequenceName: sequence.name,
      phantomName: 'test',
      B0: DEFAULT_SCANNER.B0,
      frequency: 42.5774688e6 * DEFAULT_SCANNER.B0,
    });
    const image = reconstruct(await readRaw(raw));
    writeImage(png, image);
    writeImage(nifti, image);
    const { width, height, data } = decode(readFileSync(png));
    return { image, png: { width, height, data: data as Uint8Array }, nifti: readNifti(nifti) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Header fields by their offsets in nifti1.h. */
function readNifti(path: string): Nifti {
  const bytes = readFileSync(path);
  const size = [42, 44, 46].map((at) => bytes.readInt16LE(at)) as [number, number, number];
  const start = bytes.readFloatLE(108);
  const count = size[0] * size[1] * size[2];
  const data = Float32Array.from({ length: count }, (_, n) => bytes.readFloatLE(start + 4 * n));
  const row = (r: number): number[] => [0, 1, 2, 3].map((c) => bytes.readFloatLE(280 + 16 * r + 4 * c) / 1e3);
  const rows = [row(0), row(1), row(2)];
  return {
    size,
    data,
    place: (i, j, k) => rows.map(([a, b, c, d]) => a * i + b * j + c * k + d) as unknown as [number, number, number],
  };
}

/** Index of the largest value as positions along axes of these lengths, fastest first. */
export function brightest(data: ArrayLike<number>, size: readonly number[]): number[] {
  let best = 0;
  for (let n = 1; n < data.length; n++) if (data[n] > data[best]) best = n;
  const place: number[] = [];
  for (const length of size) {
    place.push(best % length);
    best = Math.floor(best / length);
  }
  return place;
}
