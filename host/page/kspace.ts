/**
 * Where the readouts lie in k-space. Those of the span of time that the diagram shows are coloured
 * by time or by signal, the others are grey; a click on one shows it in the diagram.
 */
import { quantity, shortNumber } from '../figures/units.ts';
import type { Report } from '../html/types.ts';
import { choice, drawnInColours, el } from './dom.ts';
import { drawKspace, type KspaceLook, placeIn } from './kspace-drawing.ts';
import type { Readouts } from './readouts.ts';
import type { View } from './view.ts';

/** Extents below this fraction of the largest count as 0: the trajectory lies in a plane. */
const FLAT = 1e-4;
/** Places along a readout that a click is compared with; twice as many where it is curved. */
const PLACES = 20;

/** The reader's choice, kept while a live page is drawn again. */
let chosenMode: KspaceLook['mode'] | undefined;

const HELP = 'k-space: arrow keys go from readout to readout';

export function showKspace(
  host: HTMLElement,
  { signal }: Report,
  readouts: Readouts,
  view: View,
  mode: 'time' | 'signal' = 'time',
): void {
  const { trajectory } = signal;
  if (trajectory === undefined || readouts.count === 0) {
    host.append(el('p', { class: 'missing' }, 'The raw data do not tell where in k-space their samples lie.'));
    return;
  }
  const reach = reachOf(trajectory, readouts);
  const planes = planesOf(reach);
  const nameOf = ([u, v]: KspaceLook['plane']): string => `${trajectory.axes[u]}–${trajectory.axes[v]}`;
  let look: KspaceLook = { plane: largestOf(planes, reach), mode: chosenMode ?? mode };
  const change = (changed: Partial<KspaceLook>): void => {
    look = { ...look, ...changed };
    draw();
  };

  const size = { width: 800, height: 800, tabindex: 0 };
  const canvas = el('canvas', { class: 'kspace', ...size, role: 'application', 'aria-label': HELP });
  const said = el('output', { class: 'said', 'aria-live': 'polite' });
  host.append(
    el(
      'div',
      { class: 'tools' },
      planes.length > 1 &&
        choice('plane of k-space', planes.map(nameOf), nameOf(look.plane), (name) =>
          change({ plane: planes.find((one) => nameOf(one) === name)! }),
        ),
      choice('coloured by', ['time', 'signal'], look.mode, (mode) => {
        chosenMode = mode;
        change({ mode });
      }),
    ),
    canvas,
    said,
  );

  const draw = (): void => drawKspace(canvas, signal, trajectory, reach, look, readouts, view.state);
  const say = (n: number): void => {
    const row = signal.readouts;
    const middle = readouts.place(n, (readouts.samples(n) - 1) / 2);
    const number = (k: number): string =>
      shortNumber(Math.abs(k) < 1e-6 * Math.max(...reach) ? 0 : Number(k.toPrecision(3)));
    const where = middle
      ? `, middle at k ${trajectory.axes.map((axis, i) => `${axis} ${number(middle[i])}`).join(', ')} /m`
      : '';
    said.textContent = `readout ${n + 1} of ${readouts.count} at ${quantity(readouts.starts[n], 's')}: slice ${row.slice[n] + 1}, contrast ${row.contrast[n] + 1}, repetition ${row.repetition[n] + 1}${where}`;
  };
  canvas.addEventListener('click', (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    const at = placeIn(canvas, reach, look.plane);
    chooseReadout(
      nearest([x, y], at, (n) => PLACES * (trajectory.path[n] > 0 ? 2 : 1), readouts),
      readouts,
      view,
    );
  });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    chooseReadout(Math.min(readouts.count - 1, Math.max(0, view.state.readout + step)), readouts, view);
  });

  let pending = 0;
  view.onChange((now, before) => {
    if (now.readout !== before.readout) say(now.readout);
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(draw);
  });
  say(view.state.readout);
  drawnInColours(canvas, draw);
  // Which calls back as soon as the canvas has a size, and so draws first of all.
  new ResizeObserver(() => draw()).observe(canvas);
}

type Trajectory = NonNullable<Report['signal']['trajectory']>;

/** [axes] the largest |k| that is encoded or played [1/m]. */
function reachOf({ limits, first, last, paths, unit }: Trajectory, { count }: Readouts): number[] {
  return [0, 1, 2].map((axis) => {
    let most = limits[axis];
    for (let n = 0; n < count; n++) most = Math.max(most, Math.abs(first[axis][n]), Math.abs(last[axis][n]));
    for (const path of paths)
      for (let i = axis; i < path.length; i += 3) most = Math.max(most, unit * Math.abs(path[i]));
    return most;
  });
}

const PLANES = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** Planes in both of whose axes the trajectory extends. */
function planesOf(reach: readonly number[]): KspaceLook['plane'][] {
  const least = FLAT * Math.max(...reach);
  return PLANES.filter(([u, v]) => reach[u] > least && reach[v] > least);
}

/** The plane to begin with; of a single line, one that shows it. */
function largestOf(planes: readonly KspaceLook['plane'][], reach: readonly number[]): KspaceLook['plane'] {
  const least = FLAT * Math.max(...reach);
  const any = planes.length > 0 ? planes : PLANES.filter(([u, v]) => reach[u] > least || reach[v] > least);
  const size = ([u, v]: KspaceLook['plane']): number => Math.min(reach[u], reach[v]);
  return any.reduce((best, one) => (size(one) > size(best) ? one : best), any[0] ?? PLANES[0]);
}

/** Shows a readout and some time around it. */
function chooseReadout(n: number, readouts: Readouts, view: View): void {
  view.choose(n);
  const { from, to } = view.state;
  if (readouts.starts[n] >= from && readouts.end(n) <= to) return;
  const half = (to - from) / 2;
  const middle = (readouts.starts[n] + readouts.end(n)) / 2;
  view.show(middle - half, middle + half);
}

/** @param places along a readout that are looked at */
function nearest(
  [x, y]: readonly [number, number],
  at: ReturnType<typeof placeIn>,
  places: (n: number) => number,
  readouts: Readouts,
): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let n = 0; n < readouts.count; n++) {
    for (let p = 0; p <= places(n); p++) {
      const k = readouts.place(n, (p * (readouts.samples(n) - 1)) / places(n));
      if (k === undefined) break;
      const [px, py] = at(k);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [best, least] = [n, distance];
    }
  }
  return best;
}
