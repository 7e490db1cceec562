/**
 * The world itself: who is in it, what is asked of the library, and what is left after finalize.
 */
import assert from 'node:assert/strict';
import { load, type Mpi } from '../index.ts';
import { inEveryWorld } from './harness.ts';

inEveryWorld(import.meta.url, (mpi: Mpi) => {
  const { world } = mpi;
  assert.ok(world.rank >= 0 && world.rank < world.size);
  assert.equal(load({ family: 'none' }), mpi, 'a second load gives the same world, whatever it asks for');
  assert.equal(mpi.initialized, true);
  assert.equal(mpi.finalized, false);
  assert.match(mpi.libraryVersion, { openmpi: /Open MPI/, mpich: /MPICH/, none: /one rank/ }[mpi.family]);
  assert.ok(mpi.processorName.length > 0);
  assert.notEqual(mpi.threadLevel, 'single', 'funneled was asked for');

  const before = mpi.wtime();
  const until = performance.now() + 20;
  while (performance.now() < until);
  const passed = mpi.wtime() - before;
  assert.ok(passed > 0.015 && passed < 5, `wtime counts seconds: 0.02 went by, it says ${passed}`);

  mpi.finalize();
  mpi.finalize(); // a second time is no error: cleanup code need not know
  assert.equal(mpi.finalized, true);
  assert.throws(() => world.barrier(), /after finalize/);
  assert.throws(() => world.isend(new Uint8Array(1), 0), /after finalize/);
});
