/**
 * Arguments and options of the package's functions, declared once: names, kinds and ranges. They
 * are checked before anything else, by the readers that also check JSON files, so that a wrong
 * value is reported with its function and argument, and a misspelt name does not silently give
 * another simulation.
 */
import { badInput, EXIT, LarmorError } from '../base/errors.ts';
import { accepting, flag, isObject, type JsonReader, list, number, record, wholeNumber, word } from '../base/json.ts';
import type { Given } from '../base/parameters.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { MAP_NAMES, PLANES } from '../plots/phantom.ts';
import { EXTRA_TRACES } from '../plots/sequence.ts';
import type { AcquiredData, RawData } from '../raw/types.ts';
import { type Image, PARTS, REAL_PARTS } from '../recon/image.ts';
import { requireSound } from '../sequence/block-checks.ts';
import { scannerKeys } from '../sequence/scanner.ts';
import type { Sequence } from '../sequence/types.ts';
import { BOUNDS, COUNTS, WORDS } from './limits.ts';
import type {
  CallOptions,
  PhantomOptions,
  PhantomPlotOptions,
  ReconstructOptions,
  ReportOptions,
  ScannerInput,
  ScanOptions,
  SequenceOptions,
  SequencePlotOptions,
  SignalPlotOptions,
  SimulateOptions,
  Simulation,
  SweepOptions,
} from './types.ts';

/** A reader of each option. */
type Readers<T> = { readonly [K in keyof T]-?: JsonReader<unknown> };

/** A name goes to the file system, which takes no zero character. */
const isName = (given: unknown): boolean => typeof given === 'string' && given !== '' && !given.includes('\0');
const path = accepting<string>(isName, 'give the name of a file');
const name = accepting<string>(isName, 'give a name, or that of a file');
const callback = accepting((given) => typeof given === 'function', 'give a function');

/** Properties of a value of any kind. */
const of = <T>(given: unknown): Partial<T> => (given ?? {}) as Partial<T>;
const isTriple = (given: unknown): boolean => Array.isArray(given) && given.length === 3;

function isSequence(given: unknown): given is Sequence {
  const { block, blockCount } = of<Sequence>(given);
  return typeof block === 'function' && Number.isSafeInteger(blockCount);
}

function isPhantom(given: unknown): boolean {
  const { read, spinCount, close } = of<PhantomSource>(given);
  return typeof read === 'function' && typeof close === 'function' && Number.isSafeInteger(spinCount);
}

function isRaw(given: unknown): boolean {
  const { signal, coils = 0, samples = 0, encoding } = of<RawData>(given);
  return signal instanceof Float64Array && signal.length === 2 * coils * samples && Array.isArray(encoding?.readouts);
}

function isAcquired(given: unknown): boolean {
  const { acquisitions, encodedMatrix, reconMatrix } = of<AcquiredData>(given);
  return Array.isArray(acquisitions) && isTriple(encodedMatrix) && isTriple(reconMatrix);
}

function isImage(given: unknown): boolean {
  const { data, matrix, voxel, origin, directions, coils = 0, contrasts = 0, repetitions = 0 } = of<Image>(given);
  if (!(data instanceof Float32Array) || ![matrix, voxel, origin, directions].every(isTriple)) return false;
  const [nx, ny, nz] = matrix!;
  return directions!.every(isTriple) && data.length === 2 * coils * contrasts * repetitions * nx * ny * nz;
}

const anySequence = accepting<string | Sequence>(
  (given) => isName(given) || isSequence(given),
  'give a name, a file, or what readSequence returned',
);
const anyPhantom = accepting<string | PhantomSource>(
  (given) => isName(given) || isPhantom(given),
  'give a name, a file, or what openPhantom returned',
);
const anyRaw = accepting<string | RawData | AcquiredData>(
  (given) => isName(given) || isRaw(given) || isAcquired(given),
  "give a file, what readRaw returned, or 'raw' of a simulation",
);
const anyRun = accepting<string | Simulation | AcquiredData>(
  (given) =>
    isName(given) || isAcquired(given) || (isRaw(of<Simulation>(given).raw) && isObject(of<Simulation>(given).summary)),
  'give a file, what readRaw returned, or what simulate returned',
);
const anyEncoded = accepting<string | Sequence | RawData | AcquiredData>(
  (given) => isName(given) || isSequence(given) || isRaw(given) || isAcquired(given),
  'give a name, a file, a sequence or raw data',
);
const openSequence = accepting<Sequence>(isSequence, 'give what readSequence returned');
const simulatedRaw = accepting<RawData>(isRaw, "give 'raw' of a simulation");
const image = accepting<Image>(isImage, 'give what reconstruct returned');

const isParameter = (given: unknown): boolean => typeof given === 'string' || typeof given === 'number';
const parameter = accepting<string | number>(isParameter, 'give a number, or a text with a unit');
const parameters: JsonReader<Given> = (given, { file, key }) => {
  if (!isObject(given)) return accepting<never>(isObject, "give an object such as { te: '5ms' }")(given, { file, key });
  for (const [one, value] of Object.entries(given)) parameter(value, { file, key: `${key}.${one}` });
  return given as Given;
};

const scanner: JsonReader<ScannerInput> = (given, location) =>
  isObject(given) ? scannerKeys(given, location) : path(given, location);

const noise = record<{ sigma: number }, { atDwell: number }>(
  { sigma: number('', ...BOUNDS.sigma) },
  { atDwell: number('s', ...BOUNDS.atDwell) },
);

const isArray = (given: unknown): boolean => given instanceof Float64Array || given instanceof Float32Array;
const state = accepting<string | Float64Array>(
  (given) => isName(given) || isArray(given),
  "give a .npy file, or 'magnetization' of a simulation",
);

const isSignal = (given: unknown): boolean =>
  typeof of<AbortSignal>(given).addEventListener === 'function' && typeof of<AbortSignal>(given).aborted === 'boolean';

const words = (known: readonly string[]): JsonReader<readonly string[]> => list(word(...known), known.join(', '), 0);

const spinsPerVoxel = wholeNumber(...COUNTS.spinsPerVoxel);

const CALL: Readers<CallOptions> = { onWarning: callback };
const SCAN: Readers<ScanOptions> = {
  ...CALL,
  scanner,
  sequenceParameters: parameters,
  phantomParameters: parameters,
  precision: word(...WORDS.precision),
  tolerance: number('', ...BOUNDS.tolerance),
  exact: flag,
  maxRfStep: number('s', ...BOUNDS.maxRfStep),
  t2prime: word(...WORDS.t2prime),
  spinsPerVoxel: (given, location) => (given === 'auto' ? given : spinsPerVoxel(given, location)),
  motion: path,
  initialMagnetization: state,
  startTime: number('s', ...BOUNDS.timeOfScan),
  heartRate: number('Hz', ...BOUNDS.heartRate),
  rPeaks: path,
  strict: flag,
  engine: word(...WORDS.engine),
  gpu: accepting(isName, "give the number of a GPU as text ('0'), or part of its name"),
  threads: wholeNumber(...COUNTS.threads),
  tile: wholeNumber(...COUNTS.tile),
  signal: accepting(isSignal, 'give the signal of an AbortController'),
};
const SIMULATE: Readers<SimulateOptions> = {
  ...SCAN,
  noise,
  snr: number('', ...BOUNDS.snr),
  seed: wholeNumber(...COUNTS.seed),
  magnetization: flag,
  verify: flag,
};
const varying: JsonReader<SweepOptions['vary']> = (given, { file, key }) => {
  if (!isObject(given))
    return accepting<never>(isObject, "give an object such as { flip: '5deg:60deg:6' }")(given, { file, key });
  for (const [one, values] of Object.entries(given))
    if (typeof values !== 'string') list(parameter, 'numbers or texts')(values, { file, key: `${key}.${one}` });
  return given as SweepOptions['vary'];
};
const { magnetization: _, ...EACH_RUN } = SIMULATE;
const SWEEP: Readers<SweepOptions> = { ...EACH_RUN, vary: varying, roi: path };
const SEQUENCE: Readers<SequenceOptions> = { ...CALL, parameters, scanner };
const PHANTOM: Readers<PhantomOptions> = { ...CALL, parameters, B0: number('T', ...BOUNDS.B0), motion: path };
const RECONSTRUCT: Readers<ReconstructOptions> = {
  ...CALL,
  eachCoil: flag,
  maxPixels: wholeNumber(...COUNTS.maxPixels),
};
const SEQUENCE_PLOT: Readers<SequencePlotOptions> = {
  ...SEQUENCE,
  from: number('s', ...BOUNDS.timeOfScan),
  to: number('s', ...BOUNDS.timeOfScan),
  tr: wholeNumber(...COUNTS.ordinal),
  traces: words(EXTRA_TRACES),
};
const PHANTOM_PLOT: Readers<PhantomPlotOptions> = {
  ...PHANTOM,
  planes: words(PLANES),
  maps: words(MAP_NAMES),
};
const SIGNAL_PLOT: Readers<SignalPlotOptions> = {
  ...CALL,
  readout: wholeNumber(...COUNTS.ordinal),
  coil: wholeNumber(...COUNTS.ordinal),
};

const REPORT: Readers<ReportOptions> = { ...CALL, sequence: anySequence, phantom: anyPhantom, scanner };

type Declared = Readonly<Record<string, JsonReader<unknown>>>;

/** Arguments of each function, and its options. */
const FUNCTIONS = {
  simulate: [{ sequence: anySequence, phantom: anyPhantom }, SIMULATE],
  plan: [
    { sequence: anySequence, phantom: anyPhantom },
    { ...SCAN, ranks: wholeNumber(...COUNTS.ranks) },
  ],
  sweep: [{ sequence: anySequence, phantom: anyPhantom }, SWEEP],
  readSequence: [{ name }, SEQUENCE],
  checkSequence: [{ sequence: openSequence, scanner }, CALL],
  writeSequence: [
    { path, sequence: openSequence },
    { ...CALL, scanner },
  ],
  openPhantom: [{ name }, PHANTOM],
  readScanner: [{ path }, CALL],
  readRaw: [{ path }, CALL],
  writeRaw: [{ path, raw: simulatedRaw }, CALL],
  reconstruct: [{ raw: anyRaw }, RECONSTRUCT],
  writeImage: [
    { path, image },
    { ...CALL, part: word(...PARTS) },
  ],
  writeReport: [{ path, of: anyRun }, REPORT],
  plotSequence: [{ sequence: anySequence }, SEQUENCE_PLOT],
  plotKspace: [{ of: anyEncoded }, SEQUENCE],
  plotPhantom: [{ phantom: anyPhantom }, PHANTOM_PLOT],
  plotSignal: [{ raw: anyRaw }, SIGNAL_PLOT],
  plotImage: [{ image }, { ...CALL, parts: words(REAL_PARTS) }],
} satisfies Readonly<Record<string, readonly [Declared, Declared]>>;

export type FunctionName = keyof typeof FUNCTIONS;

/** Two options that say the same thing in different ways. */
const CONTRADICTIONS = [
  ['exact', 'tolerance'],
  ['noise', 'snr'],
  ['heartRate', 'rPeaks'],
] as const;

/**
 * @param given the arguments by name, the options among them
 * @throws LarmorError 2 that names function and argument; 65 that names block and key of a
 *   sequence; 66 for a file of a scanner that is not there
 */
export function checkArguments(of: FunctionName, given: Readonly<Record<string, unknown>>): void {
  const [readers, optionReaders]: readonly [Declared, Declared] = FUNCTIONS[of];
  const chosen = asUsage(() => {
    for (const [key, reader] of Object.entries(readers)) reader(given[key], { file: of, key });
    const options = record<object, Record<string, unknown>>({}, optionReaders)(given.options, {
      file: of,
      key: 'options',
    });
    for (const pair of CONTRADICTIONS) {
      if (pair.every((option) => (options[option] ?? false) !== false))
        throw badInput(of, `options.${pair[0]} and options.${pair[1]} contradict each other`, 'leave one of them out');
    }
    return options;
  });
  for (const value of [...Object.keys(readers).map((key) => given[key]), chosen.sequence])
    if (isSequence(value)) requireSound(value);
}

/** Runs `check`; bad input in it is reported as wrong usage. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof LarmorError) || error.exitCode !== EXIT.badInput) throw error;
    throw new LarmorError(EXIT.usage, error.message);
  }
}

/**
 * Names of options in messages: as on the command line, and as in this package where the two differ
 * by more than case.
 */
const RENAMED: Readonly<Record<string, string>> = { 'dt-rf': 'maxRfStep', set: 'parameter' };
const kebab = (option: string): string => option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const OPTION_OF: ReadonlyMap<string, string> = new Map([
  ...Object.values(FUNCTIONS).flatMap(([, readers]) => Object.keys(readers).map((key) => [kebab(key), key] as const)),
  ...Object.entries(RENAMED),
]);
const COMMAND_OPTION = /(?<![\w-])--([a-z][a-z0-9-]*)/g;

/**
 * A message about an option of the command, such as `--dt-rf`, with the name that the option has in
 * this package.
 */
export const inOptionNames = (message: string): string =>
  message.replaceAll(COMMAND_OPTION, (text, option: string) => OPTION_OF.get(option) ?? text);

/** Names of a function's options. */
export const optionsOf = (name: FunctionName): readonly string[] => Object.keys(FUNCTIONS[name][1]);
