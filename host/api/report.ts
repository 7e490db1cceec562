/**
 * Reports: one HTML file of a run with its settings, image, signal, sequence and phantom. For a run
 * of this process everything is available; for raw data in a file, what its header contains, and
 * the built-in sequence or phantom that it names is made again.
 */
import { basename } from 'node:path';
import { openBudget } from '../base/budget.ts';
import { LarmorError, usage } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';
import { isObject } from '../base/json.ts';
import { warn } from '../base/log.ts';
import type { Given } from '../base/parameters.ts';
import { reportHtml } from '../html/document.ts';
import { imageOf, makeReport, type ReportSource } from '../html/make.ts';
import { phantomData } from '../html/phantom-data.ts';
import type { EchoLevel, ImageData, PhantomData, Report } from '../html/types.ts';
import { builtinNamed } from '../phantom/builtins.ts';
import { identityDigest } from '../phantom/identity.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { acquiredData } from '../raw/acquisitions.ts';
import type { AcquiredData, RawData, RawFile } from '../raw/types.ts';
import type { Summary } from '../report/summary.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import { DEFAULT_SCANNER, type Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { callAsync } from './call.ts';
import { openNamed, readNamed } from './files.ts';
import { scannerOf } from './options.ts';
import { openSequence } from './sequence.ts';
import { echoLimit } from './spurious-echo.ts';
import type { PhantomOptions, ReportOptions, Simulation } from './types.ts';

/**
 * Writes a report: a web page that needs no network.
 * @param of a simulation, or raw data: an object, or the name of a file
 * @returns a sentence for each part of a complete report that is missing, with the reason
 * @throws LarmorError (as a rejection) 2 unless `path` ends in .html, 65 or 66 for what is read, 73
 *   if it cannot be written
 */
export function writeReport(
  path: string,
  of: Simulation | RawFile | string,
  options: ReportOptions = {},
): Promise<{ readonly missing: readonly string[] }> {
  return callAsync('writeReport', { path, of, options }, () => reportOf(path, of, options));
}

/** The same as part of a call. */
export async function reportOf(
  path: string,
  of: Simulation | RawFile | string,
  options: ReportOptions,
): Promise<{ readonly missing: readonly string[] }> {
  requireReportName(path);
  const report = (await openReport(of, options)).whole();
  writeOutput(path, Buffer.from(reportHtml(report)));
  return { missing: report.missing };
}

/** A report in two steps: the image first, then everything else. */
export interface ReportInSteps {
  /** The image, or why there is none. */
  readonly image: ImageData | string;
  readonly echo?: EchoLevel;
  readonly whole: () => Report;
}

/** What a report shows of a phantom: maps, or why there are none, and its limit of echoes. */
interface ShownPhantom {
  readonly maps: PhantomData | string;
  readonly limit: number;
}

/** @throws LarmorError 2 for another sequence or phantom than that of the data, 65, 66 */
export async function openReport(of: Simulation | RawFile | string, options: ReportOptions): Promise<ReportInSteps> {
  const source = typeof of === 'object' && 'summary' in of ? sourceOfRun(of.summary, of.raw) : await sourceOfFile(of);
  const sequence = sequenceFor(source, options);
  return reportOfSource(source, await phantomFor(source, options), () => sequence);
}

/** The same without maps. @param phantom that was simulated; it is not read */
export function reportWithoutMaps({ summary, raw }: Simulation, phantom: PhantomSource): ReportInSteps {
  const source = sourceOfRun(summary, raw);
  const shown = { maps: 'No maps of the phantom were asked for.', limit: echoLimit(phantom) };
  return reportOfSource(source, shown, () => sequenceFor(source, {}));
}

function reportOfSource(
  source: Parts,
  { maps, limit }: ShownPhantom,
  sequence: () => ReportSource['sequence'],
): ReportInSteps {
  const echo = withEcho(source, limit);
  const image = imageOf(source.data);
  return {
    ...{ image, ...echo },
    whole: () => makeReport({ ...source, ...echo, sequence: sequence(), phantom: maps }, image),
  };
}

/**
 * @param size of the data of a run, which must fit into memory to reconstruct the image
 * @throws LarmorError 2 for another ending, 65 for more data than memory, 73
 */
export function requireReportName(path: string, size?: { readonly coils: number; readonly samples: number }): void {
  if (path === '-') throw usage('a report cannot be written to standard output', 'give a file name that ends in .html');
  if (!/\.html?$/i.test(path)) throw usage(`${path}: not a report`, 'end it in .html');
  createOutput(path).abandon();
  if (size === undefined) return;
  const { coils, samples } = size;
  const fix = 'leave out --report, or simulate fewer coils or samples';
  openBudget('signal', path, undefined, fix).check(
    BYTES_PER_SAMPLE * coils * samples,
    `${coils} × ${samples} samples in memory for its image`,
  );
}

/** A complex number as f32. */
const BYTES_PER_SAMPLE = 8;

type Parts = Omit<ReportSource, 'sequence' | 'phantom'>;

/**
 * What a report shows of a job. A type separate from `Job`, because the types of the package must
 * not refer to MPI.
 */
interface ShownJob {
  readonly opened: PhantomSource;
  readonly phantom: PhantomSource;
  readonly sequence: Sequence;
  readonly scanner: Scanner;
}

/**
 * A report of the run that this job becomes: the phantom is read now, since it is closed when the
 * run is over.
 */
export async function reportOfJob({
  opened,
  phantom,
  sequence,
  scanner,
}: ShownJob): Promise<(summary: Summary, raw: RawData) => string> {
  // Sub-voxel spins are placed to suit the sequence and are not on a lattice: a map shows one spin
  // of each voxel.
  const { name, parameters = {}, spins, spinCount } = opened;
  const ofVoxels = { parameters: { ...parameters, spinsPerVoxel: 1 }, B0: scanner.B0 };
  const maps =
    spins === undefined ? phantomData(opened) : await mapsOf(builtinNamed(name) ?? name, ofVoxels, spinCount);
  const limit = echoLimit(phantom);
  return (summary, raw) =>
    reportHtml(reportOfSource(sourceOfRun(summary, raw), { maps, limit }, () => ({ sequence, scanner })).whole());
}

async function mapsOf(name: string, options: PhantomOptions, simulated: number): Promise<PhantomData | string> {
  const phantom = await openNamed(name, options);
  try {
    return phantomData(phantom, simulated);
  } finally {
    phantom.close();
  }
}

/** The level of a run is in its provenance, which files of other programs lack. */
function withEcho({ provenance }: Parts, limit: number): { readonly echo?: EchoLevel } {
  const { spuriousEcho: level } = provenance;
  return typeof level === 'number' && Number.isFinite(level) ? { echo: { level, limit } } : {};
}

function sourceOfRun(summary: Summary, raw: RawData): Parts {
  const { version, time, sequence, phantom, noise } = summary;
  const { TE, TR, TI, flipAngle } = raw.encoding;
  return {
    ...{ data: acquiredData(raw), provenance: { ...summary }, summary, TE, TR, TI, flipAngle },
    ...{ sequenceName: sequence.name, phantomName: phantom.name },
    subtitle: `Simulated by Larmor ${version}, ${time.end.slice(0, 16).replace('T', ' ')} UTC`,
    ...(noise && { noise: noise.sigma }),
  };
}

async function sourceOfFile(raw: RawFile | string): Promise<Parts> {
  const file = typeof raw === 'string' ? await readNamed(raw) : raw;
  const { provenance, TE, TR, TI, flipAngle, sequenceName = file.path, phantomName } = file;
  const { version, time } = provenance;
  const end = isObject(time) && typeof time.end === 'string' ? `, ${time.end.slice(0, 16).replace('T', ' ')} UTC` : '';
  const by = typeof version === 'string' ? `Simulated by Larmor ${version}${end}; ` : '';
  const sigma = isObject(provenance.noise) ? provenance.noise.sigma : undefined;
  return {
    ...{ data: file, provenance, TE, TR, TI, flipAngle, sequenceName, phantomName },
    subtitle: `${by}from ${file.path}`,
    ...(typeof sigma === 'number' && Number.isFinite(sigma) && { noise: sigma }),
  };
}

/** The sequence that was asked for, else the built-in one that the provenance names. */
function sequenceFor(source: Parts, { sequence: asked, scanner: input }: ReportOptions): ReportSource['sequence'] {
  const { scanner: recorded, sequence: named } = source.provenance;
  const scanner = input === undefined && isObject(recorded) ? recordedScanner(recorded) : scannerOf(input);
  if (asked !== undefined) {
    const sequence = typeof asked === 'string' ? openSequence(asked, {}, scanner) : asked;
    if (!agrees(sequence, source.data))
      throw usage(
        `${sequence.name} is not the sequence of these raw data: its readouts differ`,
        'give the one that was simulated',
      );
    return { sequence, scanner };
  }
  const known = builtinOf(named, source.data, (name) => (builtinSequences.has(name) ? name : undefined));
  if (known === undefined)
    return 'No sequence diagram: raw data hold no waveforms. With --sequence FILE the report shows those of the sequence.';
  try {
    const sequence = openSequence(known.name, known.parameters, scanner);
    if (agrees(sequence, source.data)) return { sequence, scanner };
  } catch (error) {
    if (!(error instanceof LarmorError)) throw error;
  }
  return `No sequence diagram: the built-in ${known.name} of this version has other readouts.`;
}

/**
 * The scanner according to a header: only its numbers, since files that it names may no longer
 * exist.
 */
function recordedScanner(recorded: Readonly<Record<string, unknown>>): Scanner {
  const standard = DEFAULT_SCANNER;
  const numbers = Object.keys(standard).filter(
    (key) => typeof recorded[key] === 'number' && (recorded[key] as number) > 0,
  );
  return { ...standard, ...Object.fromEntries(numbers.map((key) => [key, recorded[key]])) };
}

/**
 * Whether sequence and data have readouts of the same lengths in the same order, regardless of how
 * a file splits them into pieces.
 */
function agrees(sequence: Sequence, { acquisitions }: AcquiredData): boolean {
  let [readouts, samples] = [0, 0];
  for (let n = 0; n < sequence.blockCount; n++) {
    const { adc } = sequence.block(n);
    if (adc === undefined) continue;
    readouts++;
    samples += adc.samples;
  }
  const recorded = acquisitions.reduce((sum, acquisition) => sum + acquisition.samples, 0);
  return samples === recorded && readouts === acquisitions.filter(({ piece }) => piece === 0).length;
}

async function phantomFor({ provenance, data }: Parts, { phantom: asked }: ReportOptions): Promise<ShownPhantom> {
  const { phantom: recorded } = provenance;
  const { spins } = isObject(recorded) ? recorded : {};
  const draw = (phantom: PhantomSource) => ({
    maps: phantomData(phantom, typeof spins === 'number' && phantom.spins !== undefined ? spins : undefined),
    limit: echoLimit(phantom),
  });
  if (typeof asked === 'object') {
    requireRecorded(asked, recorded);
    return draw(asked);
  }
  const builtin = builtinOf(recorded, data, builtinNamed);
  const known = asked === undefined || asked === builtin?.name ? builtin : { name: asked, parameters: {} };
  if (known === undefined)
    return {
      maps: 'No maps of the phantom: raw data do not hold it. With --phantom FILE the report shows them.',
      limit: echoLimit({}),
    };
  try {
    const phantom = await openNamed(known.name, { parameters: known.parameters });
    try {
      if (asked !== undefined) requireRecorded(phantom, recorded);
      return draw(phantom);
    } finally {
      phantom.close();
    }
  } catch (error) {
    if (asked !== undefined || !(error instanceof LarmorError)) throw error;
    return {
      maps: `No maps of the phantom: the built-in ${known.name} of this version has other parameters.`,
      limit: echoLimit({}),
    };
  }
}

/**
 * Rejects a phantom other than the recorded one: by its digest, if the header has one and the spins
 * do not depend on the sequence, else by the name of a built-in one. For a file whose spins depend
 * on the sequence, another name is a warning.
 * @throws LarmorError 2
 */
function requireRecorded(phantom: PhantomSource, recorded: unknown): void {
  if (!isObject(recorded) || typeof recorded.name !== 'string') return;
  const { name, digest } = recorded;
  const fixed = phantom.spins === undefined && typeof digest === 'string';
  const builtin = builtinNamed(phantom.name);
  if (fixed ? identityDigest(phantom) !== digest : builtin !== builtinNamed(name))
    throw usage(
      `${phantom.name} is not the phantom of these raw data, which is ${name}`,
      'give the one that was simulated',
    );
  if (!fixed && builtin === undefined && basename(phantom.name) !== basename(name))
    warn(`${phantom.name} may not be the phantom of these raw data, which is ${name}; check that it is`);
}

/**
 * Limit of the product of the counts of a sequence or phantom, per sample: a header may contain any
 * number.
 */
const MOST_PER_SAMPLE = 1000;

/** A built-in that a header names, with its parameters. */
function builtinOf(
  recorded: unknown,
  { acquisitions }: AcquiredData,
  builtin: (name: string) => string | undefined,
): { readonly name: string; readonly parameters: Given } | undefined {
  if (!isObject(recorded) || typeof recorded.name !== 'string') return undefined;
  const { parameters } = recorded;
  const name = builtin(recorded.name);
  if (name === undefined || !isObject(parameters)) return undefined;
  const values = Object.entries(parameters).filter(
    (entry): entry is [string, number | string] => typeof entry[1] === 'number' || typeof entry[1] === 'string',
  );
  const counts = values.flatMap(([, value]) => (Number.isInteger(value) && Number(value) > 1 ? Number(value) : []));
  const samples = acquisitions.reduce((sum, acquisition) => sum + acquisition.samples, 0);
  if (counts.reduce((product, count) => product * count, 1) > MOST_PER_SAMPLE * samples) return undefined;
  return { name, parameters: Object.fromEntries(values) };
}
