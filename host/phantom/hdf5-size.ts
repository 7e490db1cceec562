/** A guard both HDF5 readers need: extents are numbers in a header, and a damaged one may claim any. */
import { badInput } from '../common/errors.ts';
import type { Hdf5Reader } from '../common/hdf5/reader.ts';

/** Deflate packs at most 1032 bytes into one, so a byte of file holds at most this many f32. */
const VALUES_PER_BYTE = 1032 / 4;

/** Throws exit 65 if the file is too small to hold `count` values: then it would be walked for ever, or fill memory. */
export function refuseBoundless(file: Hdf5Reader, count: number): void {
  if (count <= file.size * VALUES_PER_BYTE) return;
  throw badInput(file.path, `claims ${count} spins in ${file.size} bytes`, 'check that it was copied whole');
}
