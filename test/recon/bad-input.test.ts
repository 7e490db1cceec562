/**
 * Everything that can be wrong with data to reconstruct: one line that says so, exit code 65, and
 * no image.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import type { AcquiredData, Acquisition } from '../../host/raw/types.ts';
import { reconstruct } from '../../host/recon/reconstruct.ts';
import { acquire, blob, lines, radial, type Space } from '../../testing/synthesis.ts';

const space: Space = { kind: 'cartesian', matrix: [8, 6, 1], fov: [0.2, 0.2, 0.005] };
const good = acquire(space, lines(space), blob([0, 0, 0]));

/** The good data with its third readout changed. */
const spoilt = (change: (one: Acquisition) => Partial<Acquisition>): AcquiredData => ({
  ...good,
  acquisitions: good.acquisitions.map((one, n) => (n === 2 ? { ...one, ...change(one) } : one)),
});

const bare = radial(space, 4, 8).map((spoke) => ({ ...spoke, bare: true }));

const bad: [what: string, data: AcquiredData, message: RegExp][] = [
  ['no readouts', { ...good, acquisitions: [] }, /raw data: holds no image readouts/],
  [
    'noise alone',
    acquire(
      space,
      lines(space).map((l) => ({ ...l, flags: ['ACQ_IS_NOISE_MEASUREMENT'] })),
      blob([0, 0, 0]),
    ),
    /no image readouts/,
  ],
  [
    'another encoding alone',
    { ...good, acquisitions: good.acquisitions.map((one) => ({ ...one, encodingSpace: 1 })) },
    /no image readouts/,
  ],
  ['an encoded matrix of 0', { ...good, encodedMatrix: [8, 0, 1] }, /encodedMatrix is 8 × 0 × 1/],
  ['an image matrix of 0', { ...good, reconMatrix: [0, 6, 1] }, /reconMatrix is 0 × 6 × 1/],
  ['a fractional matrix', { ...good, reconMatrix: [8.5, 6, 1] }, /whole number/],
  ['an enormous matrix', { ...good, reconMatrix: [65535, 65535, 65535] }, /do not fit/],
  ['a field of view of 0', { ...good, encodedFov: [0.2, 0, 0.005] }, /encodedFov is 0.2 × 0 × 0.005 m/],
  ['a field of view that is no number', { ...good, reconFov: [Number.NaN, 0.2, 0.005] }, /reconFov is NaN/],
  ['nothing encoded', { ...good, encodedMatrix: [1, 1, 1] }, /1 × 1 × 1/],
  [
    'fewer samples than said',
    spoilt((one) => ({ data: one.data.slice(2) })),
    /readout 2: 7 complex numbers for 1 coil\(s\) × 8 samples/,
  ],
  ['no samples', spoilt(() => ({ samples: 0, data: new Float32Array(0) })), /readout 2: 0 complex numbers/],
  ['a coil too few', { ...good, coils: 2 }, /readout 0: 8 complex numbers for 2 coil\(s\)/],
  [
    'NaN in the signal',
    spoilt((one) => ({ data: one.data.with(5, Number.NaN) })),
    /readout 2: has samples that are not finite/,
  ],
  ['infinity in the signal', spoilt((one) => ({ data: one.data.with(0, Number.NEGATIVE_INFINITY) })), /not finite/],
  [
    'a trajectory that is too short',
    spoilt((one) => ({ trajectory: one.trajectory!.slice(1) })),
    /readout 2: 23 trajectory numbers for 8 samples × 3/,
  ],
  [
    'a trajectory in other units',
    spoilt((one) => ({ trajectory: one.trajectory!.map((k) => 8 * k) })),
    /readout 2: has a trajectory value of .* within ±0.5/,
  ],
  [
    'NaN in the trajectory',
    spoilt((one) => ({ trajectory: one.trajectory!.with(0, Number.NaN) })),
    /trajectory value of NaN/,
  ],
  [
    'radial without trajectory',
    acquire({ ...space, kind: 'radial' }, bare, blob([0, 0, 0])),
    /no trajectory, and a radial trajectory cannot be inferred/,
  ],
  [
    'a piece that is missing',
    spoilt(() => ({ piece: 1, pieces: 2 })),
    /readout 2: piece 1 of 2, where piece 0 should follow/,
  ],
  [
    'an end inside a readout',
    { ...good, acquisitions: good.acquisitions.map((one, n) => (n === 5 ? { ...one, pieces: 2 } : one)) },
    /piece 1 of 2 of its last readout/,
  ],
];

for (const [what, data, message] of bad) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => reconstruct(data),
      (error) => {
        assert.ok(error instanceof LarmorError, String(error));
        assert.equal(error.exitCode, EXIT.badInput);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
}

test('messages name the file', () => {
  const file = { ...good, acquisitions: [], path: 'brain.mrd' };
  assert.throws(() => reconstruct(file), /^LarmorError: brain\.mrd: holds no/);
});

test('a plane of unknown thickness is an image all the same', () => {
  const image = reconstruct({ ...good, encodedFov: [0.2, 0.2, 0], reconFov: [0.2, 0.2, 0] });
  assert.ok(image.voxel[2] > 0);
});
