/**
 * Puts reconstructed planes in order and determines their positions: slices along the slice normal
 * (scanners interleave them), contrasts and repetitions by number, the voxel grid in patient
 * coordinates (LPS).
 */
import type { AcquiredData } from '../raw/types.ts';
import type { Frame } from './frames.ts';
import type { Image, Triple } from './image.ts';

/** Slice distances that differ by more than this fraction of their mean are reported. */
const UNEVEN = 0.01;

/** Slices whose positions differ by less [m] have no individual positions in the file. */
const SAME_PLACE = 1e-7;

/**
 * @param images of each frame, [coil] of [z][y][x][re, im]
 * @param matrix pixels of one plane (or volume)
 */
export function arrange(
  data: AcquiredData,
  frames: readonly Frame[],
  images: readonly (readonly Float32Array[])[],
  matrix: Triple<number>,
  method: Image['method'],
  notes: readonly string[],
): Image {
  const { readDirection, phaseDirection, sliceDirection } = frames[0].geometry;
  const directions = [readDirection, phaseDirection, sliceDirection] as const;
  const { slices, spacing, complaint } = orderSlices(frames, sliceDirection);
  const contrasts = [...new Set(frames.map(({ contrast }) => contrast))].sort((a, b) => a - b);
  const repetitions = frames.reduce((most, { repetition }) => Math.max(most, repetition), 0) + 1;

  const [nx, ny, partitions] = matrix;
  const plane = 2 * nx * ny * partitions;
  const coils = images[0].length;
  const volumes = contrasts.length * repetitions;
  const image = new Float32Array(plane * slices.length * volumes * coils);
  frames.forEach((frame, f) => {
    const volume = frame.repetition * contrasts.length + contrasts.indexOf(frame.contrast);
    const slice = slices.findIndex(({ slice }) => slice === frame.slice);
    for (const [coil, pixels] of images[f].entries())
      image.set(pixels, plane * ((coil * volumes + volume) * slices.length + slice));
  });

  const sides = data.reconFov.map((fov, a) => fov / (data.encodedMatrix[a] === 1 ? 1 : data.reconMatrix[a]));
  const known = Math.max(...sides);
  const voxel = sides.map((side) => (side > 0 ? side : known)) as unknown as [number, number, number];
  if (slices.length > 1 && spacing !== undefined) voxel[2] = spacing / partitions;

  const { position } = slices[0].geometry;
  const origin = [0, 1, 2].map((lps) =>
    directions.reduce((sum, axis, a) => sum - axis[lps] * Math.floor(matrix[a] / 2) * voxel[a], position[lps]),
  ) as unknown as Triple<number>;
  return {
    data: image,
    matrix: [nx, ny, partitions * slices.length],
    coils,
    contrasts: contrasts.length,
    repetitions,
    voxel,
    origin,
    directions,
    method,
    notes: complaint ? [...notes, complaint] : notes,
  };
}

/** One frame per slice, by position along the normal if the file has positions, else by number. */
function orderSlices(
  frames: readonly Frame[],
  normal: Triple<number>,
): { slices: Frame[]; spacing?: number; complaint?: string } {
  const slices = [...new Map(frames.map((frame) => [frame.slice, frame])).values()].sort((a, b) => a.slice - b.slice);
  const height = ({ geometry }: Frame): number => geometry.position.reduce((sum, r, a) => sum + r * normal[a], 0);
  const heights = slices.map(height).sort((a, b) => a - b);
  const gaps = heights.slice(1).map((h, i) => h - heights[i]);
  if (gaps.length === 0) return { slices };
  if (gaps.some((gap) => gap < SAME_PLACE)) {
    return { slices, complaint: 'slices have no positions of their own: stacked by number, one slice thickness apart' };
  }
  slices.sort((a, b) => height(a) - height(b));
  const spacing = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const uneven = gaps.some((gap) => Math.abs(gap - spacing) > UNEVEN * spacing);
  return {
    slices,
    spacing,
    ...(uneven ? { complaint: 'slices are unevenly spaced: the mean distance is given' } : {}),
  };
}
