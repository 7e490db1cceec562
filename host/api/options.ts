/** Options of `simulate` and `plan` of the package, and what they ask of a job. */
import { usage } from '../base/errors.ts';
import type { NoiseRequest } from '../model/noise.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { readScanner, scannerFrom } from '../sequence/scanner.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { DEFAULT_RF_STEP } from './defaults.ts';
import type { Request } from './inputs.ts';
import type { JobOptions } from './job.ts';
import type { ScannerInput, ScanOptions, SimulateOptions } from './types.ts';

/** The scanner that an option names. @throws LarmorError 65 or 66 */
export function scannerOf(scanner: ScannerInput | undefined): Scanner {
  return typeof scanner === 'string' ? readScanner(scanner) : scannerFrom(scanner ?? {});
}

const SCAN: Readonly<Record<keyof ScanOptions, true>> = {
  ...{ scanner: true, sequenceParameters: true, phantomParameters: true, motion: true, heartRate: true, rPeaks: true },
  ...{ precision: true, tolerance: true, exact: true, maxRfStep: true, t2prime: true, spinsPerVoxel: true },
  ...{ strict: true, engine: true, gpu: true, threads: true, tile: true, signal: true, onWarning: true },
};
const SIMULATE: Readonly<Record<keyof SimulateOptions, true>> = {
  ...SCAN,
  ...{ noise: true, snr: true, seed: true, magnetization: true, verify: true, onProgress: true },
};
/** Names of the options. */
export const SCAN_OPTIONS = Object.keys(SCAN);
export const SIMULATE_OPTIONS = Object.keys(SIMULATE);

function requireNoise({ noise, snr }: SimulateOptions): void {
  if (noise === undefined) return;
  if (snr !== undefined) throw usage("'noise' and 'snr' both set the noise", 'leave one of them out');
  if (!(noise.sigma > 0 && noise.sigma < Number.POSITIVE_INFINITY))
    throw usage(`noise.sigma is ${noise.sigma}`, 'give a positive number');
}

/** @throws LarmorError 2 for noise that cannot be */
export function noiseRequest(options: SimulateOptions): NoiseRequest | undefined {
  const { noise, snr, seed = 1 } = options;
  if (noise === undefined && snr === undefined) return undefined;
  requireNoise(options);
  const { sigma, atDwell } = noise ?? {};
  return {
    ...(sigma === undefined ? {} : { sigma }),
    ...(atDwell === undefined ? {} : { atDwell }),
    ...(snr === undefined ? {} : { snr }),
    seed,
  };
}

/** @throws LarmorError 2 */
export function jobOptions({
  precision = 'f32',
  engine = 'auto',
  gpu,
  threads,
  tile,
  tolerance,
  exact,
}: ScanOptions): JobOptions {
  if (exact === true && tolerance !== undefined)
    throw usage("'exact' and 'tolerance' contradict each other", 'leave one of them out');
  return {
    ...{ precision, engine },
    ...(gpu === undefined ? {} : { gpu }),
    ...(threads === undefined ? {} : { threads }),
    ...(tile === undefined ? {} : { tile }),
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(exact === undefined ? {} : { exact }),
  };
}

/** @throws LarmorError 65 or 66 for a scanner file */
export function requestOf(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions,
): Request {
  requireNameOr('sequence', sequence, 'block', 'readSequence');
  requireNameOr('phantom', phantom, 'read', 'openPhantom');
  const scannerName = typeof options.scanner === 'string' ? options.scanner : 'scanner';
  return {
    sequence,
    sequenceParameters: options.sequenceParameters ?? {},
    phantom,
    phantomParameters: options.phantomParameters ?? {},
    scanner: scannerOf(options.scanner),
    scannerName,
    coilsName: scannerName,
    precision: options.precision ?? 'f32',
    t2prime: options.t2prime ?? 'none',
    toEnd: options.magnetization === true,
    strict: options.strict === true,
    maxRfStep: options.maxRfStep ?? DEFAULT_RF_STEP,
    spinsPerVoxel: options.spinsPerVoxel,
    motion: options.motion,
    heartRate: options.heartRate,
    rPeaks: options.rPeaks,
  };
}

/** What is given is a name, or has the method of what a function of the package returned. */
function requireNameOr(what: string, given: unknown, method: string, from: string): void {
  if (typeof given === 'string') return;
  if (typeof given === 'object' && given !== null && typeof Reflect.get(given, method) === 'function') return;
  throw usage(`the ${what} is ${String(given)}`, `give a name, a file, or what ${from} returned`);
}
