/** What a written file reads back as: the same sequence, to the rounding of its numbers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBudget } from '../../host/base/budget.ts';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { packShape } from '../../host/sequence/pulseq/compress.ts';
import { quaternionOf, rotationMatrix } from '../../host/sequence/pulseq/quaternion.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { emptyShapes, openShape, pushPacked, unpackShape } from '../../host/sequence/pulseq/shapes.ts';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import { caseFiles, skipWithoutCases } from '../../testing/cases.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { warningsOf } from '../../testing/warnings.ts';

const folder = temporaryFolder();

/** Scaling by a peak and back, and sums along a packed run: a few hundred roundings of f64. */
const TOLERANCE = 2e-12;

/**
 * Compares records, arrays and numbers, these relative to the largest of their array or to 1e-6
 * (times are µs and up).
 */
function assertSame(got: unknown, want: unknown, what: string): void {
  if (want instanceof Float64Array) {
    assert.ok(got instanceof Float64Array && got.length === want.length, `${what}: length`);
    const peak = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let n = 0; n < want.length; n++) {
      assert.ok(Math.abs(got[n] - want[n]) <= TOLERANCE * peak, `${what}[${n}]: ${got[n]}, not ${want[n]}`);
    }
  } else if (Array.isArray(want) && typeof want[0] === 'number') {
    assertSame(Float64Array.from(got as number[]), Float64Array.from(want), what);
  } else if (typeof want === 'number') {
    const most = TOLERANCE * Math.max(Math.abs(want), 1e-6);
    assert.ok(typeof got === 'number' && Math.abs(got - want) <= most, `${what}: ${got}, not ${want}`);
  } else if (typeof want === 'object' && want !== null) {
    assert.ok(typeof got === 'object' && got !== null, `${what} is gone`);
    assert.deepEqual(Object.keys(got).sort(), Object.keys(want).sort(), what);
    for (const [key, value] of Object.entries(want)) {
      assertSame((got as Record<string, unknown>)[key], value, `${what}.${key}`);
    }
  } else assert.equal(got, want, what);
}

function written(sequence: Sequence, name: string): Sequence {
  const path = join(folder, name);
  writePulseq(path, sequence);
  let result: Sequence | undefined;
  assert.deepEqual(
    warningsOf(() => {
      result = readPulseq(path);
    }),
    [],
    'its signature fits',
  );
  return result!;
}

function assertSameSequence(got: Sequence, want: Sequence): void {
  assert.equal(got.version, '1.5.1');
  assert.equal(got.blockCount, want.blockCount);
  for (let n = 0; n < want.blockCount; n++) assertSame(got.block(n), want.block(n), `block ${n}`);
}

for (const path of [...caseFiles('pulseq', '.seq'), ...caseFiles('sequences', '.seq')]) {
  test(`${path.split('/').slice(-2).join('/')} written and read`, skipWithoutCases(), () => {
    let sequence: Sequence | undefined;
    warningsOf(() => {
      sequence = readPulseq(path);
    });
    const name = path.split('/').slice(-2).join('-');
    const again = written(sequence!, name);
    assertSameSequence(again, sequence!);
    // Shapes that differ by their amplitude alone are still one shape.
    const size = readFileSync(join(folder, name)).length;
    assert.ok(size < 2 * readFileSync(path).length + 1000, `${size} bytes`);
  });
}

function sequenceOf(...blocks: Block[]): Sequence {
  return {
    name: 'made here',
    definitions: new Map([['Name', 'made here']]),
    blockCount: blocks.length,
    duration: blocks.reduce((sum, { duration }) => sum + duration, 0),
    block: (n) => blocks[n],
  };
}

test('everything a block can hold', () => {
  const offsets = { frequencyOffset: -12.5, phaseOffset: 0.3, frequencyPpm: -3.35, phasePpm: 0.01 };
  const half = Float64Array.from({ length: 8 }, (_, n) => ((n + 0.5) * 1e-6) / 2);
  const block: Block = {
    duration: 3e-3,
    rf: {
      kind: 'rf',
      delay: 1e-4,
      interpolation: 'held',
      time: half,
      magnitude: Float64Array.of(1e-6, 2e-6, 3e-6, 4e-6, 3e-6, 2e-6, 1e-6),
      phase: Float64Array.of(0, 0.1, -3, 4, 2, 1, 0),
      center: 2e-6,
      use: 'inversion',
      ...offsets,
    },
    gx: { kind: 'trapezoid', delay: 2e-5, amplitude: -0.0123, rise: 1.02115654e-4, flat: 2e-4, fall: 1e-4 },
    gy: {
      kind: 'shape',
      delay: 1e-5,
      time: Float64Array.of(0, 5e-6, 1.5e-5, 2.5e-5, 3e-5),
      amplitude: Float64Array.of(0.001, 0.002, 0.004, -0.003, 0.0005),
    },
    gz: {
      kind: 'shape',
      delay: 0,
      time: Float64Array.of(0, 1.3e-5, 1.3e-5, 9.7e-5),
      amplitude: Float64Array.of(0.01, 0.01, 0.02, 0),
    },
    adc: {
      kind: 'adc',
      delay: 5e-4,
      samples: 4,
      dwell: 2.5e-6,
      ...offsets,
      phaseShape: Float64Array.of(0.5, 7, -2, 1 / 3),
    },
    labels: [
      { label: 'LIN', mode: 'inc', value: 1 },
      { label: 'SLC', mode: 'set', value: 4 },
      { label: 'LIN', mode: 'inc', value: -2 },
    ],
    triggers: [
      { type: 'output', channel: 3, delay: 1e-5, duration: 4e-6 },
      { type: 'input', channel: 1, delay: 0, duration: 0 },
    ],
    rotation: rotationMatrix([0.5, -0.5, 0.5, 0.5]),
    shim: { magnitude: [1, 0.7], phase: [0, -1.25] },
  };
  const oversampled: Block = {
    duration: 1.23456789e-3,
    gx: {
      kind: 'shape',
      delay: 0,
      time: Float64Array.of(0, 5e-6, 1e-5, 1.5e-5, 2e-5),
      amplitude: Float64Array.of(-0.001, 0, 0.001, 0.003, 0.004),
    },
  };
  const sequence = sequenceOf(block, oversampled, block, { duration: 0, labels: block.labels! });
  const again = written(sequence, 'everything.seq');
  assertSameSequence(again, sequence);
  assert.equal(again.block(0).rf, again.block(2).rf);
  assert.equal(again.definitions.get('Name'), 'made here');
  assert.equal(again.definitions.get('RequiredExtensions'), 'ROTATIONS RF_SHIMS');
});

test('a pulse off the raster comes back as the same staircase', () => {
  const rf = {
    kind: 'rf' as const,
    delay: 0,
    interpolation: 'held' as const,
    time: Float64Array.of(0, 4e-7, 5.87165e-4),
    magnitude: Float64Array.of(1e-6, 1e-5),
    phase: Float64Array.of(0, Math.PI),
    center: 3e-4,
    use: 'excitation' as const,
    frequencyOffset: 0,
    phaseOffset: 0,
    frequencyPpm: 0,
    phasePpm: 0,
  };
  const again = written(sequenceOf({ duration: 5.87165e-4, rf }), 'staircase.seq').block(0).rf;
  const want = {
    ...rf,
    interpolation: 'linear',
    time: Float64Array.of(0, 4e-7, 4e-7, 5.87165e-4),
    magnitude: Float64Array.of(1e-6, 1e-6, 1e-5, 1e-5),
    phase: Float64Array.of(0, 0, Math.PI, Math.PI),
  };
  assertSame(again, want, 'rf');
});

test('the file has the columns of the specification', () => {
  const trapezoid = { kind: 'trapezoid' as const, delay: 1e-5, amplitude: 0.01, rise: 1e-4, flat: 2e-3, fall: 1e-4 };
  const offsets = { frequencyOffset: 100, phaseOffset: 0.5, frequencyPpm: 1, phasePpm: 2 };
  const time = Float64Array.from({ length: 7 }, (_, n) => n * 1e-6);
  const magnitude = new Float64Array(6).fill(2500 / GAMMA_BAR);
  const rf = {
    kind: 'rf' as const,
    delay: 1e-4,
    interpolation: 'held' as const,
    time,
    magnitude,
    phase: new Float64Array(6),
  };
  writePulseq(
    join(folder, 'golden.seq'),
    sequenceOf(
      { duration: 3e-3, rf: { ...rf, center: 3e-6, use: 'excitation', ...offsets }, gz: trapezoid },
      { duration: 3e-3, gx: trapezoid, adc: { kind: 'adc', delay: 2e-5, samples: 8, dwell: 2.5e-5, ...offsets } },
      { duration: 1e-5, labels: [{ label: 'LIN', mode: 'inc', value: 1 }] },
    ),
  );
  const text = readFileSync(join(folder, 'golden.seq'), 'utf8');
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('Hash'));
  const amplitude = 0.01 * GAMMA_BAR;
  assert.deepEqual(rows, [
    ...['[VERSION]', 'major 1', 'minor 5', 'revision 1'],
    ...['[DEFINITIONS]', 'AdcRasterTime 1e-07', 'Name made here', 'BlockDurationRaster 0.00001'],
    ...['GradientRasterTime 0.00001', 'RadiofrequencyRasterTime 0.000001', 'TotalDuration 0.00601'],
    ...['[BLOCKS]', '1 300 1 0 0 1 0 0', '2 300 0 1 0 0 1 0', '3 1 0 0 0 0 0 1'],
    // id amplitude mag_id phase_id time_id center delay freqPPM phasePPM freq phase use
    ...['[RF]', '1 2500 1 2 0 3 100 1 2 100 0.5 e'],
    ...['[TRAP]', `1 ${amplitude} 100 2000 100 10`],
    ...['[ADC]', '1 8 25000 20 1 2 100 0.5 0'],
    ...['[EXTENSIONS]', '1 1 1 0', 'extension LABELINC 1', '1 1 LIN'],
    // 1, then five times no change; and no change six times.
    ...['[SHAPES]', 'shape_id 1', 'num_samples 6', '1', '0', '0', '3', 'shape_id 2', 'num_samples 6', '0', '0', '4'],
    ...['[SIGNATURE]', 'Type md5'],
  ]);
});

test('packing undoes unpacking, and shrinks what is straight', () => {
  const unpacked = (samples: Float64Array): Float64Array => {
    const store = emptyShapes();
    openShape(store, 1, 1);
    store.samples[0] = samples.length;
    for (const value of packShape(samples)) pushPacked(store, value);
    return unpackShape(store, 0, true, 'shape', openBudget('waveforms', 'shape', 0));
  };
  const shapes = {
    constant: { samples: new Float64Array(1000).fill(1), most: 4 },
    line: { samples: Float64Array.from({ length: 1000 }, (_, n) => n / 3), most: 12 },
    sine: { samples: Float64Array.from({ length: 1000 }, (_, n) => Math.sin(n / 50)), most: 1000 },
    steps: { samples: Float64Array.from({ length: 999 }, (_, n) => [0.1, 0.2, 0.2][n % 3]), most: 999 },
    one: { samples: Float64Array.of(0.25), most: 1 },
  };
  for (const [name, { samples, most }] of Object.entries(shapes)) {
    assert.ok(packShape(samples).length <= most, `${name}: ${packShape(samples).length} values`);
    assertSame(unpacked(samples), samples, name);
  }
});

test('quaternions and matrices agree in every octant', () => {
  for (const [w, x, y, z] of [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0.5, 0.5, -0.5, 0.5],
    [0.1, -0.7, 0.7, 0.1],
  ] as const) {
    const norm = Math.hypot(w, x, y, z);
    const matrix = rotationMatrix([w / norm, x / norm, y / norm, z / norm]);
    const again = rotationMatrix(quaternionOf(matrix));
    for (let n = 0; n < 9; n++) assert.ok(Math.abs(again[n] - matrix[n]) < 1e-15);
  }
  // A quarter turn about z takes x to y.
  const quarter = rotationMatrix([Math.SQRT1_2, 0, 0, Math.SQRT1_2]);
  assert.ok(Math.abs(quarter[3] - 1) < 1e-15);
});
