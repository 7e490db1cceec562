/**
 * A small SLURM for one test file: up before its tests, down after them, whatever happens between. Its commands are the
 * real ones; only the machine is small.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const script = join(repository, 'slurm/testbed.sh');

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Testbed = {
  /** What it writes; removed with it. */
  readonly dir: string;
  /** Runs one program against this SLURM to its end, with `env` on top of the test's own. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  killNode(name: 'n1' | 'n2'): void;
};

/** Why no SLURM can be started here, or false; with CI=true it is required, and starting it then says what is missing. */
export function skipWithoutSlurm(): { skip: string | false } {
  const missing = ['slurmctld', 'slurmd', 'munged'].filter((program) => !isProgram(program));
  if (process.env.CI === 'true') return { skip: false };
  if (missing.length > 0) return { skip: `no ${missing.join(', ')}: apt-get install slurm-wlm munge` };
  return { skip: process.getuid?.() === 0 ? false : 'a testbed of SLURM needs root' };
}

function isProgram(name: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts a testbed that ends with the test file, or suite, that calls this. */
export function startTestbed(): Testbed {
  const work = mkdtempSync(join(tmpdir(), 'larmor-slurm-'));
  const dir = join(work, 'testbed');
  after(() => {
    spawnSync(script, ['down', dir], { stdio: 'inherit' });
    rmSync(work, { recursive: true });
  });
  const up = spawnSync(script, ['up', dir], { encoding: 'utf8' });
  const configuration = up.stdout.match(/^export SLURM_CONF=(.*)$/m)?.[1];
  if (!configuration) throw new Error(`the testbed did not start: ${up.stderr}`);
  return {
    dir,
    run: (command, args, env = {}) => runToEnd(command, args, { ...process.env, SLURM_CONF: configuration, ...env }),
    killNode: (name) => {
      spawnSync(script, ['kill-node', dir, name], { stdio: 'inherit' });
    },
  };
}

/** Unlike spawnSync it leaves node:test's time limit at work while a job hangs. */
function runToEnd(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env, cwd: repository });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
