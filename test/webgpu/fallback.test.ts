/**
 * A GPU that is lost in mid-run. Its times and places cannot be had from a real one at will, so
 * most of these tests use a mock: a GPU engine that is the WASM engine inside and is lost before a
 * given tile. Its sums are then those of WASM throughout, and any tile that is left out or done
 * twice shows as a difference of integers. The last test loses a real device.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inContext } from '../../host/base/context.ts';
import { withFallback } from '../../host/engine/fallback.ts';
import type { Engine } from '../../host/engine/types.ts';
import { makeWasmEngine } from '../../host/engine/wasm/engine.ts';
import { DeviceLost, type WebgpuEngine } from '../../host/engine/webgpu/index.ts';
import { engineFor, phantomOf, relativeError, simulateTimeline, toSignal } from '../../testing/run.ts';
import { hardPulse, spiral, straight, timelineOf } from '../../testing/timelines.ts';
import { DRIVERS, gpuEngine, requireAdapter, scatteredSpins } from './gpu.ts';

const TILE = 32;
const TILES = 12;
const timeline = timelineOf([hardPulse(1), straight(40, [5, 1, 0, 1e-5]), hardPulse(0.7), spiral(60, 200, 3)]);
/** The last tile is not full. */
const spins = scatteredSpins((TILES - 1) * TILE + 7, 0.1);

/** Keeps warnings of an engine's runs off the test's stderr, and collects them. */
function hearWarnings(engine: Engine): string[] {
  const heard: string[] = [];
  const run = engine.run.bind(engine);
  engine.run = (first, count) =>
    inContext({ onWarning: (message) => void heard.push(message) }, () => run(first, count));
  return heard;
}

const wasm = async (t: TestContext, threads = 1, source = phantomOf(spins)): Promise<Engine> => {
  const { engine } = await engineFor(timeline, source, { tileSize: TILE, threads });
  t.after(() => engine.close());
  return engine;
};

interface Losing {
  readonly engine: Engine;
  /** [first, count] of every run that the mock was asked for. */
  readonly asked: (readonly [number, number])[];
  /** Engines that stepped in. */
  readonly others: Engine[];
}

/**
 * @param lostAt the first tile that the mock does not do
 * @param onTile called when the engine that steps in reads a tile
 * @param onLost called when the mock is lost, before the other engine is made
 */
async function losing(
  t: TestContext,
  lostAt: number,
  {
    threads = 1,
    onTile = () => {},
    onLost = () => {},
  }: { threads?: number; onTile?: (tile: number) => void; onLost?: () => void } = {},
): Promise<Losing> {
  const inner = await wasm(t);
  const asked: (readonly [number, number])[] = [];
  const others: Engine[] = [];
  const mock: WebgpuEngine = {
    name: 'webgpu',
    build: 'a mock',
    threads: 1,
    methods: {},
    sums: inner.sums,
    reproducible: true,
    batchTiles: 4,
    adapter: undefined as never,
    abandon: () => {},
    get finished() {
      return inner.finished;
    },
    async run(first, count) {
      asked.push([first, count]);
      if (first + count <= lostAt) return inner.run(first, count);
      const done = Math.max(first, lostAt);
      const next = done > first ? await inner.run(first, done - first) : first;
      if (next < done) return next;
      onLost();
      throw new DeviceLost('of the mock', done, 'pulled out');
    },
    pause: () => inner.pause(),
    close: () => inner.close(),
  };
  const phantom = phantomOf(spins);
  const read: typeof phantom.read = (first, count, into) => {
    onTile(first / TILE);
    phantom.read(first, count, into);
  };
  const engine = withFallback(mock, async () => {
    // A turn of the event loop, as to start threads takes.
    await new Promise(setImmediate);
    others.push(await wasm(t, threads, { ...phantom, read }));
    return others.at(-1)!;
  });
  return { engine, asked, others };
}

async function undisturbed(t: TestContext): Promise<BigInt64Array> {
  const engine = await wasm(t);
  assert.equal(await engine.run(0, TILES), TILES);
  return engine.sums;
}

describe('a mock that is lost', () => {
  for (const lostAt of [0, 1, 5, TILES - 1])
    for (const threads of [1, 2])
      test(`before tile ${lostAt}, ${threads} threads step in: every tile once`, async (t) => {
        const { engine, others } = await losing(t, lostAt, { threads });
        const heard = hearWarnings(engine);
        assert.equal(engine.reproducible, true);
        assert.equal(await engine.run(0, TILES), TILES);
        assert.deepEqual(engine.sums, await undisturbed(t));
        assert.equal(engine.finished, TILES);
        assert.equal(engine.reproducible, false);
        assert.equal(engine.name, 'webgpu');
        assert.equal(others.length, 1);
        assert.match(
          heard.join(''),
          new RegExp(`mock was lost before tile ${lostAt} .*pulled out; the rest is done by`),
        );
      });

  test('not lost: nothing steps in', async (t) => {
    const { engine, others } = await losing(t, TILES);
    assert.equal(await engine.run(0, TILES), TILES);
    assert.deepEqual([engine.reproducible, others.length, engine.finished], [true, 0, TILES]);
    assert.deepEqual(engine.sums, await undisturbed(t));
  });

  test('parts in any order, as the dynamic schedule deals them, on sums that a checkpoint began', async (t) => {
    const { engine, asked, others } = await losing(t, 7);
    const heard = hearWarnings(engine);
    const before = await wasm(t);
    await before.run(10, 2);
    engine.sums.set(before.sums);
    assert.equal(await engine.run(0, 3), 3);
    assert.equal(engine.reproducible, true);
    assert.equal(await engine.run(5, 5), 10);
    assert.equal(await engine.run(3, 2), 5);
    assert.deepEqual(engine.sums, await undisturbed(t));
    assert.deepEqual(
      asked,
      [
        [0, 3],
        [5, 5],
      ],
      'a lost GPU is not asked again',
    );
    assert.deepEqual([others.length, heard.length, engine.finished], [1, 1, 10]);
  });

  test('a pause that comes with the loss: nothing steps in before it is asked to', async (t) => {
    let pause = (): void => {};
    const { engine, others } = await losing(t, 5, { onLost: () => pause() });
    hearWarnings(engine);
    pause = () => engine.pause();
    assert.equal(await engine.run(0, TILES), 5);
    assert.deepEqual([others.length, engine.reproducible], [0, true]);
    assert.equal(await engine.run(5, TILES - 5), TILES);
    assert.deepEqual([others.length, engine.reproducible], [1, false]);
    assert.deepEqual(engine.sums, await undisturbed(t));
  });

  test('a pause while the other engine is made: it starts nothing, and goes on when asked', async (t) => {
    let pause = (): void => {};
    const { engine, others } = await losing(t, 5, { onLost: () => setImmediate(() => pause()) });
    hearWarnings(engine);
    pause = () => engine.pause();
    assert.equal(await engine.run(0, TILES), 5);
    assert.equal(others.length, 1);
    const { engine: some, plan } = await engineFor(timeline, spins, { tileSize: TILE });
    t.after(() => some.close());
    assert.equal(plan.tileCount, TILES);
    await some.run(0, 5);
    assert.deepEqual(engine.sums, some.sums, 'exactly the tiles before it');
    assert.equal(await engine.run(5, TILES - 5), TILES);
    assert.deepEqual(engine.sums, await undisturbed(t));
  });

  for (const threads of [1, 2])
    test(`a pause while ${threads} threads of the other engine run: exactly the tiles before it are there`, async (t) => {
      let pause = (): void => {};
      const { engine } = await losing(t, 2, { threads, onTile: (tile) => tile === 6 && pause() });
      hearWarnings(engine);
      pause = () => engine.pause();
      const next = await engine.run(0, TILES);
      t.diagnostic(`paused before tile ${next}`);
      assert.ok(next > 2 && next < TILES);
      const some = await wasm(t);
      await some.run(0, next);
      assert.deepEqual(engine.sums, some.sums);
      assert.equal(await engine.run(next, TILES - next), TILES);
      assert.deepEqual(engine.sums, await undisturbed(t));
      assert.equal(engine.finished, TILES);
    });

  test('other errors pass, and so does one of the engine that should step in', async (t) => {
    const { engine: inner } = await losing(t, TILES);
    const failing = (error: Error, makeOther: () => Promise<Engine>): Engine => {
      const engine = withFallback(
        { ...inner, batchTiles: 1, abandon: () => {}, run: () => Promise.reject(error) } as unknown as WebgpuEngine,
        makeOther,
      );
      hearWarnings(engine);
      return engine;
    };
    const never = (): never => assert.fail('nothing steps in');
    await assert.rejects(failing(new Error('tile 3 is not finite'), never).run(0, 4), /tile 3 is not finite/);
    const lost = new DeviceLost('of the mock', 2, 'pulled out');
    await assert.rejects(failing(lost, () => Promise.reject(new Error('no memory'))).run(0, 4), /no memory/);
  });
});

for (const driver of DRIVERS)
  test(`${driver.name} is lost: the signal is whole`, async (t) => {
    const adapter = await requireAdapter(t, driver);
    if (!adapter) return;
    const phantom = phantomOf(spins);
    let lose = (): void => {};
    const read: typeof phantom.read = (first, count, into) => {
      if (first === 6 * TILE) lose();
      phantom.read(first, count, into);
    };
    const source = { ...phantom, read };
    const { engine: gpu, plan } = await gpuEngine(adapter, timeline, source, TILE, 1);
    const job = { timelines: [timeline] as const, source: phantom, ...plan };
    const engine = withFallback(gpu, () => makeWasmEngine(job, { threads: 1 }));
    t.after(() => engine.close());
    const heard = hearWarnings(engine);
    lose = () => gpu.abandon();
    assert.equal(await engine.run(0, TILES), TILES);
    assert.ok(gpu.finished > 0 && gpu.finished < TILES, `${gpu.finished} tiles on the GPU`);
    assert.equal(engine.finished, TILES);
    assert.equal(engine.reproducible, false);
    assert.match(heard.join(''), /was lost before tile/);
    const exact = await simulateTimeline(timeline, spins, { precision: 'f64', tileSize: TILE });
    // Both engines' bound for readouts (issues 1 and 5).
    assert.ok(relativeError(toSignal(engine.sums, plan), exact) < 3e-6);
  });
