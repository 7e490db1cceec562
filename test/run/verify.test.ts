/**
 * `--verify` holds a run's integers against numbers that never were integers: what wraps in them,
 * or loses a bit on its way, is found. Faults on the other way, from spins to numbers, are in
 * `test/cli/verify.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine, EngineJob } from '../../host/engine/types.ts';
import { makeWasmEngine } from '../../host/engine/wasm/engine.ts';
import type { Precision } from '../../host/program/types.ts';
import { makePlan } from '../../host/run/plan.ts';
import { type Findings, verifyTiles } from '../../host/run/verify.ts';
import { phantomOf, spinsOf } from '../../testing/run.ts';
import { lines, timelineOf, tip } from '../engine/fixture.ts';

const timelines = [timelineOf(tip, ...lines(5, 20))] as const;
/** Power of two, so that wrapping is a matter of the exponent alone. */
const SPINS = 64;
const source = phantomOf(spinsOf(Array.from({ length: SPINS }, (_, n) => ({ x: 1e-4 * n, T2: 0.1 }))));

function jobOf(precision: Precision): EngineJob {
  return { timelines, source, ...makePlan(timelines, source, { precision, engineBuild: 'test', version: 'test' }) };
}

/** @param spoil what becomes of the integers of the run, but not of the reference */
function verify(job: EngineJob, spoil: (sum: bigint) => bigint = (sum) => sum): Promise<Findings> {
  return verifyTiles(job, timelines, [0], async (one) => {
    const engine = await makeWasmEngine(one, { threads: 1 });
    return one.floatSums === true ? engine : spoiled(engine, spoil);
  });
}

const spoiled = (engine: Engine, spoil: (sum: bigint) => bigint): Engine => ({
  ...engine,
  async run(first, count) {
    const next = await engine.run(first, count);
    engine.sums.forEach((sum, n) => {
      engine.sums[n] = spoil(sum);
    });
    return next;
  },
});

for (const [precision, rounding] of [
  ['f32', 1e-6],
  // Ten thousand roundings of 1e-16.
  ['f64', 1e-12],
] as const) {
  test(`a sound run of ${precision} is off by its rounding alone`, async () => {
    const { perDensity, norm } = await verify(jobOf(precision));
    assert.ok(perDensity < rounding, `${perDensity}`);
    assert.ok(norm > 0);
  });

  test(`integers of ${precision} that wrap are found`, async () => {
    const job = jobOf(precision);
    // Of 64 spins nearly all receive: 2⁶·2⁵⁸ is above 2⁶³, and comes back 2⁶⁴·2⁻⁵⁸ less, which is
    // Σ|ρ|.
    const { perDensity } = await verify({ ...job, scaleExponent: 58 });
    assert.ok(Math.abs(perDensity - 1) < 1e-6, `${perDensity}`);
  });
}

for (const bit of [63, 52, 41, 30])
  test(`bit ${bit} of the integers of f64 that is lost is found`, async () => {
    const job = jobOf('f64');
    const { perDensity } = await verify(job, (sum) => sum & ~(1n << BigInt(bit)));
    // Of a real part, an imaginary part, or both.
    const one = 2 ** (bit - job.scaleExponent) / SPINS;
    assert.ok(perDensity > 0.99 * one && perDensity < 1.01 * Math.SQRT2 * one, `${perDensity}, not ${one}`);
  });
