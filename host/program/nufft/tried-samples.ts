/**
 * Samples of an axis at which its error is measured: many at both ends, where it is largest, and
 * every few between. The narrowest axis within a bound is the same as by all samples in 3000 axes
 * of random lengths, decays and bounds.
 */

const AT_BEGIN = 8;
const AT_END = 4;
const BETWEEN = 4;

/** @param most by which samples are told apart */
export function triedSamples(samples: number, most: number): number[] {
  const stride = Math.max(1, Math.floor(samples / most));
  const last = Math.ceil((samples - 1) / stride);
  const tried: number[] = [];
  for (let n = 0; n <= last; n++)
    if (n < AT_BEGIN || n > last - AT_END || n % BETWEEN === 0) tried.push(Math.min(n * stride, samples - 1));
  return tried;
}
