/**
 * Runs a test file's body inside real MPI jobs. A file is both: the test, which starts jobs, and
 * the program they run. One job per family and number of ranks; the same body also runs in the
 * world of one rank without MPI, which must behave alike.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { abortOnUncaught, load, type Mpi } from '../index.ts';
import { alone, bundle, type Ended, FAMILIES, inJob, launch, missing, RANKS, transcript } from './jobs.ts';

/**
 * Declares the file's tests, or, inside a job, runs the body: every assertion on every rank must
 * hold.
 */
export function inEveryWorld(url: string, body: (mpi: Mpi) => void | Promise<void>): void {
  if (inJob) {
    void runBody(body);
    return;
  }
  describe(basename(fileURLToPath(url)).split('.')[0], () => {
    let program = '';
    before(async () => {
      program = await bundle(url);
    });
    after(() => rmSync(program, { force: true }));
    test('one rank without MPI', async () => expectDone(await alone([program]), 1));
    for (const family of FAMILIES) {
      for (const ranks of RANKS[family]) {
        test(`${family}, ${ranks} ranks`, { skip: missing(family) }, async () =>
          expectDone(await launch(family, ranks, [program]), ranks),
        );
      }
    }
  });
}

async function runBody(body: (mpi: Mpi) => void | Promise<void>): Promise<void> {
  const mpi = load();
  abortOnUncaught(mpi.world);
  await body(mpi);
  if (!mpi.finalized) mpi.finalize();
  process.stdout.write(`rank ${mpi.world.rank} done\n`);
}

/**
 * Exit code 0 alone proves little: a rank that vanished may leave it behind. Every rank has to have
 * spoken.
 */
export function expectDone(job: Ended, ranks: number): void {
  assert.equal(job.code, 0, transcript(job));
  for (let rank = 0; rank < ranks; rank++) assert.match(job.stdout, new RegExp(`rank ${rank} done`), transcript(job));
}
