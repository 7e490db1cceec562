/**
 * Heartbeats: every rank sends one to its neighbours in the tree at each tick. They show who is
 * alive, carry the number of finished tiles to rank 0, and reveal a deadlock, in which all ranks
 * wait for messages and none is sent.
 *
 * A rank that falls silent is reported by its parent. Its children wait half as long again, in case
 * the parent has failed too: one report is enough. Rank 0 has no parent; its child rank 1 acts as
 * one.
 *
 * Time is counted in ticks of this rank's own life, not by the clock: after the job was suspended,
 * or this rank was busy with a disk for minutes, one tick has passed.
 */
import type { Message } from './mailbox.ts';
import { depthOf, type Tree } from './tree.ts';

/** Ticks in the time after which a silent rank is given up. */
const TICKS = 20;
const MAX_TICK_SECONDS = 1;
/** How much longer a rank waits for its parent than for its children. */
const PARENT_PATIENCE = 1.5;

export interface WatchOptions {
  /** Silence after which a rank counts as lost [s]. */
  readonly limit: number;
  /** Called with the neighbours that were silent. */
  readonly onSilence: (ranks: readonly number[]) => void;
  /** Called on rank 0 when all ranks have waited for messages for so long and none was sent. */
  readonly onDeadlock: () => void;
  /** Tiles that this rank has finished. */
  readonly progress: () => number;
}

export interface Heartbeat extends Message {
  readonly kind: 'heartbeat';
  /** Tiles finished by the sender and the ranks below it. */
  readonly finished: number;
  /** Ticks for which all of these have been waiting, without a message other than heartbeats. */
  readonly quiet: number;
}

export interface Heartbeats {
  readonly tickSeconds: number;
  /** One tick: this rank's heartbeat to each living neighbour, then a look at who was silent. */
  tick(waiting: boolean): void;
  /** A message of this rank or to it: work continues. */
  active(): void;
  /** A message, of whatever kind, shows that its sender is alive. */
  alive(from: number): void;
  receive(from: number, heartbeat: Heartbeat): void;
  /** Called when the rank, and all below it, are about to exit: they will be silent from now on. */
  leaves(rank: number): void;
  /** Tiles finished by this rank and those below it. */
  finished(): number;
}

/** State of a neighbour, from its heartbeats. */
interface Pulse {
  /** Ticks since its last message. */
  silent: number;
  /** Ticks after which it counts as lost. */
  readonly patience: number;
  /** As its last heartbeat said; of a child, with the ranks below it. */
  finished: number;
  quiet: number;
}

export function keepHeartbeats(
  { rank, size }: { readonly rank: number; readonly size: number },
  { parent, children }: Tree,
  { limit, onSilence, onDeadlock, progress }: WatchOptions,
  send: (to: number, heartbeat: Heartbeat) => void,
): Heartbeats {
  const tickSeconds = Math.min(limit / TICKS, MAX_TICK_SECONDS);
  const limitTicks = Math.ceil(limit / tickSeconds);
  const neighbours = new Map<number, Pulse>();
  const watch = (neighbour: number, patience: number): unknown =>
    neighbours.set(neighbour, { silent: 0, patience, finished: 0, quiet: 0 });
  for (const child of children) watch(child, limitTicks);
  if (parent !== undefined) watch(parent, rank === 1 ? limitTicks : PARENT_PATIENCE * limitTicks);
  let finishedByGone = 0;
  let ownQuiet = 0;

  const living = (): Pulse[] => children.flatMap((child) => neighbours.get(child) ?? []);
  const finished = (): number => living().reduce((sum, child) => sum + child.finished, progress() + finishedByGone);

  return {
    tickSeconds,
    finished,
    tick(waiting) {
      ownQuiet = waiting ? ownQuiet + 1 : 0;
      const quiet = Math.min(ownQuiet, ...living().map((child) => child.quiet));
      const heartbeat: Heartbeat = { kind: 'heartbeat', finished: finished(), quiet };
      for (const [neighbour, pulse] of neighbours) {
        send(neighbour, heartbeat);
        pulse.silent++;
      }
      const lost = [...neighbours].filter(([, { silent, patience }]) => silent > patience);
      if (lost.length > 0) onSilence(lost.map(([neighbour]) => neighbour));
      // A rank's own report takes up to one tick per edge to arrive.
      if (rank === 0 && quiet > limitTicks + depthOf(size)) onDeadlock();
    },
    active() {
      ownQuiet = 0;
    },
    alive(from) {
      const pulse = neighbours.get(from);
      if (pulse !== undefined) pulse.silent = 0;
    },
    receive(from, heartbeat) {
      const pulse = neighbours.get(from);
      if (pulse === undefined) return;
      pulse.finished = heartbeat.finished;
      pulse.quiet = heartbeat.quiet;
    },
    leaves(neighbour) {
      finishedByGone += neighbours.get(neighbour)?.finished ?? 0;
      neighbours.delete(neighbour);
    },
  };
}
