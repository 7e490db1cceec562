/**
 * What the engine promises beside accuracy: the same bits however tiles are dealt out, and clear
 * ends when something is wrong.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import {
  type AdapterDescription,
  chooseAdapter,
  DeviceLost,
  gpuWorthwhile,
  makeWebgpuEngine,
} from '../../host/engine/webgpu/index.ts';
import { phantomOf } from '../../testing/run.ts';
import { some } from '../../testing/some.ts';
import { hardPulse, spiral, straight, timelineOf } from '../../testing/timelines.ts';
import { DRIVERS, gpuEngine, requireAdapter, scatteredSpins } from './gpu.ts';

/** A line by recurrence and a spiral by direct evaluation. */
const timeline = timelineOf([
  hardPulse(1),
  { precess: [30, 0, 0, 1e-3] },
  straight(70, [5, 1, 0, 1e-5]),
  hardPulse(0.7),
  spiral(130, 200, 3),
]);
const TILE = 64;
/** Ten tiles, the last not full. */
const spins = scatteredSpins(9 * TILE + 5, 0.1);

// The faster one first.
for (const driver of some([DRIVERS[1], DRIVERS[0]], 2)) {
  describe(driver.name, { concurrency: 1 }, () => {
    test('the same bits in one batch, in many, in pieces and over two engines', async (t) => {
      const adapter = await requireAdapter(t, driver);
      if (!adapter) return;
      const whole = await gpuEngine(adapter, timeline, spins, TILE);
      const pieces = await gpuEngine(adapter, timeline, spins, TILE, 3);
      const rest = await gpuEngine(adapter, timeline, spins, TILE, 1);
      try {
        assert.equal(whole.engine.batchTiles, 10);
        assert.equal(pieces.engine.batchTiles, 3);
        assert.equal(await whole.engine.run(0, 10), 10);
        assert.equal(whole.engine.finished, 10);
        const once = whole.engine.sums.slice();
        assert.ok(once.some((sum) => sum !== 0n));

        await whole.engine.run(0, 10);
        assert.deepEqual(
          whole.engine.sums,
          once.map((sum) => 2n * sum),
          'a second time',
        );

        assert.equal(await pieces.engine.run(0, 4), 4);
        assert.equal(await rest.engine.run(4, 5), 9);
        assert.equal(await pieces.engine.run(9, 1), 10);
        const joined = pieces.engine.sums.map((sum, n) => sum + rest.engine.sums[n]);
        assert.deepEqual(joined, once, 'over two engines');
        assert.equal(whole.engine.build, rest.engine.build);
      } finally {
        for (const { engine } of [whole, pieces, rest]) await engine.close();
      }
    });
  });
}

/** What follows is the host's work, whatever the driver: the one that compiles shaders faster. */
const HOST_DRIVER = DRIVERS[1];

describe('an engine that is paused, loses its device or meets an error', { concurrency: 1 }, () => {
  test('pause: finishes what it has begun, and says how far it came', async (t) => {
    const adapter = await requireAdapter(t, HOST_DRIVER);
    if (!adapter) return;
    const { engine } = await gpuEngine(adapter, timeline, spins, TILE, 1);
    const other = await gpuEngine(adapter, timeline, spins, TILE);
    try {
      const running = engine.run(0, 10);
      engine.pause();
      const done = await running;
      assert.ok(done > 0 && done < 10, `${done} tiles`);
      await other.engine.run(0, done);
      assert.deepEqual(engine.sums, other.engine.sums);
      assert.equal(await engine.run(done, 10 - done), 10);
    } finally {
      await engine.close();
      await other.engine.close();
    }
  });

  test('a tile that is not finite is named', async (t) => {
    const adapter = await requireAdapter(t, HOST_DRIVER);
    if (!adapter) return;
    const sick = scatteredSpins(9 * TILE + 5, 0.1, (n) => (n === 6 * TILE + 7 ? { T2: Number.NaN } : {}));
    const { engine } = await gpuEngine(adapter, timeline, sick, TILE, 4);
    try {
      await assert.rejects(engine.run(0, 10), (error: LarmorError) => {
        assert.equal(error.exitCode, 70);
        assert.match(error.message, /tile 6 \(spins 384 to 447 of spins\)/);
        return true;
      });
    } finally {
      await engine.close();
    }
  });

  test('a lost device says from which tile on to go on elsewhere', async (t) => {
    const adapter = await requireAdapter(t, HOST_DRIVER);
    if (!adapter) return;
    const phantom = phantomOf(spins);
    const lose = { at: 5 * TILE, now: () => {} };
    const read: typeof phantom.read = (first, count, into) => {
      if (first === lose.at) lose.now();
      phantom.read(first, count, into);
    };
    const { engine } = await gpuEngine(adapter, timeline, { ...phantom, read }, TILE, 1);
    const other = await gpuEngine(adapter, timeline, spins, TILE);
    lose.now = () => engine.abandon();
    try {
      let lost: DeviceLost | undefined;
      await assert.rejects(engine.run(0, 10), (error) => {
        lost = error as DeviceLost;
        return error instanceof DeviceLost;
      });
      // Tile 5 is read once tile 3 is done.
      assert.ok(lost && lost.firstTile >= 4 && lost.firstTile <= 5, `${lost?.firstTile}`);
      await other.engine.run(0, lost.firstTile);
      assert.deepEqual(engine.sums, other.engine.sums);
      await assert.rejects(engine.run(lost.firstTile, 1), DeviceLost, 'stays lost');
    } finally {
      await engine.close();
      await other.engine.close();
    }
  });

  test('an error of the phantom ends the run with its own message', async (t) => {
    const adapter = await requireAdapter(t, HOST_DRIVER);
    if (!adapter) return;
    const phantom = phantomOf(spins);
    const read: typeof phantom.read = (first, count, into) => {
      if (first >= 2 * TILE) throw new LarmorError(65, 'file.phantom: spin 130 is bad');
      phantom.read(first, count, into);
    };
    const { engine } = await gpuEngine(adapter, timeline, { ...phantom, read }, TILE, 1);
    try {
      await assert.rejects(engine.run(0, 10), /spin 130 is bad/);
    } finally {
      await engine.close();
    }
  });
});

const adapter = (index: number, name: string, software = false, alike = 1): AdapterDescription => ({
  index,
  name,
  backend: 'vulkan',
  vendor: '',
  architecture: '',
  driver: '',
  software,
  alike,
  limits: {
    maxBufferSize: 2 ** 30,
    maxStorageBufferBindingSize: 2 ** 30,
    maxComputeWorkgroupStorageSize: 32768,
    maxComputeInvocationsPerWorkgroup: 256,
  },
});

describe('choice of adapter', () => {
  const cards = [
    adapter(0, 'NVIDIA H200', false, 2),
    adapter(1, 'NVIDIA H200', false, 2),
    adapter(2, 'Intel Arc'),
    adapter(3, 'llvmpipe', true),
  ];

  test('the first real card, or the one asked for', () => {
    assert.equal(chooseAdapter(cards, undefined, false).index, 0);
    assert.equal(chooseAdapter(cards, 2, false).name, 'Intel Arc');
    assert.equal(chooseAdapter(cards, '2', false).name, 'Intel Arc');
    assert.equal(chooseAdapter(cards, 'h200', false).index, 0);
    assert.equal(chooseAdapter(cards, 'llvm', false).index, 3, 'a software adapter when asked for');
    assert.equal(chooseAdapter(cards.slice(3), undefined, true).software, true);
  });

  test('says what there is when there is no such card', () => {
    const refused = (wanted: number | string | undefined, of: readonly AdapterDescription[], message: RegExp): void =>
      assert.throws(
        () => chooseAdapter(of, wanted, false),
        (error: LarmorError) => error.exitCode === 2 && message.test(error.message),
      );
    refused(7, cards, /no GPU 7; there are 0 NVIDIA H200/);
    refused('Radeon', cards, /contains 'Radeon'.*3 llvmpipe \(software\)/);
    refused('n', cards, /matches several GPUs/);
    refused(undefined, cards.slice(3), /only software adapters.*libvulkan1/);
    refused(undefined, [], /no GPU is visible.*libvulkan1/);
  });

  test('auto: a real card, f32, and enough to do', () => {
    const few = { timelines: [timeline] as const, source: phantomOf(spins), precision: 'f32' } as const;
    const many = { ...few, source: { ...phantomOf(spins), spinCount: 1e9 } };
    assert.equal(gpuWorthwhile(few, cards[0]), false);
    assert.equal(gpuWorthwhile(many, cards[0]), true);
    assert.equal(gpuWorthwhile(many, cards[3]), false, 'software');
    assert.equal(gpuWorthwhile({ ...many, precision: 'f64' }, cards[0]), false, 'f64');
  });

  test('f64 is refused', async () => {
    const source = phantomOf(spins);
    const job = {
      timelines: [timeline] as const,
      source,
      precision: 'f64',
      tileSize: TILE,
      tileCount: 10,
      scaleExponent: 40,
    } as const;
    await assert.rejects(makeWebgpuEngine(job, { allowSoftware: true }), (error: LarmorError) => error.exitCode === 2);
  });
});
