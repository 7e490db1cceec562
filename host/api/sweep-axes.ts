/**
 * What varies in a sweep: `name=values` as axes of a grid. A value is applied to the options of a
 * run just as `--set` or an option of `simulate` would give it, so that a point of the grid has the
 * bits of that one command.
 *
 *     10ms,20ms,50ms       a list
 *     2deg:60deg:8         8 evenly spaced values from 2° to 60°; a unit at one end is that of both
 */
import { usage } from '../base/errors.ts';
import type { Parameter } from '../base/parameters.ts';
import { parseQuantity } from '../base/quantities.ts';
import { didYouMean } from '../base/suggest.ts';
import { phantomParameters } from '../phantom/open.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import { optionsOf } from './arguments.ts';
import { scannerOf } from './options.ts';
import { settingOwner } from './setting-owner.ts';
import type { ScannerInput, SimulateOptions } from './types.ts';

export interface SweepValue {
  /** As a table has it: a number in SI, or a word. */
  readonly shown: number | string;
  readonly apply: (options: SimulateOptions) => SimulateOptions;
}

export interface SweepAxis {
  /** As it was given. */
  readonly name: string;
  /** Unit of the numbers; '' for counts, ratios and unknown units. */
  readonly unit: string;
  readonly values: readonly SweepValue[];
}

/** One run of the grid. */
export interface SweepPoint {
  readonly values: Readonly<Record<string, number | string>>;
  readonly apply: (options: SimulateOptions) => SimulateOptions;
}

type Owner = 'sequence' | 'phantom' | 'scanner' | 'option';

/** Runs of one sweep at most. */
const MOST_RUNS = 100_000;

/** A name of `vary` in its parts. @throws LarmorError 2 */
export function splitName(
  name: string,
  names: { readonly sequence: string | undefined; readonly phantom: string | undefined },
): { readonly owner: Owner; readonly key: string } {
  const [, owner, key] = name.match(/^(sequence|phantom|scanner|option)\.(.+)$/s) ?? [];
  if (owner !== undefined) return { owner: owner as Owner, key: key! };
  const known = {
    ...(names.sequence !== undefined && { sequence: names.sequence }),
    ...(names.phantom !== undefined && { phantom: names.phantom }),
  };
  return { owner: settingOwner(name, name, known), key: name };
}

/**
 * @param names of sequence and phantom; undefined for one that is open already, whose parameters
 *   cannot vary
 * @throws LarmorError 2 for an unknown name or invalid values
 */
export function sweepAxis(
  name: string,
  given: string | readonly (number | string)[],
  names: { readonly sequence: string | undefined; readonly phantom: string | undefined },
): SweepAxis {
  const { owner, key } = splitName(name, names);
  const values = typeof given === 'string' ? valuesOf(name, given) : given;
  if (values.length === 0) throw usage(`${name} has no values`, `give for example ${name}=1,2,3`);
  if (owner === 'sequence' || owner === 'phantom') {
    const parameter = parameterOf(owner, key, names[owner]);
    // The names of a sequence file are its soft delays.
    const unit = parameter === undefined ? 's' : parameter.unit;
    const isWord = typeof parameter?.default === 'string';
    const option = owner === 'sequence' ? 'sequenceParameters' : 'phantomParameters';
    return {
      name,
      unit: isWord ? '' : unit,
      values: values.map((value) => ({
        shown: isWord ? String(value) : inSi(value, unit),
        apply: (options) => ({ ...options, [option]: { ...options[option], [key]: value } }),
      })),
    };
  }
  if (owner === 'option' && !VARIABLE.includes(key))
    throw usage(
      `there is no option '${key}' to vary`,
      didYouMean(key, VARIABLE, (all) => `there are ${all}`),
    );
  return {
    name,
    unit: key === 'B0' ? 'T' : '',
    values: values.map((value) => {
      const known = bare(value);
      return {
        shown: typeof known === 'boolean' ? String(known) : known,
        apply: (options) =>
          owner === 'option'
            ? { ...options, [key]: known }
            : { ...options, scanner: withKey(options.scanner, key.split('.'), known) },
      };
    }),
  };
}

/** Options whose values are numbers or words. */
const VARIABLE = optionsOf('simulate').filter(
  (name) => !/^(scanner|sequenceParameters|phantomParameters|signal|onWarning|noise|magnetization|verify)$/.test(name),
);

function parameterOf(owner: 'sequence' | 'phantom', key: string, of: string | undefined): Parameter | undefined {
  if (of === undefined) throw usage(`${owner}.${key} cannot vary: the ${owner} is open`, `name the ${owner} instead`);
  const known = owner === 'sequence' ? builtinSequences.get(of)?.parameters : phantomParameters(of);
  if (known === undefined || Object.hasOwn(known, key)) return known?.[key];
  throw usage(
    `${of} has no parameter '${key}'`,
    didYouMean(key, Object.keys(known), (all) => (all === '' ? 'it takes none' : `it has ${all}`)),
  );
}

/** A number where it is one: what is none is refused when it is used. */
function inSi(value: number | string, unit: string): number | string {
  const number = typeof value === 'number' ? value : parseQuantity(value, unit);
  return Number.isNaN(number) ? value : rounded(number);
}

/** Without the last bits of a conversion: 50us is 5e-5. */
export const rounded = (value: number): number => Number(value.toPrecision(12));

/** A text as JSON would have it. */
export function bare(value: number | string): number | string | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
}

/** A scanner with one key replaced. */
function withKey(scanner: ScannerInput | undefined, path: readonly string[], value: unknown): ScannerInput {
  const within = (object: object, [first, ...rest]: readonly string[]): object => {
    const inner: unknown = Reflect.get(object, first!);
    const nested = typeof inner === 'object' && inner !== null ? inner : {};
    return { ...object, [first!]: rest.length === 0 ? value : within(nested, rest) };
  };
  return within(scannerOf(scanner), path);
}

/** The values that a text lists. @throws LarmorError 2 */
export function valuesOf(name: string, text: string): string[] {
  return text.split(',').flatMap((piece) => {
    const ends = piece.trim().split(':');
    if (ends.length === 3) return evenly(name, piece, ends as [string, string, string]);
    if (ends.length > 1 && NUMBER.test(ends[0].trim()))
      throw usage(
        `${name}=${piece} is not start:stop:count`,
        `for example ${name}=${ends[0].trim()}:${ends[1].trim()}:8`,
      );
    return [piece.trim()];
  });
}

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(.*)$/i;

function evenly(name: string, piece: string, [first, last, times]: [string, string, string]): string[] {
  const wrong = (fix: string): Error => usage(`${name}=${piece} is not start:stop:count`, fix);
  const [from, to] = [first, last].map((end) => {
    const [, number, unit] = end.trim().match(NUMBER) ?? [];
    return { number: Number(number ?? Number.NaN), unit: unit ?? '' };
  }) as [{ number: number; unit: string }, { number: number; unit: string }];
  const count = Number(times);
  const example = `for example ${name}=${last.replace(/^[^a-z%°µ]*/i, '') === '' ? '1:10:4' : `1${to.unit}:10${to.unit}:4`}`;
  if (Number.isNaN(from.number) || Number.isNaN(to.number)) throw wrong(`give numbers, ${example}`);
  if (!Number.isInteger(count) || count < 1 || count > MOST_RUNS || times.trim() === '')
    throw wrong(`the count is a whole number from 1, ${example}`);
  if (from.unit !== '' && to.unit !== '' && from.unit !== to.unit)
    throw wrong(`give both ends in one unit, ${example}`);
  const unit = from.unit || to.unit;
  return Array.from({ length: count }, (_, n) => {
    const value = from.number + (count === 1 ? 0 : (n * (to.number - from.number)) / (count - 1));
    return `${rounded(value)}${unit}`;
  });
}

/**
 * All combinations: the first axis varies slowest.
 * @throws LarmorError 2 for too many, or a name given twice
 */
export function gridOf(axes: readonly SweepAxis[]): SweepPoint[] {
  const twice = axes.find(({ name }, n) => axes.findIndex((other) => other.name === name) !== n);
  if (twice !== undefined) throw usage(`${twice.name} is varied twice`, 'list all its values in one place');
  const runs = axes.reduce((product, { values }) => product * values.length, 1);
  if (runs > MOST_RUNS) throw usage(`the sweep has ${runs} runs`, `give at most ${MOST_RUNS}`);
  return axes.reduce<SweepPoint[]>(
    (points, { name, values }) =>
      points.flatMap((point) =>
        values.map((value) => ({
          values: { ...point.values, [name]: value.shown },
          apply: (options) => value.apply(point.apply(options)),
        })),
      ),
    [{ values: {}, apply: (options) => options }],
  );
}
