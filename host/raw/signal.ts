/**
 * Converts the signal to the width of a file in chunks of a megabyte, so that a signal of 10⁷
 * samples is never in memory twice.
 */
import type { RawData } from './types.ts';

const CHUNK = 1 << 17;

type FloatArray = typeof Float32Array | typeof Float64Array;

/** The array type of the run's precision: f32 or f64 numbers in files. */
function floatsOf(raw: RawData): FloatArray {
  return raw.precision === 'f64' ? Float64Array : Float32Array;
}

/**
 * The whole signal [coils][samples][re, im], interleaved, in the run's precision (f32 where
 * `Floats` says so).
 */
export function writeComplex(
  raw: RawData,
  sink: (bytes: Uint8Array) => void,
  Floats: FloatArray = floatsOf(raw),
): void {
  for (let from = 0; from < raw.signal.length; from += CHUNK) {
    sink(bytesOf(Floats.from(raw.signal.subarray(from, from + CHUNK))));
  }
}

/** Real (0) or imaginary (1) parts alone, [coils][samples], in the run's precision. */
export function writePart(raw: RawData, part: 0 | 1, sink: (bytes: Uint8Array) => void): void {
  const Floats = floatsOf(raw);
  const { signal } = raw;
  const count = signal.length / 2;
  for (let from = 0; from < count; from += CHUNK) {
    const chunk = new Floats(Math.min(CHUNK, count - from));
    for (let n = 0; n < chunk.length; n++) chunk[n] = signal[2 * (from + n) + part];
    sink(bytesOf(chunk));
  }
}

/** The bytes of numbers, without copying. */
export function bytesOf(numbers: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
