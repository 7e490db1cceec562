/**
 * Types of the package's functions: options and results. Separate from the functions, so that the
 * published declarations do not refer to internal modules.
 */
import type { Given } from '../base/parameters.ts';
import type { Hertz, Seconds, Tesla } from '../base/units.ts';
import type { T2Prime } from '../model/t2prime.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { RawData } from '../raw/types.ts';
import type { Image } from '../recon/image.ts';
import type { Provenance } from '../report/provenance.ts';
import type { ScanCounts, Summary } from '../report/summary.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';

export interface CallOptions {
  /**
   * Receives each warning once. Results with a list of warnings contain them too. If it throws, the
   * call throws the same error.
   */
  readonly onWarning?: ((message: string) => unknown) | undefined;
}

/**
 * A scanner: the name of a file (docs/reference/scanner.md), or the keys that differ from the
 * default scanner.
 */
export type ScannerInput = string | Partial<Scanner>;

/**
 * What is simulated and how; options of the command of the same names (docs/reference/api.md has
 * the table).
 */
export interface ScanOptions extends CallOptions {
  readonly scanner?: ScannerInput | undefined;
  /**
   * Parameters of a built-in sequence, or soft delays of a file: numbers in SI, or texts with a
   * unit (`'5ms'`).
   */
  readonly sequenceParameters?: Given | undefined;
  /** The same of a built-in phantom, or options of a label image. */
  readonly phantomParameters?: Given | undefined;
  /** Default f32. */
  readonly precision?: 'f32' | 'f64' | undefined;
  /**
   * Largest error of fast methods, relative to the sum of all densities, 1e-6 to 0.1; default 3e-6,
   * f64 and GPUs: exact.
   */
  readonly tolerance?: number | undefined;
  /**
   * Compute every sample of every spin without fast methods. With several coils, and where spins
   * move, lines are transformed and pulses looked up, with errors no larger than the rounding of
   * exact sums.
   */
  readonly exact?: boolean | undefined;
  /** Longest RF step [s]; default 50 µs. */
  readonly maxRfStep?: Seconds | undefined;
  /** How T2* acts beside T2; default: not at all. */
  readonly t2prime?: T2Prime | undefined;
  /**
   * Spins per voxel of a phantom of voxels that is named; default `auto`: as many as the sequence
   * needs.
   */
  readonly spinsPerVoxel?: number | 'auto' | undefined;
  /** File of motions of the spins. */
  readonly motion?: string | undefined;
  /**
   * What the spins start from instead of thermal equilibrium: a .npy file, or what `magnetization`
   * returned.
   */
  readonly initialMagnetization?: string | Float64Array | Float32Array | undefined;
  /** Time on the clock of motions and heart signal at which the sequence begins [s]; default 0. */
  readonly startTime?: Seconds | undefined;
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
  /** Stops the call: between two steps of opening and planning, or between two tiles. */
  readonly signal?: AbortSignal | undefined;
}

export interface SimulateOptions extends ScanOptions {
  /**
   * Noise of this standard deviation in real and imaginary part, in units of the signal, at this
   * dwell time [s] (default: that of each readout).
   */
  readonly noise?: { readonly sigma: number; readonly atDwell?: Seconds | undefined } | undefined;
  /** Noise by the largest sample over its standard deviation per real part. */
  readonly snr?: number | undefined;
  /** Seed of the noise; default 1. */
  readonly seed?: number | undefined;
  /** Return the magnetisation at the end of the sequence, which then needs no ADC. */
  readonly magnetization?: boolean | undefined;
  /** Simulate 1 % of the tiles again in f64 and state the error in the summary. */
  readonly verify?: boolean | undefined;
}

/** Tiles: groups of spins that are simulated together. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/**
 * A simulation in progress: the promise of its result, and an iterable of its progress.
 *
 *     const run = simulate('gre', 'head3d');
 *     for await (const { done, total } of run) console.log(`${done} of ${total}`);
 *     const { raw } = await run;
 *
 * It starts without being iterated, and leaving a loop does not stop it. A loop gets about ten
 * states per second, the first when tiles begin and the last when all are done; a slow loop misses
 * states. If the simulation is rejected, the loop throws the same error.
 */
export interface SimulationRun extends Promise<Simulation>, AsyncIterable<Progress> {}

export interface Simulation {
  /**
   * [coils][samples][re, im], Σ density·coil over spins, not normalised; with noise where it was
   * asked for.
   */
  readonly signal: Float64Array;
  readonly coils: number;
  /** Samples per coil. */
  readonly samples: number;
  /** The signal with its encoding: input of `reconstruct` and `writeRaw`. */
  readonly raw: RawData;
  /**
   * What was simulated, how, and how long it took: the object that `larmor simulate --json` prints,
   * except for the name of its schema.
   */
  readonly summary: Summary;
  /**
   * With `magnetization`: [spins][x, y, z] at the end of the sequence, in units of the density, in
   * the frame that rotates with B0.
   */
  readonly magnetization?: Float64Array;
}

/** What `larmor plan --json` prints, without its schema's name. */
export interface Plan extends PlanRecord {
  readonly warnings: readonly string[];
}

/** What `larmor plan --json` prints, but for the warnings. */
export interface PlanRecord
  extends Pick<
      Provenance,
      'sequence' | 'phantom' | 'scanner' | 't2prime' | 'heart' | 'initialMagnetization' | 'startTime'
    >,
    ScanCounts {
  /** Version of Larmor. */
  readonly version: string;
  /** Box of all places that moving spins reach during the sequence [m]; null: they rest. */
  readonly reach: { readonly min: readonly number[]; readonly max: readonly number[] } | null;
  /** How many readouts are summed by which method. */
  readonly methods: Readonly<Record<string, number>>;
  /** Decisions by operation count: costs are f32 operations per spin. */
  readonly decisions: readonly {
    readonly what: string;
    readonly chosen: string;
    readonly cost: number;
    readonly instead: string;
    readonly insteadCost: number;
  }[];
  readonly ranks: number;
  readonly tilesPerRank: readonly number[];
  readonly threads: number;
  readonly engine: 'wasm' | 'webgpu';
  readonly build: string;
  readonly precision: 'f32' | 'f64';
  readonly tolerance: number | null;
  /**
   * Passes over all tiles, each for some of the coils: more than one if their sums take more than
   * 2 GiB. `sumsOnDisk`: size of the files that then hold the sums of all passes [bytes]; else 0.
   */
  readonly passes: number;
  readonly sumsOnDisk: number;
  /**
   * Per rank [bytes]: Node and the opened inputs, the kernels' memory, the phantom; largest
   * resident set of rank 0 and of the others.
   */
  readonly memory: {
    readonly opened: number;
    readonly kernels: number;
    readonly phantom: number;
    readonly root: number;
    readonly others: number;
  };
  /**
   * Time of the rank with most tiles, if all ranks run on machines like this one [s]; from a
   * calibration on this machine.
   */
  readonly seconds: { readonly load: number; readonly simulate: number };
  readonly spinSamples: number;
  readonly spinSamplesPerSecond: number;
  /** Sums are integers of 2^−scaleExponent. */
  readonly scaleExponent: number;
  readonly planHash: string;
}

export interface SequenceOptions extends CallOptions {
  /**
   * Of a built-in sequence, or soft delays of a file: numbers in SI, or texts with a unit
   * (`'5ms'`).
   */
  readonly parameters?: Given | undefined;
  /**
   * Its limits and rasters determine a built-in sequence; its γ scales the amplitudes of a file.
   */
  readonly scanner?: ScannerInput | undefined;
}

export interface PhantomOptions extends CallOptions {
  /** Parameters of a built-in phantom, or options of a label image. */
  readonly parameters?: Given | undefined;
  /** Field of the scanner [T], for tissues whose times are given by field. */
  readonly B0?: Tesla | undefined;
  /** File of motions that are added to the phantom's own. */
  readonly motion?: string | undefined;
}

export interface ReconstructOptions extends CallOptions {
  /** An image of every coil instead of one of all. */
  readonly eachCoil?: boolean | undefined;
  /** Pixels of all frames together that may be made; default 2²⁷. */
  readonly maxPixels?: number | undefined;
}

export interface SequencePlotOptions extends SequenceOptions {
  /** What is shown [s]; default: the first repetition that is recorded. */
  readonly from?: Seconds | undefined;
  readonly to?: Seconds | undefined;
  /** Or repetition n, from 1. */
  readonly tr?: number | undefined;
  /** Additional traces: k, first moment, slew rate. */
  readonly traces?: readonly ('m0' | 'm1' | 'slew')[] | undefined;
}

export interface PhantomPlotOptions extends PhantomOptions {
  /** Default: all that the phantom has an extent in. */
  readonly planes?: readonly ('axial' | 'coronal' | 'sagittal')[] | undefined;
  /** Default: all. */
  readonly maps?: readonly ('density' | 't1' | 't2' | 'df')[] | undefined;
}

export interface ReportOptions extends CallOptions {
  /** For raw data that do not name a built-in one: what was simulated, for its diagram and maps. */
  readonly sequence?: string | Sequence | undefined;
  readonly phantom?: string | PhantomSource | undefined;
  /** Scanner of the sequence; default: that of the raw data. */
  readonly scanner?: ScannerInput | undefined;
}

export interface SignalPlotOptions extends CallOptions {
  /** From 1; default: the one with the strongest sample. */
  readonly readout?: number | undefined;
  /** From 1; of the readout that is shown in full. */
  readonly coil?: number | undefined;
}

export interface SweepOptions extends Omit<SimulateOptions, 'magnetization'> {
  /**
   * Values by name, as lists or as texts (`'2deg:60deg:8'`, `'10ms,20ms'`): `flip`, `sequence.n`,
   * `phantom.radius`, `scanner.B0`, `option.snr`. One run for each combination; the first varies
   * slowest.
   */
  readonly vary: Readonly<Record<string, string | readonly (number | string)[]>>;
  /** NIfTI image of labels: rows state mean and standard deviation of each region. */
  readonly roi?: string | undefined;
}

/** Statistics of the magnitude of an image's pixels. */
export interface PixelStatistics {
  readonly pixels: number;
  /** NaN where there are no pixels. */
  readonly mean: number;
  readonly sd: number;
}

/** One run of a sweep. */
export interface SweepRow {
  /** The parameters that vary: numbers in SI, or words. */
  readonly values: Readonly<Record<string, number | string>>;
  /** Absent where the run failed, with all that follows but `error`. */
  readonly simulation?: Simulation;
  readonly image?: Image;
  readonly all?: PixelStatistics;
  readonly regions?: readonly (PixelStatistics & { readonly label: number })[];
  /** Why it failed; null if it did not. */
  readonly error: string | null;
}
