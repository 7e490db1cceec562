/**
 * Messages round a ring, and what a receiver learns about them before and after. With one rank the
 * ring is itself.
 */
import assert from 'node:assert/strict';
import { ANY_SOURCE, ANY_TAG, type Mpi, MpiError, PROC_NULL } from '../index.ts';
import { inEveryWorld } from './harness.ts';

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  const { world } = mpi;
  const { rank, size } = world;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;

  assert.equal(world.iprobe(), undefined, 'nothing has been sent');
  world.barrier();
  const ring = world.isend(Float64Array.of(rank, 0.5, -1), right, 42);
  const waiting = world.probe(left, ANY_TAG, Float64Array);
  assert.deepEqual(waiting, { source: left, tag: 42, count: 3 });
  assert.equal(world.probe().count, 24, 'in bytes unless told the type');
  assert.equal(world.probe(left, 42, Float64Array).count, 3);
  assert.equal(world.iprobe(ANY_SOURCE, 41), undefined);
  const roomy = new Float64Array(5).fill(7);
  assert.deepEqual(world.recv(roomy, left, 42), { source: left, tag: 42, count: 3 });
  assert.deepEqual([...roomy], [left, 0.5, -1, 7, 7]);
  await ring.wait();

  // Blocking both ways, evens first: a blocking send to oneself would wait for ever under MPICH.
  if (size > 1) {
    const ball = Int32Array.of(rank);
    if (rank % 2 === 0 && rank < size - 1) {
      world.send(ball, rank + 1);
      assert.equal(world.recv(ball, rank + 1).count, 1);
      assert.equal(ball[0], rank + 1);
    } else if (rank % 2 === 1) {
      const other = new Int32Array(1);
      world.recv(other, rank - 1);
      world.send(ball, rank - 1);
      assert.equal(other[0], rank - 1);
    }
  }

  // Everybody to rank 0, received in whatever order they come.
  const report = world.isend(BigUint64Array.of(2n ** 63n + BigInt(rank)), 0, 100 + rank);
  if (rank === 0) {
    const seen = new Set<number>();
    for (let i = 0; i < size; i++) {
      const box = new BigUint64Array(1);
      const { source, tag } = world.recv(box);
      assert.equal(tag, 100 + source);
      assert.equal(box[0], 2n ** 63n + BigInt(source));
      seen.add(source);
    }
    assert.equal(seen.size, size);
  }
  await report.wait();
  world.barrier();

  assert.equal(world.recv(new Uint8Array(1), PROC_NULL).source, PROC_NULL);
  world.send(new Uint8Array(1), PROC_NULL);

  // MPI's own errors keep their class, and the job goes on after them.
  assert.throws(
    () => world.send(new Uint8Array(1), size),
    (error) => error instanceof MpiError && error.errorClass === 'MPI_ERR_RANK' && error.message.length > 10,
  );
  assert.throws(
    () => world.send(new Uint8Array(1), 0, -5),
    (error) => error instanceof MpiError && error.errorClass === 'MPI_ERR_TAG',
  );
  const long = world.isend(new Int32Array(4), right, 7);
  assert.throws(
    () => world.recv(new Int32Array(2), left, 7),
    (error) => error instanceof MpiError && error.errorClass === 'MPI_ERR_TRUNCATE',
  );
  await long.wait();
  world.barrier();
});
