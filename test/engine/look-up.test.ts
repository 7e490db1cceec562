/**
 * Pulses on moving spins that are looked up: the magnetisation of every single spin against pulses
 * stepped in f64, for all ways to move, and the pulses that a table does not hold.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhantomSource, SpinBlock } from '../../host/phantom/types.ts';
import { programFor } from '../../host/program/build.ts';
import { adc, blockOf, delayOf, sequenceOf, sincPulse, trapezoid } from '../../host/sequence/designer.ts';
import type { GradientEvent, Sequence } from '../../host/sequence/types.ts';
import { MOTIONS, type MovingScan, movingScan } from '../../testing/moving-scans.ts';
import { engineFor, phantomOf, type RunOptions } from '../../testing/run.ts';
import { some } from '../../testing/some.ts';
import { gradientEcho3d, randomSpins } from '../../testing/timed-scans.ts';

const SPINS = 128;
const TILE = 64;

/** With `shortT2` from a few milliseconds on: relaxation is part of a table. */
function spins(shortT2 = false): SpinBlock {
  const block = randomSpins(SPINS);
  if (shortT2) for (const n of block.T2.keys()) block.T2[n] = 0.004 + 0.1 * (n / SPINS);
  return block;
}

/** Three refocused slices off the centre, from pulses of one shape and of two amplitudes. */
function echoes(gradient: GradientEvent = trapezoid(6e-3, 2e-4, 2.6e-3)): Sequence {
  const rf = (degrees: number, offset: number) => ({
    ...sincPulse({ flip: (degrees * Math.PI) / 180, duration: 2.6e-3, timeBandwidth: 4, raster: 2e-5, delay: 2e-4 }),
    frequencyOffset: offset,
  });
  const blocks = [0, 300, -300].flatMap((offset) => [
    blockOf({ rf: rf(90, offset), gz: gradient }),
    delayOf(4e-3),
    blockOf({ rf: rf(180, offset), gz: gradient }),
    delayOf(4e-3),
    blockOf({ adc: adc(1, 1e-5, 0) }),
  ]);
  return sequenceOf('echoes', blocks, {});
}

/** A source that claims to have more spins, which would share what filling a table takes. */
const many = (source: PhantomSource): PhantomSource => ({ ...source, spinCount: 1e6 });

/** What is decided for a scan and a tolerance is decided once: the source stays the same object. */
const manyIn = ({ source, ...scan }: MovingScan): MovingScan => ({ ...scan, source: many(source) });

const lookedUp = ({ timelines, source }: MovingScan, tolerance?: number): number =>
  programFor({
    ...{ timelines, source, precision: 'f32', tileSize: TILE },
    ...(tolerance !== undefined && { tolerance }),
  }).operators.lookUps.length;

/** Magnetisation of the first spins at the last sample. */
async function statesOf({ timelines, source }: MovingScan, options: RunOptions): Promise<Float64Array> {
  const all = new Float64Array(3 * SPINS);
  const onMagnetization = (first: number, count: number, values: Float64Array): void =>
    all.set(values.subarray(0, 3 * count), 3 * first);
  const { engine } = await engineFor(timelines, source, { ...options, tileSize: TILE, onMagnetization });
  await engine.run(0, SPINS / TILE);
  await engine.close();
  return all;
}

/** A gradient that grows under the pulse: spins that stay along it drift in frequency. */
const growing: GradientEvent = {
  ...({ kind: 'shape', delay: 0 } as const),
  time: Float64Array.of(0, 2e-4, 2.8e-3, 3e-3),
  amplitude: Float64Array.of(0, 5e-3, 7e-3, 0),
};

/** One pulse again and again, with spoilers between. */
function repeated(): Sequence {
  const rf = sincPulse({ flip: Math.PI / 3, duration: 2.6e-3, timeBandwidth: 4, raster: 2e-5, delay: 2e-4 });
  const blocks = Array.from({ length: 4 }, () => [
    blockOf({ rf, gz: growing }),
    blockOf({ gx: trapezoid(2e-3, 2e-4, 1e-3) }),
    blockOf({ adc: adc(1, 1e-5, 0) }),
  ]);
  return sequenceOf('one pulse', blocks.flat(), {});
}

const cachedIn = ({ timelines, source }: MovingScan, tileSize = TILE): number =>
  programFor({ timelines, source, precision: 'f32', tolerance: 1e-5, tileSize }).operators.cached;

test('pulses along which nothing moves are looked up once, as long as there is room', () => {
  const scanOf = (motion: string): MovingScan =>
    manyIn(movingScan(gradientEcho3d(4, 32), phantomOf(spins()), MOTIONS[motion](SPINS)));
  assert.equal(cachedIn(scanOf('breathing')), 1);
  assert.equal(cachedIn(scanOf('heart')), 0);
  assert.equal(cachedIn(scanOf('flow')), 0);
  assert.equal(cachedIn(scanOf('breathing'), 2 ** 20), 0);
  assert.equal(cachedIn(manyIn(movingScan(echoes(), phantomOf(spins()), MOTIONS.breathing(SPINS)))), 0);
});

/** Largest error of a component, relative to the density of its spin. */
const worstOf = (states: Float64Array, truth: Float64Array, { density }: SpinBlock): number =>
  truth.reduce((most, value, n) => Math.max(most, Math.abs(value - states[n]) / density[Math.floor(n / 3)]), 0);

for (const [name, sequence, pulses] of [
  ['GRE', () => gradientEcho3d(4, 32), 4],
  ['echoes', () => echoes(), 6],
  ['one pulse', repeated, 1],
] as const)
  for (const motion of name === 'one pulse' ? ['breathing'] : ['breathing', 'heart', 'flow'])
    test(`${name}, ${motion}: the magnetisation of every spin within the tolerance`, async () => {
      const still = spins(motion === 'heart');
      const scan = manyIn(movingScan(sequence(), phantomOf(still), MOTIONS[motion](SPINS)));
      const truth = await statesOf(scan, { precision: 'f64' });
      // At 3e-6, 180° on spins that cross a tenth of the slice meanwhile want more than a table
      // has, and at 1e-5 theirs is so large that it takes 40 s of processor time.
      const tolerances = name === 'echoes' && motion === 'flow' ? [1e-4, 1e-5] : [3e-6, 1e-5, 1e-4];
      for (const tolerance of some(tolerances, 2)) {
        // Breathing stays within the slab, whose pulse is thus the same in every TR.
        assert.equal(lookedUp(scan, tolerance), name === 'GRE' && motion === 'breathing' ? 1 : pulses);
        const states = await statesOf(scan, { tolerance });
        const worst = worstOf(states, truth, still);
        assert.ok(worst < tolerance, `${worst} at ${tolerance}`);
      }
    });

test('pulses of a heart are interpolated between a few operators, within the tolerance', async () => {
  const still = spins(true);
  const scan = manyIn(movingScan(gradientEcho3d(24, 32), phantomOf(still), MOTIONS.heart(SPINS)));
  const truth = await statesOf(scan, { precision: 'f64' });
  for (const tolerance of [3e-6, 1e-5, 1e-4]) {
    const { lookUps, lookUpOf, cached } = programFor({
      ...{ timelines: scan.timelines, source: scan.source, precision: 'f32', tileSize: TILE, tolerance },
    }).operators;
    assert.ok(cached > 2 && cached < 12, `${cached} operators at ${tolerance}`);
    assert.equal(lookUps.length, cached);
    assert.ok(lookUpOf.every((use) => use === -1));
    const worst = worstOf(await statesOf(scan, { tolerance }), truth, still);
    assert.ok(worst < tolerance, `${worst} at ${tolerance}`);
  }
});

for (const motion of ['breathing', 'heart', 'flow'])
  test(`pulses are looked up without a tolerance too: ${motion}`, async () => {
    const still = spins(true);
    const scan = manyIn(movingScan(gradientEcho3d(16, 32), phantomOf(still), MOTIONS[motion](SPINS)));
    assert.ok(lookedUp(scan) > 0);
    const error = worstOf(await statesOf(scan, {}), await statesOf(scan, { precision: 'f64' }), still);
    assert.ok(error < 1e-6, `${error}`);
  });

test('pulses that no table holds are stepped', () => {
  const heart = MOTIONS.heart(SPINS);
  const swinging = {
    ...({ kind: 'shape', delay: 0 } as const),
    time: Float64Array.from({ length: 301 }, (_, n) => n * 1e-5),
    amplitude: Float64Array.from({ length: 301 }, (_, n) => 6e-3 * (1 + 0.2 * Math.sin(n / 30))),
  };
  const phantom = phantomOf(spins());
  assert.equal(lookedUp(manyIn(movingScan(echoes(swinging), phantom, heart)), 1e-5), 0);
  const scan = manyIn(movingScan(echoes(), phantom, heart));
  const { timelines } = scan;
  const [timeline] = timelines;
  const inMaps = timeline.excitations.map((value, n) => (n % 3 === 2 ? 0 : value));
  assert.equal(lookedUp({ ...scan, timelines: [{ ...timeline, excitations: inMaps }] }, 1e-5), 0);
  const job = { timelines, source: scan.source, tileSize: TILE } as const;
  assert.equal(programFor({ ...job, precision: 'f64', tolerance: 1e-5 }).operators.lookUps.length, 0);
});
