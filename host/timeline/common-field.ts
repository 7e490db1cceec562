/**
 * A field that is the same for all spins [T]. It is not simulated: the frame rotates with it, and
 * therefore the phases of pulses and of the receiver change. There are two such fields: the one
 * that a block states (`Block.common`), and G·b for spins that all move by the same b(t), even
 * if they also rotate.
 */
import type { Seconds } from '../base/units.ts';
import { integral, type PiecewiseLinear, valueAt } from '../sequence/waveform.ts';

export interface CommonField {
  /** Times of the block at which it has a corner. */
  readonly corners: readonly Seconds[];
  /** [T·s] */
  integral(from: Seconds, to: Seconds): number;
  valueAt(time: Seconds): number;
}

/** @returns undefined: there is none */
export function commonField(stated: PiecewiseLinear, moved: CommonField | undefined): CommonField | undefined {
  if (stated.t.length === 0) return moved;
  const own: CommonField = {
    corners: [...stated.t],
    integral: (from, to) => integral(stated, from, to),
    valueAt: (time) => valueAt(stated, time),
  };
  if (moved === undefined) return own;
  return {
    corners: [...own.corners, ...moved.corners],
    integral: (from, to) => own.integral(from, to) + moved.integral(from, to),
    valueAt: (time) => own.valueAt(time) + moved.valueAt(time),
  };
}
