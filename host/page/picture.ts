/**
 * A picture of values: pixels on a canvas, the patient's directions at its edges, a scale bar, and
 * a cursor that mouse and arrow keys move, whose value is said.
 */

import type { Meters } from '../base/units.ts';
import type { ColourMap } from '../figures/colours.ts';
import { quantity, roundBelow, shortNumber } from '../figures/units.ts';
import { el } from './dom.ts';

export interface Raster {
  readonly columns: number;
  readonly rows: number;
  readonly pixel: readonly [Meters, Meters];
  readonly letters: readonly [left: string, right: string, top: string, bottom: string];
  readonly label: string;
}

export interface Pixels {
  /** NaN: black. */
  value(column: number, row: number): number;
  readonly range: readonly [number, number];
  readonly map: ColourMap;
}

export interface Picture {
  readonly element: HTMLElement;
  draw(pixels: Pixels): void;
  /** Puts the cursor on a pixel. */
  move(column: number, row: number): void;
}

export interface PictureEvents {
  /** The pixel under the cursor, in words. */
  describe(column: number, row: number): string;
  /** The reader moved the cursor. */
  onMove?(column: number, row: number): void;
  /** Dragged with the mouse over the picture, in parts of its size; the cursor stays. */
  onDrag?(x: number, y: number, isStart: boolean): void;
}

export function makePicture(
  { columns, rows, pixel, letters, label }: Raster,
  { describe, onMove, onDrag }: PictureEvents,
): Picture {
  const canvas = el('canvas', {
    ...{ width: columns, height: rows },
    tabindex: 0,
    role: 'application',
    'aria-label': `${label}: arrow keys move the cursor`,
  });
  const context = canvas.getContext('2d')!;
  const [width, height] = [columns * pixel[0], rows * pixel[1]];
  const bar = roundBelow(width / 3);
  const lines = [el('i', { class: 'across' }), el('i', { class: 'down' })] as const;
  const frame = el(
    'div',
    { class: 'frame' },
    canvas,
    ...lines,
    ...letters.map((letter, edge) => el('b', { class: `edge edge-${edge}`, 'aria-hidden': 'true' }, letter)),
    el('span', { class: 'bar', 'aria-hidden': 'true' }, quantity(bar, 'm')),
  );
  frame.style.aspectRatio = `${width} / ${height}`;
  (frame.querySelector('.bar') as HTMLElement).style.width = `${(100 * bar) / width}%`;
  const said = el('output', { class: 'said', 'aria-live': 'polite' }, ' ');
  const colours = el('canvas', { class: 'colours', width: 256, height: 1, 'aria-hidden': 'true' });
  const ends = [el('span'), el('span')] as const;
  let at: [column: number, row: number] | undefined;

  const say = (): void => {
    if (at !== undefined) said.textContent = describe(at[0], at[1]);
    for (const line of lines) line.hidden = at === undefined;
    if (at === undefined) return;
    lines[0].style.top = `${(100 * (at[1] + 0.5)) / rows}%`;
    lines[1].style.left = `${(100 * (at[0] + 0.5)) / columns}%`;
  };
  const move = (column: number, row: number): void => {
    at = [Math.min(columns - 1, Math.max(0, column)), Math.min(rows - 1, Math.max(0, row))];
    say();
  };
  const moved = (column: number, row: number): void => {
    move(column, row);
    onMove?.(...at!);
  };
  onCursor(canvas, { columns, rows }, () => at, moved, onDrag);
  say();

  return {
    element: el('div', { class: 'picture' }, frame, el('div', { class: 'scale' }, ends[0], colours, ends[1]), said),
    draw(pixels) {
      paint(context, pixels, columns, rows);
      paintScale(colours.getContext('2d')!, pixels.map);
      const [low, high] = pixels.range;
      for (const [n, end] of ends.entries()) end.textContent = shortNumber(Number([low, high][n].toPrecision(3)));
      say();
    },
    move,
  };
}

/** Moves the cursor by mouse and arrow keys, from where it is. */
function onCursor(
  canvas: HTMLCanvasElement,
  { columns, rows }: Pick<Raster, 'columns' | 'rows'>,
  where: () => [column: number, row: number] | undefined,
  moved: (column: number, row: number) => void,
  onDrag: PictureEvents['onDrag'],
): void {
  const placeOf = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  let from: [number, number] | undefined;
  canvas.addEventListener('pointermove', (event) => {
    const [x, y] = placeOf(event);
    if (from !== undefined && onDrag) onDrag(x - from[0], y - from[1], false);
    else moved(Math.floor(x * columns), Math.floor(y * rows));
  });
  canvas.addEventListener('pointerdown', (event) => {
    if (!onDrag || event.pointerType === 'touch') return;
    from = placeOf(event);
    onDrag(0, 0, true);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointerup', () => {
    from = undefined;
  });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    const [column, row] = where() ?? [Math.floor(columns / 2), Math.floor(rows / 2)];
    moved(column + far * step[0], row + far * step[1]);
  });
}

function paint(
  context: CanvasRenderingContext2D,
  { value, range: [low, high], map }: Pixels,
  columns: number,
  rows: number,
): void {
  const image = context.createImageData(columns, rows);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i += 4) {
      const here = value(column, row);
      const [r, g, b] = Number.isNaN(here) ? [0, 0, 0] : map((here - low) / (high - low));
      image.data[i] = r;
      image.data[i + 1] = g;
      image.data[i + 2] = b;
      image.data[i + 3] = 255;
    }
  context.putImageData(image, 0, 0);
}

/** Colours from the least value to the largest. */
function paintScale(shades: CanvasRenderingContext2D, map: ColourMap): void {
  const row = shades.createImageData(256, 1);
  for (let n = 0; n < 256; n++) row.data.set([...map(n / 255), 255], 4 * n);
  shades.putImageData(row, 0, 0);
}
