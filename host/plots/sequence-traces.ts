/** Waveforms of a part of a sequence as lines to draw: RF, gradients, readouts, counters; long ones as envelopes. */
import type { Hertz, Radians, Seconds } from '../base/units.ts';
import { type Trace, type TraceBuilder, traceBuilder } from '../figures/envelope.ts';
import { applyLabels, type LabelState, NO_LABELS } from '../sequence/labels.ts';
import { offsets } from '../sequence/offsets.ts';
import type { RfEvent, Sequence } from '../sequence/types.ts';
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

export function sequenceTraces({ sequence, scanner, starts }: Played, window: SequenceWindow): Traces {
  const { from, to, firstBlock, endBlock } = window;
  const builder = (): TraceBuilder => traceBuilder(from, to);
  const [b1, phase, receiverPhase, adc] = [builder(), builder(), builder(), builder()];
  const gradients = [zeroBetween(builder()), zeroBetween(builder()), zeroBetween(builder())] as const;
  const slew = [zeroBetween(builder()), zeroBetween(builder()), zeroBetween(builder())] as const;
  const rfZero = zeroBetween(b1);
  const adcZero = zeroBetween(adc);
  const triggers: { time: Seconds; type: 'input' | 'output' }[] = [];
  const labels = labelTraces(sequence, window, starts);
  const larmor = scanner.gammaBar * scanner.B0;
  let [readouts, samples] = [0, 0];

  for (const all of [...gradients, ...slew, rfZero, adcZero]) all.until(from);
  for (let n = firstBlock; n < endBlock; n++) {
    const block = sequence.block(n);
    const start = starts[n]!;
    if (block.rf !== undefined) addPulse(block.rf, start, larmor, rfZero, phase);
    if (block.gx !== undefined || block.gy !== undefined || block.gz !== undefined) {
      for (const [axis, points] of blockGradients(block).entries()) {
        addGradient(points, start, gradients[axis]!);
        addSlew(points, start, slew[axis]!);
      }
    }
    if (block.adc !== undefined) {
      const { delay, dwell, samples: count } = block.adc;
      const [first, last] = [start + delay, start + delay + count * dwell];
      adcZero.until(first);
      adcZero.add(first, 1);
      adcZero.add(last, 1);
      const { frequency, phase: offset } = offsets(block.adc, larmor);
      addPhase(receiverPhase, first, last, (t) => offset + 2 * Math.PI * frequency * (t - first), frequency);
      readouts++;
      samples += count;
    }
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
    labels,
    triggers,
  };
}

/** A line that is 0 where nothing plays. */
interface ZeroBetween {
  add(t: Seconds, value: number): void;
  /** Nothing plays from the last point to `t`; touching events stay joined. */
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

function addPulse(rf: RfEvent, blockStart: Seconds, larmor: Hertz, b1: ZeroBetween, phaseLine: TraceBuilder): void {
  const start = blockStart + rf.delay;
  const { frequency, phase: offset } = offsets(rf, larmor);
  const { time, magnitude, phase, interpolation } = rf;
  const last = time.length - 1;
  const at = (t: Seconds, shape: Radians): Radians => shape + offset + 2 * Math.PI * frequency * t;
  b1.until(start + time[0]!);
  if (interpolation === 'held') {
    for (let n = 0; n < last; n++) {
      b1.add(start + time[n]!, magnitude[n]!);
      b1.add(start + time[n + 1]!, magnitude[n]!);
      addPhase(phaseLine, start + time[n]!, start + time[n + 1]!, (t) => at(t - start, phase[n]!), frequency, n > 0);
    }
  } else {
    for (let n = 0; n <= last; n++) {
      b1.add(start + time[n]!, magnitude[n]!);
      addWrapped(phaseLine, start + time[n]!, at(time[n]!, phase[n]!), n > 0);
    }
  }
  b1.until(start + time[last]! + 2 * SAME_TIME);
}

/** Points per turn that make a straight phase look so. */
const POINTS_PER_TURN = 16;
/** Points of one cell or readout: beyond this a phase is a blur anyway. */
const MOST_POINTS = 200;

function addPhase(
  line: TraceBuilder,
  from: Seconds,
  to: Seconds,
  at: (t: Seconds) => Radians,
  frequency: Hertz,
  joined = false,
): void {
  const steps = Math.min(MOST_POINTS, Math.max(1, Math.ceil(Math.abs(frequency) * (to - from) * POINTS_PER_TURN)));
  for (let n = 0; n <= steps; n++) {
    const t = from + ((to - from) * n) / steps;
    addWrapped(line, t, at(t), joined || n > 0);
  }
}

const wrappedBefore = new WeakMap<TraceBuilder, Radians>();

/** A phase within ±π; a line that leaves there is interrupted. */
function addWrapped(line: TraceBuilder, t: Seconds, phase: Radians, joined: boolean): void {
  const turn = 2 * Math.PI;
  // Just above −π, so that a phase of π is drawn on top and not at random.
  const wrapped = phase - turn * Math.ceil((phase - Math.PI - 1e-9) / turn);
  if (!joined || Math.abs(wrapped - (wrappedBefore.get(line) ?? wrapped)) > Math.PI + 1e-6) line.gap();
  line.add(t, wrapped);
  wrappedBefore.set(line, wrapped);
}

function addGradient({ t, a }: PiecewiseLinear, start: Seconds, line: ZeroBetween): void {
  if (t.length === 0) return;
  line.until(start + t[0]!);
  for (let n = 0; n < t.length; n++) line.add(start + t[n]!, a[n]!);
}

function addSlew({ t, a }: PiecewiseLinear, start: Seconds, line: ZeroBetween): void {
  for (let n = 0; n + 1 < t.length; n++) {
    const step = t[n + 1]! - t[n]!;
    // A jump has no slew rate; the checks report it.
    if (step < SAME_TIME || a[n + 1] === a[n]) continue;
    const slew = (a[n + 1]! - a[n]!) / step;
    line.until(start + t[n]!);
    line.add(start + t[n]!, slew);
    line.add(start + t[n + 1]!, slew);
  }
}

/** Counters as steps. Labels before the window count, too. */
function labelTraces(sequence: Sequence, window: SequenceWindow, starts: Float64Array): Map<string, Trace> {
  const lines = new Map<string, { line: TraceBuilder; value: number }>();
  let state: LabelState = NO_LABELS;
  for (let n = 0; n < window.endBlock; n++) {
    const { labels } = sequence.block(n);
    if (labels === undefined) continue;
    state = applyLabels(state, labels);
    const time = Math.max(window.from, starts[n]!);
    for (const [name, value] of state) {
      const known = lines.get(name);
      if (known === undefined) {
        if (lines.size === MOST_LABELS) continue;
        const line = traceBuilder(window.from, window.to);
        line.add(time, value);
        lines.set(name, { line, value });
      } else if (known.value !== value) {
        known.line.add(time, known.value);
        known.line.add(time, value);
        known.value = value;
      }
    }
  }
  return new Map(
    [...lines].map(([name, { line, value }]) => {
      line.add(window.to, value);
      return [name, line.trace()];
    }),
  );
}
