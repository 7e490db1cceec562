/**
 * Lock on a checkpoint folder: one job at a time. A file, created under a temporary name and linked
 * (atomic over NFS too), that names its holder. The lock of a killed job stays, so a job that finds
 * one checks whether the holder is alive:
 *
 * - on the same host and boot, by process id and start time;
 * - an earlier start of the same SLURM job has ended, on whatever host it ran;
 * - on another host, by the age of the file: the holder renews it every ten seconds, and counts as
 *   dead after a minute without renewal. Times are taken from the file server, so clocks need not
 *   agree.
 */
import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { slurmJob } from '../base/environment.ts';
import { cannotWrite } from '../base/errors.ts';
import { removeFile } from '../base/files.ts';
import { info } from '../base/log.ts';

const NAME = 'lock';
const RENEW_MS = 10_000;
const SILENT_MS = 60_000;
/** Between two checks of a lock of another host. */
const LOOK_MS = 1000;

interface Holder {
  readonly host: string;
  /** Boot of the host and namespace of process ids: the scope of a process id. */
  readonly system: string;
  readonly pid: number;
  /** Start of the process, in clock ticks since boot: process ids are reused. */
  readonly started: string;
  readonly since: string;
  readonly slurm?: { readonly job: string; readonly restart: number };
}

/**
 * Creates the folder if necessary and takes its lock, which is held until the process exits.
 * @throws LarmorError 73 if it cannot be created, or another job holds it
 */
export async function lockFolder(folder: string): Promise<void> {
  const path = join(folder, NAME);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, (error as Error).message, 'name another folder with --checkpoint');
  }
  const own = describeSelf();
  for (;;) {
    const mine = `${path}.${own.host}.${own.pid}`;
    try {
      writeWhole(mine, JSON.stringify(own));
      linkSync(mine, path);
      holdLock(path, own);
      return;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw cannotWrite(path, message, 'name another folder with --checkpoint');
    } finally {
      removeFile(mine);
    }
    await removeDeadLock(path, own, folder);
  }
}

function writeWhole(path: string, text: string): void {
  removeFile(path);
  const fd = openSync(path, 'wx');
  writeSync(fd, text);
  closeSync(fd);
}

/** Renews the lock until the process exits, and removes it then. */
function holdLock(path: string, own: Holder): void {
  const text = JSON.stringify(own);
  const holds = (): boolean => read(path) === text;
  setInterval(() => {
    // A write sets the file server's time; `utimes` would set this host's.
    if (holds()) overwrite(path, text);
  }, RENEW_MS).unref();
  process.on('exit', () => {
    if (holds()) removeFile(path);
  });
}

function overwrite(path: string, text: string): void {
  try {
    const fd = openSync(path, 'r+');
    writeSync(fd, text, 0);
    closeSync(fd);
  } catch {
    // A full disk or a lost mount: the run continues, and its next checkpoint will report it.
  }
}

/** Returns when the lock is gone. @throws LarmorError 73 if its holder is alive */
async function removeDeadLock(path: string, own: Holder, folder: string): Promise<void> {
  const text = read(path);
  if (text === undefined) return;
  const holder = parse(text);
  const alive = holder === undefined ? undefined : isAlive(holder, own);
  if (alive === true || (alive === undefined && !(await fellSilent(path, own)))) {
    const who = holder === undefined ? 'another job' : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
    throw cannotWrite(folder, `is in use by ${who}`, 'wait for its end, or name another folder with --checkpoint');
  }
  // The first job to rename it removes it. If the renamed file is another job's new lock by then,
  // it is put back.
  const taken = `${path}.${own.host}.${own.pid}.dead`;
  try {
    renameSync(path, taken);
  } catch {
    return;
  }
  try {
    if (read(taken) !== text) linkSync(taken, path);
  } catch {
    // Another job has locked it meanwhile.
  } finally {
    removeFile(taken);
  }
}

/** Whether the holder is alive; undefined if that cannot be determined from this host. */
function isAlive(holder: Holder, own: Holder): boolean | undefined {
  if (holder.system === own.system) return startOf(holder.pid) === holder.started;
  if (holder.slurm !== undefined && holder.slurm.job === own.slurm?.job && holder.slurm.restart < own.slurm.restart)
    return false;
  return undefined;
}

/**
 * Waits until the lock has not been renewed for a minute.
 * @returns false as soon as it is renewed
 */
async function fellSilent(path: string, own: Holder): Promise<boolean> {
  const first = ageOf(path, own);
  if (first === undefined || first.age > SILENT_MS) return true;
  info(`${path}: locked by a run on another host; waiting up to ${SILENT_MS / 1e3} s to see whether that run is alive`);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = ageOf(path, own);
    if (now === undefined || now.age > SILENT_MS) return true;
    if (now.written !== first.written) return false;
  }
}

/**
 * Milliseconds since the file was written, by the clock of the file server: that of a file written
 * now.
 */
function ageOf(path: string, own: Holder): { readonly age: number; readonly written: number } | undefined {
  const probe = `${path}.${own.host}.${own.pid}.time`;
  try {
    const written = statSync(path).mtimeMs;
    const fd = openSync(probe, 'w');
    try {
      writeSync(fd, '.');
      return { age: fstatSync(fd).mtimeMs - written, written };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  } finally {
    removeFile(probe);
  }
}

function describeSelf(): Holder {
  const slurm = slurmJob();
  return {
    host: hostname(),
    system: [hostname(), read('/proc/sys/kernel/random/boot_id')?.trim(), namespace()].join(' '),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    since: new Date().toISOString(),
    ...(slurm === undefined ? {} : { slurm }),
  };
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat; undefined if there is no such process, or only a zombie. */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function parse(text: string): Holder | undefined {
  try {
    const { host, system, pid, started, since, slurm } = JSON.parse(text) as Holder;
    if (![host, system, started, since].every((value) => typeof value === 'string')) return undefined;
    if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
    return { host, system, pid, started, since, ...(typeof slurm?.job === 'string' ? { slurm } : {}) };
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
