/**
 * The sequence diagram and the signal over time: charts above each other that share their span of time
 * and their cursor. Drag across one to zoom all of them.
 */

import type { Seconds } from '../base/units.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import { fromSteps } from '../html/numbers.ts';
import type { Report } from '../html/types.ts';
import { type Chart, makeChart, unitText } from './chart.ts';
import { button, drawnInColours, el } from './dom.ts';
import type { Readouts } from './readouts.ts';
import { type Diagram, type LINES, openDiagram, signalLine } from './traces.ts';
import type { View } from './view.ts';

interface Panel {
  readonly name: string;
  readonly chart: Chart;
  readonly lines: readonly (keyof ReturnType<Diagram['lines']> | 'signal' | 'echo')[];
}

const GAP_TICKS = [
  { at: -Math.PI, text: '−π' },
  { at: 0, text: '0' },
  { at: Math.PI, text: 'π' },
];

/** Adds the charts to an element that is on the page. */
export function showDiagram(
  host: HTMLElement,
  { sequence, events, signal, echo }: Report,
  readouts: Readouts,
  view: View,
): void {
  const diagram = sequence && openDiagram(sequence);
  const starts = events ? fromSteps(events.repetitions) : new Float64Array(0);
  const pulses = events ? fromSteps(events.pulses) : new Float64Array(0);
  const peak = signal.peaks.reduce((most, value) => Math.max(most, value), 0);
  const panels: Panel[] = [];
  const charts = el('div', {
    class: 'charts',
    tabindex: 0,
    role: 'group',
    'aria-label':
      'diagram over time: arrow keys move, plus and minus zoom, Home shows all, Page Up and Page Down go from repetition to repetition',
  });
  const said = el('output', { class: 'said', 'aria-live': 'polite' });
  const shown = el('span', { class: 'shown' });
  const repetitionOf = (time: Seconds): number => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= time + 1e-9) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const showRepetition = (number: number): void => {
    const n = Math.min(starts.length - 1, Math.max(0, number));
    view.show(starts[n] ?? 0, starts[n + 1] ?? view.end);
  };
  const zoom = (factor: number): void => {
    const { from, to, cursor } = view.state;
    const centre = cursor !== undefined && cursor > from && cursor < to ? cursor : (from + to) / 2;
    view.show(centre - (centre - from) * factor, centre + (to - centre) * factor);
  };
  const move = (part: number): void => {
    const { from, to } = view.state;
    view.show(from + part * (to - from), to + part * (to - from));
  };
  const whole = (): void => view.show(0, view.end);

  const tools = el(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'span of time' },
    button('Whole scan', 'Home', whole),
    ...(starts.length > 1
      ? [
          button('‹ TR', 'previous repetition (Page Up)', () => showRepetition(repetitionOf(view.state.from) - 1)),
          button('One TR', 'one repetition', () => showRepetition(repetitionOf(view.state.from))),
          button('TR ›', 'next repetition (Page Down)', () => showRepetition(repetitionOf(view.state.from) + 1)),
        ]
      : []),
    button('−', 'zoom out (−)', () => zoom(2)),
    button('+', 'zoom in (+)', () => zoom(0.5)),
    button('←', 'earlier (left arrow)', () => move(-0.25)),
    button('→', 'later (right arrow)', () => move(0.25)),
    shown,
  );
  host.append(tools, charts, said);

  const add = (
    name: string,
    label: string,
    unit: string,
    range: readonly [number, number],
    height: number,
    lines: readonly {
      readonly of: Panel['lines'][number];
      readonly label: string;
      readonly colour: string;
      readonly filled?: boolean;
      readonly dashed?: boolean;
    }[],
    isLast = false,
  ): void => {
    const largest = Math.max(...range.map(Math.abs));
    const area = el('div', { class: 'chart', 'data-panel': name });
    const scaled = unitText(unit, largest);
    charts.append(
      el(
        'div',
        { class: 'panel' },
        el('div', { class: 'label' }, label, scaled === '' ? '' : el('small', {}, ` ${scaled}`)),
        area,
      ),
    );
    const chart = makeChart(area, {
      label: `${label} over time`,
      lines,
      x: { unit: 's', range: () => [view.state.from, view.state.to], hasTicks: isLast },
      y: {
        unit,
        range: () => range,
        ...(name === 'phase' ? { ticks: GAP_TICKS } : name === 'adc' ? { ticks: [] } : {}),
      },
      height,
      sync: 'time',
      onSelect: (from, to) => view.show(from, to),
      onCursor: (time) => view.point(time),
    });
    panels.push({ name, chart, lines: lines.map(({ of }) => of) });
  };
  const even = (most: number): [number, number] => [-1.12 * (most || 1), 1.12 * (most || 1)];
  if (diagram !== undefined) {
    const { largest } = diagram;
    add('b1', '|B1|', 'T', [0, 1.12 * (largest.b1 || 1e-6)], 70, [
      { of: 'b1', label: '|B1|', colour: 'rf', filled: true },
    ]);
    add('phase', 'phase', '', [-3.7, 3.7], 52, [
      { of: 'phase', label: 'of B1', colour: 'rf' },
      { of: 'receiver', label: 'of the receiver', colour: 'ink' },
    ]);
    for (const axis of ['gx', 'gy', 'gz'] as const)
      add(axis, `G${axis[1]}`, 'T/m', even(largest[axis] || 1e-3), 66, [
        { of: axis, label: axis, colour: axis, filled: true },
      ]);
    add('adc', 'ADC', '', [0, 1.15], 24, [{ of: 'adc', label: 'ADC', colour: 'ink', filled: true }]);
  }
  const echoLine = echo !== undefined && echo.level > 0;
  add(
    'signal',
    '|signal|',
    '',
    [0, 1.08 * (peak || 1)],
    92,
    [
      { of: 'signal', label: '|signal|', colour: 'signal', filled: true },
      ...(echoLine
        ? [
            {
              of: 'echo',
              label: 'predicted spurious echo',
              colour: echo.level < echo.limit ? 'good' : 'bad',
              dashed: true,
            } as const,
          ]
        : []),
    ],
    true,
  );

  const draw = (): void => {
    const { from, to } = view.state;
    const lines = diagram?.lines(from, to);
    for (const { chart, lines: names } of panels)
      chart.draw(
        names.map((name) => {
          if (name === 'signal') return signalLine(readouts, from, to);
          if (name === 'echo')
            return { x: Float64Array.of(from, to), y: Float64Array.of(echo!.level * peak, echo!.level * peak) };
          return lines![name];
        }),
      );
    const first = repetitionOf(from);
    const last = repetitionOf(to - 1e-7);
    const which =
      starts.length < 2
        ? ''
        : first === last
          ? `, TR ${first + 1} of ${starts.length}`
          : `, TR ${Math.max(1, first + 1)} to ${last + 1} of ${starts.length}`;
    shown.textContent = `${quantity(from, 's')} to ${quantity(to, 's')}${which}`;
  };
  draw();
  let pending = 0;
  view.onChange((now, before) => {
    if (now.from !== before.from || now.to !== before.to) {
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(draw);
    }
    if (now.cursor === before.cursor) return;
    for (const { chart } of panels) chart.point(now.cursor);
    said.textContent = now.cursor === undefined ? '' : describe(now.cursor);
  });
  drawnInColours(charts, draw);
  new ResizeObserver(() => {
    for (const { chart } of panels) chart.resize();
  }).observe(charts);

  charts.addEventListener('dblclick', whole);
  charts.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8);
    },
    { passive: false },
  );
  const step = (sign: number): void => {
    const { from, to, cursor } = view.state;
    const at = (cursor ?? (from + to) / 2) + (sign * (to - from)) / 200;
    view.point(Math.min(to, Math.max(from, at)));
  };
  const keys: Readonly<Record<string, () => void>> = {
    Home: whole,
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    PageUp: () => showRepetition(repetitionOf(view.state.from) - 1),
    PageDown: () => showRepetition(repetitionOf(view.state.from) + 1),
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    'Shift+ArrowLeft': () => move(-0.25),
    'Shift+ArrowRight': () => move(0.25),
    Escape: () => view.point(undefined),
  };
  charts.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[`${event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' : ''}${event.key}`];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  /** What plays at a time, in words. */
  function describe(time: Seconds): string {
    const parts = [`t ${quantity(time, 's')}`];
    if (diagram !== undefined) {
      // A span so short that its lines are exact.
      const lines = diagram.lines(time, Math.min(view.end, time + 1e-7));
      const value = (name: (typeof LINES)[number]): number => lines[name].y[0] ?? 0;
      if (value('b1') !== 0) parts.push(`|B1| ${quantity(value('b1'), 'T')}`);
      for (const axis of ['gx', 'gy', 'gz'] as const)
        if (value(axis) !== 0) parts.push(`G${axis[1]} ${quantity(value(axis), 'T/m')}`);
      const pulse = pulses.findIndex((at) => Math.abs(at - time) < (view.state.to - view.state.from) / 100);
      if (pulse >= 0 && events)
        parts.push(
          `pulse ${pulse + 1}: ${shortNumber(Number(((events.flips[pulse] * 180) / Math.PI).toPrecision(4)))}°`,
        );
    }
    const n = readouts.before(time);
    if (n < 0 || time > readouts.end(n)) return parts.join(', ');
    const sample = Math.min(
      readouts.samples(n) - 1,
      Math.max(0, Math.round((time - readouts.starts[n]) / readouts.dwell(n) - 0.5)),
    );
    const k = readouts.place(n, sample);
    const { axes } = signal.trajectory ?? {};
    parts.push(`readout ${n + 1} of ${readouts.count}, sample ${sample + 1} of ${readouts.samples(n)}`);
    if (k && axes)
      parts.push(
        `k ${axes.map((axis, i) => `${axis} ${shortNumber(Math.abs(k[i]) < 1e-6 ? 0 : Number(k[i].toPrecision(4)))}`).join(', ')} /m`,
      );
    return parts.join(', ');
  }
}
