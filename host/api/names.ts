/**
 * The kind of input that a name refers to, so that an argument in the wrong position is reported as
 * such.
 */
import { extname } from 'node:path';
import { usage } from '../base/errors.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { isRawName } from '../raw/index.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

export type NameKind = 'sequence' | 'phantom' | 'raw data';

/**
 * Files that Larmor writes but does not read, by extension: what the file is, and what to do with
 * it.
 */
const WRITTEN: Readonly<Record<string, readonly [kind: string, fix: string]>> = {
  '.html': ['a report', 'open it in a browser'],
  '.png': ['a picture', 'open it with a viewer of pictures'],
  '.svg': ['a picture', 'open it with a browser or a viewer of pictures'],
  '.csv': ['a table', 'open it with a program for tables'],
  '.npy': ['an array for NumPy', 'give the file that it was made with or from'],
  '.cfl': ['data for BART', 'give the .mrd or .h5 of the same run (-o raw.mrd)'],
  '.hdr': ['data for BART', 'give the .mrd or .h5 of the same run (-o raw.mrd)'],
};

/** By built-in name, else by ending; `.h5` may be a phantom or raw data, and counts as neither. */
export function kindOfName(name: string): NameKind | undefined {
  if (builtinSequences.has(name)) return 'sequence';
  if (Object.hasOwn(builtinPhantoms, name)) return 'phantom';
  const ending = endingOf(name);
  if (ending === '.seq') return 'sequence';
  if (ending === '.mrd') return 'raw data';
  return ['.phantom', '.nii', '.mat'].includes(ending) ? 'phantom' : undefined;
}

/** In lower case, without a final `.gz`. */
export function endingOf(name: string): string {
  return extname(name.toLowerCase().replace(/\.gz$/, ''));
}

const HINTS: Readonly<Record<NameKind, string>> = {
  'raw data': 'give the raw data that larmor simulate wrote (.mrd, .h5)',
  sequence: 'the order is: sequence, phantom; larmor list shows the built-in ones',
  phantom: 'the order is: sequence, phantom; larmor list shows the built-in ones',
};

/** @throws LarmorError 2 if `name` is known to be of another kind than expected */
export function requireKind(name: string, expected: NameKind): void {
  const kind = kindOfName(name);
  const wanted = expected === 'raw data' ? expected : `a ${expected}`;
  const other = (is: string, fix: string): Error => usage(`'${name}' is ${is}, but ${wanted} is expected here`, fix);
  if (kind === undefined) {
    const ending = endingOf(name);
    // Raw data for other programs are reported by their reader.
    if (!Object.hasOwn(WRITTEN, ending) || (expected === 'raw data' && isRawName(name))) return;
    throw other(...WRITTEN[ending]);
  }
  if (kind === expected || (expected === 'raw data' && isRawName(name))) return;
  throw other(kind === 'raw data' ? kind : `a ${kind}`, HINTS[expected]);
}
