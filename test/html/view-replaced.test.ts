/**
 * A checkpoint that its run replaces while `larmor view` opens the sequence: the page shows the new
 * one.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_RF_STEP } from '../../host/api/defaults.ts';
import { openJob } from '../../host/api/job.ts';
import { checkpointPage } from '../../host/cli/checkpoint-page.ts';
import { requestOf } from '../../host/cli/request.ts';
import { soloCluster } from '../../host/comm/solo.ts';
import { writeCheckpoint } from '../../host/run/checkpoint.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

test('a checkpoint replaced while its sequence is opened', async () => {
  const folder = temporaryFolder();
  const words = 'simulate gre column --set n=8 --tile 32'.split(' ');
  const options = {
    precision: 'f32',
    engine: 'wasm',
    t2prime: 'none',
    dtRf: DEFAULT_RF_STEP,
    set: ['n=8'],
    tile: 32,
  } as const;
  const job = await openJob(soloCluster(), () => requestOf('gre', 'column', options), options);
  const { plan, timelines } = job;
  job.phantom.close();
  const sums = new BigInt64Array(2 * timelines[0].sampleCount).fill(1n << 40n);
  const write = (count: number): void =>
    writeCheckpoint(join(folder, 'saved'), plan, {
      ...{ title: 'x', coils: 1, done: [{ first: 0, count }], sums },
      command: { words, folder },
    });
  mkdirSync(join(folder, 'saved'));
  write(1);
  // What it reads before its first wait is the first one.
  const opening = checkpointPage(join(folder, 'saved'));
  write(plan.tileCount);
  const page = await opening;
  const { done, total, isComplete } = page.partial!(1);
  assert.deepEqual([done, total, isComplete], [plan.tileCount, plan.tileCount, true]);
});
