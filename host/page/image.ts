/**
 * The reconstructed image: any plane of it, its parts, and the window of values from black to
 * white.
 */
import { cyclic, grey } from '../figures/colours.ts';
import { shortNumber } from '../figures/units.ts';
import type { ImageDimension, ImageData as ImageRecord } from '../html/types.ts';
import { button, choice, el, section, slider } from './dom.ts';
import { makePicture } from './picture.ts';
import { placeText } from './place.ts';

type Part = 'magnitude' | 'real' | 'imaginary';
const PARTS: readonly Part[] = ['magnitude', 'real', 'imaginary'];
/**
 * Pixels of a phase map below this fraction of the largest magnitude are black, because their phase
 * is noise.
 */
const FAINT = 0.02;

const NAMES: Readonly<Record<ImageDimension, string>> = {
  coil: 'coil',
  repetition: 'repetition',
  contrast: 'echo',
  slice: 'slice',
};

/** The reader's choices, kept while a live page is drawn again. */
let part: Part = 'magnitude';

export function imageSection(image: ImageRecord): HTMLElement {
  const { columns, rows, kept, counts, letters, pixel } = image;
  const at: Record<ImageDimension, number> = {
    coil: 0,
    repetition: 0,
    contrast: 0,
    slice: Math.floor(kept.slice.length / 2),
  };
  let window = { low: 0, high: image.white };

  const { valueIn, describe } = pixelsOf(image, at);
  let begun = window;
  const onDrag = (x: number, y: number, isStart: boolean): void => {
    if (isStart) begun = window;
    const width = (begun.high - begun.low) * 2 ** (2 * x);
    const level = (begun.low + begun.high) / 2 + y * (begun.high - begun.low);
    setWindow(level - width / 2, level + width / 2);
  };
  const onMove = (column: number, row: number): void => {
    for (const picture of [main, phase]) picture.move(column, row);
  };
  const raster = { columns, rows, pixel, letters };
  const main = makePicture({ ...raster, label: 'image' }, { describe, onMove, onDrag });
  const phase = makePicture({ ...raster, label: 'phase' }, { describe, onMove });
  const draw = (): void => {
    main.draw({ value: valueIn[part], range: [window.low, window.high], map: grey });
    phase.draw({ value: valueIn.phase, range: [-Math.PI, Math.PI], map: cyclic });
    phaseFigure.hidden = !(image.hasPhase || kept.coil[at.coil] >= 0);
  };
  const range = { min: -100, max: 150, step: 0.5 };
  const percent = (value: number): string => `${Number(value.toFixed(1))} %`;
  const black = slider('black at', { ...range, value: 0 }, percent, (value) =>
    setWindow((value * image.white) / 100, window.high),
  );
  const white = slider('white at', { ...range, value: 100 }, percent, (value) =>
    setWindow(window.low, (value * image.white) / 100),
  );
  const setWindow = (low: number, high: number): void => {
    const least = image.white / 500;
    window = { low, high: Math.max(low + least, high) };
    black.set((100 * window.low) / image.white);
    white.set((100 * window.high) / image.white);
    draw();
  };
  const standard = (): void => setWindow(part === 'magnitude' ? 0 : -image.white, image.white);

  const controls = (Object.keys(counts) as ImageDimension[])
    .filter((name) => kept[name].length > 1)
    .map((name) => {
      const text = (n: number): string =>
        kept[name][n] < 0 ? 'all' : `${kept[name][n] + 1} of ${name === 'coil' ? counts.coil - 1 : counts[name]}`;
      return slider(NAMES[name], { min: 0, max: kept[name].length - 1, step: 1, value: at[name] }, text, (n) => {
        at[name] = n;
        draw();
      }).element;
    });
  const parts = choice('part of the image', PARTS, part, (word) => {
    part = word;
    standard();
  });
  const phaseFigure = el('figure', {}, el('figcaption', {}, 'Phase [rad]'), phase.element);
  standard();
  return section(
    'image',
    'Image',
    `What a reconstruction makes of the raw data. ${image.caption}. Drag on the left picture to change contrast and brightness.`,
    el(
      'div',
      { class: 'controls' },
      parts,
      ...controls,
      black.element,
      white.element,
      button('Standard window', 'black at 0, white at the brightest tissue', standard),
    ),
    el('div', { class: 'pair' }, el('figure', {}, el('figcaption', {}, 'Image'), main.element), phaseFigure),
  );
}

type PixelValue = (column: number, row: number) => number;

/** Values of pixels of the plane `at`, which changes, and what is said of them. */
function pixelsOf(
  image: ImageRecord,
  at: Readonly<Record<ImageDimension, number>>,
): {
  readonly valueIn: Readonly<Record<Part | 'phase', PixelValue>>;
  readonly describe: (column: number, row: number) => string;
} {
  const { columns, rows, kept, values, corner, steps, largest } = image;
  const complex = (column: number, row: number): [number, number] => {
    const plane =
      ((at.coil * kept.repetition.length + at.repetition) * kept.contrast.length + at.contrast) * kept.slice.length +
      at.slice;
    const line = plane * rows + row;
    const n = 2 * (line * columns + column);
    const scale = values.scales[line];
    return [scale * values.values[n], scale * values.values[n + 1]];
  };
  const valueIn: Readonly<Record<Part | 'phase', PixelValue>> = {
    magnitude: (column, row) => Math.hypot(...complex(column, row)),
    real: (column, row) => complex(column, row)[0],
    imaginary: (column, row) => complex(column, row)[1],
    phase: (column, row) => {
      const [re, im] = complex(column, row);
      return Math.hypot(re, im) < FAINT * largest ? Number.NaN : Math.atan2(im, re);
    },
  };
  const describe = (column: number, row: number): string => {
    const slice = kept.slice[at.slice];
    const place = corner.map(
      (begin, lps) => begin + column * steps[0][lps] + row * steps[1][lps] + slice * steps[2][lps],
    );
    const [re, im] = complex(column, row);
    const phase =
      image.hasPhase || kept.coil[at.coil] >= 0
        ? `, phase ${shortNumber(Number(Math.atan2(im, re).toPrecision(3)))} rad`
        : '';
    return `(${column + 1}, ${row + 1}) at ${placeText(place)}: magnitude ${shortNumber(Math.hypot(re, im))}${phase}`;
  };
  return { valueIn, describe };
}
