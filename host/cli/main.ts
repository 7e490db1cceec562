/**
 * The command `larmor`: parses, calls, prints, and turns errors into one line and an exit code. Commands load what they
 * need when they run, so that `larmor simulate` on the defaults opens few files.
 */
import { Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { AgreedError, EXIT, LarmorError } from '../common/errors.ts';
import { enter, guardEnd, leave } from '../common/lifetime.ts';
import { log, print, reportError, setLogLevel } from '../common/log.ts';
import { ENGINES } from '../engine/types.ts';
import {
  DEFAULT_CHECKPOINT_INTERVAL,
  DEFAULT_WATCHDOG,
  rankCount,
  rfStep,
  seconds,
  spinsPerTile,
  threadCount,
  toleranceBound,
} from './options.ts';
import { collect } from './settings.ts';
import { agreeOn, usageError } from './usage.ts';

const program = new Command('larmor')
  .description('MRI simulator for clusters: the Bloch equations for every spin, summed into raw data')
  .version(packageJson.version)
  .exitOverride()
  .configureOutput({ writeOut: print, writeErr: log, outputError: () => {} }); // told in the end, once

/** Options that say what is simulated, shared by `simulate` and `plan`. */
function withJob(command: Command): Command {
  return command
    .argument('[sequence]', 'a Pulseq file, or epi | gre | se | fid', 'epi')
    .argument('[phantom]', 'a phantom file, or head2d | head3d | sphere | column | grid', 'head2d')
    .option('--scanner <file.json>', 'field, limits and rasters of the scanner')
    .option('--dt-rf <s>', 'longest step of a block pulse [s]', rfStep, 50e-6)
    .addOption(new Option('--precision <p>', 'arithmetic of the kernels').choices(['f32', 'f64']).default('f32'))
    .addOption(new Option('--engine <name>', 'what simulates').choices([...ENGINES]).default('auto'))
    .option('--gpu <n|name>', 'the GPU to use: its number or part of its name (larmor doctor lists them)')
    .option('--threads <n>', 'threads of this rank (default: what scheduler, affinity and cgroup grant)', threadCount)
    .option(
      '--tolerance <t>',
      'fast forms whose error stays within t of the sum of all densities, 1e-6 to 1e-1 (default: exact forms)',
      toleranceBound,
    )
    .option('--tile <n>', 'spins per tile (default: by the size of the phantom)', spinsPerTile)
    .option(
      '--set <name=value>',
      'a parameter of sequence or phantom; repeatable (larmor info NAME lists them)',
      collect,
      [],
    )
    .option('--strict', 'refuse a sequence that exceeds the scanner')
    .option('--json', 'one JSON object on stdout')
    .option('-q, --quiet', 'warnings and errors alone')
    .option('-v, --verbose', 'say more');
}

withJob(program.command('simulate').description('simulate a scan and write its raw data'))
  .option('--verify', 'simulate a random hundredth of the tiles again in f64 stepping form, and tell the error')
  .option('-o, --output <file>', '.mrd or .h5 (ISMRMRD), .npy, .mat, .cfl; repeatable (default: raw.mrd)', collect)
  .addOption(
    new Option('--schedule <s>', 'tiles to ranks: fixed parts, or batches on demand (nodes of different speed)')
      .choices(['static', 'dynamic'])
      .default('static'),
  )
  .option('--checkpoint <dir>', 'keep what is done in this folder, so that a stopped run can be resumed')
  .option('--checkpoint-interval <s>', 'seconds between checkpoints', seconds, DEFAULT_CHECKPOINT_INTERVAL)
  .option('--resume', 'go on from the checkpoint, on any number of ranks; from the beginning if there is none')
  .option('--watchdog <s>', 'end the job when a rank gave no sign of life for so long', seconds, DEFAULT_WATCHDOG)
  .action(async (sequence, phantom, options) => (await import('./simulate.ts')).simulate(sequence, phantom, options));

withJob(program.command('plan').description('what a simulation would do and need, without doing it'))
  .option('--ranks <n>', 'ranks to plan for, each like this one (default: those that run)', rankCount)
  .action(async (sequence, phantom, options) => (await import('./plan.ts')).plan(sequence, phantom, options));

program
  .command('info')
  .description('what a sequence, phantom or raw-data file holds, or the parameters of a built-in one')
  .argument('<file|name>')
  .option('--json', 'one JSON object on stdout')
  .action(async (name, options) => (await import('./info.ts')).info(name, options));

program
  .command('reconstruct')
  .description('make an image of raw data')
  .argument('<raw>', 'ISMRMRD raw data')
  .option('-o, --output <file>', '.png, .nii, .nii.gz or .npy; repeatable (default: image.png)', collect)
  .option('-q, --quiet', 'warnings and errors alone')
  .action(async (raw, options) => (await import('./reconstruct.ts')).reconstructFile(raw, options));

const sequence = program.command('sequence').description('work on sequences');
sequence
  .command('waveforms')
  .description('write RF, gradient and ADC waveforms of every block as JSON')
  .argument('<sequence>', 'a Pulseq file or a built-in sequence')
  .requiredOption('-o, --output <file.json>')
  .option('--scanner <file.json>', 'field, limits and rasters of the scanner')
  .option('--set <name=value>', 'a parameter; repeatable', collect, [])
  .action(async (name, options) => (await import('./sequence.ts')).writeWaveforms(name, options));

const phantom = program.command('phantom').description('work on phantoms');
phantom
  .command('make')
  .description('write a phantom as a .phantom file')
  .argument('<name>', 'a built-in phantom or a phantom file')
  .requiredOption('-o, --output <file.phantom>')
  .option('--set <name=value>', 'a parameter; repeatable', collect, [])
  .action(async (name, options) => (await import('./phantom.ts')).makePhantom(name, options));

program
  .command('doctor')
  .description('what this machine offers, and how to get what is missing')
  .option('--json', 'one JSON object on stdout')
  .action(async (options) => (await import('./doctor.ts')).doctor(options));

for (const command of [program, ...program.commands, ...sequence.commands, ...phantom.commands]) {
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
  if (!(error instanceof AgreedError && error.told)) reportError(error);
  return error instanceof LarmorError ? error.exitCode : EXIT.internal;
}
