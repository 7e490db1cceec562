/**
 * One-sided counters, and the other way of dealing out work: request and reply. Both need the
 * dealer's JS thread inside MPI now and then (README, "One-sided"), which awaiting anything does;
 * here worker threads compute meanwhile.
 */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { type Communicator, type Mpi, type NumericArray, Op } from '../index.ts';
import { inEveryWorld } from './harness.ts';

const EACH = 300;

/** All ranks draw tickets from rank 0's counter; together they must draw every one exactly once. */
async function tickets(comm: Communicator): Promise<void> {
  const window = comm.window(BigInt64Array, comm.rank === 0 ? 2 : 0);
  const mine = new BigInt64Array(EACH);
  for (let i = 0; i < EACH; i++) window.fetchAndOp(BigInt64Array.of(1n), mine.subarray(i, i + 1), 0, 1, Op.SUM);
  await comm.ibarrier().wait();
  const all = new BigInt64Array(EACH * comm.size);
  comm.allgather(mine, all);
  assert.deepEqual(
    all.sort(),
    BigInt64Array.from(all.keys(), (key) => BigInt(key)),
  );
  const untouched = BigInt64Array.of(-1n);
  window.fetchAndOp(BigInt64Array.of(5n), untouched, 0, 0, Op.NO_OP);
  assert.equal(untouched[0], 0n);
  window.free();
  assert.throws(() => window.free(), /window was freed/);
}

/** Other types and operations, on everybody's own part and then the neighbour's. */
function operations(comm: Communicator): void {
  const window = comm.window<NumericArray>(Int32Array, 3);
  const { rank, size } = comm;
  const step = (value: number, op: Op, at = 2): number => {
    const result = new Int32Array(1);
    window.fetchAndOp(Int32Array.of(value), result, rank, at, op);
    return result[0];
  };
  const before = [
    [6, Op.SUM],
    [3, Op.MAX],
    [7, Op.MIN],
    [4, Op.BXOR],
    [5, Op.PROD],
    [12, Op.BAND],
    [3, Op.BOR],
    [0, Op.LAND],
    [9, Op.LOR],
    [1, Op.LXOR],
    [-8, Op.REPLACE],
    [1, Op.NO_OP],
  ] as const;
  const seen = before.map(([value, op]) => step(value, op));
  assert.deepEqual(seen, [0, 6, 6, 6, 2, 10, 8, 11, 0, 1, 0, -8]);
  assert.equal(step(2 ** 31 - 1, Op.REPLACE), -8);
  step(1, Op.SUM);
  assert.equal(step(0, Op.NO_OP), -(2 ** 31), 'wraps round, as C does');
  comm.barrier();

  const fetch = (origin: NumericArray, target: number, at: number) => () =>
    window.fetchAndOp(origin, new Int32Array(1), target, at, Op.SUM);
  assert.throws(fetch(new Int32Array(1), rank, 3), RangeError);
  assert.throws(fetch(new Int32Array(1), rank, -1), RangeError);
  assert.throws(fetch(new Int32Array(1), size, 0), RangeError);
  assert.throws(fetch(new Int32Array(0), rank, 0), RangeError);
  assert.throws(fetch(new Float64Array(1), rank, 0), TypeError);
  window.free();
}

/** Rank 0 deals while its own worker computes; the others ask for one ticket at a time. */
async function requestAndReply(comm: Communicator): Promise<void> {
  const { rank, size } = comm;
  const REQUEST = 1;
  const REPLY = 2;
  if (rank === 0) {
    const computing = new Worker('for (const end = Date.now() + 60e3; Date.now() < end;);', { eval: true });
    let next = 0;
    let leaving = size - 1;
    const box = new Int32Array(1);
    while (leaving > 0) {
      const request = comm.irecv(box, undefined, REQUEST);
      await request.wait();
      const ticket = next < EACH ? next++ : -1;
      if (ticket < 0) leaving--;
      comm.send(Int32Array.of(ticket), request.status!.source, REPLY);
    }
    await computing.terminate();
  } else {
    let last = -1;
    for (;;) {
      const reply = new Int32Array(1);
      const arrives = comm.irecv(reply, 0, REPLY);
      comm.send(Int32Array.of(rank), 0, REQUEST);
      await arrives.wait();
      if (reply[0] < 0) break;
      assert.ok(reply[0] > last, 'tickets only go up');
      last = reply[0];
    }
  }
  comm.barrier();
}

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  await tickets(mpi.world);
  operations(mpi.world);
  await requestAndReply(mpi.world);
});
