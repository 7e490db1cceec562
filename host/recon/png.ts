/**
 * Images to look at: magnitudes in grey, as a radiologist holds them. Anterior is up and the patient's left on the right
 * in axial planes, superior up in the others; several planes are laid out as a mosaic, row by row.
 */
import { encode } from 'fast-png';
import { type Image, magnitude, type Triple } from './image.ts';

/** The brightest part of a thousand of what is not background is cut off, lest one pixel darken all others. */
const WHITE_PERCENTILE = 0.995;

/** Pixels below this part of the maximum count as background. */
const BACKGROUND = 1e-3;

/** Which image axis runs along rows, columns and from plane to plane, and whether it runs against the picture. */
interface View {
  readonly axes: Triple<number>;
  readonly flip: readonly [boolean, boolean];
}

/** Where right and down of the picture point in the patient (LPS), by the main axis of the plane's normal. */
const PICTURE: Triple<readonly [right: Triple<number>, down: Triple<number>]> = [
  // Sagittal: posterior to the right, feet below. Coronal: left to the right, feet below. Axial: left, posterior.
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
 * The plane to show: of the image's x and y axes, unless one of these has a single pixel and z has not. Of its two axes
 * that one runs along rows which lies nearer to the picture's right, whichever of them the scan read along.
 */
function chooseView({ matrix, directions }: Image): View {
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

/** The bytes of an 8-bit grey PNG file. */
export function encodePng(image: Image): Uint8Array {
  const { axes, flip } = chooseView(image);
  const [width, height, deep] = axes.map((axis) => image.matrix[axis]);
  const strides = [1, image.matrix[0], image.matrix[0] * image.matrix[1]];
  const values = magnitude(image);
  const volumes = image.repetitions * image.contrasts;
  const planes = deep * volumes;
  const columns = Math.min(planes, Math.ceil(Math.sqrt((planes * height) / width)));
  const rows = Math.ceil(planes / columns);

  const white = whiteLevel(values);
  const pixels = new Uint8Array(columns * width * rows * height);
  for (let plane = 0; plane < planes; plane++) {
    const from = Math.floor(plane / deep) * width * height * deep + (plane % deep) * strides[axes[2]];
    const left = (plane % columns) * width;
    const above = Math.floor(plane / columns) * height;
    for (let v = 0; v < height; v++) {
      for (let u = 0; u < width; u++) {
        const column = left + (flip[0] ? width - 1 - u : u);
        const row = above + (flip[1] ? height - 1 - v : v);
        const value = values[from + u * strides[axes[0]] + v * strides[axes[1]]];
        pixels[row * columns * width + column] = Math.min(255, Math.round((255 * value) / white));
      }
    }
  }
  return encode({ width: columns * width, height: rows * height, data: pixels, depth: 8, channels: 1 });
}

/** The magnitude shown white; black is 0. */
function whiteLevel(values: Float32Array): number {
  const maximum = values.reduce((most, value) => Math.max(most, value), 0);
  if (maximum === 0) return 1;
  const bright = values.filter((value) => value > BACKGROUND * maximum).sort();
  return bright[Math.floor(WHITE_PERCENTILE * (bright.length - 1))];
}
