/**
 * Lines of one trajectory as a matrix product: the spins' magnetisation at the lines' first samples
 * times the evolution of each spin from there to each sample (`assembly/matrix.ts`). Lines are
 * batched over several windows, and one matrix serves all coils.
 */
import { matrixCost } from '../cost.ts';
import { canBatch, linesPerBatch } from '../line-batches.ts';
import type { LineMethod } from '../method.ts';
import { trajectoryAt } from '../trajectory.ts';

export const matrix: LineMethod = {
  name: 'matrix',
  open(context) {
    return {
      propose(trajectory) {
        if (!canBatch(context, trajectory)) return undefined;
        const { samples, isUniform } = trajectoryAt(context.timeline, trajectory);
        return {
          cost: matrixCost(
            samples,
            isUniform,
            linesPerBatch(context, trajectory),
            context.coils,
            context.timeline.terms,
          ),
          error: 0,
          isBatched: true,
          emit: (writer, readout) => writer.batchLine(readout),
        };
      },
    };
  },
};
