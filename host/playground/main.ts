/**
 * The playground: built-in scans simulated in the browser while sliders move. During a movement the
 * spins of the last full scan are reused; when the slider rests, they are chosen anew.
 */

import type { LiveParameter, Report } from '../html/types.ts';
import { button, choice, el, followColours } from '../page/dom.ts';
import { parameterSliders } from '../page/parameters.ts';
import { commandOf } from './command.ts';
import type { Picture, Scan } from './messages.ts';
import { drawDetails, drawPicture, makeResults } from './results.ts';
import { ARTEFACT_PHANTOM, ARTEFACTS, PHANTOMS, SEQUENCES } from './scans.ts';
import { makeSimulator } from './simulator.ts';

/** A slider rests when it has not moved for this long [ms]. */
const REST_MS = 250;
/** A preview that takes longer than this is cancelled by a change [ms]. */
const PATIENCE_MS = 1500;
/** A scan that takes longer than this is announced [ms]. */
const LONG_MS = 1000;
/** Shortest time between two drawings of k-space and diagram while a slider moves [ms]. */
const DETAILS_MS = 400;

const simulator = makeSimulator();

const startOf = (
  sequence: string,
  more: Scan['sequenceParameters'] = {},
): Pick<Scan, 'sequence' | 'sequenceParameters'> => ({
  sequence,
  sequenceParameters: { ...SEQUENCES[sequence].parameters, ...more },
});

function phantomOf(phantom: string): Pick<Scan, 'phantom' | 'phantomParameters'> {
  return { phantom, phantomParameters: PHANTOMS[phantom].parameters };
}

let scan: Scan = {
  ...startOf('gre'),
  ...phantomOf('head2d'),
  spinsPerVoxel: undefined,
};
/**
 * What the worker does: nothing, a preview, a scan with its own spins, which a change stops, or the
 * details of the last picture.
 */
let running: 'preview' | 'final' | 'details' | undefined;
/** When the last scan began, and when details were last asked for [ms]. */
let startedAt = 0;
let detailedAt = Number.NEGATIVE_INFINITY;
/** Another scan was asked for since. */
let isStale = false;
let resting: ReturnType<typeof setTimeout> | undefined;

const said = el('output', { class: 'said', 'aria-live': 'polite' }, 'Starting …');
const progress = el('progress', { max: 1, value: 0, 'aria-label': 'progress of the simulation' });
const sliders = el('div', { class: 'controls', id: 'parameters' });
const results = makeResults();
let shownFor = '';

function show(picture: Picture, of: Scan): void {
  drawPicture(results, picture, commandOf(of));
  const { spins, seconds, threads, isFinal } = picture;
  const how = `${spins} spins in ${seconds.toPrecision(2)} s on ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  said.textContent = isFinal ? `${how}.` : `Preview with the spins of the scan before: ${how}.`;
  // A preset waits for its own picture, which may come after one of the scan before.
  if (shownFor === of.sequence + of.phantom || (shownFor === '' && of !== scan)) return;
  shownFor = of.sequence + of.phantom;
  showSliders(picture.parameters, of);
}

function showSliders(parameters: readonly LiveParameter[], of: Scan): void {
  const { first } = SEQUENCES[of.sequence];
  const onvalue = ({ owner, name }: LiveParameter, value: number): void => {
    // Until another sequence has its first picture, these are sliders of the one before.
    if (scan[owner] !== of[owner]) return;
    const key = `${owner}Parameters` as const;
    change({ ...scan, [key]: { ...scan[key], [name]: value } });
  };
  const isFirst = ({ owner, name }: LiveParameter): boolean => owner === 'sequence' && first.includes(name);
  sliders.replaceChildren(
    ...parameterSliders(parameters.filter(isFirst), onvalue),
    el(
      'details',
      {},
      el('summary', {}, 'More parameters'),
      el(
        'div',
        { class: 'controls' },
        ...parameterSliders(
          parameters.filter((one) => !isFirst(one)),
          onvalue,
        ),
      ),
    ),
  );
}

function change(next: Scan): void {
  scan = next;
  clearTimeout(resting);
  isStale = true;
  if (running === 'final' || performance.now() - startedAt > PATIENCE_MS) simulator.stop();
  if (running === undefined) void follow('preview');
}

/**
 * Simulates, and again for as long as the scan changes. The image is shown at once; its details,
 * which take longer, are not asked for with every picture of a movement.
 */
async function follow(kind: 'preview' | 'final'): Promise<void> {
  for (let next: Promise<Picture | undefined> | undefined = start(kind); next !== undefined; ) {
    const of = scan;
    const picture: Picture | undefined = await attempt(next);
    const isDue: boolean = picture !== undefined && (!isStale || performance.now() - detailedAt > DETAILS_MS);
    const details = isDue ? attempt(askDetails()) : undefined;
    // The worker goes on while this picture is drawn.
    next = isStale && !isDue ? start('preview') : undefined;
    if (picture) show(picture, of);
    const report = await details;
    if (isStale) next ??= start('preview');
    if (report) drawDetails(results, report);
    if (next === undefined && picture && !picture.isFinal) resting = setTimeout(() => follow('final'), REST_MS);
    else if (next === undefined) settle();
  }
}

function askDetails(): Promise<Report | undefined> {
  running = 'details';
  detailedAt = performance.now();
  return simulator.details();
}

function start(kind: 'preview' | 'final'): Promise<Picture | undefined> {
  running = kind;
  startedAt = performance.now();
  isStale = false;
  let isTold = false;
  return simulator.simulate(scan, kind === 'preview', (part, spins) => {
    progress.value = part;
    if (isTold || performance.now() - startedAt < LONG_MS) return;
    isTold = true;
    said.textContent = `Simulating ${spins} spins …; any change stops it.`;
  });
}

/** Tells whoever waits, such as a test, that nothing more comes. */
function settle(): void {
  results.host.dataset.settled = String(Number(results.host.dataset.settled ?? 0) + 1);
}

/** Dims the pictures of the last possible scan if the current one is impossible. */
function tellWhetherGood(isGood: boolean): void {
  said.classList.toggle('bad', !isGood);
  results.host.classList.toggle('outdated', !isGood);
}

async function attempt<T>(work: Promise<T | undefined>): Promise<T | undefined> {
  try {
    const answer = await work;
    tellWhetherGood(true);
    return answer;
  } catch (error) {
    said.textContent = (error as Error).message;
    tellWhetherGood(false);
    return undefined;
  } finally {
    running = undefined;
    progress.value = 0;
  }
}

function select(label: string, options: readonly (readonly [string, string])[], onvalue: (value: string) => void) {
  const list = el(
    'select',
    { onchange: () => onvalue(list.value) },
    ...options.map(([value, title]) => el('option', { value }, title)),
  );
  return { element: el('label', { class: 'slider' }, el('span', { class: 'slider-name' }, label), list), list };
}

const titles = (of: Readonly<Record<string, { readonly title: string }>>) =>
  Object.entries(of).map(([name, { title }]) => [name, title] as const);
const sequences = select('sequence', titles(SEQUENCES), (name) => change({ ...scan, ...startOf(name) }));
const phantoms = select('phantom', titles(PHANTOMS), (phantom) => change({ ...scan, ...phantomOf(phantom) }));
const ENOUGH = 'enough';
const spins = choice('spins per voxel', ['1', '4', '16', ENOUGH], ENOUGH, (word) =>
  change({ ...scan, spinsPerVoxel: word === ENOUGH ? undefined : Number(word) }),
);
const presets = ARTEFACTS.map(({ title, about, sequence, parameters }) =>
  button(title, about, () => {
    sequences.list.value = sequence;
    phantoms.list.value = ARTEFACT_PHANTOM;
    shownFor = '';
    change({ ...scan, ...startOf(sequence, parameters), ...phantomOf(ARTEFACT_PHANTOM) });
  }),
);

document
  .getElementById('playground')!
  .append(
    el('h1', {}, 'Larmor playground'),
    el(
      'p',
      { class: 'about' },
      'Every picture is a simulation of the Bloch equations in this browser, by the kernels of the command. Move a slider and see what it does.',
    ),
    el(
      'div',
      { class: 'bench' },
      el(
        'section',
        { id: 'scan', 'aria-labelledby': 'scan-title' },
        el('h2', { id: 'scan-title' }, 'Scan'),
        el('div', { class: 'controls' }, sequences.element, phantoms.element),
        sliders,
        el('div', { class: 'tools' }, el('span', { class: 'slider-name' }, 'spins per voxel'), spins),
        el('h2', {}, 'Artefacts'),
        el('div', { class: 'tools' }, ...presets),
        el('div', { class: 'state' }, progress, said),
      ),
      results.host,
    ),
  );
followColours();
void follow('preview');
