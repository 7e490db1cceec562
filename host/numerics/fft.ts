/**
 * Fast Fourier transforms of lengths without large prime factors, many lines at a time:
 *
 *     X[p] = Σ_n x[n] e^{±i2π np/N}
 *
 * Stockham's self-sorting form (Swarztrauber, Parallel Comput. 1984): every pass reads one buffer
 * and writes the other, no bit reversal. The lines of a batch lie innermost, so that the inner loop
 * runs over neighbours from the first pass on and one twiddle serves all of them. Other lengths go
 * through `recon/chirp.ts`.
 */

/** Largest prime factor with a butterfly of its own. */
const LARGEST_RADIX = 13;

/**
 * Transforms `batch` lines held as `data` [size][batch][re, im].
 * @param work as large as `data`
 * @returns the one of the two buffers that holds the result
 */
export type Fft = (data: Float64Array, work: Float64Array, batch: number) => Float64Array;

interface Stage {
  readonly radix: number;
  /** [length / radix][radix][re, im]: e^{±i2π jt/length} */
  readonly twiddles: Float64Array;
}

const plans = new Map<string, Fft>();

/** Whether `size` has no prime factor above 13. */
export function isSmooth(size: number): boolean {
  return size >= 1 && factors(size).every((factor) => factor <= LARGEST_RADIX);
}

/** The smallest fast length ≥ `size`: 2ᵃ, 3·2ᵃ, 5·2ᵃ, 9·2ᵃ or 15·2ᵃ. */
export function fastSize(size: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (const odd of [1, 3, 5, 9, 15]) {
    let candidate = odd;
    while (candidate < size) candidate *= 2;
    best = Math.min(best, candidate);
  }
  return best;
}

/** @param sign of the exponent. @throws RangeError unless `isSmooth(size)` */
export function fft(size: number, sign: 1 | -1): Fft {
  const key = `${size}:${sign}`;
  let plan = plans.get(key);
  if (!plan) {
    if (!isSmooth(size)) throw new RangeError(`no butterfly for a factor of ${size}`);
    plan = makeFft(size, sign);
    plans.set(key, plan);
  }
  return plan;
}

/**
 * Prime factors, with pairs of twos joined into fours (a radix-4 pass does the work of two in one
 * sweep).
 */
function factors(size: number): number[] {
  const found: number[] = [];
  let rest = size;
  for (; rest % 4 === 0; rest /= 4) found.push(4);
  for (let p = 2; p * p <= rest; p += p === 2 ? 1 : 2) for (; rest % p === 0; rest /= p) found.push(p);
  if (rest > 1) found.push(rest);
  return found;
}

function makeFft(size: number, sign: 1 | -1): Fft {
  const stages: Stage[] = [];
  let length = size;
  for (const radix of factors(size)) {
    const twiddles = new Float64Array(2 * length);
    for (let j = 0; j < length / radix; j++) {
      for (let t = 0; t < radix; t++) {
        // The product is reduced before it becomes an angle, so that long transforms keep full
        // precision.
        const angle = (sign * 2 * Math.PI * ((j * t) % length)) / length;
        twiddles[2 * (j * radix + t)] = Math.cos(angle);
        twiddles[2 * (j * radix + t) + 1] = Math.sin(angle);
      }
    }
    stages.push({ radix, twiddles });
    length /= radix;
  }
  return (data, work, batch) => {
    let from = data;
    let to = work;
    let remaining = size;
    let stride = batch;
    for (const { radix, twiddles } of stages) {
      const groups = remaining / radix;
      if (radix === 4) radix4(from, to, groups, stride, twiddles, sign);
      else if (radix === 2) radix2(from, to, groups, stride, twiddles);
      else radixOdd(from, to, radix, groups, stride, twiddles, sign);
      [from, to] = [to, from];
      remaining = groups;
      stride *= radix;
    }
    return from;
  };
}

function radix2(from: Float64Array, to: Float64Array, groups: number, stride: number, twiddles: Float64Array): void {
  const half = 2 * stride * groups;
  for (let j = 0; j < groups; j++) {
    const wr = twiddles[4 * j + 2];
    const wi = twiddles[4 * j + 3];
    let source = 2 * stride * j;
    let target = 4 * stride * j;
    for (const end = source + 2 * stride; source < end; source += 2, target += 2) {
      const dr = from[source] - from[source + half];
      const di = from[source + 1] - from[source + half + 1];
      to[target] = from[source] + from[source + half];
      to[target + 1] = from[source + 1] + from[source + half + 1];
      to[target + 2 * stride] = dr * wr - di * wi;
      to[target + 2 * stride + 1] = dr * wi + di * wr;
    }
  }
}

function radix4(
  from: Float64Array,
  to: Float64Array,
  groups: number,
  stride: number,
  twiddles: Float64Array,
  sign: 1 | -1,
): void {
  const quarter = 2 * stride * groups;
  const row = 2 * stride;
  for (let j = 0; j < groups; j++) {
    const [, , w1r, w1i, w2r, w2i, w3r, w3i] = twiddles.subarray(8 * j, 8 * j + 8);
    let s0 = row * j;
    let t0 = 4 * row * j;
    for (const end = s0 + row; s0 < end; s0 += 2, t0 += 2) {
      const s1 = s0 + quarter;
      const s2 = s1 + quarter;
      const s3 = s2 + quarter;
      const ar = from[s0] + from[s2];
      const ai = from[s0 + 1] + from[s2 + 1];
      const br = from[s0] - from[s2];
      const bi = from[s0 + 1] - from[s2 + 1];
      const cr = from[s1] + from[s3];
      const ci = from[s1 + 1] + from[s3 + 1];
      // ±i (x1 − x3)
      const dr = -sign * (from[s1 + 1] - from[s3 + 1]);
      const di = sign * (from[s1] - from[s3]);
      to[t0] = ar + cr;
      to[t0 + 1] = ai + ci;
      const t1 = t0 + row;
      to[t1] = (br + dr) * w1r - (bi + di) * w1i;
      to[t1 + 1] = (br + dr) * w1i + (bi + di) * w1r;
      const t2 = t1 + row;
      to[t2] = (ar - cr) * w2r - (ai - ci) * w2i;
      to[t2 + 1] = (ar - cr) * w2i + (ai - ci) * w2r;
      const t3 = t2 + row;
      to[t3] = (br - dr) * w3r - (bi - di) * w3i;
      to[t3 + 1] = (br - dr) * w3i + (bi - di) * w3r;
    }
  }
}

/**
 * x_r and x_{p−r} meet only as sum and difference, which halves the multiplications and makes their
 * factors real.
 */
function radixOdd(
  from: Float64Array,
  to: Float64Array,
  radix: number,
  groups: number,
  stride: number,
  twiddles: Float64Array,
  sign: 1 | -1,
): void {
  const pairs = (radix - 1) / 2;
  const cosines = Float64Array.from({ length: radix }, (_, n) => Math.cos((2 * Math.PI * n) / radix));
  const sines = Float64Array.from({ length: radix }, (_, n) => sign * Math.sin((2 * Math.PI * n) / radix));
  /** [pair][sum re, sum im, difference re, difference im] */
  const met = new Float64Array(4 * pairs);
  const part = 2 * stride * groups;
  const row = 2 * stride;
  for (let j = 0; j < groups; j++) {
    for (let q = 0; q < row; q += 2) {
      const source = row * j + q;
      const target = row * radix * j + q;
      let sumR = from[source];
      let sumI = from[source + 1];
      for (let r = 1; r <= pairs; r++) {
        const a = source + r * part;
        const b = source + (radix - r) * part;
        const m = 4 * (r - 1);
        met[m] = from[a] + from[b];
        met[m + 1] = from[a + 1] + from[b + 1];
        met[m + 2] = from[a] - from[b];
        met[m + 3] = from[a + 1] - from[b + 1];
        sumR += met[m];
        sumI += met[m + 1];
      }
      to[target] = sumR;
      to[target + 1] = sumI;
      for (let t = 1; t <= pairs; t++) {
        let evenR = from[source];
        let evenI = from[source + 1];
        let oddR = 0;
        let oddI = 0;
        for (let r = 1, turn = t; r <= pairs; r++, turn = (turn + t) % radix) {
          const m = 4 * (r - 1);
          evenR += cosines[turn] * met[m];
          evenI += cosines[turn] * met[m + 1];
          oddR -= sines[turn] * met[m + 3];
          oddI += sines[turn] * met[m + 2];
        }
        put(to, target + t * row, evenR + oddR, evenI + oddI, twiddles, 2 * (j * radix + t));
        put(to, target + (radix - t) * row, evenR - oddR, evenI - oddI, twiddles, 2 * (j * radix + radix - t));
      }
    }
  }
}

function put(to: Float64Array, at: number, re: number, im: number, twiddles: Float64Array, w: number): void {
  to[at] = re * twiddles[w] - im * twiddles[w + 1];
  to[at + 1] = re * twiddles[w + 1] + im * twiddles[w];
}
