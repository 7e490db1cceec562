/**
 * What surrounds the kernels: how long the command takes to start, do the default job and write it, against a Node that does
 * nothing; and which part of a run on 10⁶ spins is not kernels, by what the run itself says of its time.
 */
import { join } from 'node:path';
import { inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { COMMAND, inScratch, runNode, simulateEpi } from './process.ts';

export async function* startRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  if (wanted('start-up: larmor simulate')) yield* await startUp(quick ? 3 : 15);
  if (wanted('all but kernels, EPI, 10⁶ spins')) yield await besidesKernels(quick ? 1e5 : 1e6, quick ? 3 : 5);
}

/** Wall clock and processor time of the same runs; how many times as long as `node -e 0`. */
function startUp(rounds: number): Promise<Row[]> {
  return inScratch(async (folder) => {
    const processor: Record<'larmor' | 'node', number[]> = { larmor: [], node: [] };
    const contestant = (name: 'larmor' | 'node', args: readonly string[]) => ({
      name,
      async run() {
        const ran = await runNode(args);
        processor[name].push(ran.processor);
        return ran.wall;
      },
    });
    const [larmor, node] = (await inTurns(
      [
        contestant('larmor', [COMMAND, 'simulate', '-q', '-o', join(folder, 'raw.mrd')]),
        contestant('node', ['-e', '0']),
      ],
      rounds,
    )) as [Times, Times];
    const row = (name: string, unit: string, mine: Times, theirs: Times): Row => {
      const { ratio, spread } = ratioOf(theirs, mine);
      return { name, value: median(mine.seconds), unit, against: 'node -e 0, longer', ratio, spread, error: null };
    };
    const warm = (name: 'larmor' | 'node'): Times => ({ name, seconds: processor[name].slice(1) });
    return [
      row('start-up: larmor simulate', 's, wall clock', larmor, node),
      row('start-up: larmor simulate, processor', 's', warm('larmor'), warm('node')),
    ];
  });
}

/** The part of a run's processor time in which its one thread was not in the kernels. */
function besidesKernels(spins: number, rounds: number): Promise<Row> {
  return inScratch(async (folder) => {
    const shares: number[] = [];
    let made = 0;
    for (let round = 0; round <= rounds; round++) {
      const { processor, phases, read, ...run } = await simulateEpi(folder, spins, 1);
      if (round > 0) shares.push(1 - (phases.simulate - read) / processor);
      made = run.spins;
    }
    return {
      name: 'all but kernels, EPI, 10⁶ spins'.replace('10⁶', made.toExponential(1)),
      value: 100 * median(shares),
      unit: '% of the run',
      against: null,
      ratio: null,
      spread: spreadOf(shares),
      error: null,
    };
  });
}
