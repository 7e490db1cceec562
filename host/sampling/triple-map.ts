/**
 * A hash map from triples of 32-bit integers to consecutive indices 0, 1, 2 …, with open addressing
 * in typed arrays: no garbage, whereas a `Map` with text keys would make some for each look-up. The
 * caller stores the values, in arrays by index.
 */
export interface TripleMap {
  /** [count][3] */
  readonly keys: Int32Array;
  readonly count: number;
  /** Index of a triple, added if new; −1 if it is new and the map already has `limit` triples. */
  index(x: number, y: number, z: number): number;
  clear(): void;
}

/** @param limit triples at most; room is made as they come */
export function tripleMap(limit = Number.POSITIVE_INFINITY): TripleMap {
  let capacity = 64;
  let keys = new Int32Array(3 * capacity);
  /** Index + 1; 0 where free. A power of two, at least four times the capacity. */
  let slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * capacity)));
  /** [count] slot of each. */
  let used = new Int32Array(capacity);
  let count = 0;

  /** Slot of a triple, or the free one where it belongs. */
  const find = (x: number, y: number, z: number): number => {
    let h = Math.imul(x, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ y, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13) ^ z, 0xc2b2ae35);
    let at = (h ^ (h >>> 16)) & (slots.length - 1);
    for (;;) {
      const entry = slots[at] - 1;
      if (entry < 0) return at;
      if (keys[3 * entry] === x && keys[3 * entry + 1] === y && keys[3 * entry + 2] === z) return at;
      at = (at + 1) & (slots.length - 1);
    }
  };
  const place = (entry: number, slot: number): void => {
    slots[slot] = entry + 1;
    used[entry] = slot;
  };
  const grow = (): void => {
    capacity *= 2;
    const old = keys;
    keys = new Int32Array(3 * capacity);
    keys.set(old);
    slots = new Int32Array(2 * slots.length);
    used = new Int32Array(capacity);
    for (let n = 0; n < count; n++) place(n, find(keys[3 * n], keys[3 * n + 1], keys[3 * n + 2]));
  };
  return {
    get keys() {
      return keys;
    },
    get count() {
      return count;
    },
    index(x, y, z) {
      let at = find(x, y, z);
      if (slots[at] !== 0) return slots[at] - 1;
      if (count === limit) return -1;
      if (count === capacity) {
        grow();
        at = find(x, y, z);
      }
      keys[3 * count] = x;
      keys[3 * count + 1] = y;
      keys[3 * count + 2] = z;
      place(count, at);
      return count++;
    },
    clear() {
      for (let n = 0; n < count; n++) slots[used[n]] = 0;
      count = 0;
    },
  };
}
