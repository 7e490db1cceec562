/**
 * `npm run same-bits`: one table of signalHash and the sha256 of the samples for every way to
 * spread a job: {1, 2, 3, 4 ranks} × {1, 2 threads} × {static, dynamic} × {Open MPI, MPICH at no
 * more ranks than cores}, by `srun` over two nodes, with --tolerance, and killed in between and
 * resumed on another number of ranks. Exits 1 unless all rows of a job are equal.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../host/report/summary.ts';
import { type Family, kill, LARMOR, missing, present, simulate, start, until } from '../testing/launch.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { bringUp, skipWithoutSlurm, type Testbed } from '../testing/testbed.ts';

const cwd = temporaryFolder();
/** 64 tiles; tiles of that size with a tolerance too, where larger ones would be chosen. */
const JOB = ['epi', 'head3d', '-o', 'raw.npy'];
const TOLERANT = [...JOB, '--tolerance', '1e-3', '--tile', '1000'];
/** Long enough to be killed: 299 tiles. */
const LONG = ['epi', 'head3d', '--set', 'voxel=1.5e-3', '-o', 'raw.npy'];
const SCHEDULES = ['static', 'dynamic'];

let equal = true;

/** Part of the table: rows of one job, which all have the bits of the first. */
function part(title: string): (what: readonly unknown[], summary: Summary) => void {
  console.log(`\n${title}`);
  let expected: string | undefined;
  return (what, { signalHash, perRank, tilesResumed }) => {
    const file = createHash('sha256')
      .update(readFileSync(join(cwd, 'raw.npy')))
      .digest('hex');
    rmSync(join(cwd, 'raw.npy'));
    const bits = `${signalHash.slice(0, 16)}  ${file.slice(0, 16)}`;
    expected ??= bits;
    equal &&= bits === expected;
    const tiles = perRank.map((rank) => rank.tiles).join(' + ');
    const resumed = tilesResumed > 0 ? ` (${tilesResumed} before)` : '';
    const cells = what.map((cell) => String(cell).padEnd(12)).join('');
    console.log(`${cells}${bits}  ${bits === expected ? 'equal' : 'DIFFERS'}  ${tiles}${resumed}`);
  };
}

/** All ways to spread a job that need no scheduler. */
async function spread(job: readonly string[], tell: ReturnType<typeof part>): Promise<void> {
  for (const threads of [1, 2])
    tell(['none', 1, threads, 'static'], await simulate([...job, '--threads', `${threads}`], { cwd }));
  for (const family of present) {
    for (const ranks of [1, 2, 3, 4].filter((count) => !missing(family, count))) {
      for (const threads of [1, 2]) {
        for (const schedule of SCHEDULES) {
          const args = [...job, '--threads', `${threads}`, '--schedule', schedule];
          tell([family, ranks, threads, schedule], await simulate(args, { family, ranks, cwd }));
        }
      }
    }
  }
}

/** By `srun`, over two nodes of a SLURM that is up for it. */
async function overNodes(job: readonly string[], tell: ReturnType<typeof part>, slurm: Testbed): Promise<void> {
  const plugins: Readonly<Record<Family, string>> = { openmpi: 'pmix', mpich: 'pmi2' };
  const root = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  for (const family of present) {
    for (const [perNode, threads] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      if (missing(family, 2 * perNode)) continue;
      for (const schedule of SCHEDULES) {
        const nodes = [
          '-N2',
          `--ntasks-per-node=${perNode}`,
          '-c',
          `${threads}`,
          `--mpi=${plugins[family]}`,
          '-D',
          cwd,
        ];
        const larmor = [process.execPath, LARMOR, 'simulate', ...job, '--json', '-q'];
        const options = ['--threads', `${threads}`, '--schedule', schedule];
        const { code, stdout, stderr } = await slurm.run('srun', [...nodes, ...larmor, ...options], root);
        if (code !== 0) throw new Error(`srun ended with ${code}\n${stderr}`);
        const summary = JSON.parse(stdout) as Summary;
        const hosts = new Set(summary.perRank.map(({ host }) => host)).size;
        tell([`srun ${plugins[family]}`, `${2 * perNode}, ${hosts} nodes`, threads, schedule], summary);
      }
    }
  }
}

/** A rank is killed after the first checkpoint. */
async function killed(family: Family, ranks: number, then: number, tell: ReturnType<typeof part>): Promise<void> {
  const args = [...LONG, '--checkpoint', 'kept', '--checkpoint-interval', '0.3'];
  const running = start(['simulate', ...args], { family, ranks, cwd });
  await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint.larmor')));
  kill(running.ranks().get(ranks - 1)!, 'SIGKILL');
  await running.ended;
  const launch = then === 1 ? { cwd } : { family, ranks: then, cwd };
  tell([family, `${ranks} → ${then}`, 'killed', 'resumed'], await simulate([...args, '--resume'], launch));
  rmSync(join(cwd, 'kept'), { recursive: true });
}

let slurm: ReturnType<typeof bringUp> | undefined;
try {
  const columns = ['launcher', 'ranks', 'threads', 'schedule'].map((name) => name.padEnd(12)).join('');
  console.log(`${columns}${'signalHash'.padEnd(18)}${'sha256 of raw.npy'.padEnd(25)}tiles per rank`);
  const { skip } = skipWithoutSlurm();
  if (skip === false) slurm = bringUp();
  for (const [name, job] of [
    ['exact forms', JOB],
    ['--tolerance 1e-3', TOLERANT],
  ] as const) {
    const tell = part(`${name}: ${job.join(' ')}`);
    await spread(job, tell);
    if (slurm !== undefined) await overNodes(job, tell, slurm);
    else console.log(`srun: SKIPPED, no SLURM can be brought up here: ${skip}`);
  }
  const tell = part(`a rank killed, then resumed: ${LONG.join(' ')}`);
  tell(['none', 1, 2, 'static'], await simulate([...LONG, '--threads', '2'], { cwd }));
  for (const family of present) {
    for (const [ranks, then] of [
      [2, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      if (!missing(family, Math.max(ranks, then))) await killed(family, ranks, then, tell);
    }
  }
} finally {
  slurm?.down();
  rmSync(cwd, { recursive: true });
}
console.log(equal ? '\nall equal' : '\nTHEY DIFFER');
process.exitCode = equal ? 0 : 1;
