/** How far the run is: one line that rewrites itself on a terminal, else a line every 30 s. Rank 0 alone shows it. */

const TERMINAL_MS = 200;
const LOG_MS = 30_000;

/** @param done tiles finished on this rank @returns stops it and clears the line */
export function showProgress(total: number, done: () => number, quiet: boolean): () => void {
  if (quiet || total === 0) return () => {};
  const terminal = process.stderr.isTTY === true;
  const begun = performance.now();
  const line = (): string => {
    const share = done() / total;
    const elapsed = (performance.now() - begun) / 1e3;
    const left = share > 0 ? `, ${Math.ceil((elapsed * (1 - share)) / share)} s left` : '';
    return `${done()} of ${total} tiles, ${Math.round(100 * share)} %${left}`;
  };
  const timer = setInterval(
    () => process.stderr.write(terminal ? `\r\x1b[K${line()}` : `larmor: ${line()}\n`),
    terminal ? TERMINAL_MS : LOG_MS,
  );
  timer.unref();
  return () => {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[K');
  };
}
