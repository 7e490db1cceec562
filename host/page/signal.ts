/** One readout in full, and its spectrum. */
import { type Trace, traceBuilder } from '../figures/envelope.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import type { Report } from '../html/types.ts';
import { fastSize, fft } from '../numerics/fft.ts';
import { type Chart, makeChart, unitText } from './chart.ts';
import { drawnInColours, el, slider } from './dom.ts';
import type { Readouts } from './readouts.ts';
import type { View } from './view.ts';

/**
 * Points of a spectrum per sample: zero-filled, so that lines between the samples' frequencies have
 * their height.
 */
const FILLED = 4;

export function showSignal(host: HTMLElement, { signal }: Report, readouts: Readouts, view: View): void {
  if (readouts.count === 0) return;
  let coil = 0;
  let [largest, length, band, high] = [1, 1, 1, 1];
  const text = el('p', { class: 'said', role: 'status' });
  const number = slider(
    'readout',
    { min: 1, max: readouts.count, step: 1, value: view.state.readout + 1 },
    (value) => `${value} of ${readouts.count}`,
    (value) => view.choose(value - 1),
  );
  const coils =
    readouts.coils > 1 &&
    slider(
      'coil',
      { min: 1, max: readouts.coils, step: 1, value: 1 },
      (value) => `${value} of ${readouts.coils}`,
      (value) => {
        coil = value - 1;
        draw();
      },
    ).element;
  const { areas, scales, figures } = signalFigures();
  host.append(el('div', { class: 'tools' }, number.element, coils), figures, text);
  const unit = signal.isTimed ? 's' : '';
  const charts = readoutCharts(areas, signal.isTimed, () => ({ largest, length, band, high }));

  function draw(): void {
    const n = view.state.readout;
    const values = readouts.values(n, coil);
    const dwell = readouts.dwell(n) || 1;
    const count = readouts.samples(n);
    length = count * dwell;
    band = 1 / (2 * dwell);
    const taken = `Readout ${n + 1}: ${count} samples of ${quantity(dwell, unit)}, largest |signal| ${shortNumber(signal.peaks[n])}`;
    if (values === undefined) {
      text.textContent = `${taken}. Its samples are not in this file, which keeps ${signal.kept.length} of ${readouts.count} readouts.`;
      for (const [c, chart] of charts.entries()) chart.draw(c === 0 ? [NOTHING, NOTHING, NOTHING] : [NOTHING]);
      return;
    }
    const lines = [traceBuilder(0, length), traceBuilder(0, length), traceBuilder(0, length)] as const;
    largest = 0;
    for (let s = 0; s < count; s++) {
      const [re, im] = [values[2 * s], values[2 * s + 1]];
      const size = Math.hypot(re, im);
      largest = Math.max(largest, size);
      for (const [line, value] of [size, re, im].entries()) lines[line].add((s + 0.5) * dwell, value);
    }
    largest ||= 1;
    const { trace, most } = spectrum(values, count, dwell);
    high = most || 1;
    scales[0].textContent = unitText('', largest);
    scales[1].textContent = unitText('', high);
    charts[0].draw(lines.map((line) => line.trace()));
    charts[1].draw([trace]);
    const snr =
      signal.noise === undefined
        ? ''
        : `; over the noise ${shortNumber(Number((signal.peaks[n] / signal.noise).toPrecision(3)))}`;
    text.textContent = `${taken}${snr}. A spin of off-resonance Δf is at Δf in the spectrum.`;
  }
  view.onChange((now, before) => {
    if (now.readout === before.readout) return;
    number.set(now.readout + 1);
    draw();
  });
  draw();
  drawnInColours(host, draw);
  new ResizeObserver(() => {
    for (const chart of charts) chart.resize();
  }).observe(host);
}

/** Where the readout and its spectrum are drawn, with the powers of ten that the ticks are in. */
function signalFigures() {
  const areas = [
    el('div', { class: 'chart', 'data-panel': 'readout' }),
    el('div', { class: 'chart', 'data-panel': 'spectrum' }),
  ] as const;
  /** Powers of ten that the ticks are in. */
  const scales = [el('small'), el('small')] as const;
  const legend = el(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    ...[
      ['ink', 'magnitude'],
      ['gx', 'real'],
      ['gz', 'imaginary'],
    ].map(([name, word]) => el('span', { class: `key key-${name}` }, word)),
  );
  const figures = el(
    'div',
    { class: 'two' },
    el('figure', {}, el('figcaption', {}, 'Signal over the time of the readout', scales[0], legend), areas[0]),
    el('figure', {}, el('figcaption', {}, 'Its spectrum', scales[1]), areas[1]),
  );
  return { areas, scales, figures };
}

/** Duration of the readout and largest value; half the spectrum's width and its largest value. */
interface Ranges {
  readonly length: number;
  readonly largest: number;
  readonly band: number;
  readonly high: number;
}

function readoutCharts(
  areas: readonly [HTMLElement, HTMLElement],
  isTimed: boolean,
  ranges: () => Ranges,
): readonly [Chart, Chart] {
  return [
    makeChart(areas[0], {
      label: 'one readout: magnitude, real and imaginary part over time',
      lines: [
        { label: 'magnitude', colour: 'ink' },
        { label: 'real', colour: 'gx' },
        { label: 'imaginary', colour: 'gz' },
      ],
      x: { unit: isTimed ? 's' : '', range: () => [0, ranges().length], hasTicks: true },
      y: { unit: '', range: () => [-1.08 * ranges().largest, 1.08 * ranges().largest] },
      height: 170,
    }),
    makeChart(areas[1], {
      label: 'spectrum of the readout',
      lines: [{ label: '|spectrum|', colour: 'signal', filled: true }],
      x: { unit: isTimed ? 'Hz' : '', range: () => [-ranges().band, ranges().band], hasTicks: true },
      y: { unit: '', range: () => [0, 1.08 * ranges().high] },
      height: 170,
    }),
  ];
}

const NOTHING: Trace = { x: new Float64Array(0), y: new Float64Array(0) };

/** A spin precesses as e^{−i2πΔf·t}; it is drawn at its own Δf. Mean over the samples. */
function spectrum(values: Float32Array, samples: number, dwell: number): { trace: Trace; most: number } {
  const size = fastSize(FILLED * samples);
  const padded = new Float64Array(2 * size);
  padded.set(values);
  const transformed = fft(size, 1)(padded, new Float64Array(2 * size), 1);
  const reach = 1 / (2 * dwell);
  const line = traceBuilder(-reach, reach);
  let most = 0;
  for (let n = 0; n < size; n++) {
    const row = (n + Math.ceil(size / 2)) % size;
    const height = Math.hypot(transformed[2 * row], transformed[2 * row + 1]) / samples;
    most = Math.max(most, height);
    line.add((n - Math.floor(size / 2)) / (size * dwell), height);
  }
  return { trace: line.trace(), most };
}
