/** A one-sided window over a real MPI; see native/windows.c for the epoch it lives in. */
import { checkFetch } from './checks.ts';
import type { Op } from './constants.ts';
import type { Native } from './native.ts';
import type { NumericArray, Window } from './types.ts';

let open = 0;

/** Windows that are not freed; MPI must not be finalized before there are none. */
export function openWindows(): number {
  return open;
}

export class NativeWindow<T extends NumericArray> implements Window<T> {
  readonly #native: Native;
  readonly #handle: number;
  readonly #kind: string;
  /** Length per rank, to detect a displacement outside: MPI would write there. */
  readonly #lengths: Float64Array;

  constructor(native: Native, handle: number, kind: string, lengths: Float64Array) {
    this.#native = native;
    this.#handle = handle;
    this.#kind = kind;
    this.#lengths = lengths;
    open++;
  }

  fetchAndOp(origin: T, result: T, target: number, displacement: number, op: Op): void {
    checkFetch(origin, result, this.#kind, this.#lengths, target, displacement, op);
    this.#native.fetchAndOp(this.#handle, origin, result, target, displacement, op);
  }

  free(): void {
    this.#native.winFree(this.#handle);
    open--;
  }
}
