/**
 * Sums that do not depend on who added what when: the same bits at any number of threads, twice, in
 * any order of tiles, with accumulators apart or shared, and through a pause; enough headroom; and
 * no number that is not one gets in.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import type { SpinBlock } from '../../host/phantom/types.ts';
import { makeProgram } from '../../host/program/build.ts';
import { makePlan } from '../../host/run/plan.ts';
import { adc, blockOf } from '../../host/sequence/designer.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { engineFor, phantomOf, type RunOptions, simulateTimeline, spinsOf } from '../../testing/run.ts';
import { timelineOf as benchTimeline, gradientEcho3d } from '../../testing/timed-scans.ts';
import { CASES, lines, randomSpins, timelineOf, tip } from './fixture.ts';

const spins = randomSpins(500);
const timeline = CASES['lines and pulses in turn'] as Timeline;

/** The integers after all tiles, in the order of `runs` ([first, count] each). */
async function integers(
  options: RunOptions,
  runs?: readonly (readonly [number, number])[],
  phantom: SpinBlock = spins,
): Promise<bigint[]> {
  const { engine, plan } = await engineFor(timeline, phantom, { tileSize: 16, ...options });
  try {
    for (const [first, count] of runs ?? [[0, plan.tileCount]])
      assert.equal(await engine.run(first, count), first + count);
    assert.equal(engine.finished, plan.tileCount);
    return [...engine.sums];
  } finally {
    await engine.close();
  }
}

for (const precision of ['f32', 'f64'] as const) {
  test(`${precision}: the same bits with 1, 2 and 3 threads, twice, accumulators shared or not`, async () => {
    const reference = await integers({ precision });
    assert.ok(reference.some((sum) => sum !== 0n));
    for (const threads of [1, 2, 3]) {
      assert.deepEqual(await integers({ precision, threads }), reference, `${threads} threads`);
      const shared = await integers({ precision, threads, accumulatorBytes: 1 });
      assert.deepEqual(shared, reference, `${threads} threads, one accumulator`);
    }
    assert.deepEqual(await integers({ precision, threads: 2 }), reference, 'again');
  });
}

test('the same bits in any order of tiles', async () => {
  const reference = await integers({});
  const count = Math.ceil(500 / 16);
  const backwards = Array.from({ length: count }, (_, n) => [count - 1 - n, 1] as const);
  assert.deepEqual(await integers({}, backwards), reference, 'one by one from the last');
  const halves = [
    [count >> 1, count - (count >> 1)],
    [0, count >> 1],
  ] as const;
  for (const threads of [1, 2])
    assert.deepEqual(await integers({ threads }, halves), reference, `${threads} threads, second half first`);
});

for (const threads of [1, 2]) {
  test(`${threads} threads: a pause ends on a tile, and the run goes on to the same bits`, async () => {
    // Long enough for the event loop to get its turn in between: some 0.3 s at least.
    const long = timelineOf(tip, ...lines(60, 128));
    const many = randomSpins(16000);
    const { engine, plan } = await engineFor(long, many, { tileSize: 64, precision: 'f64', threads });
    try {
      setTimeout(() => engine.pause(), 20);
      const next = await engine.run(0, plan.tileCount);
      assert.ok(next > 0 && next < plan.tileCount, `paused after ${next} of ${plan.tileCount} tiles`);
      assert.equal(engine.finished, next);
      const paused = [...engine.sums];
      const fresh = await engineFor(long, many, { tileSize: 64, precision: 'f64', threads });
      await fresh.engine.run(0, next);
      assert.deepEqual([...fresh.engine.sums], paused, 'exactly the tiles before it are in');
      await fresh.engine.run(next, plan.tileCount - next);
      assert.equal(await engine.run(next, plan.tileCount - next), plan.tileCount);
      assert.deepEqual([...engine.sums], [...fresh.engine.sums]);
      await fresh.engine.close();
    } finally {
      await engine.close();
    }
  });
}

for (const threads of [1, 2]) {
  test(`${threads} threads: a signal that is not a number fails the run and names its spins`, async () => {
    const bad = randomSpins(100);
    bad.x[57] = Number.NaN;
    const { engine, plan } = await engineFor(timeline, bad, { tileSize: 8, threads });
    try {
      await assert.rejects(engine.run(0, plan.tileCount), (error: unknown) => {
        assert.ok(error instanceof LarmorError);
        assert.equal(error.exitCode, EXIT.internal);
        assert.match(error.message, /tile 7 \(spins 56 to 63 of spins\) is not finite/);
        return true;
      });
    } finally {
      await engine.close();
    }
  });
}

test('pulses in which spins turn by any angle are kept to the same bits by threads at once', async () => {
  const far = randomSpins(6400, { reach: 2, offset: 14000 });
  const echoes = benchTimeline(gradientEcho3d(16, 16));
  const made = { precision: 'f32', tileSize: 256 } as const;
  assert.equal(makeProgram(echoes, phantomOf(far), made).operators.operators.length, 1);
  const [one, ...others] = await Promise.all(
    [1, 2, 3].map((threads) => simulateTimeline(echoes, far, { threads, tileSize: 256 })),
  );
  for (const other of others) assert.deepEqual(other, one);
});

test('the largest signal there can be fits, with a bit to spare and no more than two unused', async () => {
  // All spins along +y at the sample: the sum is spins × max|density|.
  const fid = timelineOf(
    { ...tip, rf: { ...tip.rf!, magnitude: tip.rf!.magnitude.map((b) => (b * Math.PI) / 2 / 1.13) } },
    blockOf({ adc: adc(1, 1e-9, 0) }),
  );
  for (const [count, density] of [
    [1000, 1],
    [1024, 1],
    [777, 3.7e4],
    [5, 1e-20],
  ] as const) {
    const all = spinsOf(Array.from({ length: count }, () => ({ density })));
    const { engine, plan } = await engineFor(fid, all, { precision: 'f64' });
    await engine.run(0, plan.tileCount);
    const size = Math.hypot(...Array.from(engine.sums, Number));
    await engine.close();
    assert.ok(size <= 2 ** 62 * (1 + 1e-9) && size > 2 ** 60, `${count} of ${density}: 2^${Math.log2(size)}`);
    const signal = await simulateTimeline(fid, all);
    assert.ok(Math.abs(Math.hypot(...signal) / (count * Math.fround(density)) - 1) < 1e-6);
  }
});

test('what may change a bit changes the hash of the plan, and what may not does not', () => {
  const source = phantomOf(spins);
  const options = { precision: 'f32', engineBuild: 'a', version: '1' } as const;
  const hash = (
    change: Partial<Parameters<typeof makePlan>[2]> = {},
    played: Timeline = timeline,
    phantom = source,
  ): string => makePlan([played], phantom, { ...options, ...change }).hash;
  const plain = hash();
  assert.equal(hash(), plain);
  assert.equal(
    hash({ tileSize: makePlan([timeline], source, options).tileSize }),
    plain,
    'the default tile, asked for',
  );
  const others = {
    'tile size': hash({ tileSize: 64 }),
    precision: hash({ precision: 'f64' }),
    build: hash({ engineBuild: 'b' }),
    version: hash({ version: '2' }),
    timeline: hash({}, CASES['three spirals']),
    'one number of the timeline': hash(
      {},
      { ...timeline, precessions: timeline.precessions.map((v, n) => (n === 3 ? v * (1 + 2e-16) : v)) },
    ),
    phantom: hash({}, timeline, { ...source, identity: 'another' }),
  };
  for (const [what, other] of Object.entries(others)) assert.notEqual(other, plain, what);
  assert.equal(new Set(Object.values(others)).size, Object.keys(others).length);
});
