/**
 * Nonblocking operations: right sums with many in flight, promises that leave the event loop free,
 * orderly endings.
 */
import assert from 'node:assert/strict';
import { type Communicator, IN_PLACE, type Mpi, MpiError, Op, type Request } from '../index.ts';
import { inEveryWorld } from './harness.ts';

/**
 * Sixty collectives at once, awaited last first: MPI matches them by the order they were started
 * in.
 */
async function manyInFlight(comm: Communicator): Promise<void> {
  const { rank, size } = comm;
  const all: { request: Request; check(): void }[] = [];
  for (let i = 0; i < 20; i++) {
    const root = i % size;
    const ranks = (size * (size - 1)) / 2;

    const sum = new BigInt64Array(100);
    const summed = comm.iallreduce(new BigInt64Array(100).fill(BigInt(rank + i)), sum, Op.SUM);
    all.push({ request: summed, check: () => assert.equal(sum[99], BigInt(ranks + i * size), `iallreduce ${i}`) });

    const most = rank === root ? new Float32Array(1) : null;
    const reduced = comm.ireduce(Float32Array.of(rank * 10 + i), most, Op.MAX, root);
    all.push({ request: reduced, check: () => assert.equal(most?.[0] ?? -1, most ? (size - 1) * 10 + i : -1) });

    const word = Uint32Array.of(rank === root ? 1000 + i : 0);
    all.push({ request: comm.ibcast(word, root), check: () => assert.equal(word[0], 1000 + i) });
  }
  for (const { request, check } of all.reverse()) {
    await request.wait();
    check();
    assert.equal(request.test(), true, 'a request that is done stays done');
  }
  const own = Int8Array.of(1);
  await comm.iallreduce(IN_PLACE, own, Op.SUM).wait();
  assert.equal(own[0], size);
}

/** While rank 0 is late, the others' timers go on ticking. */
async function eventLoopStaysFree(comm: Communicator): Promise<void> {
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  // Long enough for a machine that is busy with other things.
  if (comm.rank === 0) await new Promise((resolve) => setTimeout(resolve, 600));
  await comm.ibarrier().wait();
  clearInterval(ticking);
  if (comm.size > 1) assert.ok(ticks >= 8, `only ${ticks} ticks of 5 ms in 600 ms`);
}

async function messages(mpi: Mpi): Promise<void> {
  const comm = mpi.world;
  const { rank, size } = comm;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  const box = new Float64Array(200_000); // too large to be sent eagerly
  const receive = comm.irecv(box, left, 3);
  assert.equal(receive.status, undefined);
  const send = comm.isend(new Float64Array(199_999).fill(rank + 0.25), right, 3);
  await Promise.all([receive.wait(), send.wait(), receive.wait()]); // two may wait for one
  assert.deepEqual(receive.status, { source: left, tag: 3, count: 199_999 });
  assert.deepEqual([box[0], box[199_998], box[199_999]], [left + 0.25, left + 0.25, 0]);

  // An error arrives as a rejection. (Open MPI 4 cuts a message to oneself short without a word.)
  if (mpi.family === 'openmpi' && size === 1) return;
  const small = comm.irecv(new Int32Array(1), left, 4);
  const large = comm.isend(new Int32Array(3), right, 4);
  await assert.rejects(small.wait(), (error) => error instanceof MpiError && error.errorClass === 'MPI_ERR_TRUNCATE');
  await large.wait();
}

/**
 * A program that is about to finalize with a receive still open is told so, and can take it back.
 */
async function openReceive(mpi: Mpi): Promise<void> {
  const never = mpi.world.irecv(new Uint8Array(1), 0, 99);
  assert.equal(never.test(), false);
  if (mpi.family !== 'none') assert.throws(() => mpi.finalize(), /1 nonblocking operations are not done/);
  never.cancel();
  await never.wait();
}

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  await manyInFlight(mpi.world);
  await eventLoopStaysFree(mpi.world);
  await messages(mpi);
  await openReceive(mpi);
});
