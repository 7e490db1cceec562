/**
 * Jobs whose ranks are killed without warning, again and again at random moments, until one attempt
 * gets through: what it gives is what an undisturbed job gives, and no kill costs more than the
 * work since the last checkpoint.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { errorsIn, kill, present, simulate, start, transcript, until } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { job, signalHash } from './long-job.ts';
import { assertResumes, assertWithinInterval, tilesIn, watchWork } from './lost-work.ts';

/** Seconds between checkpoints. */
const INTERVAL = 0.2;
/** Seconds in which a job must end after a rank was killed. */
const END = 10;

/**
 * @param seed of the random moments, ranks and launchers: told, so that a failure can be had again
 */
export async function killMany(t: TestContext, kills: number, seed: number): Promise<void> {
  t.diagnostic(`seed ${seed}`);
  const random = randomNumbers(seed);
  let cwd = temporaryFolder();
  let slowest = 0;
  let runs = 0;
  /** Seconds of each rank's work that a kill lost, or would have a moment before. */
  let dearest = 0;
  /** Tiles in the last checkpoint. */
  let kept = 0;
  for (let n = 0; n < kills; n++) {
    const family = random() < 0.2 ? undefined : present[Math.floor(random() * present.length)];
    const ranks = family === undefined ? 1 : 2;
    const schedule = random() < 0.5 ? 'static' : 'dynamic';
    const args = [...job, '--checkpoint', 'kept', '--checkpoint-interval', `${INTERVAL}`, '--schedule', schedule];
    const running = start(['simulate', ...args, '--resume'], { family, ranks, cwd });
    const path = join(cwd, 'kept/checkpoint.larmor');
    const watch = watchWork(running, ranks, path);
    let over = false;
    void running.ended.then(() => {
      over = true;
    });
    // From before MPI is up to long after the first new checkpoint.
    if (random() < 0.7) await until('a checkpoint', () => over || watch.checkpoints > 0, 60);
    await new Promise((resolve) => setTimeout(resolve, 600 * random()));
    const victims = [...running.ranks().values()];
    const victim = victims[Math.floor(random() * victims.length)];
    const lost = watch.lost();
    const killed = performance.now();
    if (victim !== undefined) kill(victim, 'SIGKILL');
    watch.stop();
    const ended = await running.ended;
    if (ended.code === 0 || existsSync(join(cwd, 'kept/complete.json'))) {
      // It was quicker: the next attempt begins anew elsewhere.
      runs++;
      kept = 0;
      cwd = temporaryFolder();
      continue;
    }
    const took = (performance.now() - killed) / 1e3;
    slowest = Math.max(slowest, took);
    assert.ok(took < END, `ended ${took.toFixed(1)} s after the kill\n${transcript(ended)}`);
    assert.deepEqual(errorsIn(ended), [], transcript(ended));
    assertWithinInterval(lost, INTERVAL);
    dearest = Math.max(dearest, lost);
    const resumed = /--resume: (\d+) of/.exec(ended.stderr)?.[1];
    if (resumed !== undefined) assert.equal(Number(resumed), kept, transcript(ended));
    const now = existsSync(path) ? tilesIn(path) : 0;
    assert.ok(now >= kept, `${now} tiles in the checkpoint, after ${kept}`);
    kept = now;
  }
  const args = [...job, '--checkpoint', 'kept', '--checkpoint-interval', `${INTERVAL}`, '--resume'];
  const resumed = await simulate(args, { cwd });
  t.diagnostic(
    `${kills} kills, the slowest end after ${slowest.toFixed(1)} s, at most ${dearest.toFixed(2)} s of each rank's work lost at ` +
      `${INTERVAL} s a checkpoint, ${runs} runs finished between, ${kept} of ${resumed.tiles} tiles in the last checkpoint`,
  );
  assertResumes(resumed, kept);
  assert.equal(resumed.signalHash, await signalHash());
}
