/**
 * `larmor plot --show` through the built command under a pseudo terminal, of each kind that it can
 * meet, and where there is none.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { paletteColour } from '../../host/figures/terminal.ts';
import { errorLines, larmor, larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';

const at = temporaryFolder();
const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const helper = fileURLToPath(new URL('terminal.py', import.meta.url));
const PLOT = ['plot', 'sequence', 'fid', '-q'];
const COLUMNS = 100;
/** Pixels across, as the helper's terminal tells them. */
const WIDTH = 800;

before(() => larmorSync([...PLOT, '-o', 'fid.png'], at));

function shown(python: string, kind: string, environment: Readonly<Record<string, string>> = {}): string {
  const env = { ...process.env, COLORTERM: '', ...environment };
  const args = [helper, kind, String(COLUMNS), process.execPath, command, ...PLOT, '--show'];
  const { status, stdout, stderr } = spawnSync(python, args, { cwd: at, env, encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stdout + stderr);
  // The terminal makes a line feed two characters; the query is not part of the figure. An escape
  // is written as its picture.
  const said = stdout.replaceAll('\r', '').replaceAll('\x1b', '␛');
  return said.slice(said.indexOf('␛[c') + 3);
}

test('kitty: the PNG that -o writes, over all columns', (t) => {
  const python = requirePython(t, ['pty', 'termios'], 'python3');
  if (!python) return;
  const messages = shown(python, 'kitty').trimEnd().split('␛\\');
  assert.equal(messages.pop(), '');
  const parts = messages.map((message, n) => {
    const [, control, payload] = message.match(/^␛_G([^;]*);([\w+/=]*)$/)!;
    assert.ok(payload!.length <= 4096);
    const more = n === messages.length - 1 ? 0 : 1;
    assert.equal(control, n === 0 ? `a=T,f=100,q=2,c=${COLUMNS},m=${more}` : `m=${more}`);
    return payload;
  });
  assert.deepEqual(Buffer.from(parts.join(''), 'base64'), readFileSync(join(at, 'fid.png')));
});

/** Colours of all pixels by the definition of sixel: DEC STD 070, chapter 9. */
function decodeSixel(text: string): { width: number; height: number; rgb: Int16Array } {
  const [, w, h, body] = text.match(/^␛Pq"1;1;(\d+);(\d+)([\s\S]*)␛\\\n$/)!;
  const [width, height] = [Number(w), Number(h)];
  const rgb = new Int16Array(3 * width * height).fill(-1);
  const colours = new Map<number, readonly number[]>();
  let [x, top, colour] = [0, 0, -1];
  for (const [token, define, r, g, b, choose, repeat, one, bits] of body!.matchAll(
    /#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|[$-]/g,
  )) {
    if (token === '$') x = 0;
    else if (token === '-') [x, top] = [0, top + 6];
    else if (define !== undefined)
      colours.set(
        Number(define),
        [r, g, b].map((part) => (Number(part) * 255) / 100),
      );
    else if (choose !== undefined) colour = Number(choose);
    else {
      const mask = (one ?? bits)!.charCodeAt(0) - 63;
      for (let n = Number(repeat ?? 1); n > 0; n--, x++)
        for (let row = 0; row < 6; row++) {
          if ((mask & (1 << row)) === 0) continue;
          assert.ok(x < width && top + row < height);
          rgb.set(colours.get(colour)!, 3 * ((top + row) * width + x));
        }
    }
  }
  return { width, height, rgb };
}

test('sixel: the figure as wide as the terminal, each pixel near that of the PNG', (t) => {
  const python = requirePython(t, ['pty', 'termios'], 'python3');
  if (!python) return;
  const { width, height, rgb } = decodeSixel(shown(python, 'sixel'));
  const png = decode(readFileSync(join(at, 'fid.png')));
  assert.equal(width, WIDTH);
  assert.ok(Math.abs(height / width - png.height / png.width) < 2 / WIDTH);
  assert.ok(
    rgb.every((value) => value >= 0),
    'all pixels are painted',
  );
  // Means over squares, since the pictures differ in size.
  const squares = 40;
  for (let row = 0; row < squares; row++)
    for (let column = 0; column < squares; column++) {
      const mean = (w: number, h: number, channels: number, data: ArrayLike<number>): number => {
        let [sum, count] = [0, 0];
        for (let y = Math.ceil((row * h) / squares); y < ((row + 1) * h) / squares; y++)
          for (let x = Math.ceil((column * w) / squares); x < ((column + 1) * w) / squares; x++, count++)
            sum += data[channels * (y * w + x)];
        return sum / count;
      };
      const error = mean(width, height, 3, rgb) - mean(png.width, png.height, png.channels, png.data);
      // Greys of the palette are ten apart, white is nearest to 255; edges of squares cut lines
      // differently.
      assert.ok(Math.abs(error) < 30, `square ${column}, ${row}: ${error}`);
    }
});

test('others: half blocks over all columns, in 24-bit colours if the terminal says so', (t) => {
  const python = requirePython(t, ['pty', 'termios'], 'python3');
  if (!python) return;
  const png = decode(readFileSync(join(at, 'fid.png')));
  const height = (COLUMNS * png.height) / png.width;
  for (const [kind, COLORTERM] of [
    ['plain', 'truecolor'],
    ['mute', ''],
  ] as const) {
    const text = shown(python, kind, { COLORTERM });
    const lines = text.trimEnd().split('\n');
    assert.ok(Math.abs(2 * lines.length - height) <= 2, `${lines.length} lines`);
    assert.ok(lines.every((line) => line.split('▀').length === COLUMNS + 1 && line.endsWith('␛[0m')));
    assert.equal(/\[38;2;255;255;255;48;2;255;255;255m/.test(text), COLORTERM !== '');
    assert.equal(/\[38;5;231;48;5;231m/.test(text), COLORTERM === '', 'white of the palette');
  }
  assert.deepEqual(paletteColour(231), [255, 255, 255]);
});

test('refused where standard output is no terminal, with --json, and without any output', async () => {
  for (const [args, message] of [
    [['--show'], /--show: standard output is not a terminal; write the figure to a file with -o/],
    [['--show', '--json'], /--show and --json both write to standard output/],
    [[], /no output; name a file with -o FILE\.svg or \.png, or give --show/],
  ] as const) {
    const outcome = await larmor([...PLOT, ...args], { folder: at });
    assert.equal(outcome.code, 2);
    assert.equal(errorLines(outcome).length, 1, outcome.stderr);
    assert.match(outcome.stderr, message);
  }
});
