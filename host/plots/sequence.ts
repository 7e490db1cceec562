/**
 * The diagram of a sequence: RF, gradients, readouts and counters over time, with echo and
 * repetition times and block numbers.
 */
import { basename } from 'node:path';
import type { Seconds } from '../base/units.ts';
import * as colours from '../figures/colours.ts';
import type { Trace } from '../figures/envelope.ts';
import { FONT, textWidth } from '../figures/layout.ts';
import type { Axis, Figure, Mark, Panel } from '../figures/types.ts';
import { quantity, shortNumber, ticksOf } from '../figures/units.ts';
import { flipAngle } from '../sequence/rf.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { moments } from './moments.ts';
import { sequenceTraces, type Traces } from './sequence-traces.ts';
import { chooseWindow, type Played, played, type SequenceWindow, type WindowOptions } from './window.ts';

/** Traces that are drawn on request. */
export const EXTRA_TRACES = ['m0', 'm1', 'slew'] as const;
export type ExtraTrace = (typeof EXTRA_TRACES)[number];

export interface SequencePlotOptions extends WindowOptions {
  readonly traces?: readonly ExtraTrace[];
}

const AXES = ['x', 'y', 'z'] as const;
const AXIS_COLOURS = [colours.BLUE, colours.GREEN, colours.VERMILION] as const;

export function sequencePlot(sequence: Sequence, scanner: Scanner, options: SequencePlotOptions = {}): Figure {
  const all = played(sequence, scanner);
  const window = chooseWindow(all, options);
  const traces = sequenceTraces(all, window, options.traces?.includes('slew') === true);
  const time: Axis = { label: '', unit: 's', range: [window.from, window.to], ticks: [] };
  const panel = (
    label: string,
    unit: string,
    range: readonly [number, number],
    height: number,
    marks: Mark[],
  ): Panel => {
    // The scale of what does not play means nothing.
    const isSilent = marks.every((mark) => mark.kind !== 'line' || mark.y.every((value) => value === 0));
    const y = { label, unit, range, ...(isSilent && range[1] > 0 ? { ticks: [{ at: 0, text: '0' }] } : {}) };
    return { x: time, y, height, marks: [...blockEdges(all, window), ...marks] };
  };
  const panels: Panel[] = [eventsPanel(all, window, traces, time)];
  panels.push(panel('|B1|', 'T', spread([traces.b1]), 92, [line(traces.b1, colours.PURPLE, true)]));
  panels.push(phasePanel(panel, traces));
  const strongest = symmetrical(spread(traces.gradients));
  for (const [n, trace] of traces.gradients.entries()) {
    const own = trace.y.some((value) => value !== 0) ? symmetrical(spread([trace])) : strongest;
    panels.push(panel(`G${AXES[n]}`, 'T/m', own, 82, [line(trace, AXIS_COLOURS[n], true)]));
  }
  panels.push(...extraPanels(panel, all, window, traces, options.traces ?? []));
  const adc = panel('ADC', '', [0, 1.15], 34, [line(traces.adc, colours.BLACK, true)]);
  panels.push({ ...adc, y: { ...adc.y, ticks: [] } });
  if (traces.labels.size > 0) panels.push(labelsPanel(panel, traces));
  panels.push(blocksPanel(all, window, time));
  const last = panels[panels.length - 1];
  panels[panels.length - 1] = { ...last, x: { label: 'time', unit: 's', range: time.range } };
  return {
    title: `${basename(sequence.name)}: sequence diagram`,
    caption: caption(all, window, traces, options),
    rows: panels.map((one) => [one]),
  };
}

type MakePanel = (
  label: string,
  unit: string,
  range: readonly [number, number],
  height: number,
  marks: Mark[],
) => Panel;

function line({ x, y, envelopeOf }: Trace, colour: string, filled = false, name?: string): Mark {
  const more = { ...(name === undefined ? {} : { name }), ...(envelopeOf === undefined ? {} : { envelopeOf }) };
  return { kind: 'line', x, y, colour, filled, ...more };
}

/** The range of traces and 0, with some space around. */
function spread(traces: readonly Trace[]): [number, number] {
  let [least, most] = [0, 0];
  for (const { y } of traces)
    for (const value of y) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  const space = 0.1 * (most - least || 1);
  return [least < 0 ? least - space : 0, most + space];
}

function symmetrical([least, most]: readonly [number, number]): [number, number] {
  const reach = Math.max(-least, most);
  return [-reach, reach];
}

const PHASE_TICKS = [
  { at: -Math.PI, text: '−π' },
  { at: 0, text: '0' },
  { at: Math.PI, text: 'π' },
];

function phasePanel(panel: MakePanel, { phase, receiverPhase }: Traces): Panel {
  const made = panel('phase', 'rad', [-3.7, 3.7], 64, [
    line(phase, colours.PURPLE, false, 'B1'),
    line(receiverPhase, colours.BLACK, false, 'receiver'),
  ]);
  return { ...made, y: { ...made.y, ticks: PHASE_TICKS }, legend: true };
}

function extraPanels(
  panel: MakePanel,
  all: Played,
  window: SequenceWindow,
  traces: Traces,
  wanted: readonly ExtraTrace[],
): Panel[] {
  const three = (label: string, unit: string, of: readonly Trace[]): Panel => ({
    ...panel(
      label,
      unit,
      spread(of),
      92,
      of.map((trace, n) => line(trace, AXIS_COLOURS[n], false, AXES[n])),
    ),
    legend: true,
  });
  const found = wanted.includes('m0') || wanted.includes('m1') ? moments(all, window) : undefined;
  return [
    ...(wanted.includes('slew') ? [three('slew', 'T/m/s', traces.slew)] : []),
    ...(wanted.includes('m0') ? [three('γ̄M0 = k', '1/m', found!.m0)] : []),
    ...(wanted.includes('m1') ? [three('γ̄M1', 's/m', found!.m1)] : []),
  ];
}

function labelsPanel(panel: MakePanel, { labels }: Traces): Panel {
  let [least, most] = [0, 1];
  for (const { y } of labels.values())
    for (const value of y) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  const space = 0.12 * (most - least);
  const marks = [...labels].map(([name, trace], n) => {
    const isConstant = trace.y.every((value) => value === trace.y[0]);
    return line(trace, colours.SERIES[n % colours.SERIES.length], false, isConstant ? `${name} = ${trace.y[0]}` : name);
  });
  const made = panel('labels', '', [least - space, most + space], 72, marks);
  const whole = ticksOf(least, most, 3).filter(({ at }) => Number.isInteger(at));
  return { ...made, y: { ...made.y, ticks: whole }, legend: true };
}

/** Marks of single events are drawn while they are at most this many. */
const MOST_MARKS = 16;

/** Flip angles at the pulses, and below them the spans of echo and repetition times. */
function eventsPanel(
  { walk, encoding, scanner }: Played,
  { from, to, repetition }: SequenceWindow,
  { triggers }: Traces,
  time: Axis,
): Panel {
  const marks: Mark[] = [];
  const scale = pixelsPer(from, to);
  const pulses = walk.pulses.filter(({ time: at }) => at >= from && at <= to);
  let [free, before] = [Number.NEGATIVE_INFINITY, ''];
  for (const { time: at, rf } of pulses) {
    if ((at - from) * scale < free) continue;
    const text = `${shortNumber(Number(((flipAngle(rf, scanner.gammaBar) * 180) / Math.PI).toPrecision(3)))}°`;
    const half = textWidth(text, FONT.tick) / 2;
    // Of many pulses those that differ.
    if ((at - from) * scale - half < free || (text === before && pulses.length > 2 * MOST_MARKS)) continue;
    free = (at - from) * scale + half;
    before = text;
    marks.push({ kind: 'text', x: at, y: 3, text, anchor: 'middle', shift: [0, 12], colour: colours.PURPLE });
  }
  const excitations = walk.excitations.filter(({ time: at }) => at >= from && at <= to);
  if (excitations.length <= MOST_MARKS) {
    for (const { time: at } of excitations) {
      const number = walk.excitations.findIndex((one) => one.time === at);
      const isRead = walk.readouts.some(({ excitation }) => excitation === number);
      for (const [n, TE] of encoding.TE.entries()) {
        const name = encoding.TE.length > 1 ? `TE${n + 1}` : 'TE';
        if (isRead && at + TE <= to)
          marks.push(...span(at, at + TE, 1.55, `${name} ${quantity(TE, 's')}`, colours.VERMILION, scale));
      }
    }
    const [TR] = encoding.TR;
    const first = excitations[0]?.time;
    // The next pulse's centre is just outside of a repetition, which begins with the block of the
    // first.
    if (TR !== undefined && first !== undefined && (repetition !== undefined || first + TR <= to))
      marks.push(...span(first, Math.min(first + TR, to), 0.4, `TR ${quantity(TR, 's')}`, colours.BLUE, scale));
  }
  for (const { time: at, type } of triggers)
    marks.push({
      kind: 'rule',
      axis: 'x',
      at,
      colour: colours.ORANGE,
      text: type === 'input' ? 'wait for trigger' : 'trigger',
    });
  return { x: time, y: { label: '', unit: '', range: [0, 3], ticks: [] }, height: 58, marks };
}

/** Pixels of the plot area per second, about. */
const pixelsPer = (from: Seconds, to: Seconds): number => 910 / (to - from);

/** A span of time with a text above its end, or after it where it is too short. */
function span(from: Seconds, to: Seconds, y: number, text: string, colour: string, scale: number): Mark[] {
  const stroke = (x0: number, x1: number, y0: number, y1: number): Mark => {
    return { kind: 'line', x: Float64Array.of(x0, x1), y: Float64Array.of(y0, y1), colour, annotation: true };
  };
  const fits = (to - from) * scale > textWidth(text, FONT.tick) + 8;
  return [
    stroke(from, to, y, y),
    stroke(from, from, y - 0.25, y + 0.25),
    stroke(to, to, y - 0.25, y + 0.25),
    { kind: 'text', x: to, y, text, colour, anchor: fits ? 'end' : 'start', shift: fits ? [-5, -3] : [5, 4] },
  ];
}

/**
 * Edges of blocks are drawn while they are at most this many, and where there is space between them
 * [px].
 */
const MOST_EDGES = 200;
const EDGE_SPACE = 4;

function blockEdges({ starts }: Played, { from, to, firstBlock, endBlock }: SequenceWindow): Mark[] {
  if (endBlock - firstBlock > MOST_EDGES) return [];
  const marks: Mark[] = [];
  let before = from;
  for (let n = firstBlock + 1; n < endBlock; n++) {
    const at = starts[n];
    if ((at - before) * pixelsPer(from, to) < EDGE_SPACE) continue;
    before = at;
    marks.push({ kind: 'rule', axis: 'x', at, colour: '#f1e6d2' });
  }
  return marks;
}

/** Numbers of blocks, from 1 as in messages, where there is room. */
function blocksPanel(all: Played, window: SequenceWindow, time: Axis): Panel {
  const { from, to, firstBlock, endBlock } = window;
  const marks = blockEdges(all, window).map((mark): Mark => ({ ...mark, colour: '#b8a888' }) as Mark);
  const scale = pixelsPer(from, to);
  let free = 0;
  for (let n = firstBlock; n < endBlock && endBlock - firstBlock <= MOST_NUMBERED; n++) {
    const middle = (Math.max(from, all.starts[n]) + Math.min(to, all.starts[n + 1])) / 2;
    const at = (middle - from) * scale;
    const half = textWidth(String(n + 1), FONT.tick) / 2 + 2;
    if (at - half < free || at + half > (to - from) * scale) continue;
    free = at + half;
    marks.push({
      kind: 'text',
      x: middle,
      y: 0.5,
      text: String(n + 1),
      anchor: 'middle',
      shift: [0, 4],
      colour: '#6b5b3a',
    });
  }
  return { x: time, y: { label: 'block', unit: '', range: [0, 1], ticks: [] }, height: 20, marks };
}

/** Above this, numbers are useless: there are tens of blocks per pixel. */
const MOST_NUMBERED = 10_000;

function caption(
  { sequence, encoding }: Played,
  { from, to, firstBlock, endBlock, repetition }: SequenceWindow,
  traces: Traces,
  { tr }: SequencePlotOptions,
): string[] {
  const shown = `Blocks ${firstBlock + 1} to ${endBlock} of ${sequence.blockCount}, ${quantity(to - from, 's')} of ${quantity(sequence.duration, 's')}`;
  const which = repetition === undefined ? '' : `: repetition ${repetition.number} of ${repetition.count}`;
  const idle =
    repetition !== undefined && repetition.idle > 0
      ? `, without the ${quantity(repetition.idle, 's')} of waiting after it`
      : '';
  const hint = repetition !== undefined && tr === undefined ? ' (--tr N shows another, --from 0 all)' : '';
  const recorded =
    traces.readouts === 0
      ? 'nothing is recorded'
      : `${plural(traces.readouts, 'readout')}, ${plural(traces.samples, 'sample')}`;
  const texts = [`${shown}${which}${idle}${hint}; ${recorded}.`];
  const { TE, TR } = encoding;
  const times = [
    ...TE.slice(0, 4).map((value) => `TE ${quantity(value, 's')}`),
    ...TR.map((value) => `TR ${quantity(value, 's')}`),
  ];
  texts.push(`Phases as Pulseq writes them, offsets included${times.length > 0 ? `; ${times.join(', ')}` : ''}.`);
  const isEnvelope = [traces.b1, traces.phase, ...traces.gradients, traces.adc].some(
    ({ envelopeOf }) => envelopeOf !== undefined,
  );
  if (isEnvelope)
    texts.push(
      'Where there are more points than pixels, the smallest and the largest value of each column of pixels are drawn.',
    );
  return texts;
}

const plural = (count: number, name: string): string => `${count} ${name}${count === 1 ? '' : 's'}`;
