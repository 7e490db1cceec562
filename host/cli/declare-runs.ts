/** The commands `simulate`, `plan` and `sweep`, and the options that say what is simulated. */
import { type Command, Option } from 'commander';
import { DEFAULT_RF_STEP, DEFAULT_TOLERANCE, DEFAULT_WATCHDOG } from '../api/defaults.ts';
import { WORDS } from '../api/limits.ts';
import {
  collect,
  heartRate,
  noiseLevel,
  partOf,
  rankCount,
  rfStep,
  seconds,
  seedNumber,
  signalToNoise,
  spinsPerTile,
  spinsPerVoxel,
  threadCount,
  timeOfScan,
  toleranceBound,
} from './options.ts';
import { MOTION, PHANTOM, SCANNER, SEQUENCE, STRICT, withOutput, withSettings } from './shared-options.ts';

/** Options that say what is simulated, shared by `simulate`, `plan` and `sweep`. */
function withScan(command: Command): Command {
  command
    .argument('[sequence]', SEQUENCE, 'epi')
    .argument('[phantom]', PHANTOM, 'head2d')
    .option(...SCANNER)
    .option('--coils <n|file>', 'receive coils: how many loops around the phantom, or a file (.json, NIfTI maps)')
    .option('--b1-map <file.nii>', 'transmit field B1+ as a map, 1 = nominal; volume = channel')
    .addOption(
      new Option(
        '--t2prime <how>',
        "T2' of spins whose T2* is shorter than T2: none, the decay of one coherence pathway, or several off-resonances per spin",
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
      '--initial-magnetization <file.npy>',
      'magnetisation that the spins start from, as --magnetization writes it (default: thermal equilibrium)',
    )
    .option(
      '--start-time <time>',
      'time on the clock of motions and heart signal at which the scan starts (default: 0)',
      timeOfScan,
    )
    .option(
      '--heart-rate <f>',
      'blocks with an input trigger wait for R peaks at this rate, the first at 0 s',
      heartRate,
    )
    .addOption(
      new Option(
        '--r-peaks <file>',
        'blocks with an input trigger wait for the R peaks in this file (.json, or seconds, one per line)',
      ).conflicts('heartRate'),
    )
    .option('--gpu <n|name>', 'the GPU to use: its number or part of its name (larmor doctor lists them)')
    .option('--threads <n>', 'threads per rank (default: those granted by scheduler, affinity and cgroup)', threadCount)
    .option(
      '--tolerance <t>',
      `allow fast methods with errors up to t, relative to the sum of all densities: 1e-6 to 1e-1 (default: ${DEFAULT_TOLERANCE.toExponential()}, no less accurate than --exact; f64 and GPUs are always exact)`,
      toleranceBound,
    )
    .option(
      '--spins-per-voxel <n>',
      'spins in each voxel of a voxel phantom, placed to suit the sequence; auto (default): as many as the sequence needs',
      spinsPerVoxel,
    )
    .addOption(
      new Option(
        '--exact',
        'compute every sample of every spin without fast methods (several coils, moving spins: by methods that are no less accurate)',
      ).conflicts('tolerance'),
    )
    .option('--tile <n>', 'spins per tile (default: chosen from the size of the phantom)', spinsPerTile);
  return withOutput(command.option(...STRICT));
}

function withJob(command: Command): Command {
  return withSettings(withScan(command), 'sequence or phantom');
}

function withNoise(command: Command): Command {
  return command
    .option(
      '--noise <sigma[@dwell]>',
      'add noise: its standard deviation in real and imaginary part (at this dwell time)',
      noiseLevel,
    )
    .addOption(
      new Option(
        '--snr <s>',
        'add noise: ratio of the largest sample to the standard deviation in real and imaginary part',
      )
        .argParser(signalToNoise)
        .conflicts('noise'),
    )
    .option('--seed <n>', 'seed of the noise (default: 1)', seedNumber);
}

export function declareSimulate(program: Command): void {
  withNoise(withJob(program.command('simulate').description('simulate a scan and write its raw data')))
    .option(
      '--magnetization <file.npy>',
      'write Mx, My, Mz of every spin at the end of the sequence, which then needs no ADC',
    )
    .option('--verify', 're-simulate 1 % of the tiles in f64 and report the error')
    .option(
      '-o, --output <file>',
      'raw data: .mrd or .h5 (ISMRMRD), .npy, .mat, .cfl, or - (MRD stream to stdout); repeatable (default: raw.mrd)',
      collect,
    )
    .option('--report <file.html>', 'write a report of the run as one web page, which needs no network')
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
}

export function declarePlan(program: Command): void {
  withJob(program.command('plan').description('show the plan, cost and memory of a simulation without running it'))
    .option('--ranks <n>', 'number of ranks to plan for, each like this one (default: those of this run)', rankCount)
    .action(async (sequence, phantom, options) => (await import('./plan.ts')).plan(sequence, phantom, options));
}

export function declareSweep(program: Command): void {
  withNoise(
    withScan(
      program
        .command('sweep')
        .description('simulate a grid of parameters and write a table, curves, a sheet of all images'),
    ),
  )
    .option(
      '--set <name=values>',
      'vary a parameter: 10ms,20ms or 2deg:60deg:8; of sequence, phantom, scanner.B0 or option.snr; repeatable, the first varies slowest',
      collect,
    )
    .requiredOption('-o, --output <file.csv>', 'the table; rows that it has are kept, and their runs not repeated')
    .option('--roi <labels.nii>', 'NIfTI image of labels: adds mean and standard deviation of each region')
    .option('--curve <file>', 'plot the means over the first parameter with several numeric values: .svg or .png')
    .option('--sheet <file>', 'draw all images on one sheet: .svg or .png')
    .option(
      '--part <i/n>',
      'do only part i of n, for a job array; the same command without --part then joins the parts',
      partOf,
    )
    .addHelpText(
      'after',
      `
Examples:
  larmor sweep gre sphere --set flip=2deg:60deg:8 --set tr=10ms,20ms -o ernst.csv --curve ernst.svg
  larmor sweep scan.seq brain.phantom --set scanner.B0=1.5,3,7 --roi labels.nii.gz -o fields.csv --sheet fields.png
  larmor sweep gre head2d --set option.snr=20,50,100 --set option.seed=1:10:10 -o noise.csv`,
    )
    .action(async (sequence, phantom, options, command: Command) =>
      (await import('./sweep.ts')).sweep(sequence, phantom, options, command.options),
    );
}
