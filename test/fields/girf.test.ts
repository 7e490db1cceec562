/**
 * Impulse responses: gradients against closed forms, common fields, and files that cannot be used.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { readGirf } from '../../host/fields/girf.ts';
import { blockOf, delayOf, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import { blockGradients, gradientPoints, integral } from '../../host/sequence/waveform.ts';
import { playedSequence } from '../../host/timeline/gradient-errors/actual.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
function file(content: unknown): string {
  const path = join(folder, 'girf.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const freq = Array.from({ length: 601 }, (_, n) => 50 * n);
/** Low pass of a Gaussian, `late` seconds later: in time a Gaussian of 1/(2π·5000 Hz). */
const lowPass = (late: number): number[][] =>
  freq.map((f) => {
    const size = Math.exp(-((f / 5000) ** 2) / 2);
    return [size * Math.cos(2 * Math.PI * f * late), -size * Math.sin(2 * Math.PI * f * late)];
  });

test('a low pass with a delay: moments of the output are those of the input, later', () => {
  const late = 12e-6;
  const H = { xx: lowPass(late), B0x: freq.map((f) => [0, 2 * Math.PI * f * 4e-9 * Math.exp(-((f / 5000) ** 2) / 2)]) };
  const [rise, flat] = [2e-4, 1e-3];
  const nominal = sequenceOf('girf', [delayOf(2e-3), blockOf({ gx: trapezoid(20e-3, rise, flat) }), delayOf(2e-3)], {});
  const played = playedSequence(nominal, {}, readGirf(file({ freq, H })));
  const area = 20e-3 * (rise + flat);
  const blocks = [0, 1, 2].map((n) => played.block(n));
  // ∫G up to time t of the sequence.
  const moment = (t: number): number =>
    blocks.reduce(
      ({ sum, start }, block) => ({
        sum: sum + integral(blockGradients(block)[0], 0, t - start),
        start: start + block.duration,
      }),
      { sum: 0, start: 0 },
    ).sum;
  // Between its frequencies H is linear: (50 Hz)²/8 of its curvature, 1/(5000 Hz)², is missing in
  // the middle.
  const missing = 50 ** 2 / 8 / 5000 ** 2;
  assert.ok(Math.abs(moment(5.4e-3) / area - 1) < missing, `${moment(5.4e-3) / area}`);
  const middle = 2e-3 + rise + flat / 2;
  for (const at of [-3e-4, 0, 2e-4])
    assert.ok(Math.abs(moment(middle + late + at) - (area / 2 + 20e-3 * at)) < missing * area);
  // ∫B0 = 4e-9 m · the low-passed gradient: 20 mT/m in the middle of the flat top.
  const common = gradientPoints(blocks[1].common);
  const turned = integral(common, 0, middle - 2e-3) + integral(gradientPoints(blocks[0].common), 0, 2e-3);
  assert.ok(Math.abs(turned - 4e-9 * 20e-3) < 3 * missing * 4e-9 * 20e-3, `${turned}`);
  // Axes without an entry of their own stay.
  assert.equal(blocks[1].gy, undefined);
});

test('files and scanners that contradict themselves are refused', () => {
  const fails = (content: unknown, message: RegExp): void =>
    assert.throws(
      () => readGirf(file(content)),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  const two = [
    [1, 0],
    [1, 0],
  ];
  fails('{', /not JSON/);
  fails({ freq: [0, 100] }, /has no 'H'/);
  fails({ freq: [0, 100], H: { xX: two } }, /unknown key.*xX/);
  fails({ freq: [0, 100, 50], H: { xx: two } }, /freq decreases at 50 Hz/);
  fails({ freq: [0, 100, 200], H: { xx: two } }, /H\.xx has 2 values for 3 frequencies/);
  fails({ freq: [0, 30e6], H: { xx: two } }, /freq reaches 30000000 Hz.*check that the unit is Hz/);
  fails({ freq: [10, 100], H: { xx: two } }, /freq does not contain 0 Hz/);
  fails({ freq: [0, 100], H: { xx: [1, 1] } }, /H\.xx\[0\] is 1/);
  const nominal = sequenceOf('both', [delayOf(1e-3)], {});
  const girf = readGirf(file({ freq: [0, 100], H: { xx: two } }));
  assert.throws(() => playedSequence(nominal, { delays: { x: 1e-6 } }, girf), /describes the whole gradient system/);
});
