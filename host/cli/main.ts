/**
 * The command `larmor`: parses, calls, prints, and turns errors into one line and an exit code. Commands load what they
 * need when they run, so that `larmor simulate` on the defaults opens few files.
 */
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { CollectiveError, EXIT, LarmorError } from '../base/errors.ts';
import { enter, guardEnd, leave } from '../base/lifetime.ts';
import { log, print, reportError, setLogLevel } from '../base/log.ts';
import { declareFiles, declarePhantoms, declareSequences } from './declare-files.ts';
import { declarePlots } from './declare-plots.ts';
import { declareReport } from './declare-report.ts';
import { declareRuns } from './declare-runs.ts';
import { EXIT_CODES, withOutput } from './shared-options.ts';
import { agreeOn, usageError } from './usage.ts';

const program = new Command('larmor')
  .description('MRI simulator for clusters: solves the Bloch equations for every spin and sums them into raw data')
  .version(packageJson.version)
  .exitOverride()
  .configureOutput({ writeOut: print, writeErr: log, outputError: () => {} }) // reported at the end, once
  .addHelpText(
    'after',
    `
Examples:
  larmor simulate                           the built-in EPI of the built-in head, written to raw.mrd
  larmor reconstruct raw.mrd -o head.png
  larmor simulate scan.seq brain.phantom -o scan.mrd
  larmor list                               built-in sequences and phantoms, file formats
  larmor info gre                           parameters of the built-in gradient echo
${EXIT_CODES}`,
  );

// In this order the help lists them.
declareRuns(program);
declareFiles(program);
declarePlots(program);
declareReport(program);
declareSequences(program);
declarePhantoms(program);

withOutput(
  program.command('status').description('show the progress of a checkpointed run; exit code 0 if complete, 75 if not'),
)
  .argument('<dir>', 'the folder of --checkpoint')
  .action(async (folder, options) => leave((await import('./status.ts')).status(folder, options)));

withOutput(
  program.command('doctor').description('show what this machine offers, and how to install what is missing'),
).action(async (options) => (await import('./doctor.ts')).doctor(options));

for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
  command.exitOverride();
  command.hook('preAction', (_, action) => {
    const { quiet, verbose } = action.opts();
    setLogLevel(quiet ? 'quiet' : verbose ? 'verbose' : 'normal');
    return enter(action.name());
  });
}

guardEnd();
program
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

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof CollectiveError && error.reported)) reportError(error);
  return error instanceof LarmorError ? error.exitCode : EXIT.internal;
}
