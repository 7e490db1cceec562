/**
 * The public interface, the same over Open MPI, MPICH and the one-rank communicator in JS. The
 * methods have MPI's own names and argument order; values that MPI returns through pointers are
 * return values.
 */
import type { InPlace, Op, ThreadLevel } from './constants.ts';

/**
 * Everything MPI can move: the element type is read from the array. Views over shared memory are
 * used in place.
 */
export type NumericArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** A constructor of one of the above, where only the element type matters. */
export type NumericArrayConstructor<T extends NumericArray = NumericArray> = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
};

/** Status of a message that was received or is waiting. */
export interface Status {
  readonly source: number;
  readonly tag: number;
  /**
   * In elements of the receiving array, or of the type given to `probe`; −1 if not a whole number
   * of them.
   */
  readonly count: number;
}

/**
 * A nonblocking operation. Its arrays are kept alive until it is done; do not touch them before.
 * Over shared memory they are used in place; of others MPI gets a copy, so that it does no harm if
 * one is transferred or detached meanwhile.
 */
export interface Request {
  /**
   * Whether it is done; asks MPI, which makes progress on the way. Throws the operation's error if
   * it failed.
   */
  test(): boolean;
  /**
   * A promise that resolves when it is done; any number of callers may wait. The event loop stays
   * free: MPI_Test is called between other work.
   */
  wait(): Promise<void>;
  /**
   * Asks MPI, once, to give up a receive that nothing has matched yet; test or wait until done all
   * the same.
   */
  cancel(): void;
  /** Status of a receive that is done and was not cancelled, else undefined. */
  readonly status: Status | undefined;
}

/** Memory of every rank, open to atomic operations of the others. */
export interface Window<T extends NumericArray> {
  /**
   * Atomically: result[0] = element; element = element op origin[0]. Returns when the result is
   * here.
   */
  fetchAndOp(origin: T, result: T, target: number, displacement: number, op: Op): void;
  /** Collective. */
  free(): void;
}

export interface Communicator {
  readonly rank: number;
  readonly size: number;

  /**
   * Ranks of one colour, ordered by key (default: their rank), form a communicator; colour null:
   * none. Collective.
   */
  split(color: number | null, key?: number): Communicator | null;
  /**
   * The ranks that can share memory: those of one node. Its rank and size are the local ones.
   * Collective.
   */
  splitType(type: 'shared', key?: number): Communicator;
  dup(): Communicator;
  free(): void;
  /** Ends every process of the job; the launcher reports `code`, 1 to 255. Does not return. */
  abort(code: number): never;

  barrier(): void;
  bcast(data: NumericArray, root?: number): void;
  /** `recv` is read on the root only; null elsewhere. IN_PLACE is for the root. */
  reduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root?: number): void;
  allreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): void;
  /** Every rank contributes the same number of elements; those of rank r are at r × that number. */
  gather<T extends NumericArray>(send: T | InPlace, recv: T | null, root?: number): void;
  /**
   * The counts[r] elements of rank r are stored from displacements[r] on (default: one after the
   * other).
   */
  gatherv<T extends NumericArray>(
    send: T | InPlace,
    recv: T | null,
    counts: ArrayLike<number> | null,
    displacements?: ArrayLike<number> | null,
    root?: number,
  ): void;
  allgather<T extends NumericArray>(send: T | InPlace, recv: T): void;

  send(data: NumericArray, destination: number, tag?: number): void;
  recv(data: NumericArray, source?: number, tag?: number): Status;
  /** Waits for a message and leaves it; count is in elements of `as` (default: bytes). */
  probe(source?: number, tag?: number, as?: NumericArrayConstructor): Status;
  /** The same without waiting: undefined when no message is here. */
  iprobe(source?: number, tag?: number, as?: NumericArrayConstructor): Status | undefined;

  isend(data: NumericArray, destination: number, tag?: number): Request;
  irecv(data: NumericArray, source?: number, tag?: number): Request;
  ibarrier(): Request;
  ibcast(data: NumericArray, root?: number): Request;
  ireduce<T extends NumericArray>(send: T | InPlace, recv: T | null, op: Op, root?: number): Request;
  iallreduce<T extends NumericArray>(send: T | InPlace, recv: T, op: Op): Request;

  /** `length` zeros of the type on this rank, which may differ per rank. Collective. */
  window<T extends NumericArray>(type: NumericArrayConstructor<T>, length: number): Window<T>;
}

export type Family = 'openmpi' | 'mpich';

export interface Mpi {
  /** 'none': no MPI is used, and the world is one rank in JS. */
  readonly family: Family | 'none';
  /** Why a built addon was passed over, one line each; for diagnosis. */
  readonly passedOver: readonly string[];
  readonly world: Communicator;
  /** What MPI_Init_thread provided. */
  readonly threadLevel: ThreadLevel;
  readonly libraryVersion: string;
  readonly processorName: string;
  /** Seconds since some moment in the past; like every call, not after finalize. */
  wtime(): number;
  readonly initialized: boolean;
  readonly finalized: boolean;
  /**
   * Collective; when all communication is done and all windows are freed. Afterwards every call
   * throws.
   */
  finalize(): void;
}
