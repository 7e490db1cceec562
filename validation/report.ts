/**
 * The table of errors: every row is a number that must not exceed its bound, and the bound says
 * where it comes from. Sections that need something absent (reference data, BART) are skipped
 * aloud; with CI=true that fails.
 */
import { relativeError } from '../testing/run.ts';
import type { Choice } from '../testing/some.ts';

export interface Row {
  readonly what: string;
  readonly value: number;
  readonly bound: number;
}

export interface Section {
  readonly title: string;
  /** Where the bounds come from. */
  readonly bounds: string;
  /** What is missing, or undefined: the section can run. */
  readonly missing?: () => string | undefined;
  /** `some` chooses among cases that differ in a parameter: all of them for the table. */
  rows(some: Choice): Promise<Row[]>;
}

/** NaN exceeds every bound. */
export const holds = ({ value, bound }: Row): boolean => value <= bound;

/** Relative norm of the difference of two signals as a row. */
export function compare(what: string, signal: ArrayLike<number>, reference: ArrayLike<number>, bound: number): Row {
  return { what, value: relativeError(signal, reference), bound };
}

const number = (value: number): string => (value === 0 ? '0' : value.toExponential(2));

export function tableLines({ title, bounds }: Section, rows: readonly Row[]): string[] {
  const width = Math.max(64, ...rows.map((row) => row.what.length));
  return [
    title,
    `  bounds: ${bounds}`,
    ...rows.map((row) => {
      const verdict = holds(row) ? 'ok' : 'EXCEEDED';
      return `  ${row.what.padEnd(width)} ${number(row.value).padStart(9)}  ≤ ${number(row.bound).padStart(8)}  ${verdict}`;
    }),
    '',
  ];
}
