/**
 * Reader of BART's `.cfl`: complex f32, first dimension fastest, with up to 16 dimensions in the
 * `.hdr` beside it.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';

export interface CflArray {
  /** Without dimensions of 1 at the end. */
  readonly shape: readonly number[];
  /** [re, im], first dimension fastest. */
  readonly data: Float32Array;
}

/** @throws LarmorError 66 if either file is missing, 65 if they are not such a pair */
export function readCfl(path: string): CflArray {
  const header = path.replace(/\.cfl$/i, '.hdr');
  const lines = readInput(header).toString('latin1').split(/\r?\n/);
  const title = lines.findIndex((line) => /^#\s*Dimensions/.test(line));
  const words = (lines[title + 1] ?? '').trim().split(/\s+/);
  const shape = words.map(Number);
  if (title < 0 || !shape.every((length) => Number.isSafeInteger(length) && length >= 1))
    throw badInput(header, 'names no dimensions', 'write it with BART');
  const bytes = readInput(path);
  const count = 2 * shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== 4 * count) {
    const what = `${bytes.length} bytes, where ${shape.join(' × ')} complex numbers take ${4 * count}`;
    throw badInput(path, what, 'check that it was copied whole, with its .hdr');
  }
  // A copy begins on a multiple of 4, as a view must.
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  while (shape.length > 1 && shape.at(-1) === 1) shape.pop();
  return { shape, data };
}
