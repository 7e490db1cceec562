/** The command `larmor`: parses, calls, and turns errors into one line and an exit code. */
import { CommanderError } from 'commander';
import { CollectiveError, EXIT, LarmorError } from '../base/errors.ts';
import { leave } from '../base/lifetime.ts';
import { reportError } from '../base/log.ts';
import { makeProgram } from './program.ts';
import { agreeOn, usageError } from './usage.ts';

/** Does what the command line says, and ends the process. */
export function main(): void {
  makeProgram(process.argv[2])
    .parseAsync()
    .catch((error: unknown) => {
      const wrong = usageError(error);
      if (wrong === undefined) throw error;
      return agreeOn(wrong);
    })
    .then(
      () => leave(EXIT.done),
      (error: unknown) => leave(report(error)),
    );
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof CollectiveError && error.reported)) reportError(error);
  return error instanceof LarmorError ? error.exitCode : EXIT.internal;
}
