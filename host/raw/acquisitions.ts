/**
 * The long signal of a run cut into acquisitions: one per readout, several where a readout is
 * longer than ISMRMRD's u16 can count. Only done here, so that a reconstruction from memory and one
 * from the file have the same data.
 */
import { type Encoding, isImageRole, type ReadoutRole } from '../sequence/encoding-types.ts';
import { type Flag, flagBits } from './flags.ts';
import { partOf } from './signal.ts';
import type { AcquiredData, Acquisition, RawData } from './types.ts';

/**
 * The largest number ISMRMRD's u16 fields hold: samples of one acquisition, matrix sizes, counters.
 */
export const U16_MAX = 65_535;

/** Part of a readout that becomes one acquisition. */
export interface Span {
  /** Index into `encoding.readouts`. */
  readonly readout: number;
  /** First sample, counted in the readout. */
  readonly offset: number;
  readonly samples: number;
  readonly piece: number;
  readonly pieces: number;
}

/** The acquisitions of a run in the order played: sizes only. */
export function spansOf(encoding: Encoding): Span[] {
  return encoding.readouts.flatMap(({ samples }, readout) => {
    const pieces = Math.ceil(samples / U16_MAX);
    return Array.from({ length: pieces }, (_, piece) => {
      const offset = piece * U16_MAX;
      return { readout, offset, samples: Math.min(U16_MAX, samples - offset), piece, pieces };
    });
  });
}

/** Matrix sizes as files can hold them. */
export function fileMatrix(matrix: readonly [number, number, number]): [number, number, number] {
  return [Math.min(matrix[0], U16_MAX), Math.min(matrix[1], U16_MAX), Math.min(matrix[2], U16_MAX)];
}

/**
 * Coordinates stored per sample: kz is omitted if only one partition is encoded, because it then
 * comes only from crushers and slice rephasing.
 */
export function trajectoryDimensions(encoding: Encoding): 2 | 3 {
  return encoding.encodedMatrix[2] > 1 ? 3 : 2;
}

/** Unit vectors (LPS) of the axes that the encoding's matrices and trajectories are along. */
export function axesOf(encoding: Encoding): NonNullable<Encoding['axes']> {
  return (
    encoding.axes ?? [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
  );
}

/** The whole run as acquired data, as if read back from the written file. */
export function acquiredData(raw: RawData): AcquiredData {
  const { kind, encodedMatrix, encodedFov, reconMatrix, reconFov, limits } = raw.encoding;
  return {
    kind,
    encodedMatrix: fileMatrix(encodedMatrix),
    encodedFov,
    reconMatrix: fileMatrix(reconMatrix),
    reconFov,
    limits,
    coils: raw.coils,
    acquisitions: [...acquisitions(raw)],
  };
}

/** Yields acquisition after acquisition, with one readout's trajectory in memory at a time. */
export function* acquisitions(raw: RawData): Generator<Acquisition> {
  const { encoding, coils } = raw;
  const flagsOf = flagger(encoding);
  const [readDirection, phaseDirection, sliceDirection] = axesOf(encoding);
  const dimensions = trajectoryDimensions(encoding);
  const matrix = fileMatrix(encoding.encodedMatrix);
  const scale = [0, 1, 2].map((axis) => encoding.encodedFov[axis] / matrix[axis]);
  let current = -1;
  let k: Float64Array = new Float64Array();
  for (const { readout: n, offset, samples, piece, pieces } of spansOf(encoding)) {
    const readout = encoding.readouts[n];
    if (n !== current) k = encoding.trajectory(n);
    current = n;
    const data = new Float32Array(coils * samples * 2);
    for (let coil = 0; coil < coils; coil++) {
      data.set(partOf(raw, coil, readout.firstSample + offset, samples), coil * samples * 2);
    }
    const trajectory = new Float32Array(samples * dimensions);
    for (let sample = 0; sample < samples; sample++) {
      for (let axis = 0; axis < dimensions; axis++) {
        trajectory[sample * dimensions + axis] = k[3 * (offset + sample) + axis] * scale[axis];
      }
    }
    yield {
      counters: readout.counters,
      flags: flagsOf(n, piece, pieces),
      encodingSpace: 0,
      samples,
      // A piece without the centre has the sample closest to it as its centre.
      centerSample: Math.min(Math.max(readout.centerSample - offset, 0), samples - 1),
      dwell: readout.dwell,
      start: readout.start + offset * readout.dwell,
      piece,
      pieces,
      data,
      trajectory,
      dimensions,
      position: readout.position,
      readDirection,
      phaseDirection,
      sliceDirection,
    };
  }
}

const ROLE_FLAGS: Readonly<Record<ReadoutRole, Flag | undefined>> = {
  image: undefined,
  calibration: 'ACQ_IS_PARALLEL_CALIBRATION',
  calibrationAndImage: 'ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING',
  navigator: 'ACQ_IS_NAVIGATION_DATA',
  phaseCorrection: 'ACQ_IS_PHASECORR_DATA',
  noise: 'ACQ_IS_NOISE_MEASUREMENT',
  dummy: 'ACQ_IS_DUMMYSCAN_DATA',
};

/** Flags of piece `piece` of readout n. First and last refer to the order played. */
function flagger(encoding: Encoding): (n: number, piece: number, pieces: number) => bigint {
  const { readouts } = encoding;
  const firstOfRepetition = new Map<number, number>();
  const lastOfRepetition = new Map<number, number>();
  readouts.forEach(({ counters: { repetition }, role }, n) => {
    if (!isImageRole(role)) return;
    if (!firstOfRepetition.has(repetition)) firstOfRepetition.set(repetition, n);
    lastOfRepetition.set(repetition, n);
  });
  return (n, piece, pieces) => {
    const readout = readouts[n];
    const { repetition } = readout.counters;
    const flags: Flag[] = [];
    if (readout.reversed) flags.push('ACQ_IS_REVERSE');
    const role = ROLE_FLAGS[readout.role];
    if (role !== undefined) flags.push(role);
    if (piece === 0) {
      if (readout.firstInSlice) flags.push('ACQ_FIRST_IN_SLICE');
      if (firstOfRepetition.get(repetition) === n) flags.push('ACQ_FIRST_IN_REPETITION');
    }
    if (piece === pieces - 1) {
      if (readout.lastInSlice) flags.push('ACQ_LAST_IN_SLICE');
      if (lastOfRepetition.get(repetition) === n) flags.push('ACQ_LAST_IN_REPETITION');
      if (n === readouts.length - 1) flags.push('ACQ_LAST_IN_MEASUREMENT');
    }
    return flagBits(flags);
  };
}
