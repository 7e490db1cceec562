/**
 * Equally spaced samples by a recurrence: each follows from the one before the last by one complex
 * factor per spin (`readLinear` in `assembly/readout.ts`). Of static spins in one coil, in f32.
 */
import { OP } from '../../abi/abi.generated.ts';
import { recurrenceCost } from '../cost.ts';
import type { LineMethod } from '../method.ts';
import { trajectoryAt } from '../trajectory.ts';

export const recurrence: LineMethod = {
  name: 'recurrence',
  open({ timeline, precision, isModelled, coils }) {
    if (precision === 'f64' || isModelled || coils > 0) return undefined;
    return {
      propose(trajectory) {
        const { samples, isUniform } = trajectoryAt(timeline, trajectory);
        if (!isUniform) return undefined;
        return {
          cost: recurrenceCost(samples),
          error: 0,
          isBatched: false,
          emit: (writer, readout) => writer.op(OP.READOUT, writer.lineRun(readout)),
        };
      },
    };
  },
};
