/**
 * What `bench/reduce.ts` runs under a launcher: Larmor's reduce and the loop in C in turns. A round
 * counts until the last rank is done, which in Larmor's case has also set its sums back to zero.
 * Rank 0 prints one JSON object.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Op } from 'mpi-node-bindings/index.ts';
import { joinCluster } from '../host/comm/ranks.ts';
import { reduceToRoot } from '../host/comm/reduce.ts';
import { inTurns, type Times } from './harness.ts';

/** MPI_Reduce of so many int64 from C's own memory, after a barrier; seconds. */
type Loops = { reduce(values: number): number };

const [folder, ...rounds] = process.argv.slice(2) as [string, ...string[]];
const cluster = await joinCluster(600);
const { mpi, world, rank, size } = cluster;
const loops: Loops = createRequire(import.meta.url)(join(folder, `bench-${mpi.family}.node`));

const untilAllAreDone = (seconds: number): number => {
  const most = new Float64Array(1);
  world.allreduce(Float64Array.of(seconds), most, Op.MAX);
  return most[0];
};
const sizes: [number, readonly Times[]][] = [];
for (const [n, samples] of [1e6, 1e7].entries()) {
  const sums = new BigInt64Array(new SharedArrayBuffer(16 * samples)).fill(BigInt(rank + 1));
  const larmor = async (): Promise<number> => {
    world.barrier();
    const start = mpi.wtime();
    await reduceToRoot(cluster, sums);
    return untilAllAreDone(mpi.wtime() - start);
  };
  const inC = (): number => untilAllAreDone(loops.reduce(2 * samples));
  const contestants = [
    { name: 'larmor', run: larmor },
    { name: 'C', run: inC },
  ];
  sizes.push([samples, await inTurns(contestants, Number(rounds[n]))]);
  const all = rank === 0 ? BigInt((size * (size + 1)) / 2) : 0n;
  if (!sums.every((sum) => sum === all)) throw new Error(`rank ${rank}: the reduce is wrong`);
}
if (rank === 0) console.log(JSON.stringify({ library: mpi.libraryVersion.split('\n')[0], sizes }));
await cluster.finalize();
