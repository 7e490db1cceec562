/**
 * The one logger, and the only writer to stdout and stderr. Everything a person reads goes to
 * stderr, so that stdout carries results alone. Both are written synchronously to their
 * descriptors: what waits in a stream is lost when the process is killed, and a stream whose reader
 * has gone ends a run with its 'error' event.
 */
import { constants, fstatSync, readFileSync, statSync, writeSync } from 'node:fs';
import { explainMemory } from './address-space.ts';
import { currentContext } from './context.ts';
import { cannotWrite, LarmorError } from './errors.ts';

export type LogLevel = 'quiet' | 'normal' | 'verbose';

let level: LogLevel = 'normal';

export function setLogLevel(next: LogLevel): void {
  level = next;
}

/**
 * C0 and C1 control characters except tab and line feed, and marks that change the direction of
 * text: in a name from a file or the command line they could control the terminal, or make a
 * message look like another.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text as a terminal can show it, controls as `\u001b`: so they are valid in JSON, too. */
function escapeControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Names and values in messages come from files and may be of any length. */
const LONGEST_LINE = 2000;

/** A message of one line, whatever the names in it. */
function oneLine(message: string): string {
  const line = escapeControls(message).replaceAll('\n', '\\u000a');
  if (line.length <= LONGEST_LINE) return line;
  // The end says how to fix it.
  return `${line.slice(0, LONGEST_LINE / 2)} … ${line.slice(-LONGEST_LINE / 2)}`;
}

let silent = false;

/**
 * Does `work` without printing warnings and details: for ranks that would only repeat what rank 0
 * prints.
 */
export async function silently<T>(work: () => Promise<T>): Promise<T> {
  silent = true;
  try {
    return await work();
  } finally {
    silent = false;
  }
}

/** What was warned about so far, in order: results list it. */
export function warnings(): readonly string[] {
  return [...currentContext().warned];
}

/** Something the user should know and may want to change; shown even with -q, each message once. */
export function warn(message: string): void {
  const { warned, caller } = currentContext();
  const text = caller?.reword?.(message) ?? message;
  if (warned.has(text)) return;
  warned.add(text);
  if (caller !== undefined) caller.onWarning(text);
  else if (!silent) log(`larmor: warning: ${oneLine(text)}\n`);
}

export function info(message: string): void {
  if (level !== 'quiet' && prints()) log(`${escapeControls(message)}\n`);
}

export function detail(message: string): void {
  if (level === 'verbose' && !silent && prints()) log(`${escapeControls(message)}\n`);
}

/** Whether messages go to stderr here. */
const prints = (): boolean => currentContext().caller === undefined;

/** An error: one line, even with -q. */
export function reportError(error: unknown): void {
  log(`${errorLine(error)}\n`);
}

/**
 * Writes text to stderr unchanged. A closed or full stderr is no reason to end a run: the exit code
 * still reports its result.
 */
export function log(text: string): void {
  writeFully(2, Buffer.from(text), LOG_PATIENCE_MS);
}

/** A result for stdout. @throws LarmorError 73 if it does not get there */
export function print(text: string): void {
  printBytes(Buffer.from(escapeControls(text)));
}

/** The same for data, byte by byte. */
export function printBytes(bytes: Uint8Array): void {
  const error = writeFully(1, bytes, Number.POSITIVE_INFINITY);
  if (error === undefined) return;
  const what = error.code === 'EPIPE' ? 'nobody reads it' : error.message;
  throw cannotWrite('standard output', what, 'check its destination (a full disk, a pipe whose reader has ended)');
}

/**
 * Checks stdout before data are made for it: Node opens /dev/null in place of a closed descriptor,
 * for reading and writing, so that everything written is lost without an error. A shell's `>
 * /dev/null` is opened for writing only, and intended.
 * @throws LarmorError 73
 */
export function requireStdout(): void {
  let flags: string;
  try {
    if (fstatSync(1).rdev !== statSync('/dev/null').rdev) return;
    flags = readFileSync('/proc/self/fdinfo/1', 'latin1').match(/^flags:\s*([0-7]+)/m)?.[1] ?? '';
  } catch {
    // Not Linux, or no /proc: it cannot be known.
    return;
  }
  if ((Number.parseInt(flags, 8) & ACCESS_MODE) === constants.O_RDWR)
    throw cannotWrite('standard output', 'is closed', 'redirect it to a pipe or a file (> /dev/null to discard it)');
}

/** Bits of a descriptor's flags that say whether it reads and writes. */
const ACCESS_MODE = 3;

/** How long a log line waits for a reader that does not read. */
const LOG_PATIENCE_MS = 1000;
/**
 * Pause before retrying a descriptor that accepts no data at present: launchers share non-blocking
 * pipes with their ranks.
 */
const RETRY_MS = 5;

/** @returns why not all of it was written */
function writeFully(fd: number, bytes: Uint8Array, patience: number): NodeJS.ErrnoException | undefined {
  let waited = 0;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
      waited = 0;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINTR') continue;
      if (code !== 'EAGAIN' || waited >= patience) return error as NodeJS.ErrnoException;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      waited += RETRY_MS;
    }
  }
  return undefined;
}

/** One line for what a user can fix; a stack only for our own defects. */
function errorLine(thrown: unknown): string {
  const error = explainMemory(thrown);
  if (error instanceof LarmorError) return `larmor: ${oneLine(error.message)}`;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `larmor: internal error, please report it: ${escapeControls(trace)}`;
}
