/**
 * Every silly argument and the error it gets, before MPI is called: so the ranks that call it right
 * do not hang.
 */
import assert from 'node:assert/strict';
import { IN_PLACE, type Mpi, MpiError, type NumericArray, Op } from '../index.ts';
import { inEveryWorld } from './harness.ts';

inEveryWorld(import.meta.url, (mpi: Mpi) => {
  const { world } = mpi;
  const { rank, size } = world;
  const f64 = (n: number) => new Float64Array(n);
  /** As a JavaScript caller could pass it. */
  const anything = (value: unknown) => value as NumericArray;

  const cases: [string, RegExp, typeof TypeError | typeof RangeError, () => void][] = [
    ['a plain array', /numeric TypedArray, not Array/, TypeError, () => world.bcast(anything([1, 2]))],
    ['null', /not null/, TypeError, () => world.bcast(anything(null))],
    ['a DataView', /not DataView/, TypeError, () => world.send(anything(new DataView(new ArrayBuffer(8))), 0)],
    ['an ArrayBuffer', /not ArrayBuffer/, TypeError, () => world.isend(anything(new ArrayBuffer(8)), 0)],
    ['no receive array', /not undefined/, TypeError, () => world.allreduce(f64(1), anything(undefined), Op.SUM)],
    ['no receive array on the root', /not null/, TypeError, () => world.reduce(f64(1), null, Op.SUM, rank)],
    [
      'two types',
      /Float64Array.*Float32Array/,
      TypeError,
      () => world.allreduce<NumericArray>(f64(1), new Float32Array(1), Op.SUM),
    ],
    [
      'a short receive array',
      /has 2 elements, 3 will arrive/,
      RangeError,
      () => world.allreduce(f64(3), f64(2), Op.SUM),
    ],
    ['a short gather', /will arrive/, RangeError, () => world.allgather(f64(2), f64(2 * size - 1))],
    ['an indivisible gather', /do not divide/, RangeError, () => size > 1 && world.allgather(IN_PLACE, f64(size + 1))],
    ['overlap', /overlap/, RangeError, () => overlapping(f64(4))],
    ['counts that are too few', /one count per rank/, RangeError, () => world.gatherv(f64(0), f64(9), [], null, rank)],
    ['a negative count', /not negative/, RangeError, () => world.gatherv(f64(0), f64(9), ones(-1), null, rank)],
    ['a count past the end', /will arrive/, RangeError, () => world.gatherv(f64(9), f64(8), ones(9), null, rank)],
    [
      'another count for itself',
      /counts 1 for itself/,
      RangeError,
      () => world.gatherv(f64(2), f64(9), ones(1), null, rank),
    ],
    ['no operation', /not an operation/, TypeError, () => world.allreduce(f64(1), f64(1), 99 as Op)],
    ['a window operation', /not an operation/, TypeError, () => world.allreduce(f64(1), f64(1), Op.NO_OP)],
    ['bits of floats', /integer array/, TypeError, () => world.allreduce(f64(1), f64(1), Op.BXOR)],
    ['half a rank', /32-bit integer, not 0.5/, RangeError, () => world.bcast(f64(1), 0.5)],
    ['a tag beyond C', /32-bit integer/, RangeError, () => world.send(f64(1), 0, 2 ** 40)],
    ['a negative colour', /must not be negative/, RangeError, () => world.split(-3)],
    ['a type to split by', /'shared'/, TypeError, () => world.splitType('numa' as 'shared')],
    ['a window of half an element', /whole number/, RangeError, () => world.window(Float64Array, 0.5)],
  ];
  function overlapping(whole: Float64Array): void {
    world.allreduce(whole.subarray(0, 3), whole.subarray(1), Op.SUM);
  }
  function ones(value: number): number[] {
    return Array(size).fill(value);
  }

  for (const [what, message, type, call] of cases) {
    if (what === 'an indivisible gather' && size === 1) continue; // everything divides by one
    assert.throws(call, (error) => error instanceof type && message.test(error.message), what);
  }
  if (size > 1) {
    const notRoot = (rank + 1) % size;
    assert.throws(() => world.reduce(IN_PLACE, f64(1), Op.SUM, notRoot), /IN_PLACE is for the root/);
    assert.throws(() => world.gather(IN_PLACE, f64(size), notRoot), /IN_PLACE is for the root/);
  }

  // Two gigabytes of address space, of which not a byte is touched: C's int cannot count it.
  const huge = new Uint8Array(2 ** 31);
  assert.throws(() => world.bcast(huge), RangeError);
  assert.throws(() => world.isend(huge, 0), /2147483648 elements; MPI moves at most 2147483647 in one call: split it/);

  // A root that does not exist is for MPI to refuse.
  assert.throws(
    () => world.bcast(f64(1), size),
    (error) => error instanceof MpiError && /ROOT|RANK/.test(error.errorClass),
  );
  world.barrier(); // nothing of the above left a message behind
});
