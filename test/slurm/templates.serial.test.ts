/**
 * The templates as a user submits them: unedited, with a `module` command that knows the names in them, and `larmor` on
 * PATH. Only sizes are given on sbatch's command line, for nodes of four CPUs and two GPUs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { repository, skipWithoutSlurm, startTestbed } from './testbed.ts';

const larmor = join(repository, 'dist/larmor.js');
const sizes = ['--ntasks-per-node=2', '--cpus-per-task=1'];

type Job = { readonly folder: string; readonly state: string; readonly code: number; readonly log: string };
type Report = {
  readonly ranks: number;
  readonly engine: string;
  readonly signalHash: string;
  readonly perRank: readonly { host: string }[];
};

describe('templates', { ...skipWithoutSlurm(), timeout: 240e3 }, () => {
  const slurm = startTestbed();
  const work = mkdtempSync(join(tmpdir(), 'larmor-templates-'));
  after(() => rmSync(work, { recursive: true }));
  mkdirSync(join(work, 'bin'));
  symlinkSync(larmor, join(work, 'bin/larmor'));

  const env = {
    PATH: `${join(work, 'bin')}:${process.env.PATH}`,
    // What Environment Modules put into every shell, reduced to its one promise: known names load, others fail.
    'BASH_FUNC_module%%': '() { [ "$*" = "load nodejs openmpi" ] || [ "$*" = "load nodejs" ]; }',
    // A GPU in software stands in for those that the nodes pretend to have.
    VK_ADD_DRIVER_FILES: join(repository, 'build/swiftshader/vk_swiftshader_icd.json'),
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  };

  /** Submits a template from a folder of its own and waits for its end. */
  async function submit(
    template: string,
    options: readonly string[],
    args: readonly string[],
    meanwhile: (id: string) => Promise<void> = async () => {},
  ): Promise<Job> {
    const folder = mkdtempSync(join(work, 'job-'));
    const script = join(repository, 'slurm', template);
    const { stdout, stderr } = await slurm.run(
      'sbatch',
      ['--parsable', '-D', folder, ...options, script, ...args],
      env,
    );
    const id = stdout.trim();
    assert.match(id, /^\d+$/, stderr);
    await meanwhile(id);
    return { folder, ...(await end(id)), log: readLogs(folder) };
  }

  /** `sbatch --wait` would ask every ten seconds. Of an array: the highest exit code. */
  async function end(id: string): Promise<{ state: string; code: number }> {
    for (;;) {
      const { stdout } = await slurm.run('scontrol', ['show', 'job', '-o', id]);
      const states = [...stdout.matchAll(/ JobState=(\S+)/g)].map(([, state]) => state!);
      const codes = [...stdout.matchAll(/ ExitCode=(\d+)/g)].map(([, code]) => Number(code));
      if (states.length > 0 && states.every((state) => !/^(PENDING|RUNNING|COMPLETING|REQUEUED)$/.test(state)))
        return { state: states[0]!, code: Math.max(...codes) };
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  test('cpu-multinode.sh: four ranks on two nodes give the bits of one', async () => {
    const alone = reportIn(
      spawnSync(larmor, ['simulate', '--json', '-o', join(work, 'alone.mrd')], { encoding: 'utf8' }).stdout,
    );
    const { folder, code, log } = await submit('cpu-multinode.sh', sizes, ['--json']);
    assert.equal(code, 0, log);
    const report = reportIn(log);
    assert.equal(report.ranks, 4);
    assert.deepEqual(report.perRank.map(({ host }) => host).sort(), ['n1', 'n1', 'n2', 'n2']);
    assert.equal(report.signalHash, alone.signalHash);
    assert.ok(existsSync(join(folder, 'raw.mrd')));
  });

  test('array.sh: a raw file per value, a readable refusal past the last', async () => {
    const { folder, code, log } = await submit('array.sh', ['--cpus-per-task=1'], ['column']);
    assert.equal(code, 0, log);
    const files = readdirSync(folder).filter((name) => name.endsWith('.mrd'));
    assert.deepEqual(files.sort(), ['flip-15.mrd', 'flip-30.mrd', 'flip-5.mrd', 'flip-60.mrd']);
    const beyond = await submit('array.sh', ['--cpus-per-task=1', '--array=9'], []);
    assert.equal(beyond.code, 2);
    assert.match(beyond.log, /there is no value number 9/);
  });

  for (const { template, options, hosts } of [
    { template: 'gpu-single-node.sh', options: ['--ntasks=2', '--cpus-per-task=1'], hosts: ['n1', 'n1'] },
    { template: 'gpu-multi-node.sh', options: sizes, hosts: ['n1', 'n1', 'n2', 'n2'] },
  ]) {
    test(`${template}: one task per GPU`, skipWithout('--engine'), async () => {
      const { code, log } = await submit(template, options, ['--gpu', 'SwiftShader', '--json']);
      assert.equal(code, 0, log);
      const report = reportIn(log);
      assert.deepEqual(report.perRank.map(({ host }) => host).sort(), hosts);
      assert.match(report.engine, /webgpu/);
    });
  }

  test(
    'requeue.sh: signalled twice, requeued twice, the bits of an undisturbed run',
    skipWithout('--checkpoint'),
    async () => {
      const scan = ['gre', 'grid', '--json'];
      const alone = spawnSync(larmor, ['simulate', ...scan, '-o', join(work, 'undisturbed.mrd')], { encoding: 'utf8' });
      const { code, log } = await submit('requeue.sh', sizes, scan, async (id) => {
        for (const start of [0, 1]) {
          await running(id, start);
          await new Promise((resolve) => setTimeout(resolve, 1500));
          // To the tasks and not to the script, as SLURM does before the time limit.
          await slurm.run('scancel', ['--signal=USR2', id]);
        }
      });
      assert.equal(code, 0, log);
      assert.equal(log.match(/goes on from checkpoint-/g)?.length, 2, log);
      assert.equal(reportIn(log).signalHash, reportIn(alone.stdout).signalHash);
    },
  );

  /** Waits until a job runs a step, having been requeued `restarts` times. */
  async function running(id: string, restarts: number): Promise<void> {
    for (;;) {
      const { stdout } = await slurm.run('scontrol', ['show', 'job', '-o', id]);
      const steps = (await slurm.run('squeue', ['--steps', '-h', '-o', '%i', '-j', id])).stdout;
      if (stdout.includes(` Restarts=${restarts} `) && steps.includes(`${id}.0`)) return;
      assert.doesNotMatch(stdout, /JobState=(COMPLETED|FAILED)/);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
});

/** Skips the test of a template whose options this build's command does not have. */
function skipWithout(option: string): { skip: string | false } {
  const { stdout } = spawnSync(larmor, ['simulate', '--help'], { encoding: 'utf8' });
  return { skip: stdout.includes(option) ? false : `larmor simulate has no ${option}` };
}

function readLogs(folder: string): string {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}

/** The one JSON object among a log's lines. */
function reportIn(log: string): Report {
  return JSON.parse(log.slice(log.indexOf('{'), log.lastIndexOf('}') + 1)) as Report;
}
