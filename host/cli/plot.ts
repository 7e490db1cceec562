/** `larmor plot …`: figures of what a file or a built-in name holds. */
import { usage } from '../base/errors.ts';
import { requireDistinct } from '../base/files.ts';
import { info, warnings } from '../base/log.ts';
import { describeFigure } from '../figures/describe.ts';
import { requireWritable, writeFigure } from '../figures/files.ts';
import type { Figure } from '../figures/types.ts';
import { EXTRA_TRACES, sequencePlot } from '../plots/sequence.ts';
import { openScanner, openSequence, reportFindings } from './inputs.ts';
import { requireKind } from './names.ts';
import { printJson } from './output.ts';
import { splitSettings } from './settings.ts';

interface PlotOptions {
  readonly output: readonly string[];
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

/** Outputs are checked before the work, and written after it. */
async function plot(
  subject: string,
  name: string,
  { output, json }: PlotOptions,
  draw: () => Figure | Promise<Figure>,
): Promise<void> {
  for (const path of output) requireWritable(path);
  requireDistinct(output);
  const figure = await draw();
  for (const path of output) {
    await writeFigure(path, figure);
    if (!json) info(`wrote ${path}`);
  }
  if (json)
    printJson('plot', { subject, input: name, figure: describeFigure(figure), outputs: output, warnings: warnings() });
}

function openedSequence(name: string, { scanner: scannerFile, set = [] }: PlotOptions) {
  requireKind(name, 'sequence');
  const scanner = openScanner(scannerFile);
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
