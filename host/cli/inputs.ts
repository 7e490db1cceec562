/** Sequence, scanner and phantom from what the command line names. */
import { badInput, usage } from '../common/errors.ts';
import { detail, warn } from '../common/log.ts';
import { openPhantom } from '../phantom/open.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { builtinSequences, makeBuiltin } from '../sequence/builtin/index.ts';
import { checkSequence } from '../sequence/checks.ts';
import { readPulseq } from '../sequence/pulseq/read.ts';
import { readScanner } from '../sequence/scanner.ts';
import { DEFAULT_SCANNER, type Scanner, type Sequence } from '../sequence/types.ts';
import { splitSettings } from './settings.ts';

export interface InputOptions {
  readonly scanner?: string;
  readonly set?: readonly string[];
  readonly strict?: boolean;
}

export interface Inputs {
  readonly scanner: Scanner;
  readonly sequence: Sequence;
}

export function openScanner(path: string | undefined): Scanner {
  return path === undefined ? DEFAULT_SCANNER : readScanner(path);
}

/** A `.seq` file or a built-in sequence. Soft delays of a file are set like parameters. */
export function openSequence(name: string, settings: ReadonlyMap<string, string>, scanner: Scanner): Sequence {
  if (builtinSequences.has(name)) return makeBuiltin(name, settings, scanner);
  if (!/[./\\]/.test(name)) {
    throw usage(
      `there is no sequence '${name}'`,
      `give a .seq file or one of ${[...builtinSequences.keys()].join(', ')}`,
    );
  }
  const softDelays: Record<string, number> = {};
  for (const [key, text] of settings) {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw usage(`--set ${key}=${text} is not a number`, 'soft delays are set in seconds');
    softDelays[key] = value;
  }
  return readPulseq(name, { softDelays });
}

/** Timing and hardware limits: told as warnings, or refused with `--strict`. */
export function reportFindings(sequence: Sequence, scanner: Scanner, strict: boolean, quiet: boolean): void {
  const findings = checkSequence(sequence, scanner);
  for (const finding of findings) {
    const place = finding.block === undefined ? sequence.name : `${sequence.name}: block ${finding.block + 1}`;
    if (strict) throw badInput(place, finding.what, `${finding.mend}, or run without --strict`);
    if (!quiet) warn(`${place}: ${finding.what}; ${finding.mend}`);
  }
}

export async function openInputs(
  sequenceName: string,
  phantomName: string,
  options: InputOptions,
  quietChecks: boolean,
): Promise<Inputs & { phantom: PhantomSource }> {
  const scanner = openScanner(options.scanner);
  const settings = splitSettings(options.set ?? [], sequenceName, phantomName);
  const sequence = openSequence(sequenceName, settings.sequence, scanner);
  reportFindings(sequence, scanner, options.strict === true, quietChecks);
  const phantom = await openPhantom(phantomName, settings.phantom);
  detail(`${phantom.name}: ${phantom.spinCount} spins`);
  return { scanner, sequence, phantom };
}
