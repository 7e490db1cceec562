/**
 * Assembles a report: a description of the run, and the data of its figures. For every part that
 * cannot be shown there is a reason.
 */
import { basename } from 'node:path';
import { LarmorError } from '../base/errors.ts';
import { DEGREE } from '../base/quantities.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import { blockStarts, repetitionStarts } from '../plots/window.ts';
import type { AcquiredData } from '../raw/types.ts';
import { accuracyLines, type Summary } from '../report/summary.ts';
import { walkTimes } from '../sequence/kspace.ts';
import { flipAngle } from '../sequence/rf.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { imageData } from './image-data.ts';
import { toSteps } from './numbers.ts';
import { tableOf } from './sequence-table.ts';
import { signalData } from './signal-data.ts';
import type { EchoLevel, ImageData, PhantomData, Report, SequenceEvents } from './types.ts';

/** The known facts about a run; for a file often not all of them. */
export interface ReportSource {
  readonly data: AcquiredData;
  readonly sequenceName: string;
  readonly phantomName: string | undefined;
  /** Line below the title. */
  readonly subtitle: string;
  /**
   * The summary of the run, or the part of it that a header repeats: in files of other programs,
   * any JSON.
   */
  readonly provenance: Readonly<Record<string, unknown>>;
  /** The same, where it is that of a run of this process. */
  readonly summary?: Summary;
  readonly TE: readonly number[];
  readonly TR: readonly number[];
  readonly TI: readonly number[];
  readonly flipAngle: readonly number[];
  readonly echo?: EchoLevel;
  readonly noise?: number;
  /** The sequence and its scanner, or why they are not known. */
  readonly sequence: { readonly sequence: Sequence; readonly scanner: Scanner } | string;
  /** Maps, or why there are none. */
  readonly phantom: PhantomData | string;
}

/** @param image what `imageOf` returned for the data */
export function makeReport(source: ReportSource, image = imageOf(source.data)): Report {
  const { data, summary, echo, sequenceName, phantomName, sequence, phantom, provenance } = source;
  const missing = [image, sequence, phantom].filter((part): part is string => typeof part === 'string');
  if (summary === undefined) missing.push("Ranks' times are known to simulate --report alone.");
  return {
    title: `${basename(sequenceName)}${phantomName === undefined ? '' : ` on ${basename(phantomName)}`}`,
    subtitle: source.subtitle,
    facts: factsOf(source),
    warnings: textsOf(provenance.warnings),
    missing,
    ...(echo && { echo }),
    accuracy: summary === undefined ? accuracyOf(provenance) : accuracyLines(summary),
    ...(summary && { ranks: summary.perRank }),
    ...(typeof image !== 'string' && { image }),
    signal: signalData(data, source.noise),
    ...(typeof sequence !== 'string' && {
      sequence: tableOf(sequence.sequence, sequence.scanner),
      events: eventsOf(sequence.sequence, sequence.scanner, source),
    }),
    ...(typeof phantom !== 'string' && { phantom }),
    provenance: JSON.stringify(provenance),
  };
}

/** The image, or why there is none. */
export function imageOf(data: AcquiredData): ImageData | string {
  try {
    return imageData(data);
  } catch (error) {
    if (error instanceof LarmorError) return `No image: ${error.message}.`;
    throw error;
  }
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : [];

/** Accuracy according to a header: methods by name, and the tolerance. */
function accuracyOf({ methods, tolerance, precision }: Readonly<Record<string, unknown>>): string[] {
  const known = typeof methods === 'object' && methods !== null && (precision === 'f32' || precision === 'f64');
  if (!known || !(tolerance === null || typeof tolerance === 'number')) return [];
  const counts = Object.entries(methods).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return accuracyLines({ methods: Object.fromEntries(counts), tolerance, precision });
}

function factsOf(source: ReportSource): [string, string][] {
  const { data, TE, TR, TI, flipAngle: flips, noise, summary, provenance, sequence } = source;
  const { kind, reconMatrix, reconFov, coils, acquisitions } = data;
  const encoded = [0, 1, 2].filter((axis) => data.encodedMatrix[axis] > 1);
  const times = (values: readonly number[]): string => {
    const shown = values
      .slice(0, 4)
      .map((value) => quantity(value, 's'))
      .join(', ');
    return values.length > 4 ? `${shown} … (${values.length})` : shown;
  };
  const samples = acquisitions.reduce((sum, acquisition) => sum + acquisition.samples, 0);
  const spins = numberAt(provenance.phantom, 'spins');
  const B0 = numberAt(provenance.scanner, 'B0') ?? numberAt(data, 'B0');
  const all: [string, string | undefined][] = [
    ['Matrix', encoded.length === 0 ? undefined : encoded.map((axis) => reconMatrix[axis]).join(' × ')],
    [
      'Field of view',
      encoded.length === 0 ? undefined : encoded.map((axis) => quantity(reconFov[axis], 'm')).join(' × '),
    ],
    ['Images', imagesText(data) || undefined],
    ['Trajectory', kind],
    ['TE', times(TE) || undefined],
    ['TR', times(TR) || undefined],
    ['TI', times(TI) || undefined],
    ['Flip angle', flips.length === 0 ? undefined : `${shortNumber(Number((flips[0] / DEGREE).toPrecision(4)))}°`],
    ['Field', B0 === undefined ? undefined : quantity(B0, 'T')],
    ['Duration', typeof sequence === 'string' ? undefined : quantity(sequence.sequence.duration, 's')],
    ['Readouts', `${acquisitions.filter(({ piece }) => piece === 0).length}, ${samples} samples`],
    ['Coils', String(coils)],
    ['Spins', spins === undefined ? undefined : `${spins}${offsetsText(spins, summary)}`],
    ['Noise', noise === undefined ? undefined : `σ ${noise.toPrecision(3)} per real part`],
    [
      'Computed in',
      summary === undefined ? undefined : `${summary.seconds.total.toPrecision(3)} s, ${ranksText(summary)}`,
    ],
  ];
  return all.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** Counters of several images, and the names of what they count. */
const COUNTED = [
  ['slice', 'slices'],
  ['contrast', 'contrasts'],
  ['phase', 'phases'],
  ['repetition', 'repetitions'],
  ['set', 'sets'],
  ['average', 'averages'],
] as const;

/** `5 slices × 3 contrasts`; empty for a single image. */
const imagesText = ({ limits }: AcquiredData): string =>
  COUNTED.map(([counter, name]) => [limits[counter].maximum + 1, name] as const)
    .filter(([count]) => count > 1)
    .map(([count, name]) => `${count} ${name}`)
    .join(' × ');

/** An ensemble of offsets multiplies the spins of the phantom. */
const offsetsText = (spins: number, summary: Summary | undefined): string =>
  summary === undefined || summary.spins === spins ? '' : `, ${summary.spins / spins} offsets each`;

const ranksText = ({ ranks, threads }: Summary): string =>
  `${ranks === 1 ? '' : `${ranks} ranks × `}${threads === 1 ? '1 thread' : `${threads} threads`}`;

function numberAt(record: unknown, key: string): number | undefined {
  const value = typeof record === 'object' && record !== null ? Reflect.get(record, key) : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function eventsOf(sequence: Sequence, scanner: Scanner, { TE, TR }: Pick<ReportSource, 'TE' | 'TR'>): SequenceEvents {
  const walked = walkTimes(sequence, scanner);
  const { pulses } = walked;
  return {
    pulses: toSteps(pulses.map(({ time }) => time)),
    flips: Float64Array.from(pulses, ({ rf }) => Math.fround(flipAngle(rf, scanner.gammaBar))),
    repetitions: toSteps(repetitionStarts({ sequence, walk: walked, starts: blockStarts(sequence) }, TR[0] ?? 0)),
    ...{ TE, TR },
  };
}
