/**
 * What surrounds the kernels: how long the command takes to start, do the default job and write it,
 * and small things, against a Node that does nothing; and which part of a run on 10⁶ spins is not
 * kernels, by what the run itself says of its time.
 */
import { join } from 'node:path';
import { inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { COMMAND, inScratch, runNode, simulateEpi } from './process.ts';

export async function* startRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  if (wanted('start-up: larmor simulate')) yield* await startUp(quick ? 3 : 15);
  if (wanted('start-up: small commands')) yield* await smallCommands(quick ? 3 : 15);
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

const SMALL = [
  '--version',
  'info gre',
  'plan',
  'simulate fid column -q -o signal.npy',
  'reconstruct raw.mrd -q -o image.png',
];

/** Processor time of commands that compute little. */
function smallCommands(rounds: number): Promise<Row[]> {
  return inScratch(async (cwd) => {
    const contestant = (name: string, args: readonly string[]) => ({
      name,
      run: async () => (await runNode(args, cwd)).processor,
    });
    await runNode([COMMAND, 'simulate', '-q', '-o', 'raw.mrd'], cwd);
    const [node, ...commands] = (await inTurns(
      [contestant('node', ['-e', '0']), ...SMALL.map((line) => contestant(line, [COMMAND, ...line.split(' ')]))],
      rounds,
    )) as [Times, ...Times[]];
    return commands.map((times): Row => {
      const { ratio, spread } = ratioOf(node, times);
      const name = `start-up: larmor ${times.name.split(' ').slice(0, 2).join(' ')}`;
      return {
        name,
        value: median(times.seconds),
        unit: 's',
        against: 'node -e 0, longer',
        ratio,
        spread,
        error: null,
      };
    });
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
