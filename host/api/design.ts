/**
 * The sequence designer of the package: the functions that the built-in sequences are written with,
 * with checked arguments and results. The arguments of each are declared here once; a wrong
 * argument is reported with its function and name, and an event that no scanner could play is not
 * made.
 */
import { usage } from '../base/errors.ts';
import { accepting, type JsonReader, list, number, record, word } from '../base/json.ts';
import { blockProblem } from '../sequence/block-checks.ts';
import {
  adcEvent,
  BLOCK_PARTS,
  channel,
  divisor,
  finite,
  gradientEvent,
  labelValue,
  positive,
  readBlock,
  rfEvent,
  sampleCount,
  samples,
  textLine,
  time,
  token,
  use,
} from '../sequence/block-readers.ts';
import * as designer from '../sequence/designer.ts';
import { valueProblem } from '../sequence/plausible.ts';
import { LONGEST_RASTER, type Scanner, SHORTEST_RASTER } from '../sequence/scanner-types.ts';
import type { AdcEvent, Block, GradientEvent, RfEvent } from '../sequence/types.ts';
import { asUsage } from './arguments.ts';

export type * from '../sequence/designer.ts';

type Reader = JsonReader<unknown>;
type Readers = Readonly<Record<string, Reader>>;

/**
 * @param declared the arguments in their order; `…name` takes all remaining ones
 * @param result checks the result, where it may be wrong even if all arguments are valid
 */
function checked<F extends (...given: never[]) => unknown>(make: F, declared: Readers, result?: Reader): F {
  const { name } = make;
  const call = (...given: never[]): unknown =>
    asUsage(() => {
      for (const [n, [key, reader]] of Object.entries(declared).entries()) {
        if (key.startsWith('…')) reader(given.slice(n), { file: name, key: key.slice(1) });
        else reader(given[n], { file: name, key });
      }
      const made = make(...given);
      result?.(made, { file: name, key: 'result' });
      return made;
    });
  return call as F;
}

/**
 * Checks that the values of an event are plausible: not an infinite B1 (a shape whose sum is zero),
 * nor a gradient in mT/m.
 */
const made =
  (reader: JsonReader<RfEvent | GradientEvent | AdcEvent>): Reader =>
  (given, location) => {
    const problem = valueProblem(reader(given, location));
    if (problem !== undefined)
      throw usage(`${location.file}: makes an event with ${problem}`, 'check the arguments and their units');
  };

const optional =
  <T>(reader: JsonReader<T>): JsonReader<T | undefined> =>
  (given, location) =>
    given === undefined ? undefined : reader(given, location);

const raster: Reader = number('s', SHORTEST_RASTER, LONGEST_RASTER);
const notNegative = accepting<number>((given) => Number.isFinite(given) && Number(given) >= 0, 'give 0 or more');
const ratio = accepting<number>(
  (given) => typeof given === 'number' && given > 0 && given < 1,
  'give a number between 0 and 1',
);
const event: JsonReader<RfEvent | GradientEvent | AdcEvent> = (given, location) => {
  const { kind } = (given ?? {}) as Partial<AdcEvent>;
  const reader: JsonReader<RfEvent | GradientEvent | AdcEvent> =
    (kind as string) === 'rf' ? rfEvent : kind === 'adc' ? adcEvent : gradientEvent;
  return reader(given, location);
};
const limits = accepting<Scanner>(
  (given) =>
    (['B1', 'gammaBar', 'Gmax', 'Smax', 'gradRaster'] as const).every((key) => {
      const value: unknown = (given as Partial<Scanner> | undefined)?.[key];
      return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY;
    }),
  'give DEFAULT_SCANNER, or what readScanner returned',
);

const pulseOptions = { gammaBar: positive, delay: time, use, frequencyOffset: finite, phaseOffset: finite };
const keys = (readers: Readers): Reader => record<object, Record<string, unknown>>({}, readers);
const options = (required: Readers, more: Readers = {}): Reader =>
  record<Record<string, unknown>, Record<string, unknown>>(required, { ...pulseOptions, ...more });

/** Samples of one pulse. */
const MOST_SAMPLES = 1e7;
/** Most samples of a Shinnar–Le Roux pulse: its computing time grows with their square. */
const MOST_SLR_SAMPLES = 2000;
/** Part of a step that a duration may be off its raster. */
const OFF_RASTER = 1e-3;

/** Options with a duration that is cut into samples. */
const sampled =
  (reader: JsonReader<unknown>, most = MOST_SAMPLES): JsonReader<unknown> =>
  (given, location) => {
    const read = reader(given, location) as { readonly duration: number; readonly raster: number };
    const count = read.duration / read.raster;
    const { file, key } = location;
    const length = `${file}: ${key}.duration is ${read.duration}`;
    if (!(count > 1 - OFF_RASTER && Math.abs(count - Math.round(count)) < OFF_RASTER))
      throw usage(`${length}, not a multiple of ${key}.raster = ${read.raster}`, 'round it with roundUp');
    if (count > most + 0.5)
      throw usage(`${length}, which is ${Math.round(count)} samples of ${read.raster} s`, `give at most ${most}`);
    return read;
  };

const shaped = { flip: finite, duration: time, raster };
const numbers: JsonReader<readonly number[]> = (given, location) =>
  given instanceof Float64Array
    ? (samples(given, location) as unknown as number[])
    : list(finite, 'numbers')(given, location);
const aPair = accepting<readonly unknown[]>((given) => Array.isArray(given) && given.length === 2, 'give two numbers');
const pair =
  (first: JsonReader<number>): JsonReader<readonly number[]> =>
  (given, location) => {
    const both = aPair(given, location);
    return [first, finite].map((reader, n) => reader(both[n], { ...location, key: `${location.key}[${n}]` }));
  };
const definitions: JsonReader<unknown> = (given, { file, key }) => {
  const readers = Object.fromEntries(Object.keys((given ?? {}) as object).map((name) => [name, definition] as const));
  for (const name of Object.keys(readers)) token(name, { file, key: `a key of ${key}` });
  return keys(readers)(given, { file, key });
};
const definition: JsonReader<unknown> = (given, location) => {
  if (typeof given === 'string') return textLine(given, location);
  return Array.isArray(given) ? list(finite, 'numbers')(given, location) : finite(given, location);
};
const blocks = list<Block>(readBlock, 'blocks', 0);

const pulse = made(rfEvent);
const gradient = made(gradientEvent);

export const hyperbolicSecant = checked(
  designer.hyperbolicSecant,
  {
    options: sampled(
      options({ duration: time, bandwidth: positive, amplitude: positive, raster }, { truncation: ratio }),
    ),
  },
  pulse,
);
export const hardPulse = checked(
  designer.hardPulse,
  { flip: notNegative, amplitude: positive, options: optional(options({})) },
  pulse,
);
export const sincPulse = checked(
  designer.sincPulse,
  { options: sampled(options({ ...shaped, timeBandwidth: positive })) },
  pulse,
);
export const gaussPulse = checked(
  designer.gaussPulse,
  { options: sampled(options({ ...shaped, bandwidth: positive })) },
  pulse,
);
export const slrPulse = checked(
  designer.slrPulse,
  {
    options: sampled(
      options({ ...shaped, flip: number('rad', 0, Math.PI), timeBandwidth: positive }),
      MOST_SLR_SAMPLES,
    ),
  },
  pulse,
);
export const shapedPulse = checked(
  designer.shapedPulse,
  { shape: samples, options: options({ flip: finite, raster }) },
  pulse,
);
export const arbitraryPulse = checked(
  designer.arbitraryPulse,
  { magnitude: samples, phase: samples, options: options({ raster }, { center: time }) },
  pulse,
);
export const scaledPulse = checked(designer.scaledPulse, { rf: rfEvent, factor: finite }, pulse);
export const sincDuration = checked(
  designer.sincDuration,
  { flip: notNegative, timeBandwidth: positive, scanner: limits, raster, atLeast: time },
  time,
);

export const trapezoid = checked(
  designer.trapezoid,
  { amplitude: finite, ramp: time, flat: time, delay: optional(time) },
  gradient,
);
export const flatTop = checked(
  designer.flatTop,
  { amplitude: finite, flat: time, scanner: limits, delay: optional(time) },
  gradient,
);
export const areaTrapezoid = checked(
  designer.areaTrapezoid,
  { area: finite, scanner: limits, timing: optional(gradientEvent) },
  gradient,
);
export const rasterGradient = checked(
  designer.rasterGradient,
  { samples: numbers, raster, delay: optional(time), edges: optional(keys({ first: finite, last: finite })) },
  gradient,
);
export const extendedGradient = checked(
  designer.extendedGradient,
  { points: list(pair(time), 'pairs of time and amplitude', 2), delay: optional(time) },
  gradient,
);
export const scaledGradient = checked(designer.scaledGradient, { event: gradientEvent, factor: finite }, gradient);
export const joinedGradients = checked(
  designer.joinedGradients,
  { '…events': list(gradientEvent, 'gradients') },
  gradient,
);
export const splitGradient = checked(designer.splitGradient, { event: gradientEvent, at: time });

export const adc = checked(
  designer.adc,
  { samples: sampleCount, dwell: time, delay: time, phaseOffset: optional(finite) },
  made(adcEvent),
);
export const setLabel = checked(designer.setLabel, { label: token, value: labelValue });
export const incrementLabel = checked(designer.incrementLabel, { label: token, value: labelValue });
export const inputTrigger = checked(designer.inputTrigger, { channel, duration: time });
export const outputTrigger = checked(designer.outputTrigger, { channel, duration: time, delay: optional(time) });
export const softDelay = checked(designer.softDelay, {
  ...{ hint: token, duration: time, options: optional(keys({ number: channel, offset: finite, factor: divisor })) },
});
export const rotationAbout = checked(designer.rotationAbout, { axis: word('x', 'y', 'z'), angle: finite });
export const rfShim = checked(designer.rfShim, { weights: list(pair(finite), 'pairs of magnitude and phase') });

export const eventEnd = checked(designer.eventEnd, { event });
export const blockOf = checked(
  designer.blockOf,
  { events: keys(BLOCK_PARTS), duration: optional(time) },
  (block, { file }) => {
    const problem = blockProblem(block as Block);
    if (problem !== undefined) throw usage(`${file}: ${problem[0]}`, problem[1]);
  },
);
export const delayOf = checked(designer.delayOf, { duration: time });
export const durationOf = checked(designer.durationOf, { blocks });
export const sequenceOf = checked(designer.sequenceOf, { name: textLine, blocks, definitions });
export const roundUp = checked(designer.roundUp, { time: finite, raster: positive }, finite);
