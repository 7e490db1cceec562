/** Opens maps of the scanner file for layers: coil sensitivities, B1+. */
import { badInput } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import { readArrayMap } from '../fields/array-map.ts';
import { type FieldMap, fieldMap, outsideMap, readMagnitudePhase, readMap } from '../fields/map.ts';
import type { MapFiles } from '../sequence/scanner-types.ts';
import { cornersOf, type Layer, placeOf, type Spins, unlessEmpty } from './layer.ts';

/** The map, complex. @throws LarmorError 65, 66 */
export async function openMap(files: MapFiles): Promise<FieldMap> {
  if (!('file' in files)) return readMagnitudePhase(files.magnitude, files.phase);
  const { file, fov, centre = [0, 0, 0] } = files;
  const map = fov === undefined ? await readMap(file) : readArrayMap(file, fov, centre);
  if (map.parts === 2) return map;
  const values = new Float64Array(2 * map.values.length);
  for (let n = 0; n < map.values.length; n++) values[2 * n] = map.values[n];
  return fieldMap({ ...map, parts: 2, values });
}

/** Largest modulus anywhere in a complex map: values between voxels are means of theirs. */
export function largestModulus({ values }: FieldMap): number {
  let largest = 0;
  for (let n = 0; n < values.length; n += 2) largest = Math.max(largest, values[n] ** 2 + values[n + 1] ** 2);
  return Math.sqrt(largest);
}

/**
 * Plausible sizes of a map: values beyond `most` are probably in another unit; values beyond
 * `never` are rejected, since f32 would overflow.
 */
interface MapSizes {
  readonly most: number;
  readonly never: number;
  readonly unit: string;
}

/**
 * The usual mistake is a map in per cent, per mille or hertz.
 * @throws LarmorError 65 beyond `never`
 */
export function checkSize(name: string, largest: number, { most, never, unit }: MapSizes): void {
  const reaches = `reaches ${Number(largest.toPrecision(3))}`;
  if (largest > never) throw badInput(name, `${reaches}, beyond ${never}`, `check its unit: ${unit}`);
  if (largest > most) warn(`${name}: ${reaches}, which is implausible; ${unit}, not per cent, x1000 or Hz`);
}

/** Common part of the layers of maps: values at each spin in the layer's columns. */
export function mapLayer(map: FieldMap): Pick<Layer, 'residentBytes' | 'fitsBox' | 'check' | 'fill'> {
  const outside = (spins: Spins, n: number): void =>
    unlessEmpty(spins, n, () => outsideMap(map, spins.nameOf(n), placeOf(spins.block, n)));
  return {
    residentBytes: map.residentBytes,
    fitsBox: (box) => cornersOf(box).every(([x, y, z]) => map.covers(x, y, z)),
    check(spins) {
      const { x, y, z } = spins.block;
      for (let n = 0; n < spins.count; n++) if (!map.covers(x[n], y[n], z[n])) outside(spins, n);
    },
    fill: (spins, columns) => map.sample(spins.block, spins.count, columns, (n) => outside(spins, n)),
  };
}
