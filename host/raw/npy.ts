/**
 * The signal as NumPy's `.npy`: complex64, complex128 for f64 runs, shaped [samples], or [coils,
 * samples] with several receive channels. Only the signal, in the order played; its encoding is in
 * the other formats.
 */
import { createOutput } from '../base/files.ts';
import { npyHeader } from '../formats/npy.ts';
import { writeComplex } from './signal.ts';
import type { RawData } from './types.ts';

/** @throws LarmorError 73 */
export function writeNpy(path: string, raw: RawData): void {
  const file = createOutput(path);
  try {
    const shape = raw.coils === 1 ? `(${raw.samples},)` : `(${raw.coils}, ${raw.samples})`;
    const header = npyHeader(raw.precision === 'f64' ? '<c16' : '<c8', shape);
    file.write(header);
    writeComplex(raw, (bytes, offset) => file.writeAt(header.length + offset, bytes));
    file.commit();
  } finally {
    file.abandon();
  }
}
