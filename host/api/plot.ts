/** Figures as SVG text: what `larmor plot` draws, of what a program has or names. */

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
import { call } from './call.ts';
import { openPhantom, readRaw } from './files.ts';
import { requireKnown } from './limits.ts';
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
  return drawn(options, { ...SEQUENCE, from: true, to: true, tr: true, traces: true }, () => {
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

/** Where in k-space the readouts lie, coloured by time. @returns SVG @throws LarmorError 2, 65 or 66 */
export function plotKspace(of: string | Sequence | RawData | AcquiredData, options: SequenceOptions = {}): string {
  return drawn(options, SEQUENCE, () => {
    if (typeof of !== 'string' && !('blockCount' in of)) return kspacePlot(rawTrajectory(named(of)));
    const { sequence, scanner } = sequenceOf(of, options);
    return kspacePlot(sequenceTrajectory(sequence, scanner));
  });
}

/** Maps of density, T1, T2 and off-resonance in the planes through the middle. @returns SVG */
export async function plotPhantom(phantom: string | PhantomSource, options: PhantomPlotOptions = {}): Promise<string> {
  const { planes, maps, ...opening } = options;
  const own = typeof phantom === 'string' ? await openPhantom(phantom, opening) : undefined;
  try {
    const known = { parameters: true, B0: true, motion: true, planes: true, maps: true } as const;
    const chosen = { ...(planes && { planes }), ...(maps && { maps }) };
    return drawn(options, known, () => phantomPlot(own ?? (phantom as PhantomSource), chosen));
  } finally {
    own?.close();
  }
}

/** The signal over time, one readout of it, and its spectrum. @returns SVG @throws LarmorError 2, 65 or 66 (as a rejection) */
export async function plotSignal(
  raw: string | RawData | AcquiredData,
  options: SignalPlotOptions = {},
): Promise<string> {
  const data = typeof raw === 'string' ? await readRaw(raw) : named(raw);
  const { readout, coil } = options;
  const chosen = { ...(readout !== undefined && { readout }), ...(coil !== undefined && { coil }) };
  return drawn(options, { readout: true, coil: true }, () => signalPlot(rawSignal(data), chosen));
}

/** An image with directions, scale bar and colour bar. @returns SVG @throws LarmorError 65 where it is zero */
export function plotImage(
  image: Image,
  options: CallOptions & { readonly parts?: readonly ('magnitude' | 'phase' | 'real' | 'imaginary')[] } = {},
): string {
  const { parts } = options;
  return drawn(options, { parts: true }, () => imagePlot('image', image, { ...(parts && { parts }) }));
}

const SEQUENCE = { parameters: true, scanner: true } as const;

function drawn(options: CallOptions, known: Readonly<Record<string, true>>, draw: () => Figure): string {
  return call(options, () => {
    requireKnown(options, { ...known, onWarning: true });
    return svgText(draw());
  });
}

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
