/**
 * Rank 0's other job: it deals batches out, hears who is done and who was told to stop, and says when all ranks pause and
 * their sums are collected. Every collection is ordered here, one after the other, so all ranks take part in the same ones.
 */
import type { Message } from '../comm/channel.ts';
import type { Cluster } from '../comm/ranks.ts';
import type { Dealer } from './scheduler.ts';
import { joinRanges, type TileRange } from './tiles.ts';

/** What ranks send. */
export type Ask = { readonly kind: 'ask' };
export type Stop = { readonly kind: 'stop'; readonly signal: string };

/** What rank 0 sends: a batch (none: nothing is left), or the order to take part in a collection. */
export type Batch = { readonly kind: 'batch'; readonly range?: TileRange | undefined };
export type Collect = { readonly kind: 'collect'; readonly why: Why; readonly signal?: string | undefined };

/** After `final` and `stop` ranks leave; `abandon` is a stop with nowhere to keep what was done, so nothing is collected. */
export type Why = 'checkpoint' | 'final' | 'stop' | 'abandon';

export interface Hub {
  /** All ranks have finished all their tiles. */
  allDone(): void;
  /** The tiles that all ranks finished since the collection before. */
  arrive(ranges: readonly TileRange[]): void;
  /** After rank 0's part in a collection: all tiles that are in its sums now. */
  collected(): Promise<readonly TileRange[]>;
  /** When rank 0 has done with the sums what it wanted: the next collection may be ordered. */
  goOn(): void;
  close(): void;
}

export interface HubOptions {
  /** Absent with a static schedule: nobody asks. */
  readonly dealer?: Dealer | undefined;
  /** Seconds between checkpoints; absent: none are kept. */
  readonly interval?: number | undefined;
  /** Tiles in rank 0's sums from the start. */
  readonly done: readonly TileRange[];
}

export function startHub({ size, channel }: Cluster, { dealer, interval, done: before }: HubOptions): Hub {
  let done = before;
  let working = true;
  let signal: string | undefined;
  let due = false;
  let collecting = false;
  let arrive: (ranges: readonly TileRange[]) => void = () => {};
  let arrived: Promise<readonly TileRange[]> = Promise.resolve([]);

  const tellAll = (message: Message): void => {
    for (let rank = 0; rank < size; rank++) channel.send(rank, message);
  };
  const order = (why: Why): void => {
    collecting = true;
    arrived = new Promise((resolve) => {
      arrive = resolve;
    });
    tellAll({ kind: 'collect', why, signal } as Collect);
  };
  const next = (): void => {
    if (collecting) return;
    if (!working) order('final');
    else if (signal !== undefined) order(interval === undefined ? 'abandon' : 'stop');
    else if (due) {
      due = false;
      order('checkpoint');
    }
  };

  const deal = (rank: number): void => channel.send(rank, { kind: 'batch', range: dealer?.deal(rank) } as Batch);
  channel.on<Ask>('ask', deal);
  // The first batches go out unasked: a short job would be over before the others' requests were heard.
  if (dealer !== undefined) for (let rank = 0; rank < size; rank++) deal(rank);
  channel.on<Stop>('stop', (_, message) => {
    signal ??= message.signal;
    next();
  });
  const timer =
    interval === undefined
      ? undefined
      : setInterval(() => {
          due = true;
          next();
        }, interval * 1e3);

  return {
    allDone() {
      working = false;
      next();
    },
    arrive: (ranges) => arrive(ranges),
    async collected() {
      done = joinRanges([...done, ...(await arrived)]);
      return done;
    },
    goOn() {
      collecting = false;
      next();
    },
    close() {
      clearInterval(timer);
      // What still comes (a second signal, a request that crossed the order to stop) is of no use any more.
      for (const kind of ['ask', 'stop']) channel.on(kind, () => {});
    },
  };
}
