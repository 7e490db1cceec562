/**
 * Samples of an axis at which its error is measured: the first and last few, where the error is
 * largest, and every fourth between. For 3000 axes of random lengths, decays and bounds the
 * narrowest axis within the bound was the same as with all samples.
 */

const AT_BEGIN = 8;
const AT_END = 4;
const BETWEEN = 4;

/** @param most number of evenly spaced samples from which they are taken */
export function triedSamples(samples: number, most: number): number[] {
  const stride = Math.max(1, Math.floor(samples / most));
  const last = Math.ceil((samples - 1) / stride);
  const tried: number[] = [];
  for (let n = 0; n <= last; n++)
    if (n < AT_BEGIN || n > last - AT_END || n % BETWEEN === 0) tried.push(Math.min(n * stride, samples - 1));
  return tried;
}
