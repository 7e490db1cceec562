/** What a run simulates: sequence, scanner and phantom opened, checked and brought together. */
import { letEventsThrough } from '../base/context.ts';
import { badInput, usage } from '../base/errors.ts';
import { detail, silently, warn } from '../base/log.ts';
import type { Given } from '../base/parameters.ts';
import type { Hertz, Seconds } from '../base/units.ts';
import { type Dephased, withT2Prime } from '../model/apply-t2prime.ts';
import { makeCompiler } from '../model/compiler.ts';
import { placePhantom, type Reach } from '../model/placed.ts';
import type { T2Prime } from '../model/t2prime.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { withInitial } from '../phantom/initial.ts';
import { withMotions } from '../phantom/motion/file.ts';
import { motionsSince } from '../phantom/motion/time-curve.ts';
import { openPhantom } from '../phantom/open.ts';
import type { SpinSampler } from '../phantom/sub-voxel.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { warnOfReach } from '../phantom/unit-check.ts';
import type { Precision } from '../program/types.ts';
import type { EchoPrediction } from '../sampling/point-check.ts';
import { predictEcho } from '../sampling/predict-echo.ts';
import { spinSampler } from '../sampling/sampler.ts';
import { encode } from '../sequence/encoding.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import { type HeartSignal, heartSince, readHeart, regularHeart, waitForPeaks } from '../sequence/heart.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import type { Timelines } from '../timeline/types.ts';
import { requireKind } from './names.ts';
import { inferEncoding, openSequence, reportFindings } from './sequence.ts';
import { reportEcho } from './spurious-echo.ts';

/** What to simulate: names are opened, open objects are used as they are. */
export interface Request {
  readonly sequence: string | Sequence;
  /** Parameters of a sequence given by name. */
  readonly sequenceParameters: Given;
  readonly phantom: string | PhantomSource;
  /** Parameters of a phantom given by name. */
  readonly phantomParameters: Given;
  readonly scanner: Scanner;
  /** The option or file that names the receive coils, for messages. */
  readonly coilsName: string;
  readonly precision: Precision;
  /** How T2* acts beside T2. */
  readonly t2prime: T2Prime;
  /**
   * Whether the magnetisation at the end of the sequence is wanted; the sequence then needs no ADC.
   */
  readonly toEnd: boolean;
  /** Refuse what exceeds the limits of the scanner. */
  readonly strict: boolean;
  /** Longest RF step. */
  readonly maxRfStep: Seconds;
  /** Spins per voxel of a voxel phantom; auto: as many as the sequence needs. */
  readonly spinsPerVoxel: number | 'auto';
  /** File of motions that are added to the phantom's own. */
  readonly motion: string | undefined;
  /** What the spins start from instead of thermal equilibrium: a .npy file, or [spins][x, y, z]. */
  readonly initialMagnetization: string | ArrayLike<number> | undefined;
  /** Time on the clock of motions and heart signal at which the sequence begins [s]. */
  readonly startTime: Seconds;
  /** R peaks that input triggers wait for: their rate, or a file of them. */
  readonly heartRate: Hertz | undefined;
  readonly rPeaks: string | undefined;
}

export interface Inputs {
  readonly scanner: Scanner;
  readonly sequence: Sequence;
  /**
   * How the sequence encodes space, on rank 0, which writes: inferred before anything is simulated,
   * so that a wrong label ends the run at once.
   */
  readonly encoding: Encoding | undefined;
  readonly timelines: Timelines;
  /** The same with other steps in pulses, to verify a run. */
  readonly compile: (maxRfStep: Seconds) => Timelines;
  readonly phantom: PhantomSource;
  /**
   * The phantom as in its file, without the columns that fields, T2′ offsets and T2′ channels add.
   */
  readonly opened: PhantomSource;
  readonly t2prime: T2Prime;
  readonly maxRfStep: Seconds;
  readonly startTime: Seconds;
  /** Box of all places that moving spins reach during the sequence; absent: they rest. */
  readonly reach?: Reach;
  /**
   * Combines the channels in which the phantom is received into one signal [samples][re, im];
   * absent: each channel is a coil.
   */
  readonly mix?: Dephased['mix'];
  /**
   * On rank 0: the predicted spurious echo, that is, dephased magnetisation that too few spins
   * rephase.
   */
  readonly spuriousEcho: EchoPrediction | undefined;
  readonly seconds: { readonly load: number; readonly compile: number };
}

function heartOf({ heartRate, rPeaks }: Request): HeartSignal | undefined {
  if (rPeaks !== undefined) return readHeart(rPeaks);
  return heartRate === undefined ? undefined : regularHeart(heartRate);
}

function sequenceOf(request: Request): Sequence {
  const { sequence, sequenceParameters, scanner } = request;
  const written = typeof sequence === 'string' ? openSequence(sequence, sequenceParameters, scanner) : sequence;
  const heart = heartOf(request);
  return heart === undefined ? written : waitForPeaks(written, heartSince(heart, request.startTime));
}

/** @param sampler chooses the spins of each voxel, for a voxel phantom that is opened here */
async function phantomOf(
  { phantom, phantomParameters, scanner, t2prime, motion, initialMagnetization, startTime }: Request,
  surveyOf: SurveyOf,
  sampler: SpinSampler | undefined,
): Promise<PhantomSource> {
  const opening = { surveyOf, B0: scanner.B0, ...(sampler && { sampler }), usesT2s: t2prime !== 'none' };
  // A phantom that was open already stays open.
  const opened =
    typeof phantom === 'string'
      ? await openPhantom(phantom, phantomParameters, opening)
      : { ...phantom, close: () => {} };
  if (initialMagnetization !== undefined && typeof phantom === 'string' && opened.spins !== undefined) {
    opened.close();
    const what =
      'its spin positions are chosen for the sequence, so an initial magnetisation cannot be assigned to them';
    throw badInput(opened.name, what, `fix them in a file: larmor phantom make ${phantom} -o spins.phantom`);
  }
  const moving = motionsSince(withMotions(opened, motion), startTime);
  return initialMagnetization === undefined ? moving : withInitial(moving, initialMagnetization, surveyOf);
}

/**
 * The field strength of a tissue table: off-resonance is scaled to the scanner's field, relaxation
 * times are not.
 */
function warnOfField({ B0, parameters, knowsField }: PhantomSource, scanner: Scanner): void {
  const table = parameters?.tissues;
  if (table === undefined || knowsField || B0 === scanner.B0) return;
  warn(
    `${table}: the tissues are those of ${B0} T, but the scanner has ${scanner.B0} T; off-resonance is scaled, ` +
      'T1 and T2 are used unchanged',
  );
}

/** Whether the parameters of a phantom of voxels say how many spins a voxel has. */
const statesSpins = ({ parameters = {} }: PhantomSource): boolean =>
  Number(parameters.spinsPerVoxel) > 0 || Number(parameters.upsampling) > 0;

/** Objects that are open already have their parameters. */
function requireNames({ sequence, sequenceParameters, phantom, phantomParameters, spinsPerVoxel }: Request): void {
  const names = (given: Given): string => Object.keys(given).join(', ');
  const fix = 'give the parameters when opening it';
  if (typeof sequence !== 'string' && names(sequenceParameters) !== '')
    throw usage(`the sequence is open already and takes no parameters (${names(sequenceParameters)})`, fix);
  if (typeof phantom === 'string') return;
  if (names(phantomParameters) !== '')
    throw usage(`the phantom is open already and takes no parameters (${names(phantomParameters)})`, fix);
  if (spinsPerVoxel !== 'auto')
    throw usage(
      'spinsPerVoxel has no effect on a phantom that is open already',
      'give the name of the phantom instead',
    );
}

/**
 * @throws LarmorError 2 for a T2′ method that splits a spin into several, or that needs its history
 */
function requireOneState({ initialMagnetization, t2prime }: Request): void {
  if (initialMagnetization === undefined || t2prime === 'none') return;
  const what = `--t2prime ${t2prime} cannot start from an initial magnetisation, which lacks the history of each spin`;
  throw usage(what, 'leave out one of the two');
}

/**
 * @param ask makes the request: what it throws is one rank's error like any other
 * @param quiet on ranks that should not repeat what rank 0 says
 * @throws LarmorError 2, 65 or 66
 */
export async function openInputs(
  ask: () => Request,
  { quiet, surveyOf }: { readonly quiet: boolean; readonly surveyOf: SurveyOf },
): Promise<Inputs> {
  const open = async (): Promise<Inputs> => {
    const begun = performance.now();
    const request = ask();
    requireNames(request);
    requireOneState(request);
    const { scanner, precision, t2prime, toEnd, maxRfStep, spinsPerVoxel } = request;
    const sequence = sequenceOf(request);
    await letEventsThrough();
    reportFindings(sequence, scanner, request.strict);
    const encoding = quiet ? undefined : inferEncoding(sequence, scanner);
    const read = performance.now();
    await letEventsThrough();
    const exact = precision === 'f64';
    const compiler = await makeCompiler(sequence, scanner, { toEnd, exact });
    const timeline = compiler.compile(maxRfStep);
    const compiled = performance.now();
    await letEventsThrough();
    if (typeof request.phantom === 'string') requireKind(request.phantom, 'phantom');
    const { sampleCount } = timeline;
    const encoded = (): Encoding => encoding ?? encode(sequence, scanner);
    const count = spinsPerVoxel === 'auto' ? undefined : spinsPerVoxel;
    const sampler = sampleCount === 0 ? undefined : spinSampler(timeline, encoded(), count);
    const opened = await phantomOf(request, surveyOf, sampler);
    const parts = { scanner, sequence, encoding, opened, t2prime, maxRfStep, startTime: request.startTime };
    try {
      await letEventsThrough();
      warnOfField(opened, scanner);
      warnOfReach(opened, warn);
      const placing = { maxRfStep, coilsName: request.coilsName, surveyOf, exact };
      const { source, atRest, timelines, reach, compile } = await placePhantom(
        opened,
        scanner,
        compiler,
        timeline,
        placing,
      );
      await letEventsThrough();
      const spuriousEcho =
        encoding === undefined || sampleCount === 0 ? undefined : predictEcho(source, atRest, encoding);
      const { source: phantom, mix } = withT2Prime(source, t2prime, sequence, scanner);
      if (spuriousEcho !== undefined) {
        const { strict } = request;
        reportEcho(phantom, sequence.name, spuriousEcho, {
          strict,
          chosen: count === undefined && !statesSpins(opened),
        });
      }
      detail(`${phantom.name}: ${phantom.spinCount} spins`);
      const seconds = { load: (read - begun + performance.now() - compiled) / 1e3, compile: (compiled - read) / 1e3 };
      const made = { ...(mix && { mix }), ...(reach && { reach }) };
      return { ...parts, timelines, compile, phantom, spuriousEcho, seconds, ...made };
    } catch (error) {
      opened.close();
      throw error;
    }
  };
  return quiet ? silently(open) : open();
}
