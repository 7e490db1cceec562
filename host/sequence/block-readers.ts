/**
 * Readers of blocks and events that a program made: the keys of each, and the allowed values, as in
 * a Pulseq file. Files and built-in sequences are valid by construction; sequences from users of
 * the package may contain anything.
 */
import { badInput } from '../base/errors.ts';
import { accepting, flag, type JsonReader, list, number, record, wholeNumber, word } from '../base/json.ts';
import { LONGEST_BLOCK } from './plausible.ts';
import type {
  AdcEvent,
  Block,
  GradientEvent,
  LabelEvent,
  RfEvent,
  RfShimEvent,
  RfUse,
  ShapedGradientEvent,
  SoftDelayEvent,
  TrapezoidEvent,
  TriggerEvent,
} from './types.ts';

/** Integers of a Pulseq file are of 32 bits. */
const MOST = 2 ** 31 - 1;
const USES: readonly RfUse[] = [
  ...(['excitation', 'refocusing', 'inversion', 'saturation', 'preparation', 'other', 'undefined'] as const),
];

export const time = number('s', 0, LONGEST_BLOCK);
export const finite = number('', -Number.MAX_VALUE, Number.MAX_VALUE);
export const positive = number('', Number.MIN_VALUE, Number.MAX_VALUE);
export const use = word(...USES);
export const labelValue = wholeNumber(-MOST - 1, MOST);
export const sampleCount = wholeNumber(1, MOST);
export const channel = wholeNumber(0, MOST);

/** Text between white space in a file. */
export const token = accepting<string>(
  (given) => typeof given === 'string' && /^[^\s\p{C}]+$/u.test(given),
  'give a word without spaces',
);

/** A line of a file. */
export const textLine = accepting<string>(
  (given) => typeof given === 'string' && !/\p{Cc}/u.test(given),
  'give a text of one line',
);

/**
 * Reads each object once: a scan has few distinct events and arrays, but may have millions of
 * blocks.
 */
function once<T>(reader: JsonReader<T>): JsonReader<T> {
  const known = new WeakSet<object>();
  return (given, location) => {
    if (typeof given === 'object' && given !== null && known.has(given)) return given as T;
    const value = reader(given, location);
    known.add(given as object);
    return value;
  };
}

const areFinite = (values: Float64Array): boolean => values.every((value) => Number.isFinite(value));
export const samples = once(
  accepting<Float64Array>(
    (given) => given instanceof Float64Array && given.length > 0 && areFinite(given),
    'give a Float64Array of finite numbers',
  ),
);
const times = once(
  accepting<Float64Array>(
    (given) =>
      given instanceof Float64Array &&
      given.length > 0 &&
      areFinite(given) &&
      given.every((at, n) => at >= (n === 0 ? 0 : given[n - 1])),
    'give a Float64Array of times from 0 on that do not decrease',
  ),
);

/** The reader, and what must hold between the values that it read. */
const also =
  <T>(reader: JsonReader<T>, problem: (value: T) => readonly [what: string, fix: string] | undefined): JsonReader<T> =>
  (given, location) => {
    const value = reader(given, location);
    const found = problem(value);
    if (found === undefined) return value;
    throw badInput(location.file, `${location.key} ${found[0]}`.trimStart(), found[1]);
  };

const offsets = { frequencyOffset: finite, phaseOffset: finite, frequencyPpm: finite, phasePpm: finite };

export const rfEvent = also<RfEvent>(
  record<RfEvent, object>(
    {
      ...{ kind: word('rf'), delay: time, interpolation: word('held', 'linear') },
      ...{ time: times, magnitude: samples, phase: samples, center: finite, use, ...offsets },
    },
    {},
  ),
  ({ interpolation, time: at, magnitude, phase }) => {
    const count = magnitude.length;
    if (phase.length !== count)
      return [`has ${count} samples of magnitude and ${phase.length} of phase`, 'make them equal'];
    const edges = interpolation === 'held' ? count + 1 : count;
    if (at.length !== edges) return [`has ${count} samples and ${at.length} times`, `give ${edges}`];
    return undefined;
  },
);

const trapezoid = record<TrapezoidEvent, object>(
  { kind: word('trapezoid'), delay: time, amplitude: finite, rise: time, flat: time, fall: time },
  {},
);
const shape = also<ShapedGradientEvent>(
  record<ShapedGradientEvent, object>({ kind: word('shape'), delay: time, time: times, amplitude: samples }, {}),
  ({ time: at, amplitude }) => {
    if (at.length !== amplitude.length)
      return [`has ${amplitude.length} amplitudes and ${at.length} times`, 'make them equal'];
    if (at.length < 2 || at[0] !== 0) return ['does not begin at 0, or has one point', 'give two points or more'];
    return undefined;
  },
);
export const gradientEvent: JsonReader<GradientEvent> = (given, location) =>
  (given as Partial<GradientEvent> | undefined)?.kind === 'shape' ? shape(given, location) : trapezoid(given, location);

export const adcEvent = also<AdcEvent>(
  record<Omit<AdcEvent, 'phaseShape'>, Required<Pick<AdcEvent, 'phaseShape'>>>(
    { kind: word('adc'), delay: time, samples: sampleCount, dwell: time, ...offsets },
    { phaseShape: samples },
  ),
  ({ samples: count, dwell, phaseShape }) => {
    if (dwell === 0 && count > 1) return [`has ${count} samples and a dwell time of 0`, 'give a positive one'];
    if (phaseShape === undefined || phaseShape.length === count) return undefined;
    return [`has ${count} samples and a phase shape of ${phaseShape.length}`, 'make them equal'];
  },
);

const label = record<LabelEvent, object>({ label: token, mode: word('set', 'inc'), value: labelValue }, {});
const triggerEvent = record<TriggerEvent, object>(
  { type: word('output', 'input'), channel, delay: time, duration: time },
  {},
);
const isNumber = (given: unknown): given is number => Number.isFinite(given);
/** RᵀR = 1 and det R = 1, to rounding. */
const isRotation = (given: unknown): boolean => {
  if (!Array.isArray(given) || given.length !== 9 || !given.every(isNumber)) return false;
  const [a, b, c, d, e, f, g, h, i] = given as [number, number, number, number, number, number, number, number, number];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const norms = [0, 1, 2].map((row) => Math.hypot(given[3 * row], given[3 * row + 1], given[3 * row + 2]));
  return Math.abs(determinant - 1) < 1e-6 && norms.every((norm) => Math.abs(norm - 1) < 1e-6);
};
const rotation = accepting<readonly number[]>(isRotation, 'give a rotation: orthogonal rows of determinant 1');
const shim = also<RfShimEvent>(
  record<Omit<RfShimEvent, 'applied'>, Required<Pick<RfShimEvent, 'applied'>>>(
    { magnitude: list(finite, 'numbers'), phase: list(finite, 'numbers') },
    { applied: flag as JsonReader<true> },
  ),
  ({ magnitude, phase }) =>
    magnitude.length === phase.length
      ? undefined
      : [`has ${magnitude.length} magnitudes and ${phase.length} phases`, 'make them equal'],
);
export const divisor = accepting<number>((given) => isNumber(given) && given !== 0, 'give a number other than 0');
const softDelay = record<SoftDelayEvent, object>({ number: channel, hint: token, offset: finite, factor: divisor }, {});

const gradient = once(gradientEvent);
/** Optional parts of a block besides its duration. */
export const BLOCK_PARTS = {
  ...{ rf: once(rfEvent), gx: gradient, gy: gradient, gz: gradient, adc: once(adcEvent) },
  ...{ labels: once(list(label, 'labels', 0)), triggers: once(list(triggerEvent, 'triggers', 0)) },
  ...{ rotation: once(rotation), shim: once(shim), softDelay: once(softDelay) },
} satisfies { readonly [K in Exclude<keyof Block, 'duration' | 'common'>]: JsonReader<Block[K]> };

export const readBlock: JsonReader<Block> = record<{ duration: number }, Omit<Required<Block>, 'duration' | 'common'>>(
  { duration: finite },
  BLOCK_PARTS,
);
