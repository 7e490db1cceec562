/**
 * The world of one rank, in JS: behaves as MPI does without other ranks, so that a program needs no
 * second code path for a laptop. Collectives copy; messages to oneself go through a queue. Calls
 * that would wait for ever under MPI (receiving from oneself what was never sent) throw instead.
 */
import { bytesOf, typeName, widthOf } from './arrays.ts';
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
} from './checks.ts';
import { inElements } from './communicator.ts';
import { ANY_SOURCE, ANY_TAG, IN_PLACE, type InPlace, MAX_COUNT, type Op, PROC_NULL } from './constants.ts';
import { MpiError } from './errors.ts';
import { type Message, type Receive, SelfReceive } from './single-messages.ts';
import { singleWindow } from './single-window.ts';
import type { Communicator, NumericArray, NumericArrayConstructor, Request, Status, Window } from './types.ts';

const FROM_NOBODY: Status = { source: PROC_NULL, tag: ANY_TAG, count: 0 };

/** Set when finalize was called; every call afterwards throws, as it would under MPI. */
export interface Life {
  finalized: boolean;
}

const matches = (wanted: number, tag: number): boolean => wanted === ANY_TAG || wanted === tag;

const doneRequest: Request = {
  test: () => true,
  wait: () => Promise.resolve(),
  cancel() {
    throw new TypeError('cancel: only a receive can be cancelled');
  },
  status: undefined,
};

/** Throws after finalize, as C does for a real MPI. */
export function requireRunning(life: Life): void {
  if (life.finalized) throw new Error('MPI is not running: the call came after finalize');
}

export class SingleCommunicator implements Communicator {
  readonly #life: Life;
  readonly #isWorld: boolean;
  #freed = false;
  readonly #messages: Message[] = [];
  readonly #receives: Receive[] = [];

  constructor(life: Life, isWorld = false) {
    this.#life = life;
    this.#isWorld = isWorld;
  }

  get rank(): number {
    return 0;
  }

  get size(): number {
    return 1;
  }

  /** The checks C makes for a real communicator; `root` must be this rank. */
  #enter(call: string, root = 0): void {
    requireRunning(this.#life);
    if (this.#freed) throw new TypeError('this communicator was freed');
    checkRank(call, 'the root', root, 1);
  }

  split(color: number | null, key = 0): Communicator | null {
    this.#enter('split');
    checkColor(color);
    checkInteger('split', 'the key', key);
    return color === null ? null : new SingleCommunicator(this.#life);
  }

  splitType(type: 'shared', key = 0): Communicator {
    this.#enter('splitType');
    checkInteger('splitType', 'the key', key);
    if (type !== 'shared') throw new TypeError(`splitType: the type must be 'shared', not ${String(type)}`);
    return new SingleCommunicator(this.#life);
  }

  dup(): Communicator {
    this.#enter('dup');
    return new SingleCommunicator(this.#life);
  }

  free(): void {
    this.#enter('free');
    if (this.#isWorld) throw new TypeError('free: the world lives until finalize');
    this.#freed = true;
  }

  abort(code: number): never {
    checkExitCode('abort', code);
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
    bytesOf(recv!).set(bytesOf(send), places.displacements[0] * widthOf(typeName(recv))!);
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
    this.#enter('iprobe');
    checkSource('iprobe', source, 1);
    checkWantedTag('iprobe', tag, MAX_COUNT);
    checkElement('iprobe', as);
    if (source === PROC_NULL) return FROM_NOBODY;
    const message = this.#messages.find((waiting) => matches(tag, waiting.tag));
    return message && inElements({ source: 0, tag: message.tag, count: message.bytes.length }, as);
  }

  isend(data: NumericArray, destination: number, tag = 0): Request {
    this.#enter('send');
    checkDestination('send', destination, 1);
    checkTag('send', tag, MAX_COUNT);
    checkBuffer('send', 'the array', data);
    if (destination === PROC_NULL) return doneRequest;
    const message = { tag, bytes: bytesOf(data).slice() };
    const waiting = this.#receives.findIndex((receive) => matches(receive.tag, tag));
    if (waiting < 0) this.#messages.push(message);
    else this.#receives.splice(waiting, 1)[0].complete(message);
    return doneRequest;
  }

  irecv(data: NumericArray, source = ANY_SOURCE, tag = ANY_TAG): Request {
    this.#enter('recv');
    checkSource('recv', source, 1);
    checkWantedTag('recv', tag, MAX_COUNT);
    checkBuffer('recv', 'the array', data);
    if (source === PROC_NULL) return { ...doneRequest, cancel() {}, status: FROM_NOBODY };
    const request = new SelfReceive(data, tag, (receive) => {
      const at = this.#receives.indexOf(receive);
      if (at >= 0) this.#receives.splice(at, 1);
    });
    const waiting = this.#messages.findIndex((message) => matches(tag, message.tag));
    if (waiting < 0) this.#receives.push(request);
    else request.complete(this.#messages.splice(waiting, 1)[0]);
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
