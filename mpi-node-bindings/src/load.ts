/**
 * Initialises MPI in a process however it was started: chooses the family for the launcher, loads
 * it without letting it take over the process's signals, initialises it, and fails if MPI's size is
 * not that of the launcher. Environment: MPI_NODE_FAMILY=openmpi|mpich|none overrides the choice;
 * MPI_NODE_DIRECTORY is searched first for the built files; MPI_NODE_SIZE_CHECK=0 disables the size
 * check, for launching independent one-rank programs.
 */
import { hostname } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { NativeCommunicator } from './communicator.ts';
import { THREAD_LEVELS, type ThreadLevel } from './constants.ts';
import { LaunchError } from './errors.ts';
import { type Launch, readLaunch, sizeMismatch } from './launcher.ts';
import { abortUnlessFinalized } from './lifecycle.ts';
import { addonName, candidateDirectories, findAddon, type Native, openNative, openSignalKeeper } from './native.ts';
import { pendingRequests } from './request.ts';
import { type Life, requireRunning, SingleCommunicator } from './single.ts';
import type { Family, Mpi } from './types.ts';
import { openWindows } from './window.ts';

export interface LoadOptions {
  /** Folders that contain the built `.node` files, searched before the package's own. */
  readonly directories?: readonly (string | URL)[];
  /**
   * Overrides what the launcher suggests; 'none' is one rank without MPI. Without a launcher MPI is
   * used only on request.
   */
  readonly family?: Family | 'none';
  /**
   * Level for MPI_Init_thread. Default 'funneled': only the JS thread calls MPI, whatever other
   * threads do.
   */
  readonly threadLevel?: ThreadLevel;
  /** false: do not compare sizes. Default true. */
  readonly checkSize?: boolean;
  /**
   * true: no message is ever longer than the array it is received into, so Open MPI may copy
   * directly. Default false.
   */
  readonly exactSizes?: boolean;
}

/**
 * Settings of the libraries below MPI, made before they are loaded. Variables that the user has set
 * are left unchanged. UCX, the transport under MPICH (and under Open MPI on InfiniBand), assumes a
 * C program of one thread.
 */
const SETTINGS = {
  /** Its SIGSEGV handler would keep V8 from catching WebAssembly's traps. */
  UCX_HANDLE_ERRORS: 'none',
  /**
   * Installing its memory hooks moves the end of the heap back and forth while V8's threads
   * allocate: 1 of 100 jobs of two ranks crashed on a busy machine (UCX 1.13), none of 720 without
   * the hooks.
   */
  UCX_MEM_EVENTS: 'n',
} as const;

/**
 * Open MPI 4.1 writes a message that is longer than the receive array past the array's end, if
 * sender and receiver can access each other's memory. When it copies through buffers, it reports
 * MPI_ERR_TRUNCATE; large buffers keep the copying cheap (10⁷ int64 reduced within a node
 * nevertheless take 2.7 times as long).
 */
const COPY_THROUGH_BUFFERS = {
  OMPI_MCA_btl_self_flags: 'send,inplace',
  OMPI_MCA_btl_tcp_flags: 'send,inplace',
  OMPI_MCA_btl_vader_single_copy_mechanism: 'none',
  OMPI_MCA_btl_vader_max_send_size: '262144',
} as const;

const FAMILIES: readonly Family[] = ['openmpi', 'mpich'];

let world: Mpi | undefined;

/**
 * Initialises MPI, or the world of one rank. A second call returns the same world. Throws
 * LaunchError.
 */
export function load(options: LoadOptions = {}): Mpi {
  if (world) return world;

  const launch = readLaunch(process.env);
  const asked = options.family ?? familyFromEnvironment();
  const directories = candidateDirectories(options.directories ?? [], process.env.MPI_NODE_DIRECTORY);
  const passedOver: string[] = [];

  let opened: Mpi | undefined;
  for (const family of familiesToTry(asked, launch)) {
    const file = findAddon(directories, addonName(family));
    if (file === null) {
      passedOver.push(`${family}: ${addonName(family)} is not built (looked in ${directories.join(', ')})`);
      continue;
    }
    const native = openQuietly(file, directories, options);
    if (typeof native === 'string') passedOver.push(`${family}: ${native}`);
    else opened ??= mpiWorld(family, native.native, native.provided, passedOver);
    if (opened) break;
  }
  if (!opened && asked !== undefined && asked !== 'none') {
    throw new LaunchError(`${asked} was asked for, but:\n  ${passedOver.join('\n  ')}`, launch?.rank ?? 0);
  }
  const mpi = opened ?? singleWorld(passedOver);
  if ((options.checkSize ?? true) && process.env.MPI_NODE_SIZE_CHECK !== '0') checkSize(mpi, launch);
  world = mpi;
  return mpi;
}

function familyFromEnvironment(): Family | 'none' | undefined {
  const name = process.env.MPI_NODE_FAMILY;
  if (name === undefined || name === '') return undefined;
  if (name === 'openmpi' || name === 'mpich' || name === 'none') return name;
  throw new LaunchError(`MPI_NODE_FAMILY=${name}: it must be openmpi, mpich or none`, 0);
}

/**
 * Without a launcher no MPI is loaded: it would add a second of start and, on some systems, abort a
 * lone process.
 */
function familiesToTry(asked: Family | 'none' | undefined, launch: Launch | null): readonly Family[] {
  if (asked === 'none') return [];
  if (asked) return [asked];
  if (!launch) return [];
  // srun without a plugin: Open MPI ends the process, MPICH starts as a single rank, which the size
  // check then explains.
  const first = launch.family ?? 'mpich';
  return [first, ...FAMILIES.filter((family) => family !== first)];
}

/**
 * Loads and initialises one family with every signal's disposition left as it was; a text says why
 * it failed.
 */
function openQuietly(
  file: string,
  directories: readonly string[],
  { threadLevel = 'funneled', exactSizes = false }: LoadOptions,
): { native: Native; provided: ThreadLevel } | string {
  if (!isMainThread) throw new Error('MPI is loaded on the main thread: signals and process exit belong to it');
  const settings = exactSizes ? SETTINGS : { ...SETTINGS, ...COPY_THROUGH_BUFFERS };
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
  const signals = openSignalKeeper(directories);
  signals?.save();
  try {
    const native = openNative(file);
    if (native.initialized()) throw new Error('MPI was initialised by somebody else in this process');
    return { native, provided: THREAD_LEVELS[native.init(THREAD_LEVELS.indexOf(threadLevel))] };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    signals?.restore();
  }
}

function mpiWorld(family: Family, native: Native, threadLevel: ThreadLevel, passedOver: readonly string[]): Mpi {
  const comm = new NativeCommunicator(native, 0);
  const libraryVersion = native.libraryVersion().trim();
  const processorName = native.processorName();
  const cancelGuard = abortUnlessFinalized(comm);
  let finalized = false;
  return {
    family,
    passedOver,
    world: comm,
    threadLevel,
    libraryVersion,
    processorName,
    wtime: () => native.wtime(),
    initialized: true,
    get finalized() {
      return finalized;
    },
    finalize() {
      if (finalized) return;
      const pending = pendingRequests();
      if (pending > 0) throw new Error(`finalize: ${pending} nonblocking operations are not done; wait for them first`);
      const windows = openWindows();
      if (windows > 0) throw new Error(`finalize: ${windows} windows are not freed; free them first`);
      finalized = true;
      native.finalize();
      cancelGuard();
    },
  };
}

function singleWorld(passedOver: readonly string[]): Mpi {
  const life: Life = { finalized: false };
  return {
    family: 'none',
    passedOver,
    world: new SingleCommunicator(life, true),
    threadLevel: 'multiple',
    libraryVersion: 'one rank in JavaScript',
    processorName: hostname(),
    wtime() {
      requireRunning(life);
      return performance.now() / 1000;
    },
    initialized: true,
    get finalized() {
      return life.finalized;
    },
    finalize() {
      life.finalized = true;
    },
  };
}

function checkSize(mpi: Mpi, launch: Launch | null): void {
  const { size } = mpi.world;
  const wrong = sizeMismatch(launch, size);
  if (wrong === null) return;
  const used = mpi.family === 'none' ? 'no MPI could be loaded here' : mpi.libraryVersion.split('\n')[0];
  mpi.finalize();
  const why = mpi.passedOver.map((line) => `\n  ${line}`).join('');
  throw new LaunchError(
    `${wrong}, but this process sees a world of ${size} (${used}). ` +
      `Start it with the launcher of the same MPI, or build the package with that launcher's mpicc.${why}`,
    launch?.rank ?? 0,
  );
}
