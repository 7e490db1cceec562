/**
 * Collective agreement. Every rank contributes a value or an error; rank 0 merges them and broadcasts one result, or one
 * error, to all. So an error on any rank, or ranks that do different things, end the job with one line and the same exit
 * code everywhere, and no rank is left waiting in MPI.
 *
 * Contributions travel up a binomial tree and the result down it: at most 2·⌈log₂ P⌉ messages at any rank. What
 * neighbouring ranks contribute alike is sent once, so most messages stay as short as those of a single rank.
 */
import { explainMemory } from '../common/address-space.ts';
import { CollectiveError, EXIT, type ExitCode, LarmorError } from '../common/errors.ts';
import { enter } from '../common/lifetime.ts';
import type { Channel, Message } from './channel.ts';
import { gather } from './tree.ts';

/** Members of the cluster that a meeting needs. */
interface RankContext {
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly channel: Channel;
}

interface Failure {
  readonly code: ExitCode;
  readonly text: string;
}

interface Contribution {
  readonly label: string;
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** Contributions of contiguous ranks, as JSON: equal ones in a row with their number. */
type Runs = readonly (readonly [contribution: string, ranks: number])[];

interface Result extends Message {
  readonly kind: 'result';
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** `rank 3 (node7)` */
export function rankName({ hosts }: Pick<RankContext, 'hosts'>, rank: number): string {
  return hosts[rank] === undefined ? `rank ${rank}` : `rank ${rank} (${hosts[rank]})`;
}

/**
 * Collective. `work` may hold meetings itself: what they agree to fail is agreed here. What `work` returns travels as JSON to rank 0, what `merge` makes of all of it (by rank) to everyone.
 * @param label tells meetings apart: all ranks must be at the same one
 * @throws CollectiveError on all ranks if `work` throws on any (the lowest such rank is cited), or `merge` on rank 0
 */
export async function agree<T, R>(
  context: RankContext,
  label: string,
  work: () => T | Promise<T>,
  merge: (values: readonly T[]) => R,
): Promise<R> {
  const { rank, channel } = context;
  // Before any handler is set: a meeting inside `work` would take this one's away, and messages wait for theirs.
  const outcome = await attempt(async () => {
    await enter(label);
    return work();
  });
  await enter(`${label}: waiting for the other ranks`);
  const result = new Promise<Result>((resolve) => {
    const settle = (answer: Result): void => {
      channel.off('result');
      // The deepest subtree first: it has the longest way to go.
      for (const child of [...channel.tree.children].reverse()) channel.send(child, answer);
      resolve(answer);
    };
    channel.on<Result>('result', (_, answer) => settle(answer));
    const own: Runs = [[JSON.stringify({ label, ...outcome } satisfies Contribution), 1]];
    gather(channel, 'contribution', own, joinRuns, (runs) => {
      settle({ kind: 'result', ...decide(context, contributionsIn(runs), merge) });
    });
  });
  const { value, failure } = await channel.awaiting(result);
  await enter(`after ${label}`);
  if (failure !== undefined) throw new CollectiveError(failure.code, failure.text, rank !== 0);
  return value as R;
}

function joinRuns(parts: readonly Runs[]): Runs {
  const joined: [string, number][] = [];
  for (const [contribution, ranks] of parts.flat()) {
    const last = joined.at(-1);
    if (last?.[0] === contribution) last[1] += ranks;
    else joined.push([contribution, ranks]);
  }
  return joined;
}

/** By rank. */
function contributionsIn(runs: Runs): Contribution[] {
  return runs.flatMap(([contribution, ranks]) => new Array<Contribution>(ranks).fill(JSON.parse(contribution)));
}

type Outcome = { readonly value: unknown } | { readonly failure: Failure };

async function attempt(work: () => unknown): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof CollectiveError) throw error;
    return { failure: failureOf(error) };
  }
}

function failureOf(thrown: unknown): Failure {
  const error = explainMemory(thrown);
  if (error instanceof LarmorError) return { code: error.exitCode, text: error.message };
  const stack = error instanceof Error ? error.stack : String(error);
  return { code: EXIT.internal, text: `internal error, please report it: ${stack}` };
}

function decide<T, R>(
  context: RankContext,
  received: readonly Contribution[],
  merge: (values: readonly T[]) => R,
): Outcome {
  const failed = received.findIndex(({ failure }) => failure !== undefined);
  if (failed >= 0) {
    const failure = received[failed]!.failure!;
    const everywhere = received.every((other) => other.failure?.text === failure.text);
    const where = everywhere || context.size === 1 ? '' : `${rankName(context, failed)}: `;
    return { failure: { ...failure, text: `${where}${failure.text}` } };
  }
  const odd = received.findIndex(({ label }) => label !== received[0]!.label);
  if (odd > 0) {
    const text =
      `${rankName(context, odd)} and ${rankName(context, 0)} were given different work ` +
      `(one is at '${received[odd]!.label}', the other at '${received[0]!.label}'); start all ranks with the same command`;
    return { failure: { code: EXIT.badInput, text } };
  }
  try {
    return { value: merge(received.map(({ value }) => value as T)) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Rank 0's last word on something it did alone: all learn its result, or leave with its error. */
export function agreeFromRoot<R>(context: RankContext, label: string, work: () => R | Promise<R>): Promise<R> {
  const own = context.rank === 0 ? async () => ({ value: await work() }) : () => ({ value: undefined });
  return agree(context, label, own, (values: readonly { value: R | undefined }[]) => values[0]!.value as R);
}
