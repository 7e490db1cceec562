/** The commands that show a run as a web page. */
import type { Command } from 'commander';
import { RAW, SCANNER, withOutput } from './shared-options.ts';

export function declareReport(program: Command): void {
  withOutput(
    program.command('report').description('write what a run did, its image, signal and sequence as one web page'),
  )
    .argument('<raw>', RAW)
    .option('-o, --output <file.html>', 'the page; it needs no network', 'report.html')
    .option(
      '--sequence <sequence>',
      'the sequence that was simulated, for its diagram (default: the built-in one that the raw data name)',
    )
    .option('--phantom <phantom>', 'the phantom that was simulated, for its maps (likewise)')
    .option(...SCANNER)
    .addHelpText(
      'after',
      `
Examples:
  larmor report raw.mrd -o report.html
  larmor report scan.mrd --sequence scan.seq --phantom brain.phantom -o scan.html
  larmor simulate gre head2d --report gre.html         everything is known then, ranks' times too`,
    )
    .action(async (raw, options) => (await import('./report.ts')).report(raw, options));
}
