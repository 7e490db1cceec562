/**
 * Spins in motion for tests and benchmarks of methods: a phantom, its motions and the timelines
 * that go with a sequence.
 */

import type { Layer } from '../host/model/layer.ts';
import { movingInFields } from '../host/model/moving-fields.ts';
import { randomNumbers } from '../host/numerics/random.ts';
import { movingPhantom } from '../host/phantom/motion/moving.ts';
import type { Action, Motion, PathNodes, TimeCurve } from '../host/phantom/motion/types.ts';
import { timeRange } from '../host/phantom/motion/types.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import type { Timelines } from '../host/timeline/types.ts';

export interface MovingScan {
  readonly timelines: Timelines;
  readonly source: PhantomSource;
}

/** @param still spins at rest, which all motions act on */
export function movingScan(
  sequence: Sequence,
  still: PhantomSource,
  motions: readonly Motion[],
  maxRfStep = 50e-6,
): MovingScan {
  const moving = movingPhantom(still, motions, sequence.duration, false);
  const timelines = moving.movements.map((movement) =>
    compileTimeline(sequence, { B0: 1.5, maxRfStep, movement }),
  ) as unknown as Timelines;
  return { timelines, source: moving.source() };
}

/** The same among receive coils, which are fixed in space. */
export function movingScanInCoils(
  sequence: Sequence,
  still: PhantomSource,
  motions: readonly Motion[],
  receive: Layer,
): MovingScan {
  const moving = movingPhantom(still, motions, sequence.duration);
  const fields = movingInFields(moving, { receive }, still, sequence.duration);
  const timelines = fields.movements.map((movement) =>
    compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6, movement }),
  ) as unknown as Timelines;
  return { timelines, source: fields.source() };
}

/** u from 0 to 1 and back. */
const toAndFro = (period: number): TimeCurve => ({
  t: Float64Array.of(0, period / 2, period),
  unit: Float64Array.of(0, 1, 0),
  periodic: true,
  periods: Float64Array.of(1),
});

const of = (action: Action, time: TimeCurve, spins: number): Motion => ({
  ...{ place: 'motion', action, time },
  spins: { first: 0, last: spins - 1, step: 1 },
});

/** Motions by name, for a given number of spins. */
export const MOTIONS: Readonly<Record<string, (spins: number) => readonly Motion[]>> = {
  /** 5 mm/s along y. */
  translated: (spins) => [of({ type: 'Translate', dx: 0, dy: 0.01, dz: 0 }, toAndFro(4), spins)],
  turning: (spins) => [of({ type: 'Rotate', pitch: 0, roll: 0, yaw: 10, center: [0, 0, 0] }, timeRange(0, 1), spins)],
  /** 1 cm at 0.25 Hz at the edge, none at the centre. */
  breathing: (spins) => [
    of({ type: 'HeartBeat', circumferential: 0.1, radial: 0.1, longitudinal: 0 }, toAndFro(4), spins),
  ],
  heart: (spins) => [
    of({ type: 'HeartBeat', circumferential: 0.15, radial: 0.05, longitudinal: 0.1 }, toAndFro(1), spins),
  ],
  /** 1 m/s at most, each spin in a direction of its own. */
  flow: (spins) => [of({ type: 'Path', nodes: flowNodes(spins, 0.1) }, { ...timeRange(0, 1), periodic: true }, spins)],
};

/** Ten straight pieces over a second. */
function flowNodes(spins: number, perPiece: number): PathNodes {
  const count = 11;
  const random = randomNumbers(5);
  const ways = Float32Array.from({ length: 3 * spins }, () => (perPiece * (2 * random() - 1)) / Math.sqrt(3));
  return {
    ...{ count, spins, flow: false },
    read(first, width) {
      // Back and forth, so that the spins stay near. Plain loops, because this is part of the
      // measured time.
      const along = (axis: number): Float32Array => {
        const values = new Float32Array(count * width);
        for (let node = 0; node < count; node++)
          for (let n = 0; n < width; n++)
            values[node * width + n] = ways[3 * (first + n) + axis] * Math.min(node, count - 1 - node);
        return values;
      };
      return { x: along(0), y: along(1), z: along(2) };
    },
  };
}
