/**
 * Philox4×32-10, a counter-based random generator: four words for a counter and a key, in any
 * order, so that a sample's noise does not depend on earlier samples. J. K. Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", Proc. SC11 (2011); multipliers and Weyl constants
 * are the paper's.
 */

const MULTIPLIER0 = 0xd2511f53;
const MULTIPLIER1 = 0xcd9e8d57;
const WEYL0 = 0x9e3779b9;
const WEYL1 = 0xbb67ae85;
const ROUNDS = 10;

/**
 * High 32 bits of the product of two unsigned words, by halves. Words are held as V8's fast signed
 * integers.
 */
function high(a: number, b: number): number {
  const a1 = a >>> 16;
  const a0 = a & 0xffff;
  const b1 = b >>> 16;
  const b0 = b & 0xffff;
  // Below 2⁴⁸ each, so exact in f64.
  const middle = a1 * b0 + (a0 * b0) / 0x10000 + a0 * b1;
  return (a1 * b1 + Math.floor(middle / 0x10000)) | 0;
}

/**
 * Replaces the four words of `counter` by random ones. No array is allocated: a signal has 10⁸
 * samples.
 */
export function philox(counter: Uint32Array, key0: number, key1: number): void {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = high(MULTIPLIER0, c0);
    const high1 = high(MULTIPLIER1, c2);
    const low0 = Math.imul(MULTIPLIER0, c0);
    const low1 = Math.imul(MULTIPLIER1, c2);
    c0 = high1 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 = (k0 + WEYL0) | 0;
    k1 = (k1 + WEYL1) | 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}
