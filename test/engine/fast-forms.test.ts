/**
 * The fast forms against f64: never above the tolerance where a form is strained (one spin at a
 * seam of the grid, short T2, far off resonance, lines of any length), the same bits at any number
 * of threads, and exact forms untouched by their presence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OP } from '../../host/abi/abi.generated.ts';
import { makeWasmEngine } from '../../host/engine/wasm/engine.ts';
import { makeProgram } from '../../host/program/build.ts';
import { chooseAxis } from '../../host/program/nufft/sample-axis.ts';
import { makePlan } from '../../host/run/plan.ts';
import { tilesToVerify, uniteFindings, verifyTiles } from '../../host/run/verify.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { adc, blockOf, flatTop, hardPulse, sequenceOf, sincPulse, trapezoid } from '../../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block } from '../../host/sequence/types.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import {
  engineFor,
  errorOfDensity,
  phantomOf,
  relativeError,
  type Spin,
  simulateTimeline,
  spinsOf,
  toSignal,
} from '../../testing/run.ts';
import { inTurn } from '../../testing/some.ts';
import { fingerprinting, gradientEcho3d, randomSpins, spiral, timelineOf } from '../../testing/timed-scans.ts';

const epi = (n: number): Timeline => timelineOf(makeBuiltin('epi', { n }, DEFAULT_SCANNER));
const echoes = (): Timeline => timelineOf(gradientEcho3d(40, 96));
const fingerprints = (): Timeline => timelineOf(fingerprinting(120, 32));

/** Spirals in a plane that is none of the coordinate planes, or, `bent`, in none at all. */
function tilted(bent: boolean): Timeline {
  const upright = spiral(2, 512);
  const tilt = (block: Block): Block => {
    const { gx } = block;
    if (gx?.kind !== 'shape') return block;
    const scaled = (scale: (n: number) => number): typeof gx => ({
      ...gx,
      amplitude: gx.amplitude.map((g, n) => g * scale(n)),
    });
    return { ...block, gx: scaled(() => 0.8), gz: scaled((n) => (bent ? 0.6 * Math.cos(n / 20) : 0.6)) };
  };
  return timelineOf({ ...upright, block: (n) => tilt(upright.block(n)) });
}

/** In larger tiles than tests have spins, so that the transform pays. */
const LARGE = { tileSize: 32768 };

const STRAINED: Readonly<Record<string, readonly Spin[]>> = {
  'at the centre, where the grid has its seam': [{ T1: 1, T2: 0.1 }],
  'a hair beside the seam': [{ x: 1e-9, y: -1e-9, T1: 1, T2: 0.1 }],
  'at the corner of the field of view': [{ x: 0.115, y: -0.115, T1: 1, T2: 0.1 }],
  '480 Hz off resonance': [{ x: 0.03, y: 0.07, offset: -480, T1: 1, T2: 0.08 }],
  'T2 of 8 ms beside one of 2 s': [
    { x: 0.02, y: -0.05, T1: 0.3, T2: 0.008 },
    { x: -0.07, y: 0.01, T1: 4, T2: 2 },
  ],
  // Columns begin and end anywhere in a panel of 32 spins; without a gradient along z, layers are
  // added before they are spread.
  'three columns of 45 layers': [0.02, -0.05, 0.11].flatMap((x, column) =>
    Array.from({ length: 45 }, (_, n) => ({ x, y: -x / 2, z: n * 1e-4, offset: 20 * column, T1: 1, T2: 0.08 })),
  ),
};

for (const [n, [what, list]] of Object.entries(STRAINED).entries()) {
  test(`fast forms within the tolerance: ${what}`, async () => {
    const spins = spinsOf(list);
    for (const [m, timeline] of [epi(101), epi(32), echoes(), fingerprints()].entries()) {
      const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
      for (const tolerance of inTurn([1e-2, 1e-4, 2e-6], n + m)) {
        const error = errorOfDensity(await simulateTimeline(timeline, spins, { tolerance, ...LARGE }), exact, spins);
        assert.ok(error <= tolerance, `${error} > ${tolerance}`);
      }
    }
  });
}

for (const [n, [what, list]] of Object.entries(STRAINED).entries()) {
  test(`curves within the tolerance: ${what}`, async () => {
    const spins = spinsOf(list);
    for (const [m, timeline] of [timelineOf(spiral(2, 512)), tilted(false), tilted(true)].entries()) {
      const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
      for (const tolerance of inTurn([1e-2, 1e-4, 1e-5], n + m)) {
        const error = errorOfDensity(await simulateTimeline(timeline, spins, { tolerance, ...LARGE }), exact, spins);
        assert.ok(error <= tolerance, `${error} > ${tolerance}`);
      }
    }
  });
}

test('what lies in a plane is transformed, upright or tilted; what does not is summed sample by sample', async () => {
  const spins = randomSpins(700);
  const source = phantomOf(spins);
  for (const [timeline, form] of [
    [timelineOf(spiral(2, 512)), 'nufft2d3'],
    [tilted(false), 'nufft2d3'],
    [tilted(true), 'direct'],
  ] as const) {
    const { methods, decisions } = makeProgram(timeline, source, { precision: 'f32', tolerance: 1e-4, ...LARGE });
    assert.equal(methods[form], 2);
    const curves = decisions().filter(({ what }) => what.endsWith('on a curve'));
    assert.ok(curves.length <= 1, 'both shots on one plane');
    const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
    const error = errorOfDensity(await simulateTimeline(timeline, spins, { tolerance: 1e-4, ...LARGE }), exact, spins);
    assert.ok(error < 2e-5, `${error}`);
  }
});

test('two echoes of a spiral after one pulse are one curve', async () => {
  const sequence = spiral(1, 512, 1e-3);
  const [pulse, readout, crusher, wait] = [0, 1, 2, 3].map((n) => sequence.block(n)) as [Block, Block, Block, Block];
  const blocks = [pulse, readout, wait, readout, crusher];
  const echoes = timelineOf({ ...sequence, blockCount: blocks.length, block: (n) => blocks[n] });
  const spins = randomSpins(700);
  const { methods, ops, decisions } = makeProgram(echoes, phantomOf(spins), {
    precision: 'f32',
    tolerance: 1e-4,
    ...LARGE,
  });
  const curves = Array.from({ length: ops.length }, (_, n) => ops.get(n, 'kind')).filter(
    (kind) => kind === OP.NUFFT2D3,
  );
  assert.deepEqual([methods.nufft2d3, curves.length], [2, 1]);
  assert.ok(decisions().some(({ what }) => what === '1024 samples on a curve'));
  const exact = await simulateTimeline(echoes, spins, { precision: 'f64' });
  assert.ok(errorOfDensity(await simulateTimeline(echoes, spins, { tolerance: 1e-4, ...LARGE }), exact, spins) < 2e-5);
});

/** Blocks after a hard pulse. */
const afterPulse = (blocks: readonly Block[]): Timeline =>
  timelineOf(sequenceOf('readouts', [blockOf({ rf: hardPulse(Math.PI / 2, 100e-6) }), ...blocks], {}));

/** Equally spaced samples, [x, y, z] T/m. */
function straight(samples: number, direction: readonly number[]): Block {
  const flat = flatTop(1e-2, (samples + 2) * 2e-6, DEFAULT_SCANNER);
  const [gx, gy, gz] = direction.map((amplitude) => ({ ...flat, amplitude })) as [
    typeof flat,
    typeof flat,
    typeof flat,
  ];
  return blockOf({ gx, gy, gz, adc: adc(samples, 2e-6, flat.rise) });
}

test('an oblique straight trajectory has no unique plane', () => {
  const source = phantomOf(randomSpins(5000));
  for (const samples of [2, 3, 500])
    for (const direction of [
      [5e-3, 5e-3, 5e-3],
      [1e-3, 7e-3, 3e-3],
    ]) {
      const options = { precision: 'f32', tolerance: 1e-4, ...LARGE } as const;
      const { methods } = makeProgram(afterPulse([straight(samples, direction)]), source, options);
      assert.equal(methods[samples < 64 ? 'recurrence' : 'line'], 1);
    }
});

test('a spiral between two pulses with a train out of its plane is still a curve', async () => {
  const blip = blockOf({ gz: trapezoid(10e-3, 1e-4, 2e-4) });
  const lines = Array.from({ length: 9 }, () => [straight(4096, [1e-3, 0, 0]), blip]).flat();
  const timeline = afterPulse([...lines, spiral(1, 512).block(1)]);
  const spins = randomSpins(700);
  const { methods } = makeProgram(timeline, phantomOf(spins), { precision: 'f32', tolerance: 1e-4, ...LARGE });
  assert.deepEqual([methods.nufft2d1, methods.nufft2d3], [9, 1]);
  const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
  assert.ok(
    errorOfDensity(await simulateTimeline(timeline, spins, { tolerance: 1e-4, ...LARGE }), exact, spins) < 2e-5,
  );
});

test('a spiral is summed sample by sample where tiles are too small for a transform to pay', () => {
  const source = phantomOf(randomSpins(300));
  const { methods } = makeProgram(timelineOf(spiral(2, 512)), source, {
    precision: 'f32',
    tolerance: 1e-4,
    tileSize: 256,
  });
  assert.deepEqual([methods.nufft2d3, methods.direct], [0, 2]);
});

test('spins outside the bounds their phantom states spoil nothing but their own signal', async () => {
  const spins = randomSpins(700);
  const source = phantomOf(spins);
  const { min, max } = source.bounds;
  const half = { min: min.map((low) => low / 2), max: max.map((high) => high / 2) } as unknown as typeof source.bounds;
  const narrow = { ...source, bounds: { ...source.bounds, ...half } };
  const signal = await simulateTimeline(timelineOf(spiral(2, 512)), narrow, { tolerance: 1e-4, ...LARGE });
  assert.ok(signal.every(Number.isFinite));
});

test('a line of any length is placed within the bound asked for', () => {
  for (const samples of [3, 8, 33, 100, 255, 1000])
    for (const bound of [1e-2, 1e-4, 1e-6]) {
      const axis = chooseAxis({ samples, duration: 0.01, maxR2: 20 }, bound)!;
      assert.ok(
        axis.kernel.width <= 10 && axis.grid >= 2 * samples,
        `${samples} samples, ${bound}: width ${axis.kernel.width}`,
      );
    }
});

test('an axis is refused where decay is too fast for any kernel', () => {
  assert.equal(chooseAxis({ samples: 64, duration: 0.1, maxR2: 2000 }, 1e-5), undefined);
});

test('the same bits at one, two and three threads', async () => {
  const spins = randomSpins(3000);
  for (const timeline of [epi(48), echoes(), fingerprints(), timelineOf(spiral(2, 2048))]) {
    const sums = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const { engine, plan } = await engineFor(timeline, spins, { tolerance: 1e-5, threads, tileSize: 1024 });
        await engine.run(0, plan.tileCount);
        const copy = engine.sums.slice();
        await engine.close();
        return copy;
      }),
    );
    for (const other of sums.slice(1)) assert.deepEqual(other, sums[0]);
  }
});

test('plain SIMD keeps the tolerance too', async () => {
  const spins = randomSpins(500);
  for (const timeline of [epi(48), echoes(), timelineOf(spiral(2, 512))]) {
    const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
    const signal = await simulateTimeline(timeline, spins, { tolerance: 1e-5, build: 'simd', ...LARGE });
    assert.ok(errorOfDensity(signal, exact, spins) <= 1e-6);
  }
});

test('a pulse that returns is kept as an operator without a tolerance, and is no less exact than its steps', async () => {
  const timeline = echoes();
  const spins = randomSpins(640);
  const source = phantomOf(spins);
  const { operators, methods } = makeProgram(timeline, source, { precision: 'f32', tileSize: 256 });
  assert.equal(operators.operators.length, 1);
  assert.deepEqual(operators.tables, [undefined]);
  assert.equal(methods.matrix, 40);
  const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
  assert.ok(relativeError(await simulateTimeline(timeline, spins), exact) < 5e-6);
});

test('what returns is kept per spin without a tolerance, and never in f64: the rest of a TR, the step from line to line', async () => {
  const timeline = echoes();
  const spins = randomSpins(640);
  const source = phantomOf(spins);
  const { ops, lineRuns, cachedPrecessions } = makeProgram(timeline, source, { precision: 'f32', tileSize: 256 });
  const kinds = Array.from({ length: ops.length }, (_, n) => ops.get(n, 'kind'));
  const countOf = (wanted: number): number => kinds.filter((kind) => kind === wanted).length;
  // 40 TRs: the ramp before the first pulse, and what lies between two.
  assert.deepEqual([countOf(OP.PRECESS_CACHED), countOf(OP.PRECESS)], [39, 1]);
  // 40 lines, each eighth of them phased exactly.
  assert.deepEqual([countOf(OP.LINE_RECURRENCE), countOf(OP.SAMPLE_LINE_STARTS)], [40, 0]);
  const steps = Array.from({ length: lineRuns.length }, (_, n) => lineRuns.get(n, 'step'));
  assert.deepEqual([steps.filter((step) => step < 0).length, cachedPrecessions.length], [5, 2]);
  assert.equal(makeProgram(timeline, source, { precision: 'f64', tileSize: 256 }).cachedPrecessions.length, 0);
});

test('lines that follow from one another are as exact as their first, however far out a spin', async () => {
  const timeline = timelineOf(gradientEcho3d(128, 32));
  for (const spin of [
    { x: 0.5, y: -0.5, z: 1e-3 },
    { y: 0.11, offset: 300 },
  ]) {
    const spins = spinsOf([{ T1: 1, T2: 0.05, ...spin }]);
    const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
    const error = relativeError(await simulateTimeline(timeline, spins), exact);
    assert.ok(error < 2e-6, `${error}`);
  }
});

test('pulses of one shape from no flip to far past 180° are few operators, within the tolerance', async () => {
  const flips = Array.from({ length: 25 }, (_, n) => (Math.PI * n) / 20);
  const wait = flatTop(1e-3, 2e-3, DEFAULT_SCANNER);
  const blocks = flips.flatMap((flip, n) => [
    blockOf({ rf: sincPulse({ flip, duration: 1e-3, timeBandwidth: 4, raster: 1e-5, phaseOffset: n }) }),
    blockOf({ gx: wait, adc: adc(16, 1e-4, wait.rise) }),
  ]);
  const timeline = timelineOf(sequenceOf('flips', blocks, {}));
  const spins = randomSpins(4000);
  const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
  for (const tolerance of [1e-2, 1e-4]) {
    const made = { precision: 'f32', tileSize: 256, tolerance } as const;
    const { operators } = makeProgram(timeline, phantomOf(spins), made).operators;
    assert.ok(operators.length >= 2 && operators.length <= 10, `${operators.length} operators`);
    const error = errorOfDensity(await simulateTimeline(timeline, spins, { tolerance }), exact, spins);
    assert.ok(error <= tolerance / 10, `${error}`);
  }
});

test('pulses of one shape are kept at a few amplitudes with a tolerance, stepped without', () => {
  const source = phantomOf(randomSpins(2000));
  const timeline = fingerprints();
  const exact = makeProgram(timeline, source, { precision: 'f32', tileSize: 256 }).operators;
  assert.equal(exact.operators.length, 0);
  const counts = [1e-2, 1e-4, 1e-5, 1e-6].map((tolerance) => {
    const { operators } = makeProgram(timeline, source, { precision: 'f32', tileSize: 256, tolerance });
    return operators.operators.length;
  });
  assert.ok(counts[0] < counts[2] && counts[2] <= 12, counts.join(' '));
  assert.ok(counts[3] >= counts[2] && counts[3] <= 12, 'below 5e-6 they err by rounding alone');
});

test('f64 knows no fast form: the tolerance changes no bit of it, nor its tiles', async () => {
  const spins = randomSpins(64);
  const made = { precision: 'f64', engineBuild: 'test', version: 'test' } as const;
  const [source, long] = [phantomOf(randomSpins(3000)), timelineOf(spiral(1, 1024))];
  const tiles = (options: object): number => makePlan([long], source, { ...made, ...options }).tileSize;
  assert.equal(tiles({ tolerance: 1e-2 }), tiles({}));
  assert.ok(tiles({ tolerance: 1e-2, precision: 'f32' }) > tiles({ precision: 'f32' }));
  const [plain, tolerant] = [
    await simulateTimeline(epi(16), spins, { precision: 'f64', tileSize: 64 }),
    await simulateTimeline(epi(16), spins, { precision: 'f64', tileSize: 64, tolerance: 1e-2 }),
  ];
  assert.deepEqual(plain, tolerant);
});

test('--verify draws tiles by the plan and finds the error there is', async () => {
  const spins = randomSpins(2000);
  const timeline = epi(48);
  const { engine, plan, source } = await engineFor(timeline, spins, { tolerance: 1e-2, tileSize: 256 });
  await engine.close();
  // Every rank, and every run of a plan, draws the same; another plan draws others.
  const drawn = tilesToVerify({ tileCount: 1000, hash: 'abcdef0123' });
  assert.deepEqual(drawn, [37, 225, 317, 332, 489, 502, 530, 536, 663, 707]);
  assert.notDeepEqual(tilesToVerify({ tileCount: 1000, hash: 'abcdef1123' }), drawn);
  const tiles = [0, 7];
  const job = { timelines: [timeline] as const, source, ...plan };
  const found = uniteFindings([
    await verifyTiles(job, job.timelines, tiles, (one) => makeWasmEngine(one, { threads: 1 })),
  ]);
  assert.equal(found.tiles, 2);
  const parts = tiles.map(async (tile) => {
    const part = async (options: object): Promise<Float64Array> => {
      const made = await engineFor(timeline, spins, { tileSize: 256, ...options });
      await made.engine.run(tile, 1);
      await made.engine.close();
      return toSignal(made.engine.sums, made.plan);
    };
    return relativeError(await part({ tolerance: 1e-2 }), await part({ precision: 'f64' }));
  });
  const [a, b] = await Promise.all(parts);
  assert.ok(found.errorOfSignal >= Math.min(a!, b!) && found.errorOfSignal <= Math.max(a!, b!));
  assert.ok(found.errorOfDensity > 0 && found.errorOfDensity < 1e-2);
});
