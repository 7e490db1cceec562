/**
 * The small SLURM itself: two nodes with names of their own, both MPIs across them, a GPU per task,
 * a node that dies, and nothing left behind. What the templates' tests rest on.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../testing/temporary.ts';
import { repository, skipWithoutSlurm, startTestbed } from '../../testing/testbed.ts';
import { requireTool } from '../../testing/tools.ts';

const lines = (text: string): string[] => text.trim().split('\n').sort();

describe('SLURM on one machine', { ...skipWithoutSlurm(), timeout: 240e3 }, () => {
  const slurm = startTestbed();
  const work = temporaryFolder();

  test('two nodes, each with its name', async () => {
    const { stdout } = await slurm.run('srun', ['-N2', 'hostname']);
    assert.deepEqual(lines(stdout), ['n1', 'n2']);
  });

  const four = ['-N2', '--ntasks-per-node=2'];
  const world = ['0/4 n1 10', '1/4 n1 10', '2/4 n2 10', '3/4 n2 10'];
  for (const { family, compiler, plugin, launcher } of [
    { family: 'Open MPI', compiler: 'mpicc.openmpi', plugin: 'pmix', launcher: 'mpirun.openmpi' },
    { family: 'MPICH', compiler: 'mpicc.mpich', plugin: 'pmi2', launcher: 'mpiexec.mpich' },
  ]) {
    const program = join(work, compiler);
    const root = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

    test(`${family} across both nodes under srun --mpi=${plugin}`, async (t) => {
      if (!requireTool(t, compiler, family === 'MPICH' ? 'libmpich-dev' : 'libopenmpi-dev')) return;
      execFileSync(compiler, [join(repository, 'test/slurm/world.c'), '-o', program]);
      const { stdout, stderr } = await slurm.run('srun', [...four, `--mpi=${plugin}`, program]);
      assert.deepEqual(lines(stdout), world, stderr);
    });

    test(`${family}'s own ${launcher} inside a batch job`, async (t) => {
      if (!requireTool(t, launcher, family === 'MPICH' ? 'mpich' : 'openmpi-bin')) return;
      const output = join(work, `${launcher}.out`);
      const job = join(work, `${launcher}.sh`);
      writeFileSync(job, `#!/bin/bash\n${launcher} ${program}\n`);
      await slurm.run('sbatch', ['--wait', ...four, '-o', output, job], root);
      assert.deepEqual(lines(readFileSync(output, 'utf8')), world);
    });
  }

  test('one GPU per task, bound to it', async () => {
    const tasks = [...four, '--gpus-per-task=1', '--gpu-bind=single:1'];
    const { stdout } = await slurm.run('srun', [...tasks, 'sh', '-c', 'echo $(hostname) $CUDA_VISIBLE_DEVICES']);
    assert.deepEqual(lines(stdout), ['n1 0', 'n1 1', 'n2 0', 'n2 1']);
  });

  test('a node that dies takes its tasks with it and leaves the other alone', async () => {
    const marker = '98765';
    // Its srun learns of the death after SlurmdTimeout, half a minute: nobody waits for that here.
    void slurm.run('srun', ['-w', 'n2', 'sleep', marker]);
    while (!sleeping(marker)) await new Promise((resolve) => setTimeout(resolve, 50));
    slurm.killNode('n2');
    assert.equal(sleeping(marker), false);
    const { stdout } = await slurm.run('srun', ['-w', 'n1', 'hostname']);
    assert.equal(stdout, 'n1\n');
  });
});

test('taking it down ends what runs and leaves nothing behind', { ...skipWithoutSlurm(), timeout: 60e3 }, () => {
  const work = temporaryFolder();
  const script = join(repository, 'slurm/testbed.sh');
  const dir = join(work, 'testbed');
  const env = { ...process.env, SLURM_CONF: join(dir, 'slurm.conf') };
  try {
    assert.match(spawnSync(script, ['up', dir], { encoding: 'utf8' }).stdout, /^export SLURM_CONF=/);
    assert.equal(spawnSync(script, ['up', dir]).status, 1, 'a second one in the same place is refused');
    const marker = '87654';
    execFileSync('sbatch', ['-o', '/dev/null', '--wrap', `exec sleep ${marker}`], { env });
    while (!sleeping(marker)) spawnSync('sleep', ['0.05']);
    assert.equal(spawnSync(script, ['down', dir]).status, 0);
    assert.equal(sleeping(marker), false);
    assert.equal(existsSync(dir), false);
  } finally {
    spawnSync(script, ['down', dir]);
    rmSync(work, { recursive: true });
  }
});

/** Whether `sleep SECONDS` runs anywhere on this machine. */
function sleeping(seconds: string): boolean {
  return readdirSync('/proc').some((process) => {
    try {
      return /^(\/usr)?(\/bin\/)?sleep$/.test(
        readFileSync(`/proc/${process}/cmdline`, 'utf8').replace(`\0${seconds}\0`, ''),
      );
    } catch {
      return false;
    }
  });
}
