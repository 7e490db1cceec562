/**
 * A simulated acquisition as it is written to and read from files: the signal and how it was
 * encoded. `RawData` is what a run produces (one long signal and the sequence's encoding);
 * `AcquiredData` is the same cut into readouts, the form in which any raw file, ours or a
 * scanner's, comes back and which reconstruction takes.
 */

import type { Hertz, Meters, Radians, Seconds, Tesla } from '../base/units.ts';
import type { Counter, Encoding, TrajectoryKind } from '../sequence/encoding-types.ts';

export interface RawData {
  /** [coils][samples][re, im], Σ density·coil over spins, not normalised; empty with `partOf`. */
  readonly signal: Float64Array;
  /**
   * Of a signal too large for the memory: [count][re, im] of samples [first, first + count) of a
   * coil.
   */
  readonly partOf?: (coil: number, first: number, count: number) => Float64Array;
  readonly coils: number;
  readonly samples: number;
  /** White noise was added to it. */
  readonly noisy?: boolean;
  /** What the numbers are good for, and so the width files store them in. */
  readonly precision: 'f32' | 'f64';
  readonly encoding: Encoding;
  readonly sequenceName: string;
  readonly phantomName: string;
  readonly B0: Tesla;
  /** Larmor frequency γ̄·B0. */
  readonly frequency: Hertz;
  /**
   * Time from the last R peak to a time since the start of the sequence; NaN before the first peak.
   */
  readonly sincePeak?: (time: Seconds) => Seconds;
  /** Where the signal comes from, for the headers of formats that have one. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/** Writes `raw` to `path`, whole or not at all. @throws LarmorError 73 */
export type RawWriter = (path: string, raw: RawData) => void;

type Triple<T> = readonly [T, T, T];

/**
 * Readouts and the space they encode. Files with several encodings: the fields describe encoding 0.
 */
export interface AcquiredData {
  readonly kind: TrajectoryKind;
  /**
   * Samples along read, phase and slice axis (x, y, z unless the acquisitions' directions say
   * otherwise).
   */
  readonly encodedMatrix: Triple<number>;
  readonly encodedFov: Triple<Meters>;
  /** Pixels along the same axes of the image to make of it. */
  readonly reconMatrix: Triple<number>;
  readonly reconFov: Triple<Meters>;
  readonly limits: Encoding['limits'];
  readonly coils: number;
  /** In the order played. Readouts longer than 65 535 samples appear as several (`piece`). */
  readonly acquisitions: readonly Acquisition[];
}

/** One readout, or a piece of a very long one. */
export interface Acquisition {
  readonly counters: Readonly<Record<Counter, number>>;
  /** ISMRMRD's bits; ask with `hasFlag(acquisition, 'ACQ_IS_REVERSE')` of `flags.ts`. */
  readonly flags: bigint;
  /** Which of the file's encodings this belongs to; Larmor writes one, number 0. */
  readonly encodingSpace: number;
  readonly samples: number;
  /** Sample nearest to the centre of k-space, counted in the order of `data`. */
  readonly centerSample: number;
  readonly dwell: Seconds;
  /**
   * Time of the first sample since the start of the sequence; NaN if the file does not contain it.
   */
  readonly start: Seconds;
  /** Which piece of its readout, 0 and 1 of 1 unless it was split. */
  readonly piece: number;
  readonly pieces: number;
  /** [coils][samples][re, im], in the order sampled: reversed lines are *not* reordered. */
  readonly data: Float32Array;
  /**
   * [samples][dimensions], k·FOV/N of the encoded space, within ±0.5; absent in files that leave it
   * out.
   */
  readonly trajectory?: Float32Array;
  /** 2 (along read and phase axis) or 3; 0 where there is no trajectory. */
  readonly dimensions: number;
  /** Slice centre [m], LPS. */
  readonly position: Triple<Meters>;
  /** Unit vectors (LPS) of the axes that matrices, fields of view and trajectory are along. */
  readonly readDirection: Triple<number>;
  readonly phaseDirection: Triple<number>;
  readonly sliceDirection: Triple<number>;
}

/** A raw file read back: the readouts and what the file says about the run. */
export interface RawFile extends AcquiredData {
  readonly path: string;
  /** The whole ISMRMRD header as in the file. */
  readonly xml: string;
  readonly sequenceName?: string;
  readonly phantomName?: string;
  readonly B0?: Tesla;
  readonly frequency?: Hertz;
  readonly TR: readonly Seconds[];
  readonly TE: readonly Seconds[];
  readonly TI: readonly Seconds[];
  readonly flipAngle: readonly Radians[];
  /**
   * Provenance of Larmor's own files, by key: any JSON, since a file may contain anything; {} for
   * files of other programs.
   */
  readonly provenance: Readonly<Record<string, unknown>>;
}
