/**
 * The page of a report: unpacks the data that the file carries and shows them, part by part. It
 * loads nothing: what is shown is in the file.
 */
import { unpack } from '../html/pack.ts';
import type { Report } from '../html/types.ts';
import { showDiagram } from './diagram.ts';
import { el, followColours, section } from './dom.ts';
import { imageSection } from './image.ts';
import { showKspace } from './kspace.ts';
import { liveControls } from './live.ts';
import { followRun } from './partial.ts';
import { phantomSection } from './phantom.ts';
import { openReadouts } from './readouts.ts';
import { accuracySection, echoText, provenanceSection } from './run.ts';
import { showSignal } from './signal.ts';
import { makeView } from './view.ts';

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes;
}

function show(host: HTMLElement, report: Report): void {
  const readouts = openReadouts(report.signal);
  const last = readouts.count - 1;
  const end = report.sequence?.duration ?? (last < 0 ? 1 : readouts.end(last));
  const view = makeView(end, { from: 0, to: end, readout: report.signal.strongest });
  const time = section(
    'sequence',
    report.sequence ? 'Sequence, k-space and signal' : 'Signal and k-space',
    'What the scanner plays and records, over time. Drag across a line to zoom all of them, and double-click for the whole scan; k-space shows the readouts of the same span in colour.',
  );
  const [diagram, kspace] = [el('div', { class: 'diagram' }), el('div', { class: 'kspace-side' })];
  time.append(el('div', { class: 'linked' }, diagram, kspace));
  const signal = section('signal', 'One readout', 'The samples of a readout, and the frequencies in them.');
  const parts = [
    report.image && imageSection(report.image),
    time,
    signal,
    report.phantom && phantomSection(report.phantom),
    accuracySection(report),
    provenanceSection(report),
  ];
  host.replaceChildren(header(report), ...parts.filter((part): part is HTMLElement => part instanceof HTMLElement));
  // Charts measure their place, so they are made when it is on the page.
  showDiagram(diagram, report, readouts, view);
  showKspace(kspace, report, readouts, view);
  showSignal(signal, report, readouts, view);
}

function header({ title, subtitle, facts, warnings, missing, echo }: Report): HTMLElement {
  return el(
    'header',
    {},
    el('h1', {}, title),
    el('p', { class: 'subtitle' }, subtitle),
    el(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    ),
    echo && el('p', { class: `echo ${echo.level < echo.limit ? 'good' : 'bad'}` }, echoText(echo)),
    warnings.length > 0 &&
      el(
        'div',
        { class: 'warnings', role: 'note', 'aria-label': 'warnings' },
        el('h2', {}, warnings.length === 1 ? 'Warning' : 'Warnings'),
        el('ul', {}, ...warnings.map((text) => el('li', {}, text))),
      ),
    missing.length > 0 && el('ul', { class: 'missing' }, ...missing.map((text) => el('li', {}, text))),
  );
}

async function start(): Promise<void> {
  const host = document.getElementById('report')!;
  try {
    const data = (document.getElementById('data') as HTMLTemplateElement).content.textContent ?? '';
    const decode = async (base64: string): Promise<Report> => unpack<Report>(await inflate(bytesOf(base64)));
    const report = await decode(data);
    show(host, report);
    if (report.live) host.before(liveControls(report.live, decode, (next) => show(host, next)));
    if (report.partial) host.before(followRun(report.partial, decode, (next) => show(host, next)));
    followColours();
    host.dataset.ready = 'true';
  } catch (error) {
    host.replaceChildren(
      el(
        'p',
        { class: 'bad' },
        `This report cannot be shown: ${String(error)}. Open it with a current browser, or make it again.`,
      ),
    );
    throw error;
  }
}

void start();
