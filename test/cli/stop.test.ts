/** A signal in mid-run: the process ends soon, says so in one line, exits 75 and leaves nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { larmor } from '../../testing/larmor.ts';

const seconds = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1e3 * time));

/**
 * Waits for the line that `-v` prints once the phantom is open, and then for tiles to be under way.
 */
async function underWay(stderr: () => string): Promise<void> {
  for (let waited = 0; waited < 60 && !/head3d.*: \d+ spins/.test(stderr()); waited += 0.1) await seconds(0.1);
  await seconds(2.5);
}

// A minute of work on any machine of today.
const long = [
  'simulate',
  'epi',
  'head3d',
  '--set',
  'voxel=0.001',
  '--precision',
  'f64',
  '--tile',
  '512',
  '-v',
  '-o',
  'out.mrd',
];

for (const [name, threads] of [
  ['SIGINT', '1'],
  ['SIGTERM', '2'],
] as const) {
  test(`${name} with ${threads} threads`, async () => {
    const begun = performance.now();
    const outcome = await larmor([...long, '--threads', threads], { signal: { name, when: underWay } });
    assert.equal(outcome.code, 75, outcome.stderr);
    assert.match(outcome.stderr, new RegExp(`stopped by ${name}`));
    assert.doesNotMatch(outcome.stderr, /\n\s+at /);
    assert.deepEqual(outcome.left, []);
    assert.ok(performance.now() - begun < 60e3, 'before its end');
  });
}
