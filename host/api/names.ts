/**
 * The kind of input that a name refers to, so that an argument in the wrong position is reported as
 * such.
 */
import { extname } from 'node:path';
import { usage } from '../base/errors.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

export type NameKind = 'sequence' | 'phantom' | 'raw data';

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

/** @throws LarmorError 2 if `name` is known to be of another kind than expected */
export function requireKind(name: string, expected: NameKind): void {
  const kind = kindOfName(name);
  if (kind === undefined || kind === expected) return;
  const hint =
    expected === 'raw data'
      ? 'give the raw data that larmor simulate wrote'
      : 'the order is: sequence, phantom; larmor list shows the built-in ones';
  throw usage(
    `'${name}' is ${kind === 'raw data' ? kind : `a ${kind}`}, but ${expected === 'raw data' ? expected : `a ${expected}`} is expected here`,
    hint,
  );
}
