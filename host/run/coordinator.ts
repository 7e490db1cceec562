/**
 * Coordinator of a run, on rank 0 beside its own simulation: hands out batches, and decides when
 * all ranks pause so that their sums can be collected (checkpoint, stop signal, end). Collections
 * are ordered here, one after the other, so all ranks take part in the same ones.
 *
 * Orders go to each rank directly and not down the tree: an inner rank that simulates on its only
 * thread would forward them only after its tile.
 */
import type { Message } from '../comm/mailbox.ts';
import type { Cluster } from '../comm/ranks.ts';
import type { Scheduler } from './scheduler.ts';
import { joinRanges, type TileRange } from './tiles.ts';

/** What ranks send. */
export type Ask = { readonly kind: 'ask' };
export type Stop = { readonly kind: 'stop'; readonly signal: string };

/**
 * What rank 0 sends: a batch (none: no tiles are left), or the order to take part in a collection.
 */
export type Batch = { readonly kind: 'batch'; readonly range?: TileRange | undefined };
export type Collect = { readonly kind: 'collect'; readonly why: Why; readonly signal?: string | undefined };

/**
 * `final` and `stop` end the loop; `abandon` is a stop without --checkpoint, so nothing is
 * collected.
 */
export type Why = 'checkpoint' | 'final' | 'stop' | 'abandon';

export interface Coordinator {
  /** All ranks have finished all their tiles. */
  allDone(): void;
  /** The tiles that all ranks finished since the last collection. */
  arrive(ranges: readonly TileRange[]): void;
  /** After rank 0's part in a collection: all tiles that are in its sums. */
  awaitCollected(): Promise<readonly TileRange[]>;
  /** Rank 0 no longer needs the collected sums as they are: the next collection may be ordered. */
  resume(): void;
  close(): void;
}

export interface CoordinatorOptions {
  /** Absent with a static schedule. */
  readonly scheduler?: Scheduler | undefined;
  /** Seconds between checkpoints; absent: none are written. */
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
  // The first batches are sent without a request: rank 0 would finish a short job before it
  // received the others' requests.
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
      // A signal that comes now stops the next pass.
      for (const kind of ['ask', 'stop']) channel.off(kind);
    },
  };
}
