/**
 * Options of `larmor sweep` converted to those of the package's functions, and its `--set
 * name=values` to axes of the grid.
 */
import { InvalidArgumentError, type Option } from 'commander';
import { scannerOf } from '../api/options.ts';
import { bare, rounded, type SweepAxis, splitName, sweepAxis, valuesOf } from '../api/sweep-axes.ts';
import type { SimulateOptions } from '../api/types.ts';
import { usage } from '../base/errors.ts';
import { didYouMean } from '../base/suggest.ts';
import type { JobCommandOptions } from './request.ts';
import { openScanner } from './scanner.ts';

export interface RunCommandOptions extends Omit<JobCommandOptions, 'magnetization'> {
  readonly noise?: { readonly sigma: number; readonly atDwell?: number };
  readonly snr?: number;
  readonly seed?: number;
}

/** Options of the command that belong to the scanner, and what they replace there. */
const OF_SCANNER = { coils: 'receive', b1Map: 'transmit', b0Map: 'b0Map' } as const;

/** Options of the command that the package calls otherwise. */
const RENAMED: Readonly<Record<string, string>> = { dtRf: 'maxRfStep' };

const PLAIN = [
  ...['precision', 't2prime', 'strict', 'dtRf', 'spinsPerVoxel', 'motion', 'heartRate', 'rPeaks', 'engine', 'gpu'],
  ...['threads', 'tile', 'tolerance', 'exact', 'noise', 'snr', 'seed', 'initialMagnetization', 'startTime'],
];

/** @throws LarmorError 2, 65 or 66 for a wrong scanner */
export function simulateOptions(options: RunCommandOptions): SimulateOptions {
  const plain = PLAIN.filter((name) => Reflect.get(options, name) !== undefined);
  return {
    scanner: openScanner(options),
    ...Object.fromEntries(plain.map((name) => [RENAMED[name] ?? name, Reflect.get(options, name)])),
  };
}

/**
 * @param declared options of the command: `option.NAME` takes those that have a value
 * @throws LarmorError 2
 */
export function axesOf(
  texts: readonly string[],
  names: { readonly sequence: string; readonly phantom: string },
  declared: readonly Option[],
): SweepAxis[] {
  return texts.map((text) => {
    const [, name, list] = text.match(/^([^=]+)=(.*)$/s) ?? [];
    if (name === undefined || list === undefined)
      throw usage(`--set ${text} is not name=values`, 'write for example --set flip=5deg,15deg or flip=2deg:60deg:8');
    const { owner, key } = splitName(name, names);
    return owner === 'option' ? optionAxis(name, key, list, declared) : sweepAxis(name, list, names);
  });
}

/** Values are read as the command reads them. */
function optionAxis(name: string, key: string, list: string, declared: readonly Option[]): SweepAxis {
  const varying = declared.filter(
    (option) => option.attributeName() === 'scanner' || attributes.includes(option.attributeName()),
  );
  const option = varying.find(({ long }) => long === `--${key}`);
  if (option === undefined)
    throw usage(
      `--set ${name}: there is no option --${key} to vary`,
      didYouMean(
        key,
        varying.map(({ long }) => long!.slice(2)),
        (all) => `there are ${all}`,
      ),
    );
  const attribute = option.attributeName();
  const values = valuesOf(name, list).map((text) => {
    const value = parsed(option, name, text);
    const known = bare(typeof value === 'number' ? rounded(value) : text);
    return { shown: typeof known === 'number' ? known : text, apply: applied(attribute, value) };
  });
  return { name, unit: unitOf(option), values };
}

const attributes = [...PLAIN, ...Object.keys(OF_SCANNER)];

/** Unit of an option, from the placeholder of its value. */
function unitOf({ flags }: Option): string {
  if (flags.includes('<time>')) return 's';
  return flags.includes('<f>') ? 'Hz' : '';
}

function parsed(option: Option, name: string, text: string): unknown {
  if (option.isBoolean()) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw usage(`--set ${name}=${text} is not possible`, 'give true or false');
  }
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw usage(`--set ${name}=${text}`, error.message.replace(/\.$/, ''));
  }
}

function applied(attribute: string, value: unknown): (options: SimulateOptions) => SimulateOptions {
  const ofScanner = Object.hasOwn(OF_SCANNER, attribute) ? OF_SCANNER[attribute as keyof typeof OF_SCANNER] : undefined;
  if (ofScanner === undefined) return (options) => ({ ...options, [RENAMED[attribute] ?? attribute]: value });
  return (options) => ({
    ...options,
    scanner: { ...scannerOf(options.scanner), [ofScanner]: openScanner({ [attribute]: value })[ofScanner] },
  });
}
