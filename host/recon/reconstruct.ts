/**
 * Raw data to image: chooses the method for the trajectory, applies it to every frame and coil, and
 * arranges the planes by their positions in the patient.
 *
 *     image(r) = (volume of a voxel) · ∫ s(k) e^{+i2π k·r} dk
 *
 * over the k-space that was sampled, since s(k) = Σ ρ e^{−i2π k·r} in the clockwise frame. Thus the
 * value of a voxel is the sum of its spins' signals, in Cartesian and in gridded images.
 */
import { badInput } from '../base/errors.ts';
import type { AcquiredData } from '../raw/types.ts';
import { findLattice, type Lattice, transformLattice } from './cartesian.ts';
import { densityWeights } from './density.ts';
import { type Frame, type Line, sortFrames } from './frames.ts';
import { arrange, type FramePlace, type Layout } from './geometry.ts';
import { type Adjoint, makeAdjoint } from './gridding.ts';
import type { Image, Triple } from './image.ts';

/** Default limit of the pixels of all frames: 1 GiB of complex f32. */
const DEFAULT_MAX_PIXELS = 2 ** 27;

/** Whether a part of an image is wanted; z counts planes. */
export type Wanted = (coil: number, repetition: number, contrast: number, z: number) => boolean;

export interface ReconstructionOptions {
  readonly maxPixels?: number;
  /** An image of every coil instead of one of all. */
  readonly each?: boolean;
  /**
   * Given the size of the image: the parts of it that the caller reads. The others stay 0 where
   * whole frames are not wanted.
   */
  readonly choose?: (layout: Layout) => Wanted;
}

/**
 * @param data as read from a raw file
 * @throws LarmorError 65: no image readouts, sample counts that do not agree, a matrix of 0, a
 *   trajectory that is missing where it is needed, samples that are not finite, more pixels than
 *   `maxPixels`
 */
export function reconstruct(
  data: AcquiredData,
  { maxPixels = DEFAULT_MAX_PIXELS, each = false, choose = () => () => true }: ReconstructionOptions = {},
): Image {
  const place = 'path' in data && typeof data.path === 'string' ? data.path : 'raw data';
  const all = sortFrames(data, place);
  const coils = each ? data.coils : 1;
  checkSize(data, all.length * coils, maxPixels, place);
  const matrix = data.reconMatrix.map((n, a) => (data.encodedMatrix[a] === 1 ? 1 : n)) as unknown as Triple<number>;
  const unit = data.encodedFov.map((fov, a) =>
    data.encodedMatrix[a] === 1 ? 0 : data.reconFov[a] / (data.reconMatrix[a] * fov),
  ) as unknown as Triple<number>;
  const layout = arrange(data, all, coils, matrix);
  const { complaint, frame: shape, places, ...image } = layout;
  const wanted = coilsWanted(layout, choose(layout));
  const frames = all
    .map((frame, n) => ({ frame, place: places[n], coils: wanted(places[n]) }))
    .filter((one) => one.coils.length > 0);

  const lattices = frames.map(({ frame }) => findLattice(frame));
  const obstacle = lattices.find((lattice) => typeof lattice === 'string');
  const method = obstacle === undefined ? 'fft' : 'gridding';
  const placed = data.acquisitions.some(({ trajectory }) => trajectory)
    ? 'lines lie evenly on the encoded grid'
    : 'no trajectory in the file: lines placed by their counters';

  const gridder = makeGridder(unit, matrix);
  const size = 2 * shape[0] * shape[1] * shape[2];
  const volumes = image.repetitions * image.contrasts;
  const slices = image.matrix[2] / shape[2];
  const pixels = new Float32Array(size * slices * volumes * coils);
  for (const [f, { frame, place: at, coils: ofFrame }] of frames.entries()) {
    const transform =
      obstacle === undefined
        ? (coil: number) => transformLattice(lattices[f] as Lattice, coil, unit, matrix)
        : gridder(frame);
    const volume = at.repetition * image.contrasts + at.contrast;
    for (const coil of ofFrame)
      pixels.set(
        each ? transform(coil) : combineCoils(data.coils, transform),
        size * ((coil * volumes + volume) * slices + at.slice),
      );
  }
  return { ...image, data: pixels, method, notes: [obstacle ?? placed, ...(complaint ? [complaint] : [])] };
}

/** @returns the coils for which any plane of a frame is wanted */
function coilsWanted({ coils, frame }: Layout, wanted: Wanted): (place: FramePlace) => number[] {
  const numbers = Array.from({ length: coils }, (_, coil) => coil);
  const planes = Array.from({ length: frame[2] }, (_, partition) => partition);
  return ({ repetition, contrast, slice }) =>
    numbers.filter((coil) =>
      planes.some((partition) => wanted(coil, repetition, contrast, slice * frame[2] + partition)),
    );
}

/** The image of a misinterpreted trajectory could fill the memory. */
function checkSize(
  { reconMatrix, encodedMatrix }: AcquiredData,
  frames: number,
  maxPixels: number,
  place: string,
): void {
  const matrix = reconMatrix.map((n, a) => (encodedMatrix[a] === 1 ? 1 : n));
  const pixels = matrix.reduce((product, n) => product * n, frames);
  if (pixels <= maxPixels) return;
  const size = frames === 1 ? matrix.join(' × ') : `${matrix.join(' × ')} in ${frames} frames`;
  throw badInput(
    place,
    `an image of ${size} has ${pixels} pixels, more than ${maxPixels}`,
    `--max-pixels ${pixels} allows it; state FOV and Matrix in the sequence if it should be smaller`,
  );
}

/**
 * The image of one coil keeps its phase; those of several are combined to the root of the sum of
 * squares.
 */
function combineCoils(coils: number, transform: (coil: number) => Float32Array): Float32Array {
  const image = transform(0);
  if (coils === 1) return image;
  for (let coil = 0; coil < coils; coil++) {
    const part = coil === 0 ? image : transform(coil);
    for (let i = 0; i < image.length; i += 2) {
      const square = part[i] ** 2 + part[i + 1] ** 2;
      // The imaginary part is free after coil 0 has been squared.
      image[i] = coil === 0 ? square : image[i] + square;
      image[i + 1] = 0;
    }
  }
  for (let i = 0; i < image.length; i += 2) image[i] = Math.sqrt(image[i]);
  return image;
}

/**
 * Frames that share a trajectory (slices, repetitions) share its grid and weights, which take
 * longer than the image.
 */
function makeGridder(unit: Triple<number>, matrix: Triple<number>): (frame: Frame) => (coil: number) => Float32Array {
  let known: { kappa: Float64Array; kept: Uint32Array[]; weights: Float64Array; adjoint: Adjoint } | undefined;
  return (frame) => {
    const lines = frame.lines();
    const { kappa, kept } = samplesWithin(lines, unit);
    if (!known || !sameNumbers(known.kappa, kappa)) {
      known = { kappa, kept, weights: densityWeights(kappa, matrix), adjoint: makeAdjoint(kappa, matrix) };
    }
    const { weights, adjoint } = known;
    return (coil) => {
      const signal = new Float32Array(2 * weights.length);
      let j = 0;
      lines.forEach(({ data, samples }, l) => {
        for (const n of kept[l]) {
          const source = 2 * (coil * samples + n);
          signal[2 * j] = weights[j] * data[source];
          signal[2 * j + 1] = weights[j] * data[source + 1];
          j++;
        }
      });
      return adjoint(signal);
    };
  };
}

/** Positions in cycles per pixel, without the samples that the image's pixels do not resolve. */
function samplesWithin(lines: readonly Line[], unit: Triple<number>): { kappa: Float64Array; kept: Uint32Array[] } {
  const kappa = new Float64Array(3 * lines.reduce((sum, { samples }) => sum + samples, 0));
  let filled = 0;
  const kept = lines.map((line) => {
    const at = line.positions();
    const indices: number[] = [];
    for (let n = 0; n < line.samples; n++) {
      if ([0, 1, 2].some((axis) => Math.abs(at[3 * n + axis] * unit[axis]) > 0.5 + unit[axis] / 2)) continue;
      for (let axis = 0; axis < 3; axis++) kappa[filled++] = at[3 * n + axis] * unit[axis];
      indices.push(n);
    }
    return Uint32Array.from(indices);
  });
  return { kappa: kappa.subarray(0, filled), kept };
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
