/**
 * Converts the signal to the width of a file in chunks of a megabyte, so that a signal of 10⁷
 * samples is never in memory twice.
 */
import type { RawData } from './types.ts';

/** Samples. */
const CHUNK = 1 << 16;

type FloatArray = typeof Float32Array | typeof Float64Array;

/** The array type of the run's precision: f32 or f64 numbers in files. */
function floatsOf(raw: RawData): FloatArray {
  return raw.precision === 'f64' ? Float64Array : Float32Array;
}

/**
 * The whole signal [coils][samples][re, im], interleaved, in the run's precision: the same samples
 * of all coils one after the other, since correlated noise is made for them together.
 * @param sink takes bytes, and where they belong among all of them
 */
export function writeComplex(raw: RawData, sink: (bytes: Uint8Array, offset: number) => void): void {
  const Floats = floatsOf(raw);
  for (let from = 0; from < raw.samples; from += CHUNK)
    for (let coil = 0; coil < raw.coils; coil++) {
      const chunk = partOf(raw, coil, from, Math.min(CHUNK, raw.samples - from));
      sink(bytesOf(Floats.from(chunk)), 2 * (coil * raw.samples + from) * Floats.BYTES_PER_ELEMENT);
    }
}

/** Real (0) or imaginary (1) parts alone, [coils][samples], in the run's precision. */
export function writePart(raw: RawData, part: 0 | 1, sink: (bytes: Uint8Array) => void): void {
  const Floats = floatsOf(raw);
  for (const chunk of chunksOf(raw)) {
    const values = new Floats(chunk.length / 2);
    for (let n = 0; n < values.length; n++) values[n] = chunk[2 * n + part];
    sink(bytesOf(values));
  }
}

/** [count][re, im] of samples [first, first + count) of a coil. */
export function partOf({ signal, samples, partOf: read }: RawData, coil: number, first: number, count: number) {
  const at = 2 * (coil * samples + first);
  return read === undefined ? signal.subarray(at, at + 2 * count) : read(coil, first, count);
}

function* chunksOf(raw: RawData): Generator<Float64Array> {
  for (let coil = 0; coil < raw.coils; coil++)
    for (let from = 0; from < raw.samples; from += CHUNK)
      yield partOf(raw, coil, from, Math.min(CHUNK, raw.samples - from));
}

/** The bytes of numbers, without copying. */
export function bytesOf(numbers: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
