/**
 * Binomial tree over the ranks: what all agree on, and the heartbeats, travel along its edges, so that a rank handles
 * O(log ranks) messages and not one per rank. The parent of rank r is r without its lowest set bit. The subtree below r
 * is a contiguous range of ranks: results stay in rank order, and mostly on one node.
 */
import type { Channel, Message } from './channel.ts';

export interface Tree {
  /** undefined for rank 0. */
  readonly parent: number | undefined;
  /** Ascending; at most ⌈log₂ size⌉. */
  readonly children: readonly number[];
}

export function treeOf(rank: number, size: number): Tree {
  const reach = rank === 0 ? size : rank & -rank;
  const children: number[] = [];
  for (let step = 1; step < reach && rank + step < size; step *= 2) children.push(rank + step);
  return { parent: rank === 0 ? undefined : rank & (rank - 1), children };
}

/** Most edges between a rank and rank 0. */
export function depthOf(size: number): number {
  return Math.ceil(Math.log2(size));
}

interface Part<T> extends Message {
  readonly part: T;
}

/**
 * Joins what every rank contributes, from the leaves to rank 0: a rank waits for its children and sends one message.
 * Collective. The next round of a kind may begin once rank 0 has finished this one.
 * @param own this rank's part
 * @param join parts of contiguous ranks, in rank order
 * @param deliver takes the result, on rank 0
 */
export function gather<T>(
  channel: Channel,
  kind: string,
  own: T,
  join: (parts: readonly T[]) => T,
  deliver: (all: T) => void,
): void {
  const { parent, children } = channel.tree;
  const parts = new Map<number, T>();
  const finish = (): void => {
    channel.off(kind);
    const all = join([own, ...children.map((child) => parts.get(child)!)]);
    if (parent === undefined) deliver(all);
    else channel.send(parent, { kind, part: all } as Part<T>);
  };
  if (children.length === 0) {
    finish();
    return;
  }
  channel.on<Part<T>>(kind, (from, { part }) => {
    parts.set(from, part);
    if (parts.size === children.length) finish();
  });
}
