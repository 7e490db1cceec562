/**
 * All commands as declared to commander, which parses the command line; shell completion and the
 * man page are generated from the same declarations. Commands load their modules when they run, so
 * that `larmor simulate` with the defaults opens few files.
 */
import { Argument, Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { enter, leave } from '../base/lifetime.ts';
import { log, print, setLogLevel } from '../base/log.ts';
import { declareFiles, declarePhantoms, declareSequences } from './declare-files.ts';
import { declarePlots } from './declare-plots.ts';
import { declareReport } from './declare-report.ts';
import { declarePlan, declareSimulate, declareSweep } from './declare-runs.ts';
import { EXIT_CODES, withOutput } from './shared-options.ts';

/** In the order of the help: what declares commands, and their names. */
const COMMANDS: readonly { readonly names: readonly string[]; declare(program: Command): void }[] = [
  { names: ['simulate'], declare: declareSimulate },
  { names: ['plan'], declare: declarePlan },
  { names: ['sweep'], declare: declareSweep },
  { names: ['info', 'list', 'reconstruct'], declare: declareFiles },
  { names: ['plot'], declare: declarePlots },
  { names: ['report', 'view'], declare: declareReport },
  { names: ['sequence'], declare: declareSequences },
  { names: ['phantom'], declare: declarePhantoms },
];

/**
 * @param wanted the command that is run: the others are left undeclared, which saves a twentieth of
 *   a short run; all of them unless it is known
 */
export function makeProgram(wanted?: string): Command {
  const program = new Command('larmor')
    .description('MRI simulator for clusters: solves the Bloch equations for every spin and sums them into raw data')
    .version(packageJson.version)
    .exitOverride()
    // Errors are reported at the end, once.
    .configureOutput({ writeOut: print, writeErr: log, outputError: () => {} })
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

  const known = COMMANDS.filter(({ names }) => names.includes(wanted ?? ''));
  for (const { declare } of known.length > 0 ? known : COMMANDS) declare(program);

  withOutput(
    program
      .command('status')
      .description('show the progress of a checkpointed run; exit code 0 if complete, 75 if not'),
  )
    .argument('<dir>', 'the folder of --checkpoint')
    .action(async (folder, options) => leave((await import('./status.ts')).status(folder, options)));

  withOutput(
    program.command('doctor').description('show what this machine offers, and how to install what is missing'),
  ).action(async (options) => (await import('./doctor.ts')).doctor(options));

  program
    .command('completion')
    .description('print the script that completes this command on Tab in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  larmor completion bash > ~/.local/share/bash-completion/completions/larmor
  larmor completion zsh > ~/.larmor.zsh           and in ~/.zshrc: source ~/.larmor.zsh
  larmor completion fish > ~/.config/fish/completions/larmor.fish`,
    )
    .action(async (shell) => (await import('./completion.ts')).printCompletion(program, shell));

  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
    command.exitOverride();
    command.hook('preAction', (_, action) => {
      const { quiet, verbose } = action.opts();
      setLogLevel(quiet ? 'quiet' : verbose ? 'verbose' : 'normal');
      return enter(action.name());
    });
  }
  return program;
}
