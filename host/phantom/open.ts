/**
 * The door to phantoms: a name is a built-in one or a file, a file is known by its ending and its first bytes. Readers are
 * loaded when a file of their kind is opened, so that a run pays for the one it uses.
 */
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { badInput, usage } from '../common/errors.ts';
import { requireFile } from '../common/files.ts';
import { warn as warnUser } from '../common/log.ts';
import { builtinPhantoms } from './builtins.ts';
import { parseParameters } from './parameters.ts';
import type { PhantomSource } from './types.ts';

export interface OpenOptions {
  /** Where warnings go; ranks other than the first pass a function that drops them. */
  readonly warn?: (message: string) => void;
}

/**
 * Opens a phantom.
 * @param name a built-in name or a path
 * @param parameters `--set` values: the built-in's parameters, or the options of a label image
 * @throws LarmorError 2 for a wrong name or parameter, 66 for a missing file, 65 for one that cannot be simulated
 */
export async function openPhantom(
  name: string,
  parameters: Readonly<Record<string, string>> = {},
  { warn = warnUser }: OpenOptions = {},
): Promise<PhantomSource> {
  if (Object.hasOwn(builtinPhantoms, name)) return builtinPhantoms[name].open(parameters);
  const ending = extname(name.toLowerCase().replace(/\.gz$/, ''));
  if (ending === '' && !existsSync(name)) {
    const known = Object.keys(builtinPhantoms).join(', ');
    throw usage(`there is no phantom '${name}'`, `give a file or one of ${known}`);
  }
  requireFile(name);
  if (statSync(name).size === 0) throw badInput(name, 'is empty', 'check that it was copied whole');
  switch (ending) {
    case '.phantom':
    case '.h5':
    case '.hdf5':
      parseParameters(name, {}, parameters);
      return openHdf5Phantom(name, warn);
    case '.mat': {
      const [{ openLabelImage }, { readMatVolume }] = await Promise.all([
        import('./label-image.ts'),
        import('./mat-labels.ts'),
      ]);
      return openLabelImage(name, parameters, readMatVolume, warn);
    }
    case '.nii': {
      const [{ openLabelImage }, { readNiftiVolume }] = await Promise.all([
        import('./label-image.ts'),
        import('./nifti.ts'),
      ]);
      return openLabelImage(name, parameters, readNiftiVolume, warn);
    }
    default:
      throw usage(
        `${name}: '${ending}' is no kind of phantom`,
        'give .phantom (KomaMRI), .h5 (JEMRIS), or a label image .mat, .nii, .nii.gz',
      );
  }
}

/** JEMRIS and KomaMRI files are told apart by what they hold. */
async function openHdf5Phantom(path: string, warn: (message: string) => void): Promise<PhantomSource> {
  const [{ openHdf5 }, jemris, koma] = await Promise.all([
    import('../common/hdf5/reader.ts'),
    import('./jemris.ts'),
    import('./koma.ts'),
  ]);
  const file = await openHdf5(path);
  try {
    if (jemris.isJemrisPhantom(file)) return jemris.jemrisPhantom(file);
    if (koma.isArrayPhantom(file)) return koma.arrayPhantom(file, warn);
    const held = file.list('/').slice(0, 6).join(', ') || 'nothing';
    throw badInput(path, `is not a phantom (it holds ${held})`, 'give sample/data (JEMRIS) or position/x (KomaMRI)');
  } catch (error) {
    file.close();
    throw error;
  }
}
