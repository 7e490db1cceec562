/**
 * JSON files whose every value is checked: small readers that combine into the reader of a whole
 * file. A reader takes a value and its location, and returns it with its type or throws one line
 * (exit 65) that names file and key, what is wrong and what is allowed. Unknown keys are refused: a
 * misspelt one would silently be another simulation. Arguments of the package's functions are read
 * by the same readers (`api/arguments.ts`), so a value may be of any kind.
 */
import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { badInput } from './errors.ts';
import { readInput, requireFile } from './files.ts';
import { didYouMean } from './suggest.ts';

/**
 * Location of a value: the file, and the path of keys in it (`receive.coils[2].radius`; '' for the
 * whole).
 */
export interface JsonLocation {
  readonly file: string;
  readonly key: string;
}

export type JsonReader<T> = (value: unknown, location: JsonLocation) => T;

type Readers<T> = { readonly [K in keyof T]-?: JsonReader<T[K]> };

/**
 * @param example of a file, for the message
 * @throws LarmorError 66 if the file cannot be read, 65 if it is wrong
 */
export function readJson<T>(file: string, example: string, reader: JsonReader<T>): T {
  const text = readInput(file)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw badInput(file, `not JSON (${reason})`, `give one object such as ${example}`);
  }
  if (!isObject(value)) throw badInput(file, 'not a JSON object', `give one such as ${example}`);
  return reader(value, { file, key: '' });
}

/**
 * Whether a value is a plain object of keys and values: not an array, and not an instance of a
 * class, whose keys would not be its contents.
 */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with `Object.prototype`: objects of another realm have one of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** At most 60 characters of a value; `missing` if there is none. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : inspect(value, { depth: 1, maxArrayLength: 8, breakLength: Infinity });
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

const inside = (key: string, name: string): string => (key === '' ? name : `${key}.${name}`);

/**
 * A number from `least` to `most`; ±`Number.MAX_VALUE` allow every finite one, and
 * `Number.MIN_VALUE` as the least every positive one.
 */
export function number(unit: string, least: number, most: number): JsonReader<number> {
  const range =
    most === Number.MAX_VALUE
      ? `give a ${least > 0 ? 'positive' : 'finite'} number`
      : `give ${unit === '' ? 'a number' : unit} from ${least} to ${most}`;
  return (value, { file, key }) => {
    if (typeof value !== 'number') throw badInput(file, `${key} is ${shown(value)}, not a number`, range);
    if (!(value >= least && value <= most)) throw badInput(file, `${key} is ${value}`, range);
    return value;
  };
}

export function wholeNumber(least: number, most: number): JsonReader<number> {
  const inRange = number('', least, most);
  return (value, location) => {
    const result = inRange(value, location);
    if (Number.isInteger(result)) return result;
    throw badInput(location.file, `${location.key} is ${value}`, `give a whole number from ${least} to ${most}`);
  };
}

/** A value that `is` accepts. */
export function accepting<T>(is: (given: unknown) => boolean, fix: string): JsonReader<T> {
  return (given, { file, key }) => {
    if (is(given)) return given as T;
    throw badInput(file, `${key || 'it'} is ${shown(given)}`, fix);
  };
}

export const flag = accepting<boolean>((given) => typeof given === 'boolean', 'give true or false');

export const word = <W extends string>(...words: readonly W[]): JsonReader<W> =>
  accepting((given) => words.includes(given as W), `give ${words.join(', ')}`);

/**
 * Path of an existing file; a relative one is relative to the folder of the JSON file.
 * @throws LarmorError 66
 */
export const file: JsonReader<string> = (value, location) => {
  if (typeof value !== 'string' || value === '')
    throw badInput(location.file, `${location.key} is ${shown(value)}`, 'give the name of a file');
  const path = resolve(dirname(location.file), value);
  requireFile(path);
  return path;
};

/** An array of at least `least` elements. */
export function list<T>(reader: JsonReader<T>, what: string, least = 1): JsonReader<readonly T[]> {
  return (value, { file, key }) => {
    if (!Array.isArray(value) || value.length < least)
      throw badInput(file, `${key} is ${shown(value)}`, `give a list of ${what}`);
    return value.map((element, n) => reader(element, { file, key: `${key}[${n}]` }));
  };
}

/** Three numbers, each from −`most` to `most`. */
export function vector(unit: string, most: number): JsonReader<readonly [number, number, number]> {
  const component = number(unit, -most, most);
  return (value, { file, key }) => {
    if (!Array.isArray(value) || value.length !== 3)
      throw badInput(file, `${key} is ${shown(value)}`, 'give three numbers [x, y, z]');
    const [x, y, z] = value.map((element, n) => component(element, { file, key: `${key}[${n}]` }));
    return [x!, y!, z!];
  };
}

/**
 * An object with these keys, of which `required` must be present; an undefined value, which JSON
 * does not have, counts as absent.
 */
export function record<R extends object, O extends object>(
  required: Readers<R>,
  optional: Readers<O>,
): JsonReader<R & Partial<O>> {
  const readers: Readonly<Record<string, JsonReader<unknown>>> = { ...required, ...optional };
  const known = Object.keys(readers);
  return (value, { file, key }) => {
    if (!isObject(value))
      throw badInput(file, `${key || 'it'} is ${shown(value)}`, `give an object with ${known.join(', ')}`);
    for (const name of Object.keys(required)) {
      if (!Object.hasOwn(value, name) || value[name] === undefined)
        throw badInput(file, `${key} has no '${name}'`.trimStart(), `its keys are ${known.join(', ')}`);
    }
    const result: Record<string, unknown> = {};
    for (const [name, entry] of Object.entries(value)) {
      if (!Object.hasOwn(readers, name)) {
        const hint = didYouMean(name, known, (all) => `the keys are ${all}`);
        throw badInput(file, `unknown key '${inside(key, name)}'`, hint);
      }
      if (entry !== undefined) result[name] = readers[name](entry, { file, key: inside(key, name) });
    }
    return result as R & Partial<O>;
  };
}
