/**
 * Writes any phantom as KomaMRI's `.phantom`, the layout `koma.ts` reads: f32 values, which hold a
 * phantom's spins exactly. Spins stream through a block, so memory is a block and HDF5's chunk
 * caches (some 12 MB) whatever the phantom's size. Two attributes are ours and ignored by others:
 * the field that Δw belongs to, and the bounds over all spins, which spare every rank of a large
 * run a pass over the file.
 */
import { renameSync } from 'node:fs';
import { resolve } from 'node:path';
import type { File as H5File } from 'h5wasm/node';
import { cannotWrite, LarmorError } from '../base/errors.ts';
import { createOutput, removeFile } from '../base/files.ts';
import { loadHdf5 } from '../formats/hdf5/reader.ts';
import { WALK_SPINS } from './bounds.ts';
import { COLUMN_NAMES } from './columns.ts';
import { blockDigests, type SpinDigest } from './digest.ts';
import { COLUMN_PATHS, packBounds, packDigests } from './koma-layout.ts';
import { writeMotions } from './motion/write.ts';
import { type PhantomSource, spinBlock } from './types.ts';

/** The version of KomaMRI's format that this writes; KomaMRI compares the major number. */
const FORMAT_VERSION = '0.11.5';

/**
 * Writes `source` to `path`, whole or not at all.
 * @throws LarmorError 73 if it cannot be written, 65 if a spin of the source cannot be simulated
 */
export async function writePhantom(path: string, source: PhantomSource): Promise<void> {
  // Checks the output path before any spin is computed, with the messages that all outputs have.
  createOutput(path).abandon();
  const { h5 } = await loadHdf5();
  const beside = `${resolve(path)}.${process.pid}.partial`;
  let file: H5File | undefined;
  try {
    file = new h5.File(beside, 'w');
    const digests = writeSpins(file, source);
    writeMotions(file, source.motions ?? [], source.spinCount);
    writeAttributes(file, source, digests);
    file.close();
    file = undefined;
    renameSync(beside, path);
  } catch (error) {
    file?.close();
    if (error instanceof LarmorError) throw error;
    const cause = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw cannotWrite(
      path,
      `cannot be written (${cause})`,
      'check the space on the device, or write elsewhere with -o',
    );
  } finally {
    removeFile(beside);
  }
}

/** @returns the digests of its blocks */
function writeSpins(file: H5File, source: PhantomSource): readonly SpinDigest[] {
  const { spinCount } = source;
  const block = spinBlock(Math.min(WALK_SPINS, spinCount));
  file.create_group('position');
  file.create_group('contrast');
  const columns = COLUMN_NAMES.map((name) => {
    const [path] = COLUMN_PATHS[name];
    const data = new Float32Array(1);
    const chunks = [block.x.length];
    const dataset = file.create_dataset({ name: path, data, shape: [1], maxshape: [spinCount], chunks, dtype: '<f' });
    dataset.resize([spinCount]);
    return { dataset, values: block[name] };
  });
  const { digests, add } = blockDigests(spinCount);
  for (let first = 0; first < spinCount; first += WALK_SPINS) {
    const count = Math.min(WALK_SPINS, spinCount - first);
    source.read(first, count, block);
    add(first, count, block);
    for (const { dataset, values } of columns) dataset.write_slice([[first, first + count]], values.subarray(0, count));
  }
  return digests;
}

function writeAttributes(
  file: H5File,
  { name, spinCount, bounds, B0 }: PhantomSource,
  digests: readonly SpinDigest[],
): void {
  const dimensions = bounds.min.filter((low, axis) => low !== 0 || bounds.max[axis] !== 0).length;
  const integer = (key: string, value: number) => file.create_attribute(key, BigInt(value) as never, null, '<q');
  file.create_attribute('Version', FORMAT_VERSION);
  file.create_attribute('Name', name);
  integer('Ns', spinCount);
  integer('Dims', dimensions);
  file.create_attribute('B0', Float64Array.of(B0));
  file.create_attribute('bounds', packBounds(bounds));
  file.create_attribute('digests', packDigests(digests));
}
