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
import { type Finished, repository, skipWithoutSlurm, startTestbed } from './testbed.ts';

const larmor = join(repository, 'dist/larmor.js');
const sizes = ['--ntasks-per-node=2', '--cpus-per-task=1'];

type Report = { readonly ranks: number; readonly signalHash: string; readonly perRank: readonly { host: string }[] };

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
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  };

  /** Submits a template from a folder of its own and waits for its end. */
  async function submit(template: string, options: readonly string[], args: readonly string[]) {
    const folder = mkdtempSync(join(work, 'job-'));
    const script = join(repository, 'slurm', template);
    const finished: Finished = await slurm.run('sbatch', ['--wait', '-D', folder, ...options, script, ...args], env);
    const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
    return { folder, code: finished.code, log: logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('') };
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
    const { folder, code, log } = await submit('array.sh', ['--cpus-per-task=1'], ['grid']);
    assert.equal(code, 0, log);
    const files = readdirSync(folder).filter((name) => name.endsWith('.mrd'));
    assert.deepEqual(files.sort(), ['flip-15.mrd', 'flip-30.mrd', 'flip-5.mrd', 'flip-60.mrd']);
    const beyond = await submit('array.sh', ['--cpus-per-task=1', '--array=9'], []);
    assert.equal(beyond.code, 2);
    assert.match(beyond.log, /there is no value number 9/);
  });
});

/** The one JSON object among a log's lines. */
function reportIn(log: string): Report {
  return JSON.parse(log.slice(log.indexOf('{'), log.lastIndexOf('}') + 1)) as Report;
}
