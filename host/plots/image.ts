/**
 * Reconstructed images with the patient's directions, a scale bar and a window: one plane large,
 * many as a contact sheet.
 */
import { basename } from 'node:path';
import { badInput, usage } from '../base/errors.ts';
import { type ColourMap, cyclic, grey } from '../figures/colours.ts';
import type { Figure, Mark, Panel } from '../figures/types.ts';
import { quantity, roundBelow, shortNumber } from '../figures/units.ts';
import { type Image, magnitude, partOf, type RealPart } from '../recon/image.ts';
import { whiteLevel } from '../recon/png.ts';
import { chooseView, type View } from '../recon/view.ts';
import { edgeLetters } from './anatomy.ts';

/** Values shown as black and white; `percent` of the largest magnitude. */
export interface Window {
  readonly low: number;
  readonly high: number;
  readonly percent: boolean;
}

export interface ImagePlotOptions {
  /** Default: magnitude. */
  readonly parts?: readonly RealPart[];
  readonly window?: Window;
}

/**
 * `0:0.5` in the image's own values, or `5%:80%` of the largest magnitude.
 * @throws LarmorError 2
 */
export function parseWindow(text: string): Window {
  const [, low, percent, high, second] = text.match(/^([^:%]+)(%?):([^:%]+)(%?)$/) ?? [];
  const window = { low: Number(low), high: Number(high), percent: percent === '%' };
  const isNumber =
    low?.trim() !== '' && high?.trim() !== '' && Number.isFinite(window.low) && Number.isFinite(window.high);
  if (!isNumber || percent !== second)
    throw usage(`--window ${text} is not LOW:HIGH`, 'give for example 0:0.5, or 0%:60% of the largest magnitude');
  if (!(window.high > window.low))
    throw usage(`--window ${text} is empty`, 'the second value is shown white and must be the larger');
  return window;
}

/** Planes on a sheet at most. */
const MOST_PLANES = 48;

/** @throws LarmorError 65 when no pixel has a signal */
export function imagePlot(name: string, image: Image, { parts = [], window }: ImagePlotOptions = {}): Figure {
  const sizes = magnitude(image);
  const largest = sizes.reduce((most, value) => Math.max(most, value), 0);
  if (!(largest > 0)) throw badInput(name, 'makes an image of zeros', 'the signal is zero: check sequence and phantom');
  const view = chooseView(image);
  const planes = planesOf(image, view);
  const shown =
    planes.length <= MOST_PLANES
      ? planes
      : Array.from({ length: MOST_PLANES }, (_, n) => planes[Math.floor((n * planes.length) / MOST_PLANES)]);
  const wanted = parts.length === 0 ? (['magnitude'] as const) : parts;
  const styles = wanted.map((part) => styleOf(part, image, sizes, largest, window));
  const rows =
    shown.length === 1
      ? [styles.map((style) => planePanel(image, view, shown[0], style, true))]
      : styles.flatMap((style) => sheet(image, view, shown, style));
  return {
    title: `${basename(name)}: ${wanted.join(' and ')}`,
    caption: caption(image, view, styles, shown.length, planes.length),
    rows,
  };
}

interface PlaneNumber {
  readonly coil: number;
  readonly repetition: number;
  readonly contrast: number;
  readonly slice: number;
}

function planesOf({ matrix, coils, contrasts, repetitions }: Image, { axes }: View): PlaneNumber[] {
  const slices = matrix[axes[2]];
  return Array.from({ length: coils * repetitions * contrasts * slices }, (_, n) => ({
    slice: n % slices,
    contrast: Math.floor(n / slices) % contrasts,
    repetition: Math.floor(n / (slices * contrasts)) % repetitions,
    coil: Math.floor(n / (slices * contrasts * repetitions)),
  }));
}

interface PartStyle {
  readonly part: RealPart;
  readonly range: readonly [number, number];
  readonly map: ColourMap;
  /** Value of pixel n. */
  readonly value: (n: number) => number;
}

/**
 * Pixels of a phase map below this fraction of the largest magnitude are black, because their phase
 * is noise.
 */
const FAINT = 0.02;

function styleOf(part: RealPart, image: Image, sizes: Float32Array, largest: number, window?: Window): PartStyle {
  const scale = window?.percent ? largest / 100 : 1;
  const white = whiteLevel(sizes);
  const values = partOf(image, part);
  if (part === 'phase') {
    const value = (n: number): number => (sizes[n] < FAINT * largest ? Number.NaN : values[n]);
    return { part, range: [-Math.PI, Math.PI], map: cyclic, value };
  }
  const usual = [part === 'magnitude' ? 0 : -white, white] as const;
  const range = window === undefined ? usual : ([window.low * scale, window.high * scale] as const);
  return { part, range, map: grey, value: (n) => values[n] };
}

/** Rows of planes that are together nearly square. */
function sheet(image: Image, view: View, planes: readonly PlaneNumber[], style: PartStyle): Panel[][] {
  const [width, height] = sides(image, view);
  const columns = Math.min(
    planes.length,
    Math.max(2, Math.min(8, Math.ceil(Math.sqrt((planes.length * height) / width)))),
  );
  const rows: Panel[][] = [];
  for (let first = 0; first < planes.length; first += columns) {
    const row = planes.slice(first, first + columns).map((plane) => planePanel(image, view, plane, style, false));
    rows.push(row.map((panel) => ({ ...panel, places: columns })));
  }
  return rows;
}

const sides = ({ matrix, voxel }: Image, { axes }: View): [number, number] => [
  matrix[axes[0]] * voxel[axes[0]],
  matrix[axes[1]] * voxel[axes[1]],
];

function planePanel(
  image: Image,
  view: View,
  number: PlaneNumber,
  { part, range, map, value }: PartStyle,
  isLarge: boolean,
): Panel {
  const { matrix, directions, coils, contrasts, repetitions } = image;
  const [width, height] = sides(image, view);
  const [columns, rows] = [matrix[view.axes[0]], matrix[view.axes[1]]];
  const rgba = new Uint8Array(4 * columns * rows);
  const strides = [1, matrix[0], matrix[0] * matrix[1]];
  const volume = matrix[0] * matrix[1] * matrix[2];
  const numbered = (number.coil * repetitions + number.repetition) * contrasts + number.contrast;
  const first = numbered * volume + number.slice * strides[view.axes[2]];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const u = view.flip[0] ? columns - 1 - column : column;
      const v = view.flip[1] ? rows - 1 - row : row;
      const shown = value(first + u * strides[view.axes[0]] + v * strides[view.axes[1]]);
      const colour = Number.isNaN(shown) ? [0, 0, 0] : map((shown - range[0]) / (range[1] - range[0]));
      rgba.set([...colour, 255], 4 * (row * columns + column));
    }
  const x = [0, width] as const;
  const y = [height, 0] as const;
  const way = (axis: number, flip: boolean): number[] => directions[axis].map((part) => (flip ? -part : part));
  const letters = edgeLetters(way(view.axes[0], view.flip[0]), way(view.axes[1], view.flip[1]), x, y);
  const names = [
    coils > 1 ? `coil ${number.coil + 1}` : '',
    matrix[view.axes[2]] > 1 ? `slice ${number.slice + 1}` : '',
    contrasts > 1 ? `contrast ${number.contrast + 1}` : '',
    repetitions > 1 ? `repetition ${number.repetition + 1}` : '',
  ].filter(Boolean);
  return {
    title: isLarge ? part : names.join(', '),
    x: { label: '', unit: 'm', range: x, ticks: [] },
    y: { label: '', unit: 'm', range: y, ticks: [] },
    marks: [
      { kind: 'raster', columns, rows, rgba, x: [0, width], y: [0, height] },
      ...letters,
      ...scaleBar(width, height),
    ],
    height: isLarge ? 620 : 300,
    equal: true,
    picture: true,
    ...(isLarge
      ? { colourBar: { label: part === 'phase' ? 'phase' : '', unit: part === 'phase' ? 'rad' : '', range, map } }
      : {}),
  };
}

/**
 * The magnitude of the middle plane, of the first contrast and repetition: one picture on a sheet
 * of several images.
 */
export function middlePlane(image: Image, range: readonly [number, number], title: string): Panel {
  const view = chooseView(image);
  const values = magnitude(image);
  const plane = { coil: 0, repetition: 0, contrast: 0, slice: Math.floor(image.matrix[view.axes[2]] / 2) };
  const style: PartStyle = { part: 'magnitude', range, map: grey, value: (n) => values[n] };
  return { ...planePanel(image, view, plane, style, false), title };
}

/** A round length of a fifth to a half of the picture, at its lower left. */
function scaleBar(width: number, height: number): Mark[] {
  const length = roundBelow(width / 3);
  const [left, bottom] = [0.04 * width, 0.96 * height];
  const bar: Mark = {
    kind: 'line',
    x: Float64Array.of(left, left + length),
    y: Float64Array.of(bottom, bottom),
    colour: '#ffffff',
    width: 3,
    annotation: true,
  };
  return [
    bar,
    { kind: 'text', x: left, y: bottom, text: quantity(length, 'm'), colour: '#ffffff', shift: [0, -6], halo: true },
  ];
}

function caption(
  { matrix, voxel, method, notes }: Image,
  { axes }: View,
  styles: readonly PartStyle[],
  shown: number,
  all: number,
): string[] {
  const size = `${matrix[axes[0]]} × ${matrix[axes[1]]} pixels of ${quantity(voxel[axes[0]], 'm')} × ${quantity(voxel[axes[1]], 'm')}`;
  const planes = all === 1 ? '' : shown === all ? `; ${all} planes` : `; ${shown} of ${all} planes, evenly chosen`;
  const windows = styles.map(({ part, range }) =>
    part === 'phase'
      ? 'phase from −π to π, faint pixels black'
      : `${part} ${shortNumber(range[0])} is black, ${shortNumber(range[1])} white`,
  );
  return [
    `${size}${planes}. ${windows.join('; ')}.`,
    `By ${method === 'fft' ? 'FFT' : 'gridding'}: ${notes.join('; ')}. R, L: right and left of the patient; A, P: anterior, posterior; H, F: head, feet.`,
  ];
}
