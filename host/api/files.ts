/**
 * Reading and writing: the package's functions for sequences, phantoms, scanners, raw data and
 * images.
 */
import { usage } from '../base/errors.ts';
import { withMotions } from '../phantom/motion/file.ts';
import { openPhantom as openSource } from '../phantom/open.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { acquiredData } from '../raw/acquisitions.ts';
import { readRaw as readRawFile, STREAM, writeRaw as writeRawFile } from '../raw/index.ts';
import type { AcquiredData, RawData, RawFile } from '../raw/types.ts';
import { writeImage as writeImageFile } from '../recon/files.ts';
import type { Image, Part } from '../recon/image.ts';
import { reconstruct as imageOf } from '../recon/reconstruct.ts';
import { type Finding, checkSequence as findingsOf } from '../sequence/checks.ts';
import { readScanner as readScannerFile } from '../sequence/scanner.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { call, callAsync } from './call.ts';
import { requireKind } from './names.ts';
import { scannerOf } from './options.ts';
import { openSequence } from './sequence.ts';
import type { CallOptions, PhantomOptions, ReconstructOptions, ScannerInput, SequenceOptions } from './types.ts';
import { requireSequenceName, writeSequenceFile } from './write-sequence.ts';

/**
 * A built-in sequence, or the sequence of a Pulseq file of version 1.2 to 1.5.
 * @throws LarmorError 2 for a wrong name or parameter, 65 for a file that is wrong, 66 for one that
 *   is missing
 */
export function readSequence(name: string, options: SequenceOptions = {}): Sequence {
  return call('readSequence', { name, options }, () =>
    openSequence(name, options.parameters ?? {}, scannerOf(options.scanner)),
  );
}

/**
 * What the scanner could not play of a sequence, one entry of each kind.
 * @throws LarmorError 65 for what cannot be simulated
 */
export function checkSequence(sequence: Sequence, scanner: ScannerInput): Finding[] {
  return call('checkSequence', { sequence, scanner, options: {} }, () => findingsOf(sequence, scannerOf(scanner)));
}

/**
 * Writes a sequence as a Pulseq file of version 1.5.1.
 * @param options.scanner whose γ turns T/m and T into the file's Hz/m and Hz
 * @throws LarmorError 2 unless `path` ends in .seq, 65 for a sequence that no file holds, 73 if it
 *   cannot be written
 */
export function writeSequence(
  path: string,
  sequence: Sequence,
  options: CallOptions & { readonly scanner?: ScannerInput | undefined } = {},
): void {
  call('writeSequence', { path, sequence, options }, () => {
    requireSequenceName(path);
    writeSequenceFile(path, sequence, scannerOf(options.scanner).gammaBar);
  });
}

/**
 * A built-in phantom, or the phantom of a file; close it when it is no longer needed. `read`
 * returns its spins in any range.
 * @throws LarmorError (as a rejection) 2 for a wrong name or parameter, 65 for a file that is
 *   wrong, 66 for one that is missing
 */
export function openPhantom(name: string, options: PhantomOptions = {}): Promise<PhantomSource> {
  return callAsync('openPhantom', { name, options }, () => openNamed(name, options));
}

/** The same as part of a call. */
export async function openNamed(name: string, { parameters = {}, B0, motion }: PhantomOptions): Promise<PhantomSource> {
  requireKind(name, 'phantom');
  return withMotions(await openSource(name, parameters, B0 === undefined ? {} : { B0 }), motion);
}

/**
 * A complete scanner: keys that the file does not contain are those of the default scanner.
 * @throws LarmorError 65 or 66
 */
export function readScanner(path: string, options: CallOptions = {}): Scanner {
  return call('readScanner', { path, options }, () => readScannerFile(path));
}

/** ISMRMRD raw data, of Larmor or a scanner. @throws LarmorError (as a rejection) 65 or 66 */
export function readRaw(path: string, options: CallOptions = {}): Promise<RawFile> {
  return callAsync('readRaw', { path, options }, () => readNamed(path));
}

/** The same as part of a call. */
export async function readNamed(path: string): Promise<RawFile> {
  requireKind(path, 'raw data');
  return readRawFile(path);
}

/**
 * Writes raw data: .mrd, .h5 (ISMRMRD), .npy, .mat or .cfl, by the name.
 * @throws LarmorError 2 or 73
 */
export function writeRaw(path: string, raw: RawData, options: CallOptions = {}): void {
  call('writeRaw', { path, raw, options }, () => {
    if (path === STREAM) throw usage("writeRaw: '-' is standard output, which belongs to the program", 'name a file');
    writeRawFile(path, raw);
  });
}

/**
 * The image of raw data: of a simulation, or read from a file.
 * @throws LarmorError (as a rejection) 65 for data of which no image can be made, 66 for a missing
 *   file
 */
export function reconstruct(raw: string | RawData | AcquiredData, options: ReconstructOptions = {}): Promise<Image> {
  return callAsync('reconstruct', { raw, options }, async () => {
    const { eachCoil: each = false, maxPixels } = options;
    const data = typeof raw === 'string' ? await readNamed(raw) : 'acquisitions' in raw ? raw : acquiredData(raw);
    return imageOf(data, { each, ...(maxPixels === undefined ? {} : { maxPixels }) });
  });
}

/**
 * Writes an image: .png, .nii, .nii.gz or .npy, by the name.
 * @param options.part of each pixel; default: magnitude, complex in .npy
 * @throws LarmorError 2 or 73
 */
export function writeImage(path: string, image: Image, options: CallOptions & { readonly part?: Part } = {}): void {
  call('writeImage', { path, image, options }, () => writeImageFile(path, image, options.part));
}
