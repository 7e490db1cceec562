/**
 * Main loop of a run. Every rank simulates its tiles with its own engine, pauses when rank 0 orders
 * a collection of the sums, and returns after the last one. The loop is the same on all ranks:
 * rank 0 sends its messages to itself too.
 */

import { enter } from '../base/lifetime.ts';
import type { StopRequest } from '../base/signals.ts';
import type { Channel } from '../comm/channel.ts';
import type { Cluster } from '../comm/ranks.ts';
import { reduceToRoot } from '../comm/reduce.ts';
import { gather } from '../comm/tree.ts';
import type { Engine } from '../engine/types.ts';
import { type Ask, type Batch, type Collect, type Coordinator, type Stop, startCoordinator } from './coordinator.ts';
import type { Plan } from './plan.ts';
import { makeScheduler, type Schedule, staticShare } from './scheduler.ts';
import { complement, countTiles, joinRanges, type TileRange } from './tiles.ts';

export interface RunOptions {
  readonly schedule: Schedule;
  /** Threads of every rank. */
  readonly threads: readonly number[];
  /** Operations in a tile, by counting. */
  readonly tileWork: number;
  /** Tiles that an earlier run finished; their sums are in rank 0's engine. */
  readonly done: readonly TileRange[];
  /** On rank 0, with --checkpoint: the interval [s], and what writes one. */
  readonly checkpoint?: { readonly interval: number; readonly write: (done: readonly TileRange[]) => void } | undefined;
  /** Called if a checkpoint during the run cannot be written: the run continues. */
  readonly onSaveError: (error: unknown) => void;
}

export interface RunResult {
  /** False if a signal stopped the run before the last tile. */
  readonly complete: boolean;
  /** The signal that stopped it. */
  readonly signal: string | undefined;
  /** On rank 0: the tiles whose sums are in its `engine.sums`. */
  readonly done: readonly TileRange[];
  /** Tiles this rank simulated. */
  readonly tiles: number;
  readonly seconds: { readonly simulate: number; readonly wait: number; readonly reduce: number };
}

export async function runTiles(
  cluster: Cluster,
  engine: Engine,
  plan: Plan,
  stop: StopRequest,
  options: RunOptions,
): Promise<RunResult> {
  const { rank, size, channel } = cluster;
  const left = complement(options.done, plan.tileCount);
  const dynamic = options.schedule === 'dynamic';
  const coordinator =
    rank === 0
      ? startCoordinator(cluster, {
          scheduler: dynamic ? makeScheduler(left, options.threads, options.tileWork) : undefined,
          interval: options.checkpoint?.interval,
          done: options.done,
        })
      : undefined;
  const work = incomingWork(channel, dynamic ? undefined : staticShare(left, rank, size), () => engine.pause());
  stop.onStop((signal) => channel.send(0, { kind: 'stop', signal } as Stop));
  const own = makeRank(cluster, engine, coordinator, options);

  let last: Collect | undefined;
  try {
    while (last === undefined) {
      const order = work.nextOrder();
      const batch = order === undefined ? work.nextBatch() : undefined;
      if (order !== undefined) {
        if (order.why !== 'abandon') await own.collect(order);
        if (order.why !== 'checkpoint') last = order;
      } else if (batch !== undefined) {
        work.askAhead();
        const rest = await own.simulate(batch);
        if (rest.count > 0) work.putBack(rest);
        await channel.yieldToEventLoop();
      } else await own.await(work);
    }
  } finally {
    coordinator?.close();
    work.close();
  }
  const complete = last.why === 'final';
  const { done, tiles, seconds } = own.result();
  if (rank === 0 && complete && countTiles(done) !== plan.tileCount) {
    throw new Error(`${countTiles(done)} of ${plan.tileCount} tiles arrived`);
  }
  return { complete, signal: last.signal, done, tiles, seconds };
}

/** The actions of one rank in the steps of the loop, and their results. */
function makeRank(
  cluster: Cluster,
  engine: Engine,
  coordinator: Coordinator | undefined,
  { checkpoint, done: doneBefore, onSaveError }: RunOptions,
) {
  const { channel } = cluster;
  const { seconds, timed } = stopwatch();
  let tiles = 0;
  let finished: TileRange[] = [];
  let done = doneBefore;
  let reportedDone = false;

  const collect = async (order: Collect): Promise<void> => {
    gather(channel, 'finished', joinRanges(finished), joinParts, (ranges) => coordinator!.arrive(ranges));
    finished = [];
    await enter('collecting sums');
    await reduceToRoot(cluster, engine.sums);
    if (coordinator === undefined) return;
    done = await channel.awaiting(coordinator.awaitCollected());
    if (order.why !== 'checkpoint') return;
    try {
      checkpoint!.write(done);
    } catch (error) {
      onSaveError(error);
    }
    coordinator.resume();
  };
  return {
    /** Moves the sums and the tiles in them to rank 0, which may write a checkpoint. */
    collect: (order: Collect): Promise<void> => timed('reduce', () => collect(order)),
    /** @returns what an order interrupted, which is still to be simulated */
    async simulate({ first, count }: TileRange): Promise<TileRange> {
      await enter('simulating');
      channel.setPollRate('low');
      const next = await timed('simulate', () => engine.run(first, count));
      channel.setPollRate('high');
      tiles += next - first;
      finished.push({ first, count: next - first });
      return { first: next, count: first + count - next };
    },
    /** Waits for work, having reported once that there is none left. */
    async await(work: IncomingWork): Promise<void> {
      // Before a message is sent: the answer may arrive during the next `await`.
      const arrived = work.arrived();
      work.askAhead();
      if (work.isExhausted() && !reportedDone) {
        reportedDone = true;
        const nothing = (): null => null;
        gather(channel, 'done', null, nothing, () => coordinator!.allDone());
      }
      await enter('waiting for tiles');
      await timed('wait', () => channel.awaiting(arrived));
    },
    result: () => ({ done, tiles, seconds }),
  };
}

type IncomingWork = ReturnType<typeof incomingWork>;

/**
 * The orders and batches of rank 0, as they arrive.
 * @param share all batches of this rank; undefined: rank 0 hands them out, the first one without a
 *   request
 */
function incomingWork(channel: Channel, share: readonly TileRange[] | undefined, onOrder: () => void) {
  const batches = [...(share ?? [])];
  const orders: Collect[] = [];
  let exhausted = share !== undefined;
  let asked = share === undefined;
  let wake = (): void => {};
  channel.on<Batch>('batch', (_, { range }) => {
    asked = false;
    if (range === undefined) exhausted = true;
    else batches.push(range);
    wake();
  });
  channel.on<Collect>('collect', (_, order) => {
    orders.push(order);
    onOrder();
    wake();
  });
  return {
    nextOrder: () => orders.shift(),
    nextBatch: () => batches.shift(),
    putBack: (rest: TileRange) => batches.unshift(rest),
    /** Whether no more batches come than are here. */
    isExhausted: () => exhausted,
    /** Requests the next batch while this one is simulated. */
    askAhead(): void {
      if (asked || exhausted || batches.length > 0) return;
      asked = true;
      channel.send(0, { kind: 'ask' } as Ask);
    },
    /** Resolves when the next batch or order arrives. */
    arrived: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    /** Messages that still arrive wait for the next pass, which may begin elsewhere first. */
    close(): void {
      for (const kind of ['batch', 'collect']) channel.off(kind);
    },
  };
}

function stopwatch() {
  const seconds = { simulate: 0, wait: 0, reduce: 0 };
  const timed = async <T>(phase: keyof typeof seconds, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    seconds[phase] += (performance.now() - begun) / 1e3;
    return result;
  };
  return { seconds, timed };
}

const joinParts = (parts: readonly TileRange[][]): TileRange[] => joinRanges(parts.flat());
