/**
 * A phantom's identity: the text by which ranks and checkpoints verify that they have the same
 * spins. It names the kind and the numbers that define the phantom, and a digest: of every spin or
 * label where they come from a file. Phantoms that are computed from their parameters are sampled,
 * which detects two programs that compute them differently.
 */
import { createHash } from 'node:crypto';
import { addDigests, digestSpins, digestText, type SpinDigest } from './digest.ts';
import { type PhantomSource, spinBlock } from './types.ts';

/** Sampled pieces and spins in each, spread evenly from the first spin to the last. */
const PIECES = 16;
const PIECE_SPINS = 1024;

/**
 * @param header what defines the phantom besides its spins; never a path, so that a file that was
 * moved is the same phantom
 */
export function phantomIdentity(
  kind: string,
  header: Readonly<Record<string, unknown>>,
  spinCount: number,
  digest: string,
): string {
  return `${kind} ${JSON.stringify(header)} spins=${spinCount} digest=${digest}`;
}

/**
 * 16 hexadecimal digits of a phantom's spins at rest, without the motions and the state that a run
 * adds to them.
 */
export function identityDigest({ identity }: Pick<PhantomSource, 'identity'>): string {
  const [own = ''] = identity.split(/ (?:motion|initial)=/, 1);
  return createHash('sha256').update(own).digest('hex').slice(0, 16);
}

/** Digest of at most 16 × 1024 of the spins. */
export function sampledDigest(spinCount: number, read: PhantomSource['read']): string {
  const pieces = spinCount <= PIECES * PIECE_SPINS ? 1 : PIECES;
  const size = pieces === 1 ? spinCount : PIECE_SPINS;
  const block = spinBlock(size);
  let digest: SpinDigest = [0, 0];
  for (let piece = 0; piece < pieces; piece++) {
    const first = pieces === 1 ? 0 : Math.floor(((spinCount - size) * piece) / (pieces - 1));
    read(first, size, block);
    digest = addDigests(digest, digestSpins(first, size, block));
  }
  return digestText(digest);
}
