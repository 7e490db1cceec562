/**
 * Environment variables and the processors available to this process. No other file of the host
 * reads them; variables of MPI are read by mpi-node-bindings.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface Grant {
  /** Threads this process should use by default. */
  readonly threads: number;
  /** The reason for the limit, for messages. */
  readonly reason: string;
}

/**
 * Threads that scheduler, affinity mask, cgroup quota and physical cores leave to this process.
 * @param sharers processes of the run, this one included, that may use the same processors because
 *   they are not bound, and so share them
 */
export function grantedThreads(sharers = 1, environment: NodeJS.ProcessEnv = process.env): Grant {
  const cores = physicalCores(allowedCpus());
  const part = (cpus: number): number => Math.max(1, Math.floor(cpus / sharers));
  const among = sharers > 1 ? ` shared by ${sharers} ranks` : '';
  const grants: Grant[] = [{ threads: part(cores), reason: `${cores} physical cores in the affinity mask${among}` }];
  const slurm = cpusPerTask(environment);
  if (slurm !== undefined) grants.push({ threads: slurm, reason: `SLURM_CPUS_PER_TASK=${slurm}` });
  const quota = cgroupQuota();
  if (quota !== undefined) grants.push({ threads: part(quota), reason: `a cgroup quota of ${quota} CPUs${among}` });
  return grants.reduce((least, grant) => (grant.threads < least.threads ? grant : least));
}

/** CPUs per task requested from SLURM. */
export function cpusPerTask(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const count = Number(environment.SLURM_CPUS_PER_TASK);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

const UNIT_POWERS: Readonly<Record<string, number>> = { '': 0, K: 10, M: 20, G: 30, T: 40 };

/**
 * LARMOR_MEMORY in bytes (`8G`, `512M`): what inputs may take instead of the built-in limits;
 * undefined if not set.
 */
export function memoryLimit(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  return bytesIn(environment.LARMOR_MEMORY);
}

/**
 * LARMOR_SUMS in bytes: what the sums of a pass may take instead of 2 GiB, for tests of runs in
 * several passes; undefined if not set.
 */
export function sumsLimit(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  return bytesIn(environment.LARMOR_SUMS);
}

function bytesIn(text = ''): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * 2 ** UNIT_POWERS[unit!.toUpperCase()];
}

/** The SLURM job of this process, and how often the job was restarted. */
export function slurmJob(environment: NodeJS.ProcessEnv = process.env): { job: string; restart: number } | undefined {
  const { SLURM_JOB_ID: job, SLURM_RESTART_COUNT: restart } = environment;
  return job === undefined || job === '' ? undefined : { job, restart: Number(restart) || 0 };
}

/** A fault requested by a test: see `failpoints.ts`. */
export interface FailpointSetting {
  readonly action: FailpointAction;
  readonly location: string;
  readonly rank?: number;
}

const FAILPOINT_ACTIONS = [
  'never',
  'slow',
  'throw',
  'full',
  'exit',
  'stop',
  'kill',
  'lose',
  'nan',
  'overflow',
] as const;
export type FailpointAction = (typeof FAILPOINT_ACTIONS)[number];

/**
 * LARMOR_FAILPOINT=ACTION@PLACE[#RANK]: never (a promise that never settles), slow (two seconds
 * more), throw, full (a write fails), exit (the process or thread leaves), stop and kill (signals
 * to oneself), lose (a message, a spin), nan and overflow (values of a spin).
 */
export function failpointSetting(environment: NodeJS.ProcessEnv = process.env): FailpointSetting | undefined {
  const [, action, location, rank] = environment.LARMOR_FAILPOINT?.match(/^(\w+)@([^#]+)(?:#(\d+))?$/) ?? [];
  const known = FAILPOINT_ACTIONS.find((name) => name === action);
  if (known === undefined || location === undefined) return undefined;
  return { action: known, location, ...(rank === undefined ? {} : { rank: Number(rank) }) };
}

/** Variables by which schedulers and drivers assign GPUs to a process, most specific first. */
const DEVICE_VARIABLES = ['CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES', 'ZE_AFFINITY_MASK'];

/**
 * The GPUs assigned to this process, by name or number, and the variable; undefined if none is set.
 */
export function deviceBinding(
  environment: NodeJS.ProcessEnv = process.env,
): { readonly variable: string; readonly devices: readonly string[] } | undefined {
  for (const variable of DEVICE_VARIABLES) {
    const devices = (environment[variable] ?? '').split(',').filter((text) => text.trim() !== '');
    if (devices.length > 0) return { variable, devices: devices.map((text) => text.trim()) };
  }
  // With the suffix, Mesa's layer shows only this card to the process; without it, it only lists it
  // first.
  const card = environment.DRI_PRIME ?? '';
  return /^pci-.*!$/.test(card) ? { variable: 'DRI_PRIME', devices: [card] } : undefined;
}

/** Processors of the affinity mask; libuv's count where /proc does not say. */
export function allowedCpus(): readonly number[] {
  const line = readText('/proc/self/status')?.match(/^Cpus_allowed_list:\s*(.+)$/m)?.[1];
  if (line === undefined) return Array.from({ length: availableParallelism() }, (_, n) => n);
  return line.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
}

/**
 * Number of physical cores of these processors: hyperthreads of a core share its arithmetic units.
 */
function physicalCores(cpus: readonly number[]): number {
  const cores = new Set(
    cpus.map(
      (cpu) => readText(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`)?.trim() ?? `cpu ${cpu}`,
    ),
  );
  return Math.max(1, cores.size);
}

/** CPU quota of the cgroup (v2, else v1); Node 20 itself ignores it. */
function cgroupQuota(): number | undefined {
  const groups = readText('/proc/self/cgroup') ?? '';
  const v2 = groups.match(/^0::(.*)$/m)?.[1];
  const v1 = groups.match(/^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m)?.[1];
  const quotas: number[] = [];
  for (const path of ancestors(v2)) {
    const [quota, period] = (readText(`/sys/fs/cgroup${path}/cpu.max`) ?? '').trim().split(/\s+/).map(Number);
    if (quota! > 0 && period! > 0) quotas.push(quota! / period!);
  }
  for (const path of ancestors(v1)) {
    const quota = Number(readText(`/sys/fs/cgroup/cpu${path}/cpu.cfs_quota_us`) ?? -1);
    const period = Number(readText(`/sys/fs/cgroup/cpu${path}/cpu.cfs_period_us`) ?? 0);
    if (quota > 0 && period > 0) quotas.push(quota / period);
  }
  return quotas.length > 0 ? Math.min(...quotas) : undefined;
}

/** `/a/b` → `/a/b`, `/a`, ``: a quota anywhere above binds. */
function ancestors(path: string | undefined): string[] {
  if (path === undefined) return [];
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return Array.from({ length: parts.length + 1 }, (_, n) =>
    parts
      .slice(0, parts.length - n)
      .map((part) => `/${part}`)
      .join(''),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether the terminal says that it shows 24-bit colours. */
export function hasTrueColour(environment: NodeJS.ProcessEnv = process.env): boolean {
  return /^(truecolor|24bit)$/.test(environment.COLORTERM ?? '');
}
