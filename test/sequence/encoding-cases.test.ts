/**
 * Encodings of sequences that other programs wrote. Expected numbers are worked out from the
 * amplitudes and times that stand in the files: FOV = 1/(amplitude in Hz/m · dwell), slice =
 * frequency offset / slice gradient.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { encode } from '../../host/sequence/encoding.ts';
import type { Encoding, TrajectoryKind } from '../../host/sequence/encoding-types.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, valueAt } from '../../host/sequence/waveform.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';

const read = (path: string): Sequence => readPulseq(cases(path));
const encoded = (path: string): Encoding => encode(read(path), DEFAULT_SCANNER);

interface Expected {
  readonly kind: TrajectoryKind;
  readonly matrix: readonly number[];
  /** In-plane field of view [mm]. */
  readonly fov: readonly [number, number];
  readonly readouts: number;
  readonly TR?: number;
  /** Slice centres in order of acquisition [mm]. */
  readonly slices?: readonly number[];
}

const expectations: Record<string, Expected> = {
  'sequences/epi_100x100_te100_fov230.seq': { kind: 'epi', matrix: [100, 100, 1], fov: [230, 230], readouts: 100 },
  'sequences/epi_multislice.seq': {
    kind: 'epi',
    matrix: [100, 100, 1],
    fov: [230, 230],
    readouts: 300,
    slices: [-6.667, 0, 6.667],
  },
  // 65 samples of 4.923 µs at 793 457 Hz/m: one more than 64 cells.
  'sequences/epi_se.seq': { kind: 'epi', matrix: [65, 64, 1], fov: [256, 256], readouts: 64 },
  'sequences/ge.seq': { kind: 'cartesian', matrix: [101, 100, 1], fov: [256, 256], readouts: 100, TR: 0.04131 },
  'sequences/gre_JEMRIS.seq': { kind: 'cartesian', matrix: [32, 32, 1], fov: [128, 128], readouts: 32, TR: 0.05 },
  'sequences/radial_JEMRIS.seq': { kind: 'radial', matrix: [32, 32, 1], fov: [32, 32], readouts: 32, TR: 0.02 },
  'pulseq/v1.2/epi_JEMRIS.seq': { kind: 'epi', matrix: [64, 64, 1], fov: [256, 256], readouts: 64 },
  'pulseq/v1.3/epi.seq': { kind: 'epi', matrix: [64, 64, 1], fov: [220, 220], readouts: 192, slices: [-3, 0, 3] },
  'pulseq/v1.5/epi.seq': { kind: 'epi', matrix: [64, 64, 1], fov: [220, 220], readouts: 192, slices: [-3, 0, 3] },
  'pulseq/v1.5/spiral.seq': {
    kind: 'spiral',
    matrix: [64, 64, 1],
    fov: [256, 256],
    readouts: 4,
    slices: [-4.5, -1.5, 1.5, 4.5],
  },
};

for (const [path, expected] of Object.entries(expectations)) {
  test(path, skipWithoutCases(), () => {
    const found = encoded(path);
    assert.equal(found.kind, expected.kind);
    assert.deepEqual(found.encodedMatrix, expected.matrix);
    assert.equal(found.readouts.length, expected.readouts);
    // Amplitudes have six digits.
    for (const axis of [0, 1]) assert.ok(Math.abs(found.encodedFov[axis] * 1e3 - expected.fov[axis]) < 0.01);
    if (expected.TR !== undefined) assert.deepEqual(found.TR, [expected.TR]);

    const slices = [...new Set(found.readouts.map(({ position }) => Math.round(position[2] * 1e6) / 1e3))];
    assert.deepEqual(slices, expected.slices ?? [0]);
    assert.equal(found.limits.slice.maximum, slices.length - 1);
    assert.deepEqual(
      [...new Set(found.readouts.map(({ counters }) => counters.slice))],
      slices.map((_, n) => n),
    );

    // Every line of every slice once, and none beyond the matrix.
    if (found.kind !== 'spiral') {
      const lines = found.readouts.length / slices.length;
      const seen = new Set(found.readouts.map(({ counters: c }) => `${c.slice} ${c.kspace_encode_step_1}`));
      assert.equal(seen.size, found.readouts.length);
      assert.deepEqual(found.limits.kspace_encode_step_1.maximum, lines - 1);
    }
    assert.ok(found.readouts.every(({ counters }) => counters.repetition === 0 && counters.contrast === 0));
    const reversed = found.readouts.map((readout) => readout.reversed);
    if (found.kind === 'epi')
      assert.deepEqual(
        reversed,
        reversed.map((_, n) => (n % (expected.readouts / slices.length)) % 2 === 1),
      );
    else assert.ok(reversed.every((is) => !is));
  });
}

test('index and trajectory agree: k = 0 is index floor(N/2), modulo N', skipWithoutCases(), () => {
  for (const [path, { kind, matrix }] of Object.entries(expectations)) {
    if (kind !== 'epi' && kind !== 'cartesian') continue;
    const found = encoded(path);
    for (const [n, { counters, centerSample }] of found.readouts.entries()) {
      const k = found.trajectory(n);
      const cell = k[1] * found.encodedFov[1] + Math.floor(matrix[1] / 2) - counters.kspace_encode_step_1;
      assert.ok(Math.abs(cell - matrix[1] * Math.round(cell / matrix[1])) < 0.01, `${path}, line ${n}: ${cell}`);
      assert.ok(Math.abs(k[3 * centerSample] * found.encodedFov[0]) < 0.51);
    }
  }
});

/**
 * k of one sample by midpoint sums at 0.1 µs, of which all breakpoints in these files are
 * multiples.
 */
function summed(sequence: Sequence, excite: number, refocus: number, read: number, sample: number): number[] {
  const step = 1e-7;
  let k = [0, 0, 0];
  for (let n = excite; n <= read; n++) {
    const { rf, adc, gx, gy, gz, duration } = sequence.block(n);
    const gradients = [gx, gy, gz].map(gradientPoints);
    const steps = Math.round((n === read ? adc!.delay + (sample + 0.5) * adc!.dwell : duration) / step);
    const center = rf === undefined ? -1 : Math.round((rf.delay + rf.center) / step);
    for (let i = 0; i < steps; i++) {
      if (i === center && n === excite) k = [0, 0, 0];
      if (i === center && n === refocus) k = k.map((c) => -c);
      for (const axis of [0, 1, 2]) k[axis] += GAMMA_BAR * valueAt(gradients[axis], (i + 0.5) * step) * step;
    }
  }
  return k;
}

test('the trajectory is the integral of the gradients since the excitation', skipWithoutCases(), () => {
  // Blocks by hand, from 0: excitation, refocusing pulse, and the block of the readout.
  for (const [path, excite, refocus, block, readout] of [
    ['sequences/epi_se.seq', 0, 4, 13, 3],
    ['pulseq/v1.5/spiral.seq', 5, -1, 6, 1],
    ['sequences/gre_JEMRIS.seq', 6, -1, 9, 1],
  ] as const) {
    const sequence = read(path);
    const expected = summed(sequence, excite, refocus, block, 20);
    const found = encode(sequence, DEFAULT_SCANNER).trajectory(readout).slice(60, 63);
    // Half a step of 0.1 µs at 30 mT/m is 0.06 cycles/m; k reaches 100 and more.
    for (const axis of [0, 1, 2])
      assert.ok(Math.abs(found[axis] - expected[axis]) < 0.1, `${path}: ${found} ${expected}`);
  }
});

test('rotated readouts run at the angles of their quaternions', skipWithoutCases(), () => {
  const found = encoded('pulseq/extensions/rotation_radial_tiny.seq');
  const angles = found.readouts.map((_, n) => {
    const k = found.trajectory(n);
    return Math.round((Math.atan2(k[3 * 7 + 1] - k[1], k[3 * 7] - k[0]) * 180) / Math.PI);
  });
  assert.deepEqual(angles, [0, 45, 90, 45, 0]);
});
