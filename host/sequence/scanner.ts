/** Reads what a scanner allows from a JSON file; keys that it leaves out keep their defaults. */
import { badInput } from '../common/errors.ts';
import { readInput } from '../common/files.ts';
import { DEFAULT_SCANNER, type Scanner } from './types.ts';

const UNITS: Readonly<Record<keyof Scanner, string>> = {
  B0: 'T',
  B1: 'T',
  Gmax: 'T/m',
  Smax: 'T/m/s',
  adcRaster: 's',
  blockRaster: 's',
  gradRaster: 's',
  rfRaster: 's',
  rfRingdown: 's',
  rfDeadTime: 's',
  adcDeadTime: 's',
};

/** Times in which nothing may happen can be zero; a field, a limit or a raster cannot. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['rfRingdown', 'rfDeadTime', 'adcDeadTime']);

/** @throws LarmorError 65 naming file and key, 66 if the file cannot be read */
export function readScanner(path: string): Scanner {
  const values = parse(path);
  const scanner: Record<string, number> = { ...DEFAULT_SCANNER };
  for (const [key, value] of Object.entries(values)) {
    if (!Object.hasOwn(UNITS, key))
      throw badInput(path, `unknown key '${key}'`, `the keys are ${Object.keys(UNITS).join(', ')}`);
    const unit = UNITS[key as keyof Scanner];
    const allowed = MAY_BE_ZERO.has(key) ? 'zero or more' : 'more than zero';
    if (typeof value !== 'number')
      throw badInput(path, `${key} is ${JSON.stringify(value)}, not a number`, `give ${unit}, ${allowed}`);
    if (!Number.isFinite(value) || value < 0 || (value === 0 && !MAY_BE_ZERO.has(key)))
      throw badInput(path, `${key} is ${value}`, `give ${unit}, ${allowed}`);
    scanner[key] = value;
  }
  return scanner as unknown as Scanner;
}

function parse(path: string): object {
  const text = readInput(path).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw badInput(path, `not JSON (${reason})`, 'give one object such as {"B0": 3, "Gmax": 0.08}');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw badInput(path, 'not a JSON object', 'give one such as {"B0": 3, "Gmax": 0.08}');
}
