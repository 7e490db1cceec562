/**
 * Work distribution by rank 0: how long rank 1 waits for one ticket, by a one-sided counter and by
 * request and reply, while rank 0's JS thread is busy, or awaits something while worker threads
 * compute.
 */
import { Worker } from 'node:worker_threads';
import { load, Op } from '../index.ts';

const mpi = load();
const { world } = mpi;
const REQUEST = 1;
const REPLY = 2;
const MS = 400;

/** Rank 1 draws for so long; its waits, sorted, in ms. */
function drawFor(duration: number, draw: () => void): number[] {
  const waits: number[] = [];
  for (const end = performance.now() + duration; performance.now() < end; ) {
    const start = performance.now();
    draw();
    waits.push(performance.now() - start);
  }
  return waits.sort((a, b) => a - b);
}

function report(what: string, waits: readonly number[]): void {
  const [middle, worst] = [waits[waits.length >> 1], waits.at(-1)!];
  const cells = [`median ${(middle * 1e3).toFixed(1)} µs`.padStart(18), `worst ${worst.toFixed(1)} ms`.padStart(16)];
  console.log(`  ${what.padEnd(46)}${cells.join('')}   ${waits.length} tickets`);
}

async function oneSided(what: string, dealer: () => Promise<void>): Promise<void> {
  const window = world.window(BigInt64Array, world.rank === 0 ? 1 : 0);
  const one = BigInt64Array.of(1n);
  const ticket = new BigInt64Array(1);
  world.barrier();
  if (world.rank === 0) await dealer();
  else
    report(
      what,
      drawFor(MS, () => window.fetchAndOp(one, ticket, 0, 0, Op.SUM)),
    );
  await world.ibarrier().wait();
  window.free();
}

async function requestReply(what: string): Promise<void> {
  const box = new Int32Array(1);
  world.barrier();
  if (world.rank === 0) {
    for (let next = 0; ; next++) {
      const request = world.irecv(box, undefined, REQUEST);
      await request.wait();
      if (box[0] < 0) break;
      world.send(Int32Array.of(next), request.status!.source, REPLY);
    }
  } else {
    const draw = (): void => {
      world.send(Int32Array.of(1), 0, REQUEST);
      world.recv(box, 0, REPLY);
    };
    report(what, drawFor(MS, draw));
    const rarely = Array.from({ length: 20 }, () => {
      // longer than the dealer polls eagerly, as a tile's computation is
      const until = performance.now() + 25;
      while (performance.now() < until);
      const start = performance.now();
      draw();
      return performance.now() - start;
    });
    report(
      `${what}, every 25 ms`,
      rarely.sort((a, b) => a - b),
    );
    world.send(Int32Array.of(-1), 0, REQUEST);
  }
  await world.ibarrier().wait();
}

async function busy(): Promise<void> {
  for (const end = performance.now() + MS / 2; performance.now() < end; );
}

if (world.rank === 0) console.log(`${mpi.libraryVersion.split('\n')[0]}, ${process.env.BENCH_TRANSPORT}`);
await oneSided('one-sided, rank 0 busy in JS for 200 ms', busy);
await oneSided('one-sided, rank 0 awaiting', async () => {});
await requestReply('request and reply, rank 0 awaiting');
const worker = world.rank === 0 && new Worker('for (;;);', { eval: true });
await requestReply('the same, and a worker of rank 0 computing');
if (worker) await worker.terminate();
mpi.finalize();
