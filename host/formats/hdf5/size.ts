/**
 * A check for all readers of HDF5: extents are numbers in a header, and a damaged one may contain
 * any.
 */
import { badInput } from '../../base/errors.ts';

/** Deflate packs at most 1032 bytes into one. */
const DEFLATE = 1032;

/**
 * Throws exit 65 if a file of `size` bytes is too small to hold values of so many bytes: reading
 * them would take for ever, or fill memory.
 * @param what the values, a number with its noun
 */
export function refuseBoundless(place: string, size: number, bytes: number, what: string): void {
  if (bytes <= size * DEFLATE) return;
  throw badInput(place, `claims ${what} in ${size} bytes`, 'check that it was copied whole');
}
