/**
 * The addon's interface for TypeScript, and where its files are searched for. The C side is in
 * native/.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MpiError } from './errors.ts';
import type { Family, NumericArray } from './types.ts';

/**
 * Handles are numbers, see native/handles.c; null for an array means IN_PLACE, or not significant
 * on this rank.
 */
export interface Native {
  setup(status: Float64Array, errorConstructor: typeof MpiError): void;
  init(level: number): number;
  initialized(): boolean;
  finalized(): boolean;
  finalize(): void;
  abort(comm: number, code: number): never;
  libraryVersion(): string;
  processorName(): string;
  tagUpperBound(): number;
  wtime(): number;
  rank(comm: number): number;
  size(comm: number): number;
  split(comm: number, color: number, key: number): number;
  splitShared(comm: number, key: number): number;
  dup(comm: number): number;
  free(comm: number): void;
  barrier(comm: number): void;
  bcast(comm: number, data: NumericArray, root: number): void;
  reduce(comm: number, send: NumericArray | null, recv: NumericArray | null, op: number, root: number): void;
  allreduce(comm: number, send: NumericArray | null, recv: NumericArray, op: number): void;
  gather(comm: number, send: NumericArray | null, recv: NumericArray | null, each: number, root: number): void;
  gatherv(
    comm: number,
    send: NumericArray | null,
    recv: NumericArray | null,
    counts: Int32Array | null,
    displacements: Int32Array | null,
    root: number,
  ): void;
  allgather(comm: number, send: NumericArray | null, recv: NumericArray, each: number): void;
  send(comm: number, data: NumericArray, destination: number, tag: number): void;
  recv(comm: number, data: NumericArray, source: number, tag: number): void;
  probe(comm: number, source: number, tag: number): void;
  iprobe(comm: number, source: number, tag: number): boolean;
  isend(comm: number, data: NumericArray, destination: number, tag: number): number;
  irecv(comm: number, data: NumericArray, source: number, tag: number): number;
  ibarrier(comm: number): number;
  ibcast(comm: number, data: NumericArray, root: number): number;
  ireduce(comm: number, send: NumericArray | null, recv: NumericArray | null, op: number, root: number): number;
  iallreduce(comm: number, send: NumericArray | null, recv: NumericArray, op: number): number;
  /** 0: not done, 1: done, 2: cancelled. Data that arrived in a copy are copied into the array. */
  test(request: number, received: NumericArray | null): number;
  cancel(request: number): void;
  winAllocate(comm: number, sample: NumericArray, length: number): number;
  fetchAndOp(win: number, origin: NumericArray, result: NumericArray, target: number, at: number, op: number): void;
  winFree(win: number): void;
}

/** See native/signals.c. */
export interface SignalKeeper {
  save(): void;
  restore(): number[];
}

/** {source, tag, count} of the last message: C writes, the communicator reads. */
export const lastStatus = new Float64Array(3);

/**
 * `../build` from src/, `../../build` from dist/src/; `./mpi` is for bundles, whose author copies
 * the files there.
 */
const BESIDE_THIS_MODULE = ['../build/', '../../build/', './mpi/', './build/'];

/**
 * Folders to look in, in order: MPI_NODE_DIRECTORY, the caller's, then those beside this module.
 */
export function candidateDirectories(given: readonly (string | URL)[], fromEnvironment: string | undefined): string[] {
  const own = BESIDE_THIS_MODULE.map((relative) => fileURLToPath(new URL(relative, import.meta.url)));
  const asked = given.map((directory) => (directory instanceof URL ? fileURLToPath(directory) : directory));
  return [...(fromEnvironment ? [fromEnvironment] : []), ...asked, ...own];
}

/** The first of the folders that holds the file, with the file's path; null when none does. */
export function findAddon(directories: readonly string[], name: string): string | null {
  for (const directory of directories) {
    const file = join(directory, name);
    if (existsSync(file)) return file;
  }
  return null;
}

/** Throws what dlopen says when the family's library is not on this machine. */
export function openNative(file: string): Native {
  const native: Native = createRequire(import.meta.url)(file);
  native.setup(lastStatus, MpiError);
  return native;
}

export function openSignalKeeper(directories: readonly string[]): SignalKeeper | null {
  const file = findAddon(directories, 'mpi-signals.node');
  return file === null ? null : createRequire(import.meta.url)(file);
}

export function addonName(family: Family): string {
  return `mpi-${family}.node`;
}
