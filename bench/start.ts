/**
 * What surrounds the kernels: how long the command takes to start, do the default job and write it, against a Node that does
 * nothing; and which part of a run on 10⁶ spins is not kernels. The kernels' own time is that of the same run on a phantom that
 * costs nothing to read, in this process.
 */
import { join } from 'node:path';
import type { PhantomSource } from '../host/phantom/types.ts';
import { engineFor } from '../test/support/run.ts';
import { epi, randomSpins, timelineOf } from './cases.ts';
import { inProcess, inTurns, median, type Row, ratioOf, spreadOf, type Times } from './harness.ts';
import { COMMAND, inScratch, runNode, simulateEpi } from './process.ts';

export async function startRows(wanted: (name: string) => boolean, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  if (wanted('start-up: larmor simulate')) rows.push(...(await startUp(quick ? 3 : 15)));
  if (wanted('all but kernels, EPI, 10⁶ spins')) rows.push(await besidesKernels(quick ? 1e5 : 1e6, quick ? 3 : 5));
  return rows;
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

/** A run's processor time against that of its kernels, as a share of it. */
function besidesKernels(spins: number, rounds: number): Promise<Row> {
  return inScratch(async (folder) => {
    const made = (await simulateEpi(folder, spins, 1)).spins;
    const { engine, plan } = await engineFor(timelineOf(epi()), idlePhantom(made));
    const times = await inTurns(
      [
        { name: 'run', run: async () => (await simulateEpi(folder, spins, 1)).processor },
        inProcess('kernels', () => engine.run(0, plan.tileCount)),
      ],
      rounds,
    );
    await engine.close();
    const [run, kernels] = times as [Times, Times];
    const shares = run.seconds.map((seconds, round) => 1 - kernels.seconds[round]! / seconds);
    const name = 'all but kernels, EPI, 10⁶ spins'.replace('10⁶', made.toExponential(1));
    return {
      name,
      value: 100 * median(shares),
      unit: '% of the run',
      against: null,
      ratio: null,
      spread: spreadOf(shares),
      error: null,
    };
  });
}

/** A phantom whose tiles all hold the same spins, written once into each slot that comes along. */
function idlePhantom(spinCount: number): PhantomSource {
  const spins = randomSpins(4096);
  const done = new WeakSet<object>();
  const read: PhantomSource['read'] = (_, count, into) => {
    if (done.has(into)) return;
    done.add(into);
    for (const key of Object.keys(spins) as (keyof typeof spins)[]) into[key].set(spins[key].subarray(0, count));
  };
  const bounds = {
    maxDensity: 1,
    min: [-0.1, -0.1, -0.0025],
    max: [0.1, 0.1, 0.0025],
    maxOffResonance: 2 * Math.PI * 50,
    minT1: 0.5,
    minT2: 0.04,
  } as const;
  return { name: 'idle', spinCount, B0: 1.5, bounds, identity: 'idle', residentBytes: 0, read, close: () => {} };
}
