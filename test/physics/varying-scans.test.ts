/**
 * Built-in scans that show change, through the built command: phase contrast of a ball that moves,
 * cine of one that moves with the heart, and the fingerprint of a tissue.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { framesOf, magnitudes, measureBall, PLACE, SLAB, VOXEL } from './ball.ts';
import { BRAIN, FOV, R } from './builtin-scans.ts';
import { columnSignal } from './column.ts';

/**
 * At rest before each pulse, so that a few layers in a voxel are enough; motion across the slice
 * stays small against it.
 */
const PLAIN = {
  ...{ 'phantom.T1': 4e-3, 'phantom.T2': 4e-3, 'phantom.radius': R },
  ...{
    'sequence.fov': FOV,
    'sequence.n': 24,
    'sequence.thickness': 0.05,
    'sequence.tr': 30e-3,
    'sequence.rfSpoiling': 0,
  },
};
const place = { 'phantom.x': PLACE.x, 'phantom.y': PLACE.y };

const deepPixels = (n: number): number[] =>
  Array.from({ length: n * n }, (_, at) => at).filter((at) => {
    const [x, y] = [((at % n) - n / 2) * (FOV / n), (Math.floor(at / n) - n / 2) * (FOV / n)];
    return Math.hypot(x - PLACE.x, y - PLACE.y) < R - 0.02;
  });

test('phase contrast: the phase between sets is π v/venc, on every axis', async (t) => {
  const folder = temporaryFolder();
  const [venc, v] = [0.01, [0.003, -0.002, 0.004]];
  const seconds = 10;
  const translation = [[0, 0, 0], v.map((part) => part * seconds)];
  writeFileSync(join(folder, 'flow.json'), JSON.stringify({ track: { time: [0, seconds], translation } }));
  const settings = { ...PLAIN, ...place, 'sequence.venc': venc, 'sequence.direction': 'all', 'sequence.dummies': 0 };
  const frames = await framesOf('pc', settings, { folder, more: ['--motion', 'flow.json'] });
  assert.equal(frames.count, 4);
  for (const axis of [0, 1, 2]) {
    let [re, im] = [0, 0];
    for (const at of deepPixels(frames.n)) {
      const [[a, b], [c, d]] = [frames.value(axis + 1, 0, at), frames.value(0, 0, at)];
      re += a * c + b * d;
      im += b * c - a * d;
    }
    const phase = Math.atan2(im, re);
    const expected = (Math.PI * v[axis]) / venc;
    t.diagnostic(`${'xyz'[axis]}: ${phase} rad, not ${expected}`);
    assert.ok(Math.abs(phase - expected) < 0.03 * Math.PI, `${'xyz'[axis]}: ${phase} rad, not ${expected}`);
  }
});

test('cine: each phase shows the ball where it is so long after the R peak', async (t) => {
  const folder = temporaryFolder();
  // Up and down in a second, twice a heart beat of two: any other time of a segment would show it
  // elsewhere.
  const speed = 0.03;
  const track = {
    time: [0, 0.8, 2],
    translation: [
      [0, 0, 0],
      [0, 0.8 * speed, 0],
      [0, 0, 0],
    ],
    periodic: true,
  };
  writeFileSync(join(folder, 'beat.json'), JSON.stringify({ track }));
  const [phases, views, TR] = [4, 6, 30e-3];
  const settings = { ...PLAIN, ...place, 'sequence.phases': phases, 'sequence.views': views };
  const more = ['--motion', 'beat.json', '--heart-rate', '0.5'];
  const frames = await framesOf('cine', settings, { folder, more });
  assert.equal(frames.count, phases);
  for (let phase = 0; phase < phases; phase++) {
    const { x, y } = measureBall(magnitudes(frames, { frames: [phase] }), frames.n, FOV, R, () => VOXEL, 2);
    const expected = PLACE.y + speed * (phase + 0.5) * views * TR;
    t.diagnostic(`phase ${phase}: y ${y}, not ${expected}`);
    assert.ok(Math.abs(y - expected) < (speed * views * TR) / 2, `phase ${phase}: y ${y} m, not ${expected}`);
    assert.ok(Math.abs(x - PLACE.x) < 1e-3);
  }
});

test('fingerprinting: the course of signal of a tissue', async (t) => {
  const own = { n: 24, fov: FOV, arms: 1, frames: 60, period: 30, flip: 1 };
  const ball = { ...PLACE, ...BRAIN, radius: R, slab: SLAB };
  const given = (of: string, values: object) => Object.entries(values).map(([key, value]) => [`${of}.${key}`, value]);
  const frames = await framesOf('mrf', Object.fromEntries([...given('sequence', own), ...given('phantom', ball)]));
  assert.equal(frames.count, own.frames);
  const sequence = makeBuiltin('mrf', own, DEFAULT_SCANNER);
  const course = columnSignal(sequence, BRAIN, { from: -SLAB / 2, to: SLAB / 2, count: 400 }, 0);
  const pixel = FOV / own.n;
  const levels = course.map((signal) => (Math.hypot(...signal) * pixel ** 2) / VOXEL ** 3);
  const largest = Math.max(...levels);
  let worst = 0;
  for (const [frame, level] of levels.entries()) {
    const found = measureBall(magnitudes(frames, { frames: [frame] }), own.n, FOV, R, () => VOXEL, 2);
    worst = Math.max(worst, Math.abs(found.level - level) / largest);
  }
  t.diagnostic(`largest difference ${worst} of the largest level`);
  assert.ok(worst < 0.03, `${worst}`);
});
