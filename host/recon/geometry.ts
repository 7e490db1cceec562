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

/** An image before it has pixels, and where in it each frame belongs. */
export interface Layout extends Omit<Image, 'data' | 'method' | 'notes'> {
  /** Pixels of one frame: a plane, or a volume of `matrix[2]` partitions. */
  readonly frame: Triple<number>;
  /** By the number of the frame; `slice` counts frames along z. */
  readonly places: readonly FramePlace[];
  /** What to remark on the slices' positions. */
  readonly complaint?: string;
}

export interface FramePlace {
  readonly repetition: number;
  readonly contrast: number;
  readonly slice: number;
}

/**
 * @param coils of the image
 * @param frame pixels of one plane (or volume)
 */
export function arrange(data: AcquiredData, frames: readonly Frame[], coils: number, frame: Triple<number>): Layout {
  const { readDirection, phaseDirection, sliceDirection } = frames[0].geometry;
  const directions = [readDirection, phaseDirection, sliceDirection] as const;
  const { slices, spacing, complaint } = orderSlices(frames, sliceDirection);
  const contrasts = [...new Set(frames.map(({ contrast }) => contrast))].sort((a, b) => a - b);
  const repetitions = frames.reduce((most, { repetition }) => Math.max(most, repetition), 0) + 1;
  const sliceNumbers = new Map(slices.map(({ slice }, n) => [slice, n]));
  const places = frames.map(({ repetition, contrast, slice }) => ({
    ...{ repetition, contrast: contrasts.indexOf(contrast), slice: sliceNumbers.get(slice)! },
  }));

  const sides = data.reconFov.map((fov, a) => fov / (data.encodedMatrix[a] === 1 ? 1 : data.reconMatrix[a]));
  const known = Math.max(...sides);
  const voxel = sides.map((side) => (side > 0 ? side : known)) as unknown as [number, number, number];
  if (slices.length > 1 && spacing !== undefined) voxel[2] = spacing / frame[2];

  const { position } = slices[0].geometry;
  const origin = [0, 1, 2].map((lps) =>
    directions.reduce((sum, axis, a) => sum - axis[lps] * Math.floor(frame[a] / 2) * voxel[a], position[lps]),
  ) as unknown as Triple<number>;
  return {
    matrix: [frame[0], frame[1], frame[2] * slices.length],
    ...{ coils, contrasts: contrasts.length, repetitions, voxel, origin, directions, frame, places },
    ...(complaint !== undefined && { complaint }),
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
