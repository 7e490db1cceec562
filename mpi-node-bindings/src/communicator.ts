/** A communicator over a real MPI: checks the arguments, then one call into C each. */
import { checkBuffer, checkGather, checkGatherv, checkInteger, checkReduce, checkWindow } from './checks.ts';
import { ANY_SOURCE, ANY_TAG, IN_PLACE, type InPlace, type Op } from './constants.ts';
import type { Native } from './native.ts';
import { NativeRequest, statusNow } from './request.ts';
import type { Communicator, NumericArray, NumericArrayConstructor, Request, Status, Window } from './types.ts';
import { NativeWindow } from './window.ts';

/** How C is told of IN_PLACE. */
function orNull<T extends NumericArray>(send: T | InPlace): T | null {
  return send === IN_PLACE ? null : send;
}

/** A probe knows bytes; a caller thinks in elements. */
export function inElements(status: Status, as: NumericArrayConstructor): Status {
  const count = status.count / as.BYTES_PER_ELEMENT;
  return { ...status, count: Number.isInteger(count) ? count : -1 };
}

export class NativeCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #native: Native;
  readonly #handle: number;

  constructor(native: Native, handle: number) {
    this.#native = native;
    this.#handle = handle;
    this.rank = native.rank(handle);
    this.size = native.size(handle);
  }

  split(color: number | null, key = this.rank): Communicator | null {
    if (color !== null) checkInteger('split', 'the colour', color);
    checkInteger('split', 'the key', key);
    if (color !== null && color < 0) throw new RangeError(`split: the colour must not be negative, but is ${color}`);
    const made = this.#native.split(this.#handle, color ?? -1, key);
    return made < 0 ? null : new NativeCommunicator(this.#native, made);
  }

  splitType(type: 'shared', key = this.rank): Communicator {
    if (type !== 'shared') throw new TypeError(`splitType: the type must be 'shared', not ${String(type)}`);
    checkInteger('splitType', 'the key', key);
    return new NativeCommunicator(this.#native, this.#native.splitShared(this.#handle, key));
  }

  dup(): Communicator {
    return new NativeCommunicator(this.#native, this.#native.dup(this.#handle));
  }

  free(): void {
    this.#native.free(this.#handle);
  }

  abort(code: number): never {
    return this.#native.abort(this.#handle, code);
  }

  barrier(): void {
    this.#native.barrier(this.#handle);
  }

  bcast(data: NumericArray, root = 0): void {
    checkBuffer('bcast', 'the array', data);
    checkInteger('bcast', 'the root', root);
    this.#native.bcast(this.#handle, data, root);
  }

  reduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): void {
    const receives = this.rank === root;
    checkReduce('reduce', send, recv, op, receives);
    checkInteger('reduce', 'the root', root);
    this.#native.reduce(this.#handle, orNull(send), receives ? recv : null, op, root);
  }

  allreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): void {
    checkReduce('allreduce', send, recv, op, true);
    this.#native.allreduce(this.#handle, orNull(send), recv, op);
  }

  gather<T extends NumericArray>(send: T | InPlace, recv: T | null, root = 0): void {
    const receives = this.rank === root;
    const each = checkGather('gather', send, recv, this.size, receives);
    checkInteger('gather', 'the root', root);
    this.#native.gather(this.#handle, orNull(send), receives ? recv : null, each, root);
  }

  gatherv<T extends NumericArray>(
    send: T | InPlace,
    recv: T | null,
    counts: ArrayLike<number> | null,
    displacements: ArrayLike<number> | null = null,
    root = 0,
  ): void {
    checkInteger('gatherv', 'the root', root);
    if (send !== IN_PLACE) checkBuffer('gatherv', 'the send array', send);
    else if (this.rank !== root) throw new TypeError('gatherv: IN_PLACE is for the root');
    if (this.rank !== root) {
      this.#native.gatherv(this.#handle, orNull(send), null, null, null, root);
      return;
    }
    const places = checkGatherv('gatherv', send, recv, counts, displacements, this.rank, this.size);
    this.#native.gatherv(this.#handle, orNull(send), recv, places.counts, places.displacements, root);
  }

  allgather<T extends NumericArray>(send: T | InPlace, recv: T): void {
    const each = checkGather('allgather', send, recv, this.size, true);
    this.#native.allgather(this.#handle, orNull(send), recv, each);
  }

  send(data: NumericArray, destination: number, tag = 0): void {
    checkBuffer('send', 'the array', data);
    checkEnvelope('send', destination, tag);
    this.#native.send(this.#handle, data, destination, tag);
  }

  recv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Status {
    checkBuffer('recv', 'the array', data);
    checkEnvelope('recv', source, tag);
    this.#native.recv(this.#handle, data, source, tag);
    return statusNow();
  }

  probe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status {
    checkEnvelope('probe', source, tag);
    this.#native.probe(this.#handle, source, tag);
    return inElements(statusNow(), as);
  }

  iprobe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status | undefined {
    checkEnvelope('iprobe', source, tag);
    return this.#native.iprobe(this.#handle, source, tag) ? inElements(statusNow(), as) : undefined;
  }

  isend(data: NumericArray, destination: number, tag = 0): Request {
    checkBuffer('isend', 'the array', data);
    checkEnvelope('isend', destination, tag);
    return new NativeRequest(this.#native, this.#native.isend(this.#handle, data, destination, tag), [data]);
  }

  irecv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Request {
    checkBuffer('irecv', 'the array', data);
    checkEnvelope('irecv', source, tag);
    return new NativeRequest(this.#native, this.#native.irecv(this.#handle, data, source, tag), [data], true);
  }

  ibarrier(): Request {
    return new NativeRequest(this.#native, this.#native.ibarrier(this.#handle), []);
  }

  ibcast(data: NumericArray, root = 0): Request {
    checkBuffer('ibcast', 'the array', data);
    checkInteger('ibcast', 'the root', root);
    return new NativeRequest(this.#native, this.#native.ibcast(this.#handle, data, root), [data]);
  }

  ireduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): Request {
    const receives = this.rank === root;
    checkReduce('ireduce', send, recv, op, receives);
    checkInteger('ireduce', 'the root', root);
    const arrays = [orNull(send), receives ? recv : null] as const;
    return new NativeRequest(this.#native, this.#native.ireduce(this.#handle, ...arrays, op, root), arrays);
  }

  iallreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): Request {
    checkReduce('iallreduce', send, recv, op, true);
    const arrays = [orNull(send), recv] as const;
    return new NativeRequest(this.#native, this.#native.iallreduce(this.#handle, ...arrays, op), arrays);
  }

  window<T extends NumericArray>(type: NumericArrayConstructor<T>, length: number): Window<T> {
    const sample = new type(1);
    const kind = checkWindow(sample, length);
    const lengths = new Float64Array(this.size);
    this.allgather(Float64Array.of(length), lengths);
    return new NativeWindow<T>(this.#native, this.#native.winAllocate(this.#handle, sample, length), kind, lengths);
  }
}

function checkEnvelope(call: string, partner: number, tag: number): void {
  checkInteger(call, 'the partner', partner);
  checkInteger(call, 'the tag', tag);
}
