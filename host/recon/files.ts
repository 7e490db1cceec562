/**
 * Writes images to files, by extension: `.png` for viewing, `.nii` / `.nii.gz` for viewers and
 * analysis, `.npy` (complex) for scripts. `.npy` is shaped [repetition, contrast, slice, y, x],
 * always five axes (`np.squeeze` drops those of one), preceded by the coils if they are not
 * combined; complex64 unless another part is requested.
 */
import { usage } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';
import { npyHeader } from '../formats/npy.ts';
import { type Image, type Part, partOf, type RealPart } from './image.ts';
import { writeNifti } from './nifti.ts';
import { encodePng } from './png.ts';

type ImageWriter = (path: string, image: Image, part: Part | undefined) => void;

const WRITERS: Readonly<Record<string, ImageWriter>> = {
  '.png': (path, image, part) => writeOutput(path, encodePng(image, realPart(part))),
  '.nii': writeNifti,
  '.nii.gz': writeNifti,
  '.npy': writeImageNpy,
};

/**
 * The writer for `path`, so that a wrong name is reported early.
 * @throws LarmorError 2 for an unknown extension
 */
export function imageWriterFor(path: string): ImageWriter {
  const name = path.toLowerCase();
  const extension = Object.keys(WRITERS).find((ending) => name.endsWith(ending));
  if (path === '-') throw usage('-o -: an image cannot be written to standard output', 'give a file name');
  if (!extension) throw usage(`cannot write an image to ${path}`, `name it ${Object.keys(WRITERS).join(', ')}`);
  return WRITERS[extension];
}

/** The part that shows in formats of real numbers. */
const realPart = (part: Part | undefined): RealPart => (part === undefined || part === 'coils' ? 'magnitude' : part);

/** @throws LarmorError 2 for an unknown extension, 73 if it cannot be written */
export function writeImage(path: string, image: Image, part?: Part): void {
  imageWriterFor(path)(path, image, part);
}

function writeImageNpy(path: string, image: Image, part: Part | undefined): void {
  const [nx, ny, nz] = image.matrix;
  const complex = part === undefined || part === 'coils';
  const values = complex ? image.data : partOf(image, part);
  const coils = part === 'coils' ? [image.coils] : [];
  const file = createOutput(path);
  try {
    const shape = [...coils, image.repetitions, image.contrasts, nz, ny, nx];
    file.write(npyHeader(complex ? '<c8' : '<f4', `(${shape.join(', ')})`));
    file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    file.commit();
  } finally {
    file.abandon();
  }
}
