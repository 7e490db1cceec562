/**
 * Tables of operators for spins whose frequency changes linearly over a pulse
 * (`assembly/look-up.ts`): which terms of a Chebyshev expansion in R1, R2 and drift they need, and
 * their coefficients. In the frequency they are cut into cells as all tables are (`table.ts`). The
 * terms are measured: operators at the nodes of each axis by itself, at some frequencies in and
 * beside the pulse's band, give the size of its polynomials; a product is taken to be as large as
 * its factors, twice.
 */
import { COMPOSE_BYTES, DriftTable as DriftTableRecord, TILE_BYTES } from '../../abi/abi.generated.ts';
import type { Arena } from '../../abi/arena.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { after, pulseOperator } from './reference.ts';
import {
  type ComposesPulses,
  chebyshev,
  ENTRIES,
  fitPolynomials,
  NODES,
  type PlacedTable,
  widestCell,
} from './table.ts';

/** Ranges of the spins in all uses of a table. */
export interface DriftRange {
  /** Frequencies at the middle of the pulse, less its offset [Hz]. */
  readonly low: number;
  readonly high: number;
  /** Largest drift [Hz/s], R1 and R2 [1/s]. */
  readonly drift: number;
  readonly R1: number;
  readonly R2: number;
}

export interface DriftTable {
  readonly range: DriftRange;
  /** [s] */
  readonly duration: number;
  readonly cells: number;
  /** Orders of [R1, R2, drift] of each term. */
  readonly terms: readonly Orders[];
  /** Polynomials on each axis. */
  readonly orders: Orders;
  /** Its pulse in the tables of pulses, with unit drift along x: for spins at x = s, y = z = 0. */
  readonly pulse: number;
}

type Orders = readonly [number, number, number];

/** B1 over time, [spans][duration, re, im]. */
export type Shape = Float64Array;
export const SPAN = 3;

/**
 * Polynomials on each axis from which terms are selected; the kernels have room for 8, 8 and 16.
 */
const JUDGED: Orders = [5, 7, 12];
const MOST_TERMS = 32;
/** Spans of B1 with which operators are judged: slow parameters need no finer resolution. */
const JUDGED_SPANS = 100;
/**
 * Frequencies at which operators are judged, in units of 1/T: pulses of any kind act within these.
 */
const BAND = [-4, -2, -1, 0, 1, 2, 4] as const;
/** Share of the error budget for interpolation in frequency. */
const CELLS_SHARE = 1 / 4;
/**
 * Largest phase [rad] by which the drift rotates a spin relative to the mean of a step: pairs of
 * steps are exact to fourth order, so that errors are below 1e-9.
 */
const STEP_PHASE = 3e-5;
/** Nodes that are composed at a time. */
const MOST_NODES = 8192;
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
): Omit<DriftTable, 'pulse'> | undefined {
  const duration = durationOf(shape);
  const widest = widestCell(duration, CELLS_SHARE * bound);
  const cells = Math.max(1, Math.ceil((range.high - range.low) / widest));
  const terms = termsFor(timeline, shape, range, (1 - CELLS_SHARE) * bound);
  if (terms === undefined || 4 * ENTRIES * NODES * cells * terms.length > MOST_BYTES) return undefined;
  const orders = [0, 1, 2].map((axis) => 1 + Math.max(...terms.map((term) => term[axis]))) as unknown as Orders;
  return { range, duration, cells, terms, orders };
}

/** Virtual spins whose operators a table is made of. */
export const nodesOf = ({ cells, orders: [a, b, c] }: Omit<DriftTable, 'pulse'>): number => cells * NODES * a * b * c;

export const durationOf = (shape: Shape): number => {
  let sum = 0;
  for (let at = 0; at < shape.length; at += SPAN) sum += shape[at];
  return sum;
};

/**
 * [steps][dt, B1re, B1im, Gx, 0, 0] of the pulse with γ̄Gx = t − T/2, in pairs where there is B1.
 */
export function driftSteps(shape: Shape, gammaBar: number, drift: number): number[] {
  const steps: number[] = [];
  const longest = Math.sqrt(STEP_PHASE / Math.max(Math.PI * drift, 1e-30));
  let now = -durationOf(shape) / 2;
  for (let at = 0; at < shape.length; at += SPAN) {
    const [length, re, im] = shape.subarray(at) as unknown as [number, number, number];
    const isSilent = (re === 0 && im === 0) || drift === 0;
    const count = isSilent ? 1 : 2 * Math.ceil(length / longest / 2);
    const dt = length / count;
    for (let n = 0; n < count; n++) {
      const paired = isSilent ? 0 : ((n % 2 === 0 ? -1 : 1) * dt) / 6;
      steps.push(dt, re, im, (now + dt * (n + 0.5) + paired) / gammaBar, 0, 0);
    }
    now += length;
  }
  return steps;
}

/** Terms whose omission errs by `bound` at most; undefined: too many. */
function termsFor(timeline: Timeline, shape: Shape, range: DriftRange, bound: number): readonly Orders[] | undefined {
  const operatorOf = judgedPulse(timeline, shape, range.drift);
  const duration = durationOf(shape);
  const middle = [range.R1 / 2, range.R2 / 2, 0];
  const half = [range.R1 / 2, range.R2 / 2, range.drift];
  const sizes = expansionSizes(JUDGED, half, bandOf(range, duration), (hertz, point) => {
    const [R1, R2, drift] = point.map((value, axis) => middle[axis] + value) as [number, number, number];
    return inner(operatorOf(hertz, R1, R2, drift), duration, R1, R2, drift);
  });
  return selectTerms(sizes, bound, MOST_TERMS) as readonly Orders[] | undefined;
}

/**
 * The operator of a pulse, in fewer spans, for a spin with a frequency [Hz], rates [1/s] and a
 * drift [Hz/s].
 */
export function judgedPulse(timeline: Timeline, shape: Shape, largestDrift: number) {
  const steps = Float64Array.from(driftSteps(coarser(shape), timeline.gammaBar, largestDrift));
  const virtual = {
    ...timeline,
    pulses: Float64Array.of(0, steps.length / STRIDE.rfStep, 0, durationOf(shape)),
    rfSteps: steps,
  };
  return (hertz: number, R1: number, R2: number, drift: number): Float64Array =>
    pulseOperator(virtual, 0, 1, { r: [drift, 0, 0], hertz, R1, R2 });
}

/** Frequencies at which operators are judged. */
export const bandOf = ({ low, high }: DriftRange, duration: number): ReadonlySet<number> =>
  new Set(BAND.map((n) => Math.max(low, Math.min(high, n / duration))));

/**
 * Largest coefficients of the entries of an operator, [axes][order], in Chebyshev polynomials on
 * each axis by itself, at any of the frequencies.
 * @param counts polynomials on each axis
 * @param half half of the range of each axis; 0: nothing depends on it
 * @param operatorAt the operator at a point, relative to the middle of the ranges
 */
export function expansionSizes(
  counts: readonly number[],
  half: readonly number[],
  frequencies: ReadonlySet<number>,
  operatorAt: (hertz: number, point: readonly number[]) => Float64Array,
): readonly Float64Array[] {
  return counts.map((count, axis) => {
    const size = new Float64Array(count);
    if (half[axis] === 0) return size;
    for (const hertz of frequencies) {
      const nodes = Array.from({ length: count }, (_, n) => {
        const value = half[axis] * chebyshev(n, count);
        return operatorAt(
          hertz,
          half.map((__, other) => (other === axis ? value : 0)),
        );
      });
      for (let order = 1; order < count; order++)
        for (let entry = 0; entry < ENTRIES; entry++)
          size[order] = Math.max(size[order], Math.abs(coefficientOf(order, nodes, entry)));
    }
    return size;
  });
}

/**
 * Orders on each axis of the terms whose omission errs by `bound` at most; undefined: more than
 * `most`, or the orders at hand do not suffice.
 */
export function selectTerms(
  sizes: readonly Float64Array[],
  bound: number,
  most: number,
): readonly (readonly number[])[] | undefined {
  const all: { readonly orders: readonly number[]; readonly size: number }[] = [];
  const add = (orders: readonly number[]): void => {
    if (orders.length < sizes.length) {
      for (const order of sizes[orders.length].keys()) add([...orders, order]);
      return;
    }
    const factors = orders.flatMap((order, axis) => (order === 0 ? [] : sizes[axis][order]));
    const product = factors.reduce((size, factor) => size * factor, factors.length > 1 ? 2 : 1);
    all.push({ orders, size: product });
  };
  add([]);
  // Omitted terms reappear as aliases at the nodes: omission and aliases each get half of the
  // bound.
  let left = bound / 2;
  const kept = all
    .sort((p, q) => p.size - q.size)
    .filter(({ size }) => {
      left -= size;
      return left < 0;
    });
  const isResolved = sizes.every((size) => size[size.length - 1] <= bound / 8);
  return isResolved && kept.length <= most ? kept.map(({ orders }) => orders) : undefined;
}

/** The same pulse in fewer spans, with the mean B1 of each. */
function coarser(shape: Shape): Shape {
  const together = Math.ceil(shape.length / SPAN / JUDGED_SPANS);
  if (together === 1) return shape;
  const spans: number[] = [];
  for (let at = 0; at < shape.length; at += SPAN * together) {
    let [length, re, im] = [0, 0, 0];
    for (let n = at; n < Math.min(shape.length, at + SPAN * together); n += SPAN) {
      length += shape[n];
      re += shape[n] * shape[n + 1];
      im += shape[n] * shape[n + 2];
    }
    spans.push(length, re / length, im / length);
  }
  return Float64Array.from(spans);
}

/** Weight of the value at node n in the coefficient of a Chebyshev polynomial. */
const nodeWeight = (order: number, n: number, count: number): number =>
  ((order === 0 ? 1 : 2) / count) * Math.cos((order * Math.PI * (2 * n + 1)) / (2 * count));

const coefficientOf = (order: number, nodes: readonly Float64Array[], entry: number): number =>
  nodes.reduce((sum, values, n) => sum + nodeWeight(order, n, nodes.length) * values[entry], 0);

/** An operator without half of the relaxation, and the phases of the drift, before and after it. */
function inner(whole: Float64Array, duration: number, R1: number, R2: number, drift: number): Float64Array {
  const turns = (drift * duration ** 2) / 8;
  const undo = (angle: number): Float64Array => {
    const [grow1, grow2] = [Math.exp((R1 * duration) / 2), Math.exp((R2 * duration) / 2)];
    const [c, s] = [grow2 * Math.cos(2 * Math.PI * angle), grow2 * Math.sin(2 * Math.PI * angle)];
    return Float64Array.of(c, s, 0, -s, c, 0, 0, 0, grow1, 0, 0, 1 - grow1);
  };
  return after(undo(turns), after(whole, undo(-turns)));
}

/**
 * Makes room for the record, the coefficients, and what composing the pulse at some nodes takes.
 */
export function placeDriftTable(arena: Arena, table: DriftTable): PlacedTable {
  const { range, duration, cells, terms, orders, pulse } = table;
  const perCell = nodesOf({ ...table, cells: 1 });
  const cellsAtOnce = Math.max(1, Math.min(cells, Math.floor(MOST_NODES / perCell)));
  const padded = 2 * Math.ceil((perCell * cellsAtOnce) / 2);
  const cellNumbers = ENTRIES * NODES * terms.length;
  const coefficients = arena.reserve(4 * cellNumbers * cells);
  const address = arena.record(DriftTableRecord, {
    ...{ cells, degree: NODES - 1, terms: terms.length, coefficients, duration },
    ...{ ordersR1: orders[0], ordersR2: orders[1], ordersDrift: orders[2] },
    orders: arena.place(Int32Array.from(terms.flat())),
    perHertz: 1 / cellWidth(table),
    ...{ perR1: 2 / range.R1, perR2: 2 / range.R2, perDrift: range.drift === 0 ? 0 : 1 / range.drift },
  });
  const scratch = arena.reserve(TILE_BYTES + 36 * padded + COMPOSE_BYTES);
  const composed = arena.reserve(8 * ENTRIES * padded);
  return {
    address,
    fill(memory, job, exports) {
      for (let cell = 0; cell < cells; cell += cellsAtOnce) {
        const count = Math.min(cellsAtOnce, cells - cell);
        compose(table, cell, { memory, job, exports, at: scratch, padded, pulse, composed });
        const out = new Float32Array(memory, coefficients + 4 * cellNumbers * cell, cellNumbers * count);
        expand(table, new Float64Array(memory, composed, ENTRIES * padded), out);
      }
    },
  };
}

const cellWidth = ({ range, cells }: DriftTable): number => Math.max((range.high - range.low) / cells, 1e-3);

/** Parameters of a table's virtual spin n, counted from a cell: [frequency, R1, R2, drift]. */
function nodeAt(table: DriftTable, cell: number, n: number): readonly [number, number, number, number] {
  const { range, orders } = table;
  const [countR1, countR2, countDrift] = orders;
  const rest = Math.floor(n / NODES);
  const at = (place: number, count: number): number => chebyshev(place % count, count);
  const s = at(rest, countDrift);
  const r2 = at(Math.floor(rest / countDrift), countR2);
  const r1 = at(Math.floor(rest / countDrift / countR2), countR1);
  const own = cell + Math.floor(rest / countDrift / countR2 / countR1);
  const frequency = range.low + cellWidth(table) * (own + 0.5 + 0.5 * chebyshev(n % NODES, NODES));
  return [frequency, (range.R1 * (1 + r1)) / 2, (range.R2 * (1 + r2)) / 2, range.drift * s];
}

interface Composing {
  readonly memory: ArrayBufferLike;
  readonly job: number;
  readonly exports: ComposesPulses;
  readonly at: number;
  readonly padded: number;
  readonly pulse: number;
  readonly composed: number;
}

/**
 * Operators at the nodes of some cells, without what `inner` takes out, in place
 * [pairs][entries][2].
 */
function compose(table: DriftTable, cell: number, composing: Composing): void {
  const { memory, job, exports, at, padded, pulse, composed } = composing;
  const columns = at + TILE_BYTES;
  const [frequency, R1, R2] = [0, 1, 2].map((n) => new Float64Array(memory, columns + 8 * padded * n, padded));
  const x = new Float32Array(memory, columns + 24 * padded, padded);
  new Float32Array(memory, columns + 32 * padded, padded).fill(1); // density
  for (let n = 0; n < padded; n++) [frequency[n], R1[n], R2[n], x[n]] = nodeAt(table, cell, n);
  exports.evaluatePulseAtNodes(job, at, padded, pulse, composed);
  const operators = new Float64Array(memory, composed, ENTRIES * padded);
  const one = new Float64Array(ENTRIES);
  for (let n = 0; n < padded; n++) {
    const entry = (i: number): number => 2 * (ENTRIES * (n >> 1) + i) + (n & 1);
    for (let i = 0; i < ENTRIES; i++) one[i] = operators[entry(i)];
    const own = inner(one, table.duration, R1[n], R2[n], x[n]);
    for (let i = 0; i < ENTRIES; i++) operators[entry(i)] = own[i];
  }
}

/** Coefficients of the terms of some cells from the operators at their nodes. */
function expand({ terms, orders }: DriftTable, operators: Float64Array, out: Float32Array): void {
  const inCell = orders[0] * orders[1] * orders[2];
  const weights = terms.map(([a, b, c]) =>
    Float64Array.from({ length: inCell }, (_, n) => {
      const [s, r2] = [n % orders[2], Math.floor(n / orders[2]) % orders[1]];
      const r1 = Math.floor(n / orders[2] / orders[1]);
      return nodeWeight(a, r1, orders[0]) * nodeWeight(b, r2, orders[1]) * nodeWeight(c, s, orders[2]);
    }),
  );
  const term = new Float64Array(ENTRIES * NODES);
  const size = ENTRIES * NODES;
  for (let cell = 0; cell * size * terms.length < out.length; cell++)
    for (const [t, own] of weights.entries()) {
      term.fill(0);
      for (let n = 0; n < inCell * NODES; n++) {
        const spin = cell * inCell * NODES + n;
        const weight = own[Math.floor(n / NODES)];
        const node = n % NODES;
        for (let i = 0; i < ENTRIES; i++) {
          const to = 2 * (ENTRIES * (node >> 1) + i) + (node & 1);
          term[to] += weight * operators[2 * (ENTRIES * (spin >> 1) + i) + (spin & 1)];
        }
      }
      const isFirst = terms[t].every((order) => order === 0);
      const at = (cell * terms.length + t) * size;
      fitPolynomials(term, out.subarray(at, at + size), isFirst ? 1 : 0);
    }
}
