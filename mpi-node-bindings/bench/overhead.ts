/**
 * Overhead of JavaScript: short calls, in which it dominates, and large reductions, in which it
 * should be negligible. C and JS alternate round by round in one process, so that a busy machine
 * affects both; medians. Two ranks.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Communicator, load, Op } from '../index.ts';

interface Loops {
  calls(which: number, times: number): number;
  reduce(n: number): number;
}

const mpi = load({ exactSizes: true });
const { world } = mpi;
const loops: Loops = createRequire(import.meta.url)(join(process.env.MPI_NODE_DIRECTORY!, `bench-${mpi.family}.node`));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Medians of both, measured alternately, and the median of the ratios of consecutive rounds. */
function compare(rounds: number, c: () => number, js: () => number): { c: number; js: number; ratio: number } {
  c();
  js();
  const pairs = Array.from({ length: rounds }, (_, i) => {
    if (i % 2 === 0) return { c: c(), js: js() };
    const first = js();
    return { js: first, c: c() };
  });
  return {
    c: median(pairs.map((pair) => pair.c)),
    js: median(pairs.map((pair) => pair.js)),
    ratio: median(pairs.map((pair) => pair.js / pair.c)),
  };
}

function print(what: string, { c, js, ratio }: { c: number; js: number; ratio: number }, unit: string): void {
  if (world.rank > 0) return;
  const cells = [what.padEnd(28), `C ${c.toFixed(2)} ${unit}`.padStart(14), `JS ${js.toFixed(2)} ${unit}`.padStart(15)];
  console.log(`  ${cells.join('  ')}   ratio ${ratio.toFixed(2)}   JS − C ${(js - c).toFixed(2)} ${unit}`);
}

function shortCalls(self: Communicator): void {
  const TIMES = 20_000;
  const one = new BigInt64Array(1);
  const sum = new BigInt64Array(1);
  const kinds: readonly [string, () => unknown][] = [
    ['iprobe', () => self.iprobe()],
    ['barrier of one rank', () => self.barrier()],
    ['allreduce of one, one rank', () => self.allreduce(one, sum, Op.SUM)],
  ];
  for (const [which, [name, call]] of kinds.entries()) {
    const js = (): number => {
      const start = mpi.wtime();
      for (let i = 0; i < TIMES; i++) call();
      return ((mpi.wtime() - start) / TIMES) * 1e6;
    };
    print(
      name,
      compare(15, () => (loops.calls(which, TIMES) / TIMES) * 1e6, js),
      'µs',
    );
  }
}

function largeReduce(n: number, rounds: number): void {
  // As a simulation has it: in memory that WASM threads share.
  const memory = new SharedArrayBuffer(16 * n);
  const send = new BigInt64Array(memory, 0, n).fill(1n);
  const recv = new BigInt64Array(memory, 8 * n, n).fill(1n);
  const receive = world.rank === 0 ? recv : null;
  const js = (): number => {
    world.barrier();
    const start = mpi.wtime();
    world.reduce(send, receive, Op.SUM);
    return (mpi.wtime() - start) * 1e3;
  };
  print(
    `reduce of ${n.toExponential(0)} int64`,
    compare(rounds, () => loops.reduce(n) * 1e3, js),
    'ms',
  );
}

if (world.rank === 0) console.log(`${mpi.libraryVersion.split('\n')[0]}, ${world.size} ranks`);
const self = world.split(world.rank)!;
if (world.rank === 0) shortCalls(self);
world.barrier();
largeReduce(1_000_000, 41);
largeReduce(10_000_000, 15);
self.free();
mpi.finalize();
