/**
 * Every template, submitted for real. Only sizes are given on sbatch's command line, for nodes of
 * four CPUs and two GPUs.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { commandBlocks } from '../../testing/page-commands.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { repository, skipWithoutSlurm, startTestbed } from '../../testing/testbed.ts';
import { DRIVERS, requireAdapter } from '../webgpu/gpu.ts';
import { reportIn, submitTo } from './submit.ts';

const sizes = ['--ntasks-per-node=2', '--cpus-per-task=1'];

describe('templates', { ...skipWithoutSlurm(), timeout: 240e3 }, () => {
  const slurm = startTestbed();
  const { submit, running, alone } = submitTo(slurm);

  test('cpu-multinode.sh: four ranks on two nodes give the bits of one', async () => {
    const { folder, code, log } = await submit('cpu-multinode.sh', sizes, ['--json']);
    assert.equal(code, 0, log);
    const report = reportIn(log);
    assert.equal(report.ranks, 4);
    assert.deepEqual(report.perRank.map(({ host }) => host).sort(), ['n1', 'n1', 'n2', 'n2']);
    assert.equal(report.signalHash, (await alone([])).signalHash);
    assert.ok(existsSync(join(folder, 'raw.mrd')));
  });

  test('the job script of the tutorial: four ranks on two nodes', async () => {
    const blocks = commandBlocks(readFileSync(join(repository, 'docs/tutorial.md'), 'utf8'));
    const script = blocks.join('\n').match(/cat > job\.sh <<'END'\n([\s\S]*?)^END$/m)?.[1];
    const file = join(temporaryFolder(), 'job.sh');
    writeFileSync(file, script!);
    const { folder, code, log } = await submit(relative(join(repository, 'slurm'), file), [], []);
    assert.equal(code, 0, log);
    assert.match(log, /^4 ranks/m);
    assert.ok(existsSync(join(folder, 'cluster.mrd')));
  });

  test('array.sh: a raw file per value, a readable refusal past the last', async () => {
    const { folder, code, log } = await submit('array.sh', ['--cpus-per-task=1'], ['column']);
    assert.equal(code, 0, log);
    const files = readdirSync(folder).filter((name) => name.endsWith('.mrd'));
    assert.deepEqual(files.sort(), ['flip-15deg.mrd', 'flip-30deg.mrd', 'flip-5deg.mrd', 'flip-60deg.mrd']);
    const beyond = await submit('array.sh', ['--cpus-per-task=1', '--array=9'], []);
    assert.equal(beyond.code, 2);
    assert.match(beyond.log, /there is no value number 9/);
  });

  test('sweep.sh: four parts, and the table of all', async () => {
    const small = ['--set', 'phantom.voxel=8mm', '--set', 'n=8', '--set', 'dummies=0'];
    const parts = await submit('sweep.sh', ['--cpus-per-task=1'], small);
    assert.equal(parts.code, 0, parts.log);
    const files = readdirSync(parts.folder).filter((name) => name.endsWith('.csv'));
    assert.deepEqual(
      files.sort(),
      [1, 2, 3, 4].map((n) => `sweep.part-${n}-of-4.csv`),
    );
    const whole = await submit(
      'sweep.sh',
      ['--cpus-per-task=1', '--array=0', '-D', parts.folder],
      [...small, '--json'],
    );
    assert.equal(whole.code, 0, whole.log);
    const log = readdirSync(parts.folder).find((name) => name.endsWith('_0.log'));
    const report = readFileSync(join(parts.folder, log!), 'utf8');
    assert.match(report, /"runs":24,"kept":24,"failed":0/);
  });

  const templates = [
    { template: 'gpu-single-node.sh', options: ['--ntasks=2', '--cpus-per-task=1'], hosts: ['n1', 'n1'] },
    { template: 'gpu-multi-node.sh', options: sizes, hosts: ['n1', 'n1', 'n2', 'n2'] },
  ];
  for (const { template, options, hosts } of some(templates, 2)) {
    test(`${template}: one task per GPU`, async (t) => {
      if (!(await requireAdapter(t, DRIVERS[0]))) return;
      const { code, log } = await submit(template, options, ['--gpu', 'SwiftShader', '--json']);
      assert.equal(code, 0, log);
      const report = reportIn(log);
      assert.deepEqual(report.perRank.map(({ host }) => host).sort(), hosts);
      assert.equal(report.engine, 'webgpu');
      assert.equal(report.reproducible, true);
      assert.ok(
        report.perRank.every(({ device }) => device?.startsWith('SwiftShader')),
        log,
      );
    });
  }

  test('requeue.sh: a signal, a requeue, the bits of an undisturbed run', async () => {
    // Five seconds of one core (2 GHz), in f64, which steps through time however fast the other
    // forms become.
    const scan = ['epi', 'sphere', '--set', 'voxel=0.002', '--precision', 'f64'];
    const args = [...scan, '--checkpoint-interval', '1', '--json'];
    const { code, log } = await submit('requeue.sh', sizes, args, async (id) => {
      await running(id, 0, 4);
      // To the tasks and not to the script, as SLURM does before the time limit. Repeated stops are
      // in requeue.serial.slow.test.ts.
      await slurm.run('scancel', ['--signal=USR2', id]);
    });
    assert.equal(code, 0, log);
    assert.equal(log.match(/continues from checkpoint-/g)?.length, 1, log);
    assert.equal(reportIn(log).signalHash, (await alone(scan)).signalHash);
  });
});
