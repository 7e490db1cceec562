/**
 * Short messages between rank 0 and the others, beside the one reduce: who has arrived, which tiles, pause, stop, still alive.
 * They are polled from the event loop, so a rank hears them while its threads simulate, or between two tiles (40 ms) where it
 * simulates on the calling thread. One-sided counters would need rank 0 inside MPI just as often, and block who asks.
 *
 * The same polling notices a rank that has gone silent: whoever lives sends a beat now and then, until it leaves. And it notices
 * ranks that all wait for each other. Polling keeps the process alive only while a message is awaited: a rank whose own work
 * waits for something that will never come runs out of events, and ends the job (`common/lifetime.ts`).
 */
import type { Communicator } from 'mpi-node-bindings/index.ts';
import { isLost } from '../common/failpoints.ts';

/** What any message has; see `Up` and `Down` in run.ts and meeting.ts. */
export interface Message {
  readonly kind: string;
}

export interface Channel {
  /** From rank 0 to any, from any to rank 0; to oneself too. Messages between two ranks arrive in order. */
  send(rank: number, message: Message): void;
  /** Takes messages of a kind, those first that came before anybody listened. */
  on<M extends Message>(kind: M['kind'], handler: (from: number, message: M) => void): void;
  /** Keeps messages of a kind until somebody listens again. */
  off(kind: string): void;
  /** Polls rarely while this rank has its own work, often while it waits for a message. */
  busy(busy: boolean): void;
  /** Waits for what a message from another rank settles: only then does the channel keep this process alive. */
  awaiting<T>(reply: Promise<T>): Promise<T>;
  /** Lets the event loop have its turn and takes what has arrived: between batches too short for the engine to do so. */
  turn(): Promise<void>;
  /** The last exchange: until everything sent has left and, on rank 0, every rank has said that it sends no more. */
  close(): Promise<void>;
}

const WAITING_MS = 1;
const BUSY_MS = 10;

/** Beats in the time after which a silent rank is given up. */
const BEATS = 20;
/** Beats a second that rank 0 takes from all ranks together. */
const BEATS_PER_SECOND = 256;

export interface WatchOptions {
  /** Silence after which a rank counts as lost [s]. */
  readonly limit: number;
  /** Called once, with the ranks that were not heard. */
  readonly onSilence: (ranks: readonly number[]) => void;
  /** Called once, on rank 0, when all ranks have awaited messages for so long and none was sent. */
  readonly onDeadlock: () => void;
  /** A number for rank 0 that every beat carries: tiles finished. */
  readonly progress: () => number;
}

/** @param comm a communicator of its own: nobody else may receive from it */
export function openChannel(comm: Communicator, watch: WatchOptions): Channel & { readonly progress: Float64Array } {
  const { rank, size } = comm;
  const handlers = new Map<string, (from: number, message: Message) => void>();
  const early: { from: number; message: Message }[] = [];
  const text = new TextDecoder();
  const bytes = new TextEncoder();
  /** Tiles finished per rank, as the last beats said. */
  const progress = new Float64Array(rank === 0 ? size : 1);
  const peers = rank === 0 ? Array.from({ length: size - 1 }, (_, n) => n + 1) : [0];
  const silentTicks = new Int32Array(size);
  /** Ranks that wait for a message, as the last beats said. */
  const idle = new Array<boolean>(size).fill(false);
  let idleTicks = 0;
  let awaited = 0;
  /** Ranks that have said goodbye: they are silent from now on, and rightly so. */
  const gone = new Set<number>();
  let sending = 0;
  let leaving = rank === 0 ? size - 1 : 0;
  let every = WAITING_MS;

  const deliver = (from: number, message: Message): void => {
    const handler = handlers.get(message.kind);
    if (handler === undefined) early.push({ from, message });
    else handler(from, message);
  };

  const send = (to: number, message: Message): void => {
    if (isLost(`message ${message.kind}`)) return;
    if (message.kind !== 'beat') idleTicks = 0;
    if (to === rank) {
      queueMicrotask(() => deliver(rank, message));
      return;
    }
    const request = comm.isend(bytes.encode(JSON.stringify(message)), to);
    if (request.test()) return;
    sending++;
    void request.wait().then(() => {
      sending--;
    });
  };

  const drain = (): void => {
    for (let waiting = comm.iprobe(); waiting !== undefined; waiting = comm.iprobe()) {
      const data = new Uint8Array(waiting.count);
      comm.recv(data, waiting.source, waiting.tag);
      silentTicks[waiting.source] = 0;
      const message = JSON.parse(text.decode(data)) as Message;
      if (message.kind === 'beat') {
        progress[waiting.source] = (message as Beat).finished;
        idle[waiting.source] = (message as Beat).idle;
        continue;
      }
      idleTicks = 0;
      if (message.kind === 'bye') {
        leaving--;
        gone.add(waiting.source);
      } else deliver(waiting.source, message);
    }
  };

  // Silence is counted in ticks of this rank's own life, not by the clock: after a job was suspended, or this rank was busy
  // with a disk for minutes, one tick has passed.
  const tickSeconds = Math.min(watch.limit / BEATS, Math.max(1, size / BEATS_PER_SECOND));
  const limitTicks = Math.ceil(watch.limit / tickSeconds);
  const tick = (): void => {
    drain();
    const finished = watch.progress();
    for (const peer of peers) {
      if (gone.has(peer)) continue;
      send(peer, { kind: 'beat', finished, idle: awaited > 0 } as Beat);
      silentTicks[peer]!++;
    }
    const silent = peers.filter((peer) => !gone.has(peer) && silentTicks[peer]! > limitTicks);
    if (silent.length > 0) watch.onSilence(silent);
    idleTicks = awaited > 0 && peers.every((peer) => idle[peer]) ? idleTicks + 1 : 0;
    if (rank === 0 && idleTicks > limitTicks) watch.onDeadlock();
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
  const ticker = size > 1 ? setInterval(tick, tickSeconds * 1e3).unref() : undefined;
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
    send,
    progress,
    on(kind, handler) {
      handlers.set(kind, handler as (from: number, message: Message) => void);
      for (let n = 0; n < early.length; ) {
        if (early[n]!.message.kind !== kind) n++;
        else {
          const [{ from, message }] = early.splice(n, 1) as [{ from: number; message: Message }];
          handler(from, message as Parameters<typeof handler>[1]);
        }
      }
    },
    off(kind) {
      handlers.delete(kind);
    },
    busy(busy) {
      every = busy ? BUSY_MS : WAITING_MS;
      if (poller !== undefined) again();
    },
    awaiting,
    async turn() {
      await new Promise(setImmediate);
      if (size > 1) drain();
    },
    async close() {
      if (rank !== 0) send(0, { kind: 'bye' });
      while (sending > 0 || leaving > 0) await new Promise((resolve) => setTimeout(resolve, WAITING_MS));
      clearInterval(ticker);
      clearTimeout(poller);
    },
  };
}

interface Beat extends Message {
  readonly kind: 'beat';
  readonly finished: number;
  /** It waits for a message. */
  readonly idle: boolean;
}
