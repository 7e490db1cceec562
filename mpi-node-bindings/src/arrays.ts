/**
 * Reads the real address, length and type of a TypedArray by the getters that the language itself
 * uses, captured before a program could replace them. Properties of the object are not reliable:
 * `length` may be redefined, by a subclass or on the array, and MPI would then write past the end.
 * Works for arrays of any realm, and runs none of the program's code.
 */
import { types } from 'node:util';
import type { NumericArray } from './types.ts';

/** Bytes per element of what MPI can move. */
const WIDTHS: ReadonlyMap<string | undefined, number> = new Map([
  ['Int8Array', 1],
  ['Uint8Array', 1],
  ['Uint8ClampedArray', 1],
  ['Int16Array', 2],
  ['Uint16Array', 2],
  ['Int32Array', 4],
  ['Uint32Array', 4],
  ['Float32Array', 4],
  ['Float64Array', 8],
  ['BigInt64Array', 8],
  ['BigUint64Array', 8],
]);

/** A getter of a prototype as a function of the object. */
function getter<T>(prototype: object, name: PropertyKey): (object: unknown) => T {
  return Function.prototype.call.bind(Object.getOwnPropertyDescriptor(prototype, name)!.get!);
}

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);
const tagOf = getter<string | undefined>(TypedArrayPrototype, Symbol.toStringTag);
const Bytes = Uint8Array;
const { isSharedArrayBuffer } = types;
const ArrayBufferPrototype = ArrayBuffer.prototype;
const SharedArrayBufferPrototype = SharedArrayBuffer.prototype;
const isResizable = getter<boolean>(ArrayBufferPrototype, 'resizable');
const isGrowable = getter<boolean>(SharedArrayBufferPrototype, 'growable');

export const lengthOf = getter<number>(TypedArrayPrototype, 'length');
export const byteLengthOf = getter<number>(TypedArrayPrototype, 'byteLength');
export const byteOffsetOf = getter<number>(TypedArrayPrototype, 'byteOffset');
export const bufferOf = getter<ArrayBufferLike>(TypedArrayPrototype, 'buffer');

/** The name of its element type, such as 'Float64Array'; undefined if it is not a typed array. */
export function typeName(value: unknown): string | undefined {
  return tagOf(value);
}

/** Bytes per element of such a type; undefined for those that MPI cannot move. */
export function widthOf(type: string | undefined): number | undefined {
  return WIDTHS.get(type);
}

/**
 * Whether a buffer can change its size. Usually its prototype shows at once which of the two
 * getters to use.
 */
function canBeResized(buffer: ArrayBufferLike): boolean {
  const prototype = Object.getPrototypeOf(buffer);
  try {
    if (prototype === ArrayBufferPrototype) return isResizable(buffer);
    if (prototype === SharedArrayBufferPrototype) return isGrowable(buffer);
  } catch {
    // somebody has changed the prototype
  }
  return isSharedArrayBuffer(buffer) ? isGrowable(buffer) : isResizable(buffer);
}

/**
 * Why the bytes of an array must not be used: they no longer exist, or may disappear while MPI uses
 * them; undefined if they may be used.
 */
export function unusable(array: NumericArray): string | undefined {
  const buffer = bufferOf(array);
  if (canBeResized(buffer)) {
    return 'is over a buffer that can be resized: copy it into one of fixed size';
  }
  if (lengthOf(array) === 0 && isDetached(buffer))
    return 'is detached: its buffer was transferred, or its memory grown';
  return undefined;
}

/** `ArrayBuffer.prototype.detached` is not there before Node 21. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Bytes(buffer) === undefined;
  } catch {
    return true;
  }
}

/** All bytes of an array. */
export function bytesOf(array: NumericArray): Uint8Array {
  return new Bytes(bufferOf(array), byteOffsetOf(array), byteLengthOf(array));
}
