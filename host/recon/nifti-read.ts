/**
 * Reads magnitude images with their positions back from NIfTI files that a reconstruction wrote.
 * Label images for regions of interest are read by the same function.
 */
import { badInput } from '../base/errors.ts';
import { scanNifti } from '../formats/nifti.ts';
import type { NiftiHeader } from '../formats/nifti-header.ts';
import type { Image, Triple } from './image.ts';

/** The real numbers of all volumes in file order. @throws LarmorError 65 or 66 */
export async function readNumbers(path: string): Promise<{ header: NiftiHeader; values: Float32Array }> {
  let values = new Float32Array();
  const header = await scanNifti(path, (head) => {
    if (head.parts !== 1) throw badInput(path, 'holds complex numbers', 'give an image of real numbers');
    values = new Float32Array(head.size[0] * head.size[1] * head.size[2] * head.volumes);
    return (view, first, count) => {
      for (let n = 0; n < count; n++) values[first + n] = head.numberAt(view, n * head.bytes);
    };
  });
  return { header, values };
}

/** The first volume as an image. @throws LarmorError 65 or 66 */
export async function readNiftiImage(path: string): Promise<Image> {
  const { header, values } = await readNumbers(path);
  const { size, steps, origin = [0, 0, 0] } = header;
  const pixels = size[0] * size[1] * size[2];
  const data = new Float32Array(2 * pixels);
  for (let n = 0; n < pixels; n++) data[2 * n] = values[n];
  const voxel = steps.map((step) => Math.hypot(...step)) as unknown as Triple<number>;
  const directions = steps.map((step, n) => step.map((part) => part / voxel[n])) as unknown as Image['directions'];
  return {
    data,
    matrix: size,
    coils: 1,
    contrasts: 1,
    repetitions: 1,
    voxel,
    origin,
    directions,
    method: 'fft',
    notes: [],
  };
}
