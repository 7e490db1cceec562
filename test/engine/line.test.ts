/**
 * Lines that are transformed by themselves, against f64: within the tolerance where the method is
 * strained, for spins at rest and for moving ones, whose lines bend; and what is no line is left to
 * others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Motion, timeRange } from '../../host/phantom/motion/types.ts';
import { makeProgram, programFor } from '../../host/program/build.ts';
import { MOTIONS, movingScan } from '../../testing/moving-scans.ts';
import { errorOfDensity, phantomOf, relativeError, type Spin, simulateTimeline, spinsOf } from '../../testing/run.ts';
import { gradientEcho3d, radial, randomSpins, timelineOf } from '../../testing/timed-scans.ts';

const STRAINED: Readonly<Record<string, readonly Spin[]>> = {
  'at the centre': [{ T1: 1, T2: 0.1 }],
  'at the corner of the field of view, off resonance': [{ x: 0.115, y: -0.115, z: 0.1, offset: -480, T1: 1, T2: 0.08 }],
  'T2 of 2 ms beside one of 2 s': [
    { x: 0.02, y: -0.05, T1: 0.3, T2: 0.002 },
    { x: -0.07, y: 0.01, T1: 4, T2: 2 },
  ],
  'two columns of 45 layers': [0.02, -0.05].flatMap((x) =>
    Array.from({ length: 45 }, (_, n) => ({ x, y: -x / 2, z: n * 1e-4, T1: 1, T2: 0.08 })),
  ),
};

/** Of fewer spins no lines are transformed on their own. */
const SPINS = 7400;

/** The given spins, and as many without density as make `count`: they add nothing to a signal. */
function counted(list: readonly Spin[], count: number): ReturnType<typeof spinsOf> {
  return spinsOf([...list, ...Array.from({ length: count - list.length }, () => ({ ...list[0], density: 0 }))]);
}

for (const [what, list] of Object.entries(STRAINED))
  test(`spokes within the tolerance: ${what}`, async () => {
    const spins = counted(list, SPINS);
    for (const [samples, koosh] of [
      [64, true],
      [150, false],
      [257, true],
    ] as const) {
      const timeline = timelineOf(radial(5, samples, koosh));
      const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
      for (const tolerance of [1e-2, 1e-4, 3e-6]) {
        const { methods } = makeProgram(timeline, phantomOf(spins), { precision: 'f32', tolerance, tileSize: 1024 });
        assert.equal(methods.line, 5);
        const found = await simulateTimeline(timeline, spins, { tolerance, tileSize: 1024 });
        const error = errorOfDensity(found, exact, spins);
        assert.ok(error <= tolerance, `${error} > ${tolerance}`);
      }
    }
  });

test('a job that takes less time than choosing an axis makes none', () => {
  const options = { precision: 'f32', tolerance: 1e-4, tileSize: 1024 } as const;
  const spokes = timelineOf(radial(5, 257));
  const chosen = [100, SPINS].map((count) => makeProgram(spokes, phantomOf(randomSpins(count)), options).methods.line);
  assert.deepEqual(chosen, [0, 5]);
});

const COUNT = 4100;

for (const name of ['turning', 'heart', 'flow'])
  test(`lines of moving spins within the tolerance: ${name}`, async () => {
    const spins = randomSpins(COUNT);
    const { timelines, source } = movingScan(gradientEcho3d(6, 96), phantomOf(spins), MOTIONS[name](COUNT));
    const exact = await simulateTimeline(timelines, source, { precision: 'f64' });
    for (const tolerance of [1e-3, 1e-5, 3e-6]) {
      const { methods } = programFor({ timelines, source, precision: 'f32', tolerance, tileSize: 1024 });
      assert.equal(methods.line, 6);
      const found = await simulateTimeline(timelines, source, { tolerance, tileSize: 1024 });
      const error = errorOfDensity(found, exact, spins);
      assert.ok(error <= tolerance, `${error} > ${tolerance}`);
    }
  });

/**
 * By how much sums of every sample err in f32, of single spins at rest: what an exact run may be
 * off by.
 */
const ROUNDING = 7e-7;

/** All spins turn about z and are shifted. */
const turningAt =
  (degrees: number) =>
  (spins: number): readonly Motion[] => {
    const action = { type: 'Rotate', pitch: 0, roll: 0, yaw: degrees, center: [0.01, -0.02, 0] } as const;
    const all = { first: 0, last: spins - 1, step: 1 };
    return [{ place: 'turn', action, time: timeRange(0, 1), spins: all }, ...MOTIONS.translated(spins)];
  };

for (const [name, motions] of [
  ['turning at 10°/s', turningAt(10)],
  ['turning at 100°/s', turningAt(100)],
  ['heart', MOTIONS.heart],
  ['flow', MOTIONS.flow],
] as const)
  test(`lines of moving spins without a tolerance, off by no more than rounding: ${name}`, async () => {
    const cases = { many: randomSpins(COUNT), ...STRAINED };
    for (const [what, list] of Object.entries(cases)) {
      const spins = 'x' in list ? list : spinsOf(list);
      const { timelines, source } = movingScan(radial(4, 150, true), phantomOf(spins), motions(spins.x.length));
      const job = { timelines, source, tileSize: 1024 } as const;
      assert.equal(programFor({ ...job, precision: 'f32' }).methods.line, 4, what);
      assert.equal(programFor({ ...job, precision: 'f64' }).methods.direct, 4, what);
      const truth = await simulateTimeline(timelines, source, { precision: 'f64' });
      const error = errorOfDensity(await simulateTimeline(timelines, source, { tileSize: 1024 }), truth, spins);
      assert.ok(error <= ROUNDING, `${what}: ${error}`);
    }
  });

test('without a tolerance only bent lines are transformed, and only where they do not decay by much', () => {
  const decaying = randomSpins(COUNT);
  decaying.T2.fill(1e-4);
  for (const [spins, motion, method] of [
    [randomSpins(COUNT), 'translated', 'matrix'],
    [randomSpins(COUNT), 'turning', 'line'],
    [decaying, 'turning', 'direct'],
  ] as const) {
    const { timelines, source } = movingScan(gradientEcho3d(6, 96), phantomOf(spins), MOTIONS[motion](COUNT));
    assert.equal(programFor({ timelines, source, precision: 'f32', tileSize: 1024 }).methods[method], 6);
  }
  // Spins at rest have exact methods alone, whatever their trajectories look like.
  const { timelines } = movingScan(gradientEcho3d(6, 96), phantomOf(decaying), MOTIONS.turning(COUNT));
  const atRest = { timelines, source: phantomOf(randomSpins(COUNT)), precision: 'f32', tileSize: 1024 } as const;
  assert.equal(programFor(atRest).methods.direct, 6);
});

test('a whole phantom that is translated has the readouts of one at rest', async () => {
  const spins = randomSpins(COUNT);
  const still = phantomOf(spins);
  const sequence = gradientEcho3d(6, 96);
  const { timelines, source } = movingScan(sequence, still, MOTIONS.translated(COUNT));
  const { samples, trajectories } = timelineOf(sequence);
  assert.deepEqual([timelines[0].samples, timelines[0].trajectories], [samples, trajectories]);
  assert.equal(timelines[0].terms, 0);
  const exact = await simulateTimeline(timelines, source, { precision: 'f64' });
  assert.ok(relativeError(await simulateTimeline(timelines, source), exact) < 2e-6);
});

test('the same bits on one thread and on two', async () => {
  const still = phantomOf(randomSpins(COUNT));
  const { timelines, source } = movingScan(gradientEcho3d(6, 96), still, MOTIONS.heart(COUNT));
  const [one, two] = await Promise.all(
    [1, 2].map((threads) => simulateTimeline(timelines, source, { tolerance: 1e-5, threads, tileSize: 64 })),
  );
  assert.deepEqual(one, two);
});
