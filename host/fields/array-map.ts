/**
 * Maps in files without an orientation: BART's `.cfl` [x, y, z, coils] and NumPy's `.npy` [coils,
 * z, y, x]. Their grid is that of an image with a given field of view: along the patient axes
 * (LPS), voxel ⌊N/2⌋ at the centre, as in the Fourier transform of k-space.
 */
import { badInput } from '../base/errors.ts';
import type { Meters } from '../base/units.ts';
import { readCfl } from '../formats/cfl.ts';
import { readNpy } from '../formats/npy.ts';
import { type FieldMap, fieldMap, type MapData, type Numbers } from './map.ts';

type Vector = readonly [Meters, Meters, Meters];

/** @throws LarmorError 65, 66 */
export function readArrayMap(path: string, fov: Vector, centre: Vector): FieldMap {
  const { size, channels, parts, values } = /\.cfl$/i.test(path) ? cflMap(path) : npyMap(path);
  const [dx, dy, dz] = [fov[0] / size[0], fov[1] / size[1], fov[2] / size[2]];
  const origin: Vector = [
    centre[0] - dx * Math.floor(size[0] / 2),
    centre[1] - dy * Math.floor(size[1] / 2),
    centre[2] - dz * Math.floor(size[2] / 2),
  ];
  const steps: MapData['steps'] = [
    [dx, 0, 0],
    [0, dy, 0],
    [0, 0, dz],
  ];
  return fieldMap({ path, size, origin, steps, channels, parts, values });
}

type Contents = Pick<MapData, 'size' | 'channels' | 'parts'> & { readonly values: Numbers };

function cflMap(path: string): Contents {
  const { shape, data } = readCfl(path);
  const [x = 1, y = 1, z = 1, channels = 1, sets = 1, ...more] = shape;
  if (sets > 1)
    throw badInput(path, `holds ${sets} sets of maps`, 'give one set (bart slice 4 0), which is what spins see');
  if (more.some((length) => length > 1))
    throw badInput(path, `has ${shape.length} dimensions`, 'give [x, y, z, coils]');
  return { size: [x, y, z], channels, parts: 2, values: data };
}

function npyMap(path: string): Contents {
  const { shape, data, complex } = readNpy(path);
  if (shape.length !== 3 && shape.length !== 4)
    throw badInput(path, `has ${shape.length} dimensions`, 'give [coils, z, y, x], or [z, y, x] of one');
  const [x, y, z, channels = 1] = shape.toReversed() as [number, number, number, number?];
  return { size: [x, y, z], channels, parts: complex ? 2 : 1, values: data };
}
