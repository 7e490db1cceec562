/**
 * Digest of spins: 64 bits by which a plan, a checkpoint or a file detects whether the spins are
 * the same. It is the sum over all spins of a mix of the spin's number and its eight values, so it
 * does not depend on how the spins are split among reads or ranks: parts are added. Not
 * cryptographic: it detects mistakes, not forgeries.
 */
import { isAddressSpaceLimited } from '../base/address-space.ts';
import { badInput } from '../base/errors.ts';
import { COLUMN_NAMES } from './columns.ts';
import { DIGEST_MODULE } from './digest.generated.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from './types.ts';

/** Two sums modulo 2³². */
export type SpinDigest = readonly [number, number];

/** Odd multipliers, as in `assembly/digest.ts`. */
const [K, M] = [0x9e3779b1, 0x7feb352d];

/**
 * Spins that the module processes at once, and the distance between columns in its memory, in
 * values.
 */
const CHUNK = 4096;
const STRIDE = CHUNK + 4;
const FIRST_COLUMN = 4;

type Columns = readonly Float32Array[];
/**
 * Digest of entries [from, from + count), of which the first is a spin of this number modulo 2³².
 */
type Digest = (number: number, count: number, columns: Columns, from: number) => SpinDigest;

/** One spin after the other: 10 to 35 ns a spin. */
export const plainDigest: Digest = (number, count, columns, from) => {
  const bits = columns.map((column) => new Int32Array(column.buffer, column.byteOffset + 4 * from, count));
  let [sumA, sumB] = [0, 0];
  for (let n = 0; n < count; n++) {
    let a = (number + n) | 0;
    let b = ~a;
    for (let pair = 0; pair < bits.length; pair += 2) {
      a = Math.imul(a ^ bits[pair][n], K);
      b = Math.imul(b ^ bits[pair + 1][n], M);
      a ^= b >>> 15;
      b ^= a >>> 13;
    }
    a = Math.imul(a, K);
    b = Math.imul(b, M);
    sumA = (sumA + (a ^ (b >>> 16))) | 0;
    sumB = (sumB + (b ^ (a >>> 16))) | 0;
  }
  return [sumA >>> 0, sumB >>> 0];
};

/** Four spins at once in WebAssembly: 5 ns a spin. */
export function openFastDigest(): Digest {
  const module = new WebAssembly.Module(Buffer.from(DIGEST_MODULE, 'base64'));
  const { digest, memory } = new WebAssembly.Instance(module).exports as unknown as {
    digest(start: number, count: number): void;
    readonly memory: WebAssembly.Memory;
  };
  const values = new Float32Array(memory.buffer);
  const sums = new Int32Array(memory.buffer, 0, 2);
  return (number, count, columns, from) => {
    let sum: SpinDigest = [0, 0];
    for (let at = 0; at < count; at += CHUNK) {
      const size = Math.min(CHUNK, count - at);
      columns.forEach((column, k) => {
        values.set(column.subarray(from + at, from + at + size), FIRST_COLUMN + k * STRIDE);
      });
      digest((number + at) | 0, size);
      sum = addDigests(sum, [sums[0] >>> 0, sums[1] >>> 0]);
    }
    return sum;
  };
}

/**
 * The implementation, chosen at the first digest: without the module where address space is
 * limited, since the kernels need all of it.
 */
let chosen: Digest | undefined;

/**
 * Digest of spins [first, first + count) of a phantom, which are entries [from, from + count) of
 * `block`. Two halves mix in the spin's number and then the values alternately, by invertible
 * steps: spins that differ in one value never have the same pair.
 */
export function digestSpins(first: number, count: number, block: SpinBlock, from = 0): SpinDigest {
  chosen ??= isAddressSpaceLimited() ? plainDigest : openFastDigest();
  const columns = COLUMN_NAMES.map((name) => block[name]);
  return chosen(first | 0, count, columns, from);
}

export function addDigests([a, b]: SpinDigest, [c, d]: SpinDigest): SpinDigest {
  return [(a + c) >>> 0, (b + d) >>> 0];
}

/** Sixteen hexadecimal digits. */
export function digestText(digest: SpinDigest): string {
  return digest.map((sum) => sum.toString(16).padStart(8, '0')).join('');
}

/**
 * A file contains one digest per block, so that a rank that reads some of the spins can check them;
 * this is the largest number of blocks.
 */
const MOST_BLOCKS = 1024;
const SMALLEST_BLOCK = 65536;

/** Spins in a block of a phantom of `spinCount`. */
function blockSize(spinCount: number): number {
  return SMALLEST_BLOCK * Math.max(1, Math.ceil(spinCount / SMALLEST_BLOCK / MOST_BLOCKS));
}

export function blockCount(spinCount: number): number {
  return Math.ceil(spinCount / blockSize(spinCount));
}

/** Calls `use` with the parts of spins [first, first + count) that lie in one block each. */
function eachBlock(
  spinCount: number,
  first: number,
  count: number,
  use: (block: number, first: number, count: number) => void,
): void {
  const size = blockSize(spinCount);
  for (let at = first; at < first + count; ) {
    const block = Math.floor(at / size);
    const part = Math.min(first + count, (block + 1) * size) - at;
    use(block, at, part);
    at += part;
  }
}

/** Digests per block of spins that are added from the first to the last. */
export function blockDigests(spinCount: number): {
  readonly digests: readonly SpinDigest[];
  add(first: number, count: number, spins: SpinBlock): void;
} {
  const digests: SpinDigest[] = Array.from({ length: blockCount(spinCount) }, () => [0, 0]);
  return {
    digests,
    add: (first, count, spins) =>
      eachBlock(spinCount, first, count, (block, at, part) => {
        digests[block] = addDigests(digests[block], digestSpins(at, part, spins, at - first));
      }),
  };
}

/** Spins read together to complete a block. */
const HEAD_SPINS = 8192;

/**
 * A check of spins against the digests of their blocks, for reads in any order: a block is compared
 * when its last spin is read. Where reads begin inside a block, as the share of a rank does, the
 * spins before them are read first: so every block is checked by the rank that reads its end.
 * @param read the same source, unchecked
 * @throws LarmorError 65 at the read that completes a block of other spins
 */
export function digestCheck(
  place: string,
  spinCount: number,
  digests: readonly SpinDigest[],
  read: PhantomSource['read'],
): (first: number, count: number, spins: SpinBlock) => void {
  const size = blockSize(spinCount);
  const checked = new Uint8Array(digests.length);
  /**
   * Blocks that were read up to spin `next`. Spins before it are read again by `--verify` and
   * forecasts: these are not counted twice.
   */
  const begun = new Map<number, { next: number; digest: SpinDigest }>();
  const readUpTo = (first: number, end: number): SpinDigest => {
    const head = spinBlock(Math.min(HEAD_SPINS, end - first));
    let digest: SpinDigest = [0, 0];
    for (let at = first; at < end; at += HEAD_SPINS) {
      const count = Math.min(HEAD_SPINS, end - at);
      read(at, count, head);
      digest = addDigests(digest, digestSpins(at, count, head));
    }
    return digest;
  };
  return (first, total, spins) =>
    eachBlock(spinCount, first, total, (block, at, part) => {
      if (checked[block] === 1) return;
      const start = block * size;
      const state = begun.get(block) ?? { next: start, digest: [0, 0] as SpinDigest };
      begun.set(block, state);
      if (at > state.next) {
        state.digest = addDigests(state.digest, readUpTo(state.next, at));
        state.next = at;
      }
      const count = at + part - state.next;
      if (count <= 0) return;
      state.digest = addDigests(state.digest, digestSpins(state.next, count, spins, state.next - first));
      state.next += count;
      const end = Math.min(spinCount, start + size);
      if (state.next < end) return;
      begun.delete(block);
      checked[block] = 1;
      if (digestText(state.digest) === digestText(digests[block])) return;
      const what = `spins ${start} to ${end - 1} are not those that its attribute 'digests' describes`;
      throw badInput(place, what, "write it again, or delete its attributes 'bounds' and 'digests'");
    });
}
