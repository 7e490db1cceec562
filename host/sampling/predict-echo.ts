/**
 * The spurious echo that is predicted for a scan: for a voxel phantom as it was found when its
 * spins were chosen, for any other phantom from its spins.
 */
import type { PhantomSource } from '../phantom/types.ts';
import type { Encoding } from '../sequence/encoding-types.ts';
import type { Timeline } from '../timeline/types.ts';
import { pulseCount } from '../timeline/windows.ts';
import { phaseGraph } from './phase-graph.ts';
import { checkPoints, type EchoPrediction } from './point-check.ts';
import { pixelAlong, wantedOf } from './sampler.ts';

/** Stands for any tissue where the moments alone matter. */
const ANY_TISSUE = { T1: 1, T2: 0.1, offset: 0 };

/** With one pulse there is no spurious echo. */
export function predictEcho(phantom: PhantomSource, timeline: Timeline, encoding: Encoding): EchoPrediction {
  const prediction = levelOf(phantom, timeline, encoding);
  // Where there is no signal the level is nothing, or nothing but spurious.
  if (prediction.level > 0 && prediction.level < 0.5) return prediction;
  const { dephased } = phaseGraph(timeline, ANY_TISSUE, wantedOf(timeline, encoding));
  return dephased === undefined ? prediction : { ...prediction, dephased };
}

function levelOf(phantom: PhantomSource, timeline: Timeline, encoding: Encoding): EchoPrediction {
  const { level, scale } = phantom.spins ?? {};
  if (level !== undefined) return { level, ...(scale !== undefined && { scale }) };
  if (pulseCount(timeline) < 2) return { level: 0 };
  const along = ([1, 2, 3] as const).map((axis) =>
    pixelAlong(encoding, [axis === 1 ? 1 : 0, axis === 2 ? 1 : 0, axis === 3 ? 1 : 0]),
  );
  return checkPoints(phantom, timeline, wantedOf(timeline, encoding), along);
}
