/**
 * Images to files, by extension: `.png` to look at, `.nii` / `.nii.gz` for viewers and analysis, `.npy` (complex) for scripts.
 * `.npy` is complex64 shaped [repetition, contrast, slice, y, x], always five axes; `np.squeeze` drops those of one.
 */
import { usage } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';
import { npyHeader } from '../formats/npy.ts';
import type { Image } from './image.ts';
import { writeNifti } from './nifti.ts';
import { encodePng } from './png.ts';

type ImageWriter = (path: string, image: Image) => void;

const WRITERS: Readonly<Record<string, ImageWriter>> = {
  '.png': (path, image) => writeOutput(path, encodePng(image)),
  '.nii': writeNifti,
  '.nii.gz': writeNifti,
  '.npy': writeImageNpy,
};

/** The writer for `path`, so that a wrong name fails before the work. @throws LarmorError 2 for an unknown extension */
export function imageWriterFor(path: string): ImageWriter {
  const name = path.toLowerCase();
  const extension = Object.keys(WRITERS).find((ending) => name.endsWith(ending));
  if (path === '-') throw usage('-o -: an image cannot be written to standard output', 'give a file name');
  if (!extension) throw usage(`cannot write an image to ${path}`, `name it ${Object.keys(WRITERS).join(', ')}`);
  return WRITERS[extension];
}

/** @throws LarmorError 2 for an unknown extension, 73 if it cannot be written */
export function writeImage(path: string, image: Image): void {
  imageWriterFor(path)(path, image);
}

function writeImageNpy(path: string, image: Image): void {
  const [nx, ny, nz] = image.matrix;
  const file = createOutput(path);
  try {
    file.write(npyHeader('<c8', `(${[image.repetitions, image.contrasts, nz, ny, nx].join(', ')})`));
    file.write(new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength));
    file.commit();
  } finally {
    file.abandon();
  }
}
