/**
 * The world this process belongs to: the ranks its launcher started, over the site's MPI, or one rank and no MPI at all.
 */
import { hostname } from 'node:os';
import { type Communicator, LaunchError, load, type Mpi, readLaunch } from 'mpi-node-bindings/index.ts';
import { assetPath } from '../common/assets.ts';
import { allowedCpus } from '../common/environment.ts';
import { CollectiveError, EXIT, type ExitCode, LarmorError } from '../common/errors.ts';
import { setFailpointRank } from '../common/failpoints.ts';
import { currentPlace, endJobBy, endNow, enter } from '../common/lifetime.ts';
import { reportError } from '../common/log.ts';
import { agree, rankName } from './agree.ts';
import { type BlockingWatch, nothingBlocks, watchBlocking } from './blocking.ts';
import { type Channel, openChannel } from './channel.ts';

export interface Cluster extends BlockingWatch {
  readonly mpi: Mpi;
  readonly world: Communicator;
  readonly rank: number;
  readonly size: number;
  /** This rank's. */
  readonly host: string;
  /** Of every rank: messages name both. */
  readonly hosts: readonly string[];
  readonly node: NodeContext;
  readonly channel: Channel;
  /** On rank 0: tiles that all ranks have finished, as far as it has heard. */
  finished(): number;
  /** What the heartbeats of this rank report. */
  reportProgress(finished: () => number): void;
  /** Ends all ranks at once: what is wrong here cannot be agreed on any more. */
  fail(error: unknown): never;
  /** Collective, and the last thing a rank does with the world. */
  finalize(): Promise<void>;
  /**
   * How a rank ends after an error: together with the others if they agreed on it, else all at once. It is reported before anybody
   * can leave, and rank 0 leaves last and alone with the exit code: a launcher kills the rest (SLURM's --kill-on-bad-exit at once,
   * Open MPI after a second) when the first rank ends with one, and what it kills enters the job's code.
   */
  exitWith(error: unknown): Promise<never>;
}

/** This rank among those of its node. */
export interface NodeContext {
  readonly localRank: number;
  readonly localSize: number;
  /** Ranks of the node, this one included, that may run on processors of this one: more than one where nobody bound them. */
  readonly sharers: number;
}

/** What a launcher gets to read a rank's last line in: MPICH's drops what it has not read when the abort arrives. */
const LAST_WORDS_MS = 100;

/**
 * Joins the world; collective. From here on an error nobody catches ends all ranks.
 * @param watchdog seconds without a sign of life after which a rank is given up, and the job with it
 * @throws LarmorError 70 if the launcher and the MPI at hand do not belong together
 */
export async function joinCluster(watchdog: number): Promise<Cluster> {
  await enter('joining MPI');
  const { blocking } = isLaunched() ? watchBlocking(watchdog) : nothingBlocks;
  const joining = Math.max(JOINING_SECONDS, watchdog);
  const mpi = blocking(loadMpi, joining);
  const { world } = mpi;
  const { rank, size } = world;
  setFailpointRank(rank);
  const hosts: string[] = [];
  let progress = (): number => 0;
  const fail = (error: unknown): never => {
    const reported = error instanceof CollectiveError && error.reported;
    if (!reported) reportError(error);
    return endNow(exitCodeOf(error));
  };
  if (size > 1) {
    endJobBy((code) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MS);
      return world.abort(code);
    });
  }
  const finalize = async (): Promise<void> => {
    await channel.close();
    await enter('leaving MPI');
    blocking(() => mpi.finalize());
    endJobBy();
  };
  const channel = openChannel(
    blocking(() => world.dup(), joining),
    {
      limit: watchdog,
      progress: () => progress(),
      onSilence: (ranks) => fail(lost(hosts, ranks, watchdog)),
      onDeadlock: () => fail(deadlocked(watchdog)),
    },
  );
  const node = blocking(() => contextOnNode(world), joining);
  /** Of the ranks on this node. */
  const neighbours: number[] = [];
  const own = { host: hostname(), pid: process.pid };
  const allHosts = await agree(
    { rank, size, hosts, channel },
    'hosts',
    () => own,
    (all) => {
      neighbours.push(...all.filter(({ host }, other) => other !== rank && host === own.host).map(({ pid }) => pid));
      return all.map(({ host }) => host);
    },
  );
  hosts.push(...allHosts);
  return {
    ...{ mpi, world, rank, size, host: hostname(), hosts, node, channel, fail, blocking },
    finished: channel.finished,
    reportProgress(finished) {
      progress = finished;
    },
    finalize,
    async exitWith(error) {
      if (size === 1) {
        await finalize();
        throw error;
      }
      if (!(error instanceof CollectiveError)) return fail(error);
      if (!error.reported) reportError(error);
      await finalize();
      if (rank === 0) await othersGone(neighbours, size);
      throw new CollectiveError(rank === 0 ? error.exitCode : EXIT.done, error.message, true);
    },
  };
}

/** Least seconds in which all ranks must have joined: starting thousands of them takes its time. */
const JOINING_SECONDS = 60;

/** Whether a launcher started this process among others. */
function isLaunched(): boolean {
  return (readLaunch(process.env)?.size ?? 1) > 1;
}

/** How long rank 0 waits for the others to be gone: those of its node it sees, the others get the lesser time. */
const LAST_MS = { seen: 5000, unseen: 500 };

async function othersGone(neighbours: readonly number[], size: number): Promise<void> {
  const begun = performance.now();
  const least = neighbours.length < size - 1 ? LAST_MS.unseen : 0;
  for (let waited = 0; waited < LAST_MS.seen; waited = performance.now() - begun) {
    if (waited >= least && !neighbours.some(isAlive)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function loadMpi(): Mpi {
  try {
    // Messages are received into arrays of the length that `iprobe` reports, and sums are equally long on all ranks.
    return load({ directories: [assetPath('mpi')], exactSizes: true });
  } catch (error) {
    if (error instanceof LaunchError) throw new CollectiveError(EXIT.internal, error.message, error.rank > 0);
    throw error;
  }
}

function lost(hosts: readonly string[], ranks: readonly number[], limit: number): LarmorError {
  const named = ranks.slice(0, 4).map((rank) => rankName({ hosts }, rank));
  const more = ranks.length > named.length ? ` and ${ranks.length - named.length} more` : '';
  const have = ranks.length === 1 ? 'has' : 'have';
  return new LarmorError(
    EXIT.internal,
    `${named.join(', ')}${more} ${have} given no sign of life for ${limit} s: stopped, or cut off from the network. ` +
      'The job ends; --resume goes on from its last checkpoint, --watchdog sets how long to wait',
  );
}

function deadlocked(limit: number): LarmorError {
  return new LarmorError(
    EXIT.internal,
    `all ranks have been waiting for each other for ${limit} s, rank 0 at '${currentPlace()}': please report it. ` +
      'The job ends; --resume goes on from its last checkpoint',
  );
}

function exitCodeOf(error: unknown): ExitCode {
  return error instanceof LarmorError ? error.exitCode : EXIT.internal;
}

/** Processors that a mask of affinity can name. */
const MOST_CPUS = 8192;

/** Ranks of one node compare their affinity masks. */
function contextOnNode(world: Communicator): NodeContext {
  if (world.size === 1) return { localRank: 0, localSize: 1, sharers: 1 };
  const node = world.splitType('shared');
  const own = new Uint8Array(MOST_CPUS / 8);
  for (const cpu of allowedCpus()) own[cpu >> 3]! |= 1 << (cpu & 7);
  const all = new Uint8Array(own.length * node.size);
  node.allgather(own, all);
  let sharers = 0;
  for (let rank = 0; rank < node.size; rank++) {
    sharers += Number(own.some((byte, n) => (byte & all[rank * own.length + n]!) !== 0));
  }
  const place = { localRank: node.rank, localSize: node.size, sharers: Math.max(1, sharers) };
  node.free();
  return place;
}
