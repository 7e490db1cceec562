/**
 * Whole processes as contestants: wall-clock seconds from start to exit, or the processor seconds
 * of process and threads, which other load disturbs less. The shell's `times` tells those; Node
 * does not tell a child's.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../host/report/summary.ts';
import { temporaryFolder } from '../testing/temporary.ts';

export const COMMAND = fileURLToPath(new URL('../dist/larmor.js', import.meta.url));

export interface Ran {
  readonly wall: number;
  /** User and system seconds of all its threads. */
  readonly processor: number;
  readonly output: string;
}

/** @throws Error with what it wrote if it does not exit 0 */
export async function runNode(args: readonly string[], cwd?: string): Promise<Ran> {
  const script = '"$0" "$@"; s=$?; times >&2; exit $s';
  const begun = performance.now();
  // Where this names a file, Node parses all certificates there are before anything else: 20 to 70
  // ms that say nothing of Larmor.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn('bash', ['-c', script, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    cwd,
  });
  const texts = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')),
  );
  const [output, log] = texts as [string, string];
  const status = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  const wall = (performance.now() - begun) / 1e3;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${log}`);
  const last = log.trimEnd().split('\n').at(-1)!;
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  return { wall, processor: parts.reduce((sum, part) => sum + part, 0), output };
}

/** A folder for what the runs write, removed afterwards. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs `larmor simulate epi` on about `spins` spins of the built-in head. `read`: seconds of
 * `simulate` spent reading them.
 */
export async function simulateEpi(
  folder: string,
  spins: number,
  threads: number,
): Promise<Ran & { readonly phases: Summary['seconds']; readonly read: number; readonly spins: number }> {
  const voxel = HEAD_VOXEL * Math.sqrt(HEAD_SPINS / spins);
  const out = join(folder, `${spins}-${threads}-${performance.now()}.npy`);
  const settings = ['--set', `voxel=${voxel.toPrecision(6)}`, '--threads', String(threads)];
  const ran = await runNode([COMMAND, 'simulate', 'epi', 'head2d', ...settings, '--json', '-q', '-o', out]);
  const summary = JSON.parse(ran.output) as Pick<Summary, 'seconds' | 'spins' | 'perRank'>;
  return { ...ran, phases: summary.seconds, read: summary.perRank[0].seconds.read, spins: summary.spins };
}

/** The default head: voxel [m] and spins. */
const HEAD_VOXEL = 0.002;
const HEAD_SPINS = 6485;
