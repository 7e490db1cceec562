/**
 * EPI whose lines are no copies of one another (spins that turn, samples on ramps, uneven delays)
 * is transformed in a plane that is skewed in time. Against f64, for many spins and for single ones
 * where places, decay and off-resonance are extreme.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeRange } from '../../host/phantom/motion/types.ts';
import type { PhantomSource, SpinBlock } from '../../host/phantom/types.ts';
import { makeProgram } from '../../host/program/build.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { adc, blockOf, hardPulse, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { movingScan } from '../../testing/moving-scans.ts';
import {
  engineFor,
  errorOfDensity,
  phantomOf,
  type Spin,
  simulateTimeline,
  spinsOf,
  toSignal,
} from '../../testing/run.ts';
import { randomSpins, spiral, timelineOf } from '../../testing/timed-scans.ts';

const epi = (n: number): Sequence => makeBuiltin('epi', { n }, DEFAULT_SCANNER);

/** A scan of spins that all turn about z, `degrees` per second. */
function turning(sequence: Sequence, degrees: number): Timeline {
  const action = { type: 'Rotate', pitch: 0, roll: 0, yaw: degrees, center: [0.01, -0.02, 0] } as const;
  const spins = { first: 0, last: 0, step: 1 };
  const motion = { place: 'turn', action, time: timeRange(0, 1), spins };
  return movingScan(sequence, phantomOf(spinsOf([{}])), [motion]).timelines[0];
}

/** `lines` lines to and fro: samples on the ramps too, or a delay that grows from line to line. */
function imperfect(lines: number, kind: 'ramps' | 'delays'): Timeline {
  const [amplitude, ramp, flat, samples] = [20e-3, 2e-4, 3e-4, 64];
  const lobe = (sign: number) => trapezoid(sign * amplitude, ramp, flat);
  const winder = (area: number) => trapezoid(area / (ramp + flat), ramp, flat);
  const blip = trapezoid(4e-4, 1e-4, 0);
  const dwell = (kind === 'ramps' ? flat + 1.8 * ramp : flat) / samples;
  const delay = kind === 'ramps' ? 0.1 * ramp : ramp;
  const area = amplitude * (flat + ramp);
  const blocks: Block[] = [
    blockOf({ rf: hardPulse(Math.PI / 2, 100e-6) }),
    blockOf({ gx: winder(-area / 2), gy: winder((-lines / 2) * 4e-4 * 1e-4) }),
  ];
  for (let n = 0; n < lines; n++) {
    const wait = kind === 'delays' ? 2e-6 * n * (n % 3) : 0;
    blocks.push(blockOf({ gx: lobe(n % 2 === 0 ? 1 : -1), adc: adc(samples, dwell, delay) }));
    blocks.push(blockOf({ gy: { ...blip, delay: wait } }));
  }
  return timelineOf(sequenceOf(kind, blocks, {}));
}

/** In larger tiles than tests have spins, so that the transform pays. */
const LARGE = { tileSize: 32768 };

/** 20 cm, ±50 Hz, T2 of 40 ms and more. */
const MANY = randomSpins(128);
const CORNERS: readonly Spin[] = [
  { x: 0.099, y: 0.099, T1: 1, T2: 0.0401, offset: -50 },
  { x: -0.099, y: 0.099, T1: 1, T2: 0.0401, offset: 50 },
  { x: 1e-9, y: -1e-9, T1: 1, T2: 0.1, offset: 0 },
];

/** What few spins are as a part of many with these bounds. */
const within = (spins: SpinBlock, bounds: PhantomSource['bounds']): PhantomSource => ({ ...phantomOf(spins), bounds });

function chosenFor(timeline: Timeline, spins: SpinBlock): string {
  const { decisions } = makeProgram(timeline, phantomOf(spins), { precision: 'f32', tolerance: 1e-5, ...LARGE });
  return decisions()
    .map(({ chosen }) => chosen)
    .join();
}

async function checkAll(
  timeline: Timeline,
  many: SpinBlock,
  single: readonly Spin[],
  tolerances: readonly number[],
): Promise<void> {
  const { bounds } = phantomOf(many);
  for (const spins of [many, ...single.map((spin) => spinsOf([spin]))]) {
    const source = within(spins, bounds);
    const exact = await simulateTimeline(timeline, source, { precision: 'f64' });
    for (const tolerance of tolerances) {
      const { engine, plan } = await engineFor(timeline, source, { tolerance, ...LARGE });
      await engine.run(0, plan.tileCount);
      assert.ok(engine.methods.nufft2d3 > 0, JSON.stringify(engine.methods));
      const signal = toSignal(engine.sums, plan);
      await engine.close();
      const error = errorOfDensity(signal, exact, spins);
      // Many spins average; half of the tolerance is the readouts'.
      const bound = spins === many ? tolerance / 20 : tolerance / 2;
      assert.ok(error <= bound, `${error} > ${bound} at ${tolerance}`);
    }
  }
}

for (const degrees of [1e-6, 1, 10, 100])
  test(`EPI of spins that turn by ${degrees}° a second is transformed within the tolerance`, () =>
    checkAll(turning(epi(48), degrees), MANY, CORNERS, [1e-3, 1e-5]));

test('short T2 and 500 Hz off resonance are within the tolerance', async () => {
  const strained = randomSpins(128);
  for (let n = 0; n < 128; n++) {
    strained.T2[n] = strained.T2[n] / 4;
    strained.offResonance[n] = strained.offResonance[n] * 10;
  }
  const single = CORNERS.map(({ T2 = 1, offset = 0, ...spin }) => ({ ...spin, T2: T2 / 4, offset: offset * 10 }));
  await checkAll(turning(epi(64), 10), strained, single.slice(0, 3), [1e-4, 1e-5]);
});

test('spins on a line, a part of a pixel wide, are within the tolerance', async () => {
  const line = randomSpins(128);
  for (let n = 0; n < 128; n++) {
    line.y[n] = line.y[n] / 1e3;
    line.T2[n] = line.T2[n] / 4;
    line.offResonance[n] = 0;
  }
  const single = CORNERS.map(({ y = 0, T2 = 1, ...spin }) => ({ ...spin, y: y / 1e3, T2: T2 / 4, offset: 0 }));
  assert.match(chosenFor(imperfect(24, 'ramps'), line), /skewed/);
  await checkAll(imperfect(24, 'ramps'), line, single.slice(0, 2), [1e-3, 1e-5]);
});

for (const kind of ['ramps', 'delays'] as const)
  test(`EPI of spins at rest with ${kind} is transformed within the tolerance`, () =>
    checkAll(imperfect(48, kind), MANY, CORNERS.slice(0, 2), [1e-5]));

test('a train many times longer than T2 is not skewed in time', async () => {
  const timeline = turning(epi(101), 10);
  const spins = spinsOf([-50, 50].map((offset) => ({ x: offset / 1e3, y: 0.05, T1: 1, T2: 0.002, offset })));
  assert.doesNotMatch(chosenFor(timeline, spins), /skewed/);
  const exact = await simulateTimeline(timeline, spins, { precision: 'f64' });
  const error = errorOfDensity(await simulateTimeline(timeline, spins, { tolerance: 1e-5, ...LARGE }), exact, spins);
  assert.ok(error <= 1e-5, `${error}`);
});

test('most of the time of an EPI is part of the place, none of a spiral', () => {
  assert.match(chosenFor(turning(epi(101), 10), MANY), /at 4 time nodes, skewed in time/);
  assert.doesNotMatch(chosenFor(timelineOf(spiral(2, 512)), MANY), /skewed/);
});

test('the same bits at one, two and three threads', async () => {
  const timeline = turning(epi(48), 10);
  const all = await Promise.all(
    [1, 2, 3].map(async (threads) => {
      const { engine, plan } = await engineFor(timeline, phantomOf(randomSpins(30_000)), {
        ...{ tolerance: 1e-4, threads, tileSize: 10_016 },
      });
      await engine.run(0, plan.tileCount);
      assert.equal(engine.methods.nufft2d3, 48);
      const signal = toSignal(engine.sums, plan);
      await engine.close();
      return signal;
    }),
  );
  assert.deepEqual(all[1], all[0]);
  assert.deepEqual(all[2], all[0]);
});
