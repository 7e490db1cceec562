/** Ticks at round numbers, and units with a suitable prefix for a range: 0.0025 s is 2.5 ms. */

const PREFIXES: readonly (readonly [prefix: string, size: number])[] = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
  ['', 1],
  ['m', 1e-3],
  ['µ', 1e-6],
  ['n', 1e-9],
  ['p', 1e-12],
];

/** Units that take prefixes, and the prefixes that are usual with each. */
const USUAL: Readonly<Record<string, string>> = {
  s: ' mµn',
  T: ' mµn',
  'T/m': ' mµ',
  Hz: 'Mk ',
  m: ' mµ',
};

export interface ScaledUnit {
  /** As axes show it: `ms`, `mT/m`; empty where there is none. */
  readonly text: string;
  /** Size of one of it in SI. */
  readonly size: number;
}

/**
 * The unit in which a range up to `largest` in magnitude is read most easily; a power of ten where
 * there is no unit. Lengths of a body are in millimetres.
 */
export function scaledUnit(unit: string, largest: number): ScaledUnit {
  if (unit === '' && largest > 0 && (largest < 1e-2 || largest >= 1e5)) {
    const exponent = Math.floor(Math.log10(largest));
    return { text: `10${superscript(exponent)}`, size: Number(`1e${exponent}`) };
  }
  const usual = USUAL[unit];
  if (usual === undefined || !(largest > 0)) return { text: unit, size: 1 };
  const reach = unit === 'm' && largest > 1e-3 ? 0.5 : largest;
  const allowed = PREFIXES.filter(([prefix]) => usual.includes(prefix === '' ? ' ' : prefix));
  const [prefix, size] = allowed.find(([, size]) => reach >= size * 0.9999) ?? allowed.at(-1)!;
  return { text: `${prefix}${unit}`, size };
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Round numbers from `from` to `to`, about `count` of them, in a unit of `size`. */
export function ticksOf(from: number, to: number, count: number, size = 1): Tick[] {
  const [low, high] = [Math.min(from, to) / size, Math.max(from, to) / size];
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [{ at: from, text: shortNumber(from / size) }];
  const step = roundStep(span / Math.max(1, count));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const largest = Math.max(Math.abs(low), Math.abs(high));
  // A window of microseconds, minutes into a scan, needs all digits, up to the precision of f64.
  if (step < largest * 1e-13) return [{ at: from, text: shortNumber(from / size) }];
  const ticks: Tick[] = [];
  for (let n = Math.ceil(low / step - 1e-6); n * step <= high + step * 1e-6; n++) {
    const value = n * step;
    const text = largest >= 1e6 || largest < 1e-3 ? shortNumber(value) : value.toFixed(digits);
    ticks.push({ at: value * size, text: minus(n === 0 ? '0' : text) });
  }
  return ticks;
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((n) => n * power >= least * (1 - 1e-9))! * power;
  return Number(step.toPrecision(1));
}

/** The largest of 1, 2 and 5 times a power of ten that is not above `most`. */
export function roundBelow(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return Number(([5, 2, 1].find((n) => n * power <= most * (1 + 1e-9))! * power).toPrecision(1));
}

/** Four digits, with a power of ten where there would be many zeros. */
export function shortNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -3 && exponent < 6) return minus(String(Number(value.toPrecision(4))));
  const mantissa = Number((value / 10 ** exponent).toPrecision(3));
  return minus(`${mantissa}·10${superscript(exponent)}`);
}

function superscript(n: number): string {
  return [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('');
}

const minus = (text: string): string => text.replace('-', '−');

/** A value with its unit, `2.5 ms`. */
export function quantity(value: number, unit: string): string {
  const { text, size } = scaledUnit(unit, Math.abs(value));
  return unit === '' ? shortNumber(value) : `${shortNumber(value / size)} ${text}`;
}
