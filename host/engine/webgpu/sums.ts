/**
 * The host's half of the exact sums: what a batch has summed on the GPU joins the 64-bit sums of
 * the rank.
 */

/**
 * Adds a section's sums. 32-bit words with a carry: adding as BigInt takes twenty times as long.
 * @param words the rank's sums [sample](re low, re high, im low, im high), little-endian as every
 * machine Node runs on
 * @param values 4 words of status, then as `words` from sample `firstSample` on
 */
export function addSums(words: Int32Array, firstSample: number, values: Uint32Array): void {
  const count = values.length - 4;
  for (let n = 0, at = 4 * firstSample; n < count; n += 2, at += 2) {
    const low = (words[at] >>> 0) + values[4 + n];
    words[at] = low | 0;
    words[at + 1] = (words[at + 1] + values[5 + n] + Number(low > 0xffffffff)) | 0;
  }
}
