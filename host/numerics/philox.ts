/**
 * Philox4×32-10, a counter-based random generator: four words for a counter and a key, in any order, so that a sample's
 * noise does not depend on what was drawn before it. J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * Proc. SC11 (2011); multipliers and Weyl constants are the paper's.
 */

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/** High 32 bits of the product of two unsigned words, by halves. */
function high(a: number, b: number): number {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const cross = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/** Replaces the four words of `counter` by random ones. */
export function philox(counter: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = counter as unknown as [number, number, number, number];
  let [k0, k1] = [key0, key1];
  for (let round = 0; round < ROUNDS; round++) {
    const [low0, low1] = [Math.imul(MULTIPLIERS[0], c0) >>> 0, Math.imul(MULTIPLIERS[1], c2) >>> 0];
    const [high0, high1] = [high(MULTIPLIERS[0], c0), high(MULTIPLIERS[1], c2)];
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c1 = low1;
    c3 = low0;
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}
