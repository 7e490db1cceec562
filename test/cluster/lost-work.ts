/**
 * What a kill costs: the work that a job's ranks did since their last checkpoint, told from
 * outside, by the checkpoint's age and by the processor time the ranks had since it appeared.
 * Either is an upper bound, and the lesser counts: of a machine that is busy with other things the
 * first grows without the second, of one that keeps the watching test waiting the second without
 * the first.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import type { Summary } from '../../host/report/summary.ts';
import type { Running } from '../../testing/launch.ts';

/**
 * Seconds beyond the interval that a rank may lose: a tile (10 ms), rank 0's turn of listening (40
 * ms), reduce and file (10 ms each), and the rest for a scheduler that gives one of two ranks less.
 */
const ALLOWED = 0.25;

/** Of /proc/PID/stat: `getconf CLK_TCK`, the same on all that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface WorkWatch {
  /** Checkpoints that this job has written so far. */
  readonly checkpoints: number;
  /**
   * Most that a kill at any moment since the first of them would have lost, this one included [s
   * per rank].
   */
  lost(): number;
  stop(): void;
}

/** @param path of the checkpoint; one that is there already is an earlier job's */
export function watchWork(running: Running, ranks: number, path: string): WorkWatch {
  let pids: readonly number[] = [];
  let written = ageOf(path)?.written;
  let checkpoints = 0;
  let worked = 0;
  /** Processor time when the checkpoint was last seen not to be there. */
  let workedBefore = 0;
  let lost = 0;
  const look = (): void => {
    const before = worked;
    if (pids.length < ranks) pids = [...running.ranks().values()];
    worked = pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
    const file = ageOf(path);
    if (file === undefined) return;
    if (file.written !== written) {
      written = file.written;
      workedBefore = before;
      checkpoints++;
    }
    if (checkpoints > 0) lost = Math.max(lost, Math.min((worked - workedBefore) / ranks, file.age));
  };
  const timer = setInterval(look, 10);
  return {
    get checkpoints() {
      return checkpoints;
    },
    lost() {
      look();
      return lost;
    },
    stop: () => clearInterval(timer),
  };
}

/** A kill loses no more than the work of one interval. @param lost s per rank */
export function assertWithinInterval(lost: number, interval: number): void {
  assert.ok(
    lost <= interval + ALLOWED,
    `a kill lost ${lost.toFixed(2)} s of each rank's work, at ${interval} s a checkpoint`,
  );
}

/** A resumed run begins with what the checkpoint holds, and does the rest once. */
export function assertResumes({ tiles, tilesResumed, perRank }: Summary, kept: number): void {
  assert.equal(tilesResumed, kept);
  assert.equal(
    perRank.reduce((sum, rank) => sum + rank.tiles, 0),
    tiles - kept,
  );
}

/** Tiles in a checkpoint, by its header (host/run/checkpoint.ts). */
export function tilesIn(path: string): number {
  const bytes = readFileSync(path);
  const { done } = JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))) as { done: [number, number][] };
  return done.reduce((sum, [, count]) => sum + count, 0);
}

function ageOf(path: string): { written: number; age: number } | undefined {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return written === undefined ? undefined : { written, age: (Date.now() - written) / 1e3 };
}

/** User and system time of all its threads [s]; 0 once it is gone. */
function processorSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
