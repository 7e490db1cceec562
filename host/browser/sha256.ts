/**
 * SHA-256 (FIPS 180-4) for browsers, whose own is asynchronous, whereas plans are hashed in
 * functions that are not.
 */

/** The first 32 bits of the fractional parts of the square or cube roots of the first primes. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}
const ROUNDS = fractions(64, Math.cbrt);
const START = fractions(8, Math.sqrt);
const BLOCK = 64;

const turn = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** Scratch: the message schedule of a block. */
const words = new Int32Array(64);

/**
 * Adds a block to a state. Every sum is cut to 32 bits at once: engines then keep it in a register,
 * whereas larger integers become objects, 40 MB for a scan, and hashing takes five times as long.
 */
function compress(state: Int32Array, block: DataView, at: number): void {
  for (let n = 0; n < 16; n++) words[n] = block.getInt32(at + 4 * n);
  for (let n = 16; n < BLOCK; n++) {
    const early = words[n - 15];
    const late = words[n - 2];
    const first = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const second = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    words[n] = (((words[n - 16] + first) | 0) + ((words[n - 7] + second) | 0)) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let n = 0; n < BLOCK; n++) {
    const choice = g ^ (e & (f ^ g));
    const ofE = ((h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25))) | 0) + choice;
    const first = ((ofE | 0) + ((ROUNDS[n] + words[n]) | 0)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

export interface Hash {
  update(data: string | ArrayBufferView): Hash;
  /** In hexadecimal digits. */
  digest(): string;
}

export function sha256(): Hash {
  const state = Int32Array.from(START);
  const block = new Uint8Array(BLOCK);
  const view = new DataView(block.buffer);
  let filled = 0;
  let length = 0;

  const hash: Hash = {
    update(data) {
      const bytes =
        typeof data === 'string'
          ? new TextEncoder().encode(data)
          : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      length += bytes.length;
      let at = 0;
      if (filled > 0) {
        at = Math.min(BLOCK - filled, bytes.length);
        block.set(bytes.subarray(0, at), filled);
        filled += at;
        if (filled < BLOCK) return hash;
        compress(state, view, 0);
        filled = 0;
      }
      const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (; at + BLOCK <= bytes.length; at += BLOCK) compress(state, whole, at);
      block.set(bytes.subarray(at));
      filled = bytes.length - at;
      return hash;
    },
    digest() {
      block[filled++] = 0x80;
      block.fill(0, filled);
      if (filled > BLOCK - 8) {
        compress(state, view, 0);
        block.fill(0);
      }
      view.setBigUint64(BLOCK - 8, BigInt(8 * length));
      compress(state, view, 0);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    },
  };
  return hash;
}
