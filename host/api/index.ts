/**
 * Larmor as a library: what `import { simulate } from 'larmor'` gives. Nothing here prints or ends
 * the process; warnings go to `onWarning` and into results, errors are `LarmorError`s.
 * docs/reference/api.md describes it.
 *
 * @module larmor
 */
export { EXIT, type ExitCode, LarmorError } from '../base/errors.ts';
export type { PhantomSource as Phantom, SpinBlock } from '../phantom/types.ts';
export type { AcquiredData, Acquisition, RawData, RawFile } from '../raw/types.ts';
export type { Image, Part } from '../recon/image.ts';
export type { Summary } from '../report/summary.ts';
export type { Finding } from '../sequence/checks.ts';
export { DEFAULT_SCANNER, type Scanner } from '../sequence/scanner-types.ts';
export type { Block, Sequence } from '../sequence/types.ts';
export * as design from './design.ts';
export {
  checkSequence,
  openPhantom,
  readRaw,
  readScanner,
  readSequence,
  reconstruct,
  writeImage,
  writeRaw,
  writeSequence,
} from './files.ts';
export { plotImage, plotKspace, plotPhantom, plotSequence, plotSignal } from './plot.ts';
export { writeReport } from './report.ts';
export { plan, simulate } from './simulate.ts';
export { sweep } from './sweep.ts';
export type {
  PhantomOptions,
  PhantomPlotOptions,
  Plan,
  Progress,
  ReconstructOptions,
  ReportOptions,
  ScannerInput,
  ScanOptions,
  SequenceOptions,
  SequencePlotOptions,
  SignalPlotOptions,
  SimulateOptions,
  Simulation,
  SimulationRun,
  SweepOptions,
  SweepRow,
} from './types.ts';
