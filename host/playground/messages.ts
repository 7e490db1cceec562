/** Messages between the page of the playground and its worker. */
import type { Given } from '../base/parameters.ts';
import type { ProvidedFile } from '../browser/modules.ts';
import type { EchoLevel, ImageData, LiveParameter, Report } from '../html/types.ts';

export interface Scan {
  readonly sequence: string;
  readonly phantom: string;
  readonly sequenceParameters: Given;
  readonly phantomParameters: Given;
  /** undefined: as many as the sequence needs. */
  readonly spinsPerVoxel: number | undefined;
}

/** First of all: what the host reads from `dist/`, by name. */
export interface Provision {
  readonly files: Readonly<Record<string, ProvidedFile>>;
}

/**
 * Answered one after the other; `stop` ends the scan in progress at once.
 * @param keepsSpins of the scan before, which is quicker: a preview
 * @param details of the last picture
 */
export type Question =
  | Provision
  | { readonly scan: Scan; readonly keepsSpins: boolean }
  | { readonly details: true }
  | { readonly stop: true };

/** What is shown at once. */
export interface Picture {
  /** The image, or why there is none. */
  readonly image: ImageData | string;
  readonly warnings: readonly string[];
  readonly echo: EchoLevel | undefined;
  readonly parameters: readonly LiveParameter[];
  readonly signalHash: string;
  readonly build: string;
  readonly spins: number;
  /**
   * Whether the spins were chosen for this very scan, so that its signal is that of the command.
   */
  readonly isFinal: boolean;
  readonly threads: number;
  /** From the question to the answer [s]. */
  readonly seconds: number;
}

export type Answer =
  | { readonly picture: Picture }
  /** What k-space and diagram are drawn from, which take longer: a report without maps. */
  | { readonly details: Report }
  /** Parts of a scan, and the spins of all. */
  | { readonly done: number; readonly total: number; readonly spins: number }
  /** Why there is no picture; undefined: it was stopped. */
  | { readonly error: string | undefined };
