/**
 * The description of a scanner: its field, limits and rasters, and the parts whose fields a
 * simulation samples at each spin (coils, B1+, B0 map, gradient errors). The types mirror the
 * scanner file (docs/reference/scanner.md), with absolute paths. SI units, positions LPS.
 */
import { GAMMA_BAR, type Hertz, type Meters, type Seconds, type Tesla, type TeslaPerMeter } from '../base/units.ts';

export interface Scanner {
  readonly B0: Tesla;
  /** γ̄ of the nucleus. Amplitudes in a Pulseq file are in its Hz and Hz/m. */
  readonly gammaBar: Hertz;
  /** Largest B1. */
  readonly B1: Tesla;
  readonly Gmax: TeslaPerMeter;
  /** T/m/s */
  readonly Smax: number;
  readonly adcRaster: Seconds;
  readonly blockRaster: Seconds;
  readonly gradRaster: Seconds;
  readonly rfRaster: Seconds;
  readonly rfRingdown: Seconds;
  readonly rfDeadTime: Seconds;
  readonly adcDeadTime: Seconds;
  /** Absent: one coil of weight 1. */
  readonly receive?: Receive;
  /** B1+ of each transmit channel, 1 = nominal; absent: one channel of weight 1. */
  readonly transmit?: MapFiles;
  /** Off-resonance [Hz], positive = faster precession; added to the phantom's. */
  readonly b0Map?: string;
  readonly gradients?: GradientErrors;
  readonly delays?: Delays;
}

/** A map of one or more complex volumes: one file, or a pair of magnitude and phase [rad]. */
export type MapFiles = MapFile | { readonly magnitude: string; readonly phase: string };

export interface MapFile {
  readonly file: string;
  /**
   * For files without orientation (`.cfl`, `.npy`): field of view along the patient axes, and its
   * centre.
   */
  readonly fov?: readonly [Meters, Meters, Meters];
  readonly centre?: readonly [Meters, Meters, Meters];
}

/** Receive coils and their noise. */
export type Receive = Sensitivities & {
  /**
   * [coils][coils][re, im], Hermitian and positive definite, in units of σ²; absent: the unit
   * matrix.
   */
  readonly noiseCovariance?: NoiseCovariance;
};
export type Sensitivities = { readonly coils: readonly Loop[] } | { readonly array: CoilArray } | MapFiles;
export type NoiseCovariance = readonly (readonly (readonly [number, number])[])[];

/**
 * A circular coil; its unit current runs right-handed about `normal`, which need not be a unit
 * vector.
 */
export interface Loop {
  readonly centre: readonly [Meters, Meters, Meters];
  readonly normal: readonly [number, number, number];
  readonly radius: Meters;
}

/** Overlapping loops on a cylinder about the z axis. */
export interface CoilArray {
  readonly coils: number;
  /** Absent: as large as the phantom needs. */
  readonly radius?: Meters;
  readonly length?: Meters;
}

export interface GradientErrors {
  /**
   * Maxwell terms: to second order in the gradients, or the whole root. true: the whole root below
   * 0.2 T.
   */
  readonly concomitant?: boolean | 'quadratic' | 'full';
  /** Coefficients of spherical harmonics (`.grad`, `.coef`). */
  readonly nonlinearity?: string;
  readonly eddyCurrents?: readonly EddyCurrent[];
  /** Gradient impulse response functions. */
  readonly girf?: string;
}

/**
 * A gradient changing on axis `from` induces −amplitude·e^{−t/timeConstant} of the change on `to`.
 */
export interface EddyCurrent {
  readonly from: 'x' | 'y' | 'z';
  readonly to: 'x' | 'y' | 'z' | 'B0';
  /** Dimensionless; in metres (T per T/m) to B0. */
  readonly amplitude: number;
  readonly timeConstant: Seconds;
}

/** Positive: later than the sequence says. */
export interface Delays {
  readonly x?: Seconds;
  readonly y?: Seconds;
  readonly z?: Seconds;
  readonly rf?: Seconds;
  readonly adc?: Seconds;
}

/** Raster times that a scanner or a file can have. */
export const SHORTEST_RASTER: Seconds = 1e-9;
export const LONGEST_RASTER: Seconds = 0.1;

export const DEFAULT_SCANNER: Scanner = {
  B0: 1.5,
  gammaBar: GAMMA_BAR,
  B1: 10e-6,
  Gmax: 60e-3,
  Smax: 500,
  adcRaster: 2e-6,
  blockRaster: 1e-5,
  gradRaster: 1e-5,
  rfRaster: 1e-6,
  rfRingdown: 20e-6,
  rfDeadTime: 100e-6,
  adcDeadTime: 10e-6,
};
