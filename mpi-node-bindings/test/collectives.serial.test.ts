/**
 * Blocking collectives against sums worked out by hand: every operation, every element type, every
 * root.
 */
import assert from 'node:assert/strict';
import { type Communicator, IN_PLACE, type Mpi, type NumericArray, Op } from '../index.ts';
import { inEveryWorld } from './harness.ts';

const TYPES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

type Maker = { new (length: number): NumericArray; from(values: Iterable<never>): NumericArray; name: string };

/** Small whole numbers as an array of any type. */
function make(type: (typeof TYPES)[number], values: readonly number[]): NumericArray {
  const elements: unknown[] = type.name.startsWith('Big') ? values.map(BigInt) : [...values];
  return (type as unknown as Maker).from(elements as never[]);
}

const numbers = (array: NumericArray): number[] => Array.from(array as ArrayLike<number | bigint>, Number);

/** What each rank contributes; small enough for every type's sum and product. */
const contribution = (rank: number): number[] => [rank + 1, 2, rank & 1, 5];

const EXPECTED: Readonly<Record<string, (a: number, b: number) => number>> = {
  SUM: (a, b) => a + b,
  PROD: (a, b) => a * b,
  MAX: (a, b) => Math.max(a, b),
  MIN: (a, b) => Math.min(a, b),
  LAND: (a, b) => Number(Boolean(a) && Boolean(b)),
  LOR: (a, b) => Number(Boolean(a) || Boolean(b)),
  LXOR: (a, b) => Number(Boolean(a) !== Boolean(b)),
  BAND: (a, b) => a & b,
  BOR: (a, b) => a | b,
  BXOR: (a, b) => a ^ b,
};

function reductions(comm: Communicator): void {
  for (const type of TYPES) {
    for (const [name, combine] of Object.entries(EXPECTED)) {
      const op = Op[name as keyof typeof Op];
      if (op >= Op.LAND && type.name.startsWith('Float')) continue;
      let expected = contribution(0);
      for (let rank = 1; rank < comm.size; rank++) {
        expected = expected.map((value, i) => combine(value, contribution(rank)[i]));
      }
      const send = make(type, contribution(comm.rank));
      const recv = new (type as unknown as Maker)(4);
      comm.allreduce(send, recv, op);
      assert.deepEqual(numbers(recv), expected, `allreduce ${name} ${type.name}`);
    }
  }
}

function roots(comm: Communicator): void {
  for (let root = 0; root < comm.size; root++) {
    const isRoot = comm.rank === root;
    const sum = isRoot ? new Float64Array(3) : null;
    comm.reduce(Float64Array.of(1, comm.rank, 0.5), sum, Op.SUM, root);
    if (sum) assert.deepEqual([...sum], [comm.size, (comm.size * (comm.size - 1)) / 2, comm.size / 2]);

    const own = Int32Array.of(comm.rank + 1);
    comm.reduce(isRoot ? IN_PLACE : own, isRoot ? own : null, Op.MAX, root);
    if (isRoot) assert.equal(own[0], comm.size);

    const data = isRoot ? Uint16Array.of(root, 1234) : new Uint16Array(2);
    comm.bcast(data, root);
    assert.deepEqual([...data], [root, 1234]);

    const all = isRoot ? new BigInt64Array(2 * comm.size) : null;
    comm.gather(BigInt64Array.of(BigInt(comm.rank), -1n), all, root);
    if (all)
      for (let r = 0; r < comm.size; r++) assert.deepEqual([...all.subarray(2 * r, 2 * r + 2)], [BigInt(r), -1n]);
  }
}

function gathers(comm: Communicator): void {
  const { rank, size } = comm;
  const everyone = new Int32Array(size * 2);
  comm.allgather(Int32Array.of(rank, rank * rank), everyone);
  for (let r = 0; r < size; r++) assert.deepEqual([...everyone.subarray(2 * r, 2 * r + 2)], [r, r * r]);

  const placed = new Int32Array(size);
  placed[rank] = 7 + rank;
  comm.allgather(IN_PLACE, placed);
  assert.deepEqual(
    [...placed],
    Array.from({ length: size }, (_, r) => 7 + r),
  );

  // Rank r contributes r + 1 elements, all equal to r; once without gaps, once in reverse order
  // with gaps, which must not change.
  const mine = new Float32Array(rank + 1).fill(rank);
  const counts = Array.from({ length: size }, (_, r) => r + 1);
  const total = (size * (size + 1)) / 2;
  const packed = rank === 0 ? new Float32Array(total) : null;
  comm.gatherv(mine, packed, rank === 0 ? counts : null);
  if (packed)
    assert.deepEqual(
      [...packed],
      counts.flatMap((count) => Array(count).fill(count - 1)),
    );

  const root = size - 1;
  const slots = counts.map((_, r) => (size - 1 - r) * (size + 1));
  const spread = rank === root ? new Float32Array(size * (size + 1)).fill(-1) : null;
  comm.gatherv(mine, spread, rank === root ? counts : null, rank === root ? slots : null, root);
  if (spread) {
    const expected = new Float32Array(spread.length).fill(-1);
    for (const [r, at] of slots.entries()) expected.fill(r, at, at + r + 1);
    assert.deepEqual(spread, expected);
  }
}

inEveryWorld(import.meta.url, (mpi: Mpi) => {
  const comm = mpi.world;
  comm.barrier();
  reductions(comm);
  roots(comm);
  gathers(comm);
  // Nothing to move is still a matched call.
  comm.allreduce(new Float64Array(0), new Float64Array(0), Op.SUM);
  comm.bcast(new Uint8Array(0));
});
