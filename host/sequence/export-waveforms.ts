/**
 * A sequence as plain waveforms in absolute time, block by block, for plotting and for comparison
 * with other programs (`larmor sequence waveforms`). RF keeps Pulseq's sign of phase, gradients are
 * as played (rotated), and everything starts and ends as the MATLAB references do: RF and frequency
 * drop to zero at the outer samples.
 */
import type { Hertz, Seconds } from '../base/units.ts';
import { offsets } from './offsets.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent, Sequence } from './types.ts';
import { blockGradients, gradientPoints } from './waveform.ts';

/** Values A at times t [s]; both empty when nothing plays. */
export interface Waveform<Value = number> {
  readonly t: readonly Seconds[];
  readonly A: readonly Value[];
}

export interface BlockWaveforms {
  /** [re, im] T, phase offset included, frequency offset not. */
  readonly rf: Waveform<readonly [number, number]>;
  /** Frequency offset, Hz. */
  readonly df: Waveform;
  /** T/m */
  readonly gx: Waveform;
  readonly gy: Waveform;
  readonly gz: Waveform;
  /** 1 at every sample. */
  readonly adc: Waveform;
}

export interface WaveformOptions {
  /**
   * Larmor frequency to which offsets in ppm refer; without it they are omitted, as in the
   * references.
   */
  readonly larmor?: Hertz;
}

export function waveforms(sequence: Sequence, options: WaveformOptions = {}): { blocks: BlockWaveforms[] } {
  return { blocks: [...eachBlock(sequence, options)] };
}

/**
 * The same object as JSON text, one block at a time, because long sequences exceed the longest
 * string.
 */
export function* waveformsJson(sequence: Sequence, options: WaveformOptions = {}): Generator<string> {
  let before = '{"blocks":[';
  for (const block of eachBlock(sequence, options)) {
    yield before + JSON.stringify(block);
    before = ',\n';
  }
  yield `${sequence.blockCount === 0 ? before : ''}]}\n`;
}

function* eachBlock(sequence: Sequence, { larmor = 0 }: WaveformOptions): Generator<BlockWaveforms> {
  let start: Seconds = 0;
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const [gx, gy, gz] = gradients(block, start);
    yield { ...rfWaveforms(block.rf, start, larmor), gx, gy, gz, adc: adcWaveform(block.adc, start) };
    start += block.duration;
  }
}

const NOTHING = { t: [], A: [] };

function rfWaveforms(rf: RfEvent | undefined, start: Seconds, larmor: Hertz): Pick<BlockWaveforms, 'rf' | 'df'> {
  if (rf === undefined) return { rf: NOTHING, df: NOTHING };
  const { magnitude, phase, time, interpolation } = rf;
  const { frequency, phase: offset } = offsets(rf, larmor);
  const t: Seconds[] = [];
  const A: [number, number][] = [];
  for (let n = 0; n < magnitude.length; n++) {
    const within = interpolation === 'held' ? (time[n] + time[n + 1]) / 2 : time[n];
    t.push(start + rf.delay + within);
    const angle = phase[n] + offset;
    A.push([magnitude[n] * Math.cos(angle), magnitude[n] * Math.sin(angle)]);
  }
  const first = t[0];
  const last = t[t.length - 1];
  return {
    rf: { t: [first, ...t, last], A: [[0, 0], ...A, [0, 0]] },
    df: { t: [first, first, last, last], A: [0, frequency, frequency, 0] },
  };
}

function gradients(block: Block, start: Seconds): Waveform[] {
  if (block.rotation === undefined)
    return [block.gx, block.gy, block.gz].map((event) => gradientWaveform(event, start));
  return blockGradients(block).map(({ t, a }) => ({ t: Array.from(t, (time) => start + time), A: Array.from(a) }));
}

function gradientWaveform(event: GradientEvent | undefined, start: Seconds): Waveform {
  if (event === undefined) return NOTHING;
  const { t, a } = gradientPoints(event);
  // JEMRIS writes trapezoids of zero duration where there is no gradient.
  if (t[0] === t[t.length - 1]) return NOTHING;
  const times = Array.from(t, (time) => start + time);
  const values = Array.from(a);
  if (event.kind === 'shape' && hasOwnTimes(event.time)) {
    // The references repeat the outer points of such shapes, as their `first` and `last`.
    times.unshift(times[0]);
    times.push(times[times.length - 1]);
    values.unshift(values[0]);
    values.push(values[values.length - 1]);
  }
  return { t: times, A: values };
}

/**
 * Whether a shape's times are neither evenly spaced nor centres of even cells between two edges.
 */
function hasOwnTimes(time: Float64Array): boolean {
  if (time.length === 2) return true;
  const step = time[2] - time[1];
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * step;
  const edge = time[1] - time[0];
  const lastEdge = time[time.length - 1] - time[time.length - 2];
  if (!(near(edge, step) || near(edge, step / 2)) || (time.length > 3 && !near(lastEdge, edge))) return true;
  for (let n = 1; n + 2 < time.length; n++) if (!near(time[n + 1] - time[n], step)) return true;
  return false;
}

function adcWaveform(adc: AdcEvent | undefined, start: Seconds): Waveform {
  if (adc === undefined) return NOTHING;
  const { delay, dwell, samples } = adc;
  return {
    t: Array.from({ length: samples }, (_, n) => start + delay + (n + 0.5) * dwell),
    A: new Array(samples).fill(1),
  };
}
