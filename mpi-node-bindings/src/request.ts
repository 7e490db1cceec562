/**
 * Nonblocking operations as promises. MPI makes progress only while it is called, and only one
 * thread may call it, so whoever awaits is served by one poller on the JS thread: it asks after
 * every pending request in turn, lets the event loop run, and asks again. Everything that is
 * pending is listed here, which also keeps its arrays from being collected. What keeps their bytes
 * from moving is in native/requests.c.
 */
import { byteLengthOf } from './arrays.ts';
import type { Native } from './native.ts';
import { lastStatus } from './native.ts';
import type { NumericArray, Request, Status } from './types.ts';

/**
 * Time for which a wait polls at every turn of the event loop: most messages of a running job
 * arrive by then.
 */
const EAGER_MS = 2;
/**
 * Interval of later polls: a poll costs microseconds, so waiting takes about 1 % of a core from
 * computing threads.
 */
const PAUSE_MS = 1;
/**
 * Each poll advances large messages only by some fragments, so frequent polling continues as long
 * as their transfer may take.
 */
const EAGER_BYTES_PER_MS = 100_000;

/** Result of `test` for a request that is done and was not cancelled. */
const DONE = 1;

interface Waiter {
  readonly request: NativeRequest;
  readonly eagerUntil: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const pending = new Set<NativeRequest>();
const waiters = new Set<Waiter>();
let timer: NodeJS.Timeout | undefined;
let immediate: NodeJS.Immediate | undefined;

/** Requests that are not done; MPI must not be finalized before there are none. */
export function pendingRequests(): number {
  return pending.size;
}

export function statusNow(): Status {
  return { source: lastStatus[0], tag: lastStatus[1], count: lastStatus[2] };
}

function poll(): void {
  timer = immediate = undefined;
  for (const waiter of waiters) {
    try {
      if (!waiter.request.test()) continue;
      waiter.resolve();
    } catch (error) {
      waiter.reject(error);
    }
    waiters.delete(waiter);
  }
  if (waiters.size > 0) schedule();
}

function schedule(): void {
  if (immediate) return;
  const now = performance.now();
  let eager = false;
  for (const waiter of waiters) eager ||= now < waiter.eagerUntil;
  if (eager) {
    clearTimeout(timer); // a newcomer does not wait for the pause of those before it
    timer = undefined;
    immediate = setImmediate(poll);
  } else timer ??= setTimeout(poll, PAUSE_MS);
}

export class NativeRequest implements Request {
  readonly #native: Native;
  readonly #handle: number;
  readonly #sent: NumericArray | null;
  readonly #received: NumericArray | null;
  readonly #isMessage: boolean;
  #status: Status | undefined;
  #failure: { readonly error: unknown } | undefined;
  #cancelled = false;

  /** @param isMessage it is a receive: it has a status, and can be cancelled */
  constructor(
    native: Native,
    handle: number,
    sent: NumericArray | null,
    received: NumericArray | null,
    isMessage = false,
  ) {
    this.#native = native;
    this.#handle = handle;
    this.#sent = sent;
    this.#received = received;
    this.#isMessage = isMessage;
    pending.add(this);
  }

  get status(): Status | undefined {
    return this.#status;
  }

  test(): boolean {
    if (this.#failure) throw this.#failure.error; // to everybody who waits for it
    if (!pending.has(this)) return true;
    let state = 0;
    try {
      state = this.#native.test(this.#handle, this.#received);
    } catch (error) {
      pending.delete(this); // a failed operation is over too, and C has let its handle go
      this.#failure = { error };
      throw error;
    }
    if (state === 0) return false;
    pending.delete(this);
    if (state === DONE && this.#isMessage) this.#status = statusNow();
    return true;
  }

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.test()) {
        resolve();
        return;
      }
      const bytes = sizeOf(this.#sent) + sizeOf(this.#received);
      const eagerUntil = performance.now() + EAGER_MS + bytes / EAGER_BYTES_PER_MS;
      waiters.add({ request: this, eagerUntil, resolve, reject });
      schedule();
    });
  }

  cancel(): void {
    if (!this.#isMessage) throw new TypeError('cancel: only a receive can be cancelled');
    if (this.#cancelled) throw new Error('cancel: this receive was cancelled before; wait until it is done');
    this.#cancelled = true;
    if (pending.has(this)) this.#native.cancel(this.#handle);
  }
}

function sizeOf(array: NumericArray | null): number {
  return array === null ? 0 : byteLengthOf(array);
}
