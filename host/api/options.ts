/** Options of the package's `simulate` and `plan`, translated into a job. */
import type { NoiseRequest } from '../model/noise.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { readScanner } from '../sequence/scanner.ts';
import { DEFAULT_SCANNER, type Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { DEFAULT_RF_STEP } from './defaults.ts';
import type { Request } from './inputs.ts';
import type { JobOptions } from './job.ts';
import type { ScannerInput, ScanOptions, SimulateOptions } from './types.ts';

/** The scanner that an option names. @throws LarmorError 65 or 66 */
export function scannerOf(scanner: ScannerInput | undefined): Scanner {
  if (typeof scanner === 'string') return readScanner(scanner);
  const given = Object.entries(scanner ?? {}).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_SCANNER, ...Object.fromEntries(given) };
}

export function noiseRequest({ noise, snr, seed = 1 }: SimulateOptions): NoiseRequest | undefined {
  if (noise === undefined && snr === undefined) return undefined;
  const { sigma, atDwell } = noise ?? {};
  return {
    ...(sigma === undefined ? {} : { sigma }),
    ...(atDwell === undefined ? {} : { atDwell }),
    ...(snr === undefined ? {} : { snr }),
    seed,
  };
}

export function jobOptions({
  precision = 'f32',
  engine = 'auto',
  gpu,
  threads,
  tile,
  tolerance,
  exact,
}: ScanOptions): JobOptions {
  return {
    ...{ precision, engine },
    ...(gpu === undefined ? {} : { gpu }),
    ...(threads === undefined ? {} : { threads }),
    ...(tile === undefined ? {} : { tile }),
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(exact === undefined ? {} : { exact }),
  };
}

/** Options that mean the same in the library and on the command line. */
type SameOptions =
  | 'strict'
  | 'spinsPerVoxel'
  | 'motion'
  | 'initialMagnetization'
  | 'startTime'
  | 'heartRate'
  | 'rPeaks';

/** Their values in a request, with defaults filled in. */
export const sameOptions = (options: Pick<SimulateOptions, SameOptions>): Pick<Request, SameOptions> => ({
  strict: options.strict === true,
  spinsPerVoxel: options.spinsPerVoxel ?? 'auto',
  motion: options.motion,
  initialMagnetization: options.initialMagnetization,
  startTime: options.startTime ?? 0,
  heartRate: options.heartRate,
  rPeaks: options.rPeaks,
});

/** @throws LarmorError 65 or 66 for a scanner file */
export function requestOf(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions,
): Request {
  return {
    sequence,
    sequenceParameters: options.sequenceParameters ?? {},
    phantom,
    phantomParameters: options.phantomParameters ?? {},
    scanner: scannerOf(options.scanner),
    coilsName: typeof options.scanner === 'string' ? options.scanner : 'scanner',
    precision: options.precision ?? 'f32',
    t2prime: options.t2prime ?? 'none',
    toEnd: options.magnetization === true,
    maxRfStep: options.maxRfStep ?? DEFAULT_RF_STEP,
    ...sameOptions(options),
  };
}
