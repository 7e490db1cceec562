/**
 * Label images in MAT-files, level 5 or 7.3 (HDF5): an array of labels. The tissue table gives its
 * position and voxel size, which a MAT-file does not contain. Rows (the first dimension) run to
 * posterior and columns to the left unless the table says otherwise.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import { detail } from '../base/log.ts';
import { isHdf5, openHdf5 } from '../formats/hdf5/reader.ts';
import { readMatlab } from '../formats/matlab.ts';
import { extentsOf, heldVolume, stepsAlong, type VolumeReader } from './label-image.ts';

const DEFAULT_AXES = 'PLS';

/** The arrays of a file by name, read when called. */
interface LabelArrays {
  readonly arrays: ReadonlyMap<string, () => { readonly dims: readonly number[]; readonly data: ArrayLike<number> }>;
  close(): void;
}

export const readMatVolume: VolumeReader = async (path, map, table, variable) => {
  const { voxelSize, axes = DEFAULT_AXES } = table;
  if (!voxelSize) throw badInput(table.path, "has no 'voxelSize', which a MAT-file needs", 'give it in m');
  const file = isHdf5(path) ? await hdf5Arrays(path) : level5Arrays(path);
  try {
    const names = [...file.arrays.keys()];
    const name = variable || (names.length === 1 ? names[0] : '');
    const array = file.arrays.get(name)?.();
    if (!array) {
      const what = variable ? `has no array '${variable}'` : `holds ${names.length} arrays`;
      const fix = names.length > 0 ? `choose with --set variable=${names.join('|')}` : 'give a file with a label image';
      throw badInput(path, what, fix);
    }
    const size = extentsOf(`${path} ${name}`, array.dims);
    const { data } = array;
    const numbers = new Uint8Array(data.length);
    for (let n = 0; n < data.length; n++) numbers[n] = map.numberOf(data[n]);
    detail(`${path} ${name}: ${size.join(' × ')} labels held in memory, ${numbers.length} bytes`);
    return heldVolume(numbers, size, { steps: stepsAlong(axes, voxelSize) });
  } finally {
    file.close();
  }
};

/** Numeric arrays with more than one element, by name. */
function level5Arrays(path: string): LabelArrays {
  const arrays = new Map();
  for (const [name, value] of readMatlab(readInput(path), path)) {
    if (value.kind === 'numeric' && value.data.length > 1) arrays.set(name, () => value);
  }
  return { arrays, close() {} };
}

/** The same in a 7.3 file, whose datasets have MATLAB's dimensions in reverse. */
async function hdf5Arrays(path: string): Promise<LabelArrays> {
  const file = await openHdf5(path);
  const arrays = new Map();
  for (const name of file.list('/').filter((entry) => file.isDataset(entry))) {
    arrays.set(name, () => {
      const { shape, read } = file.numbers(name);
      return { dims: [...shape].reverse(), data: read(shape.map((extent) => [0, extent])) };
    });
  }
  return { arrays, close: file.close };
}
