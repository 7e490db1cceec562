/** Sequence, scanner and phantom from what the command line names. */
import { badInput, usage } from '../common/errors.ts';
import { detail, warn } from '../common/log.ts';
import type { BoundsOf } from '../phantom/bounds.ts';
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
export function openSequence(name: string, settings: Readonly<Record<string, string>>, scanner: Scanner): Sequence {
  if (builtinSequences.has(name)) return makeBuiltin(name, settings, scanner);
  if (!/[./\\]/.test(name)) {
    throw usage(
      `there is no sequence '${name}'`,
      `give a .seq file or one of ${[...builtinSequences.keys()].join(', ')}`,
    );
  }
  const softDelays: Record<string, number> = {};
  for (const [key, text] of Object.entries(settings)) {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw usage(`--set ${key}=${text} is not a number`, 'soft delays are set in seconds');
    softDelays[key] = value;
  }
  return readPulseq(name, { softDelays });
}

/** What the scanner could not do is warned about, or refused with `--strict`; what is off its clocks is told with -v. */
function reportFindings(sequence: Sequence, scanner: Scanner, strict: boolean, quiet: boolean): void {
  for (const { block, count, what, mend, severity } of checkSequence(sequence, scanner)) {
    const place = `${sequence.name}: block ${block + 1}`;
    const text = count > 1 ? `${what} (and so in ${count - 1} more blocks)` : what;
    if (strict && severity === 'warning') throw badInput(place, text, `${mend}, or run without --strict`);
    if (!quiet) (severity === 'warning' ? warn : detail)(`${place}: ${text}; ${mend}`);
  }
}

/** @param quiet on ranks that should not repeat what rank 0 says */
export async function openInputs(
  sequenceName: string,
  phantomName: string,
  options: InputOptions,
  { quiet, boundsOf }: { readonly quiet: boolean; readonly boundsOf: BoundsOf },
): Promise<Inputs & { phantom: PhantomSource }> {
  const scanner = openScanner(options.scanner);
  const settings = splitSettings(options.set ?? [], { sequence: sequenceName, phantom: phantomName });
  const sequence = openSequence(sequenceName, settings.sequence, scanner);
  reportFindings(sequence, scanner, options.strict === true, quiet);
  const phantom = await openPhantom(phantomName, settings.phantom, { boundsOf, ...(quiet ? { warn: () => {} } : {}) });
  if (!quiet) detail(`${phantom.name}: ${phantom.spinCount} spins`);
  return { scanner, sequence, phantom };
}
