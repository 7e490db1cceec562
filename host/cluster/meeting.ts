/**
 * Meetings: every rank brings what it has, or why it has nothing; rank 0 makes one answer of it and all go on with that. So an
 * error on any rank, or ranks that turn out to do different things, end the job in one line, the same exit code everywhere
 * and no rank left waiting in MPI.
 */
import { explainMemory } from '../common/address-space.ts';
import { AgreedError, EXIT, type ExitCode, LarmorError } from '../common/errors.ts';
import { enter } from '../common/lifetime.ts';
import type { Channel, Message } from './channel.ts';

/** Members of the cluster that a meeting needs. */
interface Place {
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly channel: Channel;
}

interface Failure {
  readonly code: ExitCode;
  readonly text: string;
}

interface Contribution extends Message {
  readonly kind: 'meet';
  readonly step: string;
  readonly value?: unknown;
  readonly failure?: Failure;
}

interface Verdict extends Message {
  readonly kind: 'verdict';
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** `rank 3 (node7)` */
export function rankName({ hosts }: Pick<Place, 'hosts'>, rank: number): string {
  return hosts[rank] === undefined ? `rank ${rank}` : `rank ${rank} (${hosts[rank]})`;
}

/**
 * Collective. `work` may hold meetings itself: what they agree to fail is agreed here. What `work` returns travels as JSON to rank 0, what `merge` makes of all of it (by rank) to everyone.
 * @param step tells meetings apart: all ranks must be at the same one
 * @throws AgreedError on all ranks if `work` throws on any (the lowest such rank is cited), or `merge` on rank 0
 */
export async function meet<T, R>(
  place: Place,
  step: string,
  work: () => T | Promise<T>,
  merge: (values: readonly T[]) => R,
): Promise<R> {
  const { rank, size, channel } = place;
  // Before any handler is set: a meeting inside `work` would take this one's away, and messages wait for theirs.
  const outcome = await attempt(async () => {
    await enter(step);
    return work();
  });
  await enter(`${step}: waiting for the other ranks`);
  const verdict = new Promise<Verdict>((resolve) => {
    channel.on<Verdict>('verdict', (_, message) => {
      channel.off('verdict');
      resolve(message);
    });
  });
  if (rank === 0) {
    const received: Contribution[] = [];
    let missing = size;
    channel.on<Contribution>('meet', (from, message) => {
      received[from] = message;
      if (--missing > 0) return;
      channel.off('meet'); // a rank that has its answer may already be at the next meeting
      const answer: Verdict = { kind: 'verdict', ...decide(place, received, merge) };
      for (let peer = 0; peer < size; peer++) channel.send(peer, answer);
    });
  }
  channel.send(0, { kind: 'meet', step, ...outcome } as Contribution);
  const { value, failure } = await channel.awaiting(verdict);
  await enter(`after ${step}`);
  if (failure !== undefined) throw new AgreedError(failure.code, failure.text, rank !== 0);
  return value as R;
}

type Outcome = { readonly value: unknown } | { readonly failure: Failure };

async function attempt(work: () => unknown): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof AgreedError) throw error;
    return { failure: failureOf(error) };
  }
}

function failureOf(thrown: unknown): Failure {
  const error = explainMemory(thrown);
  if (error instanceof LarmorError) return { code: error.exitCode, text: error.message };
  const stack = error instanceof Error ? error.stack : String(error);
  return { code: EXIT.internal, text: `internal error, please report it: ${stack}` };
}

function decide<T, R>(place: Place, received: readonly Contribution[], merge: (values: readonly T[]) => R): Outcome {
  const failed = received.findIndex(({ failure }) => failure !== undefined);
  if (failed >= 0) {
    const failure = received[failed]!.failure!;
    const everywhere = received.every((other) => other.failure?.text === failure.text);
    const where = everywhere || place.size === 1 ? '' : `${rankName(place, failed)}: `;
    return { failure: { ...failure, text: `${where}${failure.text}` } };
  }
  const odd = received.findIndex(({ step }) => step !== received[0]!.step);
  if (odd > 0) {
    const text =
      `${rankName(place, odd)} and ${rankName(place, 0)} were given different work ` +
      `(one is at '${received[odd]!.step}', the other at '${received[0]!.step}'); start all ranks with the same command`;
    return { failure: { code: EXIT.badInput, text } };
  }
  try {
    return { value: merge(received.map(({ value }) => value as T)) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Rank 0's last word on something it did alone: all learn its result, or leave with its error. */
export function fromRoot<R>(place: Place, step: string, work: () => R | Promise<R>): Promise<R> {
  const own = place.rank === 0 ? async () => ({ value: await work() }) : () => ({ value: undefined });
  return meet(place, step, own, (values: readonly { value: R | undefined }[]) => values[0]!.value as R);
}
