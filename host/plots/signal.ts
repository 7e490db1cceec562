/**
 * The signal of raw data: the magnitude of all readouts over time, one readout in full, and its
 * spectrum.
 */
import { basename } from 'node:path';
import { badInput, usage } from '../base/errors.ts';
import type { Seconds } from '../base/units.ts';
import { BLACK, BLUE, SERIES, VERMILION } from '../figures/colours.ts';
import { type Trace, traceBuilder } from '../figures/envelope.ts';
import type { Axis, Figure, Mark, Panel } from '../figures/types.ts';
import { quantity } from '../figures/units.ts';
import type { NpyArray } from '../formats/npy.ts';
import { fastSize, fft } from '../numerics/fft.ts';
import type { AcquiredData } from '../raw/types.ts';

interface SignalReadout {
  readonly samples: number;
  /** [coils][samples][re, im] */
  readonly data: Float32Array | Float64Array;
  /** In `Signal.unit` since the start of the sequence. */
  readonly start: number;
  readonly dwell: number;
}

export interface Signal {
  readonly name: string;
  readonly coils: number;
  /** Unit of `start` and `dwell`: seconds, or samples if the file has no times. */
  readonly unit: 's' | '';
  readonly readouts: readonly SignalReadout[];
}

export function rawSignal({ path, coils, acquisitions }: AcquiredData & { readonly path: string }): Signal {
  const isTimed = acquisitions.every(({ start, dwell }) => Number.isFinite(start) && dwell > 0);
  let begun = 0;
  const readouts = acquisitions.map(({ samples, data, start, dwell }) => {
    const at = isTimed ? start : begun;
    begun += samples;
    return { samples, data, start: at, dwell: isTimed ? dwell : 1 };
  });
  return { name: path, coils, unit: isTimed ? 's' : '', readouts };
}

/** An array of samples, or of [coils][samples]. @throws LarmorError 65 */
export function arraySignal(path: string, { data, shape, complex }: NpyArray): Signal {
  if (!complex || shape.length < 1 || shape.length > 2 || data.length === 0)
    throw badInput(
      path,
      `is not a signal but ${complex ? 'complex' : 'real'} numbers shaped ${shape.join(' × ') || '()'}`,
      'give complex samples, or [coils, samples]',
    );
  const [coils, samples] = shape.length === 1 ? [1, shape[0]] : [shape[0], shape[1]];
  return { name: path, coils, unit: '', readouts: [{ samples, data, start: 0, dwell: 1 }] };
}

export interface SignalOptions {
  /** From 1; default: the one with the strongest sample. */
  readonly readout?: number;
  /** From 1; of the readout that is shown in full. */
  readonly coil?: number;
}

/** Coils with a line of their own. */
const MOST_COILS = 8;

/**
 * @throws LarmorError 65 for a signal that is empty or not finite, 2 for a readout or a coil that
 * is not there
 */
export function signalPlot(signal: Signal, { readout, coil = 1 }: SignalOptions = {}): Figure {
  const { name, coils, readouts, unit } = signal;
  if (readouts.length === 0) throw badInput(name, 'has no readouts', 'nothing was recorded: check the sequence');
  if (readout !== undefined && readout > readouts.length)
    throw usage(`--readout ${readout}: ${basename(name)} has ${readouts.length}`, `give 1 to ${readouts.length}`);
  if (coil > coils) throw usage(`--coil ${coil}: ${basename(name)} has ${coils}`, `give 1 to ${coils}`);
  const strongest = findStrongest(signal);
  if (!Number.isFinite(strongest.magnitude)) throw badInput(name, 'has samples that are not finite', 'make it again');
  const number = readout ?? strongest.readout + 1;
  const one = readouts[number - 1];
  const rows = [[wholePanel(signal)], [readoutPanel(one, coil, coils, number, unit)], [spectrumPanel(one, coil, unit)]];
  return {
    title: `${basename(name)}: signal`,
    caption: caption(signal, number, readout === undefined, strongest),
    rows,
  };
}

function findStrongest({ readouts }: Signal): { readout: number; magnitude: number } {
  let best = { readout: 0, magnitude: -1 };
  for (const [n, { data }] of readouts.entries())
    for (let i = 0; i < data.length; i += 2) {
      const square = data[i] * data[i] + data[i + 1] * data[i + 1];
      if (square > best.magnitude) best = { readout: n, magnitude: square };
      else if (Number.isNaN(square)) return { readout: n, magnitude: Number.NaN };
    }
  return { ...best, magnitude: Math.sqrt(best.magnitude) };
}

const timeAxis = (label: string, unit: 's' | '', from: number, to: number): Axis => {
  return { label: unit === 's' ? label : 'sample', unit, range: [from, to] };
};

function upTo(traces: readonly Trace[]): [number, number] {
  let [least, most] = [0, 0];
  for (const { y } of traces)
    for (const value of y) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  const space = 0.08 * (most - least || 1);
  return [least < 0 ? least - space : 0, most + space];
}

const lineOf = ({ x, y, envelopeOf }: Trace, colour: string, name?: string): Mark => {
  return {
    kind: 'line',
    x,
    y,
    colour,
    ...(name === undefined ? {} : { name }),
    ...(envelopeOf === undefined ? {} : { envelopeOf }),
  };
};

/**
 * Magnitudes of all readouts, a line for each coil; of many coils the root of the sum of their
 * squares.
 */
function wholePanel({ coils, readouts, unit }: Signal): Panel {
  const last = readouts[readouts.length - 1];
  const [from, to] = [readouts[0].start, last.start + last.samples * last.dwell];
  const lines = coils > MOST_COILS ? 1 : coils;
  const traces = Array.from({ length: lines }, (_, line) => {
    const trace = traceBuilder(from, to);
    for (const { samples, data, start, dwell } of readouts) {
      trace.gap();
      for (let n = 0; n < samples; n++) {
        let square = 0;
        for (let coil = line; coil < (coils > MOST_COILS ? coils : line + 1); coil++) {
          const at = 2 * (coil * samples + n);
          square += data[at] * data[at] + data[at + 1] * data[at + 1];
        }
        trace.add(start + (n + 0.5) * dwell, Math.sqrt(square));
      }
    }
    return trace.trace();
  });
  const name = (line: number): string | undefined => (lines > 1 ? `coil ${line + 1}` : undefined);
  return {
    title: coils > MOST_COILS ? `all readouts, root of the sum of squares of ${coils} coils` : 'all readouts',
    x: timeAxis('time', unit, from, to),
    y: { label: '|signal|', unit: '', range: upTo(traces) },
    marks: traces.map((trace, line) => lineOf(trace, SERIES[line], name(line))),
    height: 190,
    legend: lines > 1,
  };
}

function readoutPanel(
  { samples, data, dwell }: SignalReadout,
  coil: number,
  coils: number,
  number: number,
  unit: 's' | '',
): Panel {
  const [from, to] = [0, samples * dwell];
  const [magnitude, re, im] = [traceBuilder(from, to), traceBuilder(from, to), traceBuilder(from, to)];
  for (let n = 0; n < samples; n++) {
    const at = 2 * ((coil - 1) * samples + n);
    const t = (n + 0.5) * dwell;
    magnitude.add(t, Math.hypot(data[at], data[at + 1]));
    re.add(t, data[at]);
    im.add(t, data[at + 1]);
  }
  const traces = [magnitude.trace(), re.trace(), im.trace()] as const;
  return {
    title: `readout ${number}${coils > 1 ? `, coil ${coil}` : ''}`,
    x: timeAxis('time since its first sample', unit, from, to),
    y: { label: 'signal', unit: '', range: upTo(traces) },
    marks: [
      lineOf(traces[0], BLACK, 'magnitude'),
      lineOf(traces[1], BLUE, 'real'),
      lineOf(traces[2], VERMILION, 'imaginary'),
    ],
    height: 190,
    legend: true,
  };
}

/**
 * Points of a spectrum per sample: zero-filled, so that lines between the samples' frequencies have
 * their height.
 */
const FILLED = 4;

/** A spin precesses as e^{−i2πΔf·t}; it is drawn at its own Δf. */
function spectrumPanel({ samples, data, dwell }: SignalReadout, coil: number, unit: 's' | ''): Panel {
  const size = fastSize(FILLED * samples);
  const padded = new Float64Array(2 * size);
  padded.set(data.subarray(2 * (coil - 1) * samples, 2 * coil * samples));
  const spectrum = fft(size, 1)(padded, new Float64Array(2 * size), 1);
  const reach = 1 / (2 * dwell);
  const trace = traceBuilder(-reach, reach);
  for (let n = 0; n < size; n++) {
    const row = (n + Math.ceil(size / 2)) % size;
    const frequency = (n - Math.floor(size / 2)) / (size * dwell);
    trace.add(frequency, Math.hypot(spectrum[2 * row], spectrum[2 * row + 1]) / samples);
  }
  const drawn = trace.trace();
  return {
    title: 'its spectrum',
    x: {
      label: unit === 's' ? 'frequency' : 'cycles per sample',
      unit: unit === 's' ? 'Hz' : '',
      range: [-reach, reach],
    },
    y: { label: '|spectrum|', unit: '', range: upTo([drawn]) },
    marks: [lineOf(drawn, BLUE)],
    height: 190,
  };
}

function caption(
  { coils, readouts, unit }: Signal,
  number: number,
  isDefault: boolean,
  strongest: { readout: number; magnitude: number },
): string[] {
  const samples = readouts.reduce((sum, readout) => sum + readout.samples, 0);
  const { samples: own, dwell } = readouts[number - 1];
  const shown = isDefault ? ' (the strongest; --readout N shows another)' : '';
  const taken = unit === 's' ? ` of ${quantity(dwell as Seconds, 's')}` : '';
  return [
    `${readouts.length} readout${readouts.length === 1 ? '' : 's'}, ${samples} samples, ${coils} coil${coils === 1 ? '' : 's'}; largest |signal| ${strongest.magnitude.toPrecision(4)}. Readout ${number}${shown}: ${own} samples${taken}.`,
    'Spectrum: mean over the samples, zeros added; a spin of off-resonance Δf is at Δf.',
    ...(samples > 2500
      ? [
          'Where there are more points than pixels, the smallest and the largest value of each column of pixels are drawn.',
        ]
      : []),
  ];
}
