/**
 * A table of the states of a phase graph: F, G and Z of each κ of one half of space, found by hash.
 * Values added to a κ of the other half are stored conjugated.
 */
import { type TripleMap, tripleMap } from './triple-map.ts';

export interface OrderTable {
  readonly kappas: TripleMap;
  /**
   * [F re, F im, G re, G im, Z re, Z im] of each κ; replaced by a longer array as states are added.
   */
  readonly value: Float64Array;
  /** Adds to F (column 0), G (column 2) or Z (column 4) of κ; nothing if the table is full. */
  add(x: number, y: number, z: number, column: 0 | 2 | 4, re: number, im: number): void;
}

/** @param capacity largest number of states; a scan of few touches little memory */
export function orderTable(capacity: number): OrderTable {
  const kappas = tripleMap(capacity);
  let value = new Float64Array(6 * 64);
  /** Index of κ, made if new; −1 when the table is full. */
  const find = (x: number, y: number, z: number): number => {
    const { count } = kappas;
    const entry = kappas.index(x, y, z);
    if (entry === count) {
      if (6 * entry === value.length) value = grown(value);
      value.fill(0, 6 * entry, 6 * entry + 6);
    }
    return entry;
  };
  return {
    kappas,
    get value() {
      return value;
    },
    add(x, y, z, column, re, im) {
      const negative = z !== 0 ? z < 0 : y !== 0 ? y < 0 : x < 0;
      const entry = negative ? find(-x, -y, -z) : find(x, y, z);
      if (entry < 0) return;
      const to = 6 * entry + (negative && column !== 4 ? 2 - column : column);
      value[to] = value[to] + re;
      value[to + 1] = value[to + 1] + (negative ? -im : im);
      // F and G of the order 0 are one.
      if (x === 0 && y === 0 && z === 0 && column !== 4) {
        const other = 6 * entry + 2 - column;
        value[other] = value[other] + re;
        value[other + 1] = value[other + 1] - im;
      }
    },
  };
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 * values.length);
  wider.set(values);
  return wider;
}
