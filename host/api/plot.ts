/** Figures as SVG text: the same as those of `larmor plot`, from objects or names. */

import { svgText } from '../figures/svg.ts';
import type { Figure } from '../figures/types.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { imagePlot } from '../plots/image.ts';
import { kspacePlot, rawTrajectory, sequenceTrajectory } from '../plots/kspace.ts';
import { phantomPlot } from '../plots/phantom.ts';
import { sequencePlot } from '../plots/sequence.ts';
import { rawSignal, signalPlot } from '../plots/signal.ts';
import { acquiredData } from '../raw/acquisitions.ts';
import type { AcquiredData, RawData } from '../raw/types.ts';
import type { Image } from '../recon/image.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { type FunctionName, inOptionNames } from './arguments.ts';
import { call, callAsync } from './call.ts';
import { openNamed, readNamed } from './files.ts';
import { scannerOf } from './options.ts';
import { openSequence, reportFindings } from './sequence.ts';
import type {
  CallOptions,
  PhantomPlotOptions,
  SequenceOptions,
  SequencePlotOptions,
  SignalPlotOptions,
} from './types.ts';

/**
 * RF, gradients, readouts and labels over time, of one repetition or from one time [s] to another.
 * @returns SVG
 * @throws LarmorError 2, 65 or 66
 */
export function plotSequence(sequence: string | Sequence, options: SequencePlotOptions = {}): string {
  return drawn('plotSequence', { sequence, options }, () => {
    const { from, to, tr, traces } = options;
    const opened = sequenceOf(sequence, options);
    const window = {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(tr !== undefined && { tr }),
    };
    return sequencePlot(opened.sequence, opened.scanner, { ...window, ...(traces && { traces }) });
  });
}

/**
 * Where in k-space the readouts lie, coloured by time.
 * @returns SVG
 * @throws LarmorError 2, 65 or 66
 */
export function plotKspace(of: string | Sequence | RawData | AcquiredData, options: SequenceOptions = {}): string {
  return drawn('plotKspace', { of, options }, () => {
    if (typeof of !== 'string' && !('blockCount' in of)) return kspacePlot(rawTrajectory(named(of)));
    const { sequence, scanner } = sequenceOf(of, options);
    return kspacePlot(sequenceTrajectory(sequence, scanner));
  });
}

/** Maps of density, T1, T2 and off-resonance in the planes through the middle. @returns SVG */
export function plotPhantom(phantom: string | PhantomSource, options: PhantomPlotOptions = {}): Promise<string> {
  return callAsync('plotPhantom', { phantom, options }, async () => {
    const { planes, maps } = options;
    const source = typeof phantom === 'string' ? await openNamed(phantom, options) : phantom;
    try {
      return svg(phantomPlot(source, { ...(planes && { planes }), ...(maps && { maps }) }));
    } finally {
      if (source !== phantom) source.close();
    }
  });
}

/**
 * The signal over time, one readout of it, and its spectrum.
 * @returns SVG
 * @throws LarmorError 2, 65 or 66 (as a rejection)
 */
export function plotSignal(raw: string | RawData | AcquiredData, options: SignalPlotOptions = {}): Promise<string> {
  return callAsync('plotSignal', { raw, options }, async () => {
    const data = typeof raw === 'string' ? await readNamed(raw) : named(raw);
    const { readout, coil } = options;
    const chosen = { ...(readout !== undefined && { readout }), ...(coil !== undefined && { coil }) };
    return svg(signalPlot(rawSignal(data), chosen));
  });
}

/**
 * An image with directions, scale bar and colour bar.
 * @returns SVG
 * @throws LarmorError 65 where it is zero
 */
export function plotImage(
  image: Image,
  options: CallOptions & { readonly parts?: readonly ('magnitude' | 'phase' | 'real' | 'imaginary')[] } = {},
): string {
  const { parts } = options;
  return drawn('plotImage', { image, options }, () => imagePlot('image', image, { ...(parts && { parts }) }));
}

/** Figures name options as the command does; here their text gets the package's names. */
const svg = (figure: Figure): string => inOptionNames(svgText(figure));

const drawn = (name: FunctionName, given: Parameters<typeof call>[1], draw: () => Figure): string =>
  call(name, given, () => svg(draw()));

function sequenceOf(
  sequence: string | Sequence,
  { parameters = {}, scanner: input }: SequenceOptions,
): { readonly sequence: Sequence; readonly scanner: Scanner } {
  const scanner = scannerOf(input);
  const opened = typeof sequence === 'string' ? openSequence(sequence, parameters, scanner) : sequence;
  reportFindings(opened, scanner, false);
  return { sequence: opened, scanner };
}

/** Raw data with the name that figures show. */
function named(raw: RawData | AcquiredData): AcquiredData & { readonly path: string } {
  if ('acquisitions' in raw) return { path: 'raw data', ...raw };
  return { path: `${raw.sequenceName} on ${raw.phantomName}`, ...acquiredData(raw) };
}
