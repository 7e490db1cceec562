/**
 * Tables of operators for spins whose frequency changes linearly over a pulse
 * (`assembly/look-up.ts`): the rotation as a quaternion, with polynomials in the drift; and the
 * terms of a Chebyshev expansion in R1, R2 − R1 and drift that the effect of relaxation needs. In
 * the frequency they are cut into cells as all tables are (`table.ts`). Terms are measured: effects
 * at the nodes of each axis by itself, at some frequencies in and beside the pulse's band, give the
 * size of its polynomials; a product is taken to be as large as its factors, twice. Small terms
 * have polynomials of a lower degree in the frequency.
 */
import type { Timeline } from '../../timeline/types.ts';
import { bandOf, expansionSizes, selectTerms } from './expansion.ts';
import { type DriftRange, effect, inner, innerRotation, relaxationRange } from './relaxation.ts';
import { durationOf, judgedPulse, judgedSteps, type Shape } from './shape.ts';
import { NODES, widestCell } from './table.ts';

export interface DriftTable {
  readonly range: DriftRange;
  /** [s] */
  readonly duration: number;
  readonly gammaBar: number;
  readonly cells: number;
  /** By order in the drift: coefficients of the quaternions in the frequency. */
  readonly rotation: readonly number[];
  /** Effects of relaxation, those of the recovery alone last. */
  readonly terms: readonly Term[];
  /** Polynomials on each axis of these. */
  readonly orders: Orders;
  /** Vectors of four coefficients of a cell. */
  readonly vectors: number;
  /** Its pulse in the tables of pulses, with unit drift along x: for spins at x = s, y = z = 0. */
  readonly pulse: number;
  /** [steps][dt, B1re, B1im, Gx, 0, 0] of this pulse */
  readonly steps: Float64Array;
}

/** Orders of [R1, R2 − R1, drift], and the number of coefficients in the frequency. */
interface Term {
  readonly orders: Orders;
  readonly coefficients: number;
}

type SizedTable = Omit<DriftTable, 'pulse' | 'steps'>;

type Orders = readonly [number, number, number];

/** Bytes of a vector of the kernel. */
export const VECTOR_BYTES = 16;

/**
 * Polynomials on each axis from which terms are selected; the kernels have room for 8, 8 and 16.
 */
const JUDGED: Orders = [5, 7, 12];
const JUDGED_ROTATION = 12;
const MOST_TERMS = 32;
/**
 * Shares of the error budget: of the rotation, the rest is for the effect of relaxation; and within
 * each, of interpolation in the frequency, the rest is for the other axes.
 */
const ROTATION_SHARE = 1 / 2;
const CELLS_SHARE = 1 / 3;
/** Largest error of an entry of the operator where those of a quaternion's entries are 1. */
const QUATERNION_GAIN = 6;
/** Factor by which terms may be larger at frequencies at which they are not judged. */
const ELSEWHERE = 2;
/**
 * Largest size of a table's coefficients [bytes]: it may exceed a second-level cache, because
 * stepping would take a thousand times as long.
 */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * The parts of a table that do not depend on the memory address of its pulse; undefined: the table
 * would be too large.
 */
export function sizeDriftTable(
  timeline: Timeline,
  shape: Shape,
  range: DriftRange,
  bound: number,
): SizedTable | undefined {
  const duration = durationOf(shape);
  const ofRotation = (ROTATION_SHARE * bound) / QUATERNION_GAIN;
  const ofRelaxation = (1 - ROTATION_SHARE) * bound;
  const drifts = rotationTerms(timeline, shape, range, (1 - CELLS_SHARE) * ofRotation);
  const terms = relaxationTerms(timeline, shape, range, (1 - CELLS_SHARE) * ofRelaxation);
  if (drifts === undefined || terms === undefined) return undefined;
  // The phases of a quaternion are half of those of an operator.
  const share = (CELLS_SHARE * ofRotation) / 2;
  const widest = 2 * widestCell(duration, share);
  const cells = Math.max(1, Math.ceil((range.high - range.low) / widest));
  const phase = Math.PI * duration * ((range.high - range.low) / cells);
  const rotation = drifts.map(({ size }, order) =>
    coefficientsFor(size, phase / 2, order === 0 ? share : share / Math.max(1, drifts.length - 1)),
  );
  const fitted = terms.map(({ orders, size }) => ({
    orders: orders as unknown as Orders,
    coefficients: coefficientsFor(ELSEWHERE * size, phase, (CELLS_SHARE * ofRelaxation) / terms.length),
  }));
  const sorted = [...fitted.filter(isWhole), ...fitted.filter((term) => !isWhole(term))];
  const orders = [0, 1, 2].map((axis) => 1 + Math.max(0, ...sorted.map((term) => term.orders[axis])));
  const vectors =
    rotation.reduce((sum, count) => sum + count, 0) +
    sorted.reduce((sum, term) => sum + vectorsOf(term) * term.coefficients, 0);
  if (cells * vectors * VECTOR_BYTES > MOST_BYTES) return undefined;
  const { gammaBar } = timeline;
  return { range, duration, gammaBar, cells, rotation, terms: sorted, orders: orders as unknown as Orders, vectors };
}

/** Whether a term changes more than the recovery: the matrix depends on R2 − R1 only. */
export const isWhole = ({ orders: [R1] }: Term): boolean => R1 === 0;
const vectorsOf = (term: Term): number => (isWhole(term) ? 3 : 1);

/**
 * Coefficients on an interval that make an error of at most `bound`.
 * @param size largest value @param phase largest |phase| within the interval [rad], of an entry
 */
function coefficientsFor(size: number, phase: number, bound: number): number {
  let count = 1;
  for (let error = 2 * size * (phase / 2); count < NODES && error > bound; count++) error *= phase / 2 / (count + 1);
  return count;
}

/** Virtual spins whose operators a table is made of. */
export const nodesOf = ({ cells, orders: [a, b, c] }: SizedTable): number => cells * NODES * a * b * c;

/** Orders in the drift of the rotation, with their sizes; undefined: too many. */
function rotationTerms(timeline: Timeline, shape: Shape, range: DriftRange, bound: number) {
  const steps = judgedSteps(timeline, shape, range.drift);
  const duration = durationOf(shape);
  const sizes = expansionSizes([JUDGED_ROTATION], [range.drift], bandOf(range, duration), (hertz, [drift]) =>
    innerRotation(steps, timeline.gammaBar, duration, hertz, drift),
  );
  const terms = selectTerms(sizes, bound, JUDGED_ROTATION);
  const highest = Math.max(0, ...(terms ?? []).map(({ orders: [order] }) => order));
  return terms && Array.from({ length: highest + 1 }, (_, order) => ({ size: order === 0 ? 1 : sizes[0][order] }));
}

/** Terms of the effect of relaxation; undefined: too many. */
function relaxationTerms(timeline: Timeline, shape: Shape, range: DriftRange, bound: number) {
  const operatorOf = judgedPulse(timeline, shape, range.drift);
  const steps = judgedSteps(timeline, shape, range.drift);
  const duration = durationOf(shape);
  const { middle, half } = relaxationRange(range);
  const effectAt = (hertz: number, point: readonly number[]): Float64Array => {
    const [R1, delta, drift] = point.map((value, axis) => middle[axis] + value) as [number, number, number];
    const whole = inner(operatorOf(hertz, R1, R1 + delta, drift), duration, R1, R1 + delta, drift);
    return effect(whole, innerRotation(steps, timeline.gammaBar, duration, hertz, drift), R1, delta, range);
  };
  const band = bandOf(range, duration);
  const largest = [...band].reduce(
    (most, hertz) => effectAt(hertz, [0, 0, 0]).reduce((size, value) => Math.max(size, Math.abs(value)), most),
    0,
  );
  return selectTerms(expansionSizes(JUDGED, half, band, effectAt), bound, MOST_TERMS, largest);
}
