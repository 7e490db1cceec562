/** The playground in headless Chromium: how soon its first picture is there, how many follow. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startBrowser } from '../testing/browser.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { onPath } from '../testing/tools.ts';
import { missing, type Row } from './harness.ts';

const build = fileURLToPath(new URL('../scripts/playground.mjs', import.meta.url));
const [FIRST, FOLLOWING] = ['playground: first picture', 'playground: pictures of a 64² GRE'];
/** For how long a slider moves [ms]. */
const DRAG_MS = 5000;

/** Moves the slider of the flip angle at each frame. @returns pictures per second */
const drag = `(async () => {
  const slider = [...document.querySelectorAll('#parameters .slider')].find((e) => e.textContent.startsWith('flip'));
  const input = slider.querySelector('input');
  const { dataset } = document.getElementById('results');
  const [before, begun] = [Number(dataset.pictures), performance.now()];
  for (let n = 0; performance.now() - begun < ${DRAG_MS}; n++) {
    input.value = 0.8 + 0.004 * (n % 100);
    input.dispatchEvent(new Event('input'));
    await new Promise(requestAnimationFrame);
  }
  return (1e3 * (Number(dataset.pictures) - before)) / (performance.now() - begun);
})()`;

export async function* playgroundRows(wanted: (name: string) => boolean): AsyncGenerator<Row> {
  if (!wanted(FIRST) && !wanted(FOLLOWING)) return;
  const program = onPath('chromium');
  if (program === undefined) {
    yield missing(FIRST, 'chromium is not installed');
    return;
  }
  const folder = temporaryFolder();
  execFileSync(process.execPath, [build, folder]);
  const { page, close } = await startBrowser(program);
  const alone = { against: null, ratio: null, spread: null, error: null };
  try {
    await page.open(pathToFileURL(join(folder, 'index.html')).href);
    await page.until("document.getElementById('results')?.dataset.settled >= 1");
    const first = await page.evaluate<number>("Number(document.getElementById('results').dataset.first) / 1e3");
    yield { ...alone, name: FIRST, value: first, unit: 's' };
    yield { ...alone, name: FOLLOWING, value: await page.evaluate<number>(drag), unit: '/s' };
  } finally {
    close();
  }
}
