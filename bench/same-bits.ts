/**
 * `npm run same-bits`: one table of signalHash and the output file's sha256 for every way to spread a job: {1, 2, 3, 4 ranks} ×
 * {1, 2 threads} × {static, dynamic} × {Open MPI, MPICH at no more ranks than cores}, and killed in between and resumed on another
 * number of ranks. Exits 1 unless all are equal.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../host/report/summary.ts';
import { type Family, kill, missing, present, simulate, start, until } from '../test/cluster/launch.ts';

const cwd = mkdtempSync(join(tmpdir(), 'larmor-same-bits-'));
/** 64 tiles. */
const JOB = ['epi', 'head3d', '-o', 'raw.mrd'];
/** Long enough to be killed: 299 tiles. */
const LONG = ['epi', 'head3d', '--set', 'voxel=1.5e-3', '-o', 'raw.mrd'];

let equal = true;
const expected = new Map<string, string>();

function tell(group: string, what: readonly unknown[], { signalHash, perRank, tilesResumed }: Summary): void {
  const file = createHash('sha256')
    .update(readFileSync(join(cwd, 'raw.mrd')))
    .digest('hex');
  const bits = `${signalHash.slice(0, 16)}  ${file.slice(0, 16)}`;
  const first = expected.get(group) ?? bits;
  expected.set(group, first);
  equal &&= bits === first;
  const tiles = perRank.map((rank) => rank.tiles).join(' + ');
  const resumed = tilesResumed > 0 ? ` (${tilesResumed} before)` : '';
  const cells = what.map((cell) => String(cell).padEnd(9)).join('');
  console.log(`${cells}${bits}  ${bits === first ? 'equal' : 'DIFFERS'}  ${tiles}${resumed}`);
}

async function killed(family: Family, ranks: number, then: number): Promise<void> {
  const args = [...LONG, '--checkpoint', 'kept', '--checkpoint-interval', '0.3'];
  const running = start(['simulate', ...args], { family, ranks, cwd });
  await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint.larmor')));
  kill(running.ranks().get(ranks - 1)!, 'SIGKILL');
  await running.ended;
  const launch = then === 1 ? { cwd } : { family, ranks: then, cwd };
  tell('long', [family, `${ranks} → ${then}`, 'killed', 'resumed'], await simulate([...args, '--resume'], launch));
  rmSync(join(cwd, 'kept'), { recursive: true });
}

try {
  console.log(`${'MPI      ranks    threads  schedule signalHash'.padEnd(54)}sha256 of raw.mrd         tiles per rank`);
  for (const threads of [1, 2])
    tell('short', ['none', 1, threads, 'static'], await simulate([...JOB, '--threads', `${threads}`], { cwd }));
  for (const family of present) {
    for (const ranks of [1, 2, 3, 4].filter((count) => !missing(family, count))) {
      for (const threads of [1, 2]) {
        for (const schedule of ['static', 'dynamic']) {
          const args = [...JOB, '--threads', `${threads}`, '--schedule', schedule];
          tell('short', [family, ranks, threads, schedule], await simulate(args, { family, ranks, cwd }));
        }
      }
    }
  }
  tell('long', ['none', 1, 2, 'static'], await simulate([...LONG, '--threads', '2'], { cwd }));
  for (const family of present) {
    for (const [ranks, then] of [
      [2, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      if (!missing(family, Math.max(ranks, then))) await killed(family, ranks, then);
    }
  }
} finally {
  rmSync(cwd, { recursive: true });
}
console.log(equal ? '\nall equal' : '\nTHEY DIFFER');
process.exitCode = equal ? 0 : 1;
