/** The commands that show a run as a web page. */
import type { Command } from 'commander';
import { collect, portNumber } from './options.ts';
import { EXIT_CODES, PHANTOM, RAW, SCANNER, withOutput } from './shared-options.ts';

export function declareReport(program: Command): void {
  withOutput(
    program.command('report').description('write a report of a run as one web page: settings, image, signal, sequence'),
  )
    .argument('<raw>', RAW)
    .option('-o, --output <file.html>', 'the page, which needs no network', 'report.html')
    .option(
      '--sequence <sequence>',
      'the sequence that was simulated, for its diagram (default: the built-in one that the raw data name)',
    )
    .option('--phantom <phantom>', 'the phantom that was simulated, for its maps (default: likewise)')
    .option(...SCANNER)
    .addHelpText(
      'after',
      `
Examples:
  larmor report raw.mrd -o report.html
  larmor report scan.mrd --sequence scan.seq --phantom brain.phantom -o scan.html
  larmor simulate gre head2d --report gre.html         includes the times of the ranks`,
    )
    .action(async (raw, options) => (await import('./report.ts')).report(raw, options));

  program
    .command('view')
    .description('show a report or a NIfTI volume in a browser on this machine; sliders repeat the simulation')
    .argument(
      '[sequence|raw|checkpoint|volume]',
      'a sequence (sliders for a built-in one), ISMRMRD raw data, the checkpoint folder of a run, or a NIfTI volume',
      'epi',
    )
    .argument('[phantom]', `${PHANTOM} (default: "head2d"); of a sequence only`)
    .option('--port <n>', 'port on 127.0.0.1 (default: any that is free)', portNumber, 0)
    .option('--set <name=value>', 'set a parameter at the start (te=5ms); repeatable', collect)
    .option(...SCANNER)
    .option('-q, --quiet', 'print only the address, warnings and errors')
    .addHelpText(
      'after',
      `
Examples:
  larmor view                          the default scan, with sliders
  larmor view gre head2d --set n=64
  larmor view raw.mrd
  larmor view saved                    the image so far of a run with --checkpoint saved
  larmor view image.nii.gz             a NIfTI volume, with the package @niivue/niivue
${EXIT_CODES}`,
    )
    .action(async (name, phantom, options) => (await import('./view.ts')).view(name, phantom, options));
}
