/**
 * The error budget: its shares sum to the tolerance, and programs stay within it by the errors that
 * their methods state.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AXES, errorBudget, FINEST, OPERATOR_GAIN } from '../../host/program/accuracy.ts';
import { makeProgram, programCost, programFor } from '../../host/program/build.ts';
import { contextOf } from '../../host/program/context.ts';
import { chooseReadouts } from '../../host/program/readouts/choose.ts';
import { defaultTileSize } from '../../host/run/tile-size.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { windowsOf } from '../../host/timeline/windows.ts';
import { phantomOf } from '../../testing/run.ts';
import { fingerprinting, gradientEcho3d, radial, randomSpins, spiral, timelineOf } from '../../testing/timed-scans.ts';

/** Rounding of sums of shares. */
const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * b;

const epi = (): Timeline => timelineOf(makeBuiltin('epi', { n: 64 }, DEFAULT_SCANNER));

test('the shares of all methods sum to the tolerance', () => {
  for (const tolerance of [1e-2, 1e-4, FINEST]) {
    const { readouts, pulses, axis, time, amplitudes, table } = errorBudget(tolerance);
    assert.ok(isClose(readouts + pulses, tolerance));
    assert.ok(isClose(AXES * axis, readouts), 'both axes of a 2-D transform');
    assert.ok(time > 0 && time < readouts, 'a plane needs what time leaves');
    assert.ok(isClose(OPERATOR_GAIN * (amplitudes + table), pulses));
  }
});

test('below the finest tolerance operators err by less than their share', () => {
  const { pulses, amplitudes, table } = errorBudget(1e-6);
  assert.ok(OPERATOR_GAIN * (amplitudes + table) < pulses);
});

test('the errors of the chosen methods sum to no more than the tolerance', () => {
  const source = phantomOf(randomSpins(300));
  const scans = {
    nufft2d1: epi(),
    nufft2d3: timelineOf(spiral(2, 512)),
    nufft1d1: timelineOf(gradientEcho3d(40, 96)),
    pulses: timelineOf(fingerprinting(120, 32)),
  };
  for (const tolerance of [1e-2, 1e-3, 1e-4, 1e-5])
    for (const [name, timeline] of Object.entries(scans)) {
      const program = makeProgram(timeline, source, { precision: 'f32', tolerance, tileSize: 32768 });
      if (name !== 'pulses') assert.ok(program.methods[name] > 0, `${name} at ${tolerance}`);
      assert.ok(program.error > tolerance / 100, `${name} at ${tolerance} states an error`);
      assert.ok(program.error <= tolerance * (1 + 1e-12), `${name} at ${tolerance}: ${program.error}`);
      const exact = makeProgram(timeline, source, { precision: 'f32', tileSize: 32768 });
      assert.equal(exact.error, 0);
      assert.ok(program.cost < exact.cost, `${name} at ${tolerance} costs less than exact methods`);
    }
});

test('programCost is what the program costs, in any order of tile sizes and tolerances', () => {
  const source = phantomOf(randomSpins(300));
  // Of 40 slices, the operators of 21 fit a tile of 32768.
  const slices = timelineOf(makeBuiltin('gre', { n: 8, slices: 40, dummies: 0 }, DEFAULT_SCANNER));
  for (const timeline of [timelineOf(spiral(2, 512)), timelineOf(gradientEcho3d(40, 96)), epi(), slices]) {
    const timelines = [timeline] as const;
    for (const tolerance of [1e-2, 1e-4])
      for (const tileSize of [8192, 256, 32768]) {
        const job = { timelines, source, precision: 'f32', tolerance, tileSize } as const;
        const cost = programCost(job);
        assert.ok(isClose(cost, programFor(job).cost), `${cost}`);
        assert.ok(isClose(cost, makeProgram(timeline, source, { precision: 'f32', tolerance, tileSize }).cost));
      }
  }
});

test('the tile size is the one whose program costs least', () => {
  const source = phantomOf(randomSpins(20_000));
  const sizeOf = (timeline: Timeline, tolerance?: number): number =>
    defaultTileSize({ timelines: [timeline], source, precision: 'f32', ...(tolerance !== undefined && { tolerance }) });
  const [even, sixteenth, fourth] = [320, 1256, 5000]; // of 64, 16 and 4 tiles
  // A transform of many samples, once per tile, pays for large tiles; the same samples one by one
  // do not.
  assert.equal(sizeOf(epi(), 1e-4), sixteenth);
  assert.equal(sizeOf(epi()), even);
  assert.equal(sizeOf(timelineOf(spiral(2, 4096)), 1e-3), fourth);
  assert.equal(sizeOf(timelineOf(spiral(2, 4096)), FINEST / 2), even, 'too fine a tolerance for curves');
  assert.equal(sizeOf(timelineOf(fingerprinting(120, 32)), 1e-4), even);
});

test('pulses of many slices are operators, as many as a tile has room for', () => {
  const timeline = timelineOf(makeBuiltin('gre', { n: 8, slices: 40, dummies: 0 }, DEFAULT_SCANNER));
  const source = phantomOf(randomSpins(300));
  const played = (tileSize: number): number[] => {
    const { useOf, operators } = makeProgram(timeline, source, { precision: 'f32', tileSize }).operators;
    return [operators.length, useOf.filter((use) => use >= 0).length];
  };
  assert.deepEqual(played(4096), [40, 320]);
  assert.deepEqual(played(2 ** 18), [2, 16]);
});

test('tiles of a long scan are cut, at no cost', () => {
  const source = phantomOf(randomSpins(60_000));
  const sizeOf = (repetitions: number): [number, number] => {
    const job = {
      ...{ timelines: [timelineOf(fingerprinting(repetitions, 32))] as const, source },
      precision: 'f64' as const,
    };
    const tileSize = defaultTileSize(job);
    return [tileSize, programCost({ ...job, tileSize }) / programCost({ ...job, tileSize: 944 })];
  };
  assert.deepEqual(sizeOf(20), [944, 1]);
  const [size, cost] = sizeOf(2000);
  assert.ok(size >= 64 && size < 500, `${size}`);
  assert.ok(cost < 1.05, `${cost}`);
});

test('spokes, which are transformed one by one, have no plane chosen for each', () => {
  const [timeline, source] = [timelineOf(radial(16, 128)), phantomOf(randomSpins(30_000))];
  const job = { timelines: [timeline], source, precision: 'f32', tolerance: 1e-3, tileSize: 32768 } as const;
  const context = contextOf(job, timeline);
  const made: string[] = [];
  const choices = chooseReadouts({
    ...context,
    once(key, make) {
      return context.once(key, () => {
        made.push(key);
        return make();
      });
    },
  });
  for (const { readouts } of windowsOf(timeline)) choices.costOf(readouts);
  // Two axes of the upright plane, which all spokes share.
  const axes = made.filter((key) => key.startsWith('plane axes')).length;
  assert.ok(axes <= 2, `${axes}`);
});
