/**
 * A single readout by a 1-D non-uniform transform with weights of its own (`assembly/line.ts`), for
 * samples that are equally spaced, or would be if spins did not move. A line with too large a
 * quadratic phase is cut into parts. The cost does not depend on other readouts, so this method is
 * for those that do not share a trajectory: radial spokes, and moving spins.
 */
import { Line, LineAxis as LineAxisRecord, OP } from '../../abi/abi.generated.ts';
import type { Arena } from '../../abi/arena.ts';
import { STRIDE } from '../../timeline/types.ts';
import { lineCost } from '../cost.ts';
import { boundOfTerms, extentOf } from '../extent.ts';
import type { LineMethod } from '../method.ts';
import { placeStages } from '../nufft/layout.ts';
import { chooseLineAxis, type LineAxis } from '../nufft/line-axis.ts';
import { fitLine, type LineFit } from '../nufft/line-fit.ts';
import { trajectoryAt } from '../trajectory.ts';

/** Parts that a line may be cut into. */
const PARTS = [1, 2, 4, 8] as const;
/** Samples of a part, at least. */
const FEWEST_SAMPLES = 8;
/**
 * Longest line: the factors of a longer one would fill memory, and no imaging readout is longer.
 */
const MOST_SAMPLES = 16_384;
/** Columns of a panel, and the moments of a readout, that share the memory of a grid [bytes]. */
const COLUMN_BYTES = 128;
const COLUMNS = 5 + 2 * 7;
/** Largest bends for which axes are made, by this factor apart. */
const BEND_STEP = 2 ** (1 / 4);

interface Part {
  readonly fit: LineFit;
  readonly axis: LineAxis;
  readonly isBent: boolean;
}

export const line: LineMethod = {
  name: 'line',
  open({ timeline, source, precision, coils, budget, tileSize, once }) {
    if (precision === 'f64' || coils > 0 || budget === undefined) return undefined;
    const { x, y, z, hertz } = extentOf(source, timeline.B0);
    const ofTerms = boundOfTerms(source, timeline.terms);
    const phase = (weights: Float64Array): number => {
      const own = [x, y, z, hertz].reduce((sum, far, n) => sum + Math.abs(weights[n]) * far, 0);
      return own + ofTerms(weights.subarray(STRIDE.sample));
    };
    const maxR2 = 1 / source.bounds.minT2;
    const { line: bound, fit: deviation } = budget;
    const axes = once('axes of lines', () => new Map<string, LineAxis | undefined>());
    const axisFor = (samples: number, duration: number, bend: number): LineAxis | undefined => {
      const key = `${samples} ${duration.toPrecision(9)} ${bend}`;
      if (!axes.has(key)) axes.set(key, chooseLineAxis({ samples, duration, maxR2, bend }, bound));
      return axes.get(key);
    };
    const chosen = new Map<number, readonly Part[]>();
    const cut = (trajectory: number): readonly Part[] | undefined => {
      const whole = trajectoryAt(timeline, trajectory);
      for (const count of whole.isUniform ? PARTS.slice(0, 1) : PARTS) {
        if (whole.samples < FEWEST_SAMPLES * count) return undefined;
        if (whole.samples > MOST_SAMPLES * count) continue;
        const parts: Part[] = [];
        for (let n = 0; n < count; n++) {
          const [first, end] = [n, n + 1].map((part) => Math.round((whole.samples * part) / count)) as [number, number];
          const fit = fitLine(timeline, whole, phase, first, end - first);
          // A bend that hardly shows is left out.
          const isBent = 2 * Math.PI * fit.largestBend > deviation / 2;
          const left = 2 * Math.PI * (fit.residual + (isBent ? 0 : fit.largestBend));
          const bend = isBent ? BEND_STEP ** Math.ceil(Math.log2(fit.largestBend) / Math.log2(BEND_STEP)) : 0;
          const duration = fit.samples * fit.rate[3];
          const axis = left <= deviation ? axisFor(fit.samples, duration, bend) : undefined;
          if (axis === undefined) break;
          parts.push({ fit, axis, isBent });
        }
        if (parts.length === count) return parts;
      }
      return undefined;
    };
    const known = once('parts of lines', () => new Map<number, readonly Part[] | undefined>());
    const partsOf = (trajectory: number): readonly Part[] | undefined => {
      if (!known.has(trajectory)) known.set(trajectory, cut(trajectory));
      return known.get(trajectory);
    };
    return {
      propose(trajectory) {
        const parts = partsOf(trajectory);
        if (parts === undefined) return undefined;
        return {
          cost: parts.reduce((sum, { axis }) => sum + lineCost(axis, timeline.terms, tileSize), 0),
          error: bound + deviation,
          isBatched: false,
          emit(writer, readout) {
            chosen.set(trajectory, parts);
            writer.op(OP.LINE, writer.lineRun(readout));
          },
        };
      },
      lower(arena) {
        if (chosen.size === 0) return {};
        const addresses = new Uint32Array(timeline.trajectories.length / STRIDE.trajectory);
        for (const [trajectory, parts] of chosen) addresses[trajectory] = placeParts(arena, parts, maxR2 / 2);
        return { lines: arena.place(addresses) };
      },
      scratch() {
        if (chosen.size === 0) return {};
        // The columns of a panel and the moments of a readout are in the second grid.
        let bytes = COLUMN_BYTES * COLUMNS + 8 * (STRIDE.sample + timeline.terms);
        for (const parts of chosen.values())
          for (const { axis } of parts) bytes = Math.max(bytes, 8 * (axis.grid + axis.taps));
        return { gridBytes: 16 * Math.ceil(bytes / 16) };
      },
    };
  },
};

function placeParts(arena: Arena, parts: readonly Part[], commonR2: number): number {
  return arena.records(
    Line,
    parts.map(({ axis, fit: { middle, rate, bend }, isBent }, n) => {
      // 2β = i·b·G²/π
      const scaled = bend.map((value) => (value * axis.grid ** 2) / Math.PI);
      const perSample = rate[3];
      return {
        axis: placeLineAxis(arena, axis),
        middle: arena.place(middle),
        rate: arena.place(rate),
        bend: isBent ? arena.place(scaled) : 0,
        commonR2,
        decay: (-perSample * axis.grid) / (2 * Math.PI),
        isLast: Number(n === parts.length - 1),
      };
    }),
  );
}

/** @returns address of a LineAxis, which many lines share */
function placeLineAxis(arena: Arena, axis: LineAxis): number {
  return arena.once(axis, () => {
    const { samples, grid, width, taps, orders, weights, factors, stages } = axis;
    return arena.record(LineAxisRecord, {
      ...{ samples, grid, width, taps, orders },
      weights: arena.placeSingle(weights),
      factors: arena.placeSingle(factors),
      stages: placeStages(arena, stages),
      stageCount: stages.length,
    });
  });
}
