/**
 * Where the readouts lie in k-space. Those of the span of time that the diagram shows are coloured by
 * time or by signal, the others are grey; a click on one shows it in the diagram.
 */
import { css, viridis } from '../figures/colours.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import type { Report } from '../html/types.ts';
import { choice, colour, drawnInColours, el } from './dom.ts';
import type { Readouts } from './readouts.ts';
import type { View } from './view.ts';

/** Readouts that are drawn in colour, and behind them in grey; of more, every n-th. */
const MOST_COLOURED = 1500;
const MOST_GREY = 6000;
/** Samples that are drawn as dots. */
const MOST_DOTS = 60_000;
/** Decades of signal from the darkest to the brightest dot. */
const DECADES = 3;

export function showKspace(host: HTMLElement, { signal }: Report, readouts: Readouts, view: View): void {
  const { trajectory } = signal;
  if (trajectory === undefined || readouts.count === 0) {
    host.append(el('p', { class: 'missing' }, 'The raw data do not tell where in k-space their samples lie.'));
    return;
  }
  const { axes, limits, first, last } = trajectory;
  const reach = [0, 1, 2].map((axis) => {
    let most = limits[axis];
    for (let n = 0; n < readouts.count; n++) most = Math.max(most, Math.abs(first[axis][n]), Math.abs(last[axis][n]));
    for (const path of trajectory.paths)
      for (let i = axis; i < path.length; i += 3) most = Math.max(most, trajectory.unit * Math.abs(path[i]));
    return most;
  });
  const farthest = Math.max(...reach);
  const planes = (
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const
  ).filter(([u, v]) => reach[u] > 1e-4 * farthest || reach[v] > 1e-4 * farthest);
  const nameOf = ([u, v]: readonly [number, number]): string => `${axes[u]}–${axes[v]}`;
  const largest = (plane: readonly [number, number]): number => Math.min(reach[plane[0]], reach[plane[1]]);
  let plane = planes.reduce((best, one) => (largest(one) > largest(best) ? one : best), planes[0] ?? ([0, 1] as const));
  let mode: 'time' | 'signal' = 'time';

  const canvas = el('canvas', {
    class: 'kspace',
    width: 800,
    height: 800,
    tabindex: 0,
    role: 'application',
    'aria-label': 'k-space: arrow keys go from readout to readout',
  });
  const said = el('output', { class: 'said', 'aria-live': 'polite' });
  const context = canvas.getContext('2d')!;
  const wide = planes.filter((one) => reach[one[0]] > 1e-4 * farthest && reach[one[1]] > 1e-4 * farthest);
  host.append(
    el(
      'div',
      { class: 'tools' },
      wide.length > 1 &&
        choice('plane of k-space', wide.map(nameOf), nameOf(plane), (name) => {
          plane = wide.find((one) => nameOf(one) === name)!;
          draw();
        }),
      choice('coloured by', ['time', 'signal'], mode, (word) => {
        mode = word;
        draw();
      }),
    ),
    canvas,
    said,
  );

  let scale = 1;
  const at = (k: readonly number[]): [number, number] => [
    canvas.width / 2 + scale * k[plane[0]],
    canvas.height / 2 - scale * k[plane[1]],
  ];
  const stroke = (n: number): void => {
    const points = trajectory.path[n] > 0 ? Math.min(readouts.samples(n), 200) : 2;
    for (let p = 0; p < points; p++) {
      const k = readouts.place(n, (p * (readouts.samples(n) - 1)) / (points - 1));
      if (k === undefined) return;
      const [x, y] = at(k);
      if (p === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  };
  const within = (): readonly [number, number] => {
    const { from, to } = view.state;
    let begin = Math.max(0, readouts.before(from));
    if (readouts.end(begin) < from) begin++;
    return [begin, readouts.before(to) + 1];
  };

  function draw(): void {
    const side = Math.round(Math.max(240, canvas.clientWidth) * devicePixelRatio);
    canvas.width = side;
    canvas.height = side;
    scale = side / 2 / (1.12 * Math.max(reach[plane[0]], reach[plane[1]], 1e-9));
    const pixel = devicePixelRatio;
    context.fillStyle = colour('plot');
    context.fillRect(0, 0, side, side);
    context.lineWidth = pixel;
    context.strokeStyle = colour('grid');
    context.beginPath();
    context.moveTo(side / 2, 0);
    context.lineTo(side / 2, side);
    context.moveTo(0, side / 2);
    context.lineTo(side, side / 2);
    context.stroke();
    drawLimits(pixel);

    context.strokeStyle = colour('faint');
    context.beginPath();
    const stride = Math.ceil(readouts.count / MOST_GREY);
    for (let n = 0; n < readouts.count; n += stride) stroke(n);
    context.stroke();

    const [begin, end] = within();
    if (mode === 'time') drawTimes(begin, end, pixel);
    else drawSignals(begin, end, pixel);
    drawMark(pixel);
    context.fillStyle = colour('muted');
    context.font = `${12 * pixel}px ${getComputedStyle(document.body).fontFamily}`;
    context.fillText(
      `k ${axes[plane[0]]}`,
      side - (12 + 8 * axes[plane[0]].length) * pixel - 14 * pixel,
      side - 8 * pixel,
    );
    context.fillText(`k ${axes[plane[1]]}`, 6 * pixel, 16 * pixel);
  }

  /** What the matrix and the field of view encode. */
  function drawLimits(pixel: number): void {
    const [a, b] = [limits[plane[0]], limits[plane[1]]];
    if (a === 0 && b === 0) return;
    const far = 2 * farthest;
    const [left, top] = at(
      [0, 1, 2].map((axis) => (axis === plane[0] ? -(a || far) : axis === plane[1] ? b || far : 0)),
    );
    context.setLineDash([6 * pixel, 4 * pixel]);
    context.strokeStyle = colour('muted');
    context.strokeRect(left, top, 2 * scale * (a || far), 2 * scale * (b || far));
    context.setLineDash([]);
  }

  function drawTimes(begin: number, end: number, pixel: number): void {
    const stride = Math.ceil((end - begin) / MOST_COLOURED);
    context.lineWidth = 1.6 * pixel;
    for (let n = begin; n < end; n += stride) {
      context.strokeStyle = css(viridis(0.08 + (0.84 * (n - begin + 0.5)) / Math.max(1, end - begin)));
      context.beginPath();
      stroke(n);
      context.stroke();
    }
  }

  function drawSignals(begin: number, end: number, pixel: number): void {
    const total = Array.from({ length: end - begin }, (_, n) => readouts.samples(begin + n)).reduce(
      (sum, count) => sum + count,
      0,
    );
    const stride = Math.ceil(total / MOST_DOTS);
    const peak = signal.peaks[signal.strongest];
    const dot = Math.max(1.5 * pixel, 0.8 * scale * smallestStep());
    for (let n = begin; n < end; n += stride) {
      const coils = Array.from({ length: readouts.coils }, (_, coil) => readouts.values(n, coil));
      for (let sample = 0; sample < readouts.samples(n); sample++) {
        const k = readouts.place(n, sample);
        if (k === undefined || coils[0] === undefined) break;
        let square = 0;
        for (const values of coils) square += values![2 * sample] ** 2 + values![2 * sample + 1] ** 2;
        const decades = Math.log10(Math.max(1e-30, Math.sqrt(square) / peak));
        context.fillStyle = css(viridis(1 + decades / DECADES));
        const [x, y] = at(k);
        context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
      }
    }
  }

  /** Distance of neighbouring samples of the encoded grid. */
  function smallestStep(): number {
    const n = signal.strongest;
    const [a, b] = [readouts.place(n, 0), readouts.place(n, 1)];
    return a && b ? Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) : 0;
  }

  /** The chosen readout, and the sample under the cursor of the diagram. */
  function drawMark(pixel: number): void {
    const { cursor, readout } = view.state;
    context.strokeStyle = colour('accent');
    context.lineWidth = 2.5 * pixel;
    context.beginPath();
    stroke(readout);
    context.stroke();
    const n = cursor === undefined ? -1 : readouts.before(cursor);
    if (n < 0 || cursor! > readouts.end(n)) return;
    const k = readouts.place(n, (cursor! - readouts.starts[n]) / readouts.dwell(n) - 0.5);
    if (k === undefined) return;
    context.beginPath();
    context.arc(...at(k), 5 * pixel, 0, 2 * Math.PI);
    context.fillStyle = colour('bad');
    context.fill();
  }

  const say = (n: number): void => {
    const row = signal.readouts;
    const middle = readouts.place(n, (readouts.samples(n) - 1) / 2);
    const where = middle
      ? `, middle at k ${axes.map((axis, i) => `${axis} ${shortNumber(Math.abs(middle[i]) < 1e-6 * farthest ? 0 : Number(middle[i].toPrecision(3)))}`).join(', ')} /m`
      : '';
    said.textContent = `readout ${n + 1} of ${readouts.count} at ${quantity(readouts.starts[n], 's')}: slice ${row.slice[n] + 1}, contrast ${row.contrast[n] + 1}, repetition ${row.repetition[n] + 1}${where}`;
  };
  /** Shows a readout and some time around it. */
  const choose = (n: number): void => {
    view.choose(n);
    const { from, to } = view.state;
    if (readouts.starts[n] < from || readouts.end(n) > to) {
      const half = (to - from) / 2;
      const middle = (readouts.starts[n] + readouts.end(n)) / 2;
      view.show(middle - half, middle + half);
    }
  };
  canvas.addEventListener('click', (event) => {
    const box = canvas.getBoundingClientRect();
    const point = [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ] as const;
    choose(nearest(point));
  });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(Math.min(readouts.count - 1, Math.max(0, view.state.readout + step)));
  });

  function nearest([x, y]: readonly [number, number]): number {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let n = 0; n < readouts.count; n++) {
      const points = trajectory!.path[n] > 0 ? 40 : 20;
      for (let p = 0; p <= points; p++) {
        const k = readouts.place(n, (p * (readouts.samples(n) - 1)) / points);
        if (k === undefined) break;
        const [px, py] = at(k);
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (distance < least) [best, least] = [n, distance];
      }
    }
    return best;
  }

  let pending = 0;
  view.onChange((now, before) => {
    if (now.readout !== before.readout) say(now.readout);
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(draw);
  });
  say(view.state.readout);
  draw();
  drawnInColours(canvas, draw);
  new ResizeObserver(() => draw()).observe(canvas);
}
