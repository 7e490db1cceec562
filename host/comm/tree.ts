/**
 * Tree over the ranks. Agreements and heartbeats use its edges, so that no rank handles more than a
 * few messages, for any number of ranks. Rank r and the ranks below
 * it are a contiguous range: the others of the range are split into FAN_OUT parts, and the first
 * rank of each is a child. So results stay in rank order, and mostly on one node.
 */
import type { Channel } from './channel.ts';
import type { Message } from './mailbox.ts';

/**
 * Most children of a rank. A binomial tree is twice as deep and has more children at rank 0 from 32
 * ranks on; every level costs up to a millisecond each way, the interval at which ranks look for
 * messages.
 */
const FAN_OUT = 4;

export interface Tree {
  /** undefined for rank 0. */
  readonly parent: number | undefined;
  /** Ascending. */
  readonly children: readonly number[];
}

export function treeOf(rank: number, size: number): Tree {
  let parent: number | undefined;
  let block = { first: 0, count: size };
  while (block.first !== rank) {
    parent = block.first;
    block = partsBelow(block).findLast(({ first }) => first <= rank)!;
  }
  return { parent, children: partsBelow(block).map(({ first }) => first) };
}

/** Most edges between a rank and rank 0. */
export function depthOf(size: number): number {
  return size <= 1 ? 0 : 1 + depthOf(Math.ceil((size - 1) / FAN_OUT));
}

/**
 * The ranks of a block without its first, in up to FAN_OUT parts that differ by one rank at most.
 */
function partsBelow({
  first,
  count,
}: {
  readonly first: number;
  readonly count: number;
}): { first: number; count: number }[] {
  const parts: { first: number; count: number }[] = [];
  let next = first + 1;
  for (let left = FAN_OUT; left > 0; left--) {
    const part = Math.ceil((first + count - next) / left);
    if (part > 0) parts.push({ first: next, count: part });
    next += part;
  }
  return parts;
}

interface Part<T> extends Message {
  readonly part: T;
}

/**
 * Joins what every rank contributes, from the leaves to rank 0: a rank waits for its children and
 * sends one message. Collective. The next round of a kind may begin once rank 0 has finished this
 * one.
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
