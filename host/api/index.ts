/**
 * Larmor as a library: what `import { simulate } from 'larmor'` gives. Nothing here prints or ends the process; warnings go to
 * `onWarning` and into results, errors are `LarmorError`s. docs/reference/api.md describes it.
 */
export { EXIT, type ExitCode, LarmorError } from '../base/errors.ts';
export type { PhantomSource as Phantom, SpinBlock } from '../phantom/types.ts';
export type { AcquiredData, Acquisition, RawData, RawFile } from '../raw/types.ts';
export type { Image, Part } from '../recon/image.ts';
export type { Summary } from '../report/summary.ts';
export type { Scanner } from '../sequence/scanner-types.ts';
export type { Block, Sequence } from '../sequence/types.ts';
export {
  openPhantom,
  type PhantomOptions,
  type ReconstructOptions,
  readRaw,
  readScanner,
  readSequence,
  reconstruct,
  type SequenceOptions,
  writeImage,
  writeRaw,
  writeSequence,
} from './files.ts';
export type { ScannerInput, ScanOptions, SimulateOptions } from './options.ts';
export { type Plan, type Progress, plan, type Simulation, simulate } from './simulate.ts';
