/** The playground's memory, of the page and its worker, while a slider moves for long. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openBrowser } from '../../testing/browser.ts';
import { serveIsolated } from '../../testing/isolated.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const build = fileURLToPath(new URL('../../scripts/playground.mjs', import.meta.url));

/**
 * Memory of JavaScript and WebAssembly in all threads [bytes]: the least of some measurements,
 * between which what was left behind is collected.
 */
const LEAST = `(async () => {
  let least = Infinity;
  for (let n = 0; n < 8; n++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { bytes } = await performance.measureUserAgentSpecificMemory();
    least = Math.min(least, bytes);
  }
  return least;
})()`;

/** Moves the first slider until so many more pictures were shown. */
const drag = (pictures: number): string => `(async () => {
  const input = document.querySelector('#parameters input');
  const { dataset } = document.getElementById('results');
  const end = Number(dataset.pictures) + ${pictures};
  for (let n = 0; Number(dataset.pictures) < end; n++) {
    input.value = Number(input.min) + (n % 100) * Number(input.step);
    input.dispatchEvent(new Event('input'));
    await new Promise(requestAnimationFrame);
  }
})()`;

/** Of caches of compiled code and of shapes of objects. */
const SLACK = 1.5e6;

test('300 pictures take no more memory than the first hundred', async (t) => {
  const folder = temporaryFolder();
  await promisify(execFile)(process.execPath, [build, folder]);
  const url = await serveIsolated(t, readFileSync(join(folder, 'index.html')));
  const page = await openBrowser(t, ['--enable-blink-features=ForceEagerMeasureMemory']);
  if (!page) return;
  await page.open(url);
  await page.until("document.getElementById('results')?.dataset.settled >= 1");
  // A scan of few spins.
  await page.evaluate(
    "(() => { const e = document.querySelector('select'); e.value = 'epi'; e.dispatchEvent(new Event('change')); })()",
  );
  await page.until("document.getElementById('results').dataset.settled >= 2");
  // The first hundred fill caches.
  await page.evaluate(drag(100));
  const before = await page.evaluate<number>(LEAST);
  await page.evaluate(drag(200));
  const after = await page.evaluate<number>(LEAST);
  assert.ok(after < before + SLACK, `${before} bytes, and then ${after}`);
});
