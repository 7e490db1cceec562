/** Communicators made from others: groups, order within them, and that a freed one is refused. */
import assert from 'node:assert/strict';
import { type Mpi, Op } from '../index.ts';
import { inEveryWorld } from './harness.ts';

inEveryWorld(import.meta.url, (mpi: Mpi) => {
  const { world } = mpi;
  const { rank, size } = world;

  // Evens and odds, each in reversed order.
  const half = world.split(rank % 2, -rank)!;
  const members = Array.from({ length: size }, (_, r) => r).filter((r) => r % 2 === rank % 2);
  assert.equal(half.size, members.length);
  assert.equal(half.rank, members.length - 1 - members.indexOf(rank));
  const sum = new Int32Array(1);
  half.allreduce(Int32Array.of(rank), sum, Op.SUM);
  assert.equal(
    sum[0],
    members.reduce((a, b) => a + b, 0),
  );
  half.free();
  assert.throws(() => half.barrier(), /communicator was freed/);
  assert.throws(() => half.free(), /communicator was freed/);

  const last = world.split(rank === size - 1 ? 5 : null);
  if (rank === size - 1) {
    assert.equal(last?.size, 1);
    last?.free();
  } else assert.equal(last, null);

  const node = world.splitType('shared'); // all ranks of these tests are on one machine
  assert.deepEqual([node.rank, node.size], [rank, size]);
  node.free();

  // Messages of a duplicate are its own: a tag of the original does not match.
  const copy = world.dup();
  const note = copy.isend(Uint8Array.of(9), rank, 1);
  assert.equal(world.iprobe(rank, 1), undefined);
  assert.equal(copy.probe(rank, 1).count, 1);
  copy.recv(new Uint8Array(1), rank, 1);
  while (!note.test());
  copy.free();

  // Handles are reused; a thousand come and go.
  for (let i = 0; i < 1000; i++) world.dup().free();
});
