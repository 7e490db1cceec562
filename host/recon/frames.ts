/**
 * Sorts readouts into frames, one per image plane or volume, and determines the k-space positions
 * of their samples, from the trajectory if the file has one, else from counters. All errors in the
 * data are found here, so that later steps need no checks.
 */
import { badInput } from '../base/errors.ts';
import { hasFlag, isImaging } from '../raw/flags.ts';
import type { AcquiredData, Acquisition } from '../raw/types.ts';

/** One readout, its pieces joined. */
export interface Line {
  readonly samples: number;
  /** [coils][samples][re, im], in the order sampled */
  readonly data: Float32Array;
  /**
   * [samples][x, y, z] in cycles per encoded field of view (steps of the encoded grid); 0 along
   * axes of one pixel.
   */
  positions(): Float64Array;
}

/** The readouts of one plane (or volume) of the image. */
export interface Frame {
  readonly slice: number;
  readonly contrast: number;
  /** Counts the distinct (repetition, phase, set) that occur. */
  readonly repetition: number;
  /** Made for each call: of many frames few may be wanted. */
  lines(): readonly Line[];
  /** The first readout, whose position and directions hold for all. */
  readonly geometry: Acquisition;
}

/** Most complex pixels or samples of an encoding: 8 GiB. */
const LARGEST = 2 ** 30;

/**
 * Limit of a dimensionless trajectory: it lies within ±0.5; waves and ramps may exceed that and are
 * cut off. Values beyond six times this range are in other units.
 */
const TRAJECTORY_LIMIT = 3;

/**
 * @param place the file, for messages
 * @throws LarmorError 65
 */
export function sortFrames(data: AcquiredData, place: string): Frame[] {
  checkEncoding(data, place);
  const { acquisitions } = data;
  const imaging: number[] = [];
  for (let n = 0; n < acquisitions.length; n++)
    if (acquisitions[n].encodingSpace === 0 && isImaging(acquisitions[n])) imaging.push(n);
  if (imaging.length === 0) {
    throw badInput(
      place,
      'holds no image readouts',
      'all of its readouts are noise, navigators, calibration or read before any excitation',
    );
  }
  for (const n of imaging) checkAcquisition(acquisitions[n], data, () => `${place}: readout ${n}`);
  checkPieces(acquisitions, imaging, place);

  const repetitions = new Map<string, number>();
  const frames = new Map<string, Acquisition[]>();
  let current: Acquisition[] = [];
  for (const n of imaging) {
    const acquisition = acquisitions[n];
    if (acquisition.piece === 0) {
      const { slice, contrast } = acquisition.counters;
      const moment = momentOf(acquisition);
      if (!repetitions.has(moment)) repetitions.set(moment, repetitions.size);
      const key = `${slice}/${contrast}/${moment}`;
      current = frames.get(key) ?? [];
      if (current.length === 0) frames.set(key, current);
    }
    current.push(acquisition);
  }
  return [...frames.values()].map((ofFrame): Frame => {
    const [geometry] = ofFrame;
    const { slice, contrast } = geometry.counters;
    const lines = (): Line[] => linesOf(ofFrame, data);
    return { slice, contrast, repetition: repetitions.get(momentOf(geometry))!, lines, geometry };
  });
}

const momentOf = ({ counters: { repetition, phase, set } }: Acquisition): string => `${repetition}/${phase}/${set}`;

function checkEncoding(data: AcquiredData, place: string): void {
  const matrices = { encodedMatrix: data.encodedMatrix, reconMatrix: data.reconMatrix };
  for (const [name, matrix] of Object.entries(matrices)) {
    if (!matrix.every((n) => Number.isInteger(n) && n >= 1)) {
      throw badInput(place, `${name} is ${matrix.join(' × ')}`, 'every side must be a whole number of at least 1');
    }
    if (matrix[0] * matrix[1] * matrix[2] > LARGEST) {
      throw badInput(place, `${name} is ${matrix.join(' × ')}`, `more than ${LARGEST} pixels do not fit`);
    }
  }
  const fovs = { encodedFov: data.encodedFov, reconFov: data.reconFov };
  for (const [name, fov] of Object.entries(fovs)) {
    // The thickness of a plane may be unknown; the encoded sides must be known.
    const known = fov.every(
      (side, a) => Number.isFinite(side) && (side > 0 || (side === 0 && data.encodedMatrix[a] === 1)),
    );
    if (!known) throw badInput(place, `${name} is ${fov.join(' × ')} m`, 'every side must be positive');
  }
  if (data.encodedMatrix.every((n) => n === 1)) {
    throw badInput(
      place,
      'its encoded matrix is 1 × 1 × 1',
      'only a sequence with gradients during readout makes an image',
    );
  }
}

function checkAcquisition(acquisition: Acquisition, data: AcquiredData, place: () => string): void {
  const { samples, dimensions, trajectory } = acquisition;
  if (acquisition.data.length !== 2 * data.coils * samples || samples < 1) {
    const what = `${acquisition.data.length / 2} complex numbers for ${data.coils} coil(s) × ${samples} samples`;
    throw badInput(place(), what, 'the file is damaged: write it again');
  }
  if (firstBeyond(acquisition.data, Number.MAX_VALUE, 0, 1) !== undefined) {
    throw badInput(place(), 'has samples that are not finite', 'the simulation or the file is damaged: run it again');
  }
  if (!trajectory) {
    if (data.kind === 'cartesian' || data.kind === 'epi') return;
    throw badInput(
      place(),
      `has no trajectory, and a ${data.kind} trajectory cannot be inferred`,
      'write the trajectory into the file',
    );
  }
  if (trajectory.length !== samples * dimensions || dimensions < 2 || dimensions > 3) {
    const what = `${trajectory.length} trajectory numbers for ${samples} samples × ${dimensions} dimensions`;
    throw badInput(place(), what, 'write 2 or 3 numbers per sample');
  }
  // Along axes that are not encoded (spoilers, slice selection) k may be anything finite.
  for (let axis = 0; axis < dimensions; axis++) {
    const bound = data.encodedMatrix[axis] > 1 ? TRAJECTORY_LIMIT : Number.MAX_VALUE;
    const outside = firstBeyond(trajectory, bound, axis, dimensions);
    if (outside === undefined) continue;
    throw badInput(
      place(),
      `has a trajectory value of ${outside}`,
      'it must be k·FOV/N of the encoded space, within ±0.5',
    );
  }
}

/** The first of every `step`-th value from `first` on that is not within ±`bound`. */
function firstBeyond(values: Float32Array, bound: number, first: number, step: number): number | undefined {
  for (let n = first; n < values.length; n += step) if (!(Math.abs(values[n]) <= bound)) return values[n];
  return undefined;
}

/** Pieces of one long readout are consecutive in the file. */
function checkPieces(acquisitions: readonly Acquisition[], imaging: readonly number[], place: string): void {
  let expected = 0;
  let pieces = 1;
  for (const n of imaging) {
    const acquisition = acquisitions[n];
    if (acquisition.piece !== expected || acquisition.pieces < 1) {
      const what = `piece ${acquisition.piece} of ${acquisition.pieces}, where piece ${expected} should follow`;
      throw badInput(`${place}: readout ${n}`, what, 'the file is damaged: write it again');
    }
    if (expected === 0) pieces = acquisition.pieces;
    expected = expected + 1 < pieces ? expected + 1 : 0;
  }
  if (expected > 0)
    throw badInput(place, `ends at piece ${expected} of ${pieces} of its last readout`, 'write it again');
}

/** @param acquisitions of a frame, pieces of one readout one after the other */
function linesOf(acquisitions: readonly Acquisition[], data: AcquiredData): Line[] {
  const lines: Line[] = [];
  for (let n = 0; n < acquisitions.length; n += acquisitions[n].pieces)
    lines.push(makeLine(acquisitions.slice(n, n + acquisitions[n].pieces), data));
  return lines;
}

function makeLine(pieces: readonly Acquisition[], data: AcquiredData): Line {
  const samples = pieces.reduce((sum, piece) => sum + piece.samples, 0);
  const positions = (): Float64Array => {
    const all = new Float64Array(3 * samples);
    let done = 0;
    for (const piece of pieces) {
      locate(piece, data, all.subarray(3 * done, 3 * (done + piece.samples)));
      done += piece.samples;
    }
    return all;
  };
  if (pieces.length === 1) return { samples, data: pieces[0].data, positions };
  const signal = new Float32Array(2 * data.coils * samples);
  for (let coil = 0, at = 0; coil < data.coils; coil++) {
    for (const piece of pieces) {
      signal.set(piece.data.subarray(2 * coil * piece.samples, 2 * (coil + 1) * piece.samples), at);
      at += 2 * piece.samples;
    }
  }
  return { samples, data: signal, positions };
}

function locate(acquisition: Acquisition, data: AcquiredData, into: Float64Array): void {
  const { samples, trajectory, dimensions, centerSample, counters } = acquisition;
  const { encodedMatrix, limits } = data;
  const direction = hasFlag(acquisition, 'ACQ_IS_REVERSE') ? -1 : 1;
  const steps = [
    0,
    counters.kspace_encode_step_1 - limits.kspace_encode_step_1.center,
    counters.kspace_encode_step_2 - limits.kspace_encode_step_2.center,
  ];
  for (let axis = 0; axis < 3; axis++) {
    if (encodedMatrix[axis] === 1) continue;
    if (trajectory && axis < dimensions)
      for (let n = 0; n < samples; n++) into[3 * n + axis] = trajectory[n * dimensions + axis] * encodedMatrix[axis];
    else if (axis === 0) for (let n = 0; n < samples; n++) into[3 * n] = direction * (n - centerSample);
    else for (let n = 0; n < samples; n++) into[3 * n + axis] = steps[axis];
  }
}
