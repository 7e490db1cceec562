/**
 * Submits the templates as a user does: unedited, with a `module` command that knows the names in
 * them, and `larmor` on PATH.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../../host/report/summary.ts';
import { larmorsWith, simulate, trapsStops } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { repository, type Testbed } from '../../testing/testbed.ts';

const larmor = join(repository, 'dist/larmor.js');

export type Job = {
  /** Where it ran and wrote. */
  readonly folder: string;
  readonly state: string;
  /** Of an array: the highest. */
  readonly code: number;
  readonly log: string;
};

/** What of a run's JSON the tests of templates look at. */
export type Report = {
  readonly ranks: number;
  readonly engine: string;
  readonly signalHash: string;
  readonly reproducible: boolean;
  readonly perRank: readonly { host: string; device?: string }[];
};

export type Submitter = {
  /**
   * Submits a template from a folder of its own and waits for its end; `meanwhile` runs once it is
   * in the queue.
   */
  submit(
    template: string,
    options: readonly string[],
    args: readonly string[],
    meanwhile?: (id: string, folder: string) => Promise<void>,
  ): Promise<Job>;
  /**
   * Waits until all `ranks` of a job's first step trap signals, after `restarts` times through the
   * queue. Before that a signal would be a rank's end, which costs nothing: no work has begun.
   */
  running(id: string, restarts: number, ranks: number): Promise<void>;
  /** `larmor simulate …` outside of SLURM, for comparison. */
  alone(args: readonly string[]): Promise<Summary>;
};

/**
 * States in which a job stays. One that is being warned of its limit is SIGNALING for a moment,
 * neither running nor over.
 */
const ENDED = /^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|OUT_OF_MEMORY|BOOT_FAIL|DEADLINE)$/;

export function submitTo(slurm: Testbed): Submitter {
  const work = temporaryFolder();
  mkdirSync(join(work, 'bin'));
  symlinkSync(larmor, join(work, 'bin/larmor'));
  const env = {
    PATH: `${join(work, 'bin')}:${process.env.PATH}`,
    // What Environment Modules put into every shell, reduced to its one promise: known names load,
    // others fail.
    'BASH_FUNC_module%%': '() { [ "$*" = "load nodejs openmpi" ] || [ "$*" = "load nodejs" ]; }',
    // A GPU in software stands in for those that the nodes pretend to have.
    VK_ADD_DRIVER_FILES: join(repository, 'build/swiftshader/vk_swiftshader_icd.json'),
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  };

  /** `sbatch --wait` would ask every ten seconds. */
  async function end(id: string): Promise<{ state: string; code: number }> {
    for (;;) {
      const { stdout } = await slurm.run('scontrol', ['show', 'job', '-o', id]);
      const states = [...stdout.matchAll(/ JobState=(\S+)/g)].map(([, state]) => state!);
      const codes = [...stdout.matchAll(/ ExitCode=(\d+)/g)].map(([, code]) => Number(code));
      if (states.length > 0 && states.every((state) => ENDED.test(state)))
        return { state: states[0], code: Math.max(...codes) };
      await pause(300);
    }
  }

  return {
    async submit(template, options, args, meanwhile = async () => {}) {
      const folder = mkdtempSync(join(work, 'job-'));
      const script = join(repository, 'slurm', template);
      const command = ['--parsable', '-D', folder, ...options, script, ...args];
      const { stdout, stderr } = await slurm.run('sbatch', command, env);
      const id = stdout.trim();
      assert.match(id, /^\d+$/, stderr);
      await meanwhile(id, folder);
      return { folder, ...(await end(id)), log: readLogs(folder) };
    },

    async running(id, restarts, ranks) {
      for (;;) {
        const { stdout } = await slurm.run('scontrol', ['show', 'job', '-o', id]);
        if (stdout.includes(` Restarts=${restarts} `) && areListening(ranksOf(id, 0), ranks)) return;
        assert.ok(!/JobState=(COMPLETED|FAILED)/.test(stdout), `the job ended too early: ${stdout}`);
        await pause(200);
      }
    },

    async alone(args) {
      return simulate(args, { cwd: mkdtempSync(join(work, 'alone-')), limit: 1200 });
    },
  };
}

/** Process ids of the Larmors in a step of a job: its nodes are this machine. */
export function ranksOf(job: string, step: number): number[] {
  return larmorsWith({ SLURM_JOB_ID: job, SLURM_STEP_ID: `${step}` });
}

/** Whether these are all `ranks` of a step, and a signal would ask each to stop. */
export function areListening(pids: readonly number[], ranks: number): boolean {
  return pids.length === ranks && pids.every(trapsStops);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The one JSON object among a log's lines. */
export function reportIn(log: string): Report {
  assert.ok(log.includes('{'), `no JSON in: ${log}`);
  return JSON.parse(log.slice(log.indexOf('{'), log.lastIndexOf('}') + 1)) as Report;
}

function readLogs(folder: string): string {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}
