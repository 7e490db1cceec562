/**
 * Walks through the bytes of a text file line by line and field by field. Separate from the reader
 * because a `.seq` file of 100 MB is mostly short integers: making a string of each line would take
 * ten times the time and memory. Numbers are therefore parsed directly from the bytes, and every
 * error can name file and line.
 */
import { badInput, type LarmorError } from '../../base/errors.ts';

export interface Cursor {
  readonly path: string;
  readonly bytes: Buffer;
  /** Where the next line starts. */
  next: number;
  /** Number of the current line, from 1. */
  line: number;
  /** First byte of the current line that is not a blank. */
  start: number;
  /** One past its last byte that is not a blank. */
  end: number;
  /** Where the next field is looked for. */
  at: number;
}

const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;

export function openCursor(path: string, bytes: Buffer): Cursor {
  return { path, bytes, next: 0, line: 0, start: 0, end: 0, at: 0 };
}

function place(cursor: Cursor): string {
  return `${cursor.path}:${cursor.line}`;
}

/** An error at the current line. */
export function wrong(cursor: Cursor, what: string, fix: string): LarmorError {
  return badInput(place(cursor), what, fix);
}

/** Moves to the next line that is neither blank nor a comment; false at the end of the file. */
export function nextLine(cursor: Cursor): boolean {
  const { bytes } = cursor;
  while (cursor.next < bytes.length) {
    let start = cursor.next;
    const newline = bytes.indexOf(NEWLINE, start);
    let end = newline === -1 ? bytes.length : newline;
    cursor.next = end + 1;
    cursor.line++;
    while (start < end && bytes[start] <= SPACE) start++;
    while (end > start && bytes[end - 1] <= SPACE) end--;
    if (start === end || bytes[start] === HASH) continue;
    cursor.start = start;
    cursor.end = end;
    cursor.at = start;
    return true;
  }
  return false;
}

/** The current line as text. */
export function lineText(cursor: Cursor): string {
  return cursor.bytes.toString('utf8', cursor.start, cursor.end);
}

export function lineStartsWith(cursor: Cursor, byte: number): boolean {
  return cursor.bytes[cursor.start] === byte;
}

/**
 * Whether there is another field on the line; a `#` ends it, since hand-written files comment their
 * rows.
 */
export function hasField(cursor: Cursor): boolean {
  const { bytes, end } = cursor;
  while (cursor.at < end && bytes[cursor.at] <= SPACE) cursor.at++;
  return cursor.at < end && bytes[cursor.at] !== HASH;
}

/** The next field as text. `what` names it in the error if it is missing. */
export function wordField(cursor: Cursor, what: string): string {
  if (!hasField(cursor)) throw missing(cursor, what);
  const start = cursor.at;
  while (cursor.at < cursor.end && cursor.bytes[cursor.at] > SPACE) cursor.at++;
  return cursor.bytes.toString('utf8', start, cursor.at);
}

/**
 * Powers of ten that f64 holds exactly: one multiplication or division by them rounds once, hence
 * correctly.
 */
const POWERS = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

/** The next field as a finite number, exactly as `Number(text)` would round it. */
export function numberField(cursor: Cursor, what: string): number {
  if (!hasField(cursor)) throw missing(cursor, what);
  const { bytes, end } = cursor;
  const start = cursor.at;
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  let seenPoint = false;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO);
      digits++;
      if (seenPoint) scale--;
    } else if (byte === POINT && !seenPoint) seenPoint = true;
    else break;
  }
  if (digits > 0 && digits <= 15 && at < end && (bytes[at] | 32) === 101) {
    at++;
    const minus = bytes[at] === MINUS;
    if (minus || bytes[at] === PLUS) at++;
    let exponent = 0;
    const first = at;
    for (; at < end && at - first < 4; at++) {
      const byte = bytes[at];
      if (byte < ZERO || byte > NINE) break;
      exponent = exponent * 10 + (byte - ZERO);
    }
    if (at === first) digits = 0;
    scale += minus ? -exponent : exponent;
  }
  const ended = at === end || bytes[at] <= SPACE || bytes[at] === HASH;
  if (!ended || digits === 0 || digits > 15 || scale < -22 || scale > 22) return slowNumber(cursor, what);
  cursor.at = at;
  const magnitude = scale < 0 ? mantissa / POWERS[-scale] : mantissa * POWERS[scale];
  return negative ? -magnitude : magnitude;
}

/** Many digits, large exponents and whatever is no number at all. */
function slowNumber(cursor: Cursor, what: string): number {
  const text = wordField(cursor, what);
  const value = Number(text);
  const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  if (decimal && Number.isFinite(value)) return value;
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw wrong(cursor, `${what} is \`${shown}\`, not a finite number`, 'correct the line or write the file again');
}

/** The next field as an integer in [least, below). */
export function integerField(cursor: Cursor, what: string, least: number, below = 2 ** 31): number {
  const value = numberField(cursor, what);
  if (Number.isInteger(value) && value >= least && value < below) return value;
  throw wrong(
    cursor,
    `${what} is ${value}, not an integer from ${least} to ${below - 1}`,
    'correct the line or write the file again',
  );
}

/** Complains about fields beyond the last one expected. */
export function endOfFields(cursor: Cursor, expected: string): void {
  if (!hasField(cursor)) return;
  throw wrong(cursor, `more fields than the ${expected} of this file version`, 'check [VERSION] and the line');
}

function missing(cursor: Cursor, what: string): LarmorError {
  return wrong(cursor, `${what} is missing`, 'the file may be cut short: write or copy it again');
}
