/**
 * MPI jobs for tests and benchmarks: finds each family's launcher, bundles a program (so that ranks
 * start in a tenth of a second, and bundled use is what is tested), starts it, and collects what it
 * said.
 *
 * An MPI that is not installed is skipped aloud, and is a failure under CI=true.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Family } from '../index.ts';

export const BUILD = fileURLToPath(new URL('../build/', import.meta.url));

const everything = process.env.LARMOR_TESTS === 'all';
/**
 * MPICH busy-waits: with more ranks than cores each step takes a time slice, so two are all we ask
 * of it. Fewer ranks under a launcher are tested with `npm test -- --slow`, which sets
 * LARMOR_TESTS; one rank without MPI always is.
 */
export const RANKS: Readonly<Record<Family, readonly number[]>> = everything
  ? { openmpi: [1, 2, 3], mpich: [1, 2] }
  : { openmpi: [3], mpich: [2] };
export const FAMILIES = Object.keys(RANKS) as Family[];

const LAUNCHERS: Readonly<Record<Family, { names: readonly string[]; says: RegExp; options: readonly string[] }>> = {
  openmpi: { names: ['mpirun.openmpi', 'mpirun'], says: /Open MPI|OpenRTE/, options: ['--oversubscribe'] },
  mpich: { names: ['mpirun.mpich', 'mpiexec.hydra', 'mpirun'], says: /HYDRA/, options: [] },
};

/**
 * Settings under which two ranks of one machine talk as ranks of two machines do: over sockets or
 * queues, not memory.
 */
export const AS_TWO_MACHINES: Readonly<Record<Family, NodeJS.ProcessEnv>> = {
  openmpi: { OMPI_MCA_btl: 'self,tcp', OMPI_MCA_osc: '^sm' },
  mpich: { MPIR_CVAR_NOLOCAL: '1' },
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

function findLauncher(family: Family): string | null {
  const { names, says } = LAUNCHERS[family];
  return names.find((name) => says.test(spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout ?? '')) ?? null;
}

/** Whether this process is a rank of such a job. */
export const inJob = process.env.MPI_NODE_TEST !== undefined;
const found = Object.fromEntries(inJob ? [] : FAMILIES.map((family) => [family, findLauncher(family)]));

/** For node:test's `skip`: why a family cannot be tested here, or false. */
export function missing(family: Family): string | false {
  if (found[family] && existsSync(join(BUILD, `mpi-${family}.node`))) return false;
  const why = found[family] ? `mpi-${family}.node is not built` : `no launcher of ${family}`;
  assert.notEqual(process.env.CI, 'true', `${why}, and CI=true requires it`);
  return why;
}

const bundles = inJob ? '' : mkdtempSync(join(tmpdir(), 'mpi-node-test-'));
if (!inJob) process.on('exit', () => rmSync(bundles, { recursive: true, force: true }));

/** A self-contained program made of a TypeScript file. */
export async function bundle(url: string): Promise<string> {
  // not at the top: the bundles contain this file, and no esbuild
  const { build } = await import('esbuild');
  const entry = fileURLToPath(url);
  const outfile = join(bundles, `${basename(entry, '.ts')}.mjs`);
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', external: ['esbuild'] });
  return outfile;
}

/** Runs a command to its end; a hang counts as code null after `limit` seconds. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, limit = 30): Promise<Ended> {
  const started = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), limit * 1000);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/**
 * This process's environment without what would confuse a job: the test runner's channel, an outer
 * job's variables.
 */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !/^(NODE_TEST|OMPI_|PMI|SLURM_|MPI_NODE_)/.test(name));
  return {
    ...Object.fromEntries(ours),
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    MPI_NODE_TEST: '1',
    MPI_NODE_DIRECTORY: BUILD,
    ...extra,
  };
}

export interface LaunchOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What the launcher starts instead of Node, with Node as its arguments: `env NAME=value`. */
  readonly wrap?: readonly string[];
  readonly limit?: number;
}

/** Starts `ranks` processes of a bundled program with a family's own launcher. */
export function launch(
  family: Family,
  ranks: number,
  program: readonly string[],
  how: LaunchOptions = {},
): Promise<Ended> {
  const options = [...LAUNCHERS[family].options, '-np', String(ranks), ...(how.wrap ?? [])];
  return run(found[family]!, [...options, process.execPath, ...program], cleanEnvironment(how.env), how.limit);
}

/** The program run by itself, without a launcher. */
export function alone(program: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return run(process.execPath, program, cleanEnvironment(env));
}

/** Everything a failed job said, for the test's report. */
export function transcript(job: Ended): string {
  return `exit code ${job.code} after ${job.seconds.toFixed(1)} s\n${job.stdout}${job.stderr}`;
}
