/**
 * Tables of pulses under a constant gradient, in which the kernels look up a spin's operator
 * (`assembly/tables.ts`). All three errors are bounded in advance: an entry of the operator is a
 * superposition of e^{2πiφτ − R1a − R2b} with |τ|, a, b ≤ T, the length of the pulse, and stays
 * within 1, so its m-th derivatives stay within (2πT)^m and T^m (Bernstein), and a polynomial
 * through m Chebyshev nodes on an interval of width h errs by 2(h/4)^m/m! times that.
 */

import { COMPOSE_BYTES, Table, TILE_BYTES } from '../../abi/abi.generated.ts';
import type { Arena } from '../../abi/arena.ts';
import { recordList } from '../../abi/records.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { TABLE_AXES } from '../accuracy.ts';
import { composedCost, lookUpCost } from '../cost.ts';
import type { PulseMethod } from '../method.ts';
import { operator } from './operator.ts';
import { isSame } from './stepped.ts';

export interface PulseTable {
  readonly pulse: number;
  /** γ̄G [Hz/m] */
  readonly gradient: readonly [number, number, number];
  /** Lowest frequency any spin has, and width of a cell [Hz]. */
  readonly low: number;
  readonly width: number;
  readonly cells: number;
  /** Chebyshev nodes [1/s] */
  readonly R1: readonly number[];
  readonly R2: readonly number[];
}

/** Nodes per cell: with eight, a table for 1e-5 has about three cells per 1/T. */
export const NODES = 8;
export const ENTRIES = 12;
const MOST_RATES = 6;
/** Coefficients stay within a second-level cache [bytes]. */
const MOST_TABLE_BYTES = 2 ** 20;

/**
 * The table of a pulse whose entries have an error of at most `bound`, or undefined if its gradient
 * varies or the table would be too large.
 */
function sizeTable(
  { pulses, rfSteps, gammaBar, B0 }: Timeline,
  { bounds, B0: phantomB0 }: Pick<PhantomSource, 'bounds' | 'B0'>,
  pulse: number,
  bound: number,
): PulseTable | undefined {
  const [first, count, , duration] = pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
  const own = rfSteps.subarray(STRIDE.rfStep * first!, STRIDE.rfStep * (first! + count!));
  for (let n = 0; n < own.length; n += STRIDE.rfStep)
    for (let i = 3; i < 6; i++) if (!isSame(own[n + i], own[i])) return undefined;
  const gradient = [3, 4, 5].map((i) => gammaBar * own[i]) as [number, number, number];
  const hertz = ((bounds.maxOffResonance / (2 * Math.PI)) * B0) / phantomB0;
  const ends = [0, 1, 2].map((i) => [gradient[i] * bounds.min[i], gradient[i] * bounds.max[i]] as const);
  const low = ends.reduce((sum, [a, b]) => sum + Math.min(a, b), 0) - hertz;
  const high = ends.reduce((sum, [a, b]) => sum + Math.max(a, b), 0) + hertz;
  const share = bound / TABLE_AXES;
  const widest = widestCell(duration!, share);
  const cells = Math.max(1, Math.ceil((high - low) / widest));
  const R1 = rateNodes(1 / bounds.minT1, duration!, share);
  const R2 = rateNodes(1 / bounds.minT2, duration!, share);
  const bytes = 4 * ENTRIES * cells * NODES * R1.length * R2.length;
  if (R1.length > MOST_RATES || R2.length > MOST_RATES || bytes > MOST_TABLE_BYTES) return undefined;
  return { pulse, gradient, low, width: Math.max((high - low) / cells, 1e-3), cells, R1, R2 };
}

/** Width [Hz] of the cells of a pulse in which the error of an entry is at most `bound`. */
export const widestCell = (duration: number, bound: number): number =>
  (4 * (bound * 0.5 * factorial(NODES)) ** (1 / NODES)) / (2 * Math.PI * duration);

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** Nodes on [0, largest] for the bound 2(largest·T/4)^m/m!. */
function rateNodes(largest: number, duration: number, bound: number): number[] {
  let count = 1;
  while (count <= MOST_RATES && (2 * ((largest * duration) / 4) ** count) / factorial(count) > bound) count++;
  return Array.from({ length: count }, (_, n) => (largest / 2) * (1 - chebyshev(n, count)));
}

export const chebyshev = (n: number, count: number): number => Math.cos((Math.PI * (2 * n + 1)) / (2 * count));

/** Virtual spins whose operators a table is made of. */
const tableNodes = ({ cells, R1, R2 }: PulseTable): number => cells * NODES * R1.length * R2.length;

export const table: PulseMethod = {
  name: 'table',
  supports: (context) => operator.supports(context) && context.budget !== undefined,
  propose(context, family) {
    const { timeline, source, budget } = context;
    const bound = budget!.table;
    const tableFor = (all: Timeline, pulse: number): PulseTable | undefined => sizeTable(all, source, pulse, bound);
    const own = tableFor(timeline, family.pulse);
    if (own === undefined) return undefined;
    const lookedUp = lookUpCost(own.R1.length * own.R2.length, (NODES + 1) * ENTRIES);
    const filled = (tableNodes(own) * composedCost(family.steps)) / source.spinCount;
    const composed = operator.propose(context, family)!;
    return {
      ...composed,
      setUp: family.nodes.length * (lookedUp + filled),
      how: 'looked up once per spin',
      error: composed.error + bound,
      tableFor,
    };
  },
};

/** The kernel that composes a pulse: see assembly/tables.ts. */
export interface ComposesPulses {
  evaluatePulseAtNodes(job: number, at: number, count: number, pulse: number, to: number): void;
}

/** A table's address in the memory, and how it is filled once the kernels can compose the pulse. */
export interface PlacedTable {
  readonly address: number;
  fill(memory: ArrayBufferLike, job: number, exports: ComposesPulses): void;
}

/** Makes room for the record, the coefficients, and what composing the pulse at the nodes takes. */
export function placeTable(arena: Arena, table: PulseTable): PlacedTable {
  const { gradient, low, width, cells, R1, R2, pulse } = table;
  const nodes = tableNodes(table);
  const padded = 4 * Math.ceil(nodes / 4);
  const coefficients = arena.reserve(4 * ENTRIES * nodes);
  const head = recordList(Table, 1);
  head.push({
    ...{ gx: gradient[0], gy: gradient[1], gz: gradient[2], low, perHertz: 1 / width, cells },
    ...{ degree: NODES - 1, R1Count: R1.length, R2Count: R2.length, coefficients },
  });
  const address = arena.place(
    Float64Array.of(...new Float64Array(head.bytes().buffer), ...withWeights(R1), ...withWeights(R2)),
  );
  const scratch = arena.reserve(TILE_BYTES + 36 * padded + COMPOSE_BYTES);
  const composed = arena.reserve(8 * ENTRIES * padded);
  return {
    address,
    fill(memory, job, exports) {
      writeNodes(table, memory, scratch + TILE_BYTES, padded);
      exports.evaluatePulseAtNodes(job, scratch, padded, pulse, composed);
      const operators = new Float64Array(memory, composed, ENTRIES * padded);
      fitPolynomials(operators, new Float32Array(memory, coefficients, ENTRIES * nodes));
    },
  };
}

/** Rates at the nodes and 1/Π(own − others) of each. */
function withWeights(nodes: readonly number[]): number[] {
  return [...nodes, ...nodes.map((own) => nodes.reduce((w, other) => (other === own ? w : w / (own - other)), 1))];
}

/**
 * Columns of the virtual spins, in the form that `evaluatePulseAtNodes` takes, in the order of the
 * coefficients: cell, R1, R2, node within the cell.
 */
function writeNodes({ low, width, R1, R2 }: PulseTable, memory: ArrayBufferLike, at: number, padded: number): void {
  const column = (n: number): Float64Array => new Float64Array(memory, at + 8 * padded * n, padded);
  const [frequency, rate1, rate2] = [column(0), column(1), column(2)];
  new Float32Array(memory, at + 32 * padded, padded).fill(1); // density
  const perCell = NODES * R2.length * R1.length;
  for (let n = 0; n < padded; n++) {
    const cell = Math.floor(n / perCell);
    frequency[n] = low + width * (cell + 0.5 + 0.5 * chebyshev(n % NODES, NODES));
    rate1[n] = R1[Math.floor(n / NODES / R2.length) % R1.length];
    rate2[n] = R2[Math.floor(n / NODES) % R2.length];
  }
}

/**
 * @param operators [pairs of nodes][entries][2] @param out [groups of nodes][degree + 1, highest
 *   first][entries]
 */
function fitPolynomials(operators: Float64Array, out: Float32Array): void {
  const values = new Float64Array(NODES);
  for (let group = 0; group < out.length / ENTRIES; group += NODES)
    for (let entry = 0; entry < ENTRIES; entry++) {
      // What the pulse adds: the diagonal of its matrix less 1.
      const identity = entry < 9 && entry % 4 === 0 ? 1 : 0;
      for (let node = 0; node < NODES; node++)
        values[node] = operators[2 * (ENTRIES * ((group + node) >> 1) + entry) + (node & 1)] - identity;
      const powers = polynomialThrough(values);
      for (let d = 0; d < NODES; d++) out[ENTRIES * (group + NODES - 1 - d) + entry] = powers[d];
    }
}

/** [power][node]: from values at the Chebyshev nodes of [−1, 1] to coefficients, lowest first. */
const TO_POWERS = Array.from({ length: NODES }, (_, power) =>
  Array.from({ length: NODES }, (_, own) => {
    let basis = [1];
    for (let other = 0; other < NODES; other++) {
      if (other === own) continue;
      const [x, y] = [chebyshev(own, NODES), chebyshev(other, NODES)];
      const shifted = [0, ...basis];
      basis = shifted.map((value, i) => (value - y * (basis[i] ?? 0)) / (x - y));
    }
    return basis[power];
  }),
);

function polynomialThrough(values: Float64Array): number[] {
  return TO_POWERS.map((row) => row.reduce((sum, weight, n) => sum + weight * values[n], 0));
}
