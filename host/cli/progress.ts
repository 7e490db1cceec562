/**
 * Progress of a run: a line that is rewritten on a terminal; in a log, a line with the time at the
 * start and every 30 s. Only rank 0 shows it.
 */
import { isatty } from 'node:tty';
import { log } from '../base/log.ts';

const TERMINAL_MS = 200;
const LOG_MS = 30_000;
const ERASE = '\r\x1b[K';

/** @param done tiles finished by all ranks @returns stops it and clears the line */
export function showProgress(total: number, done: () => number, quiet: boolean): () => void {
  if (quiet || total === 0) return () => {};
  const terminal = isatty(2);
  const begun = performance.now();
  const line = (): string => {
    const finished = done();
    const share = finished / total;
    const elapsed = (performance.now() - begun) / 1e3;
    const left = share > 0 ? `, ${Math.ceil((elapsed * (1 - share)) / share)} s left` : '';
    return `${finished} of ${total} tiles, ${Math.round(100 * share)} %${left}`;
  };
  const show = (): void => log(terminal ? `${ERASE}${line()}` : `${now()} ${line()}\n`);
  if (!terminal) show();
  const timer = setInterval(show, terminal ? TERMINAL_MS : LOG_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (terminal) log(ERASE);
  };
}

/** UTC, to the second: jobs of one site may run in several time zones. */
function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
