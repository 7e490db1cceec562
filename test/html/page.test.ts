/**
 * The page of a report in a real browser: what it shows, how it answers, and that it asks for
 * nothing.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readRaw, reconstruct, writeReport } from '../../host/api/index.ts';
import { keepPieces } from '../../host/page/gaps.ts';
import { openBrowser } from '../../testing/browser.ts';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const at = temporaryFolder();
const address = (name: string): string => pathToFileURL(join(at, name)).href;
const READY = "document.getElementById('report').dataset.ready === 'true'";
const NAME = '</script><img src=x onerror="document.title=1"><b>';

before(async () => {
  const outcome = await larmor(
    'simulate gre head2d --set n=32 --set slices=2 -o raw.mrd --report gre.html -q'.split(' '),
    { folder: at },
  );
  assert.equal(outcome.code, 0, outcome.stderr);
  const many = await larmor(
    'simulate gre sphere --set n=16 --set slices=20 -o many.mrd --report many.html -q'.split(' '),
    { folder: at },
  );
  assert.equal(many.code, 0, many.stderr);
  const raw = await readRaw(join(at, 'raw.mrd'));
  const provenance = { ...raw.provenance, command: [NAME], warnings: [NAME] };
  await writeReport(join(at, 'hostile.html'), { ...raw, phantomName: NAME, provenance });
});

test('pieces of a line between gaps keep a width; where they are too close nothing between is cut off', () => {
  const gaps: [number, number][] = [
    [10, 20],
    [20, 30],
    [30.5, 40],
    [50, 60],
  ];
  assert.deepEqual(keepPieces(gaps), [
    [10, 19.5],
    [20.5, 29.75],
    [30.75, 40],
    [50, 60],
  ]);
  const dense = Array.from({ length: 10 }, (_, n): [number, number] => [n, n + 1]);
  assert.deepEqual(keepPieces(dense), [
    [0, 0.5],
    [9.5, 10],
  ]);
});

test('a report in the browser', async (t) => {
  const page = await openBrowser(t);
  if (!page) return;
  const span = (panel: string) =>
    page.evaluate<number[]>(
      `(({ from, to }) => [Number(from), Number(to)])(document.querySelector('[data-panel=${panel}]').dataset)`,
    );
  const middleOf = (selector: string, along = 0.5) =>
    page.evaluate<[number, number]>(
      `(() => { const e = document.querySelector('${selector}'); e.scrollIntoView({ block: 'center' }); const { left, top, width, height } = e.getBoundingClientRect(); return [left + ${along} * width, top + height / 2]; })()`,
    );
  const text = (selector: string) => page.evaluate<string>(`document.querySelector('${selector}').textContent`);
  await page.open(address('gre.html'));
  await page.until(READY);

  await t.test('its parts are there, and the text of the run', async () => {
    const titles = await page.evaluate<string[]>("[...document.querySelectorAll('h1, h2')].map((e) => e.textContent)");
    assert.deepEqual(titles, [
      'gre on head2d',
      'Image',
      'Sequence, k-space and signal',
      'One readout',
      'Phantom',
      'How it was computed',
      'Where it comes from',
    ]);
    assert.match(await text('pre'), /^larmor simulate gre head2d --set n=32/);
  });

  await t.test('the canvas shows the pixels of the image', async () => {
    // The upper of two slices; the page opens with the second.
    const { data, matrix } = await reconstruct(join(at, 'raw.mrd'));
    const pixels = await page.evaluate<number[]>(
      "(() => { const c = document.querySelector('#image canvas'); return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, n) => n % 4 === 0); })()",
    );
    assert.equal(pixels.length, 32 * 32);
    const sizes = Array.from({ length: 32 * 32 }, (_, n) => Math.hypot(data[2 * (n + 1024)], data[2 * (n + 1024) + 1]));
    assert.deepEqual(matrix, [32, 32, 2]);
    // The default window cuts the brightest; in between grey follows the magnitude.
    const white =
      Math.max(...sizes.filter((_, n) => pixels[n] < 255)) / Math.max(...pixels.filter((grey) => grey < 255));
    const far = sizes.filter((size, n) => pixels[n] < 255 && Math.abs(size / white - pixels[n]) > 2);
    assert.equal(far.length, 0);
    assert.ok(new Set(pixels).size > 60);
  });

  await t.test('over the whole scan, echoes far narrower than a pixel reach the height of the strongest', async () => {
    // Rows of the chart that hold a pixel in colour, as parts of its height from the top; the grid
    // is grey.
    const rows = await page.evaluate<number[]>(
      "(() => { const c = document.querySelector('[data-panel=signal] canvas'); const { data, width, height } = c.getContext('2d').getImageData(0, 0, c.width, c.height); const found = new Set(); for (let n = 0; n < data.length; n += 4) { const rgb = [...data.slice(n, n + 3)]; if (Math.max(...rgb) - Math.min(...rgb) > 40) found.add(Math.floor(n / 4 / width) / height); } return [...found]; })()",
    );
    assert.ok(Math.min(...rows) < 0.2, `${Math.min(...rows)}`);
    assert.ok(rows.length > 50, `${rows.length} rows`);
  });

  await t.test('a slider chooses the slice; arrow keys move the cursor and its value is said', async () => {
    const grey = () =>
      page.evaluate<number>(
        "document.querySelector('#image canvas').getContext('2d').getImageData(16, 16, 1, 1).data[0]",
      );
    const before = await grey();
    await page.evaluate("(() => { const e = document.querySelector('#image .slider input'); e.focus(); })()");
    await page.key('ArrowLeft');
    assert.match(await text('#image .slider output'), /1 of 2/);
    assert.notEqual(await grey(), before);
    await page.evaluate("document.querySelector('#image canvas').focus()");
    await page.key('ArrowRight');
    const said = await text('#image .said');
    assert.match(said, /^\(18, 17\) at [\d.]+ mm L, .*: magnitude \d[\d.·⁻⁰-⁹]*, phase −?[\d.·⁻⁰-⁹]+ rad$/);
    assert.equal(await page.evaluate("document.querySelector('#image .said').getAttribute('aria-live')"), 'polite');
  });

  await t.test('a drag across one line zooms all of them, and keys go from repetition to repetition', async () => {
    const whole = await span('gx');
    await page.drag(await middleOf('[data-panel=gx] .u-over', 0.5), await middleOf('[data-panel=gx] .u-over', 0.6));
    await page.until(`document.querySelector('[data-panel=signal]').dataset.from > 0`);
    const zoomed = await span('gx');
    const length = whole[1] - whole[0];
    assert.ok(Math.abs((zoomed[1] - zoomed[0]) / length - 0.1) < 0.005, `${zoomed}`);
    for (const panel of ['b1', 'phase', 'gz', 'signal']) assert.deepEqual(await span(panel), zoomed);
    await page.evaluate("document.querySelector('.charts').focus()");
    await page.key('PageDown');
    await page.until(`Number(document.querySelector('[data-panel=gx]').dataset.from) !== ${zoomed[0]}`);
    assert.match(await text('.shown'), /TR \d+ of \d+$/);
    await page.key('ArrowRight');
    assert.match(await text('.diagram .said'), /^t [\d.]+ m?s/);
    await page.key('Home');
    await page.until(`document.querySelector('[data-panel=gx]').dataset.from === '0'`);
    assert.deepEqual(await span('signal'), whole);
  });

  await t.test('a click in k-space chooses the readout that is shown in full', async () => {
    const before = await text('#signal .slider output');
    await page.click(await middleOf('canvas.kspace', 0.5).then(([x, y]) => [x, y + 90]));
    const after = await text('#signal .slider output');
    assert.notEqual(after, before);
    assert.match(await text('.kspace-side .said'), new RegExp(`^readout ${after.split(' ')[0]} of 64 `));
  });

  await t.test('dark and narrow', async () => {
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    const ink = () =>
      page.evaluate<number>(
        "document.querySelector('canvas.kspace').getContext('2d').getImageData(3, 3, 1, 1).data[0]",
      );
    assert.equal(await ink(), 255);
    await page.dark(true);
    assert.notEqual(await ground(), light);
    await page.until("document.querySelector('canvas.kspace').getContext('2d').getImageData(3, 3, 1, 1).data[0] < 60");
    await page.size(420, 800);
    // The charts follow once the browser has told them of their size.
    await page.until('document.documentElement.scrollWidth <= 420');
  });

  await t.test('everything that can be operated has a name and is reached by the keyboard', async () => {
    const nameless = await page.evaluate<string[]>(
      "[...document.querySelectorAll('button, input, summary, canvas[tabindex], [role=group]')].filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.[0]?.textContent.trim()) || e.tabIndex < 0).map((e) => e.outerHTML)",
    );
    assert.deepEqual(nameless, []);
  });

  await t.test('blocks too many to be seen are columns of pixels, over the whole range of each line', async () => {
    await page.dark(false);
    await page.size(1280, 900);
    await page.open(address('many.html'));
    await page.until(READY);
    for (const [panel, least] of Object.entries({ b1: 30, gx: 40, gy: 40, gz: 40, adc: 10, signal: 20 })) {
      const rows = await page.evaluate<number>(
        `(() => { const c = document.querySelector('[data-panel=${panel}] canvas'); const { data, width, height } = c.getContext('2d').getImageData(100, 0, c.width - 100, c.height); const inked = Array.from({ length: height }, (_, y) => { let n = 0; for (let x = 0; x < width; x++) { const i = 4 * (y * width + x); if (Math.min(data[i], data[i + 1], data[i + 2]) < 120) n++; } return n; }); return inked.filter((n) => n > 20).length; })()`,
      );
      assert.ok(rows >= least, `${panel}: ${rows} rows`);
    }
  });

  await t.test('texts out of files are texts', async () => {
    await page.open(address('hostile.html'));
    await page.until(READY);
    assert.equal(await page.evaluate("document.querySelectorAll('img, #report script, b:not(.edge)').length"), 0);
    assert.ok((await page.evaluate<string>('document.title')).endsWith('><b>'));
    assert.ok((await text('h1')).endsWith('<b>'));
    assert.equal(await text('.warnings li'), NAME);
  });

  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.requests, ['gre.html', 'many.html', 'hostile.html'].map(address));
});
