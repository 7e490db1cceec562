/**
 * A NIfTI volume in NiiVue, an optional peer package. Larmor's own reader converts the file
 * to float32 NIfTI-1, so that everything that Larmor can read is shown, at the position that Larmor
 * gives it: complex numbers (as magnitudes), 64-bit integers and NIfTI-2, too. The file is read
 * again whenever the page is loaded.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { assetPath } from '../base/assets.ts';
import { badInput, usage } from '../base/errors.ts';
import { quantity } from '../figures/units.ts';
import { readNiftiHeader, scanNifti } from '../formats/nifti.ts';
import type { NiftiHeader } from '../formats/nifti-header.ts';
import { mapHeader } from '../formats/nifti-write.ts';
import { volumeHtml } from '../html/volume.ts';
import { whiteLevel } from '../recon/png.ts';
import type { Served } from './serve.ts';

const PACKAGE = '@niivue/niivue';
const INSTALL = `npm install ${PACKAGE}@0.69.0 beside larmor`;

/** 1 GiB as float32; a browser holds several copies of the volume. */
const MOST_VOXELS = 2 ** 28;
/** Most voxels, evenly spaced, from which the black and white levels are derived. */
const MOST_JUDGED = 2 ** 20;
/** Byte offsets of the white and black level in a NIfTI-1 header. */
const [CAL_MAX, CAL_MIN] = [124, 128];
/** The field `dim` of a NIfTI-1 header holds 16-bit numbers. */
const LONGEST_SIDE = 32767;

export const isVolumeName = (path: string): boolean => /\.nii(\.gz)?$/i.test(path);

/** @throws LarmorError 2 without NiiVue, 65 or 66 for the file */
export async function volumePage(path: string): Promise<Served> {
  const niivue = niivuePath();
  await readVolume(path);
  const script = (from: string) => ({ type: 'text/javascript', body: readFileSync(from) });
  return {
    html: async () => volumeHtml(basename(path), factsOf(await readNiftiHeader(path))),
    files: {
      'niivue.js': () => script(niivue),
      'volume.js': () => script(assetPath('page/volume.js')),
      volume: async () => ({ type: 'application/octet-stream', body: await readVolume(path) }),
    },
  };
}

/** @throws LarmorError 2 */
function niivuePath(): string {
  const folders = createRequire(import.meta.url).resolve.paths(PACKAGE) ?? [];
  const found = folders.map((folder) => join(folder, PACKAGE, 'dist', 'index.js')).find((path) => existsSync(path));
  if (found === undefined)
    throw usage(`a NIfTI volume is shown by the package ${PACKAGE}, which is not installed`, INSTALL);
  return found;
}

/** @returns a NIfTI-1 file of float32 numbers */
async function readVolume(path: string): Promise<Buffer> {
  let numbers: Float32Array = new Float32Array();
  let head: Buffer = Buffer.alloc(0);
  let body = head;
  await scanNifti(path, (found) => {
    const { size, volumes, parts, bytes, numberAt } = found;
    const voxels = size[0] * size[1] * size[2] * volumes;
    if (voxels > MOST_VOXELS || [...size, volumes].some((side) => side > LONGEST_SIDE))
      throw badInput(path, `${voxels} voxels are more than a browser can show`, 'crop it or reduce its resolution');
    head = mapHeader({ ...found, steps: wholeSteps(found) }, volumes);
    body = Buffer.alloc(head.length + Float32Array.BYTES_PER_ELEMENT * voxels);
    head.copy(body);
    numbers = new Float32Array(body.buffer, body.byteOffset + head.length, voxels);
    if (parts === 1)
      return (view, first, count) => {
        for (let n = 0; n < count; n++) numbers[first + n] = numberAt(view, n * bytes);
      };
    // Real and imaginary part of a voxel may come in different calls.
    return (view, first, count) => {
      for (let n = 0; n < count; n++) {
        const at = first + n;
        numbers[at >> 1] = Math.hypot(numbers[at >> 1], numberAt(view, n * bytes, (at & 1) as 0 | 1));
      }
    };
  });
  const [black, white] = windowOf(numbers);
  body.writeFloatLE(white, CAL_MAX);
  body.writeFloatLE(black, CAL_MIN);
  return body;
}

/** Values shown as black and white, as in reports; of signed numbers, 0 is the middle grey. */
function windowOf(numbers: Float32Array): readonly [black: number, white: number] {
  const stride = Math.ceil(numbers.length / MOST_JUDGED);
  const sizes = new Float32Array(Math.ceil(numbers.length / stride));
  let isSigned = false;
  for (let n = 0, at = 0; n < numbers.length; n += stride) {
    if (Number.isFinite(numbers[n])) sizes[at++] = Math.abs(numbers[n]);
    if (numbers[n] < 0) isSigned = true;
  }
  const white = whiteLevel(sizes);
  return [isSigned ? -white : 0, white];
}

/** The header of a single slice may have no spacing along its normal; a viewer needs one. */
function wholeSteps({ steps }: NiftiHeader): NiftiHeader['steps'] {
  const [u, v, w] = steps;
  if (Math.hypot(...w) > 0) return steps;
  const length = Math.hypot(...u);
  const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const size = Math.hypot(...normal);
  const [x, y, z] = normal.map((part) => (length * part) / size);
  return [u, v, [x, y, z]];
}

function factsOf({ size, volumes, steps, parts, origin }: NiftiHeader): [string, string][] {
  return [
    ['Voxels', size.join(' × ')],
    ['Size', steps.map((step) => quantity(Number(Math.hypot(...step).toPrecision(4)), 'm')).join(' × ')],
    ...(volumes === 1 ? [] : [['Volumes', String(volumes)] satisfies [string, string]]),
    ...(parts === 1 ? [] : [['Shown', 'magnitude of complex numbers'] satisfies [string, string]]),
    ...(origin === undefined ? [['Orientation', 'not in the file'] satisfies [string, string]] : []),
  ];
}
