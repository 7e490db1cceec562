/**
 * SHA-256 (FIPS 180-4) for browsers, whose own is asynchronous, whereas plans are hashed in
 * functions that are not.
 */

/** The first 32 bits of the fractional parts of the square or cube roots of the first primes. */
function fractions(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Uint32Array.from(primes, (prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}
const ROUNDS = fractions(64, Math.cbrt);
const START = fractions(8, Math.sqrt);
const BLOCK = 64;

const turn = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

export interface Hash {
  update(data: string | ArrayBufferView): Hash;
  /** In hexadecimal digits. */
  digest(): string;
}

export function sha256(): Hash {
  const state = Uint32Array.from(START);
  const words = new Uint32Array(BLOCK);
  const block = new Uint8Array(BLOCK);
  const view = new DataView(block.buffer);
  let filled = 0;
  let length = 0;

  const compress = (): void => {
    for (let n = 0; n < 16; n++) words[n] = view.getUint32(4 * n);
    for (let n = 16; n < BLOCK; n++) {
      const [early, late] = [words[n - 15], words[n - 2]];
      const first = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const second = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[n] = words[n - 16] + first + words[n - 7] + second;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < BLOCK; n++) {
      const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[n] + words[n];
      const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    for (const [n, word] of [a, b, c, d, e, f, g, h].entries()) state[n] += word;
  };

  const hash: Hash = {
    update(data) {
      const bytes =
        typeof data === 'string'
          ? new TextEncoder().encode(data)
          : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      length += bytes.length;
      for (let at = 0; at < bytes.length; ) {
        const count = Math.min(BLOCK - filled, bytes.length - at);
        block.set(bytes.subarray(at, at + count), filled);
        at += count;
        filled += count;
        if (filled < BLOCK) break;
        compress();
        filled = 0;
      }
      return hash;
    },
    digest() {
      block[filled++] = 0x80;
      block.fill(0, filled);
      if (filled > BLOCK - 8) {
        compress();
        block.fill(0);
      }
      view.setBigUint64(BLOCK - 8, BigInt(8 * length));
      compress();
      return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
    },
  };
  return hash;
}
