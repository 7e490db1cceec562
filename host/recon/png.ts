/**
 * Images for viewing: magnitudes in grey in radiological orientation. In axial planes anterior is
 * up and the patient's left on the right; in the others superior is up. Several planes are arranged
 * as a mosaic, row by row.
 */
import { encode } from 'fast-png';
import { type Image, magnitude, partOf, type RealPart } from './image.ts';
import { chooseView } from './view.ts';

/**
 * Grey values are clipped at this quantile of the non-background pixels, so that a few bright ones
 * do not darken the image.
 */
const WHITE_PERCENTILE = 0.995;

/** Pixels below this fraction of the maximum are background. */
const BACKGROUND = 1e-3;

/** The bytes of an 8-bit grey PNG file. */
export function encodePng(image: Image, part: RealPart = 'magnitude'): Uint8Array {
  const { axes, flip } = chooseView(image);
  const [width, height, deep] = axes.map((axis) => image.matrix[axis]);
  const strides = [1, image.matrix[0], image.matrix[0] * image.matrix[1]];
  const values = partOf(image, part);
  const volumes = image.coils * image.repetitions * image.contrasts;
  const planes = deep * volumes;
  const columns = Math.min(planes, Math.ceil(Math.sqrt((planes * height) / width)));
  const rows = Math.ceil(planes / columns);

  const [black, white] = greyRange(image, part, values);
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
        const grey = Math.round((255 * (value - black)) / (white - black));
        pixels[row * columns * width + column] = Math.min(255, Math.max(0, grey));
      }
    }
  }
  return encode({ width: columns * width, height: rows * height, data: pixels, depth: 8, channels: 1 });
}

/** Values shown as black and white: for signed parts, 0 is the middle grey. */
function greyRange(image: Image, part: RealPart, values: Float32Array): readonly [black: number, white: number] {
  if (part === 'phase') return [-Math.PI, Math.PI];
  const white = whiteLevel(part === 'magnitude' ? values : magnitude(image));
  return [part === 'magnitude' ? 0 : -white, white];
}

/** The magnitude shown white. */
export function whiteLevel(values: Float32Array): number {
  const maximum = values.reduce((most, value) => Math.max(most, value), 0);
  if (maximum === 0) return 1;
  const bright = values.filter((value) => value > BACKGROUND * maximum).sort();
  return bright[Math.floor(WHITE_PERCENTILE * (bright.length - 1))];
}
