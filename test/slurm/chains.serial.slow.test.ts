/**
 * Chains of pieces, LARMOR_CHAINS of them, each ended by a signal at a random moment: every piece that was stopped ends with 75 whatever
 * --kill-on-bad-exit sends meanwhile to the ranks that are slower to leave, and every chain gives the bits of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { skipWithoutSlurm, startTestbed } from '../../testing/testbed.ts';
import { newFileIn, reportIn, submitTo } from './submit.ts';

const CHAINS = Number(process.env.LARMOR_CHAINS ?? 5);
const SIGNALS = ['USR2', 'USR1', 'TERM'];

describe('chains of pieces under SLURM', { ...skipWithoutSlurm(), timeout: 60 * 60e3 }, () => {
  const slurm = startTestbed();
  const { submit, alone } = submitTo(slurm);

  test('none is lost', async (t) => {
    const seed = Date.now() % 1e6;
    const random = randomNumbers(seed);
    // Five seconds of one thread (3 GHz).
    const scan = ['epi', 'head3d', '--set', 'voxel=1.4e-3', '--exact', '--threads', '1'];
    const { signalHash } = alone(scan);
    const codes: Record<string, number> = {};
    for (let chain = 0; chain < CHAINS; chain++) {
      const options = ['--nodes=2', '--ntasks-per-node=1', '--cpus-per-task=1'];
      const { code, log } = await submit(
        '../test/slurm/pieces.sh',
        options,
        [...scan, '--json'],
        async (id, folder) => {
          const kept = join(folder, 'kept');
          for (let stops = 0; stops < 3 && !existsSync(join(kept, 'complete.json')); stops++) {
            await Promise.race([newFileIn(kept), new Promise((resolve) => setTimeout(resolve, 20e3))]);
            await new Promise((resolve) => setTimeout(resolve, 1500 * random()));
            const signal = SIGNALS[Math.floor(random() * SIGNALS.length)];
            await slurm.run('scancel', [`--signal=${signal}`, `${id}.${stops}`]);
          }
        },
      );
      const pieces = piecesIn(log);
      for (const piece of pieces) codes[piece] = (codes[piece] ?? 0) + 1;
      t.diagnostic(`chain ${chain}: ${pieces.join(', ')}`);
      assert.equal(code, 0, log);
      assert.equal(reportIn(log).signalHash, signalHash, `seed ${seed}`);
    }
    t.diagnostic(`seed ${seed}, ${CHAINS} chains, codes of pieces: ${JSON.stringify(codes)}`);
    assert.deepEqual(
      Object.keys(codes).filter((code) => code !== '0' && code !== '75'),
      [],
    );
  });
});

/**
 * Codes of the pieces in a log. A rank that is signalled while Node starts, before any script runs, dies of it, and SLURM ends the others
 * with SIGTERM: such a piece has not said that it resumes, and loses nothing.
 */
function piecesIn(log: string): string[] {
  const parts = log.split(/^piece \d+ ended with (\d+)$/m);
  return parts.flatMap((code, n) => (n % 2 === 0 ? [] : [/^--resume: /m.test(parts[n - 1]) ? code : `${code} early`]));
}
