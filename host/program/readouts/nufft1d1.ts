/**
 * Lines of equally spaced samples, whatever pulses lie between them, by 1-D type-1 non-uniform
 * transforms of a batch (`assembly/nufft1d1.ts`): a spin is spread on the cells of an axis once per
 * batch, for all of its lines.
 */
import { Nufft1d1, PANEL } from '../../abi/abi.generated.ts';
import { singleBytes } from '../../abi/arena.ts';
import { nufft1d1Cost } from '../cost.ts';
import { canBatch, linesPerBatch } from '../line-batches.ts';
import type { LineMethod, Scratch } from '../method.ts';
import { axesOf } from '../nufft/axes.ts';
import { placeAxis } from '../nufft/layout.ts';
import type { Axis } from '../nufft/sample-axis.ts';
import { sampleStep, trajectoryAt } from '../trajectory.ts';

export const nufft1d1: LineMethod = {
  name: 'nufft1d1',
  open(context) {
    const { timeline, tileSize, coils } = context;
    const axes = axesOf(context);
    if (axes === undefined) return undefined;
    return {
      propose(trajectory) {
        const own = trajectoryAt(timeline, trajectory);
        if (!own.isUniform || !canBatch(context, trajectory)) return undefined;
        const step = sampleStep(timeline, own);
        const axis = axes.find(own.samples, own.samples * step[3]);
        if (axis === undefined) return undefined;
        const rate = Float64Array.of(...step, axes.commonR2);
        return {
          cost: nufft1d1Cost(axis, linesPerBatch({ ...context, coils: 0 }, trajectory), tileSize, coils),
          error: axes.error,
          what: `a line of ${own.samples} samples of many`,
          how: `1-D transforms of a batch, ${axis.kernel.width} cells of ${axis.grid}`,
          isBatched: true,
          emit(writer, readout) {
            writer.batchLine(readout);
            writer.scratch(scratchOf(axis, writer.batchLines));
          },
          place: (arena) => arena.record(Nufft1d1, { axis: placeAxis(arena, axis), rate: arena.place(rate) }),
        };
      },
    };
  },
};

/**
 * A grid holds [cells][re, im][lines]. Before the transform, the second grid holds the line starts
 * of the spins of a panel, [PANEL][re, im][lines].
 */
const scratchOf = ({ grid, kernel }: Axis, lines: number): Scratch => ({
  gridBytes: singleBytes(Math.max(PANEL, grid + kernel.taps), 2, lines),
  pointBytes: 0,
});
