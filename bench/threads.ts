/**
 * How two threads of one run scale against what the machine gives two independent processes: the
 * same spins once by one process with two threads, once by two processes of one thread that each
 * have half of them. Wall clock of the simulation alone, since two processes start twice.
 */
import { availableParallelism } from 'node:os';
import { inTurns, median, missing, type Row, ratioOf, type Times } from './harness.ts';
import { inScratch, simulateEpi } from './process.ts';

export async function* threadRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  const name = 'two threads, EPI';
  if (!wanted(name)) return;
  if (availableParallelism() < 2) return yield missing(name, 'one core');
  const spins = quick ? 1e5 : 1e6;
  yield* await inScratch(async (folder) => {
    const simulate = async (count: number, threads: number): Promise<number> =>
      (await simulateEpi(folder, count, threads)).phases.simulate;
    const [two, one, pair] = (await inTurns(
      [
        { name: '2 threads', run: () => simulate(spins, 2) },
        { name: '1 thread', run: () => simulate(spins, 1) },
        {
          name: '2 processes (ceiling)',
          run: async () => Math.max(...(await Promise.all([simulate(spins / 2, 1), simulate(spins / 2, 1)]))),
        },
      ],
      quick ? 3 : 9,
    )) as [Times, Times, Times];
    const row = {
      name: `${name}, ${spins.toExponential(0)} spins`,
      value: median(two.seconds),
      unit: 's, wall clock',
      error: null,
    };
    return [one, pair].map((times) => ({ ...row, against: times.name, ...ratioOf(two, times) }));
  });
}
