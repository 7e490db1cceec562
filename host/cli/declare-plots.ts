/** The commands `plot …`. */
import type { Command } from 'commander';
import { collect, countedFromOne, timeOfScan } from './options.ts';
import { MAX_PIXELS, PHANTOM, RAW, SCANNER, SEQUENCE, withOutput, withSettings } from './shared-options.ts';

/** Options of everything that is drawn. */
function withFigure(command: Command): Command {
  return withOutput(command)
    .option('-o, --output <file>', 'the figure: .svg or .png; repeatable', collect)
    .option('--show', 'show it on this terminal: as an image if supported (kitty, sixel), else as block characters');
}

export function declarePlots(program: Command): void {
  const plot = program.command('plot').description('draw a sequence, k-space, phantom, signal or image as SVG or PNG');
  declareSequencePlot(plot);
  declareKspacePlot(plot);
  declarePhantomPlot(plot);
  declareImagePlot(plot);
  declareSignalPlot(plot);
}

function declareSequencePlot(plot: Command): void {
  withFigure(withSettings(plot.command('sequence'), 'sequence'))
    .description('draw RF, gradients, readouts and labels over time')
    .argument('<sequence>', SEQUENCE)
    .option('--from <time>', 'start of what is shown', timeOfScan)
    .option('--to <time>', 'end of what is shown', timeOfScan)
    .option('--tr <n>', 'show repetition n, from 1 (default: the first that is recorded)', countedFromOne)
    .option('--traces <list>', 'additional traces: m0 (k), m1 (first moment), slew; separated by commas')
    .option(...SCANNER)
    .addHelpText(
      'after',
      `
Examples:
  larmor plot sequence gre -o gre.png                      one repetition
  larmor plot sequence gre --show                          on the terminal
  larmor plot sequence scan.seq --from 10ms --to 20ms -o part.svg
  larmor plot sequence epi --set n=32 --traces m0,slew -o epi.png`,
    )
    .action(async (name, options) => (await import('./plot.ts')).plotSequence(name, options));
}

function declareKspacePlot(plot: Command): void {
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
}

function declarePhantomPlot(plot: Command): void {
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
}

function declareImagePlot(plot: Command): void {
  withFigure(plot.command('image'))
    .description('reconstruct raw data and draw the image with directions, scale bar and colour bar')
    .argument('<raw>', RAW)
    .option(
      '--part <list>',
      'magnitude, phase, real, imaginary, coils (each by itself); separated by commas (default: magnitude)',
    )
    .option('--window <low:high>', 'values shown black and white, or percentages of the largest (0%:60%)')
    .option(...MAX_PIXELS)
    .addHelpText(
      'after',
      `
Examples:
  larmor plot image raw.mrd -o head.png
  larmor plot image raw.mrd --part magnitude,phase --window 0%:60% -o head.svg`,
    )
    .action(async (name, options) => (await import('./plot.ts')).plotImage(name, options));
}

function declareSignalPlot(plot: Command): void {
  withFigure(plot.command('signal'))
    .description('draw the signal of raw data over time, one readout of it, and its spectrum')
    .argument('<raw>', 'ISMRMRD raw data (.mrd, .h5), or a NumPy array of complex samples (.npy)')
    .option('--readout <n>', 'the readout that is shown in full, from 1 (default: the strongest)', countedFromOne)
    .option('--coil <n>', 'the coil to show, from 1 (default: 1)', countedFromOne)
    .addHelpText(
      'after',
      `
Examples:
  larmor plot signal raw.mrd -o signal.png
  larmor plot signal raw.mrd --readout 64 --coil 2 -o coil2.svg`,
    )
    .action(async (name, options) => (await import('./plot.ts')).plotSignal(name, options));
}
