/**
 * Waveforms of a part of a sequence as lines to draw: RF, gradients, readouts, counters; long ones
 * as envelopes.
 */
import type { Hertz, Radians, Seconds } from '../base/units.ts';
import { COLUMNS, type Trace, type TraceBuilder, traceBuilder } from '../figures/envelope.ts';
import { applyLabels, type LabelState, NO_LABELS } from '../sequence/labels.ts';
import { offsets } from '../sequence/offsets.ts';
import { peakOf } from '../sequence/peaks.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { LabelEvent, RfEvent, Sequence } from '../sequence/types.ts';
import { blockGradients, type PiecewiseLinear } from '../sequence/waveform.ts';
import type { Played, SequenceWindow } from './window.ts';

export interface Traces {
  /** T */
  readonly b1: Trace;
  /** rad, as Pulseq writes it: offsets included, within ±π; interrupted between pulses */
  readonly phase: Trace;
  readonly receiverPhase: Trace;
  /** T/m */
  readonly gradients: readonly [Trace, Trace, Trace];
  /** T/m/s */
  readonly slew: readonly [Trace, Trace, Trace];
  /** 1 while samples are taken. */
  readonly adc: Trace;
  readonly readouts: number;
  readonly samples: number;
  /** Counters and flags that are set anywhere, by name. */
  readonly labels: ReadonlyMap<string, Trace>;
  readonly triggers: readonly { readonly time: Seconds; readonly type: 'input' | 'output' }[];
}

/** Triggers that are marked one by one. */
const MOST_TRIGGERS = 40;
/** Labels that fit into a panel. */
const MOST_LABELS = 8;

/** What is drawn of a sequence; without a walk labels begin where they are first set. */
export type Drawn = Pick<Played, 'sequence' | 'starts'> & {
  readonly scanner: Pick<Scanner, 'B0' | 'gammaBar'>;
  readonly walk?: Played['walk'];
};

/** @param withSlew whether slew rates are wanted */
export function sequenceTraces(
  { sequence, scanner, starts, walk }: Drawn,
  window: SequenceWindow,
  withSlew: boolean,
): Traces {
  const { from, to, firstBlock, endBlock } = window;
  const builder = (): TraceBuilder => traceBuilder(from, to);
  const [b1, adc] = [builder(), builder()];
  const [phase, receiverPhase] = [phaseLine(builder()), phaseLine(builder())];
  const gradients = [zeroBetween(builder()), zeroBetween(builder()), zeroBetween(builder())] as const;
  const slew = [zeroBetween(builder()), zeroBetween(builder()), zeroBetween(builder())] as const;
  const rfZero = zeroBetween(b1);
  const adcZero = zeroBetween(adc);
  const triggers: { time: Seconds; type: 'input' | 'output' }[] = [];
  const labels = labelTraces(window, walk === undefined ? NO_LABELS : stateBefore(walk, sequence, firstBlock));
  const larmor = scanner.gammaBar * scanner.B0;
  const pixel = (to - from) / COLUMNS;
  let [readouts, samples] = [0, 0];

  for (const all of [...gradients, ...slew, rfZero, adcZero]) all.until(from);
  for (let n = firstBlock; n < endBlock; n++) {
    const block = sequence.block(n);
    const start = starts[n];
    if (block.rf !== undefined) addPulse(block.rf, start, larmor, rfZero, phase, pixel);
    if (block.gx !== undefined || block.gy !== undefined || block.gz !== undefined) {
      for (const [axis, points] of blockGradients(block).entries()) {
        addGradient(points, start, gradients[axis]);
        if (withSlew) addSlew(points, start, slew[axis]);
      }
    }
    if (block.adc !== undefined) {
      const { delay, dwell, samples: count } = block.adc;
      const [first, last] = [start + delay, start + delay + count * dwell];
      adcZero.until(first);
      adcZero.add(first, 1);
      adcZero.add(last, 1);
      const { frequency, phase: offset } = offsets(block.adc, larmor);
      addPhase(receiverPhase, first, last, offset, 2 * Math.PI * frequency * (last - first), false);
      readouts++;
      samples += count;
    }
    if (block.labels !== undefined) labels.change(block.labels, start);
    for (const { delay, type } of block.triggers ?? [])
      if (triggers.length < MOST_TRIGGERS) triggers.push({ time: start + delay, type });
  }
  for (const all of [...gradients, ...slew, rfZero, adcZero]) all.until(to);
  const three = (all: readonly ZeroBetween[]): [Trace, Trace, Trace] =>
    all.map((one) => one.trace()) as [Trace, Trace, Trace];
  return {
    b1: b1.trace(),
    phase: phase.trace(),
    receiverPhase: receiverPhase.trace(),
    gradients: three(gradients),
    slew: three(slew),
    adc: adc.trace(),
    readouts,
    samples,
    labels: labels.traces(),
    triggers,
  };
}

/** A line that is 0 where nothing plays. */
interface ZeroBetween {
  add(t: Seconds, value: number): void;
  /** The value is 0 from the last point to `t`; adjacent events stay connected. */
  until(t: Seconds): void;
  trace(): Trace;
}

/** Times of neighbouring blocks agree to rounding. */
const SAME_TIME: Seconds = 1e-10;

function zeroBetween(line: TraceBuilder): ZeroBetween {
  let [time, last] = [Number.NEGATIVE_INFINITY, 0];
  const add = (t: Seconds, value: number): void => {
    line.add(t, value);
    time = t;
    last = value;
  };
  return {
    add,
    until: (t) => {
      if (t - time < SAME_TIME) return;
      if (time > Number.NEGATIVE_INFINITY && last !== 0) add(time, 0);
      add(t, 0);
    },
    trace: () => line.trace(),
  };
}

/** A pulse as lines from its start, with cells of equal value merged; shared by most pulses. */
interface Outline {
  /** [2 · runs] ends of each run, and its value */
  readonly t: Float64Array;
  readonly value: Float64Array;
}

const outlines = new WeakMap<Float64Array, Outline>();

/** Cache of magnitudes or phases, which events that differ only in their offsets share. */
function outlineOf({ time, interpolation }: RfEvent, values: Float64Array): Outline {
  const known = outlines.get(values);
  if (known !== undefined) return known;
  const [t, value]: [number[], number[]] = [[], []];
  if (interpolation === 'linear') {
    t.push(...time);
    value.push(...values);
  } else
    for (let n = 0, first = 0; n < values.length; n++) {
      if (n + 1 < values.length && values[n + 1] === values[n]) continue;
      t.push(time[first], time[n + 1]);
      value.push(values[n], values[n]);
      first = n + 1;
    }
  const made = { t: Float64Array.from(t), value: Float64Array.from(value) };
  outlines.set(values, made);
  return made;
}

/** @param pixel time that cannot be resolved */
function addPulse(
  rf: RfEvent,
  blockStart: Seconds,
  larmor: Hertz,
  b1: ZeroBetween,
  phases: PhaseLine,
  pixel: Seconds,
): void {
  const start = blockStart + rf.delay;
  const { t, value } = outlineOf(rf, rf.magnitude);
  const end = t[t.length - 1];
  const isNarrow = end < pixel;
  b1.until(start + t[0]);
  if (isNarrow) {
    b1.add(start, value[0]);
    b1.add(start + end / 2, peakOf(rf));
    b1.add(start + end, value[value.length - 1]);
  } else for (let n = 0; n < t.length; n++) b1.add(start + t[n], value[n]);
  b1.until(start + end + 2 * SAME_TIME);

  const { frequency, phase: offset } = offsets(rf, larmor);
  const shape = outlineOf(rf, rf.phase);
  const isTurning = isNarrow && Math.abs(frequency) * end >= 1;
  for (let n = 0; n + 1 < shape.t.length; n += rf.interpolation === 'held' ? 2 : 1) {
    const [from, to] = [shape.t[n], shape.t[n + 1]];
    const first = shape.value[n] + offset + 2 * Math.PI * frequency * from;
    const turned = shape.value[n + 1] - shape.value[n] + 2 * Math.PI * frequency * (to - from);
    addPhase(phases, start + from, start + to, first, turned, n > 0);
    if (!isTurning) continue;
    phases.whole(start + end / 2);
    break;
  }
}

/** Points per turn of a linear phase. */
const POINTS_PER_TURN = 16;
/** Most points of one cell or readout: with more, a phase cannot be resolved anyway. */
const MOST_POINTS = 200;

/** A phase that grows evenly by `turned`. */
function addPhase(line: PhaseLine, from: Seconds, to: Seconds, phase: Radians, turned: Radians, joined: boolean): void {
  const steps = Math.min(MOST_POINTS, Math.max(1, Math.ceil((Math.abs(turned) / (2 * Math.PI)) * POINTS_PER_TURN)));
  for (let n = 0; n <= steps; n++)
    line.add(from + ((to - from) * n) / steps, phase + (turned * n) / steps, joined || n > 0);
}

/** A line of phases within ±π; where it leaves this range it is interrupted. */
interface PhaseLine {
  /** @param joined whether the line continues from the point before */
  add(t: Seconds, phase: Radians, joined: boolean): void;
  /** A vertical line over all phases, for a full turn that is too short to be resolved. */
  whole(t: Seconds): void;
  trace(): Trace;
}

function phaseLine(line: TraceBuilder): PhaseLine {
  const turn = 2 * Math.PI;
  let before = Number.NaN;
  return {
    add(t, phase, joined) {
      // Just above −π, so that a phase of π is always drawn at the top.
      const wrapped = phase - turn * Math.ceil((phase - Math.PI - 1e-9) / turn);
      if (!joined || Math.abs(wrapped - before) > Math.PI + 1e-6) line.gap();
      line.add(t, wrapped);
      before = wrapped;
    },
    whole(t) {
      line.add(t, -Math.PI);
      line.add(t, Math.PI);
    },
    trace: () => line.trace(),
  };
}

function addGradient({ t, a }: PiecewiseLinear, start: Seconds, line: ZeroBetween): void {
  if (t.length === 0) return;
  line.until(start + t[0]);
  for (let n = 0; n < t.length; n++) line.add(start + t[n], a[n]);
}

function addSlew({ t, a }: PiecewiseLinear, start: Seconds, line: ZeroBetween): void {
  for (let n = 0; n + 1 < t.length; n++) {
    const step = t[n + 1] - t[n];
    // A jump has no slew rate; the checks report it.
    if (step < SAME_TIME || a[n + 1] === a[n]) continue;
    const slew = (a[n + 1] - a[n]) / step;
    line.until(start + t[n]);
    line.add(start + t[n], slew);
    line.add(start + t[n + 1], slew);
  }
}

/** Labels before block n: those of the last readout before it, and what was set since. */
function stateBefore({ readouts }: Played['walk'], sequence: Sequence, n: number): LabelState {
  const last = readouts.findLast(({ block }) => block < n);
  let state = last?.labels ?? NO_LABELS;
  for (let block = (last?.block ?? -1) + 1; block < n; block++)
    state = applyLabels(state, sequence.block(block).labels ?? []);
  return state;
}

interface LabelTraces {
  change(events: readonly LabelEvent[], time: Seconds): void;
  /** By name. */
  traces(): Map<string, Trace>;
}

/** Counters as steps. */
function labelTraces({ from, to }: SequenceWindow, before: LabelState): LabelTraces {
  const lines = new Map<string, { readonly line: TraceBuilder; value: number }>();
  const open = (label: string, time: Seconds, value: number): void => {
    if (lines.size === MOST_LABELS) return;
    const line = traceBuilder(from, to);
    line.add(time, value);
    lines.set(label, { line, value });
  };
  for (const [label, value] of before) open(label, from, value);
  return {
    change: (events, start) => {
      const time = Math.max(from, start);
      for (const { label, mode, value } of events) {
        const known = lines.get(label);
        if (known === undefined) {
          open(label, time, value);
          continue;
        }
        const next = mode === 'set' ? value : known.value + value;
        if (next === known.value) continue;
        known.line.add(time, known.value);
        known.line.add(time, next);
        known.value = next;
      }
    },
    traces: () =>
      new Map(
        [...lines].map(([label, { line, value }]) => {
          line.add(to, value);
          return [label, line.trace()];
        }),
      ),
  };
}
