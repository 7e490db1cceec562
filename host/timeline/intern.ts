/**
 * A table of fixed-width f64 records in which equal records are stored once. A scan of 140 000
 * repetitions has a million blocks but few different ones; interning keeps the size of the timeline
 * proportional to the number of different ones.
 */
export interface RecordTable {
  /** Index of `record`, which is copied if new. Equality is bit for bit. */
  intern(record: ArrayLike<number>): number;
  /** A copy of record `index`. */
  at(index: number): Float64Array;
  /** All records so far, [count][width]. */
  finish(): Float64Array;
}

export function recordTable(width: number): RecordTable {
  let data = new Float64Array(64 * width);
  let bits = new Uint32Array(data.buffer);
  let slots = new Int32Array(256).fill(-1);
  let count = 0;
  const probe = new Float64Array(width);
  const probeBits = new Uint32Array(probe.buffer);

  const hash = (words: Uint32Array, at: number): number => {
    let h = 0x811c9dc5;
    for (let n = 0; n < 2 * width; n++) {
      h = Math.imul(h ^ words[at + n], 0x01000193);
      h ^= h >>> 15;
    }
    return Math.imul(h, 0x9e3779b1) >>> 0;
  };

  const grow = (): void => {
    const wider = new Float64Array(data.length * 2);
    wider.set(data);
    data = wider;
    bits = new Uint32Array(data.buffer);
  };

  const rehash = (): void => {
    slots = new Int32Array(slots.length * 2).fill(-1);
    for (let n = 0; n < count; n++) {
      let slot = hash(bits, 2 * width * n) & (slots.length - 1);
      while (slots[slot] >= 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = n;
    }
  };

  return {
    intern(record) {
      for (let n = 0; n < width; n++) probe[n] = record[n] + 0; // −0 and 0 are the same moment
      let slot = hash(probeBits, 0) & (slots.length - 1);
      for (; slots[slot] >= 0; slot = (slot + 1) & (slots.length - 1)) {
        const at = 2 * width * slots[slot];
        let equal = true;
        for (let n = 0; n < 2 * width && equal; n++) equal = bits[at + n] === probeBits[n];
        if (equal) return slots[slot];
      }
      if ((count + 1) * width > data.length) grow();
      data.set(probe, count * width);
      slots[slot] = count++;
      if (2 * count > slots.length) rehash();
      return count - 1;
    },
    at: (index) => data.slice(index * width, (index + 1) * width),
    finish: () => data.slice(0, count * width),
  };
}

/** Splits records of `width` numbers into two tables: their first `head` numbers, and the rest. */
export function splitRecords(records: Float64Array, width: number, head: number): [Float64Array, Float64Array] {
  const tail = width - head;
  if (tail === 0) return [records, new Float64Array(0)];
  const count = records.length / width;
  const [heads, tails] = [new Float64Array(head * count), new Float64Array(tail * count)];
  for (let n = 0; n < count; n++) {
    heads.set(records.subarray(width * n, width * n + head), head * n);
    tails.set(records.subarray(width * n + head, width * (n + 1)), tail * n);
  }
  return [heads, tails];
}

/** An Int32Array or Float64Array that grows as records are pushed. */
export interface ArrayBuilder<T extends Int32Array | Float64Array> {
  push(...values: number[]): void;
  /** Many at once. */
  append(values: ArrayLike<number>): void;
  readonly length: number;
  finish(): T;
}

export function arrayBuilder<T extends Int32Array | Float64Array>(make: new (length: number) => T): ArrayBuilder<T> {
  let data = new make(256);
  let length = 0;
  const makeRoom = (count: number): void => {
    if (length + count <= data.length) return;
    const wider = new make(2 * (length + count));
    wider.set(data);
    data = wider;
  };
  return {
    push(...values) {
      makeRoom(values.length);
      for (const value of values) data[length++] = value;
    },
    append(values) {
      makeRoom(values.length);
      data.set(values, length);
      length += values.length;
    },
    get length() {
      return length;
    },
    finish: () => data.slice(0, length) as T,
  };
}
