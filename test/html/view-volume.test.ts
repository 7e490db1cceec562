/**
 * `larmor view` of a NIfTI volume: what NiiVue shows of it and where, and what is said when it
 * cannot.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { NO_WEBGL, openBrowser, type Page, SOFTWARE_WEBGL } from '../../testing/browser.ts';
import { larmor } from '../../testing/larmor.ts';
import { niftiFile, niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const at = temporaryFolder();
const file = join(at, 'bright block.nii');
/** 2 mm voxels of 60 around the isocentre, with a block of 200 at the left and in front. */
const SIZE = [32, 32, 16] as const;
const isBlock = (x: number, y: number): boolean => x < -10 && x > -24 && y > 8 && y < 22;
const labels = Uint8Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, n) => {
  const [x, y] = [2 * (n % 32) - 32, 2 * (Math.floor(n / 32) % 32) - 32];
  return isBlock(x, y) ? 200 : 60;
});
writeFileSync(file, niftiFile(SIZE, labels, [2, 2, 2], [-32, -32, -16]));

const child = spawn(process.execPath, [join(dist, 'larmor.js'), 'view', file, '-q'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let url = '';
before(async () => {
  for await (const part of child.stdout.setEncoding('utf8')) {
    url += part;
    if (url.includes('\n')) break;
  }
  url = url.trim();
});
after(() => child.kill('SIGKILL'));

const SAID = "document.querySelector('.said').textContent";
const READY = "document.getElementById('volume').dataset.ready === 'true'";

/** [x, y] of the pixels of a colour within the canvas, from its top left corner. */
async function pixelsOf(
  page: Page,
  isOne: (r: number, g: number, b: number) => boolean,
): Promise<{
  readonly found: readonly (readonly [number, number])[];
  readonly width: number;
  readonly height: number;
}> {
  const path = join(at, 'page.png');
  await page.screenshot(path);
  const { width, data, channels } = decode(readFileSync(path));
  const box = await page.evaluate<Record<'x' | 'y' | 'width' | 'height', number>>(
    "(({ x, y, width, height }) => ({ x, y, width, height }))(document.querySelector('canvas').getBoundingClientRect())",
  );
  const found: [number, number][] = [];
  for (let y = 0; y < Math.floor(box.height); y++)
    for (let x = 0; x < Math.floor(box.width); x++) {
      const n = channels * ((Math.round(box.y) + y) * width + Math.round(box.x) + x);
      if (isOne(data[n], data[n + 1], data[n + 2])) found.push([x, y]);
    }
  return { found, width: box.width, height: box.height };
}

const range = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values)];

test('bright voxels, the letters and the position under the crosshair are where the patient has them', async (t) => {
  const page = await openBrowser(t, SOFTWARE_WEBGL);
  if (!page) return;
  await page.open(url);
  await page.until(READY);
  assert.equal(await page.evaluate('document.querySelector("h1").textContent'), basename(file));
  await page.evaluate("document.querySelector('input[value=axial]').click()");
  const { found, width, height } = await pixelsOf(page, (r, g, b) => r > 240 && g > 240 && b > 240);
  // A plane of 32 × 32 voxels fills the height, in the middle of the width.
  const voxel = height / 32;
  const [left, right] = range(found.map(([x]) => x));
  const [top, bottom] = range(found.map(([, y]) => y));
  // The block is voxels 5 to 10 of x, whose left is on the right, and 21 to 26 of y, from behind.
  const wanted = [width / 2 + 16 * voxel - 11 * voxel, width / 2 + 16 * voxel - 5 * voxel, 5 * voxel, 11 * voxel];
  for (const [n, edge] of [left, right + 1, top, bottom + 1].entries())
    assert.ok(Math.abs(edge - wanted[n]) < 2, `edges ${[left, right, top, bottom]}, wanted ${wanted}`);

  const yellow = await pixelsOf(page, (r, g, b) => r > 180 && g > 140 && b < 130 && r - b > 80);
  // Of a letter, how much of its ink is in the upper right quarter: L has none there, R has.
  const upperRight = (isThere: (x: number) => boolean): number => {
    const ink = yellow.found.filter(([x, y]) => isThere(x) && Math.abs(y - height / 2) < 20);
    assert.ok(ink.length > 5, 'a letter');
    const [[a, b], [c, d]] = [range(ink.map(([x]) => x)), range(ink.map(([, y]) => y))];
    return ink.filter(([x, y]) => x > a + 0.6 * (b - a) && y < c + 0.4 * (d - c)).length / ink.length;
  };
  assert.ok(upperRight((x) => x < 20) > 0.1, 'R at the left');
  assert.ok(upperRight((x) => x > width - 20) < 0.02, 'L at the right');

  const box = await page.evaluate<readonly [number, number]>(
    "(({ x, y }) => [x, y])(document.querySelector('canvas').getBoundingClientRect())",
  );
  await page.click([box[0] + (left + right) / 2, box[1] + (top + bottom) / 2]);
  await page.until(`/: 200$/.test(${SAID})`);
  assert.match(await page.evaluate(SAID), /^1[678]\.\d mm L, 1[3456]\.\d mm A, .*: 200$/);
  assert.deepEqual(page.complaints, []);
  assert.ok(page.requests.every((address) => address.startsWith(url) || address.startsWith('data:image/')));
});

test('a browser without WebGL2 is told so, and a volume that is gone', async (t) => {
  const page = await openBrowser(t, NO_WEBGL);
  if (page) {
    await page.open(url);
    await page.until(`/WebGL2/.test(${SAID})`);
    assert.match(await page.evaluate(SAID), /^This browser has no WebGL2, .*another browser\.$/);
  }
  const bytes = readFileSync(file);
  rmSync(file);
  const gone = await fetch(`${url}volume`);
  assert.deepEqual([gone.status, await gone.text()], [410, `${file}: no such file; check the path\n`]);
  assert.equal((await fetch(url)).status, 410);
  // Another volume in its place is described as it is.
  writeFileSync(file, niftiFile([4, 2, 1], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2], [0, 0, 0]));
  assert.match(await (await fetch(url)).text(), /<dt>Voxels<\/dt><dd>4 × 2 × 1<\/dd>/);
  writeFileSync(file, bytes);
  assert.equal((await fetch(`${url}volume`)).status, 200);
});

test('only what the page names is served, and it may load nothing else', async () => {
  for (const name of ['niivue.js.map', 'page.js', 'constructor', '__proto__', '../volume', '%2e%2e/volume'])
    assert.ok([403, 404].includes((await fetch(`${url}${name}`)).status), name);
  assert.equal((await fetch(`${url}volume`, { method: 'POST' })).status, 404);
  const policy = (await (await fetch(url)).text()).match(/Content-Security-Policy" content="([^"]*)"/)![1];
  assert.match(
    policy,
    /^default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; style-src 'sha256-[\w+/]*='; base-uri 'none'; form-action 'none'$/,
  );
});

test('complex numbers, NaN and 64-bit numbers are sent as float32 that a window suits', async (t) => {
  const affine = [
    [2, 0, 0, 0],
    [0, 2, 0, 0],
    [0, 0, 2, 0],
  ];
  const path = join(at, 'other.nii');
  const sent = async (bytes: Buffer): Promise<{ values: number[]; white: number; black: number }> => {
    writeFileSync(path, bytes);
    const other = spawn(process.execPath, [join(dist, 'larmor.js'), 'view', path, '-q'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => other.kill('SIGKILL'));
    let address = '';
    for await (const part of other.stdout.setEncoding('utf8')) {
      address += part;
      if (address.includes('\n')) break;
    }
    const body = Buffer.from(await (await fetch(`${address.trim()}volume`)).arrayBuffer());
    other.kill('SIGKILL');
    // White is a percentile, rounded down.
    const values = [...new Float32Array(body.buffer.slice(body.byteOffset + 352, body.byteOffset + body.length))];
    return { values, white: body.readFloatLE(124), black: body.readFloatLE(128) };
  };
  const complex = await sent(niftiMap([2, 1, 1], affine, Float64Array.of(3, -4, 0, 2), true));
  assert.deepEqual(complex, { values: [5, 2], white: 2, black: 0 });
  const signed = await sent(niftiMap([2, 2, 1], affine, Float64Array.of(-8, Number.NaN, 4, 1)));
  assert.deepEqual(signed, { values: [-8, Number.NaN, 4, 1], white: 4, black: -4 });
});

test('a file that is none, what has no effect, and an installation without NiiVue, end in one line', async () => {
  writeFileSync(join(at, 'cut.nii.gz'), 'no image');
  const refused: readonly (readonly [string, number, RegExp])[] = [
    ['cut.nii.gz', 65, /^larmor: cut\.nii\.gz: too short for a NIfTI file; /],
    ['missing.nii', 66, /^larmor: missing\.nii: no such file; /],
    ['cut.nii.gz/', 66, /^larmor: cut\.nii\.gz\/: .*not a directory/],
    [
      'cut.nii.gz sphere --set n=3',
      2,
      /^larmor: cut\.nii\.gz is an image, .*; leave out the phantom sphere and --set$/m,
    ],
    ['raw.mrd --set n=3', 2, /^larmor: raw\.mrd are raw data, .*; leave out --set$/m],
    ['raw.mrd sphere', 2, /^larmor: raw\.mrd are raw data, .*; leave out the phantom sphere$/m],
  ];
  for (const [words, code, text] of refused) {
    const outcome = await larmor(['view', ...words.split(' ')], { folder: at });
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, text);
    assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
  }
  const copy = join(at, 'dist');
  cpSync(dist, copy, { recursive: true, filter: (path) => !/\.(cache|ttf|wasm|node)$|hdf5\.js$/.test(path) });
  const bare = spawn(process.execPath, [join(copy, 'larmor.js'), 'view', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  bare.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  const code = await new Promise((resolve) => bare.once('close', resolve));
  assert.equal(code, 2);
  assert.equal(
    said,
    'larmor: a NIfTI volume is shown by the package @niivue/niivue, which is not installed; npm install @niivue/niivue@0.69.0 beside larmor\n',
  );
});
