/** A communicator over a real MPI: checks the arguments, then one call into C each. */
import {
  checkBuffer,
  checkColor,
  checkDestination,
  checkElement,
  checkExitCode,
  checkGather,
  checkGatherv,
  checkInteger,
  checkRank,
  checkReduce,
  checkSource,
  checkTag,
  checkWantedTag,
  checkWindow,
} from './checks.ts';
import { ANY_SOURCE, ANY_TAG, IN_PLACE, type InPlace, type Op } from './constants.ts';
import type { Native } from './native.ts';
import { NativeRequest, statusNow } from './request.ts';
import type { Communicator, NumericArray, NumericArrayConstructor, Request, Status, Window } from './types.ts';
import { NativeWindow } from './window.ts';

/** How IN_PLACE is passed to C. */
function orNull<T extends NumericArray>(send: T | InPlace): T | null {
  return send === IN_PLACE ? null : send;
}

/** A probe knows bytes; a caller thinks in elements. */
export function inElements(status: Status, as: NumericArrayConstructor): Status {
  const count = status.count / as.BYTES_PER_ELEMENT;
  return { ...status, count: Number.isInteger(count) ? count : -1 };
}

export class NativeCommunicator implements Communicator {
  readonly #native: Native;
  readonly #handle: number;
  // Private, for a program could change properties, and arrays are measured against the size.
  readonly #rank: number;
  readonly #size: number;
  readonly #tagBound: number;

  constructor(native: Native, handle: number) {
    this.#native = native;
    this.#handle = handle;
    this.#rank = native.rank(handle);
    this.#size = native.size(handle);
    this.#tagBound = native.tagUpperBound();
  }

  get rank(): number {
    return this.#rank;
  }

  get size(): number {
    return this.#size;
  }

  split(color: number | null, key = this.#rank): Communicator | null {
    checkColor(color);
    checkInteger('split', 'the key', key);
    const made = this.#native.split(this.#handle, color ?? -1, key);
    return made < 0 ? null : new NativeCommunicator(this.#native, made);
  }

  splitType(type: 'shared', key = this.#rank): Communicator {
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
    checkExitCode('abort', code);
    return this.#native.abort(this.#handle, code);
  }

  barrier(): void {
    this.#native.barrier(this.#handle);
  }

  bcast(data: NumericArray, root = 0): void {
    checkRank('bcast', 'the root', root, this.#size);
    checkBuffer('bcast', 'the array', data);
    this.#native.bcast(this.#handle, data, root);
  }

  reduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): void {
    checkRank('reduce', 'the root', root, this.#size);
    const receives = this.#rank === root;
    checkReduce('reduce', send, recv, op, receives);
    this.#native.reduce(this.#handle, orNull(send), receives ? recv : null, op, root);
  }

  allreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): void {
    checkReduce('allreduce', send, recv, op, true);
    this.#native.allreduce(this.#handle, orNull(send), recv, op);
  }

  gather<T extends NumericArray>(send: T | InPlace, recv: T | null, root = 0): void {
    checkRank('gather', 'the root', root, this.#size);
    const receives = this.#rank === root;
    const each = checkGather('gather', send, recv, this.#size, receives);
    this.#native.gather(this.#handle, orNull(send), receives ? recv : null, each, root);
  }

  gatherv<T extends NumericArray>(
    send: T | InPlace,
    recv: T | null,
    counts: ArrayLike<number> | null,
    displacements: ArrayLike<number> | null = null,
    root = 0,
  ): void {
    checkRank('gatherv', 'the root', root, this.#size);
    if (send !== IN_PLACE) checkBuffer('gatherv', 'the send array', send);
    else if (this.#rank !== root) throw new TypeError('gatherv: IN_PLACE is for the root');
    if (this.#rank !== root) {
      this.#native.gatherv(this.#handle, orNull(send), null, null, null, root);
      return;
    }
    const places = checkGatherv('gatherv', send, recv, counts, displacements, this.#rank, this.#size);
    this.#native.gatherv(this.#handle, orNull(send), recv, places.counts, places.displacements, root);
  }

  allgather<T extends NumericArray>(send: T | InPlace, recv: T): void {
    const each = checkGather('allgather', send, recv, this.#size, true);
    this.#native.allgather(this.#handle, orNull(send), recv, each);
  }

  send(data: NumericArray, destination: number, tag = 0): void {
    checkDestination('send', destination, this.#size);
    checkTag('send', tag, this.#tagBound);
    checkBuffer('send', 'the array', data);
    this.#native.send(this.#handle, data, destination, tag);
  }

  recv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Status {
    checkSource('recv', source, this.#size);
    checkWantedTag('recv', tag, this.#tagBound);
    checkBuffer('recv', 'the array', data);
    this.#native.recv(this.#handle, data, source, tag);
    return statusNow();
  }

  probe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status {
    checkSource('probe', source, this.#size);
    checkWantedTag('probe', tag, this.#tagBound);
    checkElement('probe', as);
    this.#native.probe(this.#handle, source, tag);
    return inElements(statusNow(), as);
  }

  iprobe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status | undefined {
    checkSource('iprobe', source, this.#size);
    checkWantedTag('iprobe', tag, this.#tagBound);
    checkElement('iprobe', as);
    return this.#native.iprobe(this.#handle, source, tag) ? inElements(statusNow(), as) : undefined;
  }

  isend(data: NumericArray, destination: number, tag = 0): Request {
    checkDestination('isend', destination, this.#size);
    checkTag('isend', tag, this.#tagBound);
    checkBuffer('isend', 'the array', data);
    return new NativeRequest(this.#native, this.#native.isend(this.#handle, data, destination, tag), data, null);
  }

  irecv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Request {
    checkSource('irecv', source, this.#size);
    checkWantedTag('irecv', tag, this.#tagBound);
    checkBuffer('irecv', 'the array', data);
    return new NativeRequest(this.#native, this.#native.irecv(this.#handle, data, source, tag), null, data, true);
  }

  ibarrier(): Request {
    return new NativeRequest(this.#native, this.#native.ibarrier(this.#handle), null, null);
  }

  ibcast(data: NumericArray, root = 0): Request {
    checkRank('ibcast', 'the root', root, this.#size);
    checkBuffer('ibcast', 'the array', data);
    const [sent, received] = this.#rank === root ? [data, null] : [null, data];
    return new NativeRequest(this.#native, this.#native.ibcast(this.#handle, data, root), sent, received);
  }

  ireduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): Request {
    checkRank('ireduce', 'the root', root, this.#size);
    const receives = this.#rank === root;
    checkReduce('ireduce', send, recv, op, receives);
    const [sent, received] = [orNull(send), receives ? recv : null];
    const handle = this.#native.ireduce(this.#handle, sent, received, op, root);
    return new NativeRequest(this.#native, handle, sent, received);
  }

  iallreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): Request {
    checkReduce('iallreduce', send, recv, op, true);
    const sent = orNull(send);
    return new NativeRequest(this.#native, this.#native.iallreduce(this.#handle, sent, recv, op), sent, recv);
  }

  window<T extends NumericArray>(type: NumericArrayConstructor<T>, length: number): Window<T> {
    const sample = new type(1);
    const kind = checkWindow(sample, length);
    const lengths = new Float64Array(this.#size);
    this.#native.allgather(this.#handle, Float64Array.of(length), lengths, 1);
    return new NativeWindow<T>(this.#native, this.#native.winAllocate(this.#handle, sample, length), kind, lengths);
  }
}
