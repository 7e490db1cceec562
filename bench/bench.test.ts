/** The bench runs and writes what it promises; speeds are nobody's test. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeProgram } from '../host/program/build.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { relativeError, simulateTimeline } from '../testing/run.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { epi, gradientEcho3d, noneReturns, randomPhantom, timelineOf } from '../testing/timed-scans.ts';
import type { Row } from './harness.ts';
import { ratioOf, spreadOf } from './harness.ts';
import { buildPerStep, perStep } from './native.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function bench(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...args], { cwd: root, encoding: 'utf8' });
}

test('a quick bench of one kernel prints a table and writes JSON', () => {
  const folder = temporaryFolder();
  try {
    const path = join(folder, 'bench.json');
    const { status, stdout, stderr } = bench('--quick', '--json', path, 'recurrence (one line)');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /readout: recurrence/);
    const { machine, node, rows } = JSON.parse(readFileSync(path, 'utf8')) as {
      machine: string;
      node: string;
      rows: Row[];
    };
    assert.equal(node, process.versions.node);
    assert.equal(typeof machine, 'string');
    assert.ok(rows.length > 0);
    for (const row of rows) {
      assert.match(row.name, /recurrence/);
      assert.ok(row.value > 0 && row.unit === 'spin·samples/s');
      // What f32 and 128 steps of the recurrence allow, see assembly/readout.ts.
      assert.ok(row.error !== null && row.error < 1e-5, `error ${row.error}`);
      if (row.against !== null) assert.ok(row.ratio! > 0 && row.spread! >= 0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const hasCompiler = buildPerStep() !== null;

test('a run with a tolerance meets both exact forms, and tells how near it stays', () => {
  const folder = temporaryFolder();
  try {
    const path = join(folder, 'bench.json');
    const { status, stderr } = bench('--quick', '--json', path, 'fingerprinting, 100 TRs, 1 024 spins, 1e-4');
    assert.equal(status, 0, stderr);
    const { rows } = JSON.parse(readFileSync(path, 'utf8')) as { rows: Row[] };
    assert.deepEqual(
      rows.map(({ against }) => against),
      ['per-step C', 'exact, pulses kept', 'exact, pulses stepped'].slice(hasCompiler ? 0 : 1),
    );
    const within = Number(rows[0].note?.match(/errs by (\S+) of/)?.[1]);
    assert.ok(within > 0 && within < 1e-4, rows[0].note);
    // A thousand spins of any phase add up to some 2 % of Σ|ρ|.
    assert.ok(rows[0].error! < 1e-4 / 0.02);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('pulses that differ a little are stepped, equal ones are kept', () => {
  const sequence = gradientEcho3d(64, 64);
  const kept = (scan: Sequence): number =>
    makeProgram(timelineOf(scan), randomPhantom(64), { precision: 'f32', tileSize: 64 }).operators.operators.length;
  assert.ok(kept(sequence) > 0);
  assert.equal(kept(noneReturns(sequence)), 0);
});

test('a word that no row has exits 2', () => {
  const { status, stderr } = bench('--quick', 'nosuchrow');
  assert.equal(status, 2);
  assert.match(stderr, /nosuchrow/);
});

test('ratios are medians over rounds, spreads the middle half', () => {
  const ours = { name: 'a', seconds: [1, 2, 1, 1, 1] };
  const theirs = { name: 'b', seconds: [3, 8, 2, 3, 4] };
  assert.deepEqual(ratioOf(ours, theirs), { ratio: 3, spread: 0.5 / 3 });
  assert.equal(spreadOf([2, 2, 2]), 0);
});

test('the per-step opponent simulates the same physics', async (t) => {
  const build = buildPerStep();
  if (build === null) return t.skip('no C compiler here');
  const timeline = timelineOf(epi());
  const phantom = randomPhantom(64);
  const opponent = perStep(build, timeline, phantom);
  await opponent.run();
  const truth = await simulateTimeline(timeline, phantom, { precision: 'f64' });
  // The steps rotate a spin by 3e4 rad in all, each with an f32 rounding error of 3e-8; in f64 the
  // method is 3e-4 off.
  assert.ok(relativeError(await opponent.signal(), truth) < 1e-2);
});
