/**
 * Parameters of built-in sequences: what `larmor info epi` lists and `--set name=value` sets. Names, ranges and the
 * words of refusal stand here once, so that a sequence's own file holds its timing and nothing else.
 */
import { usage } from '../../common/errors.ts';
import type { Scanner, Sequence } from '../types.ts';

export interface Parameter {
  readonly default: number;
  /** Unit as printed; '' for plain numbers. */
  readonly unit: string;
  readonly doc: string;
  /** Smallest value allowed; without one any finite number is. */
  readonly minimum?: number;
  /** The minimum itself is refused. */
  readonly exclusive?: boolean;
  readonly maximum?: number;
  readonly integer?: boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;
export type Values<P extends Parameters = Parameters> = Readonly<Record<keyof P, number>>;

export interface BuiltinSequence {
  readonly name: string;
  readonly doc: string;
  readonly parameters: Parameters;
  /**
   * The sequence for some parameters given and the rest at their defaults.
   * @throws LarmorError 2 on an unknown name, a value out of range or a combination that the scanner cannot play
   */
  make(given: Readonly<Record<string, number>>, scanner: Scanner): Sequence;
}

/** Completes and checks what was given before `build` sees it; `isGiven` tells a wish from a default, which may give way. */
export function builtin<P extends Parameters>(
  name: string,
  doc: string,
  parameters: P,
  build: (values: Values<P>, scanner: Scanner, isGiven: (key: keyof P) => boolean) => Sequence,
): BuiltinSequence {
  const make: BuiltinSequence['make'] = (given, scanner) =>
    build(complete(name, parameters, given), scanner, (key) => Object.hasOwn(given, key));
  return { name, doc, parameters, make };
}

function complete<P extends Parameters>(
  name: string,
  parameters: P,
  given: Readonly<Record<string, number>>,
): Values<P> {
  const values = Object.fromEntries(Object.entries(parameters).map(([key, { default: value }]) => [key, value]));
  for (const [key, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (parameter === undefined) throw unknownParameter(name, key, parameters);
    const problem = refusal(parameter, value);
    if (problem !== undefined) throw wrongValue(name, key, parameter, String(value), problem);
    values[key] = value;
  }
  return values as Values<P>;
}

function refusal(parameter: Parameter, value: number): string | undefined {
  const { minimum, exclusive, maximum, integer } = parameter;
  if (!Number.isFinite(value)) return 'is not a finite number';
  if (integer && !Number.isInteger(value)) return 'is not a whole number';
  if (minimum !== undefined && value < minimum) return `is less than ${minimum}`;
  if (minimum !== undefined && exclusive && value === minimum) return `is not greater than ${minimum}`;
  if (maximum !== undefined && value > maximum) return `is more than ${maximum}`;
  return undefined;
}

/** `name=value` texts of the command line as numbers, for `make`. @throws LarmorError 2 naming what exists */
export function parseParameters(
  sequence: BuiltinSequence,
  settings: ReadonlyMap<string, string>,
): Readonly<Record<string, number>> {
  const given: Record<string, number> = {};
  for (const [key, text] of settings) {
    const parameter = Object.hasOwn(sequence.parameters, key) ? sequence.parameters[key] : undefined;
    if (parameter === undefined) throw unknownParameter(sequence.name, key, sequence.parameters);
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value)) throw wrongValue(sequence.name, key, parameter, text, 'is not a number');
    given[key] = value;
  }
  return given;
}

function unknownParameter(name: string, key: string, parameters: Parameters): Error {
  return usage(`${name} has no parameter '${key}'`, `it has ${Object.keys(parameters).join(', ')}`);
}

function wrongValue(name: string, key: string, parameter: Parameter, value: string, problem: string): Error {
  const unit = parameter.unit === '' ? '' : ` ${parameter.unit}`;
  return usage(
    `${name}: ${key}=${value} ${problem}`,
    `${key} is ${parameter.doc}, by default ${parameter.default}${unit}`,
  );
}

/** A time that the events before it do not fit into. */
export function tooShort(name: string, key: string, wanted: number, earliest: number): Error {
  const least = (Math.ceil(earliest * 1e7 - 1e-3) / 1e7).toFixed(7);
  return usage(`${name}: ${key}=${wanted} s is too short`, `the shortest is ${least} s (0 takes it)`);
}
