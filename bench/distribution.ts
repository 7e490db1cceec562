/**
 * What ranks and threads add: 2 ranks × 1 thread and 1 rank × 2 threads over 1 × 1, each also as a
 * share of the machine's ceiling in the same round: two independent processes of one thread, which
 * share nothing but the machine.
 *
 *     node --import tsx bench/distribution.ts [--voxel 0.75e-3] [--rounds 5]
 *         [--family openmpi|mpich]
 *
 * The voxel size of the phantom sets how long it takes: 0.75e-3 m is 10⁷ spins, some 30 s of one
 * thread. Wall clock: from start to end of the processes, and of the simulation alone.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Family, missing, present, simulate } from '../testing/launch.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { median, spreadOf } from './harness.ts';

const { values } = parseArgs({
  options: {
    voxel: { type: 'string', default: '0.75e-3' },
    rounds: { type: 'string', default: '5' },
    family: { type: 'string' },
  },
});
const families = values.family === undefined ? present : [values.family as Family];
const rounds = Number(values.rounds);
const cwd = temporaryFolder();

interface Seconds {
  readonly whole: number;
  readonly simulate: number;
}

async function timed(
  threads: number,
  output: string,
  family?: Family,
  ranks = 1,
  schedule = 'static',
): Promise<Seconds> {
  const begun = performance.now();
  const args = ['epi', 'head3d', '--set', `voxel=${values.voxel}`, '--threads', `${threads}`, '-o', output];
  const launch = { cwd, family, ranks, limit: 3600 };
  const { seconds } = await simulate([...args, '--schedule', schedule], launch);
  return { whole: (performance.now() - begun) / 1e3, simulate: seconds.simulate };
}

/** Both at once; the later end counts. */
async function pair(): Promise<Seconds> {
  const [a, b] = await Promise.all([timed(1, 'a.npy'), timed(1, 'b.npy')]);
  return { whole: Math.max(a.whole, b.whole), simulate: Math.max(a.simulate, b.simulate) };
}

const contestants: [string, () => Promise<Seconds>][] = [
  ['1 rank × 1 thread', () => timed(1, 'raw.npy')],
  ['two independent processes', pair],
  ['1 rank × 2 threads', () => timed(2, 'raw.npy')],
  ...families
    .filter((family) => !missing(family, 2))
    .flatMap((family) =>
      ['static', 'dynamic'].map((schedule): [string, () => Promise<Seconds>] => [
        `2 ranks × 1 thread, ${schedule}, ${family}`,
        () => timed(1, 'raw.npy', family, 2, schedule),
      ]),
    ),
];
try {
  const times = contestants.map((): Seconds[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [n, [, run]] of contestants.entries()) times[n].push(await run());
  }
  const row = (cells: readonly string[]): string => cells.map((c, n) => (n ? c.padStart(11) : c.padEnd(34))).join('');
  for (const phase of ['whole', 'simulate'] as const) {
    console.log(
      row([
        `${phase === 'whole' ? 'whole process' : 'simulation alone'}, ${rounds} rounds`,
        'median s',
        '± %',
        'speed-up',
        'of ceiling',
      ]),
    );
    const of = (n: number): number[] => times[n].map((seconds) => seconds[phase]);
    contestants.forEach(([name], n) => {
      // Two processes do the work twice.
      const work = n === 1 ? 2 : 1;
      const speedUps = of(n).map((seconds, round) => (work * of(0)[round]) / seconds);
      const shares = of(n).map((seconds, round) => (work * of(1)[round]) / 2 / seconds);
      const cells = [median(of(n)).toFixed(2), (100 * spreadOf(of(n))).toFixed(0), median(speedUps).toFixed(3)];
      console.log(row([name, ...cells, n < 1 ? '' : median(shares).toFixed(3)]));
    });
    console.log();
  }
} finally {
  rmSync(cwd, { recursive: true });
}
