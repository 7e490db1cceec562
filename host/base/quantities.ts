/**
 * Quantities as people write them: a number with a unit suffix (`230mm`, `5ms`, `90deg`, `50Hz`); a
 * bare number is in SI. Parameters, options and soft delays are all parsed and printed here.
 */

/** Radians per degree. */
export const DEGREE = Math.PI / 180;

/** Suffixes by SI unit, with their size in that unit. The first that suits is used for printing. */
const SUFFIXES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  m: { m: 1, cm: 1e-2, mm: 1e-3, um: 1e-6, µm: 1e-6, μm: 1e-6, nm: 1e-9 },
  s: { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9, min: 60, h: 3600 },
  rad: { rad: 1, deg: DEGREE, '°': DEGREE },
  Hz: { Hz: 1, kHz: 1e3, MHz: 1e6 },
  'm/s': { 'm/s': 1, 'cm/s': 1e-2, 'mm/s': 1e-3 },
  's/m2': { 's/m2': 1, 's/mm2': 1e6 },
};

/** Suffixes to print with, largest first. */
const PRINTED: Readonly<Record<string, readonly string[]>> = {
  m: ['m', 'mm', 'um', 'nm'],
  s: ['s', 'ms', 'us', 'ns'],
  rad: ['deg'],
  Hz: ['MHz', 'kHz', 'Hz'],
  'm/s': ['m/s', 'cm/s', 'mm/s'],
  's/m2': ['s/mm2'],
};

/** The unit that a bare number was probably meant in. */
const LIKELY: Readonly<Record<string, { readonly suffix: string; readonly name: string }>> = {
  m: { suffix: 'mm', name: 'millimetres' },
  s: { suffix: 'ms', name: 'milliseconds' },
  rad: { suffix: 'deg', name: 'degrees' },
};

/** Numbers that JavaScript reads in other bases: 0x10, 0b1, 0o7. */
const OTHER_BASE = /^\s*[+-]?0[xbo]/i;

/** @returns the value in `unit` (SI), NaN if `text` is not a quantity of that unit */
export function parseQuantity(text: string, unit: string): number {
  const [number, suffix] = splitSuffix(text.trim(), unit);
  if (number.trim() === '' || OTHER_BASE.test(number)) return Number.NaN;
  return Number(number) * (suffix === undefined ? 1 : SUFFIXES[unit][suffix]);
}

/** Whether a text has no unit, so that its number is taken for SI. */
function isBare(text: string, unit: string): boolean {
  return splitSuffix(text.trim(), unit)[1] === undefined;
}

function splitSuffix(text: string, unit: string): [number: string, suffix: string | undefined] {
  const suffixes = Object.keys(SUFFIXES[unit] ?? {}).sort((a, b) => b.length - a.length);
  const suffix = suffixes.find((name) => text.endsWith(name));
  return suffix === undefined ? [text, undefined] : [text.slice(0, -suffix.length), suffix];
}

/**
 * Six digits and the suffix that suits: 0.005 s is `5ms`. Angles are printed in degrees.
 * @param digits of the number that is printed
 */
export function formatQuantity(value: number, unit: string, digits = 6): string {
  const suffixes = PRINTED[unit];
  const rounded = (number: number): string => String(Number(number.toPrecision(digits)));
  if (suffixes === undefined) return `${rounded(value)}${unit === '' ? '' : ` ${unit}`}`;
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = (suffix: string): number => SUFFIXES[unit][suffix];
  const suffix = suffixes.find((name) => Math.abs(value) >= size(name) * (1 - 1e-9)) ?? suffixes.at(-1)!;
  return `${rounded(value / size(suffix))}${suffix}`;
}

/**
 * The suffixes that a unit takes, for messages: `s, ms, us, ns, min or h`; undefined for a number
 * without any.
 */
export function suffixesOf(unit: string): string | undefined {
  const names = Object.keys(SUFFIXES[unit] ?? {}).filter((name) => /^[a-z/\d]+$/i.test(name));
  return names.length === 0 ? undefined : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/**
 * What a bare number was probably meant as, if it is acceptable in that unit: `5` s may have been
 * `5ms`.
 * @returns `write te=5ms if milliseconds are meant`
 */
export function likelyUnit(
  name: string,
  text: string,
  unit: string,
  accepts: (value: number) => boolean,
): string | undefined {
  const likely = LIKELY[unit];
  if (likely === undefined || !isBare(text, unit)) return undefined;
  const written = `${text.trim()}${likely.suffix}`;
  return accepts(parseQuantity(written, unit)) ? `write ${name}=${written} if ${likely.name} are meant` : undefined;
}
