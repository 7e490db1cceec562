/**
 * The [SIGNATURE] at the end of a `.seq` file: a hash of all bytes before it, by which a reader
 * detects changes since the file was written. A mismatch is a warning, not an error: people edit
 * these files by hand.
 */
import { createHash } from 'node:crypto';
import { warn } from '../../base/log.ts';

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha1', 'sha1'],
  ['sha2', 'sha256'],
  ['sha256', 'sha256'],
]);

/**
 * Warns, naming the file, when the signature does not fit.
 * @param section byte at which `[SIGNATURE]` starts
 */
export function verifySignature(
  path: string,
  bytes: Uint8Array,
  section: number,
  type: string | undefined,
  hash: string | undefined,
): void {
  const algorithm = ALGORITHMS.get((type ?? '').toLowerCase().replace('-', ''));
  if (hash === undefined || type === undefined) {
    warn(`${path}: the signature is incomplete, so the file may be cut short`);
  } else if (algorithm === undefined) {
    warn(`${path}: the signature is of an unknown kind, ${type}, and was not checked`);
  } else if (!matches(bytes.subarray(0, section), algorithm, hash.toLowerCase())) {
    warn(`${path}: the ${type} signature does not match, so the file was changed after it was written`);
  }
}

/**
 * The specification counts the line break before the section to the signature; JEMRIS hashes it
 * with the rest, and some writers leave out every trailing one.
 */
function matches(content: Uint8Array, algorithm: string, expected: string): boolean {
  let kept = content.length;
  while (kept > 0 && (content[kept - 1] === 10 || content[kept - 1] === 13)) kept--;
  const hash = createHash(algorithm).update(content.subarray(0, kept));
  for (let end = kept; ; end++) {
    if (hash.copy().digest('hex') === expected) return true;
    if (end === content.length || end - kept > 8) return false;
    hash.update(content.subarray(end, end + 1));
  }
}
