/**
 * Parameters of built-in sequences and phantoms and options of their files: declared as a table, from which `larmor info`
 * prints the list, `--set name=value` is parsed, and a wrong name or value is answered with what exists.
 */
import { usage } from './errors.ts';

export interface Parameter {
  readonly default: number | string;
  /** Unit of the number, '' for counts and ratios, or the words allowed, `a|b|c`. */
  readonly unit: string;
  readonly doc: string;
  /** Smallest number allowed; without one any finite number is. */
  readonly minimum?: number;
  /** The minimum itself is refused. */
  readonly exclusive?: boolean;
  readonly maximum?: number;
  readonly integer?: boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;
export type Values<P extends Parameters = Parameters> = {
  readonly [K in keyof P]: P[K]['default'] extends number ? number : string;
};
/** As given by a caller (numbers) or the command line (texts). */
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
      const known = Object.keys(parameters).join(', ');
      throw usage(`${owner} has no parameter '${name}'`, known === '' ? 'it takes none' : `it has ${known}`);
    }
    const parameter = parameters[name]!;
    const value = typeof parameter.default === 'string' ? String(text) : numberOf(text);
    const problem = typeof value === 'string' ? wordProblem(parameter, value) : numberProblem(parameter, value);
    if (problem !== undefined) {
      const unit = parameter.unit === '' ? '' : ` ${parameter.unit}`;
      const mend = `${name} is ${parameter.doc}, by default ${parameter.default}${unit}`;
      throw usage(`${owner}: ${name}=${text} ${problem}`, mend);
    }
    values[name] = value;
  }
  return values as Values<P>;
}

function numberOf(given: number | string): number {
  return typeof given === 'string' && given.trim() === '' ? Number.NaN : Number(given);
}

function wordProblem({ unit }: Parameter, value: string): string | undefined {
  const words = unit.split('|');
  return words.length < 2 || words.includes(value) ? undefined : `is none of ${words.join(', ')}`;
}

function numberProblem({ minimum, exclusive, maximum, integer }: Parameter, value: number): string | undefined {
  if (Number.isNaN(value)) return 'is not a number';
  // Spins are f32: what overflows there is infinite, what underflows is 0.
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return 'is not a finite number';
  if (integer && !Number.isSafeInteger(value)) return 'is not a whole number';
  if (minimum !== undefined && value < minimum) return `is less than ${minimum}`;
  if (minimum !== undefined && exclusive && rounded === minimum) return `is not greater than ${minimum}`;
  if (maximum !== undefined && value > maximum) return `is more than ${maximum}`;
  return undefined;
}
