/**
 * What the reader makes of a file: units, versions, shapes, first and last, extensions, signatures.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import type { Sequence, ShapedGradientEvent } from '../../host/sequence/types.ts';
import { caseFiles, cases, skipWithoutCases } from '../../testing/cases.ts';
import { warningsOf } from '../../testing/warnings.ts';
import { COMPLETE, seqFolder, seqText } from './seq-text.ts';

const save = seqFolder();
const read = (changes: Record<string, string> = {}): Sequence => readPulseq(save(seqText(changes)));

/** Equal to a few roundings. */
function near(got: ArrayLike<number> | undefined, want: readonly number[]): void {
  assert.equal(got?.length, want.length);
  for (let n = 0; n < want.length; n++) {
    assert.ok(Math.abs(got![n] - want[n]) <= 1e-14 * Math.abs(want[n]), `[${n}] ${got![n]}, not ${want[n]}`);
  }
}

test('one of everything, in SI units', () => {
  const sequence = read();
  assert.equal(sequence.version, '1.5.1');
  assert.equal(sequence.blockCount, 2);
  near([sequence.duration], [2e-3]);
  const { rf, gz, duration } = sequence.block(0);
  near([duration], [1e-3]);
  assert.deepEqual(
    { ...rf, time: rf!.time.length, magnitude: rf!.magnitude[7] * GAMMA_BAR, phase: rf!.phase[3] },
    {
      kind: 'rf',
      delay: 1e-4,
      interpolation: 'held',
      time: 101,
      magnitude: 2500,
      phase: 0,
      center: 5e-5,
      use: 'excitation',
      frequencyOffset: 120,
      phaseOffset: 0.25,
      frequencyPpm: -3.35,
      phasePpm: 0.5,
    },
  );
  near([rf!.time[0], rf!.time[100]], [0, 1e-4]);
  assert.deepEqual(gz, {
    kind: 'trapezoid',
    delay: 0,
    amplitude: 200000 / GAMMA_BAR,
    rise: 1e-4,
    flat: 3e-4,
    fall: 1e-4,
  });
  const { gx, gy, adc, labels } = sequence.block(1);
  near((gx as ShapedGradientEvent).time, [0, 5e-6, 1.5e-5, 2.5e-5, 3.5e-5, 4e-5]);
  near(
    (gx as ShapedGradientEvent).amplitude.map((a) => a * GAMMA_BAR),
    [0, 0, 1e5, 5e4, 2.5e4, 5000],
  );
  near((gy as ShapedGradientEvent).time, [0, 3e-5, 5e-5, 8e-5]);
  assert.equal(gy!.delay, 1e-5);
  assert.equal(adc!.dwell, 2.5e-5);
  near(adc!.phaseShape, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
  assert.deepEqual(labels, [{ label: 'LIN', mode: 'set', value: 3 }]);
});

test('equal ids are the same object, and pulses of one shape share its samples', () => {
  const sequence = read({
    blocks: '[BLOCKS]\n1 100 1 0 0 1 0 0\n2 100 2 0 0 1 0 0\n3 100 1 0 0 0 0 0\n',
    rf: '[RF]\n1 2500 1 2 0 50 100 0 0 0 0 e\n2 2500 1 2 0 50 100 0 0 0 2.042 e\n',
  });
  assert.equal(sequence.block(0).rf, sequence.block(2).rf);
  assert.equal(sequence.block(0).gz, sequence.block(1).gz);
  assert.equal(sequence.block(0).rf!.magnitude, sequence.block(1).rf!.magnitude);
  assert.throws(() => sequence.block(3), RangeError);
});

test('time shape -1 is twice the raster', () => {
  const { rf, gx } = read({
    blocks: '[BLOCKS]\n1 100 1 2 0 0 0 0\n',
    rf: '[RF]\n1 2500 3 3 -1 1 0 0 0 0 0 r\n',
    gradients: '[GRADIENTS]\n2 100000 1000 2000 3 -1 0\n',
    adc: '',
    extensions: '',
  }).block(0);
  // Samples at 0.5, 1, 1.5, 2 µs, each held for half a microsecond around.
  near(rf!.time, [0.25e-6, 0.75e-6, 1.25e-6, 1.75e-6, 2.25e-6]);
  near((gx as ShapedGradientEvent).time, [0, 5e-6, 1e-5, 1.5e-5, 2e-5, 2.5e-5]);
  near([(gx as ShapedGradientEvent).amplitude[5] * GAMMA_BAR], [2000]);
});

test('a pulse with times of its own is linear between them; its centre is the middle of its peak', () => {
  const { rf } = read({
    version: '[VERSION]\nmajor 1\nminor 4\nrevision 2\n',
    blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n',
    rf: '[RF]\n1 2500 3 3 4 0 0 0\n',
    gradients: '',
    adc: '',
  }).block(0);
  assert.equal(rf!.interpolation, 'linear');
  near(rf!.time, [0, 3e-6, 5e-6, 8e-6]);
  near([rf!.center], [3e-6]);
  assert.equal(rf!.use, 'undefined');
});

test('before 1.4 a block lasts as long as its delay or longest event, and shapes are always packed', () => {
  const sequence = read({
    version: '[VERSION]\nmajor 1\nminor 3\nrevision 1\n',
    definitions: '',
    blocks: '[BLOCKS]\n1 0 1 0 0 1 0 0\n2 1 0 0 0 0 1 0\n3 2 0 0 0 0 1 0\n',
    rf: '[RF]\n1 2500 1 2 100 0 0\n',
    gradients: '',
    adc: '[ADC]\n1 8 25000 20 0 0\n',
    extensions: '[DELAYS]\n1 50\n2 1000\n',
    // Three values and three samples: 0.5, then 0.5 more, would be plain from 1.4 on.
    shapes: `${COMPLETE.shapes}\nshape_id 9\nnum_samples 3\n0.5\n0.5\n1\n`,
  });
  near(
    [0, 1, 2].map((n) => sequence.block(n).duration),
    [5e-4, 2.2e-4, 1e-3],
  );
});

test('before 1.5 first continues the block before and last follows from the samples', () => {
  const gradient = '1 100000 1 0 0\n2 100000 2 0 0\n';
  const sequence = read({
    version: '[VERSION]\nmajor 1\nminor 4\nrevision 0\n',
    blocks: '[BLOCKS]\n1 4 0 1 0 0 0 0\n2 0 0 0 0 0 0 0\n3 4 0 2 0 0 0 0\n4 9 0 1 0 0 0 0\n',
    rf: '',
    gradients: `[GRADIENTS]\n${gradient}`,
    trap: '',
    adc: '',
    extensions: '',
    // A ramp 0 → 1 sampled in the middle of its cells, and back.
    shapes:
      '[SHAPES]\nshape_id 1\nnum_samples 4\n0.125\n0.375\n0.625\n0.875\n\nshape_id 2\nnum_samples 4\n0.875\n0.625\n0.375\n0.125\n',
  });
  const edges = (n: number): number[] => {
    const { amplitude } = sequence.block(n).gx as ShapedGradientEvent;
    return [amplitude[0] * GAMMA_BAR, amplitude[5] * GAMMA_BAR];
  };
  near(edges(0), [0, 1e5]);
  assert.ok(Math.abs(edges(2)[0] - 1e5) < 1e-6 && Math.abs(edges(2)[1]) < 1e-6, 'label blocks interrupt nothing');
});

test('a file that says 1.4 with the columns of 1.3, delays of their own and transmit weights', () => {
  const sequence = read({
    version: '[VERSION]\nmajor 1\nminor 4\nrevision 5\n',
    blocks: '[BLOCKS]\n1 0 1 0 0 0 0 0\n2 0 0 1 0 0 1 0\n3 1 0 0 0 0 0 0\n',
    rf: '[RF]\n1 2500 1 2 100 120 0.25 3 4\n',
    gradients: '',
    adc: '[ADC]\n1 8 25000 20 10 0.1\n',
    extensions: '[DELAYS]\n1 3000\n',
    shapes: [
      '[SHAPES]\nshape_id 1\nnum_samples 100\n1\n0\n0\n97\n',
      'shape_id 2\nnum_samples 100\n0\n0\n98\n',
      // As the original writer left them: unpacked where that is no longer.
      'shape_id 3\nnum_samples 4\n0.5\n0.25\n0.5\n0.25\n',
      'shape_id 4\nnum_samples 4\n0\n-1.5\n3\n1.5\n',
    ].join('\n'),
  });
  const { rf, shim } = sequence.block(0);
  near([rf!.delay, rf!.frequencyOffset, rf!.phaseOffset], [100e-6, 120, 0.25]);
  near(shim!.magnitude, [0.5, 0.25, 0.5, 0.25]);
  near(shim!.phase, [0, -1.5, 3, 1.5]);
  near([sequence.block(1).duration, sequence.block(2).duration], [500e-6, 3e-3]);
});

test('extensions: triggers, shims, rotations, soft delays', () => {
  const changes = {
    blocks: '[BLOCKS]\n1 100 1 0 0 1 0 3\n2 500 0 0 0 0 0 4\n3 250 0 0 0 0 0 4\n',
    gradients: '',
    adc: '',
    extensions: [
      '[EXTENSIONS]\n1 2 1 0\n2 3 1 1\n3 4 1 2\n4 5 1 0\n',
      'extension TRIGGERS 2\n1 1 3 500 100\n',
      'extension RF_SHIMS 3\n1 2 1 0 0.5 3.14\n',
      'extension ROTATIONS 4\n1 0.707107 0 0 0.707107\n',
      'extension DELAYS 5\n1 0 -1000 2 TE\n',
    ].join('\n'),
  };
  const { triggers, shim, rotation } = read(changes).block(0);
  assert.deepEqual(triggers, [{ type: 'output', channel: 3, delay: 5e-4, duration: 1e-4 }]);
  assert.deepEqual(shim, { magnitude: [1, 0.5], phase: [0, 3.14] });
  for (const [n, want] of [0, -1, 0, 1, 0, 0, 0, 0, 1].entries()) assert.ok(Math.abs(rotation![n] - want) < 1e-12);
  near([read(changes).block(1).duration], [5e-3]);
  // 20 ms / 2 − 1 ms, in every block of that delay.
  const longer = readPulseq(save(seqText(changes)), { softDelays: { TE: 20e-3 } });
  near(
    [0, 1, 2].map((n) => longer.block(n).duration),
    [1e-3, 9e-3, 9e-3],
  );
  near([longer.duration], [19e-3]);
  assert.throws(() => readPulseq(save(seqText(changes)), { softDelays: { TR: 1 } }), {
    exitCode: 2,
    message: /TR.*TE/,
  });
  assert.throws(() => readPulseq(save(seqText(changes)), { softDelays: { TE: 1e-4 } }), { exitCode: 2 });
});

test('extension specifications may stand after any section', () => {
  const specification = 'extension LABELSET 1\n1 3 LIN\n';
  const extensions = COMPLETE.extensions!.replace(specification, '');
  const sequence = read({ extensions, shapes: `${COMPLETE.shapes}\n${specification}` });
  assert.deepEqual(sequence.block(1).labels, [{ label: 'LIN', mode: 'set', value: 3 }]);
});

test('signatures of every kind are checked, and a file is not refused for one', () => {
  const text = seqText();
  for (const type of ['md5', 'sha1', 'sha256']) {
    const hash = createHash(type).update(text).digest('hex');
    const signed = `${text}\n[SIGNATURE]\nType ${type}\nHash ${hash}\n`;
    assert.deepEqual(
      warningsOf(() => readPulseq(save(signed))),
      [],
    );
    const [warning] = warningsOf(() => readPulseq(save(signed.replace('2500', '2501'), 'changed.seq')));
    assert.match(warning!, new RegExp(`changed\\.seq: the ${type} signature does not match`));
  }
  assert.match(warningsOf(() => readPulseq(save(`${text}\n[SIGNATURE]\nType md5\n`)))[0], /incomplete/);
  assert.match(warningsOf(() => readPulseq(save(`${text}\n[SIGNATURE]\nType crc\nHash 1\n`)))[0], /unknown kind, crc/);
});

test('Windows line ends, comments behind rows and a missing last line break', () => {
  const text = seqText({ trap: '[TRAP]\n  1 200000 100 300 100 0 # slice\n' });
  const sequence = readPulseq(save(text.replaceAll('\n', '\r\n').trimEnd()));
  assert.equal(sequence.blockCount, 2);
  assert.equal(sequence.block(0).gz!.kind, 'trapezoid');
});

test('a byte-order mark, text behind the name of a section, and other cases of its letters', () => {
  const text = seqText({
    rf: COMPLETE.rf!.replace('[RF]', '[RF] # pulses'),
    adc: COMPLETE.adc!.replace('[ADC]', '[Adc]'),
  });
  assert.equal(readPulseq(save(`\ufeff${text}`)).block(0).rf!.use, 'excitation');
  assert.equal(read({ shapes: COMPLETE.shapes!.replaceAll('num_samples', 'Num_Uncompressed') }).blockCount, 2);
});

test('a signature counts without the byte-order mark that an editor added', () => {
  const text = seqText();
  const signed = `${text}\n[SIGNATURE]\nType md5\nHash ${createHash('md5').update(text).digest('hex')}\n`;
  assert.deepEqual(
    warningsOf(() => readPulseq(save(`\ufeff${signed}`))),
    [],
  );
});

test('a single sample may have no dwell time', () => {
  const { adc } = read({ adc: '[ADC]\n1 1 0 20 0 0 0 0 0\n' }).block(1);
  assert.deepEqual([adc!.samples, adc!.dwell, adc!.delay], [1, 0, 2e-5]);
});

test('two more columns of [RF] are channel weights by shape, phases in radians', () => {
  const shimmed = (columns: string): Sequence =>
    read({
      version: '[VERSION]\nmajor 1\nminor 4\nrevision 1\n',
      blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n',
      rf: `[RF]\n1 2500 1 2 0 100 0 0 ${columns}\n`,
      gradients: '',
      adc: '',
    });
  assert.equal(shimmed('0 0').block(0).shim, undefined);
  near(shimmed('3 4').block(0).shim!.magnitude, [0, 1, 0.5, 0.25]);
  near(shimmed('3 4').block(0).shim!.phase, [0, 3, 5, 8]);
});

test('a pulse of seconds is kept as runs of equal samples', () => {
  const constant = (id: number, first: string): string => `shape_id ${id}\nnum_samples 11000000\n${first}\n`;
  const { rf } = read({
    blocks: '[BLOCKS]\n1 1100020 1 0 0 0 0 0\n',
    rf: '[RF]\n1 85 1 2 0 5500000 100 0 0 0 0 s\n',
    gradients: '',
    adc: '',
    // One from 2 µs before the middle on twice as large; the phase changes at 10 s.
    shapes: `[SHAPES]\n${constant(1, '1\n0\n0\n5499995\n1\n0\n0\n5499999')}\n${constant(2, '0\n0\n9999998\n0.25\n0\n0\n999997')}`,
  }).block(0);
  near(rf!.time, [0, 5.499998, 10, 11]);
  near(
    rf!.magnitude.map((a) => a * GAMMA_BAR),
    [85, 170, 170],
  );
  near(rf!.phase, [0, 0, Math.PI / 2]);
  assert.equal(rf!.interpolation, 'held');
});

test('lengths given in millimetres become metres', () => {
  const definitions = '[DEFINITIONS]\nFOV 220 220 5\nSlice_Thickness 5\nTE 10\n';
  const result = read({ definitions }).definitions;
  assert.deepEqual(
    [result.get('FOV'), result.get('Slice_Thickness'), result.get('TE')],
    ['0.22 0.22 0.005', '0.005', '10'],
  );
  assert.equal(read({ definitions: '[DEFINITIONS]\nFOV 0.22 0.22 0.005\n' }).definitions.get('FOV'), '0.22 0.22 0.005');
});

for (const path of [...caseFiles('sequences', '.seq'), ...caseFiles('pulseq/extensions', '.seq')]) {
  test(`reads ${path.split('/').slice(-2).join('/')}`, skipWithoutCases(), () => {
    const warnings = warningsOf(() => {
      const sequence = readPulseq(path);
      let duration = 0;
      for (let n = 0; n < sequence.blockCount; n++) duration += sequence.block(n).duration;
      near([duration], [sequence.duration]);
    });
    const unknown = ['UNKNOWN1', 'UNKNOWN2'].map((name) => `${path}: extension ${name} is unknown and ignored`);
    assert.deepEqual(warnings, path.endsWith('unknown_ext.seq') ? unknown : [], 'signatures fit');
  });
}

test('labels count up to what their program meant', skipWithoutCases(), () => {
  const sequence = readPulseq(cases('pulseq/extensions/label_test.seq'));
  const values: Record<string, number> = {};
  const most: Record<string, number> = {};
  for (let n = 0; n < sequence.blockCount; n++) {
    for (const { label, mode, value } of sequence.block(n).labels ?? []) {
      values[label] = mode === 'set' ? value : (values[label] ?? 0) + value;
      most[label] = Math.max(most[label] ?? 0, values[label]);
    }
  }
  assert.deepEqual(most, { ECO: 2, LIN: 4, REV: 0 });
});

test('the radial file turns about z by 0, 45 and 90 degrees', skipWithoutCases(), () => {
  const sequence = readPulseq(cases('pulseq/extensions/rotation_radial_tiny.seq'));
  const angles = [0, 1, 2, 3, 4].map((n) => {
    const R = sequence.block(n).rotation!;
    return Math.round((Math.atan2(R[3], R[0]) * 180) / Math.PI);
  });
  assert.deepEqual(angles, [0, 45, 90, 45, 0]);
});
