/**
 * The door to phantoms: a name is a built-in one or a file, a file is known by its ending and its first bytes. Readers are
 * loaded when a file of their kind is opened, so that a run pays for the one it uses.
 */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { usage } from '../common/errors.ts';
import { requireFile } from '../common/files.ts';
import { builtinPhantoms } from './builtins.ts';
import type { PhantomSource } from './types.ts';

/**
 * Opens a phantom.
 * @param name a built-in name or a path
 * @param parameters `--set` values: the built-in's parameters, or the options of a label image
 * @throws LarmorError 2 for a wrong name or parameter, 66 for a missing file, 65 for one that cannot be simulated
 */
export async function openPhantom(
  name: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<PhantomSource> {
  if (Object.hasOwn(builtinPhantoms, name)) return builtinPhantoms[name].open(parameters);
  const ending = extname(name.toLowerCase().replace(/\.gz$/, ''));
  if (ending === '' && !existsSync(name)) {
    const known = Object.keys(builtinPhantoms).join(', ');
    throw usage(`there is no phantom '${name}'`, `give a file or one of ${known}`);
  }
  requireFile(name);
  switch (ending) {
    case '.phantom': {
      const { openArrayPhantom } = await import('./koma.ts');
      return openArrayPhantom(name);
    }
    default:
      throw usage(`${name}: '${ending}' is no kind of phantom`, 'give .phantom');
  }
}
