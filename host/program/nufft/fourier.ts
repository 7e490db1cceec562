/** Lengths and twiddles of the transforms that `assembly/fourier.ts` makes. */

/** One radix of a transform. */
export interface Stage {
  readonly radix: number;
  readonly m: number;
  readonly stride: number;
  /** [m][radix − 1][re, im] */
  readonly twiddles: Float64Array;
}

/** Smallest multiple of `step` of factors 2 and 3 that is not below `least`. */
export function smoothLength(least: number, step: number): number {
  for (let n = step * Math.ceil(least / step); ; n += step) {
    let rest = n;
    while (rest % 2 === 0) rest /= 2;
    while (rest % 3 === 0) rest /= 3;
    if (rest === 1) return n;
  }
}

/** Radices of a transform of length n = 2^a·3^b, in the order of its stages: fours first. */
export function radicesOf(n: number): number[] {
  const radices: number[] = [];
  for (let length = n; length > 1; length /= radices.at(-1)!)
    radices.push(length % 4 === 0 ? 4 : length % 3 === 0 ? 3 : 2);
  return radices;
}

/** Stages of a forward transform of length n. */
export function stagesOf(n: number): Stage[] {
  let [length, stride] = [n, 1];
  return radicesOf(n).map((radix) => {
    const m = length / radix;
    const twiddles = new Float64Array(2 * m * (radix - 1));
    for (let p = 0; p < m; p++) {
      for (let j = 1; j < radix; j++) {
        const angle = (-2 * Math.PI * p * j) / length;
        twiddles[2 * (p * (radix - 1) + j - 1)] = Math.cos(angle);
        twiddles[2 * (p * (radix - 1) + j - 1) + 1] = Math.sin(angle);
      }
    }
    const stage = { radix, m, stride, twiddles };
    length = m;
    stride *= radix;
    return stage;
  });
}
