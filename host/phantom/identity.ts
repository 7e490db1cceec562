/**
 * A phantom's identity: the text by which a checkpoint knows that it is resumed with the same spins. It names the kind
 * and the numbers that define it, and a digest of spins sampled throughout, so that a phantom of 100 GB is not read whole.
 */
import { createHash } from 'node:crypto';
import type { PhantomSource } from './types.ts';
import { spinBlock } from './types.ts';

/** Sampled pieces and spins in each: 512 KiB read at most, spread evenly from the first spin to the last. */
const PIECES = 16;
const PIECE_SPINS = 1024;

/** @param header what defines the phantom besides its spins; never a path, so that a moved file is the same phantom */
export function phantomIdentity(
  kind: string,
  header: Readonly<Record<string, unknown>>,
  spinCount: number,
  read: PhantomSource['read'],
): string {
  const hash = createHash('sha256');
  const whole = spinCount <= PIECES * PIECE_SPINS;
  const pieces = whole ? 1 : PIECES;
  const size = whole ? spinCount : PIECE_SPINS;
  const block = spinBlock(size);
  for (let piece = 0; piece < pieces; piece++) {
    const first = pieces === 1 ? 0 : Math.floor(((spinCount - size) * piece) / (pieces - 1));
    read(first, size, block);
    hash.update(new Uint8Array(block.x.buffer));
  }
  return `${kind} ${JSON.stringify(header)} spins=${spinCount} sha256=${hash.digest('hex')}`;
}
