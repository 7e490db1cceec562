/**
 * Default number of spins per tile. It is part of the plan, so it depends on the phantom and the sequence alone: small enough
 * for threads and ranks to share the tiles evenly, large enough that a transform's cost per tile is shared by many spins.
 */
import { modelColumns } from '../phantom/columns.ts';
import { type PhantomSource, SPIN_BYTES } from '../phantom/types.ts';
import type { Timeline } from '../timeline/types.ts';
import { pulseCount } from '../timeline/windows.ts';

const MIN_TILE = 256;
const MAX_TILE = 4096;
/** Tiles that a phantom should have at least. */
const MIN_TILES = 64;
/** The same where many samples follow a pulse and are transformed once per tile. */
const MAX_TRANSFORM_TILE = 32768;
const MIN_TRANSFORM_TILES = 4;
/** Samples per pulse, on average, from which on that is so: an EPI train, a spiral. */
const TRANSFORM_SAMPLES = 1024;

/** Bytes of a tile's spins where they have a model's columns: coils, nodes of a path. */
const MODEL_TILE_BYTES = 2 ** 20;

/** @param fast whether readouts may be computed as transforms */
export function defaultTileSize(
  { spinCount, model }: Pick<PhantomSource, 'spinCount' | 'model'>,
  timeline: Timeline,
  fast: boolean,
): number {
  if (model !== undefined) {
    const fitting = 8 * Math.floor(MODEL_TILE_BYTES / (SPIN_BYTES + 4 * modelColumns(model).total) / 8);
    return Math.max(8, Math.min(fitting, defaultTileSize({ spinCount }, timeline, false)));
  }
  const transforms = fast && hasLongReadouts(timeline);
  const even = 8 * Math.ceil(spinCount / (transforms ? MIN_TRANSFORM_TILES : MIN_TILES) / 8);
  return Math.min(transforms ? MAX_TRANSFORM_TILE : MAX_TILE, Math.max(MIN_TILE, even));
}

function hasLongReadouts(timeline: Timeline): boolean {
  return timeline.sampleCount >= TRANSFORM_SAMPLES * pulseCount(timeline);
}
