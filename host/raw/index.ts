/**
 * Raw-data files by their extension: the writer or reader, and whether a path can be written, so
 * that this is known before a long simulation and not after it.
 */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { badInput, cannotWrite, usage } from '../base/errors.ts';
import { createOutput, requireFile } from '../base/files.ts';
import { requireStdout } from '../base/log.ts';
import { isHdf5 } from '../formats/hdf5/reader.ts';
import { cflFiles, writeCfl } from './cfl.ts';
import { writeStream } from './ismrmrd/stream.ts';
import { writeIsmrmrd } from './ismrmrd/write.ts';
import { checkMatSize, type SignalSize, writeMat } from './mat.ts';
import { writeNpy } from './npy.ts';
import type { RawData, RawFile, RawWriter } from './types.ts';

const WRITERS: Readonly<Record<string, RawWriter>> = {
  '.mrd': writeIsmrmrd,
  '.h5': writeIsmrmrd,
  '.npy': writeNpy,
  '.mat': writeMat,
  '.cfl': writeCfl,
};

/** The name of standard output. */
export const STREAM = '-';

/** Whether a name ends as raw data do that Larmor writes. */
export function isRawName(path: string): boolean {
  return Object.hasOwn(WRITERS, extname(path).toLowerCase());
}

/** @throws LarmorError 2 for an extension that names no raw-data format */
export function rawWriterFor(path: string): RawWriter {
  const writer = path === STREAM ? writeStream : WRITERS[extname(path).toLowerCase()];
  if (!writer) {
    throw usage(
      `${path}: not a raw-data format`,
      'end it in .mrd or .h5 (ISMRMRD), .npy (NumPy), .mat (MATLAB) or .cfl (BART); - streams ISMRMRD to standard output',
    );
  }
  return writer;
}

/** Writes `raw` in the format its extension names. @throws LarmorError 2 or 73 */
export function writeRaw(path: string, raw: RawData): void {
  rawWriterFor(path)(path, raw);
}

/** Every file that writing `path` may make; none is a stream's. */
export function filesOf(path: string): string[] {
  if (path === STREAM) return [];
  return rawWriterFor(path) === writeCfl ? Object.values(cflFiles(path)) : [path];
}

/**
 * Checks that `path` can be written: the format is known, the folder exists and is writable, `path`
 * is not a folder, and the format supports a run of that size. An existing file remains unchanged.
 * @throws LarmorError 2 or 73
 */
export function checkWritable(path: string, size?: SignalSize): void {
  const writer = rawWriterFor(path);
  if (path === STREAM) requireStdout();
  if (writer === writeMat && size) checkMatSize(path, size);
  for (const file of filesOf(path)) {
    createOutput(file).abandon();
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
      throw cannotWrite(file, 'is a directory', 'name a file');
    }
  }
}

/**
 * Reads the acquisitions of an ISMRMRD file, Larmor's or any other program's.
 * @throws LarmorError 66 if it is not there, 65 if it is not such a file
 */
export async function readRaw(path: string): Promise<RawFile> {
  requireFile(path);
  const otherwise = NOT_READ[extname(path).toLowerCase()];
  if (otherwise !== undefined) throw badInput(path, otherwise, 'give the .mrd or .h5 of the same run (-o raw.mrd)');
  if (!isHdf5(path))
    throw badInput(
      path,
      statSync(path).size === 0 ? 'is empty' : 'is not raw data in the format ISMRMRD (HDF5)',
      'give a .mrd or .h5 that larmor simulate or another program wrote',
    );
  return (await import('./ismrmrd/read.ts')).readIsmrmrd(path);
}

/** Contents of the formats that Larmor writes for other programs but does not read. */
const NOT_READ: Readonly<Record<string, string>> = {
  '.npy': 'holds the signal alone, not where in k-space its samples lie',
  '.mat': 'is written for MATLAB, Octave and SciPy: signal, k-space positions and counters as arrays',
  '.cfl': 'is written for BART (bart fft -i -u 7, or bart nufft -i if there is a _traj.cfl)',
};
