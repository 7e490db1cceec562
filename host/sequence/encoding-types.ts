/**
 * How the readouts of a sequence encode space: which line, slice, echo each one is, and where in k-space its samples
 * lie. Worked out from labels where the sequence has them, else from the trajectory (`encoding.ts`); raw-data writers
 * and reconstruction consume it.
 */
import type { Meters, Radians, Seconds } from '../common/units.ts';

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

export interface Encoding {
  readonly kind: TrajectoryKind;
  /**
   * Unit vectors (LPS) of the axes that matrices, fields of view and trajectories below are given along: read, phase,
   * slice; a right-handed frame. Parallel lines bring their own, so oblique and swapped scans stay Cartesian; every
   * other kind, and every line along x with phase along y, has x, y, z, which is
   * also what absence means.
   */
  readonly axes?: readonly [Direction, Direction, Direction];
  /** Samples along the axes of the k-space that was acquired. */
  readonly encodedMatrix: readonly [number, number, number];
  readonly encodedFov: readonly [Meters, Meters, Meters];
  /** Pixels along the axes of the image to make of it. */
  readonly reconMatrix: readonly [number, number, number];
  readonly reconFov: readonly [Meters, Meters, Meters];
  readonly limits: Readonly<Record<Counter, { minimum: number; maximum: number; center: number }>>;
  /** Repetition, echo and inversion times and flip angles where the sequence tells; empty when it does not. */
  readonly TR: readonly Seconds[];
  readonly TE: readonly Seconds[];
  readonly flipAngle: readonly Radians[];
  readonly readouts: readonly Readout[];
  /** k-space position of every sample of readout n, since the last excitation centre: [samples][axis] cycles/m. */
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
  /** Marked by labels as something else than image data. */
  readonly navigator: boolean;
  readonly noise: boolean;
  /** Slice centre [m], LPS, where frequency offsets tell. */
  readonly position: readonly [Meters, Meters, Meters];
}
