/**
 * Orientation of planes for viewing: the direction of each image axis, independent of the readout
 * direction.
 */
import type { Image, Triple } from './image.ts';

/** The image axes along rows, columns and from plane to plane, and whether each is reversed. */
export interface View {
  readonly axes: Triple<number>;
  readonly flip: readonly [boolean, boolean];
}

/** Directions of right and down in the patient (LPS), by the main axis of the plane's normal. */
const PICTURE: Triple<readonly [right: Triple<number>, down: Triple<number>]> = [
  // Sagittal: posterior to the right, feet below. Coronal: left to the right, feet below. Axial:
  // left, posterior.
  [
    [0, 1, 0],
    [0, 0, -1],
  ],
  [
    [1, 0, 0],
    [0, 0, -1],
  ],
  [
    [1, 0, 0],
    [0, 1, 0],
  ],
];

/**
 * The plane to show: that of the image's x and y axes, unless one of these has a single pixel and z
 * has several. The axis closer to the right of the picture runs along rows, independent of the
 * readout direction.
 */
export function chooseView({ matrix, directions }: Pick<Image, 'matrix' | 'directions'>): View {
  let plane: Triple<number> = [0, 1, 2];
  if (matrix[2] > 1 && matrix[1] === 1) plane = [0, 2, 1];
  else if (matrix[2] > 1 && matrix[0] === 1) plane = [1, 2, 0];
  const normal = directions[plane[2]].map(Math.abs);
  const [right, down] = PICTURE[normal.indexOf(Math.max(...normal))];
  const along = (axis: number, way: Triple<number>): number =>
    directions[axis].reduce((sum, component, lps) => sum + component * way[lps], 0);
  const fit = (row: number, column: number): number => Math.abs(along(row, right)) + Math.abs(along(column, down));
  const turned = fit(plane[1], plane[0]) > fit(plane[0], plane[1]) * (1 + 1e-6);
  const [row, column] = turned ? [plane[1], plane[0]] : [plane[0], plane[1]];
  return { axes: [row, column, plane[2]], flip: [along(row, right) < 0, along(column, down) < 0] };
}
