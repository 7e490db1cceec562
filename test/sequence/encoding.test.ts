/**
 * How sequences encode space, on sequences designed here so that the answer is known beforehand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, setLabel, trapezoid } from '../../host/sequence/designer.ts';
import { encode } from '../../host/sequence/encoding.ts';
import type { Encoding } from '../../host/sequence/encoding-types.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block, LabelEvent, RfUse, Sequence } from '../../host/sequence/types.ts';

const encoded = (sequence: Sequence): Encoding => encode(sequence, DEFAULT_SCANNER);
const builtin = (name: string, settings: Record<string, number> = {}): Encoding =>
  encoded(makeBuiltin(name, settings, DEFAULT_SCANNER));
const close = (a: number, b: number, tolerance = 1e-9): void => assert.ok(Math.abs(a - b) <= tolerance, `${a} ≠ ${b}`);

// One line: 8 samples, 10 cycles/m apart (FOV 0.1 m), sample 4 in the middle of the lobe's own
// area.
const DWELL = 10e-6;
const AMPLITUDE = 10 / (GAMMA_BAR * DWELL);
const lobe = trapezoid(AMPLITUDE, 1e-4, 8 * DWELL);
const readout = adc(8, DWELL, 1e-4);
const winder = (cycles: number) => trapezoid(cycles / GAMMA_BAR / 1e-4, 1e-4, 0);
/** Brings sample 4 to k = 0. */
const PREWIND = -(GAMMA_BAR * AMPLITUDE * (1e-4 + 8 * DWELL)) / 2 - 5;
const pulse = (use: RfUse = 'excitation', flip = Math.PI / 2) => hardPulse(flip, 10e-6, { use });

interface LineOptions {
  readonly y?: number;
  readonly z?: number;
  readonly labels?: readonly LabelEvent[];
  readonly rotation?: readonly number[];
}
/** Excitation, prewinder with phase encoding, readout. */
const shot = ({ y = 0, z = 0, labels, rotation }: LineOptions = {}): Block[] => {
  const turn = rotation === undefined ? {} : { rotation };
  return [
    blockOf({ rf: pulse() }),
    blockOf({ gx: winder(PREWIND), gy: winder(y), gz: winder(z), ...turn }),
    blockOf({ gx: lobe, adc: readout, ...(labels === undefined ? {} : { labels }), ...turn }),
  ];
};
const sequence = (blocks: Block[], definitions: Record<string, number | number[]> = {}): Sequence =>
  sequenceOf('test', blocks, definitions);
const steps = (encoding: Encoding): number[] => encoding.readouts.map(({ counters }) => counters.kspace_encode_step_1);

test('built-in epi: 101 × 101, centred, odd lines reversed, k exact', () => {
  const epi = builtin('epi');
  assert.equal(epi.kind, 'epi');
  assert.deepEqual(epi.encodedMatrix, [101, 101, 1]);
  assert.deepEqual(epi.reconMatrix, [101, 101, 1]);
  for (const axis of [0, 1] as const) close(epi.encodedFov[axis], 0.23, 1e-12);
  assert.deepEqual(epi.limits.kspace_encode_step_1, { minimum: 0, maximum: 100, center: 50 });
  close(epi.flipAngle[0], Math.PI / 2);
  close(epi.TE[0], 0.031423060339, 1e-12);
  for (const [n, line] of epi.readouts.entries()) {
    assert.equal(line.firstSample, 101 * n);
    assert.equal(line.reversed, n % 2 === 1);
    assert.equal(line.counters.kspace_encode_step_1, n);
    assert.equal(line.centerSample, 50);
    assert.deepEqual([line.firstInSlice, line.lastInSlice], [n === 0, n === 100]);
    const k = epi.trajectory(n);
    for (const sample of [0, 50, 100]) {
      close(k[3 * sample] * 0.23, (n % 2 === 1 ? -1 : 1) * (sample - 50), 1e-9);
      close(k[3 * sample + 1] * 0.23, n - 50, 1e-9);
      assert.equal(k[3 * sample + 2], 0);
    }
  }
});

test('built-in sequences without their labels and definitions encode the same', () => {
  for (const [name, settings] of [
    ['epi', { n: 12 }],
    ['epi', { n: 13 }],
    ['gre', { n: 9, slices: 3, gap: 1e-3 }],
    ['se', { n: 10, slices: 2 }],
  ] as const) {
    const made = makeBuiltin(name, settings, DEFAULT_SCANNER);
    const bare: Sequence = {
      ...made,
      definitions: new Map(),
      block: (n) => {
        const { labels: _, ...block } = made.block(n);
        return block;
      },
    };
    const [full, guessed] = [encoded(made), encoded(bare)];
    assert.deepEqual(guessed.readouts, full.readouts, name);
    assert.deepEqual(guessed.encodedMatrix, full.encodedMatrix, name);
    assert.deepEqual(guessed.limits, full.limits, name);
    for (const axis of [0, 1]) close(guessed.encodedFov[axis], full.encodedFov[axis], 1e-9);
  }
});

test('gre and se: centred echoes, TR, TE, slices by position', () => {
  const gre = builtin('gre', { n: 8, slices: 3, thickness: 4e-3, gap: 1e-3, offset: 0.01, tr: 0.06 });
  assert.equal(gre.kind, 'cartesian');
  assert.deepEqual(gre.encodedMatrix, [8, 8, 1]);
  close(gre.encodedFov[2], 4e-3);
  assert.deepEqual([gre.TR, gre.TE], [[0.06], [0.005]]);
  assert.deepEqual(
    gre.readouts.slice(0, 3).map(({ counters, position }) => [counters.slice, Math.round(position[2] * 1e6)]),
    [
      [0, 5000],
      [2, 15000],
      [1, 10000],
    ],
  );
  const se = builtin('se', { n: 8, te: 0.025, tr: 0.1 });
  assert.deepEqual([se.TR, se.TE], [[0.1], [0.025]]);
  const k = se.trajectory(0);
  close(k[3 * 4], 0);
  close(k[1] * 0.25, -4);
  close(k[2], 0);
});

test('fid: no space to encode; shots are repetitions', () => {
  const fid = builtin('fid', { samples: 16 });
  assert.equal(fid.kind, 'other');
  assert.deepEqual(fid.encodedMatrix, [1, 1, 1]);
  close(fid.TE[0], 0.000444, 1e-12);
  const twice = [0, 1].flatMap(() => [blockOf({ rf: pulse() }), blockOf({ adc: readout }), delayOf(0.01)]);
  assert.deepEqual(
    encoded(sequence(twice)).readouts.map(({ counters }) => counters.repetition),
    [0, 1],
  );
});

test('k starts at an excitation’s centre, is negated at a refocusing pulse’s, and left alone by others', () => {
  const through = (use: RfUse, flip = Math.PI): number => {
    // The pulse of 0.59 or 1.17 ms lies in the middle of a constant gradient: half its area before,
    // half after.
    const rf = pulse(use, flip);
    const steady = trapezoid(1e-3, 1e-4, rf.time[1] - 2e-4);
    const blocks = [
      ...shot().slice(0, 1),
      blockOf({ gx: winder(100) }),
      blockOf({ rf, gx: steady }),
      blockOf({ adc: readout }),
    ];
    return encoded(sequence(blocks)).trajectory(0)[0];
  };
  const half = (duration: number): number => (GAMMA_BAR * 1e-3 * (duration - 1e-4)) / 2;
  const long = pulse('other', Math.PI).time[1];
  const short = pulse('other', Math.PI / 2).time[1];
  close(through('refocusing'), -100);
  close(through('excitation'), half(long));
  for (const use of ['inversion', 'saturation', 'preparation', 'other'] as const)
    close(through(use), 100 + 2 * half(long));
  // Files before 1.5: the flip angle decides, at 90.5°.
  close(through('undefined'), -100);
  close(through('undefined', Math.PI / 2), half(short));
  close(through('undefined', (90.4 * Math.PI) / 180), half(pulse('other', (90.4 * Math.PI) / 180).time[1]));
});

test('lines by ky rank, whatever their order; recurring ones are repetitions', () => {
  const order = [0, -20, 10, -10];
  const once = order.flatMap((y) => shot({ y }));
  const found = encoded(sequence([...once, ...once]));
  assert.deepEqual(found.encodedMatrix, [8, 4, 1]);
  close(found.encodedFov[1], 0.1);
  assert.deepEqual(steps(found), [2, 0, 3, 1, 2, 0, 3, 1]);
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.repetition),
    [0, 0, 0, 0, 1, 1, 1, 1],
  );
  assert.deepEqual(
    found.readouts.map(({ firstInSlice }) => firstInSlice),
    [0, 4].flatMap(() => [true, false, false, false]),
  );
  assert.equal(found.readouts[0].centerSample, 4);
});

test('3-D: step_2 by kz', () => {
  const found = encoded(sequence([-5, 0, 5].flatMap((z) => [-10, 0, 10].flatMap((y) => shot({ y, z })))));
  assert.equal(found.kind, 'cartesian');
  assert.deepEqual(found.encodedMatrix, [8, 3, 3]);
  close(found.encodedFov[2], 0.2);
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.kspace_encode_step_2),
    [0, 0, 0, 1, 1, 1, 2, 2, 2],
  );
  assert.deepEqual(found.limits.kspace_encode_step_2, { minimum: 0, maximum: 2, center: 1 });
});

test('several echoes of one line are contrasts, with their own TE', () => {
  const back = trapezoid(-AMPLITUDE, 1e-4, 8 * DWELL);
  const blocks = [-10, 0].flatMap((y) => [
    ...shot({ y }),
    blockOf({ gx: back, adc: readout }),
    blockOf({ gx: lobe, adc: readout }),
  ]);
  const found = encoded(sequence(blocks));
  assert.equal(found.kind, 'cartesian');
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.contrast),
    [0, 1, 2, 0, 1, 2],
  );
  assert.deepEqual(
    found.readouts.map(({ reversed }) => reversed),
    [false, true, false, false, true, false],
  );
  assert.equal(found.TE.length, 3);
  close(found.TE[2] - found.TE[0], 2 * (2e-4 + 8 * DWELL), 1e-12);
});

test('the stated FOV tells undersampling, oversampling and partial Fourier', () => {
  const half = encoded(
    sequence(
      [-20, 0].flatMap((y) => shot({ y })),
      { FOV: [0.1, 0.1, 0.005], Matrix: [8, 4, 1] },
    ),
  );
  assert.deepEqual([half.encodedMatrix[1], steps(half)], [4, [0, 2]]);
  close(half.encodedFov[1], 0.1);
  const over = encoded(
    sequence(
      [-10, 0].flatMap((y) => shot({ y })),
      { FOV: [0.05, 0.1, 0.005] },
    ),
  );
  assert.deepEqual([over.encodedMatrix[0], over.reconMatrix[0]], [8, 4]);
  close(over.encodedFov[0], 0.1);
  close(over.reconFov[0], 0.05);
  close(over.encodedFov[2], 0.005);
  const partial = encoded(sequence([-40, -30, -20, -10, 0, 10].flatMap((y) => shot({ y }))));
  assert.equal(partial.encodedMatrix[1], 8);
  assert.equal(partial.limits.kspace_encode_step_1.center, 4);
});

test('labels count, trajectories orient; navigators and noise do not shape the image', () => {
  const line = (y: number, label: number, ...more: LabelEvent[]): Block[] =>
    shot({ y, labels: [setLabel('LIN', label), setLabel('NAV', 0), ...more] });
  const found = encoded(
    sequence([
      ...shot({ y: 777, labels: [setLabel('NAV', 1)] }),
      ...line(0, 7),
      ...line(-10, 3, { label: 'AVG', mode: 'inc', value: 1 }),
      ...line(10, 9),
    ]),
  );
  assert.deepEqual(steps(found).slice(1), [7, 3, 9]);
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.average),
    [0, 0, 1, 1],
  );
  assert.deepEqual(
    found.readouts.map(({ role }) => role),
    ['navigator', 'image', 'image', 'image'],
  );
  assert.deepEqual(found.limits.kspace_encode_step_1, { minimum: 3, maximum: 9, center: 7 });
  assert.equal(found.encodedMatrix[1], 3);
  assert.throws(
    () => encoded(sequence(shot({ labels: [setLabel('SLC', -1)] }))),
    (error) =>
      error instanceof LarmorError &&
      error.exitCode === EXIT.badInput &&
      /test, block 3: label SLC is -1 at a readout/.test(error.message),
  );
});

test('swapped and oblique scans stay Cartesian in a frame of their own', () => {
  const swap = [0, 1, 0, 1, 0, 0, 0, 0, -1];
  const angle = 0.3;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const oblique = [c, -s, 0, s, c, 0, 0, 0, 1];
  for (const rotation of [swap, oblique]) {
    const found = encoded(sequence([-20, -10, 0, 10].flatMap((y) => shot({ y, rotation }))));
    assert.equal(found.kind, 'cartesian');
    assert.deepEqual(found.encodedMatrix, [8, 4, 1]);
    assert.deepEqual(steps(found), [0, 1, 2, 3]);
    const [read, phase, slice] = found.axes!;
    for (const row of [0, 1, 2]) {
      close(read[row], rotation[3 * row], 1e-12);
      close(phase[row], rotation[3 * row + 1], 1e-12);
    }
    // Right-handed.
    close(slice[2], read[0] * phase[1] - read[1] * phase[0], 1e-12);
    const k = found.trajectory(0);
    close(k[0], -40, 1e-9);
    close(k[1], -20, 1e-9);
    close(k[2], 0, 1e-9);
  }
});

test('spokes through the centre are radial: one number per direction', () => {
  const spoke = (angle: number): Block[] => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return shot({ rotation: [c, -s, 0, s, c, 0, 0, 0, 1] });
  };
  const found = encoded(sequence([0, 1, 2, 0].flatMap(spoke)));
  assert.equal(found.kind, 'radial');
  assert.deepEqual(found.encodedMatrix, [8, 8, 1]);
  close(found.encodedFov[0], 0.1);
  assert.deepEqual(steps(found), [0, 1, 2, 0]);
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.repetition),
    [0, 0, 0, 1],
  );
  // Lines that miss the centre, as PROPELLER's do, are something else.
  const missing = [0, 1].flatMap((angle) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return shot({ y: 35, rotation: [c, -s, 0, s, c, 0, 0, 0, 1] });
  });
  assert.equal(encoded(sequence(missing)).kind, 'other');
});

test('a stack of stars is radial with partitions along z', () => {
  const blocks = [-10, 0, 10].flatMap((z) =>
    [0, 1].flatMap((angle) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return shot({ z, rotation: [c, -s, 0, s, c, 0, 0, 0, 1] });
    }),
  );
  const found = encoded(sequence(blocks));
  assert.equal(found.kind, 'radial');
  assert.deepEqual(found.encodedMatrix, [8, 8, 3]);
  close(found.encodedFov[2], 0.1);
  assert.deepEqual(steps(found), [0, 1, 0, 1, 0, 1]);
  assert.deepEqual(
    found.readouts.map(({ counters }) => counters.kspace_encode_step_2),
    [0, 0, 1, 1, 2, 2],
  );
});

test('points of spectroscopic imaging lie on a grid', () => {
  const blocks = [-10, 0].flatMap((x) =>
    [-20, -10, 0, 10].flatMap((y) => [
      ...shot().slice(0, 1),
      blockOf({ gx: winder(x), gy: winder(y) }),
      blockOf({ adc: readout }),
    ]),
  );
  const found = encoded(sequence(blocks));
  assert.equal(found.kind, 'other');
  assert.deepEqual(found.encodedMatrix, [2, 4, 1]);
  close(found.encodedFov[0], 0.1);
  assert.deepEqual(steps(found), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a readout ahead of the pulse in its block belongs to what was excited before', () => {
  const rf = hardPulse(Math.PI / 2, 10e-6, { use: 'excitation', delay: 1e-3 });
  const blocks = [
    ...shot().slice(0, 1),
    blockOf({ gx: winder(50) }),
    blockOf({ adc: readout, rf }),
    blockOf({ adc: readout }),
  ];
  const found = encoded(sequence(blocks));
  close(found.trajectory(0)[0], 50);
  close(found.trajectory(1)[0], 0);
});

test('sequences with nothing to read, or nothing excited, are no trouble', () => {
  const silent = encoded(sequence([blockOf({ rf: pulse() }), delayOf(1)]));
  assert.deepEqual([silent.kind, silent.readouts, silent.TE], ['other', [], []]);
  const unexcited = encoded(sequence(shot().slice(1)));
  assert.deepEqual([unexcited.TR, unexcited.TE, unexcited.flipAngle], [[], [], []]);
  close(unexcited.trajectory(0)[3 * 4], 0);
});
