/**
 * The figure writer: where data land in the SVG and in the PNG, ticks, units, envelopes, and text
 * that cannot break a file.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { traceBuilder } from '../../host/figures/envelope.ts';
import { pngBytes } from '../../host/figures/png.ts';
import { svgText } from '../../host/figures/svg.ts';
import type { Figure, Mark, Panel } from '../../host/figures/types.ts';
import { quantity, scaledUnit, ticksOf } from '../../host/figures/units.ts';
import { larmor } from '../../testing/larmor.ts';

const axis = (label: string, unit: string, from: number, to: number) => ({ label, unit, range: [from, to] as const });

function figureOf(marks: readonly Mark[], more: Partial<Panel> = {}): Figure {
  const panel = { x: axis('time', 's', 0, 0.01), y: axis('field', 'T', -1e-5, 1e-5), marks, height: 200, ...more };
  return { title: 'a figure', caption: ['What it shows.'], rows: [[panel]] };
}

/** The frame of the only panel. */
function frameOf(svg: string): { x: number; y: number; width: number; height: number } {
  const [x, y, width, height] = svg
    .match(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="none" stroke="#777777"\/>/)!
    .slice(1)
    .map(Number) as [number, number, number, number];
  return { x, y, width, height };
}

const line = (x: readonly number[], y: readonly number[], more = {}): Mark => {
  return { kind: 'line', x: Float64Array.from(x), y: Float64Array.from(y), colour: '#123456', ...more };
};

/** Points of the paths in one colour. */
const pathsOf = (svg: string, colour: string): number[][] =>
  [...svg.matchAll(new RegExp(`<path d="([^"]*)" fill="none" stroke="${colour}"`, 'g'))].map(([, d]) =>
    d!.match(/[\d.-]+/g)!.map(Number),
  );

test('a line lies where its data say', () => {
  const svg = svgText(figureOf([line([0, 0.005, 0.01], [-1e-5, 0, 1e-5])]));
  const { x, y, width, height } = frameOf(svg);
  const [points] = pathsOf(svg, '#123456');
  const want = [x, y + height, x + width / 2, y + height / 2, x + width, y];
  for (const [n, value] of want.entries()) assert.ok(Math.abs(points![n] - value) < 0.011, `${points}`);
});

test('a line is cut at the edges of its panel, and interrupted where it leaves', () => {
  const svg = svgText(figureOf([line([-0.01, 0.01, 0.03, 0.005], [-1e-5, 1e-5, 0, 0])]));
  const { x, y, width, height } = frameOf(svg);
  const paths = pathsOf(svg, '#123456');
  assert.equal(paths.length, 1);
  const near = (got: number, want: number): void => assert.ok(Math.abs(got - want) < 0.011, `${got}, not ${want}`);
  // From the middle of the left edge to the right one, and from the right edge back to the middle.
  near(paths[0][0], x);
  near(paths[0][1], y + height / 2);
  for (const [n, value] of paths[0].entries())
    assert.ok(n % 2 === 1 || (value >= x - 0.01 && value <= x + width + 0.01));
  near(paths[0].at(-2)!, x + width / 2);
});

test('ticks are round numbers in the unit that suits', () => {
  const texts = [...svgText(figureOf([])).matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const text of ['a figure', 'What it shows.', 'time [ms]', 'field [µT]', '0', '10', '−4', '4'])
    assert.ok(texts.includes(text), `${text} in ${texts}`);
  assert.deepEqual(scaledUnit('T/m', 0.04), { text: 'mT/m', size: 1e-3 });
  assert.deepEqual(scaledUnit('m', 0.25), { text: 'mm', size: 1e-3 });
  assert.deepEqual(scaledUnit('Hz', 25e3), { text: 'kHz', size: 1e3 });
  assert.deepEqual(scaledUnit('rad', 1e-4), { text: 'rad', size: 1 });
  assert.deepEqual(scaledUnit('', 3e-5), { text: '10⁻⁵', size: 1e-5 });
  assert.deepEqual(scaledUnit('', 0.5), { text: '', size: 1 });
  assert.equal(quantity(0.0025, 's'), '2.5 ms');
  assert.deepEqual(
    ticksOf(-0.1, 0.25, 4, 1e-3).map(({ text }) => text),
    ['−100', '0', '100', '200'],
  );
  // Any range: between 2 and some 20 ticks, inside it, evenly spaced.
  const range = fc.tuple(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
  );
  fc.assert(
    fc.property(range, fc.integer({ min: 2, max: 12 }), ([from, span], count) => {
      const ticks = ticksOf(from, from + span, count);
      assert.ok(ticks.length >= 1 && ticks.length <= 2.6 * count + 2, `${ticks.length}`);
      for (const { at } of ticks) assert.ok(at >= from - 1e-5 * span && at <= from + span * (1 + 1e-5));
    }),
  );
});

test('names from files cannot break the SVG', () => {
  const title = '<script>"&\u0007\u202e\ud800 ρ';
  const svg = svgText({ ...figureOf([]), title });
  assert.ok(svg.includes('&lt;script&gt;&quot;&amp;��� ρ'), svg.slice(0, 400));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(svg, /[\x00-\x08\x0b-\x1f]|<script/);
  assert.ok(svg.isWellFormed());
});

test('an envelope keeps every extreme, is short, and shows gaps', () => {
  const trace = traceBuilder(0, 1, 100);
  for (let n = 0; n < 1e5; n++) {
    if (n === 50_000) trace.gap();
    // Nothing for a tenth, then a spike of one point.
    if (n >= 50_000 && n < 60_000) continue;
    trace.add(n / 1e5, n === 77_777 ? 9 : n === 12_345 ? -7 : Math.sin(n));
  }
  const { x, y, envelopeOf } = trace.trace();
  assert.equal(envelopeOf, 90_000);
  assert.ok(x.length < 500, `${x.length} points`);
  const finite = y.filter((value) => !Number.isNaN(value));
  assert.deepEqual([Math.min(...finite), Math.max(...finite)], [-7, 9]);
  const at = (value: number): number => x[y.indexOf(value)];
  assert.ok(Math.abs(at(9) - 0.77777) <= 0.005 && Math.abs(at(-7) - 0.12345) <= 0.005);
  assert.equal(y.filter(Number.isNaN).length, 1);
  // The gap is where nothing is.
  const gap = y.findIndex(Number.isNaN);
  assert.ok(x[gap - 1] < 0.5 && x[gap + 1] > 0.6);
});

test('few points are kept as they are', () => {
  const trace = traceBuilder(0, 1);
  for (const [x, y] of [
    [0, 1],
    [0.5, 2],
    [0.5, -2],
    [1, 0],
  ] as const)
    trace.add(x, y);
  assert.deepEqual(trace.trace(), { x: Float64Array.of(0, 0.5, 0.5, 1), y: Float64Array.of(1, 2, -2, 0) });
});

test('the PNG shows the pixels of a raster and the colour of a line, and text in ink', async () => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 0],
  ];
  const raster: Mark = {
    ...{ kind: 'raster', columns: 2, rows: 2, x: [0, 0.01], y: [1e-5, -1e-5] },
    rgba: Uint8Array.from(colours.flatMap((rgb) => [...rgb, 255])),
  };
  const figure = figureOf([raster, line([0, 0.01], [0, 0], { colour: '#ffffff', width: 6 })]);
  const { x, y, width, height } = frameOf(svgText(figure));
  const { data, width: columns, channels } = decode(await pngBytes(figure));
  assert.equal(columns, 1500);
  const pixel = (px: number, py: number): number[] => {
    const at = channels * (Math.round(1.5 * py) * columns + Math.round(1.5 * px));
    return [...data.subarray(at, at + 3)];
  };
  for (const [n, [u, v]] of [
    [0.25, 0.25],
    [0.75, 0.25],
    [0.25, 0.75],
    [0.75, 0.75],
  ].entries())
    assert.deepEqual(pixel(x + u! * width, y + v! * height), colours[n], `quarter ${n}`);
  assert.deepEqual(pixel(x + width / 3, y + height / 2), [255, 255, 255]);
  assert.deepEqual(pixel(2, 2), [255, 255, 255]);
  // The title stands in the middle at the top: some of it is nearly black.
  let darkest = 255;
  for (let px = 400; px < 600; px++) for (let py = 15; py < 35; py++) darkest = Math.min(darkest, pixel(px, py)[0]);
  assert.ok(darkest < 80, `darkest ${darkest}`);
});

test('a start of the command reads neither the renderer nor its font', async () => {
  const { stderr, code } = await larmor(['info', 'fid', '-q'], {
    environment: { NODE_DEBUG_NATIVE: '', NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(WATCH)}` },
  });
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /OPENED .*(resvg|DejaVu)/);
  assert.match(stderr, /OPENED .*command\.js/, 'the watch works');
});

/** Names every file that Node's file system functions read. */
const WATCH = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
for (const name of ['readFileSync', 'openSync']) {
  const before = fs[name];
  fs[name] = (path, ...more) => { process.stderr.write('OPENED ' + path + '\\n'); return before(path, ...more); };
}
syncBuiltinESMExports();
`;
