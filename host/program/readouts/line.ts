/**
 * A single readout by a 1-D non-uniform transform with weights of its own (`assembly/line.ts`), for
 * samples that are equally spaced, or would be if spins did not move. A line with too large a
 * quadratic phase is cut into parts. The cost does not depend on other readouts, so this method is
 * for those that do not share a trajectory: radial spokes, and moving spins, in coils too
 * (`assembly/line-coils.ts`). For the latter it is a method of exact runs too, since its bound is
 * then below the rounding of exact sums.
 */
import { Line, LineAxis as LineAxisRecord, MOST_SENSE_TERMS, OP, PANEL } from '../../abi/abi.generated.ts';
import { type Arena, singleBytes } from '../../abi/arena.ts';
import { STRIDE } from '../../timeline/types.ts';
import { isWorthLineAxes, lineCost } from '../cost.ts';
import { boundOfTerms, extentOf } from '../extent.ts';
import type { LineMethod, Scratch } from '../method.ts';
import { longestAxis } from '../nufft/axes.ts';
import { placeStages } from '../nufft/layout.ts';
import { chooseLineAxis, type LineAxis } from '../nufft/line-axis.ts';
import { fitLine, type LineFit } from '../nufft/line-fit.ts';
import { coilChanges, coilError } from '../sense.ts';
import { trajectoryAt } from '../trajectory.ts';

/** Parts that a line may be cut into. */
const PARTS = [1, 2, 4, 8] as const;
/** Samples of a part, at least. */
const FEWEST_SAMPLES = 8;
/**
 * Samples of a part, at most: the factors of a longer one would fill memory, and no imaging readout
 * is longer.
 */
const MOST_SAMPLES = 16_384;
/** Columns of a panel, beside real and imaginary amplitudes of each order. */
const COLUMNS = 5;
/** Largest bends for which axes are made, by this factor apart. */
const BEND_STEP = 2 ** (1 / 4);

/** No axis costs less than this one would. */
const CHEAPEST = { samples: 0, grid: 0, stages: [], taps: 4, orders: 3 } as const;

interface Part {
  readonly fit: LineFit;
  readonly axis: LineAxis;
  readonly isBent: boolean;
  /** First sample within the trajectory. */
  readonly first: number;
  /** Coils as polynomials in the sample number. */
  readonly coilTerms: number;
}

/** Most terms of these. */
const MOST_COIL_TERMS = 3;
/**
 * A term of coils beside the first errs by this factor times its size more than the weights
 * themselves: it has one tabulated derivative less, and the last one counts for 1/128 of a cell,
 * over as many times the weights as there are derivatives.
 */
const DERIVED = (2 * 128 * 7) / Math.PI;

export const line: LineMethod = {
  name: 'line',
  open(context) {
    const { timeline, source, precision, isExact, coils, budget, tileSize, once } = context;
    const isInCoils = coils > 0;
    if (precision === 'f64' || (isInCoils && timeline.senses.length === 0) || budget === undefined) return undefined;
    const changes = isInCoils ? once('changes of coils', () => coilChanges(timeline)) : [];
    const isWorthAxes = isWorthLineAxes(timeline, source.spinCount);
    const { x, y, z, hertz } = extentOf(source, timeline.B0);
    const ofTerms = boundOfTerms(source, timeline.terms);
    const phase = (weights: Float64Array): number => {
      const own = [x, y, z, hertz].reduce((sum, far, n) => sum + Math.abs(weights[n]) * far, 0);
      return own + ofTerms(weights.subarray(STRIDE.sample));
    };
    const maxR2 = 1 / source.bounds.minT2;
    const { line: bound, fit: deviation } = budget;
    const longest = longestAxis(context);
    const axes = once('axes of lines', () => new Map<string, LineAxis | undefined>());
    const axisFor = (samples: number, duration: number, bend: number, within: number): LineAxis | undefined => {
      if (duration > longest) return undefined;
      const key = `${samples} ${duration.toPrecision(9)} ${bend} ${within}`;
      if (!axes.has(key)) axes.set(key, chooseLineAxis({ samples, duration, maxR2, bend }, within));
      return axes.get(key);
    };
    /** Terms of the coils over a part, and the error of its transform that these leave room for. */
    const coilsOver = (trajectory: number, samples: number) => {
      const change = changes[trajectory];
      if (change === undefined) return { coilTerms: 1, left: 0, within: bound };
      let coilTerms = 1;
      while (coilTerms < MOST_COIL_TERMS && coilError(change, samples, coilTerms) > deviation / 2) coilTerms++;
      const left = coilError(change, samples, coilTerms);
      const slope = coilTerms === 1 ? 0 : coilError({ ...change, terms: samples }, samples, 1);
      return { coilTerms, left, within: bound / 2 ** Math.ceil(Math.log2(1 + DERIVED * slope)) };
    };
    const chosen = new Map<number, readonly Part[]>();
    const cut = (trajectory: number): readonly Part[] | undefined => {
      const whole = trajectoryAt(timeline, trajectory);
      for (const count of whole.isUniform ? PARTS.slice(0, 1) : PARTS) {
        if (whole.samples < FEWEST_SAMPLES * count) return undefined;
        if (whole.samples > MOST_SAMPLES * count) continue;
        const parts: Part[] = [];
        // All parts but the last few samples are as long.
        const { coilTerms, left: ofCoils, within } = coilsOver(trajectory, Math.ceil(whole.samples / count));
        for (let n = 0; n < count; n++) {
          const [first, end] = [n, n + 1].map((part) => Math.round((whole.samples * part) / count)) as [number, number];
          const fit = fitLine(timeline, whole, phase, first, end - first);
          // A bend that hardly shows is left out.
          const isBent = 2 * Math.PI * fit.largestBend > deviation / 2;
          const left = ofCoils + 2 * Math.PI * (fit.residual + (isBent ? 0 : fit.largestBend));
          const bend = isBent ? BEND_STEP ** Math.ceil(Math.log2(fit.largestBend) / Math.log2(BEND_STEP)) : 0;
          const duration = fit.samples * fit.rate[3];
          const axis = left <= deviation ? axisFor(fit.samples, duration, bend, within) : undefined;
          if (axis === undefined) break;
          parts.push({ fit, axis, isBent, first, coilTerms });
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
      propose(trajectory, below) {
        // Straight lines have exact methods, which are as fast. Bent ones are summed sample by
        // sample otherwise, which rounds more, too.
        if ((isExact || !isWorthAxes) && trajectoryAt(timeline, trajectory).isUniform) return undefined;
        if (lineCost(CHEAPEST, timeline.terms, tileSize) >= below) return undefined;
        const parts = partsOf(trajectory);
        if (parts === undefined) return undefined;
        return {
          cost: parts.reduce((sum, { axis, coilTerms }) => {
            const received = { coils, sets: changes[trajectory]?.terms ?? 1, terms: coilTerms };
            return sum + lineCost(axis, timeline.terms, tileSize, isInCoils ? received : undefined);
          }, 0),
          error: bound + deviation,
          isBatched: false,
          emit(writer, readout) {
            writer.op(OP.LINE, writer.lineRun(readout));
            if (chosen.has(trajectory)) return;
            chosen.set(trajectory, parts);
            for (const part of parts) writer.scratch(scratchOf(part, timeline.terms, coils));
          },
        };
      },
      lower(arena) {
        if (chosen.size === 0) return {};
        const addresses = new Uint32Array(timeline.trajectories.length / STRIDE.trajectory);
        for (const [trajectory, parts] of chosen) addresses[trajectory] = placeParts(arena, parts, maxR2 / 2);
        return { lines: arena.place(addresses) };
      },
    };
  },
};

/**
 * A grid holds the cells of a line in every coil, [coils][re, im][cells]. Before the transform, the
 * second grid holds the columns of a panel and the moments of a readout in f64; with coils, rows,
 * the coefficients of one coil, and the weights of a panel, too (`assembly/line-coils.ts`).
 */
function scratchOf({ axis, coilTerms }: Part, terms: number, coils: number): Scratch {
  const { grid, taps, orders } = axis;
  const moments = 2 * singleBytes(STRIDE.sample + terms);
  const rows =
    2 * singleBytes(MOST_SENSE_TERMS + 3, MOST_SENSE_TERMS) + singleBytes(4 * MOST_COIL_TERMS, MOST_SENSE_TERMS);
  const ofPanel = singleBytes(2 * MOST_COIL_TERMS + 2 * taps * coilTerms, PANEL);
  const inCoils = coils === 0 ? 0 : 16 + rows + ofPanel;
  const cells = singleBytes(2 * Math.max(1, coils), grid + taps);
  const bytes = Math.max(cells, singleBytes(COLUMNS + 2 * orders, PANEL) + moments + inCoils);
  return { gridBytes: 16 * Math.ceil(bytes / 16), pointBytes: 0 };
}

function placeParts(arena: Arena, parts: readonly Part[], commonR2: number): number {
  return arena.records(
    Line,
    parts.map(({ axis, fit: { middle, rate, bend }, isBent, first, coilTerms }, n) => {
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
        ...{ first, coilTerms },
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
