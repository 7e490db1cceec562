/**
 * The command `larmor`: parses, calls, prints, and turns errors into one line and an exit code. Commands load what they
 * need when they run, so that `larmor simulate` on the defaults opens few files.
 */
import { Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { DEFAULT_RF_STEP, DEFAULT_TOLERANCE, DEFAULT_WATCHDOG } from '../api/defaults.ts';
import { WORDS } from '../api/limits.ts';
import { CollectiveError, EXIT, LarmorError } from '../base/errors.ts';
import { enter, guardEnd, leave } from '../base/lifetime.ts';
import { log, print, reportError, setLogLevel } from '../base/log.ts';
import { PARTS } from '../recon/image.ts';
import {
  countedFromOne,
  direction,
  heartRate,
  noiseLevel,
  pixelCount,
  ppm,
  rankCount,
  rfStep,
  seconds,
  seedNumber,
  signalToNoise,
  spinsPerTile,
  spinsPerVoxel,
  tesla,
  threadCount,
  timeOfScan,
  toleranceBound,
} from './options.ts';
import { collect } from './settings.ts';
import { agreeOn, usageError } from './usage.ts';

const EXIT_CODES = `
Exit codes: 0 done, 2 usage, 65 bad input data, 66 input missing, 70 internal error, 73 cannot write, 75 stopped (resumable).
Lengths, times, angles and frequencies take a unit: 230mm, 5ms, 90deg, 50Hz. A bare number is in SI (m, s, rad, Hz).`;

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

/** Options that every command has. */
function withOutput(command: Command): Command {
  return command
    .option('--json', 'print the result as one JSON object on stdout (docs/reference/json.md)')
    .option('-q, --quiet', 'print only warnings and errors')
    .option('-v, --verbose', 'verbose output')
    .addHelpText('after', EXIT_CODES);
}

/** Options of commands that open a sequence or a phantom. */
function withSettings(command: Command, of: string): Command {
  return command.option(
    '--set <name=value>',
    `set a parameter of the ${of}, with a unit (te=5ms); repeatable (larmor info NAME lists them)`,
    collect,
  );
}

const SCANNER = [
  '--scanner <file.json>',
  'the scanner: field, limits, coils, field maps (docs/reference/scanner.md)',
] as const;
const STRICT = 'refuse a sequence that exceeds the limits of the scanner';
const SEQUENCE = 'a Pulseq file (.seq) or a built-in sequence (larmor list)';
const MOTION = ['--motion <file>', 'motions of the spins: a rigid track (.csv, .json) or actions (.json)'] as const;
const PHANTOM = 'a phantom file or a built-in phantom (larmor list)';

/** Options that say what is simulated, shared by `simulate` and `plan`. */
function withJob(command: Command): Command {
  command
    .argument('[sequence]', SEQUENCE, 'epi')
    .argument('[phantom]', PHANTOM, 'head2d')
    .option(...SCANNER)
    .option('--coils <n|file>', 'receive coils: how many loops around the phantom, or a file (.json, NIfTI maps)')
    .option('--b1-map <file.nii>', 'transmit field B1+ as a map, 1 = nominal; volume = channel')
    .addOption(
      new Option(
        '--t2prime <how>',
        "T2' of spins whose T2* is shorter than T2: one pathway's decay, or several offsets",
      )
        .choices(WORDS.t2prime)
        .default('none'),
    )
    .option('--b0-map <file>', 'NIfTI map of the off-resonance in Hz, added to that of the phantom')
    .addOption(
      new Option('--dt-rf <time>', 'longest step of a block pulse').argParser(rfStep).default(DEFAULT_RF_STEP, '50us'),
    )
    .addOption(
      new Option('--precision <p>', 'floating-point precision of the kernels').choices(WORDS.precision).default('f32'),
    )
    .addOption(new Option('--engine <name>', 'WebAssembly on the CPU, or WebGPU').choices(WORDS.engine).default('auto'))
    .option(...MOTION)
    .option(
      '--heart-rate <f>',
      'blocks with an input trigger wait for R peaks at this rate, the first at 0 s',
      heartRate,
    )
    .addOption(
      new Option(
        '--r-peaks <file>',
        'they wait for the R peaks in this file (.json, or seconds, one a line)',
      ).conflicts('heartRate'),
    )
    .option('--gpu <n|name>', 'the GPU to use: its number or part of its name (larmor doctor lists them)')
    .option('--threads <n>', 'threads per rank (default: those granted by scheduler, affinity and cgroup)', threadCount)
    .option(
      '--tolerance <t>',
      `allow fast methods with errors up to t, relative to the sum of all densities: 1e-6 to 1e-1 (default: ${DEFAULT_TOLERANCE.toExponential()}, no less accurate than --exact; f64 and GPUs: exact)`,
      toleranceBound,
    )
    .option(
      '--spins-per-voxel <n>',
      'spins in each voxel of a phantom of voxels, placed where the sequence needs them; or auto: as many as it needs (default)',
      spinsPerVoxel,
    )
    .addOption(new Option('--exact', 'sum every sample of every spin, by no fast method').conflicts('tolerance'))
    .option('--tile <n>', 'spins per tile (default: chosen from the size of the phantom)', spinsPerTile);
  withSettings(command, 'sequence or phantom');
  return withOutput(command.option('--strict', STRICT));
}

withJob(program.command('simulate').description('simulate a scan and write its raw data'))
  .option(
    '--magnetization <file.npy>',
    'write Mx, My, Mz of every spin at the end of the sequence, which then needs no ADC',
  )
  .option('--verify', 're-simulate 1 % of the tiles in f64 and report the error')
  .option(
    '-o, --output <file>',
    'raw data: .mrd or .h5 (ISMRMRD), .npy, .mat, .cfl; repeatable (default: raw.mrd)',
    collect,
  )
  .option('--noise <sigma[@dwell]>', 'add noise: standard deviation per real part (at this dwell time)', noiseLevel)
  .addOption(
    new Option('--snr <s>', 'add noise: largest sample over standard deviation per real part')
      .argParser(signalToNoise)
      .conflicts('noise'),
  )
  .option('--seed <n>', 'seed of the noise (default: 1)', seedNumber)
  .addOption(
    new Option(
      '--schedule <s>',
      'how tiles are assigned to ranks: in fixed parts, or on demand (for nodes of different speed)',
    )
      .choices(['static', 'dynamic'])
      .default('static'),
  )
  .option('--checkpoint <dir>', 'save progress in this folder, so that an interrupted run can be resumed')
  .option('--checkpoint-interval <time>', 'time between checkpoints (default: 5min)', seconds)
  .option('--resume', 'resume from the checkpoint, on any number of ranks; starts anew if there is none')
  .addOption(
    new Option('--watchdog <time>', 'abort if a rank is unresponsive for this long')
      .argParser(seconds)
      .default(DEFAULT_WATCHDOG, '10min'),
  )
  .addHelpText(
    'after',
    `
Examples:
  larmor simulate gre head2d --set te=8ms --set flip=15deg -o gre.mrd
  larmor simulate scan.seq brain.phantom --scanner 3T.json --json > summary.json
  larmor simulate scan.seq brain.phantom --checkpoint saved --resume
  mpirun -np 4 --bind-to none larmor simulate scan.seq brain.phantom`,
  )
  .action(async (sequence, phantom, options) => (await import('./simulate.ts')).simulate(sequence, phantom, options));

withJob(program.command('plan').description('show the plan, cost and memory of a simulation without running it'))
  .option('--ranks <n>', 'number of ranks to plan for, each like this one (default: those of this run)', rankCount)
  .action(async (sequence, phantom, options) => (await import('./plan.ts')).plan(sequence, phantom, options));

withOutput(
  withSettings(
    program
      .command('info')
      .description('show what a sequence, phantom or raw-data file contains, or the parameters of a built-in one'),
    'sequence or phantom',
  ),
)
  .argument('<file|name>', 'a sequence, phantom or raw-data file, or a built-in name')
  .option(...SCANNER)
  .action(async (name, options) => (await import('./info.ts')).info(name, options));

withOutput(program.command('list').description('list built-in sequences, built-in phantoms and file formats')).action(
  async (options) => (await import('./list.ts')).list(options),
);

withOutput(program.command('reconstruct').description('reconstruct an image from raw data'))
  .argument('<raw>', 'ISMRMRD raw data')
  .option('-o, --output <file>', 'image: .png, .nii, .nii.gz or .npy; repeatable (default: image.png)', collect)
  .addOption(
    new Option(
      '--part <part>',
      'what to write of each pixel, or an image of every coil (default: magnitude, complex in .npy)',
    ).choices([...PARTS]),
  )
  .option('--max-pixels <n>', 'make images of up to n pixels in all frames together (default: 134217728)', pixelCount)
  .action(async (raw, options) => (await import('./reconstruct.ts')).reconstructFile(raw, options));

const plot = program.command('plot').description('draw a sequence, k-space, phantom, signal or image as SVG or PNG');

/** Options of everything that is drawn. */
function withFigure(command: Command): Command {
  return withOutput(command).requiredOption('-o, --output <file>', 'the figure: .svg or .png; repeatable', collect);
}

withFigure(withSettings(plot.command('sequence'), 'sequence'))
  .description('draw RF, gradients, readouts and labels over time')
  .argument('<sequence>', SEQUENCE)
  .option('--from <time>', 'start of what is shown', timeOfScan)
  .option('--to <time>', 'end of what is shown', timeOfScan)
  .option('--tr <n>', 'show repetition n, from 1 (default: the first that is recorded)', countedFromOne)
  .option('--traces <list>', 'what to draw besides: m0 (k), m1 (first moment), slew; separated by commas')
  .option(...SCANNER)
  .addHelpText(
    'after',
    `
Examples:
  larmor plot sequence gre -o gre.png                      one repetition
  larmor plot sequence scan.seq --from 10ms --to 20ms -o part.svg
  larmor plot sequence epi --set n=32 --traces m0,slew -o epi.png`,
  )
  .action(async (name, options) => (await import('./plot.ts')).plotSequence(name, options));

withFigure(withSettings(plot.command('kspace'), 'sequence'))
  .description('draw where in k-space the readouts lie, coloured by time')
  .argument('<sequence|raw>', `${SEQUENCE}, or ISMRMRD raw data with a trajectory`)
  .option(...SCANNER)
  .addHelpText(
    'after',
    `
Examples:
  larmor plot kspace epi -o epi.png
  larmor plot kspace spiral.seq -o spiral.svg`,
  )
  .action(async (name, options) => (await import('./plot.ts')).plotKspace(name, options));

withFigure(withSettings(plot.command('phantom'), 'phantom'))
  .description('draw maps of density, T1, T2 and off-resonance in the planes through the middle')
  .argument('<phantom>', PHANTOM)
  .option('--planes <list>', 'axial, coronal, sagittal; separated by commas (default: all there are)')
  .option('--maps <list>', 'density, t1, t2, df; separated by commas (default: all)')
  .addHelpText(
    'after',
    `
Examples:
  larmor plot phantom head3d -o head.png
  larmor plot phantom brain.nii.gz --planes axial --maps t1,t2 -o brain.svg`,
  )
  .action(async (name, options) => (await import('./plot.ts')).plotPhantom(name, options));

withFigure(plot.command('image'))
  .description('reconstruct raw data and draw the image with directions, scale bar and colour bar')
  .argument('<raw>', 'ISMRMRD raw data')
  .option(
    '--part <list>',
    'magnitude, phase, real, imaginary, coils (each by itself); separated by commas (default: magnitude)',
  )
  .option('--window <low:high>', 'values shown black and white, or percentages of the largest (0%:60%)')
  .option('--max-pixels <n>', 'make images of up to n pixels in all frames together (default: 134217728)', pixelCount)
  .addHelpText(
    'after',
    `
Examples:
  larmor plot image raw.mrd -o head.png
  larmor plot image raw.mrd --part magnitude,phase --window 0%:60% -o head.svg`,
  )
  .action(async (name, options) => (await import('./plot.ts')).plotImage(name, options));

withFigure(plot.command('signal'))
  .description('draw the signal of raw data over time, one readout of it, and its spectrum')
  .argument('<raw>', 'ISMRMRD raw data (.mrd, .h5), or a NumPy array of complex samples (.npy)')
  .option('--readout <n>', 'the readout that is shown in full, from 1 (default: the strongest)', countedFromOne)
  .option('--coil <n>', 'its coil, from 1 (default: 1)', countedFromOne)
  .addHelpText(
    'after',
    `
Examples:
  larmor plot signal raw.mrd -o signal.png
  larmor plot signal raw.mrd --readout 64 --coil 2 -o coil2.svg`,
  )
  .action(async (name, options) => (await import('./plot.ts')).plotSignal(name, options));

const sequence = program.command('sequence').description('make, convert and export sequences');
withOutput(withSettings(sequence.command('waveforms'), 'sequence'))
  .description('write the RF, gradient and ADC waveforms of every block as JSON')
  .argument('<sequence>', SEQUENCE)
  .requiredOption('-o, --output <file.json>', 'where to write; - is standard output')
  .option(...SCANNER)
  .action(async (name, options) => (await import('./sequence.ts')).writeWaveforms(name, options));

withOutput(withSettings(sequence.command('make'), 'sequence'))
  .description('write a built-in sequence as a Pulseq 1.5.1 file')
  .argument('<name>', 'a built-in sequence (larmor list)')
  .requiredOption('-o, --output <file.seq>', 'where to write')
  .option(...SCANNER)
  .option('--strict', STRICT)
  .addHelpText(
    'after',
    `
Examples:
  larmor sequence make gre -o gre.seq
  larmor sequence make epi --set n=64 --scanner 3T.json -o epi.seq`,
  )
  .action(async (name, options) => (await import('./sequence-files.ts')).makeSequence(name, options));

withOutput(withSettings(sequence.command('convert'), 'sequence'))
  .description('write a Pulseq file of any version (1.2 to 1.5) as one of version 1.5.1')
  .argument('<file.seq>', 'a Pulseq file')
  .requiredOption('-o, --output <file.seq>', 'where to write')
  .option(...SCANNER)
  .option('--strict', STRICT)
  .addHelpText(
    'after',
    `
Examples:
  larmor sequence convert old.seq -o new.seq
  larmor sequence convert scan.seq --set TE=30ms -o te30.seq      with a soft delay set`,
  )
  .action(async (name, options) => (await import('./sequence-files.ts')).convertSequence(name, options));

const phantom = program.command('phantom').description('convert phantoms, make field maps');
withOutput(phantom.command('field'))
  .description('compute the B0 map [Hz] of a map of magnetic susceptibility [ppm]')
  .argument('<chi.nii>', 'NIfTI map of the susceptibility in ppm')
  .requiredOption('-o, --output <file.nii>', 'where to write')
  .option(...SCANNER)
  .option('--b0 <T>', "field in T (default: the scanner's)", tesla)
  .option('--b0-dir <x,y,z>', 'direction of B0, patient LPS (default: 0,0,1)', direction)
  .option('--outside <ppm>', 'susceptibility around the image (default: mean of its faces)', ppm)
  .action(async (name, options) => (await import('./susceptibility.ts')).makeField(name, options));
withOutput(withSettings(phantom.command('make'), 'phantom'))
  .description('write a phantom as a .phantom file')
  .argument('<name>', PHANTOM)
  .option(...MOTION)
  .requiredOption('-o, --output <file.phantom>', 'where to write')
  .action(async (name, options) => (await import('./phantom.ts')).makePhantom(name, options));

withOutput(
  program.command('status').description('show the progress of a checkpointed run; exit code 0 if complete, 75 if not'),
)
  .argument('<dir>', 'the folder of --checkpoint')
  .action(async (folder, options) => leave((await import('./status.ts')).status(folder, options)));

withOutput(
  program.command('doctor').description('show what this machine offers, and how to install what is missing'),
).action(async (options) => (await import('./doctor.ts')).doctor(options));

for (const command of [program, ...program.commands, ...plot.commands, ...sequence.commands, ...phantom.commands]) {
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
