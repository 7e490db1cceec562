/**
 * The time limit itself: SLURM warns a job that is longer than its limit, and the job goes on after
 * it. Slow because SLURM counts limits in minutes, and waits two before it starts a requeued job
 * again. LARMOR_CHAINS chains of pieces, all in the queue together, are stopped at random moments
 * and go through `scontrol requeue` each time.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { skipWithoutSlurm, startTestbed } from '../../testing/testbed.ts';
import { reportIn, submitTo } from './submit.ts';

const CHAINS = Number(process.env.LARMOR_CHAINS ?? 3);
/** Stops of each chain. */
const STOPS = 2;

// Both tests side by side: most of the time their jobs wait in the queue.
describe('time limit', { ...skipWithoutSlurm(), timeout: 60 * 60e3, concurrency: 2 }, () => {
  const slurm = startTestbed();
  const { submit, running, alone } = submitTo(slurm);

  test('chains through scontrol requeue, none lost', async (t) => {
    const seed = Date.now() % 1e6;
    const random = randomNumbers(seed);
    // Sixteen seconds of one thread (3 GHz), in f64, whose speed stays: twice what the stops can
    // leave undone, so that no chain is complete before its last stop.
    const scan = ['epi', 'head3d', '--set', 'voxel=3e-3', '--precision', 'f64', '--threads', '1'];
    const { signalHash } = await alone(scan);
    const options = ['--nodes=1', '--ntasks-per-node=1', '--cpus-per-task=1', '--time=60'];
    await Promise.all(
      Array.from({ length: CHAINS }, async () => {
        const { code, log } = await submit('requeue.sh', options, [...scan, '--json'], async (id) => {
          for (let stops = 0; stops < STOPS; stops++) {
            await running(id, stops, 1);
            await new Promise((resolve) => setTimeout(resolve, 3000 * random()));
            await slurm.run('scancel', ['--signal=USR2', `${id}.0`]);
          }
        });
        assert.equal(code, 0, log);
        assert.equal(reportIn(log).signalHash, signalHash, `seed ${seed}: ${log}`);
        const requeues = log.match(/^requeue\.sh: .* continues from checkpoint-/gm)?.length ?? 0;
        assert.equal(requeues, STOPS, `seed ${seed}: ${log}`);
      }),
    );
    t.diagnostic(`seed ${seed}: ${CHAINS} chains, each requeued ${STOPS} times`);
  });

  test('requeue.sh gets past it, to the bits of an undisturbed run', async () => {
    // Four minutes of one core (2 GHz), in f64, which steps through time however fast the other
    // forms become; the warning comes one to one and a half minutes after each start.
    const scan = ['epi', 'sphere', '--set', 'voxel=0.00055', '--precision', 'f64'];
    const options = ['--nodes=1', '--ntasks-per-node=1', '--cpus-per-task=1', '--time=2', '--signal=USR2@30'];
    const { state, code, log } = await submit('requeue.sh', options, [...scan, '--json']);
    // A job that SLURM ended at its limit has exit code 0 too.
    assert.equal(state, 'COMPLETED', log);
    assert.equal(code, 0, log);
    assert.match(log, /continues from checkpoint-/);
    assert.equal(reportIn(log).signalHash, (await alone(scan)).signalHash);
  });
});
