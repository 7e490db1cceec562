/**
 * Contents of a report, shared by writer and page: numbers and texts without layout. SI units;
 * lengths of typed arrays follow from the other fields. A missing part is absent, and `missing`
 * gives the reason.
 */
import type { Meters, Seconds } from '../base/units.ts';
import type { RankReport } from '../report/summary.ts';
import type { Columns, Rows } from './numbers.ts';
import type { SequenceTable } from './sequence-table.ts';

export interface Report {
  /** `gre on head2d` */
  readonly title: string;
  /** Version of Larmor and the time of the run, or the file that is shown: a line of text. */
  readonly subtitle: string;
  /** Name and value of what a reader looks for first. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly warnings: readonly string[];
  /** Why parts are not here, a sentence each. */
  readonly missing: readonly string[];
  readonly echo?: EchoLevel;
  /** Methods and error bounds, a sentence each. */
  readonly accuracy: readonly string[];
  readonly ranks?: readonly RankReport[];
  readonly image?: ImageData;
  readonly signal: SignalData;
  readonly sequence?: SequenceTable;
  readonly events?: SequenceEvents;
  readonly phantom?: PhantomData;
  /** For a page from a server: the parameters that its sliders set. */
  readonly live?: readonly LiveParameter[];
  /** Tiles of a run that is not finished: the server has more of them when it is asked again. */
  readonly partial?: PartialRun;
  /** All that is known of the run: JSON text, since its keys are any. */
  readonly provenance: string;
}

export interface PartialRun {
  readonly done: number;
  readonly total: number;
}

/** A parameter that a live page may change. */
export interface LiveParameter {
  readonly owner: 'sequence' | 'phantom';
  readonly name: string;
  readonly unit: string;
  readonly doc: string;
  readonly integer: boolean;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Predicted spurious echo (dephased magnetisation that too few spins rephase), relative to the
 * signal.
 */
export interface EchoLevel {
  readonly level: number;
  /** From here on it is reported. */
  readonly limit: number;
}

/** Planes of an image as they are viewed: radiological orientation, rows from the top. */
export interface ImageData {
  readonly columns: number;
  readonly rows: number;
  /** Distance of neighbouring columns and rows. */
  readonly pixel: readonly [Meters, Meters];
  /**
   * Indices of each dimension that are stored, from 0, and how many there are in all. Coil −1: all
   * coils combined.
   */
  readonly kept: Readonly<Record<ImageDimension, readonly number[]>>;
  readonly counts: Readonly<Record<ImageDimension, number>>;
  /**
   * Centre of the first pixel of slice 0, and the steps to the next column, row and slice (LPS).
   */
  readonly corner: readonly Meters[];
  readonly steps: readonly (readonly Meters[])[];
  /** Letters of the patient's directions: left, right, top and bottom edge. */
  readonly letters: readonly [left: string, right: string, top: string, bottom: string];
  /** Magnitude shown white by default, and the largest. */
  readonly white: number;
  readonly largest: number;
  /**
   * Whether the data are of a single coil: the image is then not the root of the sum of squares,
   * and its phases are meaningful.
   */
  readonly hasPhase: boolean;
  /**
   * [coil][repetition][contrast][slice][row][column][re, im] of the stored indices; a row of `Rows`
   * is one of the image
   */
  readonly values: Rows;
  readonly caption: string;
}

export type ImageDimension = 'coil' | 'repetition' | 'contrast' | 'slice';

/** Where samples lie in k-space and what they are, readout by readout. */
export interface SignalData {
  readonly coils: number;
  readonly readouts: Columns<ReadoutRow>;
  /** Differences of the readouts' starts; absent if the file has no times. */
  readonly starts: Float64Array;
  readonly isTimed: boolean;
  /**
   * Readouts whose samples are stored, ascending, and the samples: [readout][coil][sample][re, im],
   * a row for each readout and coil
   */
  readonly kept: Uint32Array;
  readonly samples: Rows;
  /** Largest magnitude of any coil of each readout. */
  readonly peaks: Float32Array;
  readonly strongest: number;
  /** Standard deviation of the noise in real and imaginary part; absent: none, or unknown. */
  readonly noise?: number;
  readonly trajectory?: TrajectoryData;
}

export interface ReadoutRow {
  readonly [name: string]: number;
  readonly samples: number;
  readonly dwell: Seconds;
  readonly slice: number;
  readonly contrast: number;
  readonly repetition: number;
  /** 1 for one that the image is made of. */
  readonly imaging: number;
}

export interface TrajectoryData {
  /** Names of the axes, such as `x` or `read`. */
  readonly axes: readonly [string, string, string];
  /** N/2FOV of the encoded space along each axis; 0 where nothing is encoded. */
  readonly limits: readonly number[];
  /** k of the first sample, and of the last: [axis][readouts] cycles/m */
  readonly first: readonly [Float32Array, Float32Array, Float32Array];
  readonly last: readonly [Float32Array, Float32Array, Float32Array];
  /**
   * Path from the first sample to the last: 0 straight and evenly spaced, −1 a curve that is
   * omitted, else one more than an index into `paths`.
   */
  readonly path: Float64Array;
  /** [points][axis], evenly spaced in time, since the first sample: cycles/m over `unit` */
  readonly paths: readonly Int16Array[];
  readonly unit: number;
}

/** Pulses and repetitions, for the labels of a sequence diagram. */
export interface SequenceEvents {
  /** Differences of the times of the pulses' centres, and their flip angles [rad]. */
  readonly pulses: Float64Array;
  readonly flips: Float64Array;
  /** Differences of the starts of the repetitions. */
  readonly repetitions: Float64Array;
  readonly TE: readonly Seconds[];
  readonly TR: readonly Seconds[];
}

export interface PhantomData {
  readonly planes: readonly PhantomPlane[];
  readonly caption: string;
}

export interface PhantomPlane {
  /** `axial, z = 0 mm` */
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  readonly pixel: Meters;
  /**
   * Centre of the top left pixel, and names of the two axes: x to the right, y down in the picture,
   * with its sign.
   */
  readonly origin: readonly [Meters, Meters];
  readonly down: 1 | -1;
  readonly axes: readonly [string, string];
  readonly letters: readonly [left: string, right: string, top: string, bottom: string];
  /** Rows from the top; NaN: no spins. */
  readonly maps: readonly PhantomMap[];
}

export interface PhantomMap {
  readonly label: string;
  readonly unit: string;
  readonly colours: 'grey' | 'viridis' | 'diverging';
  readonly range: readonly [number, number];
  readonly values: Float32Array;
}
