/**
 * How the process ends. A promise keeps no process alive: when nothing is pending any more Node leaves with exit code 0, in the
 * middle of an `await`. So the command ends in `leave` and nowhere else; any other end is reported with the step it was at
 * and exits 70.
 */
import { EXIT, LarmorError } from './errors.ts';
import { failpoint } from './failpoints.ts';
import { reportError } from './log.ts';
import { onInterrupt } from './signals.ts';

let step = 'start';
let ending = false;

/** What the command is at from now on. What it returns must be awaited before that begins, where that can be awaited. */
export function enter(next: string): Promise<void> | undefined {
  step = next;
  return failpoint(next);
}

/** What it is at. */
export function currentStep(): string {
  return step;
}

/** Ends this process, without a word: by itself, or with the job it belongs to. */
type End = (code: number) => never;

const endProcess: End = (code) => process.exit(code);
let end: End = endProcess;

/** While this process belongs to a job, `endNow` ends the whole job. Without an argument: it belongs to none any more. */
export function endJobBy(endJob: End = endProcess): void {
  end = endJob;
}

/** Ends the process, or the job, at once. */
export function endNow(code: number): never {
  ending = true;
  return end(code);
}

/**
 * The last thing a command does. `process.exit` and not an empty event loop: when Node takes its event loop down it gives signals
 * their default back first, and what a launcher sends to the slower ranks would be their exit code (measured: 60 of 60
 * processes died of signals in that window, none of 60 by this way).
 */
export function leave(code: number): never {
  ending = true;
  return process.exit(code);
}

/** Exit code of a process that a second interrupt ends, as a shell would report it. */
const INTERRUPTED = 130;

/** Called once, first of all. */
export function guardEnd(): void {
  const onError = (error: unknown): void => {
    reportError(error);
    endNow(error instanceof LarmorError ? error.exitCode : EXIT.internal);
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  process.on('exit', () => {
    if (ending) return;
    ending = true;
    reportError(
      `the command ended before its work did, while at '${step}'; what it should have written may be missing`,
    );
    process.exitCode = EXIT.internal;
  });
  onInterrupt(() => endNow(INTERRUPTED));
}
