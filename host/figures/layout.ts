/** Positions of panels in a figure: pixels of the SVG, from the top left. */
import type { Axis, Figure, Panel } from './types.ts';

/** Width of every figure [px]; heights follow from the panels. */
export const WIDTH = 1000;

/** Font sizes [px]. */
export const FONT = { tick: 11.5, label: 12.5, title: 15, caption: 12 } as const;

/** Mean width of a character in the figure's font, by its size: an estimate, on the safe side. */
const CHARACTER = 0.61;
export const textWidth = (text: string, size: number): number => CHARACTER * size * [...text].length;

export interface Placed {
  readonly panel: Panel;
  /** Plot area between the axes. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly panels: readonly Placed[];
  /** Baseline of each line of the caption. */
  readonly caption: readonly { readonly text: string; readonly y: number }[];
  readonly height: number;
}

const EDGE = 16;
const CAPTION_LINE = 17;

const hasTicks = ({ ticks }: Axis): boolean => ticks === undefined || ticks.length > 0;

/** Space around a panel's plot area for its texts. */
function margins({ x, y, title, picture, legend, colourBar }: Panel): { l: number; r: number; t: number; b: number } {
  const header = title !== undefined || legend === true;
  const l = picture ? 4 : 20 + (hasTicks(y) ? 40 : 0) + (y.label === '' ? 0 : 12);
  const r = (picture ? 4 : 14) + (colourBar === undefined ? 0 : 74);
  const t = header ? 24 : picture ? 4 : 7;
  const b = picture ? 4 : (hasTicks(x) ? 20 : 3) + (x.label === '' ? 0 : 20);
  return { l, r, t, b };
}

export function layOut({ title, caption, rows }: Figure): Layout {
  const panels: Placed[] = [];
  let top = EDGE + (title === '' ? 0 : 26);
  const columns = columnMargins(rows);
  for (const row of rows) {
    const places = placesOf(row);
    const cell = (WIDTH - 2 * EDGE) / places;
    let tallest = 0;
    for (const [n, panel] of row.entries()) {
      const { t, b } = margins(panel);
      const { l, r } = columns.get(places)![n];
      const room = cell - l - r;
      const { width, height } = panel.equal ? equalSides(panel, room) : { width: room, height: panel.height };
      const left = EDGE + n * cell + l + (room - width) / 2;
      panels.push({ panel, left, top: top + t, width, height });
      tallest = Math.max(tallest, t + height + b);
    }
    top += tallest;
  }
  const lines = caption.flatMap((text) =>
    wrap(text, Math.floor((WIDTH - 2 * EDGE) / (CHARACTER * 0.93 * FONT.caption))),
  );
  const placed = lines.map((text, n) => ({ text, y: top + 14 + (n + 0.6) * CAPTION_LINE }));
  return {
    panels,
    caption: placed,
    height: Math.ceil(top + (lines.length > 0 ? 14 : 0) + lines.length * CAPTION_LINE + EDGE),
  };
}

const placesOf = (row: readonly Panel[]): number => row[0]?.places ?? row.length;

/** Panels above each other have the same x range on paper. By the number of panels in a row. */
function columnMargins(rows: Figure['rows']): Map<number, { l: number; r: number }[]> {
  const columns = new Map<number, { l: number; r: number }[]>();
  for (const row of rows) {
    const known = columns.get(placesOf(row));
    const own = row.map(margins);
    const widest = Array.from({ length: Math.max(own.length, known?.length ?? 0) }, (_, n) => ({
      l: Math.max(own[n]?.l ?? 0, known?.[n]?.l ?? 0),
      r: Math.max(own[n]?.r ?? 0, known?.[n]?.r ?? 0),
    }));
    columns.set(placesOf(row), widest);
  }
  return columns;
}

/** The largest plot area in `room` that shows both axes at one scale. */
function equalSides({ x, y, height }: Panel, room: number): { width: number; height: number } {
  const aspect = Math.abs(x.range[1] - x.range[0]) / Math.abs(y.range[1] - y.range[0]) || 1;
  return aspect * height > room
    ? { width: room, height: Math.max(4, room / aspect) }
    : { width: aspect * height, height };
}

function wrap(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > most) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
