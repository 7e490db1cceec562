/**
 * The table of a sweep: CSV with a row per run. The file is written anew with each row and renamed
 * into place, so that a stopped sweep has all its rows. Existing rows are reused if the hash of
 * their plan is the same; rows of other runs stay at the end. Parts of a sweep have files of their
 * own beside the table, which are merged into it when the whole sweep runs.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { usage } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';

export type Cells = Readonly<Record<string, string>>;

export interface SweepTable {
  readonly path: string;
  /** A row of an earlier run that has these cells; each is given once. */
  take(wanted: Cells): Cells | undefined;
  /** Adds a row and writes the file. */
  add(row: Cells): void;
}

export interface Part {
  readonly index: number;
  readonly of: number;
}

/** @throws LarmorError 2 unless it names a table */
export function requireTableName(path: string): void {
  if (path === '-') throw usage('-o -: the table of a sweep cannot be written to standard output', 'give a file name');
  if (!path.toLowerCase().endsWith('.csv')) throw usage(`${path}: the table of a sweep is CSV`, 'end it in .csv');
}

/** `table.csv` → `table.part-2-of-8.csv`. */
function partPath(path: string, { index, of }: Part): string {
  return `${path.slice(0, -'.csv'.length)}.part-${index}-of-${of}.csv`;
}

/**
 * @param path of the table of the whole sweep
 * @throws LarmorError 2 if a table with other columns exists, 65 for a file that is not a table, 73
 *   if it cannot be written
 */
export function openTable(path: string, part: Part | undefined, columns: readonly string[]): SweepTable {
  const own = part === undefined ? path : partPath(path, part);
  createOutput(own).abandon();
  const [former, borrowed] = [
    rowsOf(own, columns),
    part === undefined ? partsOf(path).flatMap((file) => rowsOf(file, columns)) : rowsOf(path, columns),
  ];
  const rows: Cells[] = [];
  const write = (): void => {
    const lines = [columns, ...[...rows, ...former].map((row) => columns.map((name) => row[name] ?? ''))];
    writeOutput(own, Buffer.from(lines.map((cells) => `${cells.map(quoted).join(',')}\n`).join('')));
  };
  return {
    path: own,
    take(wanted) {
      for (const list of [former, borrowed]) {
        const n = list.findIndex((row) => Object.entries(wanted).every(([name, cell]) => row[name] === cell));
        if (n >= 0) return list.splice(n, 1)[0];
      }
      return undefined;
    },
    add(row) {
      rows.push(row);
      write();
    },
  };
}

function partsOf(path: string): string[] {
  const folder = dirname(path);
  const stem = basename(path).slice(0, -'.csv'.length);
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${stem}.part-`) && /\.part-\d+-of-\d+\.csv$/.test(name))
    .map((name) => join(folder, name));
}

/**
 * Rows of successful runs. The file is not registered as an input of the run, because it is written
 * again.
 */
function rowsOf(path: string, columns: readonly string[]): Cells[] {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) return [];
  // A pipe would be waited for, a device read without end.
  if (!there.isFile()) throw usage(`${path} is not a regular file`, 'name another file');
  const [header = [], ...rows] = parseCsv(readFileSync(path, 'utf8'));
  // A sweep of which no run succeeded left nothing to keep.
  const error = header.indexOf('error');
  if (error >= 0 && header.includes('planHash') && rows.every((cells) => (cells[error] ?? '') !== '')) return [];
  if (header.join('\n') !== columns.join('\n'))
    throw usage(
      `${path} has the columns ${header.slice(0, 8).join(', ')}${header.length > 8 ? ' …' : ''}, not those of this sweep`,
      'name another file, or remove it',
    );
  return rows
    .map((cells) => Object.fromEntries(columns.map((name, n) => [name, cells[n] ?? ''])))
    .filter((row) => row.error === '' && row.planHash !== '');
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, bracketed, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(bracketed?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
