/** Options of `simulate` and `plan` of the package, and what they ask of a job. */
import { usage } from '../base/errors.ts';
import type { Given } from '../base/parameters.ts';
import type { Hertz, Seconds } from '../base/units.ts';
import type { NoiseRequest } from '../model/noise.ts';
import type { T2Prime } from '../model/t2prime.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Precision } from '../program/types.ts';
import { readScanner } from '../sequence/scanner.ts';
import { DEFAULT_SCANNER, type Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import type { CallOptions } from './call.ts';
import { DEFAULT_RF_STEP } from './defaults.ts';
import type { Request } from './inputs.ts';
import type { JobOptions } from './job.ts';
import type { Progress } from './simulate.ts';

/** A scanner: a file (docs/reference/scanner.md), or what differs from the default one. */
export type ScannerInput = string | Partial<Scanner>;

/** What is simulated and how; options of the command of the same names (docs/reference/api.md has the table). */
export interface ScanOptions extends CallOptions {
  readonly scanner?: ScannerInput | undefined;
  /** Parameters of a built-in sequence, or soft delays of a file: numbers in SI, or texts with a unit (`'5ms'`). */
  readonly sequenceParameters?: Given | undefined;
  /** The same of a built-in phantom, or options of a label image. */
  readonly phantomParameters?: Given | undefined;
  /** Default f32. */
  readonly precision?: Precision | undefined;
  /** Largest error of fast methods, relative to the sum of all densities, 1e-6 to 0.1; default 3e-6, f64 and GPUs: exact. */
  readonly tolerance?: number | undefined;
  /** Sum every sample of every spin, by no fast method. */
  readonly exact?: boolean | undefined;
  /** Longest RF step [s]; default 50 µs. */
  readonly maxRfStep?: Seconds | undefined;
  /** How T2* acts beside T2; default: not at all. */
  readonly t2prime?: T2Prime | undefined;
  /** Spins per voxel of a phantom of voxels that is named; default: as many as the sequence needs. */
  readonly spinsPerVoxel?: number | undefined;
  /** File of motions of the spins. */
  readonly motion?: string | undefined;
  /** R peaks that input triggers wait for: their rate [Hz], or a file of them. */
  readonly heartRate?: Hertz | undefined;
  readonly rPeaks?: string | undefined;
  /** Refuse a sequence that exceeds the limits of the scanner. */
  readonly strict?: boolean | undefined;
  /** Default auto: a GPU where there is one and the job is large. */
  readonly engine?: 'auto' | 'wasm' | 'webgpu' | undefined;
  /** Number of the GPU, or part of its name. */
  readonly gpu?: string | undefined;
  /** Default: 1 for a small job, else those that scheduler, affinity and cgroup grant. */
  readonly threads?: number | undefined;
  /** Spins per tile; default: by the size of the phantom. */
  readonly tile?: number | undefined;
  /** Stops the call: between two tiles, or before the first. */
  readonly signal?: AbortSignal | undefined;
}

export interface SimulateOptions extends ScanOptions {
  /** Noise of this standard deviation per real part, in units of the signal; at this dwell [s], default each readout's own. */
  readonly noise?: { readonly sigma: number; readonly atDwell?: Seconds | undefined } | undefined;
  /** Noise by the largest sample over its standard deviation per real part. */
  readonly snr?: number | undefined;
  /** Of the noise; default 1. */
  readonly seed?: number | undefined;
  /** Return the magnetisation at the end of the sequence, which then needs no ADC. */
  readonly magnetization?: boolean | undefined;
  /** Simulate 1 % of the tiles again in f64 and state the error in the summary. */
  readonly verify?: boolean | undefined;
  /** Called as tiles are finished, some ten times a second, the last time with all of them. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The scanner that an option names. @throws LarmorError 65 or 66 */
export function scannerOf(scanner: ScannerInput | undefined): Scanner {
  return typeof scanner === 'string' ? readScanner(scanner) : { ...DEFAULT_SCANNER, ...scanner };
}

export const SCAN_OPTIONS: Readonly<Record<keyof ScanOptions, true>> = {
  ...{ scanner: true, sequenceParameters: true, phantomParameters: true, motion: true, heartRate: true, rPeaks: true },
  ...{ precision: true, tolerance: true, exact: true, maxRfStep: true, t2prime: true, spinsPerVoxel: true },
  ...{ strict: true, engine: true, gpu: true, threads: true, tile: true, signal: true, onWarning: true },
};
export const SIMULATE_OPTIONS: Readonly<Record<keyof SimulateOptions, true>> = {
  ...SCAN_OPTIONS,
  ...{ noise: true, snr: true, seed: true, magnetization: true, verify: true, onProgress: true },
};

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
