/** Charts of lines over time or frequency: uPlot with our units, colours and cursor. */
import uPlot from 'uplot';
import type { Trace } from '../figures/envelope.ts';
import { scaledUnit, ticksOf } from '../figures/units.ts';
import type { Columns } from './columns.ts';
import { colour } from './dom.ts';
import { keepPieces } from './gaps.ts';

export interface ChartLine {
  readonly label: string;
  /** Name of a colour of the style sheet. */
  readonly colour: string;
  readonly filled?: boolean;
  readonly dashed?: boolean;
}

export interface ChartOptions {
  readonly label: string;
  readonly lines: readonly ChartLine[];
  readonly x: { readonly unit: string; readonly range: () => readonly [number, number]; readonly hasTicks: boolean };
  readonly y: {
    readonly unit: string;
    readonly range: () => readonly [number, number];
    readonly ticks?: readonly { readonly at: number; readonly text: string }[];
  };
  readonly height: number;
  /** Charts of one key share their cursor. */
  readonly sync?: string;
  readonly onSelect?: (from: number, to: number) => void;
  readonly onCursor?: (x: number | undefined) => void;
}

export interface Chart {
  readonly element: HTMLElement;
  /** One for each line; undefined: nothing. */
  draw(traces: readonly (Trace | Columns | undefined)[]): void;
  resize(): void;
  /** Puts the cursor at a place along x. */
  point(x: number | undefined): void;
}

const LEFT = 94;
const TICK_SPACE = 90;

/** Charts that were on the page at the last check. */
const onPage = new Map<HTMLElement, uPlot>();

/** Charts listen to the window and to each other until they are destroyed. */
function destroyRemoved(): void {
  for (const [host, chart] of onPage) {
    if (host.isConnected) continue;
    chart.destroy();
    onPage.delete(host);
  }
}

export function makeChart(host: HTMLElement, options: ChartOptions): Chart {
  const { x, y, lines, height, sync, onSelect, onCursor } = options;
  destroyRemoved();
  let isMoved = false;
  let columns: readonly (Columns | undefined)[] = [];
  const chart = new uPlot(
    {
      ...{ width: widthOf(host), height: height + (x.hasTicks ? 34 : 0) },
      padding: [4, 22, x.hasTicks ? 0 : 4, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [...x.range()] as [number, number] },
        y: { range: () => [...y.range()] as [number, number] },
      },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: onSelect !== undefined, y: false, setScale: false },
        ...(sync !== undefined && { sync: { key: sync, setSeries: false } }),
        bind: { dblclick: () => null },
      },
      axes: axesOf(options),
      series: [{}, ...lines.map(seriesOf)],
      hooks: {
        draw: [
          (u) => {
            for (const [n, line] of lines.entries()) if (columns[n]) drawColumns(u, columns[n], colour(line.colour));
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 3) return;
            onSelect?.(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [
          (u) => {
            if (isMoved) return;
            const { left = -1 } = u.cursor;
            onCursor?.(left < 0 ? undefined : u.posToVal(left, 'x'));
          },
        ],
      },
    },
    [[0], ...lines.map(() => [null])] as unknown as uPlot.AlignedData,
    host,
  );
  onPage.set(host, chart);
  host.setAttribute('role', 'img');
  host.setAttribute('aria-label', options.label);
  return {
    element: host,
    draw(traces) {
      columns = traces.map((trace) => (trace && 'low' in trace ? trace : undefined));
      chart.setData(aligned(traces.map((trace) => (trace && 'x' in trace ? trace : NOTHING))));
      const [from, to] = x.range();
      host.dataset.from = String(from);
      host.dataset.to = String(to);
    },
    resize: () => chart.setSize({ width: widthOf(host), height: height + (x.hasTicks ? 34 : 0) }),
    point(at) {
      isMoved = true;
      const left = at === undefined ? -10 : chart.valToPos(at, 'x');
      if (Math.abs(left - (chart.cursor.left ?? -10)) > 0.5)
        chart.setCursor({ left, top: at === undefined ? -10 : 5 }, false);
      isMoved = false;
    },
  };
}

/** Ticks along x have their unit at the last one. */
function axesOf({ x, y, height }: ChartOptions): uPlot.Axis[] {
  const ink = () => colour('muted');
  const grid = { stroke: () => colour('grid'), width: 1 };
  const xTicks = (width: number) => {
    const [from, to] = x.range();
    const { size, text } = scaledUnit(x.unit, Math.max(Math.abs(from), Math.abs(to)));
    const ticks = ticksOf(from, to, Math.max(2, Math.floor(width / TICK_SPACE)), size);
    const last = ticks.length - 1;
    return ticks.map((tick, n) => (n === last && text !== '' ? { ...tick, text: `${tick.text} ${text}` } : tick));
  };
  const yScale = () => scaledUnit(y.unit, Math.max(...y.range().map(Math.abs)));
  const yTicks = () => {
    const [from, to] = y.range();
    return y.ticks ?? ticksOf(from, to, Math.max(4, Math.floor(height / 26)), yScale().size);
  };
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return [
    {
      ...{ show: x.hasTicks, font, stroke: ink, grid, size: 34 },
      ticks: { ...grid, size: 4 },
      splits: (u) => xTicks(u.bbox.width / devicePixelRatio).map(({ at }) => at),
      values: (u) => xTicks(u.bbox.width / devicePixelRatio).map(({ text }) => text),
    },
    {
      ...{ font, stroke: ink, grid, size: LEFT, gap: 4 },
      ticks: { ...grid, size: 4 },
      splits: () => yTicks().map(({ at }) => at),
      values: () => yTicks().map(({ text }) => text),
    },
  ];
}

function seriesOf(line: ChartLine): uPlot.Series {
  return {
    ...{ label: line.label, width: 1.3, points: { show: false }, stroke: () => colour(line.colour) },
    gaps: (_chart, _line, _first, _last, gaps) => keepPieces(gaps as unknown as [number, number][]),
    ...(line.filled && { fill: () => `color-mix(in srgb, ${colour(line.colour)} 22%, transparent)` }),
    ...(line.dashed && { dash: [6, 4] }),
  };
}

const widthOf = (host: HTMLElement): number => Math.max(200, host.clientWidth);

const NOTHING: Trace = { x: new Float64Array(0), y: new Float64Array(0) };

/**
 * Columns as rectangles of whole pixels, which are drawn in no time; those alike side by side as
 * one.
 */
function drawColumns({ ctx, bbox, valToPos }: uPlot, { from, to, low, high }: Columns, fill: string): void {
  const edge = (c: number): number => Math.round(valToPos(from + (c * (to - from)) / low.length, 'x', true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = fill;
  for (let c = 0, end = 0; c < low.length; c = end) {
    for (end = c + 1; end < low.length && low[end] === low[c] && high[end] === high[c]; ) end++;
    if (Number.isNaN(low[c])) continue;
    const [top, bottom] = [Math.round(valToPos(high[c], 'y', true)), Math.round(valToPos(low[c], 'y', true))];
    const left = edge(c);
    ctx.fillRect(left, top, Math.max(1, edge(end) - left), Math.max(devicePixelRatio, bottom - top));
  }
  ctx.restore();
}

/**
 * Lines with x of their own as uPlot wants them: one x for all, `undefined` where a line has no
 * point, `null` where it is interrupted.
 */
function aligned(traces: readonly Trace[]): uPlot.AlignedData {
  const all: number[] = [];
  const columns = traces.map((): (number | null | undefined)[] => []);
  const next = traces.map(() => 0);
  const before = traces.map(() => Number.NaN);
  // An interruption lasts until the line's own next point, whatever others have in between.
  const isBroken = traces.map(() => false);
  /** Where the line's next point is; an interruption is where the point before it was. */
  const xOf = (line: number): number => {
    const { x } = traces[line];
    while (next[line] < x.length && Number.isNaN(x[next[line]]) && Number.isNaN(before[line])) next[line]++;
    const at = x[next[line]] ?? Number.POSITIVE_INFINITY;
    return Number.isNaN(at) ? before[line] : at;
  };
  for (;;) {
    let [first, x] = [-1, Number.POSITIVE_INFINITY];
    for (let line = 0; line < traces.length; line++) {
      const at = xOf(line);
      if (at < x) [first, x] = [line, at];
    }
    if (first < 0) return [all, ...columns] as uPlot.AlignedData;
    const y = traces[first].y[next[first]++];
    before[first] = x;
    isBroken[first] = Number.isNaN(y);
    all.push(x);
    for (const [line, column] of columns.entries())
      column.push(line === first && !isBroken[line] ? y : isBroken[line] ? null : undefined);
  }
}

/** The unit of values up to `largest` beside a chart: `mT/m`. */
export const unitText = (unit: string, largest: number): string => scaledUnit(unit, largest).text;
