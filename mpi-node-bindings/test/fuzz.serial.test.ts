/**
 * Thousands of calls with arguments drawn from a bag of bad and good ones, on one rank: each
 * returns or throws an error of ours or of the language, and the process lives. Blocking receives
 * are left out, for they would rightly wait for ever.
 */
import assert from 'node:assert/strict';
import { type Communicator, IN_PLACE, type Mpi, MpiError, Op, type Request, type Window } from '../index.ts';
import { inEveryWorld } from './harness.ts';

const CALLS = 4000;

/** Numbers from 0 to 1; the same in every run. */
let state = 12345;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];

const TYPES = [Int8Array, Uint8ClampedArray, Uint16Array, Int32Array, Float32Array, Float64Array, BigInt64Array];
/** Fresh or used before, whole or part, shared or not, of fixed size or not. */
const kept: ArrayBufferView[] = [];
function array(): unknown {
  if (kept.length > 0 && random() < 0.3) return pick(kept);
  const Type = pick(TYPES) as typeof Float64Array;
  const bytes = pick([0, 8, 64, 4096, 1 << 20]);
  const buffer = pick<() => ArrayBufferLike>([
    () => new ArrayBuffer(bytes),
    () => new SharedArrayBuffer(bytes),
    () => new WebAssembly.Memory({ initial: 17, maximum: 32 }).buffer,
    () => new WebAssembly.Memory({ initial: 17, maximum: 32, shared: true }).buffer,
    () => new (ArrayBuffer as never as new (n: number, o: object) => ArrayBuffer)(bytes, { maxByteLength: bytes + 64 }),
  ])();
  const skipped = random() < 0.2 && bytes >= 64 ? 16 : 0;
  const made = new Type(buffer as ArrayBuffer, skipped, (bytes - skipped) / Type.BYTES_PER_ELEMENT);
  if (random() < 0.2) Object.defineProperty(made, 'length', { value: 1e6 });
  kept.push(made);
  if (kept.length > 40) kept.shift();
  return made;
}

const NOTHING = [null, undefined, {}, [], 'text', 0, IN_PLACE, new DataView(new ArrayBuffer(8))];
const NUMBERS = [0, 0, 0, 1, -1, -2, -3, 7, 0.5, Number.NaN, 2 ** 31 - 1, 2 ** 31, 1e300, 1n, '0', null, undefined, {}];
const data = (): unknown => (random() < 0.85 ? array() : pick(NOTHING));
const send = (): unknown => (random() < 0.2 ? IN_PLACE : data());
const number = (): unknown => (random() < 0.6 ? 0 : pick(NUMBERS));
const op = (): unknown => (random() < 0.7 ? pick([Op.SUM, Op.MAX, Op.BAND]) : pick([...Object.values(Op), ...NUMBERS]));
const list = (): unknown => pick<unknown>([[1], [8], [0], [1e9], [], new Int32Array(1), { length: 1, 0: 4 }, null, 5]);
const DRAWS: Readonly<Record<string, readonly (() => unknown)[]>> = {
  barrier: [],
  bcast: [data, number],
  reduce: [send, data, op, number],
  allreduce: [send, data, op],
  gather: [send, data, number],
  gatherv: [send, data, list, () => pick([null, [0], [3], [-1]]), number],
  allgather: [send, data],
  iprobe: [number, number],
  isend: [data, number, number],
  irecv: [data, number, number],
  ibarrier: [],
  ibcast: [data, number],
  ireduce: [send, data, op, number],
  iallreduce: [send, data, op],
  dup: [],
  split: [number, number],
  free: [],
  window: [() => pick<unknown>([...TYPES, Object, null]), () => pick([0, 1, 16, -1, Number.NaN, '1'])],
};

/** Takes the memory of a kept array away, where it can be. */
function detach(): void {
  const buffer = pick(kept)?.buffer;
  if (buffer instanceof ArrayBuffer) {
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch {
      // memory of WebAssembly cannot be transferred
    }
  }
}

/**
 * Errors that a call may throw: wrong arguments, MPI's errors, objects that are freed or not yet
 * ready.
 */
function isOurs(error: unknown): error is Error {
  return (
    error instanceof MpiError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    (error instanceof Error && /^(free|cancel): /.test(error.message))
  );
}

inEveryWorld(import.meta.url, async (mpi: Mpi) => {
  // ranks that draw other calls than each other would wait for each other
  if (mpi.world.size > 1) return;
  const comms: Communicator[] = [mpi.world];
  const windows: Window<never>[] = [];
  const requests: { readonly request: Request; readonly call: string }[] = [];
  const counts = { returned: 0, refused: 0 };
  const attempt = (what: string, call: () => unknown): unknown => {
    try {
      const result = call();
      counts.returned++;
      return result ?? true;
    } catch (error) {
      counts.refused++;
      assert.ok(isOurs(error) && error.message.length > 8, `${what}: ${String(error)}`);
      return undefined;
    }
  };
  const isOpen = ({ request, call }: (typeof requests)[number]): boolean =>
    attempt(call, () => request.test()) === false;

  for (let i = 0; i < CALLS; i++) {
    const comm = pick(comms);
    const name = pick(Object.keys(DRAWS));
    const args = DRAWS[name].map((draw) => draw());
    const method = (comm as never as Record<string, (...args: unknown[]) => unknown>)[name];
    const result = attempt(name, () => method.apply(comm, args));
    if (result !== undefined) {
      if (/^i(?!probe)/.test(name)) requests.push({ request: result as Request, call: name });
      if (/^(dup|split)$/.test(name) && result !== true) comms.push(result as Communicator);
      if (name === 'window') windows.push(result as Window<never>);
      if (name === 'free') comms.splice(comms.indexOf(comm), 1);
    }
    if (random() < 0.1) detach();
    if (windows.length > 0 && random() < 0.2) {
      const args = [data(), data(), number(), number(), op()] as never[];
      attempt('fetchAndOp', () => (pick(windows).fetchAndOp as (...args: never[]) => void)(...args));
      if (random() < 0.3) attempt('free', () => windows.splice(0, 1)[0].free());
    }
    if (requests.length > 0 && random() < 0.5) {
      const { request, call } = pick(requests);
      if (random() < 0.2) attempt('cancel', () => request.cancel());
      attempt(call, () => request.test());
    }
  }

  // Completes everything that is still pending, so that finalize succeeds.
  for (const { request } of requests) attempt('cancel', () => request.cancel());
  for (let round = 0; requests.some(isOpen); round++) {
    assert.ok(round < 2000, 'requests that never end');
    for (const comm of comms) if (comm.iprobe()) comm.recv(new Uint8Array(1 << 21));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const window of windows) window.free();
  assert.ok(counts.returned > CALLS / 10 && counts.refused > CALLS / 10, JSON.stringify(counts));
});
