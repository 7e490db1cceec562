/** Sequence, scanner and phantom from what the command line names. */
import { existsSync } from 'node:fs';
import { badInput, usage } from '../base/errors.ts';
import { detail, silently, warn } from '../base/log.ts';
import { formatQuantity, likelyUnit, parseQuantity } from '../base/quantities.ts';
import { didYouMean } from '../base/suggest.ts';
import type { Seconds } from '../base/units.ts';
import { readGirf } from '../fields/girf.ts';
import { bindScanner } from '../model/bind.ts';
import { warnOfLowField } from '../model/concomitant.ts';
import { type MovingInFields, movingInFields } from '../model/moving-fields.ts';
import { receiveLayer } from '../model/receive.ts';
import { eachDephasing, warnOfNone, withEnsemble } from '../model/t2prime.ts';
import { type Channels, withAnalytic } from '../model/t2prime-analytic.ts';
import { openTransmit, phantomTransmit, type Transmit } from '../model/transmit.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { withMotions } from '../phantom/motion/file.ts';
import { movingPhantom } from '../phantom/motion/moving.ts';
import type { Motion } from '../phantom/motion/types.ts';
import { openPhantom } from '../phantom/open.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Precision } from '../program/types.ts';
import type { T2Prime } from '../report/provenance.ts';
import type { EchoPrediction } from '../sampling/point-check.ts';
import { spinSampler } from '../sampling/sampler.ts';
import { builtinSequences, makeBuiltin } from '../sequence/builtin/index.ts';
import { checkSequence } from '../sequence/checks.ts';
import { dephasingTimes } from '../sequence/dephasing.ts';
import { encode } from '../sequence/encoding.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import { type HeartSignal, readHeart, regularHeart, waitForPeaks } from '../sequence/heart.ts';
import { inertParts } from '../sequence/inert.ts';
import { readPulseq } from '../sequence/pulseq/read.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { compileTimeline } from '../timeline/compile.ts';
import { concomitantTerms } from '../timeline/concomitant.ts';
import { playedSequence } from '../timeline/gradient-errors/actual.ts';
import type { Movement } from '../timeline/movement.ts';
import { joinTerms, momentTerms } from '../timeline/terms.ts';
import type { Timeline, Timelines } from '../timeline/types.ts';
import { requireKind } from './names.ts';
import { coilsFile, openScanner, type ScannerOptions } from './scanner.ts';
import { splitSettings } from './settings.ts';
import { predictEcho, reportEcho } from './spurious-echo.ts';

export interface InputOptions extends ScannerOptions {
  /** Where the magnetisation at the end of the sequence goes; then it need have no ADC. */
  readonly magnetization?: string;
  readonly precision?: Precision;
  /** How T2* acts beside T2. */
  readonly t2prime?: T2Prime;
  readonly set?: readonly string[];
  readonly strict?: boolean;
  /** Longest RF step [s]. */
  readonly dtRf: number;
  /** Spins per voxel of a phantom of voxels; undefined: as many as the sequence needs. */
  readonly spinsPerVoxel?: number;
  /** File of motions that are added to the phantom's own. */
  readonly motion?: string;
  /** Beats that input triggers wait for [Hz]. */
  readonly heartRate?: number;
  /** File of R peaks that they wait for. */
  readonly rPeaks?: string;
}

export interface Inputs {
  readonly scanner: Scanner;
  readonly sequence: Sequence;
  /** Of rank 0, which writes: inferred before anything is simulated, so that a wrong label ends the run at once. */
  readonly encoding: Encoding | undefined;
  readonly timelines: Timelines;
  /** The same with other steps in pulses, for `--verify`. */
  readonly compile: (maxRfStep: Seconds) => Timelines;
  readonly phantom: PhantomSource;
  /** The phantom as its file has it, before fields, offsets of T2′ and channels of its factor are added. */
  readonly opened: PhantomSource;
  readonly t2prime: T2Prime;
  /** Makes one signal [samples][re, im] of the channels in which the phantom is received; absent: each coil is one. */
  readonly mix?: Channels['mix'];
  /** Of rank 0: what too few spins would show of gradients that wind magnetisation up. */
  readonly spuriousEcho: EchoPrediction | undefined;
  readonly seconds: { readonly load: number; readonly compile: number };
}

function heartOf({ heartRate, rPeaks }: InputOptions): HeartSignal | undefined {
  if (rPeaks !== undefined) return readHeart(rPeaks);
  return heartRate === undefined ? undefined : regularHeart(heartRate);
}

/** A `.seq` file or a built-in sequence. Soft delays of a file are set like parameters. */
export function openSequence(name: string, settings: Readonly<Record<string, string>>, scanner: Scanner): Sequence {
  if (builtinSequences.has(name)) return makeBuiltin(name, settings, scanner);
  requireKind(name, 'sequence');
  if (!/[./\\]/.test(name) && !existsSync(name)) {
    throw usage(
      `there is no sequence '${name}'`,
      didYouMean(name, builtinSequences.keys(), (all) => `give a .seq file or one of ${all}`),
    );
  }
  const softDelays = Object.entries(settings).map(([key, text]) => [key, softDelay(name, key, text)] as const);
  return readPulseq(name, { softDelays: Object.fromEntries(softDelays), gammaBar: scanner.gammaBar });
}

/** Longer soft delays [s] are taken, with a warning: probably a wrong unit. */
const PLAUSIBLE_DELAY = 20;

function softDelay(name: string, key: string, text: string): Seconds {
  const value = parseQuantity(text, 's');
  if (!Number.isFinite(value))
    throw usage(`--set ${key}=${text} is not a time`, `${name} takes soft delays, for example ${key}=10ms`);
  if (value > PLAUSIBLE_DELAY) {
    const hint = likelyUnit(key, text, 's', (other) => other <= PLAUSIBLE_DELAY) ?? 'check its unit';
    warn(`${name}: ${key}=${text} is ${formatQuantity(value, 's')}, which is implausible; ${hint}`);
  }
  return value;
}

/** Exceeding scanner limits is a warning (an error with `--strict`), and so is what has no effect; raster misalignment is shown with -v. */
export function reportFindings(sequence: Sequence, scanner: Scanner, strict: boolean): void {
  for (const { block, what, fix, severity } of checkSequence(sequence, scanner)) {
    const location = `${sequence.name}: block ${block + 1}`;
    if (strict && severity === 'warning') throw badInput(location, what, `${fix}, or run without --strict`);
    (severity === 'warning' ? warn : detail)(`${location}: ${what}; ${fix}`);
  }
  for (const text of inertParts(sequence, scanner)) warn(text);
}

/** How the sequence encodes space, with a warning for whatever is doubtful about it. @throws LarmorError 65 */
export function inferEncoding(sequence: Sequence, scanner: Scanner): Encoding {
  const encoding = encode(sequence, scanner);
  for (const text of [...encoding.warnings, ...implausibleTimes(sequence, encoding)]) warn(text);
  return encoding;
}

/** Echo and repetition times [s] beyond these are probably milliseconds in the file's [DEFINITIONS]. */
const PLAUSIBLE_TE = 5;
const PLAUSIBLE_TR = 60;

function implausibleTimes({ name }: Sequence, { TE, TR }: Encoding): string[] {
  const shown = (time: Seconds): string => formatQuantity(time, 's');
  const [repetition = Number.POSITIVE_INFINITY] = TR;
  const echo = Math.max(0, ...TE);
  const unit = 'times in a file are in seconds';
  const texts: string[] = [];
  if (TR.length > 0 && repetition > PLAUSIBLE_TR)
    texts.push(`TR is ${shown(repetition)}, which is implausible; ${unit} (${shown(repetition / 1e3)}?)`);
  if (echo > PLAUSIBLE_TE) texts.push(`TE is ${shown(echo)}, which is implausible; ${unit} (${shown(echo / 1e3)}?)`);
  if (echo > repetition)
    texts.push(`TE (${shown(echo)}) is longer than TR (${shown(repetition)}); check both and their units`);
  return texts.map((text) => `${name}: ${text}`);
}

/** The field of a tissue table is scaled away for off-resonance, not for relaxation times. */
function warnOfField({ B0, parameters, knowsField }: PhantomSource, scanner: Scanner): void {
  const table = parameters?.tissues;
  if (table === undefined || knowsField || B0 === scanner.B0) return;
  warn(
    `${table}: the tissues are those of ${B0} T, the scanner has ${scanner.B0} T; off-resonance is scaled to it, ` +
      'T1 and T2 are used as they are',
  );
}

/** Throws what is not made of moving spins. */
function requireNoneOf(
  { name, transmit }: PhantomSource,
  { t2prime, toEnd }: { readonly t2prime: T2Prime; readonly toEnd: boolean },
): void {
  const fix = 'leave it out, or simulate spins at rest';
  if (t2prime !== 'none') throw usage(`--t2prime ${t2prime} of spins that move`, fix);
  if (toEnd) throw usage('--magnetization of spins that move', fix);
  if (transmit !== undefined)
    throw badInput(name, 'its spins move, and it has a B1+ of its own', 'give the scanner a map of B1');
}

/**
 * The phantom on the move, among coils and maps of B1 that are fixed in space.
 * @throws LarmorError 65 where spins would move through fields that are taken at their places at rest
 */
async function movingIn(
  phantom: PhantomSource,
  { b0Map, receive, gradients }: Scanner,
  {
    motions,
    duration,
    coils,
    transmit,
  }: {
    readonly motions: readonly Motion[];
    readonly duration: Seconds;
    readonly coils: string;
    readonly transmit: Transmit | undefined;
  },
): Promise<MovingInFields> {
  const field = [
    b0Map && 'a B0 map',
    gradients?.nonlinearity && 'non-linear gradients',
    gradients?.concomitant && 'concomitant fields',
  ].find((part) => part);
  if (field) throw badInput(phantom.name, `its spins move, in ${field}`, `simulate it without ${field}, or at rest`);
  const moving = movingPhantom(phantom, motions, duration);
  if (!moving.moves)
    warn(
      `${motions[0].place}: its motions move nothing in the ${formatQuantity(duration, 's')} of the sequence; check their times`,
    );
  const { min, max } = moving.bounds;
  const reached = { ...phantom, bounds: { ...phantom.bounds, min, max } };
  const layer = receive && (await receiveLayer(coils, receive, reached));
  return movingInFields(moving, { receive: layer, transmit: transmit?.layer });
}

/** T2′ as a factor for each sample; undefined where no spin has any. */
function analytic(source: PhantomSource, sequence: Sequence, scanner: Scanner): Channels | undefined {
  let longestT2 = 0;
  const found = eachDephasing(source, (_, T2) => {
    longestT2 = Math.max(longestT2, T2);
  });
  if (found === 0) {
    warnOfNone(source, 'analytic');
    return undefined;
  }
  return withAnalytic(source, dephasingTimes(sequence, scanner, longestT2));
}

/** @param quiet on ranks that should not repeat what rank 0 says */
export async function openInputs(
  sequenceName: string,
  phantomName: string,
  options: InputOptions,
  { quiet, surveyOf }: { readonly quiet: boolean; readonly surveyOf: SurveyOf },
): Promise<Inputs> {
  const open = async (): Promise<Inputs> => {
    const begun = performance.now();
    const scanner = openScanner(options);
    const settings = splitSettings(options.set ?? [], { sequence: sequenceName, phantom: phantomName });
    const written = openSequence(sequenceName, settings.sequence, scanner);
    const heart = heartOf(options);
    const sequence = heart === undefined ? written : waitForPeaks(written, heart);
    reportFindings(sequence, scanner, options.strict === true);
    const encoding = quiet ? undefined : inferEncoding(sequence, scanner);
    const read = performance.now();
    const { girf } = scanner.gradients ?? {};
    const played = playedSequence(sequence, scanner, girf === undefined ? undefined : readGirf(girf));
    const toEnd = options.magnetization !== undefined;
    let transmit = scanner.transmit && (await openTransmit(scanner.transmit, sequence));
    const { concomitant, nonlinearity } = scanner.gradients ?? {};
    const exact = options.precision === 'f64';
    // In the order in which `bindScanner` adds their columns.
    const terms = joinTerms([
      ...(concomitant ? [concomitantTerms(scanner.B0, scanner.gammaBar)] : []),
      ...(nonlinearity !== undefined && exact ? [momentTerms(scanner.gammaBar)] : []),
    ]);
    if (concomitant) warnOfLowField(options.scanner!, scanner.B0);
    const compileFor = (maxRfStep: Seconds, movement?: Movement): Timeline =>
      compileTimeline(played, {
        ...scanner,
        maxRfStep,
        toEnd,
        ...(terms && { terms }),
        ...(transmit && { transmitOf: transmit.columnOf }),
        ...(movement && { movement }),
      });
    let timeline = compileFor(options.dtRf);
    const compiled = performance.now();
    requireKind(phantomName, 'phantom');
    const sampler =
      timeline.sampleCount === 0
        ? undefined
        : spinSampler(timeline, encoding ?? encode(sequence, scanner), options.spinsPerVoxel);
    const t2prime = options.t2prime ?? 'none';
    const opening = { surveyOf, B0: scanner.B0, ...(sampler && { sampler }), usesT2s: t2prime !== 'none' };
    const opened = withMotions(await openPhantom(phantomName, settings.phantom, opening), options.motion);
    warnOfField(opened, scanner);
    if (opened.transmit !== undefined && transmit !== undefined)
      warn(`${opened.name}: its B1+ has no effect: the scanner has a map of its own`);
    else if (opened.transmit !== undefined) {
      transmit = phantomTransmit(opened, opened.transmit, sequence);
      timeline = compileFor(options.dtRf);
    }
    const coils = coilsFile(options);
    const { motions } = opened;
    if (motions !== undefined) requireNoneOf(opened, { t2prime, toEnd });
    const moving =
      motions && (await movingIn(opened, scanner, { motions, duration: played.duration, coils, transmit }));
    const compile = (maxRfStep: Seconds): Timelines =>
      moving === undefined
        ? [compileFor(maxRfStep)]
        : (moving.movements.map((movement) => compileFor(maxRfStep, movement)) as unknown as Timelines);
    const timelines: Timelines = moving === undefined ? [timeline] : compile(options.dtRf);
    const placed =
      moving?.source() ?? (await bindScanner(opened, scanner, { coilsFile: coils, transmit, surveyOf, exact }));
    const spuriousEcho =
      encoding === undefined || timeline.sampleCount === 0 ? undefined : predictEcho(placed, timeline, encoding);
    const dephased = t2prime === 'ensemble' ? withEnsemble(placed, sequence.duration, scanner.B0) : placed;
    const channels = t2prime === 'analytic' ? analytic(placed, sequence, scanner) : undefined;
    const phantom = channels?.source ?? dephased;
    if (spuriousEcho !== undefined) reportEcho(phantom, sequence.name, spuriousEcho, options.strict === true);
    detail(`${phantom.name}: ${phantom.spinCount} spins`);
    const seconds = { load: (read - begun + performance.now() - compiled) / 1e3, compile: (compiled - read) / 1e3 };
    return {
      ...{ scanner, sequence, encoding, timelines, compile, phantom, opened, t2prime, spuriousEcho, seconds },
      ...(channels && { mix: channels.mix }),
    };
  };
  return quiet ? silently(open) : open();
}
