/**
 * First and last amplitude of gradients shaped on the raster, for files before 1.5 that leave them
 * out. Samples lie in the middle of raster cells, so the edges are found as the reference toolbox
 * finds them: the first continues the gradient of the block before, and each further edge e follows
 * from the sample w between, e[n+1] = 2·w[n] − e[n].
 */
import type { Seconds } from '../../base/units.ts';
import { GRADIENT } from './layouts.ts';
import { SLOT_COUNT, SLOTS } from './sections.ts';
import { columnsOf, placeOf, type Source } from './source.ts';

/** Two times closer than this are the same; sums of rasters differ by rounding only. */
const SAME_TIME: Seconds = 1e-9;

/**
 * @param durations of the blocks, seconds
 * @param ends of the gradients, seconds from their block's start
 * @param rowOf table row of a gradient id
 * @returns [row][2] Hz/m; undefined when no gradient needs them
 */
export function deriveEdges(
  { sections, shape: shapeOf }: Source,
  durations: Float64Array,
  ends: Float64Array,
  rowOf: (id: number) => number,
): Float64Array | undefined {
  const { gradients, blocks } = sections;
  const { values, width } = gradients;
  let needed = false;
  for (let row = 0; row < gradients.count; row++) needed ||= values[row * width + GRADIENT.kind] === 1;
  if (!needed) return undefined;
  const edges = new Float64Array(2 * gradients.count);
  const known = new Uint8Array(gradients.count);
  const alternating = new Map<number, number>();
  const before = [0, 0, 0];
  for (let block = 0; block < blocks.count; block++) {
    for (let axis = 0; axis < 3; axis++) {
      const id = blocks.slots[block * SLOT_COUNT + SLOTS.gx + axis];
      if (id === 0) {
        // A block that takes no time (labels) interrupts nothing.
        if (durations[block] > 0) before[axis] = 0;
        continue;
      }
      const row = rowOf(id);
      const value = columnsOf(gradients, row);
      if (value(GRADIENT.kind) === 0) {
        before[axis] = 0;
        continue;
      }
      const shapeId = value(GRADIENT.shape);
      if (known[row] === 0) {
        known[row] = 1;
        const shape = shapeOf(shapeId, placeOf(sections, gradients, row));
        const first = value(GRADIENT.delay) > 0 ? 0 : before[axis];
        const onRaster = value(GRADIENT.time) === 0;
        if (!alternating.has(shapeId)) alternating.set(shapeId, alternatingSum(shape));
        const swing = 2 * alternating.get(shapeId)! * value(GRADIENT.amplitude);
        const carried = shape.length % 2 === 0 ? first : -first;
        edges[2 * row] = first;
        edges[2 * row + 1] = onRaster ? swing + carried : shape[shape.length - 1] * value(GRADIENT.amplitude);
      }
      before[axis] = ends[row] + SAME_TIME < durations[block] ? 0 : edges[2 * row + 1];
    }
  }
  return edges;
}

/** w[N−1] − w[N−2] + w[N−3] − … */
function alternatingSum(shape: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < shape.length; n++) sum = shape[n] - sum;
  return sum;
}
