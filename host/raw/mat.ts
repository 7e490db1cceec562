/**
 * MATLAB's `.mat`, level 5 uncompressed, which MATLAB, Octave and SciPy load: the signal with time
 * and k-space position of every sample, and the readouts' counters as tables. Level 5 because it
 * needs no HDF5; its price is 2 GiB per variable.
 *
 * Variables: `signal` complex [samples, coils]; `t` [1, samples] s; `k` [3, samples] cycles/m along
 * the columns of `axes` [3, 3] (LPS unit vectors: read, phase, slice); per readout `first_sample`
 * (from 1), `samples_per_readout`, `reversed`, `counters` [readouts, 9] with `counter_names`; the
 * rest by their names, in SI units.
 */
import { cannotWrite } from '../base/errors.ts';
import { createOutput, type PendingFile } from '../base/files.ts';
import {
  arrayHeader,
  characters,
  doubles,
  MAX_VARIABLE_BYTES,
  matHeader,
  padding,
  partBytes,
  partTag,
  type StreamedArray,
} from '../formats/matlab-write.ts';
import { COUNTERS, type Encoding } from '../sequence/encoding-types.ts';
import { axesOf } from './acquisitions.ts';
import { bytesOf, writePart } from './signal.ts';
import type { RawData } from './types.ts';

/** @throws LarmorError 73 */
export function writeMat(path: string, raw: RawData): void {
  checkMatSize(path, raw);
  const file = createOutput(path);
  try {
    file.write(matHeader());
    writeSignal(file, raw);
    writeSamples(file, 't', 1, raw, times);
    writeSamples(file, 'k', 3, raw, (encoding, n) => encoding.trajectory(n));
    for (const [name, rows, values] of tables(raw)) file.write(doubles(name, rows, values));
    file.write(characters('counter_names', COUNTERS));
    file.write(characters('trajectory', [raw.encoding.kind]));
    file.write(characters('sequence', [raw.sequenceName]));
    file.write(characters('phantom', [raw.phantomName]));
    file.commit();
  } finally {
    file.abandon();
  }
}

/** How large a run's signal will be: known before it is simulated. */
export type SignalSize = Pick<RawData, 'samples' | 'coils' | 'precision'>;

/** @throws LarmorError 73 if a run of that size does not fit */
export function checkMatSize(path: string, run: SignalSize): void {
  const signal = 2 * partBytes(signalArray(run));
  const k = partBytes({ shape: [3, run.samples], precision: 'f64' });
  const overhead = 1024;
  if (Math.max(signal, k) + overhead > MAX_VARIABLE_BYTES) {
    throw cannotWrite(path, 'a .mat file holds no more than 2 GiB per variable', 'write .mrd, .npy or .cfl instead');
  }
}

function signalArray({ samples, coils, precision }: SignalSize): StreamedArray {
  return { name: 'signal', shape: [samples, coils], precision, complex: true };
}

/**
 * Column-major [samples, coils] is the order of the signal, but real and imaginary parts are
 * separate.
 */
function writeSignal(file: PendingFile, raw: RawData): void {
  const array = signalArray(raw);
  file.write(arrayHeader(array));
  for (const part of [0, 1] as const) {
    file.write(partTag(array));
    writePart(raw, part, (bytes) => file.write(bytes));
    file.write(padding(array));
  }
}

/** An array [rows, samples], f64, from its values readout by readout. */
function writeSamples(
  file: PendingFile,
  name: string,
  rows: number,
  { encoding, samples }: RawData,
  valuesOf: (encoding: Encoding, readout: number) => Float64Array,
): void {
  const array: StreamedArray = { name, shape: [rows, samples], precision: 'f64', complex: false };
  file.write(arrayHeader(array));
  file.write(partTag(array));
  for (let n = 0; n < encoding.readouts.length; n++) file.write(bytesOf(valuesOf(encoding, n)));
}

function times({ readouts }: Encoding, n: number): Float64Array {
  const { start, dwell, samples } = readouts[n];
  return Float64Array.from({ length: samples }, (_, sample) => start + sample * dwell);
}

function tables({ encoding, B0, frequency }: RawData): [name: string, rows: number, columnMajor: readonly number[]][] {
  const { readouts } = encoding;
  const count = readouts.length;
  return [
    ['first_sample', count, readouts.map(({ firstSample }) => firstSample + 1)],
    ['samples_per_readout', count, readouts.map(({ samples }) => samples)],
    ['reversed', count, readouts.map(({ reversed }) => Number(reversed))],
    ['counters', count, COUNTERS.flatMap((counter) => readouts.map(({ counters }) => counters[counter]))],
    ['axes', 3, axesOf(encoding).flat()],
    ['encoded_matrix', 1, encoding.encodedMatrix],
    ['encoded_fov', 1, encoding.encodedFov],
    ['recon_matrix', 1, encoding.reconMatrix],
    ['recon_fov', 1, encoding.reconFov],
    ['TR', 1, encoding.TR],
    ['TE', 1, encoding.TE],
    ['TI', 1, encoding.TI],
    ['flip_angle', 1, encoding.flipAngle],
    ['B0', 1, [B0]],
    ['frequency', 1, [frequency]],
  ];
}
