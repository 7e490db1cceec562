/**
 * Larmor jobs for tests and benchmarks: the built `larmor` under each family's launcher or alone,
 * what it said, and its ranks' process ids to send signals to. An MPI that is not installed is
 * skipped aloud, and is a failure under CI=true.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../host/report/summary.ts';

export const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
export const LARMOR = join(DIST, 'larmor.js');

export type Family = 'openmpi' | 'mpich';
export const FAMILIES: readonly Family[] = ['openmpi', 'mpich'];

const LAUNCHERS: Readonly<Record<Family, { names: readonly string[]; says: RegExp; options: readonly string[] }>> = {
  openmpi: {
    names: ['mpirun.openmpi', 'mpirun'],
    says: /Open MPI|OpenRTE/,
    options: ['--oversubscribe', '--bind-to', 'none'],
  },
  mpich: { names: ['mpirun.mpich', 'mpiexec.hydra', 'mpirun'], says: /HYDRA/, options: [] },
};

const found = Object.fromEntries(
  FAMILIES.map((family) => {
    const { names, says } = LAUNCHERS[family];
    return [family, names.find((name) => says.test(spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout ?? ''))];
  }),
);

/**
 * For node:test's `skip`: why a family cannot be tested here, or false. MPICH busy-waits, so it
 * gets no more ranks than cores.
 */
export function missing(family: Family, ranks = 1): string | false {
  if (family === 'mpich' && ranks > availableParallelism()) return 'MPICH is asked for no more ranks than cores';
  if (found[family] && existsSync(join(DIST, `mpi/mpi-${family}.node`))) return false;
  const why = found[family] ? `mpi-${family}.node is not built` : `no launcher of ${family}`;
  assert.notEqual(process.env.CI, 'true', `${why}, and CI=true requires it`);
  return why;
}

/**
 * Works through a list with two at a time: for jobs that wait more than they work, where no time is
 * measured.
 */
export async function twoAtATime<T>(list: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  const left = list.entries();
  const next = async (): Promise<void> => {
    for (const [index, one] of left) await work(one, index);
  };
  await Promise.all([next(), next()]);
}

/** Families that can be tested here. */
export const present = FAMILIES.filter((family) => !missing(family));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Running {
  /** Larmor processes that run now, by rank. */
  ranks(): Map<number, number>;
  readonly stderr: string;
  /** Process id of the launcher, or of Larmor itself without one. */
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export interface Launch {
  /** Default: none, one rank without MPI. */
  readonly family?: Family | undefined;
  readonly ranks?: number;
  readonly cwd: string;
  /** Other programs or arguments for the last rank, so that it differs from the others. */
  readonly odd?: { readonly larmor?: string; readonly args?: readonly string[] };
  /** A program that starts each rank: its command follows as arguments. */
  readonly wrapper?: string;
  /** On top of this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of Larmor: another program that joins the cluster. */
  readonly program?: string;
  /** Seconds after which a hang is ended; it counts as exit code null. */
  readonly limit?: number;
}

export function start(args: readonly string[], launch: Launch): Running {
  const { family, ranks = 1, cwd, odd, limit = 90 } = launch;
  const node = [...(launch.wrapper === undefined ? [] : [launch.wrapper]), process.execPath];
  const one = [...node, launch.program ?? LARMOR, ...args];
  let command = one;
  if (family !== undefined) {
    const { options } = LAUNCHERS[family];
    const alike = odd === undefined ? ranks : ranks - 1;
    const other = [...node, odd?.larmor ?? LARMOR, ...(odd?.args ?? args)];
    const second = odd === undefined ? [] : [':', '-np', '1', ...other];
    command = [found[family]!, ...options, '-np', String(alike), ...one, ...second];
  }
  const started = performance.now();
  const env = { ...environment(), ...launch.environment };
  const child = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => {
    for (const pid of larmorsBelow(child.pid!).values()) kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
  }, limit * 1e3);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...said, seconds: (performance.now() - started) / 1e3 });
    });
  });
  return {
    ranks: () => larmorsBelow(child.pid!),
    get stderr() {
      return said.stderr;
    },
    pid: child.pid!,
    ended,
  };
}

export function run(args: readonly string[], launch: Launch): Promise<Ended> {
  return start(args, launch).ended;
}

/** Runs `larmor simulate --json` to its end and reads what it reports. */
export async function simulate(args: readonly string[], launch: Launch): Promise<Summary> {
  const ended = await run(['simulate', ...args, '--json', '-q'], launch);
  assert.equal(ended.code, 0, transcript(ended));
  return JSON.parse(ended.stdout) as Summary;
}

/** Everything a job said, for a failed test's report. */
export function transcript({ code, seconds, stdout, stderr }: Ended): string {
  return `exit code ${code} after ${seconds.toFixed(1)} s\n${stdout}${stderr}`;
}

/** The lines that Larmor wrote, without those of launchers and without informational ones. */
export function errorsIn({ stderr }: Ended): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('larmor: ') && !line.startsWith('larmor: warning'));
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was quicker.
  }
}

/** Until `done`, asking every few milliseconds. */
export async function until(what: string, done: () => boolean, seconds = 30): Promise<void> {
  const end = performance.now() + 1e3 * seconds;
  while (!done()) {
    assert.ok(performance.now() < end, `waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Whether a Larmor has set its traps: that for SIGUSR2 is the last, and Node itself catches the
 * signals that end a process.
 */
export function trapsStops(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`))?.[1];
  // Without it the process is gone.
  return mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGUSR2 - 1)) & 1n) === 1n;
}

/** Process ids of the Larmors anywhere on this machine that were given these variables. */
export function larmorsWith(variables: Readonly<Record<string, string>>): number[] {
  const wanted = Object.entries(variables).map(([name, value]) => `\0${name}=${value}\0`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isLarmor(Number(name)))
    .filter((name) => {
      const environ = `\0${read(`/proc/${name}/environ`)}`;
      return wanted.every((text) => environ.includes(text));
    })
    .map(Number);
}

/**
 * The environment without variables that would confuse a job: the test runner's channel, and those
 * of an outer job.
 */
function environment(): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !/^(NODE_TEST|OMPI_|PMI|SLURM_|MPI_NODE_)/.test(name));
  return {
    ...Object.fromEntries(ours),
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
    MPI_NODE_DIRECTORY: join(DIST, 'mpi'),
  };
}

/**
 * Process ids of the Larmors among the descendants of a process, by their rank (0 without a
 * launcher).
 */
function larmorsBelow(ancestor: number): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length > 1 && fields[0] !== 'Z') parents.set(Number(name), Number(fields[1]));
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === ancestor || isBelow(parents.get(pid)));
  const ranks = new Map<number, number>();
  for (const pid of parents.keys()) {
    if (!isBelow(pid) || !isLarmor(pid)) continue;
    const rank = read(`/proc/${pid}/environ`).match(/(?:^|\0)(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)/)?.[1] ?? '0';
    ranks.set(Number(rank), pid);
  }
  return ranks;
}

/** Whether a process is Larmor, by its file or by its name on PATH. */
function isLarmor(pid: number): boolean {
  return /(^|\/)larmor(\.js)?$/.test(read(`/proc/${pid}/cmdline`).split('\0')[1] ?? '');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
