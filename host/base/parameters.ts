/**
 * Parameters of built-in sequences and phantoms, and options of phantom files, declared as a table:
 * `larmor info` prints it, `--set name=value` is parsed by it, and messages about a wrong name or
 * value list the alternatives.
 */
import { usage } from './errors.ts';
import { warn } from './log.ts';
import { formatQuantity, likelyUnit, parseQuantity, suffixesOf } from './quantities.ts';
import { didYouMean } from './suggest.ts';

export interface Parameter {
  /** In SI. */
  readonly default: number | string;
  /** SI unit of the number, '' for counts and ratios, or the words allowed, `a|b|c`. */
  readonly unit: string;
  readonly doc: string;
  /** Smallest number allowed; without one any finite number is. */
  readonly minimum?: number;
  /** The minimum itself is refused. */
  readonly exclusive?: boolean;
  readonly maximum?: number;
  readonly integer?: boolean;
  /** Larger magnitudes are taken, with a warning: probably a wrong unit. */
  readonly plausible?: number;
}

export type Parameters = Readonly<Record<string, Parameter>>;
export type Values<P extends Parameters = Parameters> = {
  readonly [K in keyof P]: P[K]['default'] extends number ? number : string;
};
/** As given by a caller (numbers in SI) or the command line (texts, which may have a unit). */
export type Given = Readonly<Record<string, number | string>>;

/**
 * Defaults overlaid with `given`.
 * @param owner what the parameters belong to, as messages name it
 * @throws LarmorError 2 for an unknown name or a value that cannot be
 */
export function completeParameters<P extends Parameters>(owner: string, parameters: P, given: Given): Values<P> {
  const values: Record<string, number | string> = {};
  for (const [name, parameter] of Object.entries(parameters)) values[name] = parameter.default;
  for (const [name, text] of Object.entries(given)) {
    if (!Object.hasOwn(parameters, name)) {
      const hint = didYouMean(name, Object.keys(parameters), (all) => (all === '' ? 'it takes none' : `it has ${all}`));
      throw usage(`${owner} has no parameter '${name}'`, hint);
    }
    values[name] = parameterValue(owner, name, parameters[name], text);
  }
  return values as Values<P>;
}

/** One value, checked. */
function parameterValue(owner: string, name: string, parameter: Parameter, text: number | string): number | string {
  if (typeof parameter.default === 'string') {
    const problem = wordProblem(parameter, String(text));
    if (problem !== undefined) throw usage(`${owner}: ${name}=${text} ${problem}`, about(name, parameter));
    return String(text);
  }
  const { unit, plausible } = parameter;
  if (typeof text === 'string' && text.trim() === '') {
    throw usage(
      `${owner}: ${name}= has no value`,
      `${about(name, parameter)}, for example ${name}=${shown(parameter)}`,
    );
  }
  const value = typeof text === 'string' ? parseQuantity(text, unit) : text;
  const problem = numberProblem(parameter, value);
  const likely = (accepts: (value: number) => boolean): string | undefined =>
    typeof text === 'string' ? likelyUnit(name, text, unit, accepts) : undefined;
  if (problem !== undefined) {
    const hint = Number.isNaN(value) ? undefined : likely((other) => numberProblem(parameter, other) === undefined);
    throw usage(`${owner}: ${name}=${text} ${problem}`, hint ?? about(name, parameter));
  }
  if (plausible !== undefined && Math.abs(value) > plausible) {
    const hint =
      likely((other) => Math.abs(other) <= plausible) ?? `expected at most ${formatQuantity(plausible, unit)}`;
    warn(`${owner}: ${name}=${text} is ${formatQuantity(value, unit)}, which is implausible; ${hint}`);
  }
  // The smallest angles in degrees, 1 to 6, are possible radians too.
  if (typeof text === 'string' && unit === 'rad' && Number.isInteger(value) && value !== 0) {
    const hint = likely(() => true);
    if (hint !== undefined) warn(`${owner}: ${name}=${text} is ${formatQuantity(value, unit)}; ${hint}`);
  }
  return value;
}

/** The parameter's meaning and default, as the hint of an error. */
function about(name: string, parameter: Parameter): string {
  return `${name} is ${parameter.doc}, by default ${shown(parameter)}`;
}

/** The default as it could be given. */
function shown({ default: value, unit }: Parameter): string {
  return typeof value === 'number' ? formatQuantity(value, unit) : `'${value}'`;
}

/** `name=default`, as `larmor info` lists it. */
export function assignment(name: string, { default: value, unit }: Parameter): string {
  const text =
    typeof value === 'number' && suffixesOf(unit) !== undefined ? formatQuantity(value, unit) : String(value);
  return `${name}=${text}`;
}

function wordProblem({ unit }: Parameter, value: string): string | undefined {
  const words = unit.split('|');
  return words.length < 2 || words.includes(value) ? undefined : `is none of ${words.join(', ')}`;
}

function numberProblem(parameter: Parameter, value: number): string | undefined {
  const { unit, minimum, exclusive, maximum, integer } = parameter;
  const suffixes = suffixesOf(unit);
  if (Number.isNaN(value))
    return suffixes === undefined ? 'is not a number' : `is not a number with one of the units ${suffixes}`;
  // Spins are f32: what overflows there is infinite, what underflows is 0.
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return 'is not a finite number';
  if (integer && !Number.isSafeInteger(value)) return 'is not a whole number';
  const bound = (limit: number): string => formatQuantity(limit, unit);
  if (minimum !== undefined && value < minimum) return `is less than ${bound(minimum)}`;
  if (minimum !== undefined && exclusive && rounded === minimum) return `is not greater than ${bound(minimum)}`;
  if (maximum !== undefined && value > maximum * (1 + 1e-12)) return `is more than ${bound(maximum)}`;
  return undefined;
}
