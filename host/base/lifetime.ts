/**
 * The end of the process. An unsettled promise does not keep a process alive: when the event loop
 * is empty, Node exits with code 0 in the middle of an `await`. Therefore the command ends in
 * `leave` and nowhere else; any other end is reported with the current step, and the exit code is
 * 70.
 */
import { EXIT, LarmorError } from './errors.ts';
import { failpoint } from './failpoints.ts';
import { reportError } from './log.ts';
import { onInterrupt } from './signals.ts';

let step = 'start';
let ending = false;

/** Sets the current step. The returned promise must be awaited before the step, if possible. */
export function enter(next: string): Promise<void> | undefined {
  step = next;
  return failpoint(next);
}

/** The current step. */
export function currentStep(): string {
  return step;
}

/** Ends this process without a message, or the job that it belongs to. */
type End = (code: number) => never;

const endProcess: End = (code) => process.exit(code);
let end: End = endProcess;

/**
 * While this process belongs to a job, `endNow` ends the whole job. Without an argument: it no
 * longer belongs to one.
 */
export function endJobBy(endJob: End = endProcess): void {
  end = endJob;
}

/** Ends the process, or the job, at once. */
export function endNow(code: number): never {
  ending = true;
  return end(code);
}

/**
 * The last call of a command. It uses `process.exit` and not an empty event loop: while Node closes
 * its event loop, signals have their default action again, and a signal that a launcher sends to
 * the slower ranks would set their exit code (measured: 60 of 60 processes died from signals in
 * that interval, and none of 60 with `process.exit`).
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
      `the command ended before its work was finished, at step '${step}'; its output may be missing; please report it`,
    );
    process.exitCode = EXIT.internal;
  });
  onInterrupt(() => endNow(INTERRUPTED));
}
