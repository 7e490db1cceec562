/**
 * Rank 1 draws tickets from a counter on rank 0, one-sided, while rank 0 first computes in
 * JavaScript and then awaits. Says as JSON how long the slowest ticket took, in ms. Started by
 * progress.serial.test.ts.
 */
import { load, Op } from '../../index.ts';

const BUSY = 300;

const mpi = load();
const { world } = mpi;
const window = world.window(BigInt64Array, world.rank === 0 ? 1 : 0);
const ticket = new BigInt64Array(1);

function slowest(tickets: number): number {
  let worst = 0;
  for (let i = 0; i < tickets; i++) {
    const start = performance.now();
    window.fetchAndOp(BigInt64Array.of(1n), ticket, 0, 0, Op.SUM);
    worst = Math.max(worst, performance.now() - start);
  }
  return worst;
}

world.barrier();
if (world.rank === 0) for (const end = performance.now() + BUSY; performance.now() < end; );
const whileBusy = world.rank === 1 ? slowest(3) : 0;
await world.ibarrier().wait();
const whileAwaiting = world.rank === 1 ? slowest(20) : 0;
await world.ibarrier().wait();
if (world.rank === 1)
  process.stdout.write(`${JSON.stringify({ BUSY, whileBusy, whileAwaiting, last: Number(ticket[0]) })}\n`);
window.free();
mpi.finalize();
