/**
 * The names MPI gives to its special values. The numbers are this package's own: the real ones
 * differ between Open MPI and MPICH, and native/arguments.c translates.
 */

/**
 * Reduction operations. LAND … BXOR are for integer arrays; REPLACE and NO_OP only for
 * `Window.fetchAndOp`.
 */
export const Op = {
  SUM: 0,
  PROD: 1,
  MAX: 2,
  MIN: 3,
  LAND: 4,
  LOR: 5,
  LXOR: 6,
  BAND: 7,
  BOR: 8,
  BXOR: 9,
  REPLACE: 10,
  NO_OP: 11,
} as const;
export type Op = (typeof Op)[keyof typeof Op];

/** Instead of a send buffer: this rank's contribution is already in the receive buffer. */
export const IN_PLACE = Symbol('MPI_IN_PLACE');
export type InPlace = typeof IN_PLACE;

/** For `recv`, `irecv`, `probe`, `iprobe`: a message from whomever. */
export const ANY_SOURCE = -1;
/** For `recv`, `irecv`, `probe`, `iprobe`: a message of whatever tag. */
export const ANY_TAG = -1;
/** A partner that does not exist: sending to it and receiving from it return at once. */
export const PROC_NULL = -2;

/** The most elements one call can move: MPI counts in C ints. */
export const MAX_COUNT = 2 ** 31 - 1;

/** In the order of the MPI standard, from weakest to strongest. */
export const THREAD_LEVELS = ['single', 'funneled', 'serialized', 'multiple'] as const;
export type ThreadLevel = (typeof THREAD_LEVELS)[number];
