/**
 * Rows of numbers by integer id, in growing typed arrays: the form in which a section of a `.seq`
 * file is stored. Typed arrays because a long scan has a million rows, and one object per row would
 * take ten times the memory of its text.
 */
import { badInput } from '../../base/errors.ts';

export interface Table {
  /** What a row is, for messages: `RF event`. */
  readonly name: string;
  readonly width: number;
  count: number;
  /** [count] */
  ids: Int32Array;
  /** [count] line in the file. */
  lines: Int32Array;
  /** [count][width] */
  values: Float64Array;
}

export function emptyTable(name: string, width: number): Table {
  return {
    name,
    width,
    count: 0,
    ids: new Int32Array(16),
    lines: new Int32Array(16),
    values: new Float64Array(16 * width),
  };
}

/** Adds a row of zeros and returns where its values start. */
export function addRow(table: Table, id: number, line: number): number {
  const row = table.count++;
  if (row === table.ids.length) {
    table.ids = grown(table.ids, new Int32Array(2 * row));
    table.lines = grown(table.lines, new Int32Array(2 * row));
    table.values = grown(table.values, new Float64Array(2 * row * table.width));
  }
  table.ids[row] = id;
  table.lines[row] = line;
  return row * table.width;
}

export function grown<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

/**
 * Function from id to row, −1 for none. Ids are mostly 1, 2, 3 …, for which an array takes a
 * quarter of the time and memory of a map; scattered ids use a map.
 * @throws exit 65 when two rows have the same id
 */
export function indexById(table: Table, path: string): (id: number) => number {
  const { ids, lines, count } = table;
  let largest = 0;
  for (let row = 0; row < count; row++) if (ids[row] > largest) largest = ids[row];
  const again = (row: number, first: number): Error =>
    badInput(
      `${path}:${lines[row]}`,
      `${table.name} ${ids[row]} was already defined on line ${lines[first]}`,
      'give every one its own id',
    );
  if (largest > 4 * count + 1024) {
    const rows = new Map<number, number>();
    for (let row = 0; row < count; row++) {
      const first = rows.get(ids[row]);
      if (first !== undefined) throw again(row, first);
      rows.set(ids[row], row);
    }
    return (id) => rows.get(id) ?? -1;
  }
  const rows = new Int32Array(largest + 1).fill(-1);
  for (let row = 0; row < count; row++) {
    const id = ids[row];
    if (rows[id] !== -1) throw again(row, rows[id]);
    rows[id] = row;
  }
  return (id) => (id >= 0 && id <= largest ? rows[id] : -1);
}
