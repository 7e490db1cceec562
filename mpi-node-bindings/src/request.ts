/**
 * Nonblocking operations as promises. MPI makes progress only while it is called, and only one thread may call it, so
 * whoever awaits is served by one poller on the JS thread: it asks after every pending request in turn, lets the event
 * loop run, and asks again. Everything that is pending is listed here, which also keeps its arrays from being collected.
 */
import type { Native } from './native.ts';
import { lastStatus } from './native.ts';
import type { NumericArray, Request, Status } from './types.ts';

/** For so long a wait polls at every turn of the event loop: most messages of a running job arrive by then. */
const EAGER_MS = 2;
/** Afterwards once in so many: a poll costs microseconds, so waiting takes about 1 % of a core from computing threads. */
const PAUSE_MS = 1;
/** Each poll moves large messages on by some fragments only, so their eagerness lasts as long as moving them may. */
const EAGER_BYTES_PER_MS = 100_000;

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
  return { source: lastStatus[0]!, tag: lastStatus[1]!, count: lastStatus[2]! };
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
  status: Status | undefined;
  readonly #native: Native;
  readonly #handle: number;
  readonly #receives: boolean;
  readonly #arrays: readonly (NumericArray | null)[];

  constructor(native: Native, handle: number, arrays: readonly (NumericArray | null)[], receives = false) {
    this.#native = native;
    this.#handle = handle;
    this.#arrays = arrays;
    this.#receives = receives;
    pending.add(this);
  }

  test(): boolean {
    if (!pending.has(this)) return true;
    let done = true; // a failed operation is over too, and C has let its handle go
    try {
      done = this.#native.test(this.#handle);
    } finally {
      if (done) pending.delete(this);
    }
    if (done && this.#receives) this.status = statusNow();
    return done;
  }

  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.test()) {
        resolve();
        return;
      }
      const bytes = this.#arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0);
      const eagerUntil = performance.now() + EAGER_MS + bytes / EAGER_BYTES_PER_MS;
      waiters.add({ request: this, eagerUntil, resolve, reject });
      schedule();
    });
  }

  cancel(): void {
    if (pending.has(this)) this.#native.cancel(this.#handle);
  }
}
