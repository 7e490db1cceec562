/**
 * `--verify` through the built command, with one of its two sides gone wrong: the run's or the
 * reference's spins are read with one that is NaN, beyond all bounds, or missing
 * (`host/base/failpoints.ts`).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLines, larmor } from '../../testing/larmor.ts';

const verify = (failpoint: string) =>
  larmor(
    // Tiles of 256 spins each, whichever of them are verified.
    [
      'simulate',
      'epi',
      'grid',
      '--set',
      'sequence.n=16',
      '--set',
      'phantom.n=16',
      '--tile',
      '256',
      '--verify',
      '--json',
      '-o',
      'raw.npy',
      '-q',
    ],
    { environment: { LARMOR_FAILPOINT: failpoint } },
  );

async function errorOf(failpoint: string): Promise<number> {
  const outcome = await verify(failpoint);
  assert.equal(outcome.code, 0, outcome.stderr);
  return JSON.parse(outcome.stdout).verification.errorOfDensity;
}

for (const side of ['run', 'reference']) {
  for (const action of ['nan', 'overflow']) {
    test(`${action} in the ${side} alone ends the run, with nothing written`, async () => {
      const outcome = await verify(`${action}@verified ${side}`);
      assert.equal(outcome.code, 70, outcome.stderr);
      const lines = errorLines(outcome);
      assert.equal(lines.length, 1, outcome.stderr);
      assert.match(lines[0], /the signal of tile \d+ .* is not finite, or exceeds the sum of its densities/);
      assert.deepEqual(outcome.left, []);
    });
  }

  test(`a spin that the ${side} alone lacks is an error of its size`, async () => {
    const sound = await errorOf('');
    const lacking = await errorOf(`lose@verified ${side}`);
    assert.ok(sound < 1e-6, `${sound}`);
    // One of 256 spins of one density; before the first sample its signal decays by less than a
    // tenth.
    assert.ok(lacking > 0.9 / 256 && lacking <= 1 / 256, `${lacking}`);
  });
}
