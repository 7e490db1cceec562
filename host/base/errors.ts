/**
 * The one error type of Larmor. Whatever goes wrong for a reason a user can fix is a `LarmorError`
 * whose message is one line (what, where, how to fix it) and whose code is the process's exit code;
 * anything else that reaches the top is a defect and exits 70.
 */

/** Exit codes (sysexits.h): what a script that called Larmor may rely on. */
export const EXIT = {
  done: 0,
  usage: 2,
  badInput: 65,
  missingInput: 66,
  internal: 70,
  cannotWrite: 73,
  stopped: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export class LarmorError extends Error {
  override readonly name = 'LarmorError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** An error that all ranks of a run know of: they exit together, and one of them reports it. */
export class CollectiveError extends LarmorError {
  /** Printed by another rank, or before. */
  readonly reported: boolean;

  constructor(exitCode: ExitCode, message: string, reported: boolean) {
    super(exitCode, message);
    this.reported = reported;
  }
}

/**
 * Bad input data (exit 65).
 * @param location file, and the line, block or dataset in it, e.g. `epi.seq:214` or `brain.h5
 *   /sample/data`
 * @param what what is wrong there
 * @param fix what the user can do about it
 */
export function badInput(location: string, what: string, fix: string): LarmorError {
  return new LarmorError(EXIT.badInput, `${location}: ${what}; ${fix}`);
}

/** A wrong flag or argument (exit 2). */
export function usage(what: string, fix: string): LarmorError {
  return new LarmorError(EXIT.usage, `${what}; ${fix}`);
}

/** An input that is not there or cannot be opened (exit 66). */
export function missingInput(path: string, what: string, fix: string): LarmorError {
  return new LarmorError(EXIT.missingInput, `${path}: ${what}; ${fix}`);
}

/** An output that cannot be written (exit 73). */
export function cannotWrite(path: string, what: string, fix: string): LarmorError {
  return new LarmorError(EXIT.cannotWrite, `${path}: ${what}; ${fix}`);
}
