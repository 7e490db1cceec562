/**
 * The commands that inspect or convert files, or make new ones from them: `info`, `list`,
 * `reconstruct`, `sequence …`, `phantom …`.
 */
import { type Command, Option } from 'commander';
import { PARTS } from '../recon/image.ts';
import { collect, direction, ppm, tesla } from './options.ts';
import {
  MAX_PIXELS,
  MOTION,
  PHANTOM,
  RAW,
  SCANNER,
  SEQUENCE,
  STRICT,
  withOutput,
  withSettings,
} from './shared-options.ts';

export function declareFiles(program: Command): void {
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
    .argument('<raw>', RAW)
    .option('-o, --output <file>', 'image: .png, .nii, .nii.gz or .npy; repeatable (default: image.png)', collect)
    .addOption(
      new Option(
        '--part <part>',
        'part of the complex image to write, or coils: an image of every coil (default: magnitude, complex in .npy)',
      ).choices([...PARTS]),
    )
    .option(...MAX_PIXELS)
    .action(async (raw, options) => (await import('./reconstruct.ts')).reconstructFile(raw, options));
}

/** Options of what writes a sequence. */
function withSequenceFile(command: Command): Command {
  return withOutput(withSettings(command, 'sequence'))
    .requiredOption(
      '-o, --output <file>',
      'where to write: .seq (Pulseq), .json (shapes stored once) or .mat (tables for MATLAB)',
    )
    .option(...SCANNER)
    .option(...STRICT);
}

export function declareSequences(program: Command): void {
  const sequence = program.command('sequence').description('make, convert and export sequences');
  withOutput(withSettings(sequence.command('waveforms'), 'sequence'))
    .description('write the RF, gradient and ADC waveforms of every block as JSON')
    .argument('<sequence>', SEQUENCE)
    .requiredOption('-o, --output <file.json>', 'where to write; - is standard output')
    .option(...SCANNER)
    .action(async (name, options) => (await import('./sequence.ts')).writeWaveforms(name, options));

  withSequenceFile(sequence.command('make'))
    .description('write a built-in sequence as a Pulseq 1.5.1 file, as JSON or for MATLAB')
    .argument('<name>', 'a built-in sequence (larmor list)')
    .addHelpText(
      'after',
      `
Examples:
  larmor sequence make gre -o gre.seq
  larmor sequence make epi --set n=64 --scanner 3T.json -o epi.seq`,
    )
    .action(async (name, options) => (await import('./sequence-files.ts')).makeSequence(name, options));

  withSequenceFile(sequence.command('convert'))
    .description('write a Pulseq file of any version (1.2 to 1.5) as one of version 1.5.1, as JSON or for MATLAB')
    .argument('<file.seq>', 'a Pulseq file')
    .addHelpText(
      'after',
      `
Examples:
  larmor sequence convert old.seq -o new.seq
  larmor sequence convert scan.seq --set TE=30ms -o te30.seq      with a soft delay set
  larmor sequence convert scan.seq -o scan.mat                    tables for MATLAB, Octave and SciPy`,
    )
    .action(async (name, options) => (await import('./sequence-files.ts')).convertSequence(name, options));
}

export function declarePhantoms(program: Command): void {
  const phantom = program.command('phantom').description('convert phantoms, make field maps');
  withOutput(phantom.command('field'))
    .description('compute a B0 map [Hz] from a map of magnetic susceptibility [ppm]')
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
}
