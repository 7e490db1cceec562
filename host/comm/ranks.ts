/**
 * The ranks of this job: those that the launcher started, over the site's MPI, or one rank without
 * MPI. Joins them, names them, and ends them together.
 */
import { hostname } from 'node:os';
import { type Communicator, LaunchError, load, type Mpi, readLaunch } from 'mpi-node-bindings/index.ts';
import { assetPath } from '../base/assets.ts';
import { allowedCpus } from '../base/environment.ts';
import { CollectiveError, EXIT, type ExitCode, LarmorError } from '../base/errors.ts';
import { setFailpointRank } from '../base/failpoints.ts';
import { currentStep, endJobBy, endNow, enter } from '../base/lifetime.ts';
import { reportError } from '../base/log.ts';
import { agree, rankName } from './agree.ts';
import { type BlockingWatch, nothingBlocks, watchBlocking } from './blocking.ts';
import { type Channel, openChannel } from './channel.ts';

/** The ranks of a run, as its collective steps need them. */
export interface Cluster extends BlockingWatch {
  /** undefined: one rank without MPI. */
  readonly world: Communicator | undefined;
  readonly rank: number;
  readonly size: number;
  /** Host name of this rank. */
  readonly host: string;
  /** Host name of every rank, for error messages. */
  readonly hosts: readonly string[];
  readonly node: NodeContext;
  readonly channel: Channel;
  /** On rank 0: number of tiles finished by all ranks, as the last heartbeats reported. */
  finished(): number;
  /** Sets the function from which heartbeats get the number of tiles finished by this rank. */
  reportProgress(finished: () => number): void;
}

/** The ranks that a launcher started, which also end together. */
export interface JoinedCluster extends Cluster {
  readonly mpi: Mpi;
  readonly world: Communicator;
  /** Collective; the last use of MPI. */
  finalize(): Promise<void>;
  /**
   * Exit after an error. If all ranks agreed on it, finalize together; otherwise abort the job. The
   * error is printed first, and only rank 0, which exits last, exits non-zero: launchers kill the
   * other ranks when the first one does (SLURM's --kill-on-bad-exit at once, Open MPI after a
   * second), and what they kill affects the job's exit code.
   */
  exitWith(error: unknown): Promise<never>;
}

/** This rank among the ranks of its node. */
export interface NodeContext {
  readonly localRank: number;
  readonly localSize: number;
  /**
   * Ranks of the node, this one included, that may run on this rank's processors: more than one
   * where they are not bound.
   */
  readonly sharers: number;
}

/**
 * Time for the launcher to read a rank's last line: MPICH's drops what it has not read when the
 * abort arrives.
 */
const LAST_LINE_MS = 100;

/**
 * Joins the ranks; collective. From here on an uncaught error ends all of them.
 * @param watchdog seconds without a heartbeat after which a rank counts as lost and the job ends
 * @throws LarmorError 70 if the launcher and the MPI found here do not match
 */
export async function joinCluster(watchdog: number): Promise<JoinedCluster> {
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
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_LINE_MS);
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
  /** Process ids of the other ranks on this node. */
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
    ...{ mpi, world, rank, size, host: hostname(), hosts, node, channel, blocking },
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
      if (rank === 0) await othersExited(neighbours, size);
      throw new CollectiveError(rank === 0 ? error.exitCode : EXIT.done, error.message, true);
    },
  };
}

/** Time for all ranks to join, at least [s]: starting thousands of processes is slow. */
const JOINING_SECONDS = 60;

/**
 * Whether a launcher started this process, as the only rank or one of several: it then forwards its
 * output.
 */
export function hasLauncher(): boolean {
  return readLaunch(process.env) !== null;
}

/** Whether a launcher started several ranks. */
export function isLaunched(): boolean {
  return (readLaunch(process.env)?.size ?? 1) > 1;
}

/**
 * How long rank 0 waits for the others to exit: it can observe those of its own node; for other
 * nodes it waits the shorter time.
 */
const EXIT_MS = { seen: 5000, unseen: 500 };

async function othersExited(neighbours: readonly number[], size: number): Promise<void> {
  const begun = performance.now();
  const least = neighbours.length < size - 1 ? EXIT_MS.unseen : 0;
  for (let waited = 0; waited < EXIT_MS.seen; waited = performance.now() - begun) {
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
    // Receives messages into arrays of the length that `iprobe` reports; sums are equally long on
    // all ranks.
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
      'The job ends; --resume continues from its last checkpoint, --watchdog sets how long to wait',
  );
}

function deadlocked(limit: number): LarmorError {
  return new LarmorError(
    EXIT.internal,
    `all ranks have been waiting for each other for ${limit} s, rank 0 at '${currentStep()}': please report it. ` +
      'The job ends; --resume continues from its last checkpoint',
  );
}

function exitCodeOf(error: unknown): ExitCode {
  return error instanceof LarmorError ? error.exitCode : EXIT.internal;
}

/** Processors that an affinity mask can hold. */
const MOST_CPUS = 8192;

/** Collective. Compares the affinity masks of the ranks of this node. */
function contextOnNode(world: Communicator): NodeContext {
  if (world.size === 1) return { localRank: 0, localSize: 1, sharers: 1 };
  const node = world.splitType('shared');
  const own = new Uint8Array(MOST_CPUS / 8);
  for (const cpu of allowedCpus()) own[cpu >> 3] |= 1 << (cpu & 7);
  const all = new Uint8Array(own.length * node.size);
  node.allgather(own, all);
  let sharers = 0;
  for (let rank = 0; rank < node.size; rank++) {
    sharers += Number(own.some((byte, n) => (byte & all[rank * own.length + n]) !== 0));
  }
  const context = { localRank: node.rank, localSize: node.size, sharers: Math.max(1, sharers) };
  node.free();
  return context;
}
