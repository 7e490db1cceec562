/**
 * Figures as the bytes that a terminal draws: kitty's graphics protocol (a PNG in pieces), sixel
 * (six rows of pixels at a time, from a palette), or block characters of two pixels each.
 * `cli/terminal.ts` finds out what the terminal can draw.
 */
import type { Pixels } from './png.ts';

export type Protocol = 'kitty' | 'sixel' | 'blocks';

const ESCAPE = '\x1b';
const END = `${ESCAPE}\\`;
/** Base64 characters of one message of kitty's protocol, at most. */
const PIECE = 4096;

/** @param columns of the terminal over which the picture reaches */
export function kittyBytes(png: Uint8Array, columns: number): Buffer {
  const text = Buffer.from(png).toString('base64');
  const messages: string[] = [];
  for (let from = 0; from < text.length; from += PIECE) {
    const more = from + PIECE < text.length ? 1 : 0;
    // a=T: transmit and show; f=100: PNG; q=2: no answers, which would be typed into the shell.
    const control = from === 0 ? `a=T,f=100,q=2,c=${columns},m=${more}` : `m=${more}`;
    messages.push(`${ESCAPE}_G${control};${text.slice(from, from + PIECE)}${END}`);
  }
  return Buffer.from(`${messages.join('')}\n`);
}

/** The palette of 256-colour terminals from its 17th entry: a cube of 6×6×6 and 24 greys. */
const LEVELS = [0, 95, 135, 175, 215, 255] as const;
const FIRST = 16;
const FIRST_GREY = FIRST + 216;
const GREYS = 24;
const greyOf = (n: number): number => 8 + 10 * n;

export function paletteColour(index: number): readonly [r: number, g: number, b: number] {
  if (index >= FIRST_GREY) {
    const grey = greyOf(index - FIRST_GREY);
    return [grey, grey, grey];
  }
  const n = index - FIRST;
  return [LEVELS[Math.floor(n / 36)], LEVELS[Math.floor(n / 6) % 6], LEVELS[n % 6]];
}

const nearestLevel = (value: number): number =>
  value < 48 ? 0 : value < 115 ? 1 : Math.min(5, Math.round((value - 55) / 40));

/** The entry nearest to a colour. */
function nearestColour(r: number, g: number, b: number): number {
  const cube = FIRST + 36 * nearestLevel(r) + 6 * nearestLevel(g) + nearestLevel(b);
  const grey = FIRST_GREY + Math.min(GREYS - 1, Math.max(0, Math.round(((r + g + b) / 3 - 8) / 10)));
  const distance = (index: number): number => {
    const [x, y, z] = paletteColour(index);
    return (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2;
  };
  return distance(grey) < distance(cube) ? grey : cube;
}

export function sixelBytes({ width, height, rgba }: Pixels): Buffer {
  const indices = new Uint8Array(width * height);
  const known = new Map<number, number>();
  for (let n = 0; n < indices.length; n++) {
    const [r, g, b] = [rgba[4 * n], rgba[4 * n + 1], rgba[4 * n + 2]];
    const key = (r << 16) | (g << 8) | b;
    const index = known.get(key) ?? nearestColour(r, g, b);
    known.set(key, index);
    indices[n] = index;
  }
  const percent = (value: number): number => Math.round((value * 100) / 255);
  const colours = [...new Set(known.values())].map(
    (index) => `#${index};2;${paletteColour(index).map(percent).join(';')}`,
  );
  const bands: string[] = [];
  for (let top = 0; top < height; top += 6) bands.push(sixelBand(indices, width, top, Math.min(6, height - top)));
  return Buffer.from(`${ESCAPE}Pq"1;1;${width};${height}${colours.join('')}${bands.join('-')}${END}\n`);
}

/**
 * Six rows: each colour in them by a character per column, whose six bits say where it is; `!n`
 * repeats.
 */
function sixelBand(indices: Uint8Array, width: number, top: number, rows: number): string {
  const bits = new Map<number, Uint8Array>();
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < width; x++) {
      const index = indices[(top + row) * width + x];
      let own = bits.get(index);
      if (own === undefined) {
        own = new Uint8Array(width);
        bits.set(index, own);
      }
      own[x] |= 1 << row;
    }
  }
  const lines = [...bits].map(([index, columns]) => {
    let text = `#${index}`;
    for (let x = 0; x < width; ) {
      let end = x + 1;
      while (end < width && columns[end] === columns[x]) end++;
      const character = String.fromCharCode(63 + columns[x]);
      text += end - x > 3 ? `!${end - x}${character}` : character.repeat(end - x);
      x = end;
    }
    return text;
  });
  return lines.join('$');
}

/** @param exact 24-bit colours, else those of the palette */
export function blockBytes({ width, height, rgba }: Pixels, exact: boolean): Buffer {
  const colour = (x: number, y: number): string => {
    if (y >= height) return 'default';
    const at = 4 * (y * width + x);
    const [r, g, b] = [rgba[at], rgba[at + 1], rgba[at + 2]];
    return exact ? `2;${r};${g};${b}` : `5;${nearestColour(r, g, b)}`;
  };
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    let before = '';
    for (let x = 0; x < width; x++) {
      const [upper, lower] = [colour(x, y), colour(x, y + 1)];
      const style = lower === 'default' ? `${ESCAPE}[38;${upper};49m` : `${ESCAPE}[38;${upper};48;${lower}m`;
      line += style === before ? '▀' : `${style}▀`;
      before = style;
    }
    lines.push(`${line}${ESCAPE}[0m`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
