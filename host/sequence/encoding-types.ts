/**
 * How the readouts of a sequence encode space: which line, slice and echo each one is, and the
 * k-space positions of its samples. Derived from labels where the sequence has them, else from the
 * trajectory (`encoding.ts`); used by raw-data writers and the reconstruction.
 */
import type { CyclesPerMeter, Meters, Radians, Seconds } from '../base/units.ts';

/** ISMRMRD's encoding counters, one value per readout each. */
export const COUNTERS = [
  'kspace_encode_step_1',
  'kspace_encode_step_2',
  'average',
  'slice',
  'contrast',
  'phase',
  'repetition',
  'set',
  'segment',
] as const;
export type Counter = (typeof COUNTERS)[number];

export type TrajectoryKind = 'cartesian' | 'epi' | 'radial' | 'spiral' | 'other';

export type Direction = readonly [number, number, number];

/**
 * What a readout is for. `calibration` is for parallel imaging only, `calibrationAndImage` for it
 * and the image; `dummy` readouts precede any excitation, and `noise` ones have no gradient either.
 */
export type ReadoutRole =
  | 'image'
  | 'calibration'
  | 'calibrationAndImage'
  | 'navigator'
  | 'phaseCorrection'
  | 'noise'
  | 'dummy';

/** Roles of the readouts that make the image. */
export function isImageRole(role: ReadoutRole): boolean {
  return role === 'image' || role === 'calibrationAndImage';
}

/** Numbers of the readouts whose role passes a test. */
export function withRole(roles: readonly ReadoutRole[], test: (role: ReadoutRole) => boolean): number[] {
  const numbers: number[] = [];
  for (let n = 0; n < roles.length; n++) if (test(roles[n])) numbers.push(n);
  return numbers;
}

/** Undersampling factors of the grid, and where the calibration lines are. */
export interface ParallelImaging {
  /** Along phase and slice axis; 1 where no line is skipped. */
  readonly acceleration: readonly [number, number];
  /**
   * `embedded` among the image lines, `separate` before or after them, `external`: not in this
   * sequence.
   */
  readonly calibration: 'embedded' | 'separate' | 'external';
}

export interface Encoding {
  readonly kind: TrajectoryKind;
  /**
   * Unit vectors (LPS) of the axes that matrices, fields of view and trajectories below are given
   * along: read, phase, slice; a right-handed frame. Parallel lines define their own axes, so
   * oblique and swapped scans remain Cartesian. All other trajectories, and lines along x with
   * phase encoding along y, have x, y, z, which is also the default.
   */
  readonly axes?: readonly [Direction, Direction, Direction];
  /** Samples along the axes of the k-space that was acquired. */
  readonly encodedMatrix: readonly [number, number, number];
  readonly encodedFov: readonly [Meters, Meters, Meters];
  /** Pixels along the axes of the image to make of it. */
  readonly reconMatrix: readonly [number, number, number];
  readonly reconFov: readonly [Meters, Meters, Meters];
  readonly limits: Readonly<Record<Counter, { minimum: number; maximum: number; center: number }>>;
  /**
   * Repetition, echo and inversion times and flip angles if they can be derived from the sequence;
   * else empty.
   */
  readonly TR: readonly Seconds[];
  readonly TE: readonly Seconds[];
  readonly TI: readonly Seconds[];
  readonly flipAngle: readonly Radians[];
  /** Absent where no line is skipped and none is for calibration. */
  readonly parallelImaging?: ParallelImaging;
  /** Implausible values of the above, and labels without effect: one line each. */
  readonly warnings: readonly string[];
  readonly readouts: readonly Readout[];
  /** k of the first sample of readout n, since the last excitation centre, physical axes. */
  start(n: number): readonly [CyclesPerMeter, CyclesPerMeter, CyclesPerMeter];
  /**
   * k-space position of every sample of readout n, since the last excitation centre:
   * [samples][axis] cycles/m.
   */
  trajectory(n: number): Float64Array;
}

/** One ADC event as played. */
export interface Readout {
  /** Index of its first sample in the signal of the whole run. */
  readonly firstSample: number;
  readonly samples: number;
  readonly dwell: Seconds;
  /** First sample's time since the start of the sequence. */
  readonly start: Seconds;
  readonly counters: Readonly<Record<Counter, number>>;
  /** Sample nearest to the centre of k-space along the line. */
  readonly centerSample: number;
  /** The line runs towards negative k along the read axis. */
  readonly reversed: boolean;
  readonly firstInSlice: boolean;
  readonly lastInSlice: boolean;
  readonly role: ReadoutRole;
  /**
   * Centre of the image [m], LPS: the slice's by the pulse's frequency, the field of view's by the
   * receiver's.
   */
  readonly position: readonly [Meters, Meters, Meters];
}
