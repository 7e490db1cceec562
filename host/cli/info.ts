/** `larmor info`: what a file holds, or which parameters a built-in sequence or phantom takes. */

import { statSync } from 'node:fs';
import { endingOf, kindOfName } from '../api/names.ts';
import { inferEncoding, openSequence, reportFindings } from '../api/sequence.ts';
import { usage } from '../base/errors.ts';
import { warnings } from '../base/log.ts';
import { assignment, type Parameter, type Parameters } from '../base/parameters.ts';
import { suffixesOf } from '../base/quantities.ts';
import { didYouMean } from '../base/suggest.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { openPhantom, phantomParameters } from '../phantom/open.ts';
import { isRawName, readRaw } from '../raw/index.ts';
import { type Facts, phantomFacts, rawFacts, reachOf, sequenceFacts } from '../report/facts.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import type { Sequence } from '../sequence/types.ts';
import { printJson, printLines } from './output.ts';
import { openScanner } from './scanner.ts';
import { splitSettings } from './settings.ts';

export interface InfoOptions {
  readonly scanner?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

export async function info(name: string, options: InfoOptions): Promise<void> {
  const facts = await gather(name, options);
  if (options.json) printJson(`info-${facts.kind}`, { ...facts, warnings: warnings() });
  else printLines(lines(facts));
}

async function gather(name: string, { scanner: scannerFile, set = [] }: InfoOptions): Promise<Facts> {
  const scanner = openScanner({ scanner: scannerFile });
  const ofSequence = (): Facts => {
    const sequence = openSequence(name, splitSettings(set, { sequence: name }).sequence, scanner);
    reportFindings(sequence, scanner, false);
    const builtin = builtinSequences.get(name);
    const about = builtin === undefined ? {} : { about: builtin.doc };
    return {
      kind: 'sequence',
      name,
      ...about,
      ...sequenceFacts(sequence, inferEncoding(sequence, scanner)),
      ...listed(builtin?.parameters),
    };
  };
  const ofPhantom = async (): Promise<Facts> => {
    const source = await openPhantom(name, splitSettings(set, { phantom: name }).phantom);
    const reach = reachOf(source);
    source.close();
    const about = Object.hasOwn(builtinPhantoms, name) ? { about: builtinPhantoms[name].doc } : {};
    return {
      kind: 'phantom',
      name: source.name,
      ...about,
      ...phantomFacts(source),
      ...reach,
      ...listed(phantomParameters(name) ?? {}),
    };
  };
  const ofRaw = async (): Promise<Facts> => ({ kind: 'raw', name, ...rawFacts(await readRaw(name)) });

  const kind = kindOfName(name);
  if (kind === 'sequence') return ofSequence();
  if (kind === 'phantom') return ofPhantom();
  if (kind === 'raw data') return ofRaw();
  if (['.h5', '.hdf5'].includes(endingOf(name))) return (await isRaw(name)) ? ofRaw() : ofPhantom();
  // Maps: a JSON file that names them, or the folder they are in.
  if (endingOf(name) === '.json' || statSync(name, { throwIfNoEntry: false })?.isDirectory()) return ofPhantom();
  if (isRawName(name)) return ofRaw();
  const builtins = [...builtinSequences.keys(), ...Object.keys(builtinPhantoms)];
  const otherwise =
    'give .seq, .phantom, .h5, .mat, .nii, .json, .mrd, a folder of maps, or a built-in name (larmor list)';
  throw usage(
    `'${name}' is neither a file that Larmor reads nor a built-in name`,
    didYouMean(name, builtins, () => otherwise),
  );
}

/** The parameters that `--set` takes, where there are any. */
function listed(parameters: Parameters = {}): Facts {
  return Object.keys(parameters).length === 0 ? {} : { parameters };
}

/** ISMRMRD and phantoms both end in .h5: only the one holds `dataset/xml`. */
async function isRaw(path: string): Promise<boolean> {
  try {
    await readRaw(path);
    return true;
  } catch {
    return false;
  }
}

/** Units of the text form; in JSON everything is SI, and the schema says so. */
const UNITS: Readonly<Record<string, string>> = {
  duration: 's',
  fov: 'm',
  encodedFov: 'm',
  TE: 's',
  TI: 's',
  TR: 's',
  flipAngle: 'rad',
  maxGradient: 'T/m',
  maxSlew: 'T/m/s',
  maxB1: 'T',
  B0: 'T',
  min: 'm',
  max: 'm',
  maxOffResonance: 'rad/s',
  minT1: 's',
  minT2: 's',
};

function lines(facts: Facts): string[] {
  const title = (key: string): string => (UNITS[key] === undefined ? key : `${key} [${UNITS[key]}]`);
  const width = 2 + Math.max(...Object.keys(facts).map((key) => title(key).length));
  return Object.entries(facts).flatMap(([key, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    if (key === 'parameters') return ['parameters (--set name=value)', ...parameterLines(value as Parameters)];
    if (key === 'softDelays')
      return (value as Sequence['softDelays'])!.map((delay) => `soft delay ${delay.name} = ${delay.value} s`);
    if (key === 'definitions') return Object.entries(value as object).map(([name, text]) => `  ${name} = ${text}`);
    const text = Array.isArray(value) ? value.map(short).join(' ') : short(value);
    return [`${title(key).padEnd(width)}${text}`];
  });
}

function parameterLines(parameters: Parameters): string[] {
  const entries = Object.entries(parameters).map(
    ([name, parameter]) => [assignment(name, parameter), meaning(parameter)] as const,
  );
  const width = Math.max(...entries.map(([text]) => text.length)) + 2;
  return entries.map(([text, about]) => `  ${text.padEnd(width)}${about}`);
}

/** Units that `assignment` writes as a suffix are not repeated. */
function meaning({ doc, unit }: Parameter): string {
  return unit === '' || suffixesOf(unit) !== undefined ? doc : `${doc} [${unit}]`;
}

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
