/**
 * What holds for every built-in sequence: within the scanner's limits, its encoding as its
 * parameters say, and the same from a file.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinSequences, makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { checkSequence } from '../../host/sequence/checks.ts';
import { encode } from '../../host/sequence/encoding.ts';
import type { Encoding } from '../../host/sequence/encoding-types.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import { DEFAULT_SCANNER, type Scanner } from '../../host/sequence/scanner-types.ts';
import type { Block, RfEvent, Sequence } from '../../host/sequence/types.ts';
import { gradientPoints, valueAt } from '../../host/sequence/waveform.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

type Settings = Readonly<Record<string, string | number>>;

const make = (name: string, settings: Settings = {}, scanner: Scanner = DEFAULT_SCANNER): Sequence =>
  makeBuiltin(name, settings, scanner);

/** Other settings that are to lie on the rasters too. EPI is ideal: its timing has no raster. */
const OTHERS: Readonly<Record<string, readonly Settings[]>> = {
  gre: [{ n: 33, slices: 4, dwell: 6e-6 }],
  se: [{ n: 31, te: 0, tr: 0, slices: 2 }],
  bssfp: [{ n: 33, tr: 6e-3, flip: 1.2, offset: 0.02 }],
  tse: [{ n: 31, turboFactor: 5, slices: 3, te: 0, tr: 0, spacing: 0, refocusing: 2.1 }],
  mprage: [{ n: 33, partitions: 5, ti: 0, tr: 0, te: 3e-3, spacing: 0 }],
  spiral: [{ n: 33, arms: 1, dwell: 2e-6 }, { arms: 48 }],
  radial: [{ n: 33, order: 'golden', spokes: 50, tr: 0 }],
  radial3d: [{ n: 17, order: 'golden', tr: 0 }],
  dwi: [{ n: 31, direction: 'all', te: 0.12, tr: 0, slices: 2, b: 5e8 }, { b: 0 }],
  pc: [{ n: 33, venc: 0.05, direction: 'all', tr: 0 }, { venc: 5 }],
  cine: [{ n: 33, views: 5, phases: 3, tr: 0 }],
  mrf: [{ n: 33, arms: 1, frames: 10, tr: 0, trRange: 0.0123 }],
};
/** A clinical scanner of moderate gradients. */
const MODEST: Scanner = { ...DEFAULT_SCANNER, Gmax: 30e-3, Smax: 120, B1: 15e-6 };

for (const name of builtinSequences.keys())
  test(`${name} lies on the rasters and within the limits of its scanner`, () => {
    for (const settings of [{}, ...(OTHERS[name] ?? [])])
      for (const scanner of [DEFAULT_SCANNER, MODEST]) {
        const sequence = make(name, settings, scanner);
        // As if from a file: sequences that are not from one are not asked for rasters.
        const asked = name === 'epi' ? sequence : { ...sequence, version: '1.5.1' };
        assert.deepEqual(checkSequence(asked, scanner), [], `${name} ${JSON.stringify(settings)}`);
      }
  });

/** B1 as re, im at a hundred places; files may divide its cells. */
function b1({ time, magnitude, phase, interpolation }: RfEvent): number[] {
  return Array.from({ length: 100 }, (_, i) => {
    const t = ((i + 0.37) / 100) * time.at(-1)!;
    const n = time.findLastIndex((edge) => edge <= t);
    assert.ok(interpolation === 'held' || magnitude[n] === magnitude[n + 1], 'a staircase');
    return [magnitude[n] * Math.cos(phase[n]), magnitude[n] * Math.sin(phase[n])];
  }).flat();
}

/** Every time of a block, and its amplitudes. */
function numbers({ duration, rf, gx, gy, gz, adc, triggers }: Block): { times: number[]; values: number[] } {
  const gradients = [gx, gy, gz].filter((event) => event !== undefined);
  const times = gradients.flatMap((event) =>
    event.kind === 'trapezoid' ? [event.delay, event.rise, event.flat, event.fall] : [event.delay, ...event.time],
  );
  return {
    times: [
      ...[duration, ...times],
      ...(rf === undefined ? [] : [rf.delay, rf.center, rf.time.at(-1)!]),
      ...(adc === undefined ? [] : [adc.delay, adc.samples, adc.dwell]),
      ...(triggers ?? []).flatMap(({ delay, duration }) => [delay, duration]),
    ],
    values: [
      ...gradients.flatMap(({ amplitude }) => (typeof amplitude === 'number' ? [amplitude] : [...amplitude])),
      ...(rf === undefined ? [] : [...b1(rf), rf.frequencyOffset, rf.phaseOffset]),
      ...(adc === undefined ? [] : [adc.phaseOffset]),
    ],
  };
}

const SMALL: Readonly<Record<string, Settings>> = {
  fid: {},
  epi: { n: 16 },
  dwi: { n: 12, direction: 'all' },
  cine: { n: 12, phases: 2 },
  mrf: { n: 12, frames: 20 },
};

for (const name of builtinSequences.keys())
  test(`${name} is the same when it is read from its file: times to the last bit`, () => {
    const path = join(temporaryFolder(), 'made.seq');
    const made = make(name, SMALL[name] ?? { n: 12 });
    writePulseq(path, made);
    const read = readPulseq(path);
    assert.equal(read.blockCount, made.blockCount);
    for (let n = 0; n < made.blockCount; n++) {
      const [want, got] = [made.block(n), read.block(n)];
      const [a, b] = [numbers(want), numbers(got)];
      // EPI has no raster: its file counts durations in picoseconds.
      if (name === 'epi') for (const numbers of [a, b]) numbers.times[0] = Math.round(numbers.times[0] * 1e12);
      // Sums of rasters, as 3.0000000000000004, are written as what they are meant to be.
      const near = (x: number, y: number, part: number): boolean => Math.abs(x - y) <= part * Math.abs(y);
      assert.equal(b.times.length, a.times.length);
      for (const [i, time] of a.times.entries())
        assert.ok(near(b.times[i], time, 2 ** -51), `block ${n + 1}: ${b.times[i]}, not ${time}`);
      for (const [i, value] of a.values.entries())
        assert.ok(
          Math.abs(b.values[i] - value) <= 1e-12 * Math.max(Math.abs(value), 1e-2),
          `block ${n + 1}: ${b.values[i]}, not ${value}`,
        );
      assert.deepEqual([got.labels, got.rotation], [want.labels, want.rotation]);
      assert.equal(got.rf?.use, want.rf?.use);
    }
    // Written again, its times are the same bits.
    const again = join(temporaryFolder(), 'again.seq');
    writePulseq(again, read);
    const reread = readPulseq(again);
    for (let n = 0; n < made.blockCount; n++)
      assert.deepEqual(numbers(reread.block(n)).times, numbers(read.block(n)).times, `block ${n + 1}`);
  });

/** What the encoding of a sequence is to be. */
const ENCODINGS: Readonly<
  Record<string, { settings?: Settings; kind: Encoding['kind']; matrix: number[]; fov: number[]; more?: Settings }>
> = {
  gre: { kind: 'cartesian', matrix: [128, 128, 1], fov: [0.25, 0.25, 5e-3] },
  se: { kind: 'cartesian', matrix: [128, 128, 1], fov: [0.25, 0.25, 5e-3] },
  bssfp: { kind: 'cartesian', matrix: [128, 128, 1], fov: [0.25, 0.25, 5e-3] },
  tse: {
    settings: { slices: 3, n: 64 },
    kind: 'cartesian',
    matrix: [64, 64, 1],
    fov: [0.25, 0.25, 5e-3],
    more: { slices: 3 },
  },
  mprage: { settings: { partitions: 6 }, kind: 'cartesian', matrix: [64, 64, 6], fov: [0.25, 0.25, 0.024] },
  spiral: { kind: 'spiral', matrix: [64, 64, 1], fov: [0.25, 0.25, 5e-3] },
  radial: { kind: 'radial', matrix: [64, 64, 1], fov: [0.25, 0.25, 5e-3] },
  radial3d: { settings: { n: 16 }, kind: 'radial', matrix: [16, 16, 16], fov: [0.25, 0.25, 0.25] },
  dwi: {
    settings: { slices: 2, direction: 'all' },
    kind: 'epi',
    matrix: [64, 64, 1],
    fov: [0.25, 0.25, 5e-3],
    more: { slices: 2, repetitions: 4 },
  },
  pc: {
    settings: { n: 32, direction: 'all' },
    kind: 'cartesian',
    matrix: [32, 32, 1],
    fov: [0.25, 0.25, 5e-3],
    more: { sets: 4 },
  },
  cine: { settings: { n: 32 }, kind: 'cartesian', matrix: [32, 32, 1], fov: [0.25, 0.25, 5e-3], more: { phases: 16 } },
  mrf: {
    settings: { frames: 30 },
    kind: 'spiral',
    matrix: [64, 64, 1],
    fov: [0.25, 0.25, 5e-3],
    more: { repetitions: 30 },
  },
};

for (const [name, { settings, kind, matrix, fov, more }] of Object.entries(ENCODINGS))
  test(`${name} is encoded as its parameters say`, () => {
    const sequence = make(name, settings);
    // From the trajectory alone, but for matrix and field of view where they cannot be known.
    const found = encode(sequence, DEFAULT_SCANNER);
    const { limits, warnings } = found;
    assert.deepEqual(warnings, []);
    assert.equal(found.kind, kind);
    assert.deepEqual(found.reconMatrix, matrix);
    for (const [axis, length] of fov.entries())
      assert.ok(Math.abs(found.reconFov[axis] - length) < 1e-9, `${found.reconFov}`);
    const counted = {
      slices: limits.slice.maximum + 1,
      contrasts: limits.contrast.maximum + 1,
      repetitions: limits.repetition.maximum + 1,
      sets: limits.set.maximum + 1,
      phases: limits.phase.maximum + 1,
    };
    assert.deepEqual(counted, { slices: 1, contrasts: 1, repetitions: 1, sets: 1, phases: 1, ...more });
    const stated = (key: string): number => Number(sequence.definitions.get(key));
    // Without gradients on, the first sample of an arm lies half a dwell after the start of its
    // path.
    assert.ok(Math.abs(found.TE![0] - stated('TE')) <= (kind === 'spiral' ? 2.1e-6 : 1e-9), `TE ${found.TE}`);
    if (sequence.definitions.has('TR')) assert.ok(Math.abs(found.TR![0] - stated('TR')) < 1e-9, `TR ${found.TR}`);
    if (sequence.definitions.has('TI')) assert.deepEqual(found.TI, [stated('TI')]);
    // Of fingerprinting there is none.
    if (!sequence.definitions.has('FlipAngle')) return;
    const flip = (stated('FlipAngle') * Math.PI) / 180;
    assert.ok(Math.abs(found.flipAngle![0] - flip) < 1e-3 * flip, `flip angle ${found.flipAngle}`);
  });

test('the field of view of a spiral without definitions follows from its turns, however dense its samples are', () => {
  for (const arms of [1, 8])
    for (const dwell of [1e-6, 4e-6]) {
      const { definitions: _, ...rest } = make('spiral', { n: 48, arms, dwell, dummies: 0 });
      const { reconMatrix, reconFov } = encode({ ...rest, definitions: new Map() }, DEFAULT_SCANNER);
      assert.deepEqual(reconMatrix.slice(0, 2), [48, 48]);
      for (const length of reconFov.slice(0, 2))
        assert.ok(Math.abs(length - 0.25) < 0.01 * 0.25, `${arms} arms, dwell ${dwell}: ${reconFov}`);
    }
});

test('dwi: b of the lobes, by integrating k² over time', () => {
  const sequence = make('dwi', { n: 16, b: 7e8, direction: 'y', dummies: 0 });
  // The volume with weighting; y has phase encoding after it.
  let [time, k, b, sign, last] = [0, 0, 0, 1, -1];
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    if (block.rf?.use === 'excitation') [k, b, sign, last] = [0, 0, 1, n];
    if (last < 0 || n > last + 8) continue;
    // What the 180° negates is as if the gradients before it were of the other sign.
    if (block.rf?.use === 'refocusing') sign = -1;
    const points = gradientPoints(block.gy);
    const step = 1e-6;
    for (let t = step / 2; t < block.duration; t += step) {
      k += sign * DEFAULT_SCANNER.gammaBar * valueAt(points, t) * step;
      b += (2 * Math.PI * k) ** 2 * step;
    }
    time += block.duration;
  }
  assert.ok(time > 0 && Math.abs(b / 7e8 - 1) < 2e-3, `b ${b} s/m²`);
});
