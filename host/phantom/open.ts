/**
 * Opens a phantom by name: a built-in one, or a file recognised by its extension or HDF5 signature.
 */
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { badInput, usage } from '../base/errors.ts';
import { requireFile } from '../base/files.ts';
import { warn as warnUser } from '../base/log.ts';
import { completeParameters, type Given, type Parameters } from '../base/parameters.ts';
import { didYouMean } from '../base/suggest.ts';
import type { Tesla } from '../base/units.ts';
import { isHdf5, openHdf5 } from '../formats/hdf5/reader.ts';
import { type SurveyOf, surveyOf as surveyHere } from './bounds.ts';
import { builtinPhantoms } from './builtins.ts';
import { warnOfDatasets, warnOfT2s } from './inert.ts';
import { isJemrisPhantom, jemrisPhantom } from './jemris.ts';
import { arrayPhantom, isArrayPhantom } from './koma.ts';
import { labelImageParameters, openLabelImage, tableBeside } from './label-image.ts';
import { openMapFolder } from './map-folder.ts';
import { readMatVolume } from './mat-labels.ts';
import { openMrilab } from './mrilab.ts';
import { readNiftiVolume } from './nifti.ts';
import { isNiftiPhantom, openNiftiPhantom } from './nifti-phantom.ts';
import { openProbabilityMaps } from './probability-maps.ts';
import type { SpinSampler } from './sub-voxel.ts';
import { hasProbabilities } from './tissue-table.ts';
import type { PhantomSource } from './types.ts';
import { warnOfUnits } from './unit-check.ts';

const FORMATS =
  'give .phantom (KomaMRI), .h5 (JEMRIS), .mat (MRiLab), a label image .mat, .nii, .nii.gz, or maps by a .json (nifti-phantom-v1, tissue table)';
const HDF5_ENDINGS = ['.phantom', '.h5', '.hdf5'];

export interface OpenOptions {
  /** Where warnings go; ranks other than the first pass a function that drops them. */
  readonly warn?: (message: string) => void;
  /**
   * Survey of a file that contains none; several ranks share the reading. Default: all of it here.
   */
  readonly surveyOf?: SurveyOf;
  /** Field of the scanner, for tissues whose times depend on the field. */
  readonly B0?: Tesla;
  /** T2* is simulated, or only copied, so no warning is needed. */
  readonly usesT2s?: boolean;
  /** Requirements of the sequence on the spins of a phantom of voxels. */
  readonly sampler?: SpinSampler;
}

/**
 * Opens a phantom.
 * @param name a built-in name or a path
 * @param parameters of a built-in phantom, or the options of a label image
 * @throws LarmorError 2 for a wrong name or parameter, 66 for a missing file, 65 for one that
 * cannot be simulated
 */
export async function openPhantom(
  name: string,
  parameters: Given = {},
  options: OpenOptions = {},
): Promise<PhantomSource> {
  if (Object.hasOwn(builtinPhantoms, name)) return builtinPhantoms[name].open(parameters, options.sampler);
  const source = await openFile(name, parameters, options);
  warnOfUnits(source, options.warn ?? warnUser);
  return source;
}

async function openFile(
  name: string,
  parameters: Given,
  { warn = warnUser, surveyOf = surveyHere, sampler, usesT2s = false, B0 }: OpenOptions,
): Promise<PhantomSource> {
  const warnT2s = usesT2s ? () => {} : warn;
  const ending = endingOf(name);
  if (ending === '' && !existsSync(name)) {
    const known = Object.keys(builtinPhantoms);
    throw usage(
      `there is no phantom '${name}'`,
      didYouMean(name, known, (all) => `give a file or one of ${all}`),
    );
  }
  if (existsSync(name) && statSync(name).isDirectory()) {
    completeParameters(name, {}, parameters);
    const maps = await openMapFolder(name, warn);
    warnOfT2s(maps, warnT2s);
    return maps;
  }
  requireFile(name);
  if (statSync(name).size === 0) throw badInput(name, 'is empty', 'check that it was copied whole');
  // Label images have a tissue table; only other MAT-files are searched for an MRiLab object,
  // because that reads the whole file.
  if (ending === '.mat' && parameters.tissues === undefined && !existsSync(tableBeside(name))) {
    const object = await openMrilab(name, B0, warn);
    if (object !== undefined) {
      completeParameters(name, {}, parameters);
      warnOfT2s(object, warnT2s);
      return object;
    }
  }
  if (ending === '.mat') return openLabelImage(name, parameters, readMatVolume, { warn, warnT2s, sampler, B0 });
  if (ending === '.nii') return openLabelImage(name, parameters, readNiftiVolume, { warn, warnT2s, sampler, B0 });
  if (ending === '.json') {
    completeParameters(name, {}, parameters);
    const probable = !isNiftiPhantom(name);
    if (probable && !hasProbabilities(name))
      throw badInput(
        name,
        'is not a phantom of maps (no $schema nifti-phantom-v1, no tissues with probability)',
        FORMATS,
      );
    const maps = await (probable ? openProbabilityMaps(name, B0, warn) : openNiftiPhantom(name, warn));
    warnOfT2s(maps, warnT2s);
    return maps;
  }
  if (!HDF5_ENDINGS.includes(ending) && !isHdf5(name))
    throw usage(`${name}: unsupported phantom format '${ending}'`, FORMATS);
  completeParameters(name, {}, parameters);
  return openHdf5Phantom(name, { warn, warnT2s, surveyOf });
}

/**
 * The parameters that `openPhantom` accepts for this name: {} for a file that has none, undefined
 * if the name is not that of a phantom. Opens nothing.
 */
export function phantomParameters(name: string): Parameters | undefined {
  if (Object.hasOwn(builtinPhantoms, name)) return builtinPhantoms[name].parameters;
  const ending = endingOf(name);
  if (['.mat', '.nii'].includes(ending)) return labelImageParameters;
  return [...HDF5_ENDINGS, '.json'].includes(ending) ? {} : undefined;
}

/** The ending in lower case, without a `.gz`. */
function endingOf(name: string): string {
  return extname(name.toLowerCase().replace(/\.gz$/, ''));
}

/** JEMRIS and KomaMRI files are distinguished by their contents. */
async function openHdf5Phantom(
  path: string,
  {
    warn,
    warnT2s,
    surveyOf,
  }: Required<Pick<OpenOptions, 'warn' | 'surveyOf'>> & { warnT2s: (message: string) => void },
): Promise<PhantomSource> {
  const file = await openHdf5(path);
  try {
    const jemris = isJemrisPhantom(file);
    if (jemris || isArrayPhantom(file)) {
      const source = await (jemris ? jemrisPhantom(file, surveyOf) : arrayPhantom(file, warn, surveyOf));
      warnOfDatasets(file, warn);
      warnOfT2s(source, warnT2s);
      return source;
    }
    const held = file.list('/').slice(0, 6).join(', ') || 'nothing';
    throw badInput(path, `is not a phantom (it holds ${held})`, 'give sample/data (JEMRIS) or position/x (KomaMRI)');
  } catch (error) {
    file.close();
    throw error;
  }
}
