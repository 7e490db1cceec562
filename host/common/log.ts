/** The one logger. Everything a person reads goes to stderr, so that stdout carries results alone. */

export type LogLevel = 'quiet' | 'normal' | 'verbose';

let level: LogLevel = 'normal';

export function setLogLevel(next: LogLevel): void {
  level = next;
}

/** Something the user should know and may want to change; shown even with -q. */
export function warn(message: string): void {
  process.stderr.write(`larmor: warning: ${message}\n`);
}

export function info(message: string): void {
  if (level !== 'quiet') process.stderr.write(`${message}\n`);
}

export function detail(message: string): void {
  if (level === 'verbose') process.stderr.write(`${message}\n`);
}
