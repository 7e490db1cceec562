/**
 * Chains of jobs that are disturbed at random moments, by a kill or by a storm of the signals that
 * ask for a stop, and resumed until one gets through. What is counted: exit codes, work that was
 * lost, whether the result is that of an undisturbed job.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomNumbers } from '../../host/numerics/random.ts';
import {
  type Ended,
  type Family,
  kill,
  present,
  simulate,
  start,
  transcript,
  trapsStops,
} from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { tilesIn } from './lost-work.ts';

/** About a second of one thread. */
const JOB = ['epi', 'head3d', '--set', 'voxel=2.2e-3', '--exact', '--threads', '1', '-o', 'raw.npy'];
const STORM: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT'];
/** Disturbed starts of a chain; the one after them is left alone. */
const MOST_DISTURBED = 3;
const WATCHDOG = 20;
/**
 * Seconds from the first disturbance to the end of the job, on a machine that is busy with other
 * things.
 */
const END = { storm: 30, kill: 30 + WATCHDOG };
/**
 * The same if a rank is killed while it joins MPI, which may keep mpirun waiting: the watchdog
 * allows a minute for that.
 */
const END_JOINING = 90;

export interface Counts {
  chains: number;
  /** Exit codes of jobs in a storm of signals, of which all ranks had set their traps. */
  readonly storms: Record<string, number>;
  /**
   * Of jobs of which a rank was signalled before Node runs any script: nothing can be lost then.
   */
  readonly early: Record<string, number>;
  /** Of jobs of which a rank was killed. */
  readonly kills: Record<string, number>;
  slowestEnd: number;
}

/**
 * @param seed of the random moments: reported, so that a failure can be had again
 * @param report is told of each chain
 */
export async function runChains(count: number, seed: number, report: (line: string) => void): Promise<Counts> {
  const random = randomNumbers(seed);
  const counts: Counts = { chains: 0, storms: {}, early: {}, kills: {}, slowestEnd: 0 };
  const whole = await inFolder(async (cwd) => (await simulate(JOB, { cwd })).signalHash);
  for (let chain = 0; chain < count; chain++) {
    await inFolder(async (cwd) => {
      const starts: string[] = [];
      const args = [
        'simulate',
        ...JOB,
        '--checkpoint',
        'kept',
        '--checkpoint-interval',
        '0.2',
        '--resume',
        '--watchdog',
        `${WATCHDOG}`,
      ];
      for (let attempt = 0; ; attempt++) {
        const family = random() < 0.3 ? undefined : present[Math.floor(random() * present.length)];
        const disturbed = attempt < MOST_DISTURBED;
        const what = await startOne(args, family, cwd, disturbed, random, counts);
        starts.push(what);
        if (existsSync(join(cwd, 'kept/complete.json'))) break;
        assert.ok(disturbed, `an undisturbed job did not get through: ${starts.join(', ')}`);
      }
      const { signalHash } = JSON.parse(readFileSync(join(cwd, 'kept/complete.json'), 'utf8')) as {
        signalHash: string;
      };
      assert.equal(signalHash, whole, `chain ${chain} of seed ${seed}: ${starts.join(', ')}`);
      counts.chains++;
      report(`chain ${chain}: ${starts.join(', ')}`);
    });
  }
  return counts;
}

/** One job of a chain. @returns what it was and how it ended */
async function startOne(
  args: readonly string[],
  family: Family | undefined,
  cwd: string,
  disturbed: boolean,
  random: () => number,
  counts: Counts,
): Promise<string> {
  const path = join(cwd, 'kept/checkpoint.larmor');
  const before = existsSync(path) ? tilesIn(path) : 0;
  const ranks = family === undefined ? 1 : 2;
  const running = start(args, { family, ranks, cwd, limit: 120 });
  let over = false;
  void running.ended.then(() => {
    over = true;
  });
  const killing = disturbed && random() < 0.25;
  let first: number | undefined;
  let early = false;
  const interrupts = new Map<number, number>();
  if (disturbed) {
    await pause(random() < 0.2 ? 200 * random() : 300 + 2000 * random());
    const signals = killing ? 1 : 1 + Math.floor(6 * random());
    for (let n = 0; n < signals && !over; n++) {
      const pids = [...running.ranks().values()];
      const pid = pids[Math.floor(random() * pids.length)];
      const signal = killing ? 'SIGKILL' : STORM[Math.floor(random() * STORM.length)];
      if (pid !== undefined) {
        first ??= performance.now();
        early ||= !trapsStops(pid);
        if (signal === 'SIGINT') interrupts.set(pid, (interrupts.get(pid) ?? 0) + 1);
        kill(pid, signal);
      }
      await pause(random() < 0.5 ? 0 : 700 * random());
    }
  }
  const ended = await running.ended;
  const name = `${family ?? 'alone'} ${killing ? 'kill' : disturbed ? 'storm' : 'left alone'} → ${ended.code}`;
  const kept = existsSync(path) ? tilesIn(path) : 0;
  assert.ok(kept >= before, `${name}: ${kept} tiles in the checkpoint after ${before}\n${transcript(ended)}`);
  assert.doesNotMatch(ended.stderr, /internal error|\n\s+at /, transcript(ended));
  if (first === undefined) {
    assert.equal(ended.code, 0, transcript(ended));
    return name;
  }
  const took = (performance.now() - first) / 1e3;
  counts.slowestEnd = Math.max(counts.slowestEnd, took);
  const end = early ? END_JOINING : killing ? END.kill : END.storm;
  assert.ok(took < end, `${name}: ended ${took.toFixed(1)} s after the first signal\n${transcript(ended)}`);
  const kind = killing ? counts.kills : early ? counts.early : counts.storms;
  kind[String(ended.code)] = (kind[String(ended.code)] ?? 0) + 1;
  if (!killing && !early) assertStopped(ended, name, Math.max(0, ...interrupts.values()), kept);
  return early ? `${name} (early)` : name;
}

/** How a storm may end. */
function assertStopped(ended: Ended, name: string, interrupts: number, kept: number): void {
  if (ended.code === 75) {
    const done = /stopped by SIG\w+ after (\d+) of \d+ tiles, kept in kept/.exec(ended.stderr)?.[1];
    assert.equal(Number(done), kept, `${name}: what was reported is not what was kept\n${transcript(ended)}`);
  } else if (ended.code === 130)
    assert.ok(interrupts >= 2, `${name} after ${interrupts} interrupts\n${transcript(ended)}`);
  else assert.equal(ended.code, 0, transcript(ended));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
