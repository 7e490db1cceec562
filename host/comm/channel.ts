/**
 * Short messages between ranks, beside the reduce: what is agreed on, which tiles, pause, stop, heartbeats. They travel
 * between neighbours in the tree, or between rank 0 and any rank. They are polled from the event loop, so a rank receives
 * them while its threads simulate, or between two tiles (40 ms) where it simulates on the calling thread. One-sided
 * counters would need rank 0 inside MPI just as often, and block the rank that reads them.
 *
 * Polling keeps the process alive only while a message is awaited: a rank whose own work waits for something that will
 * never come runs out of events, and ends the job (`base/lifetime.ts`).
 */
import type { Communicator } from 'mpi-node-bindings/index.ts';
import { isLost } from '../base/failpoints.ts';
import { type Heartbeat, keepHeartbeats, type WatchOptions } from './heartbeats.ts';
import { type Tree, treeOf } from './tree.ts';

/** What any message has; the kinds are declared where they are sent. */
export interface Message {
  readonly kind: string;
}

export interface Channel {
  readonly tree: Tree;
  /** Messages to and from other ranks so far, without heartbeats. */
  readonly counts: { readonly sent: number; readonly received: number };
  /** To a neighbour in the tree, from or to rank 0, or to oneself. Messages between two ranks arrive in order. */
  send(rank: number, message: Message): void;
  /** Takes messages of a kind; first those that arrived while nobody listened. */
  on<M extends Message>(kind: M['kind'], handler: (from: number, message: M) => void): void;
  /** Keeps messages of a kind until somebody listens again. */
  off(kind: string): void;
  /** Tiles finished by this rank and those below it in the tree, as heartbeats reported. */
  finished(): number;
  /** Polls rarely while this rank has its own work, often while it waits for a message. */
  setPollRate(rate: 'low' | 'high'): void;
  /** Waits for what a message from another rank settles: only then does the channel keep this process alive. */
  awaiting<T>(reply: Promise<T>): Promise<T>;
  /** Lets the event loop run once and takes what has arrived: between batches too short for the engine to do so. */
  yieldToEventLoop(): Promise<void>;
  /** Last call: returns when the neighbours send no more, and everything sent from here has left. */
  close(): Promise<void>;
}

const WAITING_MS = 1;
const BUSY_MS = 10;

/** @param comm a communicator of its own: nobody else may receive from it */
export function openChannel(
  comm: Pick<Communicator, 'rank' | 'size' | 'isend' | 'iprobe' | 'recv'>,
  watch: WatchOptions,
): Channel {
  const { rank, size } = comm;
  const tree = treeOf(rank, size);
  const handlers = new Map<string, (from: number, message: Message) => void>();
  const early: { from: number; message: Message }[] = [];
  const text = new TextDecoder();
  const bytes = new TextEncoder();
  const counts = { sent: 0, received: 0 };
  let awaited = 0;
  let sending = 0;
  let staying = tree.children.length;
  let dismissed = tree.parent === undefined;
  let every = WAITING_MS;

  const deliver = (from: number, message: Message): void => {
    const handler = handlers.get(message.kind);
    if (handler === undefined) early.push({ from, message });
    else handler(from, message);
  };

  const post = (to: number, message: Message): void => {
    if (isLost(`message ${message.kind}`)) return;
    const request = comm.isend(bytes.encode(JSON.stringify(message)), to);
    if (request.test()) return;
    sending++;
    void request.wait().then(() => {
      sending--;
    });
  };
  const heartbeats = keepHeartbeats(comm, tree, watch, post);

  const send = (to: number, message: Message): void => {
    heartbeats.active();
    if (to === rank) {
      if (!isLost(`message ${message.kind}`)) queueMicrotask(() => deliver(rank, message));
      return;
    }
    counts.sent++;
    post(to, message);
  };

  const drain = (): void => {
    for (let waiting = comm.iprobe(); waiting !== undefined; waiting = comm.iprobe()) {
      const { source, tag, count } = waiting;
      const data = new Uint8Array(count);
      comm.recv(data, source, tag);
      const message = JSON.parse(text.decode(data)) as Message;
      heartbeats.alive(source);
      if (message.kind === 'heartbeat') {
        heartbeats.receive(source, message as Heartbeat);
        continue;
      }
      counts.received++;
      heartbeats.active();
      if (message.kind === 'leaving') {
        staying--;
        heartbeats.leaves(source);
        send(source, { kind: 'goodbye' }); // nothing follows it: the other side has received all when it has this
      } else if (message.kind === 'goodbye') {
        dismissed = true;
        heartbeats.leaves(source);
      } else deliver(source, message);
    }
  };

  let poller: NodeJS.Timeout | undefined;
  const again = (): void => {
    clearTimeout(poller);
    poller = setTimeout(poll, every);
    if (awaited === 0) poller.unref();
  };
  const poll = (): void => {
    drain();
    again();
  };
  const tick = (): void => {
    drain();
    heartbeats.tick(awaited > 0);
  };
  const ticker = size > 1 ? setInterval(tick, heartbeats.tickSeconds * 1e3).unref() : undefined;
  if (size > 1) poll();
  const awaiting = async <T>(reply: Promise<T>): Promise<T> => {
    if (awaited++ === 0) poller?.ref();
    try {
      return await reply;
    } finally {
      if (--awaited === 0) poller?.unref();
    }
  };

  return {
    tree,
    counts,
    send,
    finished: heartbeats.finished,
    on(kind, handler) {
      handlers.set(kind, handler as (from: number, message: Message) => void);
      for (let n = 0; n < early.length; ) {
        if (early[n].message.kind !== kind) n++;
        else {
          const [{ from, message }] = early.splice(n, 1) as [{ from: number; message: Message }];
          handler(from, message as Parameters<typeof handler>[1]);
        }
      }
    },
    off(kind) {
      handlers.delete(kind);
    },
    setPollRate(rate) {
      every = rate === 'low' ? BUSY_MS : WAITING_MS;
      if (poller !== undefined) again();
    },
    awaiting,
    async yieldToEventLoop() {
      await new Promise(setImmediate);
      if (size > 1) drain();
    },
    async close() {
      while (staying > 0) await pause();
      if (tree.parent !== undefined) send(tree.parent, { kind: 'leaving' });
      while (!dismissed || sending > 0) await pause();
      clearInterval(ticker);
      clearTimeout(poller);
    },
  };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, WAITING_MS));
