/**
 * The playground in a real browser, as it is built: what it shows, that it has the command's bits,
 * what its sliders do, and that it asks for nothing.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { sha256 } from '../../host/browser/sha256.ts';
import { openBrowser, type Page } from '../../testing/browser.ts';
import { serveIsolated } from '../../testing/isolated.ts';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const at = temporaryFolder();
const file = pathToFileURL(join(at, 'index.html')).href;
const build = fileURLToPath(new URL('../../scripts/playground.mjs', import.meta.url));

before(() => promisify(execFile)(process.execPath, [build, at]));

const settled = (page: Page, times: number) =>
  page.until(`Number(document.getElementById('results')?.dataset.settled ?? 0) >= ${times}`);
const data = (page: Page) =>
  page.evaluate<Record<string, string>>("({ ...document.getElementById('results').dataset })");
const text = (page: Page, selector: string) =>
  page.evaluate<string>(`document.querySelector('${selector}').textContent`);

/** The slider of a parameter. */
const sliderOf = (name: string): string =>
  `[...document.querySelectorAll('#parameters .slider')].find((e) => e.textContent.startsWith('${name}')).querySelector('input')`;

async function hashOf(command: string): Promise<string> {
  const { code, stdout, stderr } = await larmor([...command.split(' ').slice(1), '--json', '-q'], {
    folder: temporaryFolder(),
  });
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { signalHash: string }).signalHash;
}

test('SHA-256 is that of Node, in pieces of any length', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000]) {
    const bytes = randomBytes(length);
    const cut = Math.floor(length / 3);
    const own = sha256().update('é').update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
    assert.equal(own.digest(), createHash('sha256').update('é').update(bytes).digest('hex'));
  }
});

test('the page from disk', async (t) => {
  const page = await openBrowser(t);
  if (!page) return;
  await page.open(file);
  await settled(page, 1);

  await t.test('the image has a bright head and a dark corner', async () => {
    const pixels = await page.evaluate<number[]>(
      "(() => { const c = document.querySelector('#image canvas'); return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, n) => n % 4 === 0); })()",
    );
    assert.equal(pixels.length, 64 * 64);
    const mean = (columns: readonly number[], rows: readonly number[]): number => {
      const values = rows.flatMap((row) => columns.map((column) => pixels[64 * row + column]));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
    assert.ok(mean(range(24, 40), range(24, 40)) > 60);
    for (const rows of [range(0, 8), range(56, 64)])
      for (const columns of [range(0, 8), range(56, 64)]) assert.ok(mean(columns, rows) < 12);
  });

  await t.test('the signal is that of the command that it names, bit for bit', async () => {
    const command = await text(page, '#command');
    assert.match(command, /^larmor simulate gre head2d --set sequence\.n=64/);
    assert.equal((await data(page)).signalHash, await hashOf(command));
  });

  await t.test('k-space, brightest in its middle, and the diagram follow the image', async () => {
    const [middle, edge] = await page.evaluate<[number, number]>(
      "(() => { const c = document.querySelector('#kspace canvas'); const at = (x, y) => { const p = c.getContext('2d').getImageData(x, y, 1, 1).data; return p[0] + p[1] + p[2]; }; return [at(c.width / 2 + 2, c.height / 2 + 2), at(c.width / 2 + 2, 0.1 * c.height)]; })()",
    );
    assert.ok(middle > edge + 100, `${middle} and ${edge}`);
    const panels = "[...document.querySelectorAll('#diagram [data-panel]')].map((e) => e.dataset.panel).join(' ')";
    assert.equal(await page.evaluate<string>(panels), 'b1 phase gx gy gz adc signal');
    // Of a repetition of 200 ms the milliseconds in which something happens.
    assert.match(await text(page, '#diagram .tools'), /7\.2 s to 7\.20\d+ s, TR 37 of 68/);
  });

  await t.test('a slider shows previews, and then the scan of the command', async () => {
    const first = await data(page);
    await page.evaluate("document.querySelector('#kspace input[value=time]').click()");
    await page.evaluate(`${sliderOf('flip')}.focus()`);
    for (let n = 0; n < 3; n++) await page.key('ArrowRight');
    await settled(page, Number(first.settled) + 1);
    const next = await data(page);
    assert.ok(Number(next.pictures) >= Number(first.pictures) + 2);
    assert.notEqual(next.signalHash, first.signalHash);
    assert.equal(await page.evaluate("document.querySelector('#kspace input:checked').value"), 'time');
    const command = await text(page, '#command');
    assert.match(command, /sequence\.flip=\d\.\d{1,5} /);
    assert.equal(next.signalHash, await hashOf(command));
  });

  await t.test('ends of a slider are the bounds of its parameter, values have four digits', async () => {
    const shown = (name: string) =>
      page.evaluate<string>(`${sliderOf(name)}.closest('.slider').querySelector('output').textContent`);
    assert.equal(await shown('rfSpoiling'), '117deg');
    for (const [end, label, value] of [
      ['min', '-360deg', -2 * Math.PI],
      ['max', '360deg', 2 * Math.PI],
    ] as const) {
      const { settled: before } = await data(page);
      await page.evaluate(
        `(() => { const e = ${sliderOf('rfSpoiling')}; e.value = e.${end}; e.dispatchEvent(new Event('input')); })()`,
      );
      assert.equal(await shown('rfSpoiling'), label);
      await settled(page, Number(before) + 1);
      assert.ok((await text(page, '#command')).includes(`sequence.rfSpoiling=${value} `));
    }
  });

  await t.test('an impossible scan shows the error of the command', async () => {
    await page.evaluate(
      `(() => { const e = ${sliderOf('tr')}; e.min = 0.001; e.value = 0.001; e.dispatchEvent(new Event('input')); })()`,
    );
    await page.until("document.querySelector('.said.bad') !== null");
    assert.match(await text(page, '.said.bad'), /TR|tr/);
    // The pictures are those of the last possible scan, and are dimmed.
    assert.ok(await page.evaluate<boolean>("getComputedStyle(document.querySelector('#results .pair')).opacity < 0.5"));
  });

  await t.test('an artefact is one button away; spins per voxel stay as they were chosen', async () => {
    const { settled: before } = await data(page);
    await page.evaluate('document.querySelector(\'[aria-label="spins per voxel"] input\').click()');
    await page.evaluate("[...document.querySelectorAll('button')].find((e) => e.textContent === 'Few spokes').click()");
    await page.until("document.querySelector('#command').textContent.includes('radial')");
    await settled(page, Number(before) + 1);
    assert.match(await text(page, '#command'), /spokes=24.* --spins-per-voxel 1 /);
    assert.equal(await page.evaluate(`${sliderOf('te')}.getAttribute('aria-valuetext')`), 'shortest');
  });

  await t.test('sliders of a sequence that was left do nothing, a preset shows its values', async () => {
    const choose = (name: string): string =>
      `(() => { const e = document.querySelector('select'); e.value = '${name}'; e.dispatchEvent(new Event('change')); })();`;
    const move = (name: string): string =>
      `(() => { const e = ${sliderOf(name)}; e.value = Number(e.value) + 2 * Number(e.step); e.dispatchEvent(new Event('input')); })();`;
    const after = async (actions: string): Promise<void> => {
      const { settled: before } = await data(page);
      await page.evaluate(actions);
      await settled(page, Number(before) + 1);
    };
    await after(choose('gre'));
    await after(choose('se') + move('rfSpoiling'));
    assert.equal(await page.evaluate("document.querySelector('.said.bad')"), null);
    assert.doesNotMatch(await text(page, '#command'), /rfSpoiling/);
    await after(choose('gre'));
    const aliasing = "[...document.querySelectorAll('button')].find((e) => e.textContent === 'Aliasing').click();";
    await after(move('fov') + aliasing);
    assert.equal(await page.evaluate(`${sliderOf('fov')}.getAttribute('aria-valuetext')`), '140mm');
  });

  await t.test('a long scan says how many spins it has, and ends at a change', async () => {
    const choose = (name: string): string =>
      `(() => { const e = document.querySelector('select'); e.value = '${name}'; e.dispatchEvent(new Event('change')); })();`;
    await page.evaluate('document.querySelector(\'[aria-label="spins per voxel"] input[value=enough]\').click()');
    await page.evaluate(choose('tse'));
    await page.until("document.querySelector('#command').textContent.includes('simulate tse')");
    // Millions of spins in the smallest field of view.
    await page.evaluate(
      `(() => { const e = ${sliderOf('fov')}; e.value = e.min; e.dispatchEvent(new Event('input')); })()`,
    );
    await page.until("/^Simulating \\d{7,} spins/.test(document.querySelector('.state .said').textContent)");
    const { settled: before, pictures } = await data(page);
    await page.evaluate(choose('epi'));
    await settled(page, Number(before) + 1);
    assert.match(await text(page, '#command'), /simulate epi/);
    // A preview and the scan of epi, none of the long one.
    assert.ok(Number((await data(page)).pictures) <= Number(pictures) + 2);
  });

  await t.test('in a narrow window the pictures stand above the sliders', async () => {
    await page.size(480, 900);
    const tops = await page.evaluate<number[]>(
      "['image', 'kspace', 'parameters', 'notes', 'diagram'].map((id) => document.getElementById(id).getBoundingClientRect().top)",
    );
    assert.ok(Math.abs(tops[0] - tops[1]) < 100);
    assert.deepEqual(
      tops.slice(1).toSorted((a, b) => a - b),
      tops.slice(1),
    );
    await page.size(1280, 900);
  });

  await t.test('everything has a name, nothing was asked for, nothing complained', async () => {
    const nameless = await page.evaluate<string[]>(
      "[...document.querySelectorAll('input, select, button, canvas[tabindex]')].filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).map((e) => e.outerHTML)",
    );
    assert.deepEqual(nameless, []);
    assert.deepEqual(
      page.requests.filter((address) => address !== file && !/^(blob|data):/.test(address)),
      [],
    );
    assert.deepEqual(page.complaints, []);
  });
});

test('where the page is isolated, threads simulate, to the same bits', async (t) => {
  const url = await serveIsolated(t, readFileSync(join(at, 'index.html')));
  const page = await openBrowser(t);
  if (!page) return;
  await page.open(url);
  await settled(page, 1);
  assert.ok(await page.evaluate<boolean>('crossOriginIsolated'));
  // A scan of spins enough that threads pay.
  await page.evaluate(
    "[...document.querySelectorAll('button')].find((e) => e.textContent === 'No RF spoiling').click()",
  );
  await settled(page, 2);
  if (availableParallelism() > 1) assert.match(await text(page, '.state .said'), /on \d+ threads\.$/);
  assert.equal((await data(page)).signalHash, await hashOf(await text(page, '#command')));
});
