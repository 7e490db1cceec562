/**
 * Short messages between ranks, in addition to the reduce: collective agreement, batches of tiles,
 * pause, stop, heartbeats. They travel between neighbours in the tree, or between rank 0 and any
 * rank. They are polled from the event loop (polling.ts), so a rank receives them while its threads
 * simulate, or between two tiles (40 ms) if it simulates on the calling thread. One-sided counters
 * would need rank 0 inside MPI just as often, and block the rank that reads them.
 */
import type { Communicator } from 'mpi-node-bindings/index.ts';
import { isLost } from '../base/failpoints.ts';
import { type Heartbeat, keepHeartbeats, type WatchOptions } from './heartbeats.ts';
import { type Mailbox, type Message, openMailbox } from './mailbox.ts';
import { startPolling } from './polling.ts';
import { type Tree, treeOf } from './tree.ts';

export interface Channel extends Pick<Mailbox, 'on' | 'off'> {
  readonly tree: Tree;
  /** Messages to and from other ranks so far, without heartbeats. */
  readonly counts: { readonly sent: number; readonly received: number };
  /**
   * To a neighbour in the tree, from or to rank 0, or to oneself. Messages between two ranks arrive
   * in order.
   */
  send(rank: number, message: Message): void;
  /** Tiles finished by this rank and those below it in the tree, as heartbeats reported. */
  finished(): number;
  /** Polls rarely while this rank has its own work, often while it waits for a message. */
  setPollRate(rate: 'low' | 'high'): void;
  /**
   * Awaits a promise that a message from another rank settles: only meanwhile does the channel keep
   * this process alive.
   */
  awaiting<T>(reply: Promise<T>): Promise<T>;
  /**
   * Lets the event loop run once and takes what has arrived: between batches too short for the
   * engine to do so.
   */
  yieldToEventLoop(): Promise<void>;
  /**
   * Last call: returns when the neighbours send no more, and everything sent from here has left.
   */
  close(): Promise<void>;
}

const PAUSE_MS = 1;

/** @param comm a communicator of its own: nobody else may receive from it */
export function openChannel(
  comm: Pick<Communicator, 'rank' | 'size' | 'isend' | 'iprobe' | 'recv'>,
  watch: WatchOptions,
): Channel {
  const { rank, size } = comm;
  const tree = treeOf(rank, size);
  const mailbox = openMailbox();
  const counts = { sent: 0, received: 0 };
  let staying = tree.children.length;
  let dismissed = tree.parent === undefined;

  const wire = wireOver(comm);
  const heartbeats = keepHeartbeats(comm, tree, watch, wire.post);
  const send = (to: number, message: Message): void => {
    heartbeats.active();
    if (to !== rank) {
      counts.sent++;
      wire.post(to, message);
    } else if (!isLost(`message ${message.kind}`)) queueMicrotask(() => mailbox.deliver(rank, message));
  };
  const receive = (from: number, message: Message): void => {
    heartbeats.alive(from);
    if (message.kind === 'heartbeat') {
      heartbeats.receive(from, message as Heartbeat);
      return;
    }
    counts.received++;
    heartbeats.active();
    if (message.kind === 'leaving') {
      staying--;
      heartbeats.leaves(from);
      // Nothing follows it: the other side has received all when it has this.
      send(from, { kind: 'goodbye' });
    } else if (message.kind === 'goodbye') {
      dismissed = true;
      heartbeats.leaves(from);
    } else mailbox.deliver(from, message);
  };
  const drain = (): void => wire.drain(receive);

  const polling = startPolling(size > 1 ? drain : undefined);
  const tick = (): void => {
    drain();
    heartbeats.tick(polling.isAwaiting());
  };
  const ticker = size > 1 ? setInterval(tick, heartbeats.tickSeconds * 1e3).unref() : undefined;

  return {
    tree,
    counts,
    send,
    finished: heartbeats.finished,
    on: mailbox.on,
    off: mailbox.off,
    setPollRate: polling.setRate,
    awaiting: polling.awaiting,
    async yieldToEventLoop() {
      await new Promise(setImmediate);
      if (size > 1) drain();
    },
    async close() {
      while (staying > 0) await pause();
      if (tree.parent !== undefined) send(tree.parent, { kind: 'leaving' });
      while (!dismissed || wire.isSending()) await pause();
      clearInterval(ticker);
      polling.stop();
    },
  };
}

/** Messages as JSON over MPI. */
function wireOver(comm: Pick<Communicator, 'isend' | 'iprobe' | 'recv'>) {
  const text = new TextDecoder();
  const bytes = new TextEncoder();
  let sending = 0;
  return {
    post(to: number, message: Message): void {
      if (isLost(`message ${message.kind}`)) return;
      const request = comm.isend(bytes.encode(JSON.stringify(message)), to);
      if (request.test()) return;
      sending++;
      void request.wait().then(() => {
        sending--;
      });
    },
    isSending: () => sending > 0,
    /** Takes all that has arrived. */
    drain(receive: (from: number, message: Message) => void): void {
      for (let waiting = comm.iprobe(); waiting !== undefined; waiting = comm.iprobe()) {
        const { source, tag, count } = waiting;
        const data = new Uint8Array(count);
        comm.recv(data, source, tag);
        receive(source, JSON.parse(text.decode(data)) as Message);
      }
    },
  };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
