/** The one logger. Everything a person reads goes to stderr, so that stdout carries results alone. */
import { writeSync } from 'node:fs';
import { LarmorError } from './errors.ts';

export type LogLevel = 'quiet' | 'normal' | 'verbose';

let level: LogLevel = 'normal';

export function setLogLevel(next: LogLevel): void {
  level = next;
}

const warned = new Set<string>();

/** What was warned about so far in this process, in order: results list it. */
export function warnings(): readonly string[] {
  return [...warned];
}

/** Something the user should know and may want to change; shown even with -q, each message once. */
export function warn(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  process.stderr.write(`larmor: warning: ${message}\n`);
}

export function info(message: string): void {
  if (level !== 'quiet') process.stderr.write(`${message}\n`);
}

export function detail(message: string): void {
  if (level === 'verbose') process.stderr.write(`${message}\n`);
}

/** An error, written before the process may be killed: what is queued in a stream would be lost. */
export function tellNow(error: unknown): void {
  try {
    writeSync(2, `${errorLine(error)}\n`);
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
}

/** One line for what a user can mend; a stack only for our own defects. */
export function errorLine(error: unknown): string {
  if (error instanceof LarmorError) return `larmor: ${error.message}`;
  return `larmor: internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`;
}
