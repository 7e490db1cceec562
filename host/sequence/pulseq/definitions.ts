/**
 * Meaning of the [DEFINITIONS] of a `.seq` file for a reader: the raster times that its integers
 * count, and lengths in metres, although files before 1.4 state them in millimetres.
 */
import { badInput } from '../../base/errors.ts';
import type { Meters, Seconds } from '../../base/units.ts';
import { numbersIn } from '../declared-space.ts';
import { DEFAULT_SCANNER, LONGEST_RASTER, SHORTEST_RASTER } from '../scanner-types.ts';

export interface Rasters {
  readonly block: Seconds;
  readonly gradient: Seconds;
  readonly rf: Seconds;
}

/** Sequences that lie on no raster are written with one of a picosecond for their blocks. */
const SHORTEST_BLOCK_RASTER: Seconds = 1e-12;

/** Raster times of a file; scanner defaults where it names none. */
export function rasters(definitions: ReadonlyMap<string, string>, path: string): Rasters {
  const raster = (key: string, otherwise: Seconds, shortest = SHORTEST_RASTER): Seconds => {
    const text = definitions.get(key);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (value >= shortest && value <= LONGEST_RASTER) return value;
    const range = `give seconds from ${shortest} to ${LONGEST_RASTER}, e.g. 1e-05`;
    throw badInput(`${path} [DEFINITIONS]`, `${key} is \`${text.slice(0, 40)}\``, range);
  };
  return {
    block: raster('BlockDurationRaster', DEFAULT_SCANNER.blockRaster, SHORTEST_BLOCK_RASTER),
    gradient: raster('GradientRasterTime', DEFAULT_SCANNER.gradRaster),
    rf: raster('RadiofrequencyRasterTime', DEFAULT_SCANNER.rfRaster),
  };
}

/**
 * From here on a field of view is in millimetres for certain; between 1 and 10 the trajectory
 * decides (`declared-space.ts`).
 */
const LONGEST: Meters = 10;

/** The definitions with FOV and slice thickness in metres. */
export function inMeters(definitions: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(definitions);
  const numbers = numbersIn(definitions.get('FOV'));
  if (!numbers.every(Number.isFinite) || Math.max(0, ...numbers) < LONGEST) return result;
  for (const key of ['FOV', 'Slice_Thickness', 'SliceThickness']) {
    if (!definitions.has(key)) continue;
    const lengths = numbersIn(definitions.get(key));
    if (lengths.every(Number.isFinite)) result.set(key, lengths.map((length) => String(length / 1000)).join(' '));
  }
  return result;
}
