/**
 * Where the bytes are: views over a shared WebAssembly.Memory are sent and received in place, also
 * after it has grown and while other threads hold it. And large counts: ten million exact 64-bit
 * sums in one call.
 */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { type Communicator, type Mpi, Op } from '../index.ts';
import { inEveryWorld } from './harness.ts';

async function sharedMemory(comm: Communicator): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 64, shared: true });
  const send = new BigInt64Array(memory.buffer, 1024, 16);
  memory.grow(32); // shared memory grows where it is: the old view stays good
  const recv = new BigInt64Array(memory.buffer, 20 * 65536, 16);

  // A worker fills what this thread then gives to MPI.
  const worker = new Worker(
    `const { workerData: { memory, value } } = require('node:worker_threads');
     new BigInt64Array(memory.buffer, 1024, 16).fill(value);`,
    { eval: true, workerData: { memory, value: 2n ** 61n + BigInt(comm.rank) } },
  );
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));

  comm.allreduce(send, recv, Op.MAX);
  assert.ok(recv.every((value) => value === 2n ** 61n + BigInt(comm.size - 1)));
  // Another view of the same bytes sees the result: it was written in place.
  assert.equal(new DataView(memory.buffer).getBigInt64(20 * 65536 + 15 * 8, true), 2n ** 61n + BigInt(comm.size - 1));
  await comm.iallreduce(send, recv, Op.MIN).wait();
  assert.ok(recv.every((value) => value === 2n ** 61n));

  // Neighbouring stretches of one memory are two arrays; overlapping ones are not.
  const whole = new Int32Array(new SharedArrayBuffer(64));
  comm.allreduce(whole.subarray(0, 8), whole.subarray(8), Op.SUM);
  assert.throws(() => comm.allreduce(whole.subarray(0, 8), whole.subarray(7, 15), Op.SUM), /overlap.*IN_PLACE/);
}

/**
 * An odd start makes unaligned bytes of a Uint8Array, and a small array lives on V8's heap until
 * MPI asks for it.
 */
function oddPlaces(comm: Communicator): void {
  const bytes = new Uint8Array(new ArrayBuffer(11), 3, 5).fill(comm.rank + 1);
  const largest = new Uint8Array(5);
  comm.allreduce(bytes, largest, Op.MAX);
  assert.ok(largest.every((value) => value === comm.size));
  const buffer = Buffer.alloc(4, comm.rank === 0 ? 'abcd' : undefined);
  comm.bcast(buffer);
  assert.equal(buffer.toString(), 'abcd');
}

function tenMillion(comm: Communicator): void {
  const n = 10_000_000;
  const send = new BigInt64Array(n);
  // not exact in a double
  for (let i = 0; i < n; i += 1000) send[i] = 2n ** 60n + BigInt(i) * BigInt(comm.rank + 1);
  const recv = new BigInt64Array(n);
  comm.allreduce(send, recv, Op.SUM);
  const weights = BigInt((comm.size * (comm.size + 1)) / 2);
  for (let i = 0; i < n; i += 1000) {
    if (recv[i] !== BigInt.asIntN(64, 2n ** 60n * BigInt(comm.size) + BigInt(i) * weights)) assert.fail(`element ${i}`);
  }
  assert.equal(recv[n - 1], 0n);
}

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  await sharedMemory(mpi.world);
  oddPlaces(mpi.world);
  tenMillion(mpi.world);
});
