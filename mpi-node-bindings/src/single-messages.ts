/** Messages of the one rank to itself: what was sent and not yet received, and receives that wait for a message. */
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

export function bytesOf(data: NumericArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Copies what arrived; the status as MPI would give it. */
function deliver(message: Message, data: NumericArray): Status {
  if (message.bytes.length > data.byteLength) {
    throw new MpiError('recv: the message is longer than the receive array', 0, 'MPI_ERR_TRUNCATE');
  }
  bytesOf(data).set(message.bytes);
  const count = message.bytes.length / data.BYTES_PER_ELEMENT;
  return { source: 0, tag: message.tag, count: Number.isInteger(count) ? count : -1 };
}

/** A receive from oneself: done when the message is, or has been, sent. */
export class SelfReceive implements Request, Receive {
  status: Status | undefined;
  readonly data: NumericArray;
  readonly tag: number;
  readonly #giveUp: (receive: SelfReceive) => void;
  #done = false;
  #error: unknown;
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
      this.#error = error;
    }
    this.#finish();
  }

  #finish(): void {
    this.#done = true;
    this.#settle?.();
  }

  test(): boolean {
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error;
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
    if (this.#done) return;
    this.#giveUp(this);
    this.#finish();
  }
}
