/**
 * A sequence by name, built-in or in a Pulseq file, with its parameters; checks against the limits
 * of the scanner; and how it encodes space.
 */
import { existsSync } from 'node:fs';
import { badInput, usage } from '../base/errors.ts';
import { detail, warn } from '../base/log.ts';
import { completeParameters, type Given } from '../base/parameters.ts';
import { formatQuantity, likelyUnit, parseQuantity } from '../base/quantities.ts';
import { didYouMean } from '../base/suggest.ts';
import type { Seconds } from '../base/units.ts';
import { builtinSequences, makeBuiltin } from '../sequence/builtin/index.ts';
import { checkSequence } from '../sequence/checks.ts';
import { encode } from '../sequence/encoding.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import { inertParts } from '../sequence/inert.ts';
import { readPulseq } from '../sequence/pulseq/read.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Sequence } from '../sequence/types.ts';
import { endingOf, requireKind } from './names.ts';

/**
 * A `.seq` file or a built-in sequence. Soft delays of a file are given like parameters.
 * @throws LarmorError 2, 65, 66
 */
export function openSequence(name: string, given: Given, scanner: Scanner): Sequence {
  if (builtinSequences.has(name)) return makeBuiltin(name, given, scanner);
  requireKind(name, 'sequence');
  if (!/[./\\]/.test(name) && !existsSync(name)) {
    throw usage(
      `there is no sequence '${name}'`,
      didYouMean(name, builtinSequences.keys(), (all) => `give a .seq file or one of ${all}`),
    );
  }
  if (endingOf(name) === '.json')
    throw badInput(
      name,
      'is JSON, which Larmor exports for other programs but does not read as a sequence',
      'give the .seq (larmor sequence make NAME -o FILE.seq)',
    );
  const softDelays = Object.entries(given).map(([key, value]) => [key, softDelay(name, key, value)] as const);
  return readPulseq(name, { softDelays: Object.fromEntries(softDelays), gammaBar: scanner.gammaBar });
}

/**
 * Returns a function that checks single values of a sequence's parameters without making the
 * sequence for each.
 * @param given parameters with which a file is opened, so that wrong names are found
 * @throws LarmorError 2, 65, 66
 */
export function settingsCheck(name: string, given: Given, scanner: Scanner): (settings: Given) => void {
  const builtin = builtinSequences.get(name);
  if (builtin !== undefined) return (settings) => void completeParameters(name, builtin.parameters, settings);
  openSequence(name, given, scanner);
  return (settings) => {
    for (const [key, value] of Object.entries(settings)) softDelay(name, key, value);
  };
}

/** Longer soft delays [s] are taken, with a warning: probably a wrong unit. */
const PLAUSIBLE_DELAY = 20;

function softDelay(name: string, key: string, given: number | string): Seconds {
  const text = String(given);
  const value = parseQuantity(text, 's');
  if (!Number.isFinite(value))
    throw usage(`--set ${key}=${text} is not a time`, `${name} takes soft delays, for example ${key}=10ms`);
  if (value > PLAUSIBLE_DELAY) {
    const hint = likelyUnit(key, text, 's', (other) => other <= PLAUSIBLE_DELAY) ?? 'check its unit';
    warn(`${name}: ${key}=${text} is ${formatQuantity(value, 's')}, which is implausible; ${hint}`);
  }
  return value;
}

/**
 * Exceeding scanner limits is a warning, or an error with `--strict`; contents that have no effect
 * are always a warning; raster misalignment is shown with -v.
 */
export function reportFindings(sequence: Sequence, scanner: Scanner, strict: boolean): void {
  for (const { block, what, fix, severity } of checkSequence(sequence, scanner)) {
    const location = `${sequence.name}: block ${block + 1}`;
    if (strict && severity === 'warning') throw badInput(location, what, `${fix}, or run without --strict`);
    (severity === 'warning' ? warn : detail)(`${location}: ${what}; ${fix}`);
  }
  for (const text of inertParts(sequence, scanner)) warn(text);
}

/**
 * How the sequence encodes space, with a warning about each doubtful point.
 * @throws LarmorError 65
 */
export function inferEncoding(sequence: Sequence, scanner: Scanner): Encoding {
  const encoding = encode(sequence, scanner);
  for (const text of [...encoding.warnings, ...implausibleTimes(sequence, encoding)]) warn(text);
  return encoding;
}

/**
 * Echo and repetition times [s] beyond these are probably milliseconds in the file's [DEFINITIONS].
 */
const PLAUSIBLE_TE = 5;
const PLAUSIBLE_TR = 60;

function implausibleTimes({ name }: Sequence, { TE, TR }: Encoding): string[] {
  const shown = (time: Seconds): string => formatQuantity(time, 's');
  const [repetition = Number.POSITIVE_INFINITY] = TR;
  const echo = Math.max(0, ...TE);
  const unit = 'times in a file are in seconds';
  const texts: string[] = [];
  if (TR.length > 0 && repetition > PLAUSIBLE_TR)
    texts.push(`TR is ${shown(repetition)}, which is implausible; ${unit} (${shown(repetition / 1e3)}?)`);
  if (echo > PLAUSIBLE_TE) texts.push(`TE is ${shown(echo)}, which is implausible; ${unit} (${shown(echo / 1e3)}?)`);
  if (echo > repetition)
    texts.push(`TE (${shown(echo)}) is longer than TR (${shown(repetition)}); check both and their units`);
  return texts.map((text) => `${name}: ${text}`);
}
