/**
 * Collective agreement. Every rank contributes a value or an error; rank 0 merges them and
 * broadcasts one result, or one error, to all. So an error on any rank, or ranks that do different
 * things, end the job with one line and the same exit code everywhere, and no rank is left waiting
 * in MPI.
 *
 * Contributions travel up a tree and the result down it (`tree.ts`): at most ten messages at any
 * rank. Equal contributions of neighbouring ranks are sent once, so most messages stay as short as
 * those of a single rank.
 */
import { explainMemory } from '../base/address-space.ts';
import { CollectiveError, EXIT, type ExitCode, LarmorError } from '../base/errors.ts';
import { enter } from '../base/lifetime.ts';
import type { Channel } from './channel.ts';
import type { Message } from './mailbox.ts';
import { gather } from './tree.ts';

/** The ranks as an agreement needs them. */
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
 * Collective. Runs `work` on every rank; rank 0 merges the returned values, and all ranks get the
 * result. Values and result travel as JSON. `work` may contain agreements: their collective errors
 * pass through.
 * @param label identifies the agreement: all ranks must be at the same one
 * @param merge takes the values by rank, on rank 0
 * @throws CollectiveError on all ranks if `work` throws on any (the lowest such rank is named), or
 *   `merge` on rank 0
 */
export async function agree<T, R>(
  context: RankContext,
  label: string,
  work: () => T | Promise<T>,
  merge: (values: readonly T[]) => R,
): Promise<R> {
  const { rank, channel } = context;
  // Before any handler is set: an agreement inside `work` would replace it. Messages without a
  // handler wait for one.
  const outcome = await attempt(async () => {
    await enter(label);
    return work();
  });
  await enter(`${label}: waiting for the other ranks`);
  const result = new Promise<Result>((resolve) => {
    const settle = (answer: Result): void => {
      channel.off('result');
      for (const child of channel.tree.children) channel.send(child, answer);
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

/** The contributions in the order of ranks. */
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
    const failure = received[failed].failure!;
    const everywhere = received.every((other) => other.failure?.text === failure.text);
    const where = everywhere || context.size === 1 ? '' : `${rankName(context, failed)}: `;
    return { failure: { ...failure, text: `${where}${failure.text}` } };
  }
  const odd = received.findIndex(({ label }) => label !== received[0].label);
  if (odd > 0) {
    const text =
      `${rankName(context, odd)} and ${rankName(context, 0)} were given different work ` +
      `(one is at '${received[odd].label}', the other at '${received[0].label}'); start all ranks with the same command`;
    return { failure: { code: EXIT.badInput, text } };
  }
  try {
    return { value: merge(received.map(({ value }) => value as T)) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Collective. Runs `work` on rank 0 alone; all ranks get its result or its error. */
export function agreeFromRoot<R>(context: RankContext, label: string, work: () => R | Promise<R>): Promise<R> {
  const own = context.rank === 0 ? async () => ({ value: await work() }) : () => ({ value: undefined });
  return agree(context, label, own, (values: readonly { value: R | undefined }[]) => values[0].value as R);
}
