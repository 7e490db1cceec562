/**
 * The world of one rank, in JS: what MPI does when nobody else is there, so that a program needs no second path for a
 * laptop. Collectives copy; messages go to oneself through a queue. What would wait for ever under MPI (receiving from
 * oneself what was never sent) throws instead: there is nobody left to send it.
 */
import { checkBuffer, checkGather, checkGatherv, checkInteger, checkReduce } from './checks.ts';
import { inElements } from './communicator.ts';
import { ANY_SOURCE, ANY_TAG, IN_PLACE, type InPlace, type Op, PROC_NULL } from './constants.ts';
import { MpiError } from './errors.ts';
import { bytesOf, type Message, type Receive, SelfReceive } from './single-messages.ts';
import { singleWindow } from './single-window.ts';
import type { Communicator, NumericArray, NumericArrayConstructor, Request, Status, Window } from './types.ts';

const FROM_NOBODY: Status = { source: PROC_NULL, tag: ANY_TAG, count: 0 };

/** Set when finalize was called; every call afterwards throws, as it would under MPI. */
export interface Life {
  finalized: boolean;
}

const matches = (wanted: number, tag: number): boolean => wanted === ANY_TAG || wanted === tag;

const doneRequest: Request = { test: () => true, wait: () => Promise.resolve(), cancel: () => {}, status: undefined };

export class SingleCommunicator implements Communicator {
  readonly rank = 0;
  readonly size = 1;
  readonly #life: Life;
  #freed = false;
  readonly #messages: Message[] = [];
  readonly #receives: Receive[] = [];

  constructor(life: Life) {
    this.#life = life;
  }

  /** The checks C makes for a real communicator; `rank` is a root or partner. */
  #enter(call: string, rank = 0, ...also: number[]): void {
    if (this.#life.finalized) throw new Error('MPI is not running: the call came after finalize');
    if (this.#freed) throw new TypeError('this communicator was freed');
    checkInteger(call, 'the rank', rank);
    if (rank !== 0 && !also.includes(rank)) {
      throw new MpiError(`${call}: no rank ${rank} in a world of one`, 0, 'MPI_ERR_RANK');
    }
  }

  split(color: number | null, _key?: number): Communicator | null {
    this.#enter('split');
    if (color === null) return null;
    if (color < 0) throw new RangeError(`split: the colour must not be negative, but is ${color}`);
    return new SingleCommunicator(this.#life);
  }

  splitType(type: 'shared', _key?: number): Communicator {
    this.#enter('splitType');
    if (type !== 'shared') throw new TypeError(`splitType: the type must be 'shared', not ${String(type)}`);
    return new SingleCommunicator(this.#life);
  }

  dup(): Communicator {
    this.#enter('dup');
    return new SingleCommunicator(this.#life);
  }

  free(): void {
    this.#enter('free');
    this.#freed = true;
  }

  abort(code: number): never {
    process.exit(code);
  }

  barrier(): void {
    this.#enter('barrier');
  }

  bcast(data: NumericArray, root = 0): void {
    checkBuffer('bcast', 'the array', data);
    this.#enter('bcast', root);
  }

  reduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): void {
    this.#enter('reduce', root);
    checkReduce('reduce', send, recv, op, true);
    if (send !== IN_PLACE) bytesOf(recv!).set(bytesOf(send));
  }

  allreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): void {
    this.#enter('allreduce');
    checkReduce('allreduce', send, recv, op, true);
    if (send !== IN_PLACE) bytesOf(recv).set(bytesOf(send));
  }

  gather<T extends NumericArray>(send: T | InPlace, recv: T | null, root = 0): void {
    this.#enter('gather', root);
    checkGather('gather', send, recv, 1, true);
    if (send !== IN_PLACE) bytesOf(recv!).set(bytesOf(send));
  }

  gatherv<T extends NumericArray>(
    send: T | InPlace,
    recv: T | null,
    counts: ArrayLike<number> | null,
    displacements: ArrayLike<number> | null = null,
    root = 0,
  ): void {
    this.#enter('gatherv', root);
    if (send !== IN_PLACE) checkBuffer('gatherv', 'the send array', send);
    const places = checkGatherv('gatherv', send, recv, counts, displacements, 0, 1);
    if (send === IN_PLACE) return;
    bytesOf(recv!).set(bytesOf(send), places.displacements[0]! * recv!.BYTES_PER_ELEMENT);
  }

  allgather<T extends NumericArray>(send: T | InPlace, recv: T): void {
    this.#enter('allgather');
    checkGather('allgather', send, recv, 1, true);
    if (send !== IN_PLACE) bytesOf(recv).set(bytesOf(send));
  }

  send(data: NumericArray, destination: number, tag = 0): void {
    this.isend(data, destination, tag);
  }

  recv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Status {
    const request = this.irecv(data, source, tag);
    if (!request.test()) {
      request.cancel();
      throw new MpiError('recv: nothing was sent, and nobody else is there to send it', 0, 'MPI_ERR_OTHER');
    }
    return request.status!;
  }

  probe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status {
    const status = this.iprobe(source, tag, as);
    if (!status) throw new MpiError('probe: nothing was sent, and nobody else is there to send it', 0, 'MPI_ERR_OTHER');
    return status;
  }

  iprobe(source = ANY_SOURCE, tag = ANY_TAG, as: NumericArrayConstructor = Uint8Array): Status | undefined {
    this.#enter('iprobe', source, ANY_SOURCE, PROC_NULL);
    if (source === PROC_NULL) return FROM_NOBODY;
    const message = this.#messages.find((waiting) => matches(tag, waiting.tag));
    return message && inElements({ source: 0, tag: message.tag, count: message.bytes.length }, as);
  }

  isend(data: NumericArray, destination: number, tag = 0): Request {
    checkBuffer('send', 'the array', data);
    this.#enter('send', destination, PROC_NULL);
    checkInteger('send', 'the tag', tag);
    if (tag < 0) throw new MpiError(`send: tag ${tag} is negative`, 0, 'MPI_ERR_TAG');
    if (destination === PROC_NULL) return doneRequest;
    const message = { tag, bytes: bytesOf(data).slice() };
    const waiting = this.#receives.findIndex((receive) => matches(receive.tag, tag));
    if (waiting < 0) this.#messages.push(message);
    else this.#receives.splice(waiting, 1)[0]!.complete(message);
    return doneRequest;
  }

  irecv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Request {
    checkBuffer('recv', 'the array', data);
    this.#enter('recv', source, ANY_SOURCE, PROC_NULL);
    if (source === PROC_NULL) return { ...doneRequest, status: FROM_NOBODY };
    const request = new SelfReceive(data, tag, (receive) => {
      const at = this.#receives.indexOf(receive);
      if (at >= 0) this.#receives.splice(at, 1);
    });
    const waiting = this.#messages.findIndex((message) => matches(tag, message.tag));
    if (waiting < 0) this.#receives.push(request);
    else request.complete(this.#messages.splice(waiting, 1)[0]!);
    return request;
  }

  ibarrier(): Request {
    this.barrier();
    return doneRequest;
  }

  ibcast(data: NumericArray, root = 0): Request {
    this.bcast(data, root);
    return doneRequest;
  }

  ireduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root = 0): Request {
    this.reduce(send, recv, op, root);
    return doneRequest;
  }

  iallreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): Request {
    this.allreduce(send, recv, op);
    return doneRequest;
  }

  window<T extends NumericArray>(type: NumericArrayConstructor<T>, length: number): Window<T> {
    this.#enter('window');
    return singleWindow(type, length);
  }
}
