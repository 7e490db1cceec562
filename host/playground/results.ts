/** What a picture of the playground shows: image, k-space, diagram, and what is wrong with it. */

import type { Seconds } from '../base/units.ts';
import { grey } from '../figures/colours.ts';
import { shortNumber } from '../figures/units.ts';
import { fromSteps } from '../html/numbers.ts';
import type { SequenceTable } from '../html/sequence-table.ts';
import type { ImageData, Report } from '../html/types.ts';
import { showDiagram } from '../page/diagram.ts';
import { el } from '../page/dom.ts';
import { showKspace } from '../page/kspace.ts';
import { makePicture, type Picture as Raster } from '../page/picture.ts';
import { openReadouts } from '../page/readouts.ts';
import { echoText } from '../page/run.ts';
import { makeView } from '../page/view.ts';
import type { Picture } from './messages.ts';

const EVENTS = ['rf', 'gx', 'gy', 'gz', 'adc'] as const;
/** Times of blocks are sums, and differ by less than this from what they should be. */
const SHORTEST_BLOCK: Seconds = 1e-6;

export interface Results {
  readonly host: HTMLElement;
  readonly image: HTMLElement;
  readonly kspace: HTMLElement;
  readonly diagram: HTMLElement;
  readonly notes: HTMLElement;
  raster?: { readonly key: string; readonly picture: Raster; of: ImageData };
}

export function makeResults(): Results {
  const [image, kspace, diagram, notes] = ['image', 'kspace', 'diagram', 'notes'].map((id) => el('div', { id }));
  diagram.className = 'diagram';
  const part = (title: string, ...of: readonly HTMLElement[]): HTMLElement =>
    el('figure', {}, el('figcaption', {}, title), ...of);
  const host = el(
    'div',
    { id: 'results' },
    el('section', { class: 'pair', 'aria-label': 'pictures' }, part('Image', image), part('k-space', kspace)),
    el('section', { 'aria-label': 'notes' }, notes),
    el('section', { 'aria-label': 'sequence' }, part('Sequence, one repetition to its last event', diagram)),
  );
  return { host, image, kspace, diagram, notes };
}

/** The image and what is said about it. */
export function drawPicture(
  results: Results,
  { image, echo, warnings, signalHash, build }: Picture,
  command: string,
): void {
  const { host, notes } = results;
  if (typeof image !== 'string') drawImage(results, image);
  notes.replaceChildren(
    ...(echo ? [el('p', { class: `echo ${echo.level < echo.limit ? 'good' : 'bad'}` }, echoText(echo))] : []),
    ...[...warnings, ...(typeof image === 'string' ? [image] : [])].map((text) => el('p', { class: 'missing' }, text)),
    el('p', { class: 'about' }, 'The same on the command line:'),
    el('pre', { id: 'command' }, command),
  );
  host.dataset.first ??= String(performance.now());
  Object.assign(host.dataset, { signalHash, build, pictures: Number(host.dataset.pictures ?? 0) + 1 });
}

/** K-space, and the repetition of the strongest readout without its dead time. */
export function drawDetails({ kspace, diagram }: Results, report: Report): void {
  const readouts = openReadouts(report.signal);
  const { strongest } = report.signal;
  const end = report.sequence?.duration ?? 1;
  kspace.replaceChildren();
  showKspace(kspace, report, readouts, makeView(end, { from: 0, to: end, readout: strongest }), 'signal');
  const at = readouts.starts[strongest] ?? 0;
  const starts = report.events ? [...fromSteps(report.events.repetitions)] : [];
  const from = starts.findLast((start) => start <= at) ?? 0;
  const next = starts.find((start) => start > at) ?? end;
  const to = (report.sequence && endOfEvents(report.sequence, from, next)) ?? next;
  diagram.replaceChildren();
  showDiagram(diagram, report, readouts, makeView(end, { from, to, readout: strongest }));
}

/** When the last event of a span ends; undefined: there is none. */
function endOfEvents({ order, kinds }: SequenceTable, from: Seconds, to: Seconds): Seconds | undefined {
  let now = 0;
  let last: Seconds | undefined;
  for (let n = 0; n < order.length && now < to - SHORTEST_BLOCK; n++) {
    const kind = order[n];
    now += kinds.duration[kind];
    if (now > from && EVENTS.some((event) => kinds[event][kind] > 0)) last = now;
  }
  return last;
}

function drawImage(results: Results, of: ImageData): void {
  const { columns, rows, pixel, letters } = of;
  const key = JSON.stringify([columns, rows, pixel, letters]);
  if (results.raster?.key !== key) {
    const describe = (column: number, row: number): string =>
      `(${column + 1}, ${row + 1}): magnitude ${shortNumber(Number(magnitudeAt(results.raster!.of, column, row).toPrecision(4)))}`;
    const picture = makePicture({ columns, rows, pixel, letters, label: 'image' }, { describe });
    results.image.replaceChildren(picture.element);
    results.raster = { key, picture, of };
  }
  results.raster.of = of;
  results.raster.picture.draw({
    value: (column, row) => magnitudeAt(of, column, row),
    range: [0, of.white],
    map: grey,
  });
}

function magnitudeAt({ columns, values, rows, kept }: ImageData, column: number, row: number): number {
  const line = Math.floor(kept.slice.length / 2) * rows + row;
  const n = 2 * (line * columns + column);
  return values.scales[line] * Math.hypot(values.values[n], values.values[n + 1]);
}
