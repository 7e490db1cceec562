/**
 * Position of each sample in BART's arrays. BART's k-space is one array of 16 dimensions. A
 * Cartesian run is stored on its grid (lines in order, reversed ones in positive direction, zeros
 * for missing samples), so that `bart fft -iu 7` reconstructs the image. Everything else is stored
 * in BART's non-Cartesian form [1, samples, lines, coils] with a trajectory. This depends on the
 * true positions of the samples: a ramp-sampled "Cartesian" run is not on a grid for BART. Axes are
 * the encoding's: read, phase, slice.
 */
import { type Encoding, isImageRole, type Readout } from '../sequence/encoding-types.ts';

/** Dimensions of a BART array. */
const DIMENSIONS = 16;
const COIL = 3;
/**
 * The dimension of each counter; `segment` is missing because it describes when a line was
 * acquired, not its position.
 */
const DIMENSION_OF = { contrast: 5, repetition: 10, phase: 11, slice: 13, average: 14, set: 15 } as const;
/**
 * Largest distance of samples from the grid [cells]: a larger one would be visible in the image.
 */
const OFF_GRID = 0.05;
/** Largest ratio of cells to samples for which the grid is used. */
const MAX_CELLS_PER_SAMPLE = 16;

/**
 * A readout on the grid: its samples fill cells `cell`, `cell` + 1 …, last sample first if
 * `reversed`.
 */
export interface GridLine {
  readonly readout: number;
  /** Counted for coil 0. */
  readonly cell: number;
  readonly reversed: boolean;
}

export type BartLayout =
  | { form: 'grid'; shape: readonly number[]; lines: readonly GridLine[]; coilStride: number }
  | { form: 'trajectory'; shape: readonly number[]; readouts: readonly number[] };

/** Readouts that are not part of the image are omitted, unless there are no others. */
export function bartLayout(encoding: Encoding, coils: number): BartLayout {
  const numbers = encoding.readouts.map((_, n) => n);
  const imaging = numbers.filter((n) => isImageRole(encoding.readouts[n].role));
  const readouts = imaging.length > 0 ? imaging : numbers;
  return gridLayout(encoding, coils, readouts) ?? trajectoryLayout(encoding, coils, readouts);
}

function trajectoryLayout(encoding: Encoding, coils: number, readouts: readonly number[]): BartLayout {
  const lengths = readouts.map((n) => encoding.readouts[n].samples);
  const equal = lengths.every((samples) => samples === lengths[0]);
  const shape = Array<number>(DIMENSIONS).fill(1);
  shape[1] = equal ? (lengths[0] ?? 0) : lengths.reduce((sum, samples) => sum + samples, 0);
  shape[2] = equal ? readouts.length : 1;
  shape[COIL] = coils;
  return { form: 'trajectory', shape, readouts };
}

function gridLayout(encoding: Encoding, coils: number, readouts: readonly number[]): BartLayout | undefined {
  if (encoding.kind !== 'cartesian' && encoding.kind !== 'epi') return undefined;
  const axes = Object.entries(DIMENSION_OF) as [keyof typeof DIMENSION_OF, number][];
  const shape = [...encoding.encodedMatrix, coils, ...Array<number>(DIMENSIONS - 4).fill(1)];
  const lowest: Partial<Record<keyof typeof DIMENSION_OF, number>> = {};
  for (const [counter, dimension] of axes) {
    const range = readouts.map((n) => encoding.readouts[n].counters[counter]);
    lowest[counter] = range.reduce((least, value) => Math.min(least, value), range[0]);
    shape[dimension] = range.reduce((most, value) => Math.max(most, value), range[0]) - lowest[counter] + 1;
  }
  const strides: number[] = [];
  let cells = 1;
  for (const length of shape) {
    strides.push(cells);
    cells *= length;
  }
  const samples = readouts.reduce((sum, n) => sum + encoding.readouts[n].samples, 0);
  if (cells > MAX_CELLS_PER_SAMPLE * samples * coils) return undefined;
  const taken = new Set<number>();
  const lines: GridLine[] = [];
  for (const n of readouts) {
    const place = placeOnGrid(encoding, encoding.readouts[n], encoding.trajectory(n));
    if (!place) return undefined;
    let cell = place.x + strides[1] * place.y + strides[2] * place.z;
    for (const [counter, dimension] of axes) {
      cell += strides[dimension] * (encoding.readouts[n].counters[counter] - lowest[counter]!);
    }
    // Two readouts of one line (segments, unlabelled averages): one would overwrite the other.
    const line = cell - place.x;
    if (taken.has(line)) return undefined;
    taken.add(line);
    lines.push({ readout: n, cell, reversed: place.reversed });
  }
  return { form: 'grid', shape, lines, coilStride: strides[COIL] };
}

interface Place {
  /** Cell of the line's lowest sample. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly reversed: boolean;
}

/**
 * The cells that a readout covers, if it has one sample per cell along x. k = 0 is cell ⌊N/2⌋, as
 * in BART's fft.
 */
function placeOnGrid(encoding: Encoding, { samples }: Readout, k: Float64Array): Place | undefined {
  const { encodedMatrix: matrix, encodedFov: fov } = encoding;
  const at = (sample: number, axis: number): number => k[3 * sample + axis] * fov[axis];
  // Samples at half cells are rounded down, so that −(N−1)/2 is cell 0 for both directions of a
  // line. An axis with one cell is not encoded: its k (slice rephasing, crushers) is ignored.
  const cellOf = (position: number, axis: number): number =>
    matrix[axis] === 1 ? 0 : Math.ceil(position - 0.5 - OFF_GRID) + Math.floor(matrix[axis] / 2);
  // A phase encoding of +N/2 is the same frequency as −N/2.
  const lineOf = (axis: number): number => {
    const cell = cellOf(at(0, axis), axis);
    return cell === matrix[axis] && matrix[axis] % 2 === 0 ? 0 : cell;
  };
  const reversed = samples > 1 && at(samples - 1, 0) < at(0, 0);
  const step = reversed ? -1 : 1;
  for (let sample = 1; sample < samples; sample++) {
    if (Math.abs(at(sample, 0) - at(0, 0) - step * sample) > OFF_GRID) return undefined;
    for (const axis of [1, 2]) {
      if (matrix[axis] > 1 && Math.abs(at(sample, axis) - at(0, axis)) > OFF_GRID) return undefined;
    }
  }
  const place = { x: cellOf(at(reversed ? samples - 1 : 0, 0), 0), y: lineOf(1), z: lineOf(2) };
  const inside = (first: number, last: number, axis: number): boolean => first >= 0 && last < matrix[axis];
  if (!inside(place.x, place.x + samples - 1, 0)) return undefined;
  if (!inside(place.y, place.y, 1) || !inside(place.z, place.z, 2)) return undefined;
  return { ...place, reversed };
}
