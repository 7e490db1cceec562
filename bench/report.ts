/**
 * Reports: how long the command takes to write one, of the default scan and of 10⁴ and 10⁵
 * repetitions, how large it is, and how many frames a second Chromium draws while one zooms in and
 * out of it. The long scans are not simulated: their raw data hold a made-up signal.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeRaw } from '../host/raw/index.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import { startBrowser } from '../testing/browser.ts';
import { median, missing, type Row, spreadOf } from './harness.ts';
import { COMMAND, inScratch, runNode } from './process.ts';

const FRAMES = 120;

export async function* reportRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  if (!wanted('report')) return;
  const rounds = quick ? 1 : 5;
  const rows = await inScratch(async (folder) => {
    const [raw, long] = [join(folder, 'raw.mrd'), join(folder, 'long.mrd')];
    await runNode([COMMAND, 'simulate', '-q', '-o', raw]);
    const found = await ofFile('default scan', raw, rounds);
    for (const slices of [100, 1000]) {
      const repetitions = writeLongScan(long, slices);
      found.push(...(await ofFile(`${repetitions.toExponential(0)} TRs`, long, rounds)));
    }
    return found;
  });
  yield* rows;
}

/** @returns its repetitions */
function writeLongScan(path: string, slices: number): number {
  const parameters = { n: 100, slices, dummies: 0 };
  const sequence = makeBuiltin('gre', parameters, DEFAULT_SCANNER);
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const samples = encoding.readouts.reduce((sum, readout) => sum + readout.samples, 0);
  const { B0, gammaBar } = DEFAULT_SCANNER;
  writeRaw(path, {
    ...{ encoding, samples, B0, coils: 1, precision: 'f32', frequency: gammaBar * B0 },
    ...{ sequenceName: 'gre', phantomName: 'sphere', provenance: { sequence: { name: 'gre', parameters } } },
    signal: Float64Array.from({ length: 2 * samples }, (_, n) => Math.sin(0.01 * n) / (1 + Math.abs((n % 200) - 100))),
  });
  return encoding.readouts.length;
}

async function ofFile(what: string, raw: string, rounds: number): Promise<Row[]> {
  const page = `${raw}.html`;
  const seconds: { wall: number; processor: number }[] = [];
  for (let round = 0; round <= rounds; round++) seconds.push(await runNode([COMMAND, 'report', raw, '-o', page, '-q']));
  const row = (name: string, unit: string, values: readonly number[]): Row => ({
    ...{ name: `report, ${what}${name}`, unit, value: median(values), spread: spreadOf(values) },
    ...{ against: null, ratio: null, error: null },
  });
  const counted = seconds.slice(1);
  return [
    row(
      '',
      's, wall clock',
      counted.map(({ wall }) => wall),
    ),
    row(
      ', processor',
      's',
      counted.map(({ processor }) => processor),
    ),
    row(', size', 'MB', [statSync(page).size / 1e6]),
    ...(await zoomRows(`report, ${what}, zoom`, page)),
  ];
}

/**
 * Frames per second while every frame zooms by a step, ten in and ten out; and the processor time
 * of the page's main thread per frame, which does not depend on the load of the machine.
 */
async function zoomRows(name: string, file: string): Promise<Row[]> {
  const program = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (one) => spawnSync(one, ['--version']).status === 0,
  );
  if (program === undefined) return [missing(name, 'no Chromium here')];
  const { page, close } = await startBrowser(program);
  try {
    await page.open(pathToFileURL(file).href);
    await page.until("document.querySelector('.charts canvas') !== null");
    const before = await page.busy();
    const intervals = await page.evaluate<number[]>(`new Promise((resolve) => {
      const charts = document.querySelector('.charts');
      const times = [];
      const step = (time) => {
        if (times.push(time) > ${FRAMES}) return resolve(times.slice(1).map((end, n) => end - times[n]));
        const key = times.length % 20 < 10 ? '+' : '-';
        charts.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    })`);
    const total = intervals.reduce((sum, interval) => sum + interval, 0);
    const busy = (1e3 * ((await page.busy()) - before)) / intervals.length;
    const row = { against: null, ratio: null, spread: spreadOf(intervals), error: null };
    return [
      { ...row, name, value: (1e3 * intervals.length) / total, unit: 'frames/s' },
      { ...row, name: `${name}, main thread`, value: busy, unit: 'ms/frame', spread: null },
    ];
  } finally {
    close();
  }
}
