/**
 * Checks of arguments before MPI sees them: MPI would read past the end of an array, or silently
 * return numbers of another type. Both communicators use these, so a program fails on a laptop as
 * it would on a cluster. Arrays are measured by `arrays.ts`, never by their own properties.
 * Arguments that can run the program's code (a getter in a list of counts) are read first, once,
 * into an array of ours; the arrays are checked after it.
 */
import { bufferOf, byteLengthOf, byteOffsetOf, lengthOf, typeName, unusable, widthOf } from './arrays.ts';
import { ANY_SOURCE, ANY_TAG, IN_PLACE, type InPlace, MAX_COUNT, Op, PROC_NULL } from './constants.ts';
import { MpiError } from './errors.ts';
import type { NumericArray, NumericArrayConstructor } from './types.ts';

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
}

/** The element type; throws unless `value` is an array MPI can move. */
function kindOf(call: string, name: string, value: unknown): string {
  const kind = typeName(value);
  if (kind === undefined || widthOf(kind) === undefined) {
    throw new TypeError(`${call}: ${name} must be a numeric TypedArray, not ${kind ?? describe(value)}`);
  }
  const why = unusable(value as NumericArray);
  if (why !== undefined) throw new TypeError(`${call}: ${name} ${why}`);
  return kind;
}

function checkCount(call: string, name: string, count: number): void {
  if (count > MAX_COUNT) {
    throw new RangeError(
      `${call}: ${name} has ${count} elements; MPI moves at most ${MAX_COUNT} in one call: split it`,
    );
  }
}

/** An array that goes into MPI whole; gives its element type. */
export function checkBuffer(call: string, name: string, value: unknown): string {
  const kind = kindOf(call, name, value);
  checkCount(call, name, lengthOf(value));
  return kind;
}

/**
 * A receive array that fits a send array of element type `sent`: the same type, and no shared
 * bytes.
 */
function checkReceive(call: string, send: NumericArray, sent: string, recv: NumericArray | null): void {
  const received = kindOf(call, 'the receive array', recv);
  if (sent !== received) throw new TypeError(`${call}: the send array is ${sent}, the receive array ${received}`);
  checkApart(call, send, recv!);
}

function checkApart(call: string, send: NumericArray, recv: NumericArray): void {
  if (
    bufferOf(send) === bufferOf(recv) &&
    byteOffsetOf(send) < byteOffsetOf(recv) + byteLengthOf(recv) &&
    byteOffsetOf(recv) < byteOffsetOf(send) + byteLengthOf(send)
  ) {
    throw new RangeError(`${call}: the send and receive arrays overlap: pass IN_PLACE as the send array`);
  }
}

function checkLength(call: string, recv: NumericArray, needed: number): void {
  const length = lengthOf(recv);
  if (length < needed) {
    throw new RangeError(`${call}: the receive array has ${length} elements, ${needed} will arrive`);
  }
}

/**
 * Logical and bitwise operations are for integers (MPI forbids floats; with one rank the error
 * would go unnoticed).
 */
function checkReduceOp(call: string, op: Op, kind: string): void {
  if (!Number.isInteger(op) || op < Op.SUM || op > Op.BXOR) {
    throw new TypeError(`${call}: not an operation to reduce with; use Op.SUM … Op.BXOR`);
  }
  if (op >= Op.LAND && (kind === 'Float64Array' || kind === 'Float32Array')) {
    throw new TypeError(`${call}: logical and bitwise operations need an integer array`);
  }
}

/** For reduce and its kin. `receives`: this rank gets the result. */
export function checkReduce(
  call: string,
  send: NumericArray | InPlace,
  recv: NumericArray | null,
  op: Op,
  receives: boolean,
): void {
  if (send === IN_PLACE) {
    if (!receives) throw new TypeError(`${call}: IN_PLACE is for the root; other ranks pass what they contribute`);
    checkReduceOp(call, op, checkBuffer(call, 'the receive array', recv));
    return;
  }
  const sent = checkBuffer(call, 'the send array', send);
  checkReduceOp(call, op, sent);
  if (!receives) return;
  checkReceive(call, send, sent, recv);
  checkLength(call, recv!, lengthOf(send));
}

/** For gather and allgather; returns the number of elements that each rank contributes. */
export function checkGather(
  call: string,
  send: NumericArray | InPlace,
  recv: NumericArray | null,
  size: number,
  receives: boolean,
): number {
  if (send === IN_PLACE) {
    if (!receives) throw new TypeError(`${call}: IN_PLACE is for the root; other ranks pass what they contribute`);
    kindOf(call, 'the receive array', recv);
    const each = lengthOf(recv) / size;
    if (!Number.isInteger(each)) {
      throw new RangeError(`${call}: the receive array's ${lengthOf(recv)} elements do not divide among ${size} ranks`);
    }
    checkCount(call, 'the contribution', each);
    return each;
  }
  const sent = checkBuffer(call, 'the send array', send);
  if (receives) {
    checkReceive(call, send, sent, recv);
    checkLength(call, recv!, lengthOf(send) * size);
  }
  return lengthOf(send);
}

/**
 * On the root of gatherv: counts and displacements in MPI's form, with every range inside `recv`.
 */
export function checkGatherv(
  call: string,
  send: NumericArray | InPlace,
  recv: NumericArray | null,
  counts: ArrayLike<number> | null,
  displacements: ArrayLike<number> | null,
  rank: number,
  size: number,
): { counts: Int32Array; displacements: Int32Array } {
  if (!counts) throw new RangeError(`${call}: the root needs one count per rank (${size})`);
  const taken = wholeNumbers(call, 'count', counts, size);
  const places = displacements ? wholeNumbers(call, 'displacement', displacements, size) : new Int32Array(size);

  if (send === IN_PLACE) kindOf(call, 'the receive array', recv);
  else checkReceive(call, send, kindOf(call, 'the send array', send), recv);
  let next = 0;
  for (let r = 0; r < size; r++) {
    if (!displacements) {
      checkCount(call, `the array before rank ${r}'s place`, next);
      places[r] = next;
    }
    next = places[r] + taken[r];
    checkLength(call, recv!, next);
  }
  if (send !== IN_PLACE && lengthOf(send) !== taken[rank]) {
    throw new RangeError(`${call}: the root sends ${lengthOf(send)} elements and counts ${taken[rank]} for itself`);
  }
  return { counts: taken, displacements: places };
}

/**
 * One number per rank, as C int. The list is the caller's: reading it may run code and give other
 * values the next time.
 */
function wholeNumbers(call: string, name: string, list: ArrayLike<number>, size: number): Int32Array {
  if (list.length !== size) throw new RangeError(`${call}: the root needs one ${name} per rank (${size})`);
  const numbers = new Int32Array(size);
  for (let r = 0; r < size; r++) {
    const number = list[r];
    if (!Number.isInteger(number) || number < 0) {
      throw new RangeError(`${call}: ${name} ${String(number)} for rank ${r} must be whole and not negative`);
    }
    checkCount(call, `the ${name} for rank ${r}`, number);
    numbers[r] = number;
  }
  return numbers;
}

/** Ranks and tags become C ints; a fraction or NaN would silently become another number. */
export function checkInteger(call: string, name: string, value: number): void {
  if (typeof value !== 'number' || (value | 0) !== value) {
    throw new RangeError(`${call}: ${name} must be a 32-bit integer, not ${String(value)}`);
  }
}

function refuseRank(call: string, rank: number, size: number): never {
  throw new MpiError(`${call}: no rank ${rank} in a communicator of ${size}`, 0, 'MPI_ERR_RANK');
}

/**
 * A root, or the target of a window. Not left to MPI, which need not check; and −1, here
 * `ANY_SOURCE`, is MPICH's MPI_PROC_NULL, by which a message would vanish.
 */
export function checkRank(call: string, name: string, rank: number, size: number): void {
  checkInteger(call, name, rank);
  if (rank < 0 || rank >= size) refuseRank(call, rank, size);
}

/** Whom a message goes to. */
export function checkDestination(call: string, rank: number, size: number): void {
  checkInteger(call, 'the partner', rank);
  if ((rank < 0 && rank !== PROC_NULL) || rank >= size) refuseRank(call, rank, size);
}

/** Whom a message comes from. */
export function checkSource(call: string, rank: number, size: number): void {
  checkInteger(call, 'the partner', rank);
  if ((rank < 0 && rank !== PROC_NULL && rank !== ANY_SOURCE) || rank >= size) refuseRank(call, rank, size);
}

/** @param bound the largest tag of this MPI */
export function checkTag(call: string, tag: number, bound: number): void {
  checkInteger(call, 'the tag', tag);
  if (tag < 0 || tag > bound) throw new MpiError(`${call}: tag ${tag} is not from 0 to ${bound}`, 0, 'MPI_ERR_TAG');
}

/** The tag of a message that is received. */
export function checkWantedTag(call: string, tag: number, bound: number): void {
  if (tag !== ANY_TAG) checkTag(call, tag, bound);
}

/** The element type in which a probe counts. */
export function checkElement(call: string, as: NumericArrayConstructor): void {
  const bytes = as?.BYTES_PER_ELEMENT;
  if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8) {
    throw new TypeError(`${call}: the type must be a TypedArray constructor, not ${describe(as)}`);
  }
}

/** An exit code as the system keeps it, which has eight bits: 256 would be success. */
export function checkExitCode(call: string, code: number): void {
  if (!Number.isInteger(code) || code < 1 || code > 255) {
    throw new RangeError(`${call}: the code must be a whole number from 1 to 255, not ${String(code)}`);
  }
}

/** The group of ranks that split puts this one into; null: none. */
export function checkColor(color: number | null): void {
  if (color === null) return;
  checkInteger('split', 'the colour', color);
  if (color < 0) throw new RangeError(`split: the colour must not be negative, but is ${color}`);
}

/**
 * For fetchAndOp: one element each way, of the window's type, inside the target's memory. MPI
 * checks none of it.
 */
export function checkFetch(
  origin: NumericArray,
  result: NumericArray,
  kind: string,
  lengths: Float64Array,
  target: number,
  displacement: number,
  op: Op,
): void {
  checkFetched('the origin', origin, kind);
  checkFetched('the result', result, kind);
  checkApart('fetchAndOp', origin, result);
  checkInteger('fetchAndOp', 'the target', target);
  if (target < 0 || target >= lengths.length) {
    throw new RangeError(`fetchAndOp: no rank ${target} among ${lengths.length}`);
  }
  const length = lengths[target];
  if (!Number.isSafeInteger(displacement) || displacement < 0 || displacement >= length) {
    throw new RangeError(`fetchAndOp: no element ${String(displacement)} among the ${length} of rank ${target}`);
  }
  if (op !== Op.REPLACE && op !== Op.NO_OP) checkReduceOp('fetchAndOp', op, kind);
}

function checkFetched(name: string, array: NumericArray, kind: string): void {
  const found = kindOf('fetchAndOp', name, array);
  if (found !== kind) throw new TypeError(`fetchAndOp: ${name} is ${found}, the window ${kind}`);
  if (lengthOf(array) < 1) throw new RangeError(`fetchAndOp: ${name} is empty; it holds one element`);
}

/** The length of this rank's part of a window; gives the element type's name. */
export function checkWindow(sample: NumericArray, length: number): string {
  if (!Number.isSafeInteger(length) || length < 0 || length > MAX_COUNT) {
    throw new RangeError(`window: the length must be a whole number up to ${MAX_COUNT}, not ${String(length)}`);
  }
  return kindOf('window', 'the type', sample);
}
