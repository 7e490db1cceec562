/**
 * Rank 0's other job: it deals batches out, hears who is done and who was told to stop, and says when all ranks pause and
 * their sums are collected. Every collection is ordered here, one after the other, so all ranks take part in the same ones.
 */
import type { Message } from '../comm/channel.ts';
import type { Cluster } from '../comm/ranks.ts';
import type { Scheduler } from './scheduler.ts';
import { joinRanges, type TileRange } from './tiles.ts';

/** What ranks send. */
export type Ask = { readonly kind: 'ask' };
export type Stop = { readonly kind: 'stop'; readonly signal: string };

/** What rank 0 sends: a batch (none: nothing is left), or the order to take part in a collection. */
export type Batch = { readonly kind: 'batch'; readonly range?: TileRange | undefined };
export type Collect = { readonly kind: 'collect'; readonly why: Why; readonly signal?: string | undefined };

/** After `final` and `stop` ranks leave; `abandon` is a stop with nowhere to keep what was done, so nothing is collected. */
export type Why = 'checkpoint' | 'final' | 'stop' | 'abandon';

export interface Coordinator {
  /** All ranks have finished all their tiles. */
  allDone(): void;
  /** The tiles that all ranks finished since the collection before. */
  arrive(ranges: readonly TileRange[]): void;
  /** After rank 0's part in a collection: all tiles that are in its sums now. */
  awaitCollected(): Promise<readonly TileRange[]>;
  /** When rank 0 has done with the sums what it wanted: the next collection may be ordered. */
  resume(): void;
  close(): void;
}

export interface CoordinatorOptions {
  /** Absent with a static schedule: nobody asks. */
  readonly scheduler?: Scheduler | undefined;
  /** Seconds between checkpoints; absent: none are kept. */
  readonly interval?: number | undefined;
  /** Tiles in rank 0's sums from the start. */
  readonly done: readonly TileRange[];
}

export function startCoordinator(
  { size, channel }: Cluster,
  { scheduler, interval, done: before }: CoordinatorOptions,
): Coordinator {
  let done = before;
  let working = true;
  let signal: string | undefined;
  let due = false;
  let collecting = false;
  let arrive: (ranges: readonly TileRange[]) => void = () => {};
  let arrived: Promise<readonly TileRange[]> = Promise.resolve([]);

  const sendToAll = (message: Message): void => {
    for (let rank = 0; rank < size; rank++) channel.send(rank, message);
  };
  const order = (why: Why): void => {
    collecting = true;
    arrived = new Promise((resolve) => {
      arrive = resolve;
    });
    sendToAll({ kind: 'collect', why, signal } as Collect);
  };
  const orderNext = (): void => {
    if (collecting) return;
    if (!working) order('final');
    else if (signal !== undefined) order(interval === undefined ? 'abandon' : 'stop');
    else if (due) {
      due = false;
      order('checkpoint');
    }
  };

  const sendBatch = (rank: number): void =>
    channel.send(rank, { kind: 'batch', range: scheduler?.next(rank) } as Batch);
  channel.on<Ask>('ask', sendBatch);
  // The first batches go out unasked: a short job would be over before the others' requests were heard.
  if (scheduler !== undefined) for (let rank = 0; rank < size; rank++) sendBatch(rank);
  channel.on<Stop>('stop', (_, message) => {
    signal ??= message.signal;
    orderNext();
  });
  const timer =
    interval === undefined
      ? undefined
      : setInterval(() => {
          due = true;
          orderNext();
        }, interval * 1e3);

  return {
    allDone() {
      working = false;
      orderNext();
    },
    arrive: (ranges) => arrive(ranges),
    async awaitCollected() {
      done = joinRanges([...done, ...(await arrived)]);
      return done;
    },
    resume() {
      collecting = false;
      orderNext();
    },
    close() {
      clearInterval(timer);
      // What still comes (a second signal, a request that crossed the order to stop) is of no use any more.
      for (const kind of ['ask', 'stop']) channel.on(kind, () => {});
    },
  };
}
