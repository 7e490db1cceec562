/**
 * Messages of the one rank to itself: what was sent and not yet received, and receives that wait
 * for a message.
 */
import { byteLengthOf, bytesOf, typeName, unusable, widthOf } from './arrays.ts';
import { MpiError } from './errors.ts';
import type { NumericArray, Request, Status } from './types.ts';

export interface Message {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

export interface Receive {
  readonly data: NumericArray;
  readonly tag: number;
  complete(message: Message): void;
}

/** Copies what arrived; the status as MPI would give it. */
function deliver(message: Message, data: NumericArray): Status {
  const why = unusable(data);
  if (why !== undefined) throw new TypeError(`the receive array ${why}; wait for the request first`);
  if (message.bytes.length > byteLengthOf(data)) {
    throw new MpiError('recv: the message is longer than the receive array', 0, 'MPI_ERR_TRUNCATE');
  }
  bytesOf(data).set(message.bytes);
  const count = message.bytes.length / widthOf(typeName(data))!;
  return { source: 0, tag: message.tag, count: Number.isInteger(count) ? count : -1 };
}

/** A receive from oneself: done when the message is, or has been, sent. */
export class SelfReceive implements Request, Receive {
  status: Status | undefined;
  readonly data: NumericArray;
  readonly tag: number;
  readonly #giveUp: (receive: SelfReceive) => void;
  #done = false;
  #failure: { readonly error: unknown } | undefined;
  #cancelled = false;
  #settle: (() => void) | undefined;
  #settled: Promise<void> | undefined;

  constructor(data: NumericArray, tag: number, giveUp: (receive: SelfReceive) => void) {
    this.data = data;
    this.tag = tag;
    this.#giveUp = giveUp;
  }

  complete(message: Message): void {
    try {
      this.status = deliver(message, this.data);
    } catch (error) {
      this.#failure = { error };
    }
    this.#finish();
  }

  #finish(): void {
    this.#done = true;
    this.#settle?.();
  }

  test(): boolean {
    if (this.#failure) throw this.#failure.error;
    return this.#done;
  }

  wait(): Promise<void> {
    if (!this.#done) {
      this.#settled ??= new Promise((resolve) => {
        this.#settle = resolve;
      });
    }
    return (this.#settled ?? Promise.resolve()).then(() => {
      this.test();
    });
  }

  cancel(): void {
    if (this.#cancelled) throw new Error('cancel: this receive was cancelled before; wait until it is done');
    this.#cancelled = true;
    if (this.#done) return;
    this.#giveUp(this);
    this.#finish();
  }
}
