/**
 * What plots show, against numbers from elsewhere: k-space, moments by hand, maps of known spins, a
 * known frequency, letters.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEGREE } from '../../host/base/quantities.ts';
import { GAMMA_BAR } from '../../host/base/units.ts';
import type { Figure, Mark, Panel } from '../../host/figures/types.ts';
import type { PhantomSource, SpinBlock } from '../../host/phantom/types.ts';
import { lettersOf } from '../../host/plots/anatomy.ts';
import { imagePlot, parseWindow } from '../../host/plots/image.ts';
import { kspacePlot, sequenceTrajectory } from '../../host/plots/kspace.ts';
import { phantomPlot } from '../../host/plots/phantom.ts';
import { sequencePlot } from '../../host/plots/sequence.ts';
import { type Signal, signalPlot } from '../../host/plots/signal.ts';
import type { Image } from '../../host/recon/image.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import * as design from '../../host/sequence/designer.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER as scanner } from '../../host/sequence/scanner-types.ts';

type Line = Extract<Mark, { kind: 'line' }>;

const panelOf = ({ rows }: Figure, label: string): Panel => rows.flat().find(({ y }) => y.label === label)!;
const linesOf = (panel: Panel): Line[] =>
  panel.marks.filter((mark): mark is Line => mark.kind === 'line' && !mark.annotation);
const textsOf = (figure: Figure): string[] =>
  figure.rows.flat().flatMap(({ marks }) => marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : [])));

/** Value of a line at x, linear between its points. */
function valueAt({ x, y }: Line, at: number): number {
  const next = x.findIndex((value) => value >= at);
  if (next <= 0) return y[Math.max(0, next)];
  const part = (at - x[next - 1]) / (x[next] - x[next - 1] || 1);
  return y[next - 1] + part * (y[next] - y[next - 1]);
}

function near(got: number, want: number, most: number, what = ''): void {
  assert.ok(Math.abs(got - want) <= most, `${what} ${got}, not ${want}`);
}

test('the k of a diagram is that of the readouts, through refocusing pulses', () => {
  for (const [name, settings] of [
    ['gre', { n: '8', dummies: '1' }],
    ['se', { n: '8' }],
    ['epi', { n: '8' }],
  ] as const) {
    const sequence = makeBuiltin(name, settings, scanner);
    const encoding = encode(sequence, scanner);
    const reach = encoding.encodedMatrix[0] / (2 * encoding.encodedFov[0]);
    for (const n of [0, 3, 7]) {
      const { start, dwell, samples } = encoding.readouts[n];
      const positions = encoding.trajectory(n);
      // A window without the excitation: what came before it counts.
      const window = { from: start - 2 * dwell, to: start + (samples + 2) * dwell };
      const k = linesOf(panelOf(sequencePlot(sequence, scanner, { ...window, traces: ['m0'] }), 'γ̄M0 = k'));
      assert.equal(k.length, 3);
      for (const sample of [0, 1, samples - 1])
        for (const axis of [0, 1]) {
          const drawn = valueAt(k[axis], start + sample * dwell);
          near(drawn, positions[3 * sample + axis], 1e-6 * reach, `${name} ${n} ${sample} ${axis}:`);
        }
    }
  }
});

test('first moments: a bipolar pair has none of order 0 and G·T² of order 1', () => {
  // Two lobes without ramps, right after each other and 5 ms after the pulse: M1 = −G·T², wherever
  // the pulse is.
  const [G, T] = [10e-3, 1e-3];
  const lobe = (amplitude: number) => ({
    kind: 'shape' as const,
    delay: 0,
    time: Float64Array.of(0, T),
    amplitude: Float64Array.of(amplitude, amplitude),
  });
  const sequence = design.sequenceOf(
    'bipolar',
    [
      design.blockOf({ rf: design.hardPulse(90 * DEGREE, 1e-5) }, 5e-3),
      design.blockOf({ gx: lobe(G) }),
      design.blockOf({ gx: lobe(-G) }),
      design.blockOf({ adc: design.adc(4, 1e-4, 0) }, 1e-3),
    ],
    {},
  );
  const figure = sequencePlot(sequence, scanner, { traces: ['m0', 'm1', 'slew'] });
  const [m0, m1] = [linesOf(panelOf(figure, 'γ̄M0 = k'))[0], linesOf(panelOf(figure, 'γ̄M1'))[0]];
  const scale = GAMMA_BAR * G * T * T;
  near(m0.y.at(-1)!, 0, 1e-9 * GAMMA_BAR * G * T);
  near(m1.y.at(-1)!, -scale, 1e-9 * scale);
  near(valueAt(m0, 6e-3), GAMMA_BAR * G * T, 1e-9 * GAMMA_BAR * G * T);
});

test('a diagram: what plays when, with angles, times and block numbers', () => {
  const sequence = makeBuiltin('gre', { n: '8', dummies: '2', te: '4ms', tr: '12ms', flip: '20deg' }, scanner);
  const figure = sequencePlot(sequence, scanner);
  const texts = textsOf(figure);
  for (const text of ['20°', 'TE 4 ms', 'TR 12 ms']) assert.ok(texts.includes(text), `${text} in ${texts}`);
  // Two repetitions of dummies come before, of six blocks each.
  assert.match(figure.caption.join(' '), /Blocks 13 to 1[78] of 60.*repetition 3 of 10/);
  const encoding = encode(sequence, scanner);
  const { start, dwell, samples } = encoding.readouts[0];
  const [adc] = linesOf(panelOf(figure, 'ADC'));
  const rises = adc!.x.filter((_, n) => n > 0 && adc!.y[n] === 1 && adc!.y[n - 1] === 0);
  const falls = adc!.x.filter((_, n) => n > 0 && adc!.y[n] === 0 && adc!.y[n - 1] === 1);
  assert.deepEqual([rises.length, falls.length], [1, 1]);
  near(rises[0], start - dwell / 2, 1e-9);
  near(falls[0], start + (samples - 0.5) * dwell, 1e-9);
  // The phase-encoding gradient of the first line is the largest there is, and the readout gradient
  // is flat at k's speed.
  const gx = linesOf(panelOf(figure, 'Gx'))[0];
  const speed = 1 / (encoding.encodedFov[0] * GAMMA_BAR * dwell);
  near(valueAt(gx, start + 3 * dwell), speed, 1e-6 * speed);
});

test('windows: a repetition, a stretch of time, and all', () => {
  const sequence = makeBuiltin('gre', { n: '8', dummies: '0' }, scanner);
  const range = (options: object): readonly number[] => sequencePlot(sequence, scanner, options).rows[0][0].x.range;
  near(range({ tr: 2 })[0], 0.02, 1e-9);
  assert.deepEqual(range({ from: 0.03, to: 0.05 }), [0.03, 0.05]);
  near(range({ from: 0 })[1], 0.16, 1e-9);
  for (const [options, message] of [
    [{ tr: 9 }, /--tr 9: gre has 8 repetitions; give 1 to 8/],
    [{ from: 0.05, to: 0.03 }, /the window is empty/],
    [{ from: 0.03, to: 0.03 }, /the window is empty/],
    [{ from: 0.2 }, /the window is empty|outside the sequence/],
    [{ tr: 1, to: 1 }, /both choose/],
  ] as const)
    assert.throws(() => sequencePlot(sequence, scanner, options), { exitCode: 2, message });
});

test('a repetition begins with what it waits for, and silent axes have no scale', () => {
  const beat = design.blockOf({ triggers: [{ type: 'input', channel: 1, delay: 0, duration: 1e-3 }] }, 2e-3);
  const pulse = design.blockOf({ rf: design.hardPulse(90 * DEGREE, 1e-5) }, 5e-3);
  const read = design.blockOf({ adc: design.adc(4, 1e-4, 0) }, 1e-3);
  const sequence = design.sequenceOf('cine', [beat, pulse, read, beat, pulse, read], {});
  const figure = sequencePlot(sequence, scanner, { tr: 2 });
  assert.match(figure.caption.join(' '), /Blocks 4 to 6 of 6/);
  near(figure.rows[0][0].x.range[0], 8e-3, 1e-12);
  const rules = figure.rows[0][0].marks.filter((mark) => mark.kind === 'rule' && mark.text === 'wait for trigger');
  assert.equal(rules.length, 1);
  assert.deepEqual(panelOf(figure, 'Gx').y.ticks, [{ at: 0, text: '0' }]);
  assert.equal(panelOf(figure, '|B1|').y.ticks, undefined);
});

test('k-space: the drawn lines reach as far as the samples, in the plane of the largest extents', () => {
  const sequence = makeBuiltin('epi', { n: '16' }, scanner);
  const [plane, space] = kspacePlot(sequenceTrajectory(sequence, scanner)).rows[0];
  assert.deepEqual([plane!.x.label, plane!.y.label], ['k x', 'k y']);
  const encoding = encode(sequence, scanner);
  const points = linesOf(plane!)
    .flatMap(({ x, y }) => Array.from(x, (value, n) => [value, y[n]]))
    .filter(([x]) => !Number.isNaN(x));
  const most = (of: readonly number[]): number => of.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const all = encoding.readouts.flatMap((_, n) => [...encoding.trajectory(n)]);
  near(most(points.map(([x]) => x!)), most(all.filter((_, i) => i % 3 === 0)), 1e-9);
  near(most(points.map(([, y]) => y!)), most(all.filter((_, i) => i % 3 === 1)), 1e-9);
  const box = plane!.marks.find(({ kind }) => kind === 'box') as Extract<Mark, { kind: 'box' }>;
  near(box.x[1], encoding.encodedMatrix[0] / (2 * encoding.encodedFov[0]), 1e-9);
  assert.equal(space!.colourBar!.label, 'time');
  assert.throws(() => kspacePlot(sequenceTrajectory(makeBuiltin('fid', {}, scanner), scanner)), {
    exitCode: 65,
    message: /fid: stays at the centre of k-space/,
  });
});

/** Spins of a function of their number. */
function spinsOf(
  count: number,
  spin: (n: number) => Partial<Record<keyof SpinBlock, number>> & { x: number; y: number; z: number },
): PhantomSource {
  const all = Array.from({ length: count }, (_, n) => ({
    density: 1,
    T1: 1,
    T2: 0.1,
    T2s: 0.1,
    offResonance: 0,
    ...spin(n),
  }));
  const extreme = (pick: (...values: number[]) => number) =>
    (['x', 'y', 'z'] as const).map((axis) => pick(...all.map((one) => one[axis]))) as [number, number, number];
  return {
    ...{ name: 'made.phantom', spinCount: count, B0: 1.5, identity: '', residentBytes: 0, close: () => {} },
    bounds: { maxDensity: 1, min: extreme(Math.min), max: extreme(Math.max), maxOffResonance: 0, minT1: 1, minT2: 0.1 },
    read: (first, number, into) => {
      for (let n = 0; n < number; n++)
        for (const [name, value] of Object.entries(all[first + n])) (into[name as 'x'] as Float32Array)[n] = value;
    },
  };
}

const rasterOf = ({ marks }: Panel) => marks.find(({ kind }) => kind === 'raster') as Extract<Mark, { kind: 'raster' }>;

test('a map shows each spin of a lattice where it is: anterior up, left on the right', () => {
  // 12 × 10 × 6 spins, 5 mm apart; T1 tells the place.
  const source = spinsOf(720, (n) => {
    const [i, j, k] = [n % 12, Math.floor(n / 12) % 10, Math.floor(n / 120)];
    return {
      x: 0.005 * (i - 6),
      y: 0.005 * (j - 5),
      z: 0.005 * (k - 3),
      T1: 0.1 + i / 100 + j / 10,
      offResonance: 2 * Math.PI * 50 * (i - 6),
    };
  });
  const figure = phantomPlot(source, { maps: ['t1', 'df'] });
  const [axial, coronal, sagittal] = figure.rows[0];
  assert.deepEqual(
    figure.rows[0].map((panel) => [rasterOf(panel).columns, rasterOf(panel).rows]),
    [
      [12, 10],
      [12, 6],
      [10, 6],
    ],
  );
  assert.deepEqual(axial!.title!.replace(/z = .*/, ''), 'T1, axial, ');
  const raster = rasterOf(axial!);
  const { range, map } = axial!.colourBar!;
  const pixel = (column: number, row: number): number[] => [
    ...raster.rgba.subarray(4 * (12 * row + column), 4 * (12 * row + column) + 3),
  ];
  for (const [i, j] of [
    [0, 0],
    [11, 0],
    [3, 9],
    [7, 4],
  ] as const)
    assert.deepEqual(
      pixel(i, j),
      [...map((Math.fround(0.1 + i / 100 + j / 10) - range[0]) / (range[1] - range[0]))],
      `${i} ${j}`,
    );
  // Row 0 is at the top: the smallest y, anterior. Its edge is half a voxel outside.
  near(raster.y[0], -0.0275, 1e-9);
  assert.ok(axial!.y.range[0] > axial!.y.range[1]);
  // The top of the others is the head.
  for (const panel of [coronal!, sagittal!]) assert.ok(rasterOf(panel).y[0] > rasterOf(panel).y[1]);
  const letters = (panel: Panel): string[] => panel.marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []));
  assert.deepEqual([axial!, coronal!, sagittal!].map(letters), [
    ['R', 'L', 'A', 'P'],
    ['R', 'L', 'H', 'F'],
    ['A', 'P', 'H', 'F'],
  ]);
  near(figure.rows[1][0].colourBar!.range[1], 300, 1e-3);
});

test('random spins are points; a line of them is a profile; a plane has no other planes', () => {
  const random = (seed: number): number => (Math.sin(seed * 12.9898) * 43758.5453) % 1;
  const cloud = phantomPlot(
    spinsOf(300, (n) => ({ x: random(n) / 10, y: random(n + 0.3) / 10, z: random(n + 0.7) / 10 })),
    { maps: ['t2'] },
  );
  const points = cloud.rows[0][0].marks.find(({ kind }) => kind === 'points') as Extract<Mark, { kind: 'points' }>;
  assert.equal(points.x.length, 300);
  const line = phantomPlot(
    spinsOf(50, (n) => ({ x: 0, y: n / 1000, z: 0, T2: n / 1000 + 0.01 })),
    { maps: ['t2'] },
  );
  const profile = line.rows[0][0];
  assert.equal(profile.x.label, 'y');
  assert.deepEqual(
    [...(profile.marks[0] as typeof points).y.map(Math.fround)],
    Array.from({ length: 50 }, (_, n) => Math.fround(n / 1000 + 0.01)),
  );
  const flat = spinsOf(400, (n) => ({ x: (n % 20) / 1000, y: Math.floor(n / 20) / 1000, z: 0 }));
  assert.deepEqual(
    phantomPlot(flat).rows.map((row) => row.length),
    [2, 2],
  );
  assert.throws(() => phantomPlot(flat, { planes: ['coronal'] }), {
    exitCode: 2,
    message: /no extent in that plane; it has axial/,
  });
});

function signalOf(values: (sample: number) => readonly [number, number], samples: number, dwell: number): Signal {
  const data = Float64Array.from({ length: 2 * samples }, (_, i) => values(Math.floor(i / 2))[i % 2]);
  return { name: 'made.mrd', coils: 1, unit: 's', readouts: [{ samples, data, start: 0.1, dwell }] };
}

test('the spectrum of a spin is at its off-resonance, and as high as its signal', () => {
  for (const frequency of [120, -730]) {
    const signal = signalOf(
      (n) => {
        const angle = -2 * Math.PI * frequency * n * 1e-4;
        return [3 * Math.cos(angle), 3 * Math.sin(angle)];
      },
      500,
      1e-4,
    );
    const figure = signalPlot(signal);
    const spectrum = linesOf(panelOf(figure, '|spectrum|'))[0];
    const peak = spectrum.y.indexOf(Math.max(...spectrum.y));
    near(spectrum.x[peak], frequency, 10, 'Hz');
    // Between two points of the spectrum a peak loses 3 % at most: sin(π/8)/(π/8).
    near(spectrum.y[peak], 3, 0.09);
    const whole = linesOf(panelOf(figure, '|signal|'))[0];
    near(whole.x[0], 0.1 + 0.5e-4, 1e-12);
    near(Math.max(...whole.y), 3, 1e-9);
  }
  assert.throws(() => signalPlot(signalOf(() => [Number.NaN, 0], 8, 1e-5)), { exitCode: 65, message: /not finite/ });
});

/** An image of the given directions whose pixel n is n + 1. */
function imageOf(directions: Image['directions'], matrix: Image['matrix'] = [4, 3, 1]): Image {
  const pixels = matrix[0] * matrix[1] * matrix[2];
  return {
    data: Float32Array.from({ length: 2 * pixels }, (_, i) => (i % 2 === 0 ? i / 2 + 1 : 0)),
    ...{
      matrix,
      coils: 1,
      contrasts: 1,
      repetitions: 1,
      voxel: [0.002, 0.002, 0.005],
      origin: [0, 0, 0],
      directions,
      method: 'fft',
      notes: [],
    },
  };
}

test('images lie as a radiologist holds them, whatever the scan read along', () => {
  const value = (panel: Panel, column: number, row: number): number => {
    const { rgba, columns } = rasterOf(panel);
    return rgba[4 * (row * columns + column)];
  };
  const [x, y, z] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ] as const;
  const minus = (way: readonly number[]) => way.map((part) => -part) as unknown as typeof x;
  const upright = imagePlot('a.mrd', imageOf([x, y, z])).rows[0][0];
  const turned = imagePlot('a.mrd', imageOf([minus(x) as typeof x, minus(y) as unknown as typeof y, z])).rows[0][0];
  assert.equal(value(upright, 0, 0), value(turned, 3, 2));
  assert.ok(value(upright, 0, 0) < value(upright, 3, 2));
  const sagittal = imagePlot('a.mrd', imageOf([y, z, x] as unknown as Image['directions'])).rows[0][0];
  const letters = (panel: Panel): string[] =>
    panel.marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : [])).slice(0, 4);
  assert.deepEqual(
    [letters(upright), letters(turned), letters(sagittal)],
    [
      ['R', 'L', 'A', 'P'],
      ['R', 'L', 'A', 'P'],
      ['A', 'P', 'H', 'F'],
    ],
  );
  // 45° between left and posterior.
  assert.equal(lettersOf([Math.SQRT1_2, Math.SQRT1_2 - 1e-9, 0]), 'LP');
  assert.equal(lettersOf([0, -1, 0.1]), 'A');
});

test('window, phase and contact sheets', () => {
  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ] as const;
  const image = imageOf(axes, [4, 3, 7]);
  assert.deepEqual(parseWindow('0%:50%'), { low: 0, high: 50, percent: true });
  const sheet = imagePlot('a.mrd', image, { window: parseWindow('10:20') });
  const panels = sheet.rows.flat();
  assert.deepEqual(
    panels.map(({ title }) => title),
    Array.from({ length: 7 }, (_, n) => `slice ${n + 1}`),
  );
  // Pixel n is n + 1: black up to 10, white from 20 on; slices of 12 pixels.
  const reds = panels.flatMap((panel) => [...rasterOf(panel).rgba].filter((_, i) => i % 4 === 0));
  for (const [n, red] of reds.entries())
    assert.equal(red, Math.round(255 * Math.min(1, Math.max(0, (n - 9) / 10))), `pixel ${n}`);
  assert.match(sheet.caption.join(' '), /magnitude 10 is black, 20 white/);
  const both = imagePlot('a.mrd', imageOf(axes), { parts: ['magnitude', 'phase'] }).rows[0];
  assert.deepEqual(
    both.map(({ title }) => title),
    ['magnitude', 'phase'],
  );
  assert.deepEqual(both[1].colourBar!.range, [-Math.PI, Math.PI]);
  for (const text of ['1', '2:1', 'a:b', ':', '1%:2', '1:1', ':3'])
    assert.throws(() => parseWindow(text), { exitCode: 2, message: /--window/ }, text);
  const nothing = { ...image, data: new Float32Array(image.data.length) };
  assert.throws(() => imagePlot('a.mrd', nothing), { exitCode: 65, message: /a\.mrd: makes an image of zeros/ });
});
