/**
 * A tissue table whose tissues name maps of their probability (or partial volume): every voxel
 * holds one spin of each tissue that is there, with the density of the tissue times its
 * probability. The maps are NIfTI files beside the table, one for each tissue or volumes of one.
 */
import { badInput } from '../base/errors.ts';
import type { Tesla } from '../base/units.ts';
import { type MapData, voxelOf } from '../fields/map.ts';
import { type MapTissue, mapPhantom, primeOf } from './map-phantom.ts';
import { volumeReader } from './nifti-phantom.ts';
import { readTissueTable } from './tissue-table.ts';
import type { PhantomSource } from './types.ts';

/**
 * Smoothing leaves smaller probabilities everywhere: a spin for each would cost more than it
 * contributes.
 */
const LEAST = 1e-3;
/**
 * Amount by which probabilities may lie outside [0, 1], and their sums exceed 1, because of
 * rounding.
 */
const ROUNDING = 1e-3;
const SUM_ROUNDING = 1e-2;

/** @throws LarmorError 65 naming the tissue and voxel, 66 if a map is missing */
export async function openProbabilityMaps(
  path: string,
  B0: Tesla | undefined,
  warn: (message: string) => void,
): Promise<PhantomSource> {
  const table = readTissueTable(path, B0);
  const unused = (['voxelSize', 'axes', 'variable'] as const).filter((key) => table[key] !== undefined);
  if (unused.length > 0) warn(`${path}: ${unused.join(', ')} have no effect: the maps define the voxels`);
  const read = volumeReader(path, 'optional');
  const tissues: MapTissue[] = [];
  let sums: Float64Array | undefined;
  for (const [label, tissue] of table.tissues) {
    if (tissue === null) continue;
    const location = `${path} tissue ${label}`;
    const reference = table.probabilities.get(label);
    if (reference === undefined) throw badInput(location, 'has no probability', 'name its map, as for the others');
    const map = await read(reference, `${location} probability`);
    if (map.parts === 2) throw badInput(map.path, 'holds complex numbers', 'give probabilities from 0 to 1');
    checkProbabilities(map, location);
    sums ??= new Float64Array(map.values.length);
    for (let n = 0; n < Math.min(sums.length, map.values.length); n++) sums[n] = sums[n] + map.values[n];
    const { density, T1, T2, T2s, offResonance } = tissue;
    tissues.push({
      name: String(label),
      density: { ...map, values: Float32Array.from(map.values, (p) => (p < LEAST ? 0 : p * density)) },
      ...{ T1, T2, T2prime: primeOf(T2s, T2), offset: offResonance / (2 * Math.PI), transmit: [1] },
    });
  }
  const most = sums!.reduce((a, b) => Math.max(a, b), 0);
  const source = mapPhantom({ path, kind: 'probability maps', B0: table.B0, tissues, warn });
  if (most > 1 + SUM_ROUNDING)
    warn(
      `${path}: the probabilities of a voxel add up to ${Number(most.toPrecision(3))}; check the maps: the sum is at most 1`,
    );
  return { ...source, ...(table.knowsField && { knowsField: true }) };
}

function checkProbabilities(map: MapData, location: string): void {
  const n = map.values.findIndex((p) => !(p >= -ROUNDING && p <= 1 + ROUNDING));
  if (n < 0) return;
  const what = `${map.path} ${voxelOf(map, n)} is ${Number(map.values[n].toPrecision(4))}`;
  throw badInput(location, what, 'give probabilities from 0 to 1');
}
