/**
 * What is wrong with arguments, said before MPI sees them: MPI would read past the end of an array, or give back numbers
 * of another type without a word. Both communicators use these, so a program fails on a laptop as it would on a cluster.
 */
import { IN_PLACE, type InPlace, MAX_COUNT, Op } from './constants.ts';
import type { NumericArray } from './types.ts';

/** The name of a typed array's element type in one step, for arrays of any realm; undefined for everything else. */
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;

const KINDS = new Set([
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]);

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
}

/** The element type; throws unless `value` is an array MPI can move. */
export function kindOf(call: string, name: string, value: unknown): string {
  const kind: string | undefined = tagOf.call(value);
  if (kind === undefined || !KINDS.has(kind)) {
    throw new TypeError(`${call}: ${name} must be a numeric TypedArray, not ${kind ?? describe(value)}`);
  }
  return kind;
}

export function checkCount(call: string, name: string, count: number): void {
  if (count > MAX_COUNT) {
    throw new RangeError(
      `${call}: ${name} has ${count} elements; MPI moves at most ${MAX_COUNT} in one call: split it`,
    );
  }
}

/** An array that goes into MPI whole. */
export function checkBuffer(call: string, name: string, value: unknown): void {
  kindOf(call, name, value);
  checkCount(call, name, (value as NumericArray).length);
}

/** Same element type and no shared bytes. */
function checkPair(call: string, send: NumericArray, recv: NumericArray): void {
  const sent = kindOf(call, 'the send array', send);
  const received = kindOf(call, 'the receive array', recv);
  if (sent !== received) throw new TypeError(`${call}: the send array is ${sent}, the receive array ${received}`);
  if (
    send.buffer === recv.buffer &&
    send.byteOffset < recv.byteOffset + recv.byteLength &&
    recv.byteOffset < send.byteOffset + send.byteLength
  ) {
    throw new RangeError(`${call}: the send and receive arrays overlap: pass IN_PLACE as the send array`);
  }
}

function checkLength(call: string, recv: NumericArray, needed: number): void {
  if (recv.length < needed) {
    throw new RangeError(`${call}: the receive array has ${recv.length} elements, ${needed} will arrive`);
  }
}

/** Logic and bits are for integers (MPI forbids floats; on one rank nobody would notice). */
export function checkReduceOp(call: string, op: Op, array: NumericArray): void {
  if (!Number.isInteger(op) || op < Op.SUM || op > Op.BXOR) {
    throw new TypeError(`${call}: not an operation to reduce with; use Op.SUM … Op.BXOR`);
  }
  if (op >= Op.LAND && (array instanceof Float64Array || array instanceof Float32Array)) {
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
    checkBuffer(call, 'the receive array', recv);
    checkReduceOp(call, op, recv!);
    return;
  }
  checkBuffer(call, 'the send array', send);
  checkReduceOp(call, op, send);
  if (!receives) return;
  checkPair(call, send, recv!);
  checkLength(call, recv!, send.length);
}

/** For gather and allgather; gives the number of elements each rank contributes. */
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
    const each = recv!.length / size;
    if (!Number.isInteger(each)) {
      throw new RangeError(`${call}: the receive array's ${recv!.length} elements do not divide among ${size} ranks`);
    }
    checkCount(call, 'the contribution', each);
    return each;
  }
  checkBuffer(call, 'the send array', send);
  if (receives) {
    checkPair(call, send, recv!);
    checkLength(call, recv!, send.length * size);
  }
  return send.length;
}

/** On the root of gatherv: counts and displacements as MPI wants them, every stretch inside `recv`. */
export function checkGatherv(
  call: string,
  send: NumericArray | InPlace,
  recv: NumericArray | null,
  counts: ArrayLike<number> | null,
  displacements: ArrayLike<number> | null,
  rank: number,
  size: number,
): { counts: Int32Array; displacements: Int32Array } {
  if (send === IN_PLACE) kindOf(call, 'the receive array', recv);
  else checkPair(call, send, recv!);
  if (!counts || counts.length !== size) throw new RangeError(`${call}: the root needs one count per rank (${size})`);
  if (displacements && displacements.length !== size) {
    throw new RangeError(`${call}: the root needs one displacement per rank (${size}), or none at all`);
  }
  const places = new Int32Array(size);
  let next = 0;
  for (let r = 0; r < size; r++) {
    const at = displacements ? displacements[r]! : next;
    const count = counts[r]!;
    if (!Number.isInteger(at) || !Number.isInteger(count) || at < 0 || count < 0) {
      throw new RangeError(`${call}: count ${count} at ${at} for rank ${r}: both must be whole and not negative`);
    }
    checkCount(call, `rank ${r}'s contribution`, count);
    checkCount(call, `the array before rank ${r}'s place`, at);
    checkLength(call, recv!, at + count);
    places[r] = at;
    next = at + count;
  }
  if (send !== IN_PLACE && send.length !== counts[rank]) {
    throw new RangeError(`${call}: the root sends ${send.length} elements and counts ${counts[rank]} for itself`);
  }
  return { counts: Int32Array.from(counts), displacements: places };
}

/** Ranks and tags become C ints; a fraction or NaN would silently become another number. */
export function checkInteger(call: string, name: string, value: number): void {
  if ((value | 0) !== value) throw new RangeError(`${call}: ${name} must be a 32-bit integer, not ${value}`);
}

/** For fetchAndOp: one element each way, of the window's type, inside the target's memory. MPI checks none of it. */
export function checkFetch(
  origin: NumericArray,
  result: NumericArray,
  kind: string,
  lengths: ArrayLike<number>,
  target: number,
  displacement: number,
  op: Op,
): void {
  for (const [name, array] of [
    ['the origin', origin],
    ['the result', result],
  ] as const) {
    const found = kindOf('fetchAndOp', name, array);
    if (found !== kind) throw new TypeError(`fetchAndOp: ${name} is ${found}, the window ${kind}`);
    if (array.length < 1) throw new RangeError(`fetchAndOp: ${name} is empty; it holds one element`);
  }
  const length = lengths[target];
  if (length === undefined) throw new RangeError(`fetchAndOp: no rank ${target} among ${lengths.length}`);
  if (!Number.isSafeInteger(displacement) || displacement < 0 || displacement >= length) {
    throw new RangeError(`fetchAndOp: no element ${displacement} among the ${length} of rank ${target}`);
  }
  if (op !== Op.REPLACE && op !== Op.NO_OP) checkReduceOp('fetchAndOp', op, origin);
}

/** The length of this rank's part of a window; gives the element type's name. */
export function checkWindow(sample: NumericArray, length: number): string {
  if (!Number.isSafeInteger(length) || length < 0 || length > MAX_COUNT) {
    throw new RangeError(`window: the length must be a whole number up to ${MAX_COUNT}, not ${length}`);
  }
  return kindOf('window', 'the type', sample);
}
