/**
 * Figures as SVG. Text remains text, so that it can be searched, edited and read aloud; images are
 * embedded PNG. Coordinates have a resolution of a hundredth of a pixel.
 */
import { encode } from 'fast-png';
import { css } from './colours.ts';
import { FONT, type Layout, layOut, type Placed, textWidth, WIDTH } from './layout.ts';
import type { Axis, Colour, ColourBar, Figure, Mark, Panel } from './types.ts';
import { scaledUnit, type Tick, ticksOf } from './units.ts';

/** Fonts that viewers of SVG have; the first is the one that PNGs are drawn with. */
const FONTS = 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif';
const INK = '#222222';
const GRID = '#e9e9e9';

/** Most points of one path: the time of renderers grows as the square of it if a line is dense. */
const PATH_POINTS = 200;

export function svgText(figure: Figure): string {
  const layout = layOut(figure);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${layout.height}" viewBox="0 0 ${WIDTH} ${layout.height}" font-family="${FONTS}" role="img">`,
    `<title>${escapeXml(figure.title)}</title>`,
    `<desc>${escapeXml(figure.caption.join(' '))}</desc>`,
    `<rect width="${WIDTH}" height="${layout.height}" fill="#ffffff"/>`,
    figure.title === '' ? '' : label(WIDTH / 2, 30, figure.title, { size: FONT.title, anchor: 'middle' }),
    ...layout.panels.map((placed, n) => panelSvg(placed, n)),
    ...layout.caption.map(({ text, y }) => label(24, y, text, { size: FONT.caption, colour: '#555555' })),
    '</svg>',
  ];
  return `${parts.filter(Boolean).join('\n')}\n`;
}

export function svgHeight(figure: Figure): Layout['height'] {
  return layOut(figure).height;
}

const px = (value: number): string => String(Math.round(value * 100) / 100);

/**
 * Names come from files: characters that XML does not allow, or that change the direction of text,
 * are replaced.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(NOT_XML, '�')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

interface Style {
  readonly size?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly colour?: Colour;
  readonly rotated?: boolean;
  /** Outlined in black, to be read on any picture. */
  readonly halo?: boolean;
}

function label(
  x: number,
  y: number,
  text: string,
  { size = FONT.tick, anchor = 'start', colour = INK, rotated, halo }: Style,
): string {
  const turn = rotated ? ` transform="rotate(-90 ${px(x)} ${px(y)})"` : '';
  const outline = halo ? ' stroke="#000000" stroke-width="2.6" stroke-linejoin="round" paint-order="stroke"' : '';
  const side = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${colour}"${side}${turn}${outline}>${escapeXml(text)}</text>`;
}

const rule = (x1: number, y1: number, x2: number, y2: number, colour: Colour, more = ''): string =>
  `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}" stroke="${colour}"${more}/>`;

/** Data to pixels. */
interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function panelSvg(placed: Placed, n: number): string {
  const { panel, left, top, width, height } = placed;
  const across = (axis: Axis, from: number, length: number) => (value: number) =>
    from + ((value - axis.range[0]) / (axis.range[1] - axis.range[0] || 1)) * length;
  const scale: Scale = { x: across(panel.x, left, width), y: across(panel.y, top + height, -height) };
  const box = `x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}"`;
  const isBlack = panel.picture === true || panel.marks.some(({ kind }) => kind === 'raster');
  return [
    isBlack ? `<rect ${box} fill="#000000"/>` : '',
    panel.picture ? '' : axes(placed, scale, isBlack),
    ...panel.marks.map((mark) => markSvg(within(mark, panel), scale, placed)),
    panel.picture ? '' : `<rect ${box} fill="none" stroke="#777777"/>`,
    panel.title === undefined ? '' : label(left, top - 8, panel.title, { size: FONT.label }),
    panel.legend ? legend(placed) : '',
    panel.colourBar === undefined ? '' : colourBar(panel.colourBar, left + width + 12, top, height, n),
  ]
    .filter(Boolean)
    .join('\n');
}

function axes({ panel, left, top, width, height }: Placed, scale: Scale, isBlack: boolean): string {
  const bottom = top + height;
  const x = axisTicks(panel.x, Math.max(3, width / 80));
  const y = axisTicks(panel.y, Math.max(2, height / 20));
  const grid = isBlack ? undefined : GRID;
  return [
    ...x.ticks.flatMap(({ at, text }) => [
      grid === undefined ? '' : rule(scale.x(at), top, scale.x(at), bottom, grid),
      rule(scale.x(at), bottom, scale.x(at), bottom + 4, '#777777'),
      label(scale.x(at), bottom + 17, text, { anchor: 'middle' }),
    ]),
    ...y.ticks.flatMap(({ at, text }) => [
      grid === undefined ? '' : rule(left, scale.y(at), left + width, scale.y(at), grid),
      rule(left - 4, scale.y(at), left, scale.y(at), '#777777'),
      label(left - 7, scale.y(at) + 4, text, { anchor: 'end' }),
    ]),
    x.title === ''
      ? ''
      : label(left + width / 2, bottom + (x.ticks.length > 0 ? 36 : 18), x.title, {
          size: FONT.label,
          anchor: 'middle',
        }),
    y.title === '' ? '' : yTitle(y.title, y.ticks.length > 0, left, top, height),
  ]
    .filter(Boolean)
    .join('\n');
}

/** Rotated, along the axis; horizontal if there are no ticks. */
function yTitle(title: string, hasTicks: boolean, left: number, top: number, height: number): string {
  if (!hasTicks) return label(left - 8, top + height / 2 + 4, title, { anchor: 'end' });
  const size = Math.max(10.5, Math.min(FONT.label, height / textWidth(title, 1)));
  return label(left - 54, top + height / 2, title, { size, anchor: 'middle', rotated: true });
}

/** Ticks inside the range, and the label with the unit that they are in. */
function axisTicks(
  { label: name, unit, range, ticks }: Axis,
  count: number,
): { ticks: readonly Tick[]; title: string; unitText: string } {
  const { text, size } = scaledUnit(unit, Math.max(Math.abs(range[0]), Math.abs(range[1])));
  const title = name === '' || text === '' ? name : `${name} [${text}]`;
  return { ticks: ticks ?? ticksOf(range[0], range[1], count, size), title, unitText: text };
}

/**
 * The part of a mark inside its panel. Data are cut here rather than clipped by the SVG: renderers
 * draw every clipped group on a separate layer, which takes ten times as long as the figure itself.
 */
function within(mark: Mark, { x: { range } }: Panel): Mark {
  const [from, to] = [Math.min(...range), Math.max(...range)];
  const isInside = (x: number): boolean => Number.isNaN(x) || (x >= from && x <= to);
  if (mark.kind === 'points') return { ...mark, y: mark.y.map((y, n) => (isInside(mark.x[n]) ? y : Number.NaN)) };
  if (mark.kind !== 'line' || mark.x.every(isInside)) return mark;
  const [x, y]: [number[], number[]] = [[], []];
  const push = (px: number, py: number): void => {
    x.push(px);
    y.push(py);
  };
  for (let n = 0; n < mark.x.length; n++) {
    const [x1, y1] = [mark.x[n], mark.y[n]];
    const [x0, y0] = n === 0 ? [Number.NaN, 0] : [mark.x[n - 1], mark.y[n - 1]];
    const edges = (x0 < x1 ? [from, to] : [to, from]).filter((edge) => (x0 - edge) * (x1 - edge) < 0);
    for (const edge of edges) {
      const crossing = y0 + ((y1 - y0) * (edge - x0)) / (x1 - x0);
      push(edge, crossing);
      if (isInside(x0) && !isInside(x1)) push(Number.NaN, Number.NaN);
    }
    if (isInside(x1)) push(x1, y1);
  }
  return { ...mark, x: Float64Array.from(x), y: Float64Array.from(y) };
}

function markSvg(mark: Mark, scale: Scale, { left, top, width, height }: Placed): string {
  switch (mark.kind) {
    case 'line': {
      // Round ends: a piece shorter than a pixel is a dot instead of nothing.
      const ends = mark.dashed ? ' stroke-dasharray="5 4"' : ' stroke-linecap="round"';
      const stroke = `fill="none" stroke="${mark.colour}" stroke-width="${mark.width ?? 1.3}" stroke-linejoin="bevel"${ends}`;
      const fill = mark.filled ? filled(mark, scale) : '';
      return [fill, ...paths(mark.x, mark.y, scale).map((d) => `<path d="${d}" ${stroke}/>`)]
        .filter(Boolean)
        .join('\n');
    }
    case 'points':
      return pointsSvg(mark, scale);
    case 'rule': {
      const dash = mark.dashed ? ' stroke-dasharray="4 3"' : '';
      const [x, y] = [scale.x(mark.at), scale.y(mark.at)];
      const line =
        mark.axis === 'x'
          ? rule(x, top, x, top + height, mark.colour, dash)
          : rule(left, y, left + width, y, mark.colour, dash);
      if (mark.text === undefined) return line;
      const [textX, textY] = mark.axis === 'x' ? [x + 3, top + 12] : [left + 4, y - 4];
      return `${line}\n${label(textX, textY, mark.text, { colour: mark.colour })}`;
    }
    case 'box': {
      const [x0, x1] = mark.x.map(scale.x) as [number, number];
      const [y0, y1] = mark.y.map(scale.y) as [number, number];
      const place = `x="${px(Math.min(x0, x1))}" y="${px(Math.min(y0, y1))}" width="${px(Math.abs(x1 - x0))}" height="${px(Math.abs(y1 - y0))}"`;
      if (mark.filled) return `<rect ${place} fill="${mark.colour}"/>`;
      return `<rect ${place} fill="none" stroke="${mark.colour}"${mark.dashed ? ' stroke-dasharray="4 3"' : ''}/>`;
    }
    case 'text': {
      const [dx, dy] = mark.shift ?? [0, 0];
      const style = { anchor: mark.anchor ?? 'start', colour: mark.colour ?? INK, halo: mark.halo === true } as const;
      return label(scale.x(mark.x) + dx, scale.y(mark.y) + dy, mark.text, style);
    }
    case 'raster': {
      const [x0, x1] = mark.x.map(scale.x) as [number, number];
      const [y0, y1] = mark.y.map(scale.y) as [number, number];
      const png = encode({ width: mark.columns, height: mark.rows, data: mark.rgba, depth: 8, channels: 4 });
      const place = `x="${px(x0)}" y="${px(y0)}" width="${px(x1 - x0)}" height="${px(y1 - y0)}"`;
      const href = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
      return `<image ${place} preserveAspectRatio="none" image-rendering="optimizeSpeed" href="${href}"/>`;
    }
  }
}

/** A line's pieces as path data. */
function paths(x: Float64Array, y: Float64Array, scale: Scale): string[] {
  const all: string[] = [];
  let text = '';
  let points = 0;
  let before = '';
  for (let n = 0; n < x.length; n++) {
    if (Number.isNaN(y[n]) || Number.isNaN(x[n])) {
      before = '';
      continue;
    }
    const point = `${px(scale.x(x[n]))} ${px(scale.y(y[n]))}`;
    if (point === before) continue;
    text += `${before === '' ? 'M' : 'L'}${point}`;
    before = point;
    if (++points < PATH_POINTS) continue;
    all.push(text);
    text = `M${point}`;
    points = 1;
  }
  if (points > 1 || all.length === 0) all.push(text);
  // A move without a line draws nothing.
  return all.filter((path) => path.includes('L'));
}

function filled({ x, y, colour }: Extract<Mark, { kind: 'line' }>, scale: Scale): string {
  const base = px(scale.y(0));
  let d = '';
  let open = '';
  for (let n = 0; n <= x.length; n++) {
    const ends = n === x.length || Number.isNaN(y[n]);
    if (ends) {
      if (open !== '') d += `L${open} ${base}Z`;
      open = '';
      continue;
    }
    const at = px(scale.x(x[n]));
    d += open === '' ? `M${at} ${base}L${at} ${px(scale.y(y[n]))}` : `L${at} ${px(scale.y(y[n]))}`;
    open = at;
  }
  return d === '' ? '' : `<path d="${d}" fill="${colour}" fill-opacity="0.16"/>`;
}

function pointsSvg({ x, y, colours, radius }: Extract<Mark, { kind: 'points' }>, scale: Scale): string {
  // One path for each colour: a circle element per point would be ten times the text.
  const byColour = new Map<Colour, string[]>();
  const r = px(radius);
  for (let n = 0; n < x.length; n++) {
    if (Number.isNaN(y[n])) continue;
    const colour = typeof colours === 'string' ? colours : colours[n];
    const group = byColour.get(colour) ?? [];
    if (group.length === 0) byColour.set(colour, group);
    group.push(`M${px(scale.x(x[n]))} ${px(scale.y(y[n]))}h0`);
  }
  return [...byColour]
    .map(
      ([colour, dots]) =>
        `<path d="${dots.join('')}" stroke="${colour}" stroke-width="${px(2 * Number(r))}" stroke-linecap="round"/>`,
    )
    .join('\n');
}

function legend({ panel, left, top, width }: Placed): string {
  const entries = new Map<string, Mark & { readonly kind: 'line' | 'points' }>();
  for (const mark of panel.marks)
    if ((mark.kind === 'line' || mark.kind === 'points') && mark.name !== undefined && !entries.has(mark.name))
      entries.set(mark.name, mark);
  let right = left + width;
  const parts: string[] = [];
  for (const [name, mark] of [...entries].reverse()) {
    parts.push(label(right, top - 8, name, { anchor: 'end' }));
    right -= textWidth(name, FONT.tick) + 6;
    const colour = mark.kind === 'line' ? mark.colour : typeof mark.colours === 'string' ? mark.colours : INK;
    parts.push(rule(right - 18, top - 12, right, top - 12, colour, ' stroke-width="2.5"'));
    right -= 34;
  }
  return parts.join('\n');
}

function colourBar(
  { label: name, unit, range, map }: ColourBar,
  left: number,
  top: number,
  height: number,
  n: number,
): string {
  const stops = Array.from({ length: 33 }, (_, i) => `<stop offset="${px(i / 32)}" stop-color="${css(map(i / 32))}"/>`);
  const { ticks, unitText } = axisTicks({ label: name, unit, range }, Math.max(2, height / 45));
  const at = (value: number): number => top + height * (1 - (value - range[0]) / (range[1] - range[0] || 1));
  return [
    `<linearGradient id="c${n}" x1="0" y1="1" x2="0" y2="0">${stops.join('')}</linearGradient>`,
    `<rect x="${px(left)}" y="${px(top)}" width="11" height="${px(height)}" fill="url(#c${n})" stroke="#777777" stroke-width="0.6"/>`,
    ...ticks.flatMap(({ at: value, text }) => [
      rule(left + 11, at(value), left + 14, at(value), '#777777'),
      label(left + 17, at(value) + 4, text, {}),
    ]),
    // The panel's title names the content; both must fit in one row.
    label(left - 2, top - 8, unitText === '' ? name : unitText, {}),
  ].join('\n');
}
