/**
 * The sequence diagram and the signal over time: charts above each other that share their span of
 * time and their cursor. Drag across one to zoom all of them.
 */

import { fromSteps } from '../html/numbers.ts';
import type { Report } from '../html/types.ts';
import { type Chart, makeChart, unitText } from './chart.ts';
import { drawnInColours, el } from './dom.ts';
import { momentsOf } from './moment.ts';
import type { Readouts } from './readouts.ts';
import { spanTools } from './span.ts';
import { type Diagram, type LineName, openDiagram, signalLines } from './traces.ts';
import type { View } from './view.ts';

/** One chart, as it is laid out. */
interface Panel {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly range: readonly [number, number];
  /** Pixels. */
  readonly height: number;
  readonly lines: readonly {
    readonly of: LineName | 'signal' | 'echo';
    readonly label: string;
    readonly colour: string;
    readonly filled?: boolean;
    readonly dashed?: boolean;
  }[];
  readonly ticks?: readonly { readonly at: number; readonly text: string }[];
  /** Has the axis of time below it. */
  readonly isLast?: boolean;
}

const GAP_TICKS = [
  { at: -Math.PI, text: '−π' },
  { at: 0, text: '0' },
  { at: Math.PI, text: 'π' },
];

const HELP =
  'diagram over time: arrow keys move, plus and minus zoom, Home shows all, Page Up and Page Down go from repetition to repetition';

/** Adds the charts to an element that is on the page. */
export function showDiagram(host: HTMLElement, report: Report, readouts: Readouts, view: View): void {
  const { sequence, events, signal, echo } = report;
  const diagram = sequence && openDiagram(sequence);
  const peak = signal.peaks.reduce((most, value) => Math.max(most, value), 0);
  const charts = el('div', { class: 'charts', tabindex: 0, role: 'group', 'aria-label': HELP });
  const said = el('output', { class: 'said', 'aria-live': 'polite' });
  const starts = events ? fromSteps(events.repetitions) : new Float64Array(0);
  const { tools, showSpan } = spanTools(charts, starts, view);
  host.append(tools, charts, said);

  const signalLine = signalLines(readouts);
  const describe = momentsOf(report, diagram, readouts, view);
  const panels = [...(diagram === undefined ? [] : sequencePanels(diagram)), signalPanel(peak, echo)];
  const drawn = panels.map((panel) => ({ chart: addChart(charts, panel, view), lines: panel.lines }));
  const draw = (): void => {
    const { from, to } = view.state;
    const lines = diagram?.shown(from, to);
    for (const { chart, lines: all } of drawn)
      chart.draw(
        all.map(({ of }) => {
          if (of === 'signal') return signalLine(from, to);
          const level = (echo?.level ?? 0) * peak;
          return of === 'echo' ? { x: Float64Array.of(from, to), y: Float64Array.of(level, level) } : lines?.[of];
        }),
      );
    showSpan();
  };
  draw();
  let pending = 0;
  view.onChange((now, before) => {
    if (now.from !== before.from || now.to !== before.to) {
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(draw);
    }
    if (now.cursor === before.cursor) return;
    for (const { chart } of drawn) chart.point(now.cursor);
    said.textContent = now.cursor === undefined ? '' : describe(now.cursor);
  });
  drawnInColours(charts, draw);
  new ResizeObserver(() => {
    for (const { chart } of drawn) chart.resize();
  }).observe(charts);
}

function sequencePanels({ largest }: Diagram): Panel[] {
  const even = (most: number): [number, number] => [-1.12 * (most || 1e-3), 1.12 * (most || 1e-3)];
  return [
    {
      ...{ name: 'b1', label: '|B1|', unit: 'T', range: [0, 1.12 * (largest.b1 || 1e-6)], height: 70 },
      lines: [{ of: 'b1', label: '|B1|', colour: 'rf', filled: true }],
    },
    {
      ...{ name: 'phase', label: 'phase', unit: '', range: [-3.7, 3.7], height: 52, ticks: GAP_TICKS },
      lines: [
        { of: 'phase', label: 'of B1', colour: 'rf' },
        { of: 'receiver', label: 'of the receiver', colour: 'ink' },
      ],
    },
    ...(['gx', 'gy', 'gz'] as const).map(
      (axis): Panel => ({
        ...{ name: axis, label: `G${axis[1]}`, unit: 'T/m', range: even(largest[axis]), height: 66 },
        lines: [{ of: axis, label: axis, colour: axis, filled: true }],
      }),
    ),
    {
      ...{ name: 'adc', label: 'ADC', unit: '', range: [0, 1.15], height: 24, ticks: [] },
      lines: [{ of: 'adc', label: 'ADC', colour: 'ink', filled: true }],
    },
  ];
}

function signalPanel(peak: number, echo: Report['echo']): Panel {
  const colour = echo !== undefined && echo.level < echo.limit ? 'good' : 'bad';
  const line = { of: 'echo', label: 'predicted spurious echo', colour, dashed: true } as const;
  return {
    ...{ name: 'signal', label: '|signal|', unit: '', range: [0, 1.08 * (peak || 1)], height: 92, isLast: true },
    lines: [
      { of: 'signal', label: '|signal|', colour: 'signal', filled: true },
      ...(echo !== undefined && echo.level > 0 ? [line] : []),
    ],
  };
}

/** Adds one chart with its label. */
function addChart(
  charts: HTMLElement,
  { name, label, unit, range, height, lines, ticks, isLast = false }: Panel,
  view: View,
): Chart {
  const area = el('div', { class: 'chart', 'data-panel': name });
  const scaled = unitText(unit, Math.max(...range.map(Math.abs)));
  const about = el('div', { class: 'label' }, label, scaled === '' ? '' : el('small', {}, ` ${scaled}`));
  charts.append(el('div', { class: 'panel' }, about, area));
  return makeChart(area, {
    ...{ label: `${label} over time`, lines, height, sync: 'time' },
    x: { unit: 's', range: () => [view.state.from, view.state.to], hasTicks: isLast },
    y: { unit, range: () => range, ...(ticks && { ticks }) },
    onSelect: (from, to) => view.show(from, to),
    onCursor: (time) => view.point(time),
  });
}
