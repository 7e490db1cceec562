/** `larmor plot …`: figures of what a file or a built-in name holds. */

import { endingOf, requireKind } from '../api/names.ts';
import { openSequence, reportFindings } from '../api/sequence.ts';
import { usage } from '../base/errors.ts';
import { requireDistinct } from '../base/files.ts';
import { info, warnings } from '../base/log.ts';
import { describeFigure } from '../figures/describe.ts';
import { requireWritable, writeFigure } from '../figures/files.ts';
import type { Figure } from '../figures/types.ts';
import { readNpy } from '../formats/npy.ts';
import { openPhantom } from '../phantom/open.ts';
import { imagePlot, parseWindow } from '../plots/image.ts';
import { kspacePlot, rawTrajectory, sequenceTrajectory } from '../plots/kspace.ts';
import { MAP_NAMES, PLANES, phantomPlot } from '../plots/phantom.ts';
import { EXTRA_TRACES, sequencePlot } from '../plots/sequence.ts';
import { arraySignal, rawSignal, signalPlot } from '../plots/signal.ts';
import { isRawName, readRaw } from '../raw/index.ts';
import { PARTS } from '../recon/image.ts';
import { reconstruct } from '../recon/reconstruct.ts';
import { printJson } from './output.ts';
import { openScanner } from './scanner.ts';
import { splitSettings } from './settings.ts';
import { requireTerminal, showFigure } from './terminal.ts';

interface PlotOptions {
  readonly output?: readonly string[];
  readonly show?: boolean;
  readonly set?: readonly string[];
  readonly scanner?: string;
  readonly json?: boolean;
}

export interface SequenceOptions extends PlotOptions {
  readonly from?: number;
  readonly to?: number;
  readonly tr?: number;
  readonly traces?: string;
}

export async function plotSequence(name: string, options: SequenceOptions): Promise<void> {
  await plot('sequence', name, options, () => {
    const traces = wordsOf('--traces', options.traces, EXTRA_TRACES);
    const { sequence, scanner } = openedSequence(name, options);
    return sequencePlot(sequence, scanner, { ...options, traces });
  });
}

export async function plotKspace(name: string, options: PlotOptions): Promise<void> {
  await plot('kspace', name, options, async () => {
    if (isRaw(name) || isRawName(name)) return kspacePlot(rawTrajectory(await readRaw(name)));
    const { sequence, scanner } = openedSequence(name, options);
    return kspacePlot(sequenceTrajectory(sequence, scanner));
  });
}

/** Raw data by their ending; `.h5` is one of a phantom too, which has no trajectory. */
function isRaw(name: string): boolean {
  return ['.mrd', '.h5', '.hdf5'].includes(endingOf(name));
}

export interface SignalPlotOptions extends PlotOptions {
  readonly readout?: number;
  readonly coil?: number;
}

export async function plotSignal(name: string, options: SignalPlotOptions): Promise<void> {
  await plot('signal', name, options, async () => {
    if (endingOf(name) === '.npy') return signalPlot(arraySignal(name, readNpy(name)), options);
    requireKind(name, 'raw data');
    return signalPlot(rawSignal(await readRaw(name)), options);
  });
}

export interface PhantomPlotCommand extends PlotOptions {
  readonly planes?: string;
  readonly maps?: string;
}

export async function plotPhantom(name: string, options: PhantomPlotCommand): Promise<void> {
  await plot('phantom', name, options, async () => {
    const planes = wordsOf('--planes', options.planes, PLANES);
    const maps = wordsOf('--maps', options.maps, MAP_NAMES);
    requireKind(name, 'phantom');
    const source = await openPhantom(name, splitSettings(options.set ?? [], { phantom: name }).phantom);
    try {
      return phantomPlot(source, { planes, maps });
    } finally {
      source.close();
    }
  });
}

export interface ImagePlotCommand extends PlotOptions {
  readonly part?: string;
  readonly window?: string;
  readonly maxPixels?: number;
}

export async function plotImage(
  name: string,
  { part, window, maxPixels, ...options }: ImagePlotCommand,
): Promise<void> {
  await plot('image', name, options, async () => {
    const all = wordsOf('--part', part, PARTS);
    const parts = all.filter((one) => one !== 'coils');
    const asked = window === undefined ? {} : { window: parseWindow(window) };
    requireKind(name, 'raw data');
    const limit = maxPixels === undefined ? {} : { maxPixels };
    const image = reconstruct(await readRaw(name), { each: all.includes('coils'), ...limit });
    return imagePlot(name, image, { parts, ...asked });
  });
}

/** Outputs are checked before the work, and written after it. */
async function plot(
  subject: string,
  name: string,
  { output = [], show = false, json = false }: PlotOptions,
  draw: () => Figure | Promise<Figure>,
): Promise<void> {
  if (!show && output.length === 0)
    throw usage(`larmor plot ${subject}: no output`, 'name a file with -o FILE.svg or .png, or give --show');
  if (show && json) throw usage('--show and --json both write to standard output', 'leave out one of them');
  if (show) requireTerminal();
  for (const path of output) requireWritable(path);
  requireDistinct(output);
  const figure = await draw();
  for (const path of output) {
    await writeFigure(path, figure);
    if (!json) info(`wrote ${path}`);
  }
  if (show) await showFigure(figure);
  if (json)
    printJson('plot', { subject, input: name, figure: describeFigure(figure), outputs: output, warnings: warnings() });
}

function openedSequence(name: string, { scanner: scannerFile, set = [] }: PlotOptions) {
  requireKind(name, 'sequence');
  const scanner = openScanner({ scanner: scannerFile });
  const sequence = openSequence(name, splitSettings(set, { sequence: name }).sequence, scanner);
  reportFindings(sequence, scanner, false);
  return { sequence, scanner };
}

/** A list such as `m0,slew`. @throws LarmorError 2 for a word that is not in it */
function wordsOf<Word extends string>(option: string, text: string | undefined, all: readonly Word[]): Word[] {
  return (text ?? '')
    .split(',')
    .filter(Boolean)
    .map((word) => {
      const found = all.find((one) => one === word.trim().toLowerCase());
      if (found === undefined)
        throw usage(`${option} ${text}: there is no '${word}'`, `give some of ${all.join(', ')}`);
      return found;
    });
}
