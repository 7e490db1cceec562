/** The build script where there is nothing to build with, nothing to do, and something wrong. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BUILD, missing, run, transcript } from './jobs.ts';

const SCRIPT = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url));
const build = (env: NodeJS.ProcessEnv) => run(process.execPath, [SCRIPT], env);

describe('build', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mpi-node-build-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('no mpicc: one line and exit code 0', async () => {
    const job = await build({ PATH: folder });
    assert.equal(job.code, 0, transcript(job));
    assert.match(job.stdout, /^mpi-node-bindings: no mpicc here .*\n$/);
  });

  test('an MPICC that is not there, or has no MPI, is named', async () => {
    const gone = await build({ PATH: folder, MPICC: '/opt/none/mpicc' });
    assert.match(gone.stdout, /MPICC=\/opt\/none\/mpicc does not exist\n.*no mpicc here/);
    assert.equal(gone.code, 0);
    const hollow = join(folder, 'hollow-cc');
    writeFileSync(hollow, '#!/bin/sh\nexit 1\n');
    chmodSync(hollow, 0o755);
    const job = await build({ PATH: '/nonexistent', MPICC: hollow });
    assert.match(job.stdout, /hollow-cc is skipped: no mpi\.h of Open MPI or the MPICH family/);
  });

  for (const family of ['openmpi', 'mpich'] as const) {
    test(`${family}: what is up to date stays`, { skip: missing(family) }, async () => {
      const file = join(BUILD, `mpi-${family}.node`);
      const made = statSync(file).mtimeMs;
      const job = await build(process.env);
      assert.equal(job.code, 0, transcript(job));
      assert.match(job.stdout, new RegExp(`${family} .*up to date`));
      assert.equal(statSync(file).mtimeMs, made);
    });
  }
});
