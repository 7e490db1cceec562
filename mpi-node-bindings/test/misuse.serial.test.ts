/**
 * Programs that use the package wrongly, by mistake or on purpose: each misuse is a JavaScript
 * error, under every MPI, and the job goes on. Most of them once ended in a segmentation fault, a
 * heap overflow, or a wrong result without a word.
 */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import {
  ANY_SOURCE,
  type Communicator,
  IN_PLACE,
  type Mpi,
  MpiError,
  type NumericArray,
  Op,
  PROC_NULL,
  type Request,
} from '../index.ts';
import { inEveryWorld } from './harness.ts';

/** As a JavaScript caller could pass it. */
// biome-ignore lint/suspicious/noExplicitAny: wrong types are the subject
const any = (value: unknown): any => value;
/** The world of one rank in JS, where collectives are over before anything can be taken away. */
let single = false;
const f64 = (n: number): Float64Array => new Float64Array(n);

/**
 * Takes the bytes away from an array, as posting it to a worker would, and overwrites them where
 * they are now.
 */
function transfer(array: Float64Array): void {
  const { buffer } = array;
  new Uint8Array(structuredClone(buffer, { transfer: [buffer] })).fill(0xaa);
}

const isMpiError = (errorClass: string) => (error: unknown) =>
  error instanceof MpiError && error.errorClass === errorClass;

/** Arrays whose memory goes away while MPI works on it. */
async function pendingArrays(comm: Communicator): Promise<void> {
  const { rank, size } = comm;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  // Once small enough to be sent eagerly, once not.
  for (const n of [4, 200_000]) {
    const taken = f64(n);
    const receive = comm.irecv(taken, left, 1);
    transfer(taken);
    await comm.isend(f64(n).fill(rank), right, 1).wait();
    await assert.rejects(receive.wait(), /array (was|is) detached/);
    await assert.rejects(receive.wait(), /array (was|is) detached/, 'to everybody who waits');
    assert.throws(() => receive.test(), /array (was|is) detached/);

    // What is sent are the bytes that were there when the call was made.
    const sent = f64(n).fill(rank + 0.5);
    const box = f64(n);
    const arrives = comm.irecv(box, left, 2);
    const leaves = comm.isend(sent, right, 2);
    transfer(sent);
    await Promise.all([arrives.wait(), leaves.wait()]);
    assert.ok(box.every((value) => value === left + 0.5));

    const results: [string, Float64Array, Request][] = [];
    const sum = f64(n);
    results.push(['iallreduce', sum, comm.iallreduce(f64(n).fill(1), sum, Op.SUM)]);
    const own = f64(n);
    results.push(['iallreduce IN_PLACE', own, comm.iallreduce(IN_PLACE, own, Op.SUM)]);
    for (let root = 0; root < size; root++) {
      const max = f64(n);
      const reduced = comm.ireduce(f64(n), max, Op.MAX, root);
      const word = f64(n);
      const cast = comm.ibcast(word, root);
      if (rank === root) {
        results.push(['ireduce', max, reduced]);
        transfer(word); // sent: the root does not need it any more
        await cast.wait();
      } else {
        results.push(['ibcast', word, cast]);
        await reduced.wait();
      }
    }
    for (const [, array] of results) transfer(array);
    for (const [what, , request] of results) {
      if (single) await request.wait();
      else await assert.rejects(request.wait(), /detached/, what);
    }
  }

  // Memory of WebAssembly that is not shared leaves its old arrays behind when it grows.
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4000 });
  const view = new Float64Array(memory.buffer, 64, 100);
  const grown = comm.irecv(view, left, 3);
  memory.grow(2000);
  await comm.isend(f64(100), right, 3).wait();
  await assert.rejects(grown.wait(), /array (was|is) detached/);
  comm.barrier();
}

/**
 * Messages longer than the array that waits for them: an error, and not a byte past the array's
 * end.
 */
async function tooLong({ world: comm, family }: Mpi): Promise<void> {
  const { rank, size } = comm;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  for (const bytes of [3, 5000, 100_000, 1 << 20, 1 << 23]) {
    // Open MPI 4 cuts a short message to oneself without a word.
    if (family === 'openmpi' && size === 1 && bytes === 3) continue;
    for (const memory of [new ArrayBuffer(1 << 16), new SharedArrayBuffer(1 << 16)]) {
      const around = new Uint8Array(memory);
      const early = comm.irecv(new Uint8Array(memory, 4096, 2), left, 8);
      comm.barrier();
      const message = comm.isend(new Uint8Array(bytes).fill(0xff), right, 8);
      await assert.rejects(early.wait(), isMpiError('MPI_ERR_TRUNCATE'), `${bytes} bytes into 2`);
      await message.wait();
      const second = comm.isend(new Uint8Array(bytes).fill(0xff), right, 9);
      assert.throws(() => comm.recv(new Uint8Array(memory, 4096, 2), left, 9), isMpiError('MPI_ERR_TRUNCATE'));
      await second.wait();
      around.fill(0, 4096, 4098);
      assert.ok(
        around.every((byte) => byte === 0),
        `${bytes} bytes: written outside the array`,
      );
    }
  }
  comm.barrier();
}

/** Arrays that are not what they seem. */
function arrays(comm: Communicator): void {
  const { rank, size } = comm;
  class Liar extends Float64Array {
    override get length(): number {
      return 100_000;
    }
    override get byteLength(): number {
      return 800_000;
    }
  }
  const defined = f64(4);
  for (const name of ['length', 'byteLength', 'byteOffset', 'BYTES_PER_ELEMENT', 'buffer', 'constructor']) {
    Object.defineProperty(defined, name, { value: 100_000 });
  }
  Object.defineProperty(defined, Symbol.toStringTag, { value: 'Uint8Array' });
  for (const liar of [new Liar(4), defined]) {
    assert.throws(() => comm.allreduce(f64(100_000), liar, Op.SUM), /has 4 elements, 100000 will arrive/);
    assert.throws(() => comm.iallreduce(f64(5), liar, Op.SUM), /has 4 elements, 5 will arrive/);
    assert.throws(() => comm.allgather(f64(100), liar), /will arrive/);
    assert.throws(() => comm.gatherv(f64(5), liar, Array(size).fill(5), null, rank), /has 4 elements/);
    assert.throws(() => comm.allreduce<NumericArray>(new Uint8Array(4), liar, Op.SUM), /receive array Float64Array/);
    comm.allreduce(Float64Array.of(1, 2, 3, rank), liar, Op.SUM);
    assert.equal(liar[2], 3 * size);
  }
  const fake = Object.setPrototypeOf({}, Uint8Array.prototype);
  for (const value of [fake, new Proxy(f64(1), {}), new DataView(new ArrayBuffer(8)), {}, 'text', 7, undefined]) {
    assert.throws(() => comm.bcast(any(value)), /must be a numeric TypedArray/);
  }

  const resizable = new Float64Array(new (any(ArrayBuffer))(64, { maxByteLength: 1024 }));
  const growable = new Float64Array(new (any(SharedArrayBuffer))(64, { maxByteLength: 1024 }));
  const gone = f64(8);
  transfer(gone);
  for (const [array, says] of [
    [resizable, /can be resized/],
    [growable, /can be resized/],
    [gone, /is detached/],
  ] as const) {
    for (const call of [
      () => comm.bcast(array, rank),
      () => comm.send(array, PROC_NULL),
      () => comm.recv(array, PROC_NULL),
      () => comm.isend(array, rank),
      () => comm.irecv(array, rank),
      () => comm.allreduce(array, f64(8), Op.SUM),
      () => comm.allreduce(f64(8), array, Op.SUM),
      () => comm.iallreduce(IN_PLACE, array, Op.SUM),
      () => comm.reduce(array, f64(8), Op.SUM, rank),
      () => comm.ireduce(f64(8), array, Op.SUM, rank),
      () => comm.gather(array, f64(8 * size), rank),
      () => comm.gatherv(f64(1), array, Array(size).fill(1), null, rank),
      () => comm.allgather(IN_PLACE, array),
      () => comm.ibcast(array, rank),
    ]) {
      assert.throws(call, (error) => error instanceof TypeError && says.test(error.message), String(call));
    }
  }

  // Two arrays over one shared memory that have no buffer object in common.
  if (!single) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const before = new Float64Array(memory.buffer, 0, 8);
    memory.grow(1);
    const after = new Float64Array(memory.buffer, 32, 8);
    assert.throws(() => comm.allreduce(before, after, Op.SUM), /overlap/);
    assert.throws(() => comm.iallreduce(before, after, Op.SUM), /overlap/);
  }
  // Nothing at all is a valid thing to move, also asynchronously.
  comm.allreduce(f64(0), f64(0), Op.SUM);
  comm.barrier();
}

/** Lists of counts that change when they are read, and run code while they are. */
function counts(comm: Communicator): void {
  const { rank, size } = comm;
  let reads = 0;
  const growing = new Proxy(Array(size).fill(1), {
    get: (list, key) => (key === 'length' ? list.length : ++reads > size ? 1e6 : 1),
  });
  const all = rank === 0 ? f64(size) : null;
  comm.gatherv(Float64Array.of(rank), all, rank === 0 ? growing : null);
  if (all) assert.deepEqual([reads, [...all]], [size, Array.from({ length: size }, (_, r) => r)]);

  // A getter that takes the receive array away, or has it replaced by a shorter one: there is
  // nothing to replace.
  const target = f64(size);
  const evil = {
    length: size,
    get 0(): number {
      if (target.length > 0) transfer(target);
      return 1;
    },
  };
  for (let r = 1; r < size; r++) any(evil)[r] = 1;
  assert.throws(() => comm.gatherv(f64(1), target, any(evil), null, rank), /receive array is detached/);
  assert.throws(
    () => comm.gatherv(f64(1), f64(9), Array(size).fill(1), any({ length: 1e9 }), rank),
    /one displacement/,
  );
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 31, 1e300, '1', 1n, null, undefined]) {
    assert.throws(() => comm.gatherv(f64(1), f64(9), any(Array(size).fill(bad)), null, rank), RangeError, String(bad));
  }
  comm.barrier();
}

/** Objects used after their end, while another has their place. */
function handles(comm: Communicator): void {
  for (let round = 0; round < 3; round++) {
    const freed = comm.dup();
    freed.free();
    const other = comm.dup(); // has the freed one's place
    assert.throws(() => freed.barrier(), /communicator was freed/);
    assert.throws(() => freed.dup(), /communicator was freed/);
    assert.throws(() => freed.isend(f64(1), 0), /communicator was freed/);
    assert.throws(() => freed.free(), /communicator was freed/);
    other.barrier();
    other.free();
  }
  assert.throws(() => comm.free(), /world lives until finalize/);
  const first = comm.window(Int32Array, 1);
  first.free();
  const second = comm.window(Int32Array, 1);
  const one = Int32Array.of(1);
  assert.throws(() => first.fetchAndOp(one, new Int32Array(1), comm.rank, 0, Op.SUM), /window was freed/);
  assert.throws(() => first.free(), /window was freed/);
  assert.throws(() => second.fetchAndOp(one, one, comm.rank, 0, Op.SUM), /overlap/);
  for (const target of ['length', -1, comm.size, 0.5, Number.NaN, 1n]) {
    assert.throws(() => second.fetchAndOp(one, new Int32Array(1), any(target), 0, Op.SUM), RangeError, String(target));
  }
  for (const at of [-1, 1, 0.5, Number.NaN, '0', 1n, 2 ** 53]) {
    assert.throws(() => second.fetchAndOp(one, new Int32Array(1), comm.rank, any(at), Op.SUM), RangeError, String(at));
  }
  second.free();

  // Size and rank cannot be talked out of a communicator: arrays are measured against them.
  const copy = comm.dup();
  assert.throws(() => {
    any(copy).size = 1;
  }, TypeError);
  Object.defineProperty(copy, 'size', { value: 0.5 });
  Object.defineProperty(copy, 'rank', { value: 99 });
  assert.throws(() => copy.allgather(f64(2), f64(1)), /will arrive/);
  assert.throws(() => copy.reduce(f64(2), f64(1), Op.SUM, comm.rank), /will arrive/);
  copy.free();
  assert.throws(() => comm.dup.call(any({})), TypeError);
}

/** Partners, tags, roots and codes that do not exist. */
function numbers(comm: Communicator): void {
  const { rank, size } = comm;
  for (const to of [-1, -3, size, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.throws(() => comm.send(f64(1), to), isMpiError('MPI_ERR_RANK'), `send to ${to}`);
    assert.throws(() => comm.isend(f64(1), to), isMpiError('MPI_ERR_RANK'), `isend to ${to}`);
    if (to === ANY_SOURCE) continue;
    assert.throws(() => comm.recv(f64(1), to), isMpiError('MPI_ERR_RANK'), `recv from ${to}`);
    assert.throws(() => comm.irecv(f64(1), to), isMpiError('MPI_ERR_RANK'), `irecv from ${to}`);
    assert.throws(() => comm.probe(to), isMpiError('MPI_ERR_RANK'), `probe ${to}`);
    assert.throws(() => comm.iprobe(to), isMpiError('MPI_ERR_RANK'), `iprobe ${to}`);
  }
  for (const root of [-1, -2, size]) {
    for (const call of [
      () => comm.bcast(f64(1), root),
      () => comm.reduce(f64(1), f64(1), Op.SUM, root),
      () => comm.gather(f64(1), f64(size), root),
      () => comm.gatherv(f64(1), f64(size), Array(size).fill(1), null, root),
      () => comm.ibcast(f64(1), root),
      () => comm.ireduce(f64(1), f64(1), Op.SUM, root),
    ]) {
      assert.throws(call, isMpiError('MPI_ERR_RANK'), `${call} ${root}`);
    }
  }
  for (const tag of [-1, -2, -(2 ** 31)]) {
    assert.throws(() => comm.isend(f64(1), rank, tag), isMpiError('MPI_ERR_TAG'), `tag ${tag}`);
    if (tag !== -1) assert.throws(() => comm.irecv(f64(1), rank, tag), isMpiError('MPI_ERR_TAG'), `tag ${tag}`);
  }
  for (const bad of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '0', 0n, null, {}, Symbol('no'), [0], true]) {
    assert.throws(() => comm.send(f64(1), any(bad)), RangeError);
    assert.throws(() => comm.isend(f64(1), rank, any(bad)), RangeError);
    assert.throws(() => comm.bcast(f64(1), any(bad)), RangeError);
    assert.throws(() => comm.split(0, any(bad)), RangeError);
    if (bad !== null) assert.throws(() => comm.split(any(bad)), RangeError);
    assert.throws(() => comm.allreduce(f64(1), f64(1), any(bad)), TypeError);
  }
  for (const code of [0, 256, Number.NaN, -1, 1.5, 2 ** 32 + 1, '7', 7n, null, undefined]) {
    assert.throws(() => comm.abort(any(code)), /whole number from 1 to 255/);
  }
  for (const as of [null, {}, 'Float64Array', { BYTES_PER_ELEMENT: 0 }, Array]) {
    assert.throws(() => comm.iprobe(ANY_SOURCE, 0, any(as)), /TypedArray constructor/);
  }
}

/** Requests that are cancelled or waited for more often than they should be. */
async function requests(comm: Communicator): Promise<void> {
  const { rank } = comm;
  const box = f64(4).fill(7);
  const never = comm.irecv(box, rank, 50);
  never.cancel();
  assert.throws(() => never.cancel(), /cancelled before/);
  await Promise.all([never.wait(), never.wait()]);
  assert.equal(never.test(), true);
  assert.throws(() => never.cancel(), /cancelled before/);
  assert.equal(never.status, undefined);
  assert.deepEqual([...box], [7, 7, 7, 7], 'what was not received is not touched');

  const receive = comm.irecv(box, rank, 51);
  const send = comm.isend(f64(2), rank, 51);
  assert.throws(() => send.cancel(), /only a receive/);
  await Promise.all([receive.wait(), receive.wait(), send.wait()]);
  await receive.wait();
  receive.cancel(); // too late is no error: the message may have come just now
  assert.deepEqual([...box], [0, 0, 7, 7]);
  assert.equal(receive.status?.count, 2);
  const barrier = comm.ibarrier();
  assert.throws(() => barrier.cancel(), /only a receive/);
  await barrier.wait();
  // MPI lets a communicator end before its operations do; Open MPI 4.1 crashes.
  const copy = comm.dup();
  const late = copy.ibarrier();
  if (!single) assert.throws(() => copy.free(), /not done: wait for them first/);
  await late.wait();
  copy.free();
}

/** MPI belongs to the main thread. */
async function worker(mpi: Mpi): Promise<void> {
  if (single) return;
  const file = `${process.env.MPI_NODE_DIRECTORY}/mpi-${mpi.family}.node`;
  const text = (error: unknown) => String(error);
  const code = `const { parentPort } = require('node:worker_threads');
    const say = (what) => parentPort.postMessage(what);
    try { require(${JSON.stringify(file)}); say('loaded'); } catch (error) { say(error.message); }`;
  const said = await new Promise<string>((resolve, reject) =>
    new Worker(code, { eval: true }).once('message', resolve).once('error', (error) => reject(text(error))),
  );
  assert.match(said, /loaded already, on another thread/);
}

/** Everything after finalize, and finalize too early. */
function afterwards(mpi: Mpi): void {
  const { world } = mpi;
  const copy = world.dup();
  const window = world.window(Int32Array, 1);
  if (!single) assert.throws(() => mpi.finalize(), /1 windows are not freed/);
  window.free();
  mpi.finalize();
  mpi.finalize(); // a second time is no harm
  for (const comm of [world, copy]) {
    for (const call of [
      () => comm.barrier(),
      () => comm.bcast(f64(1)),
      () => comm.allreduce(f64(1), f64(1), Op.SUM),
      () => comm.allgather(f64(1), f64(comm.size)),
      () => comm.send(f64(1), PROC_NULL),
      () => comm.irecv(f64(1), PROC_NULL),
      () => comm.iprobe(),
      () => comm.ibarrier(),
      () => comm.dup(),
      () => comm.split(0),
      () => comm.splitType('shared'),
      () => comm.free(),
      () => comm.window(Int32Array, 1),
      () => mpi.wtime(),
    ]) {
      assert.throws(call, /MPI is not running/, String(call));
    }
  }
}

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  single = mpi.family === 'none';
  arrays(mpi.world);
  counts(mpi.world);
  handles(mpi.world);
  numbers(mpi.world);
  await requests(mpi.world);
  await pendingArrays(mpi.world);
  await tooLong(mpi);
  await worker(mpi);
  afterwards(mpi);
});
