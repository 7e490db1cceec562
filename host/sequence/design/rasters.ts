/** Times on rasters. */
import type { Seconds } from '../../base/units.ts';

/** Smallest multiple of `raster` that is at least `time`, up to rounding errors. */
export function roundUp(time: Seconds, raster: Seconds): Seconds {
  return Math.ceil(time / raster - 1e-6) * raster;
}
