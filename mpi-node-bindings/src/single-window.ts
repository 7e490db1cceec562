/** The window of a world of one rank: an array, and MPI's operations on one element of it. */
import { checkFetch, checkWindow } from './checks.ts';
import { Op } from './constants.ts';
import type { NumericArray, NumericArrayConstructor, Window } from './types.ts';

type Element = number | bigint;

/** `old` op `value`; the array it is stored in wraps it round to its width, as C does. */
function combine(old: Element, value: Element, op: Op): Element {
  // Both are of the window's own type: number or bigint. Logical results are 1 or 0 of that type.
  const a = old as number;
  const b = value as number;
  const truth = (holds: boolean): Element => (typeof old === 'bigint' ? BigInt(holds) : Number(holds));
  switch (op) {
    case Op.SUM:
      return a + b;
    case Op.PROD:
      return a * b;
    case Op.MAX:
      if (a > b) return a; // not Math's: these may be bigints
      return b;
    case Op.MIN:
      if (a < b) return a; // not Math's: these may be bigints
      return b;
    case Op.LAND:
      return truth(Boolean(a) && Boolean(b));
    case Op.LOR:
      return truth(Boolean(a) || Boolean(b));
    case Op.LXOR:
      return truth(Boolean(a) !== Boolean(b));
    case Op.BAND:
      return a & b;
    case Op.BOR:
      return a | b;
    case Op.BXOR:
      return a ^ b;
    case Op.REPLACE:
      return b;
    case Op.NO_OP:
      return a;
  }
}

export function singleWindow<T extends NumericArray>(type: NumericArrayConstructor<T>, length: number): Window<T> {
  const kind = checkWindow(new type(1), length);
  const lengths = Float64Array.of(length);
  const memory: { [index: number]: Element } = new type(length);
  let freed = false;
  const enter = (): void => {
    if (freed) throw new TypeError('this window was freed');
  };
  return {
    fetchAndOp(origin, result, target, displacement, op) {
      enter();
      checkFetch(origin, result, kind, lengths, target, displacement, op);
      const old = memory[displacement];
      const value = origin[0];
      (result as { [index: number]: Element })[0] = old;
      memory[displacement] = combine(old, value, op);
    },
    free() {
      enter();
      freed = true;
    },
  };
}
