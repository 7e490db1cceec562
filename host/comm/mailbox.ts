/**
 * Messages by kind: each goes to the handler of its kind, or waits until there is one. So a rank
 * may send before the receiver has come to the step that listens.
 */

/** Common part of all messages; the kinds are declared where they are sent. */
export interface Message {
  readonly kind: string;
}

type Handler = (from: number, message: Message) => void;

export interface Mailbox {
  /** Takes messages of a kind; first those that arrived while nobody listened. */
  on<M extends Message>(kind: M['kind'], handler: (from: number, message: M) => void): void;
  /** Keeps messages of a kind until somebody listens again. */
  off(kind: string): void;
  deliver(from: number, message: Message): void;
}

export function openMailbox(): Mailbox {
  const handlers = new Map<string, Handler>();
  const early: { readonly from: number; readonly message: Message }[] = [];
  return {
    on(kind, handler) {
      handlers.set(kind, handler as Handler);
      for (let n = 0; n < early.length; ) {
        if (early[n].message.kind !== kind) n++;
        else {
          const [{ from, message }] = early.splice(n, 1) as [(typeof early)[number]];
          handler(from, message as Parameters<typeof handler>[1]);
        }
      }
    },
    off(kind) {
      handlers.delete(kind);
    },
    deliver(from, message) {
      const handler = handlers.get(message.kind);
      if (handler === undefined) early.push({ from, message });
      else handler(from, message);
    },
  };
}
