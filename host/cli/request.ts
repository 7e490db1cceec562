/** The options that `simulate` and `plan` share, as a request. */
import type { Request } from '../api/inputs.ts';
import type { JobOptions } from '../api/job.ts';
import { sameOptions } from '../api/options.ts';
import type { T2Prime } from '../model/t2prime.ts';
import { coilsFile, openScanner, type ScannerOptions } from './scanner.ts';
import { splitSettings } from './settings.ts';

export interface JobCommandOptions extends JobOptions, ScannerOptions {
  /** Where the magnetisation at the end of the sequence goes. */
  readonly magnetization?: string;
  readonly t2prime: T2Prime;
  readonly set?: readonly string[];
  readonly strict?: boolean;
  /** Longest RF step [s]. */
  readonly dtRf: number;
  readonly spinsPerVoxel?: number | 'auto';
  readonly motion?: string;
  readonly initialMagnetization?: string;
  readonly startTime?: number;
  readonly heartRate?: number;
  readonly rPeaks?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** @throws LarmorError 2, 65 or 66 for a wrong scanner or setting */
export function requestOf(sequence: string, phantom: string, options: JobCommandOptions): Request {
  const scanner = openScanner(options);
  const parameters = splitSettings(options.set ?? [], { sequence, phantom });
  return {
    sequence,
    sequenceParameters: parameters.sequence,
    phantom,
    phantomParameters: parameters.phantom,
    scanner,
    coilsName: coilsFile(options),
    precision: options.precision,
    t2prime: options.t2prime,
    toEnd: options.magnetization !== undefined,
    maxRfStep: options.dtRf,
    ...sameOptions(options),
  };
}
