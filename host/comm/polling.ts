/**
 * Polls for messages from the event loop. It keeps the process alive only while a message is
 * awaited: a rank whose own work waits for something that will never come runs out of events, and
 * ends the job (`base/lifetime.ts`).
 */

const WAITING_MS = 1;
const BUSY_MS = 10;

export interface Polling {
  /** Polls rarely while this rank has its own work, often while it waits for a message. */
  setRate(rate: 'low' | 'high'): void;
  /**
   * Awaits a promise that a message from another rank settles: only meanwhile is the process kept
   * alive.
   */
  awaiting<T>(reply: Promise<T>): Promise<T>;
  isAwaiting(): boolean;
  stop(): void;
}

/** @param poll undefined: there is nobody to hear from */
export function startPolling(poll: (() => void) | undefined): Polling {
  let awaited = 0;
  let every = WAITING_MS;
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(next, every);
    if (awaited === 0) timer.unref();
  };
  const next = (): void => {
    poll?.();
    again();
  };
  if (poll !== undefined) next();
  return {
    setRate(rate) {
      every = rate === 'low' ? BUSY_MS : WAITING_MS;
      if (timer !== undefined) again();
    },
    async awaiting(reply) {
      if (awaited++ === 0) timer?.ref();
      try {
        return await reply;
      } finally {
        if (--awaited === 0) timer?.unref();
      }
    },
    isAwaiting: () => awaited > 0,
    stop: () => clearTimeout(timer),
  };
}
