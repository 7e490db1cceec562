/**
 * Random numbers that are the same on every machine, because they must not differ between ranks or
 * runs.
 */

/**
 * Uniform in [0, 1), the same sequence for the same seed (mulberry32, a public-domain generator of
 * 32 bits of state).
 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
