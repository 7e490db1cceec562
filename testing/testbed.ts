/**
 * A small SLURM for one test file (started before its tests and stopped after them, whatever
 * happens in between) or for a table. Its commands are the real ones; only the machine is small.
 */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.ts';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const script = join(repository, 'slurm/testbed.sh');

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Testbed = {
  /** Folder of its files, which is removed with it. */
  readonly dir: string;
  /** Runs one program against this SLURM to its end, with `env` on top of the test's own. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  killNode(name: 'n1' | 'n2'): void;
};

/**
 * Why no SLURM can be started here, or false; with CI=true it is required, and starting it then
 * reports what is missing.
 */
export function skipWithoutSlurm(): { skip: string | false } {
  if (process.env.CI === 'true') return { skip: false };
  const { status, stderr } = spawnSync(script, ['check'], { encoding: 'utf8' });
  return { skip: status === 0 ? false : stderr.trim() };
}

/** Starts a testbed that ends with the test file, or suite, that calls this. */
export function startTestbed(): Testbed {
  const testbed = bringUp();
  after(testbed.down);
  return testbed;
}

/** Starts a testbed; the caller takes it down. */
export function bringUp(): Testbed & { down(): void } {
  const work = temporaryFolder();
  const dir = join(work, 'testbed');
  const up = spawnSync(script, ['up', dir], { encoding: 'utf8' });
  const configuration = up.stdout.match(/^export SLURM_CONF=(.*)$/m)?.[1];
  const down = (): void => {
    if (configuration) spawnSync(script, ['down', dir], { stdio: 'inherit' });
    rmSync(work, { recursive: true });
  };
  if (!configuration) {
    down();
    throw new Error(`the testbed did not start: ${up.stderr}`);
  }
  return {
    dir,
    down,
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
