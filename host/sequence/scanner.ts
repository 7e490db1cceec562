/** Reads what a scanner allows from a JSON file; keys that it leaves out keep their defaults. */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import { didYouMean } from '../base/suggest.ts';
import { DEFAULT_SCANNER, LONGEST_RASTER, type Scanner, SHORTEST_RASTER } from './types.ts';

/** Unit and plausible range of each key; times in which nothing may happen can be zero. */
const RANGES: Readonly<Record<keyof Scanner, readonly [unit: string, least: number, most: number]>> = {
  B0: ['T', 1e-6, 100],
  B1: ['T', 1e-9, 1],
  Gmax: ['T/m', 1e-6, 1000],
  Smax: ['T/m/s', 1e-3, 1e9],
  adcRaster: ['s', SHORTEST_RASTER, LONGEST_RASTER],
  blockRaster: ['s', SHORTEST_RASTER, LONGEST_RASTER],
  gradRaster: ['s', SHORTEST_RASTER, LONGEST_RASTER],
  rfRaster: ['s', SHORTEST_RASTER, LONGEST_RASTER],
  rfRingdown: ['s', 0, 10],
  rfDeadTime: ['s', 0, 10],
  adcDeadTime: ['s', 0, 10],
};

/** Keys of physics to come: refused by name, since ignoring them would give another signal than asked for. */
const PLANNED: ReadonlySet<string> = new Set(['gammaBar', 'receive', 'transmit', 'b0Map', 'gradients', 'delays']);

/** @throws LarmorError 65 naming file and key, 66 if the file cannot be read */
export function readScanner(path: string): Scanner {
  const values = parse(path);
  const scanner: Record<string, number> = { ...DEFAULT_SCANNER };
  for (const [key, value] of Object.entries(values)) {
    if (PLANNED.has(key)) throw badInput(path, `'${key}' is not simulated yet`, 'remove it');
    if (!Object.hasOwn(RANGES, key))
      throw badInput(
        path,
        `unknown key '${key}'`,
        didYouMean(key, Object.keys(RANGES), (all) => `the keys are ${all}`),
      );
    const [unit, least, most] = RANGES[key as keyof Scanner];
    const range = `give ${unit} from ${least} to ${most}`;
    if (typeof value !== 'number') throw badInput(path, `${key} is ${JSON.stringify(value)}, not a number`, range);
    if (!(value >= least && value <= most)) throw badInput(path, `${key} is ${value}`, range);
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
