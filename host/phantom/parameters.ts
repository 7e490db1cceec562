/**
 * Parameters of built-in phantoms and options of phantom files: declared once as a table, from which `larmor info`
 * prints the list, values are parsed, and a wrong name or value is answered with what exists.
 */
import { usage } from '../common/errors.ts';

export interface ParameterSpec {
  readonly default: number | string;
  /** Unit of the number, '' for counts and ratios, or the words allowed, `a|b|c`. */
  readonly unit: string;
  readonly doc: string;
  /** Smallest number allowed. */
  readonly min?: number;
  /** `min` itself is not allowed. */
  readonly exclusive?: boolean;
  readonly integer?: boolean;
}

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
export type ParameterValues<T extends ParameterSpecs> = {
  readonly [K in keyof T]: T[K]['default'] extends number ? number : string;
};

/**
 * Defaults overlaid with `given`.
 * @param owner what the parameters belong to, as the message names it, e.g. `phantom head2d`
 * @throws LarmorError 2 for an unknown name or a value out of its range
 */
export function parseParameters<T extends ParameterSpecs>(
  owner: string,
  specs: T,
  given: Readonly<Record<string, string>>,
): ParameterValues<T> {
  const values: Record<string, number | string> = {};
  for (const [name, spec] of Object.entries(specs)) values[name] = spec.default;
  for (const [name, text] of Object.entries(given)) {
    if (!Object.hasOwn(specs, name)) {
      const known = Object.keys(specs).join(', ');
      throw usage(`${owner} has no parameter '${name}'`, known ? `it has ${known}` : 'it takes none');
    }
    values[name] = parseValue(owner, name, specs[name], text);
  }
  return values as ParameterValues<T>;
}

function parseValue(owner: string, name: string, spec: ParameterSpec, text: string): number | string {
  const wrong = (mend: string) => usage(`${owner}: ${name}=${text} cannot be used`, mend);
  if (typeof spec.default === 'string') {
    const words = spec.unit.includes('|') ? spec.unit.split('|') : undefined;
    if (words && !words.includes(text)) throw wrong(`give one of ${words.join(', ')}`);
    return text;
  }
  const unit = spec.unit ? ` [${spec.unit}]` : '';
  const value = text.trim() === '' ? Number.NaN : Number(text);
  // Spins are f32: what overflows there is infinite, what underflows is 0.
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw wrong(`give a number${unit}, e.g. ${spec.default}`);
  if (spec.integer && !Number.isSafeInteger(value)) throw wrong(`give a whole number, e.g. ${spec.default}`);
  const { min = Number.NEGATIVE_INFINITY, exclusive } = spec;
  if (value < min || (exclusive && rounded === min)) {
    throw wrong(`give ${exclusive ? 'more than' : 'at least'} ${min}${unit}`);
  }
  return value;
}
