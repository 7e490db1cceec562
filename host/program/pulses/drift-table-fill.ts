/**
 * Coefficients of a table of operators of drifting spins (`drift-table.ts`): effects of relaxation
 * from the operators that the kernels compose at the nodes, quaternions from the steps.
 */
import { COMPOSE_BYTES, DriftTable as DriftTableRecord, TILE_BYTES } from '../../abi/abi.generated.ts';
import type { Arena } from '../../abi/arena.ts';
import { type DriftTable, isWhole, nodesOf, VECTOR_BYTES } from './drift-table.ts';
import { nodeWeight } from './expansion.ts';
import { effect, inner, innerRotation, relaxationRange } from './relaxation.ts';
import { type ComposesPulses, chebyshev, ENTRIES, NODES, type PlacedTable } from './table.ts';

/** Nodes that are composed at a time. */
const MOST_NODES = 8192;
/** Entries of a vector of the kernel. */
const VECTOR = 4;

/**
 * Makes room for the record, the coefficients, and what composing the pulse at some nodes takes.
 */
export function placeDriftTable(arena: Arena, table: DriftTable): PlacedTable {
  const { range, duration, cells, rotation, terms, orders, vectors } = table;
  const perCell = nodesOf({ ...table, cells: 1 });
  const cellsAtOnce = Math.max(1, Math.min(cells, Math.floor(MOST_NODES / perCell)));
  const padded = 2 * Math.ceil((perCell * cellsAtOnce) / 2);
  const coefficients = arena.reserve(VECTOR_BYTES * vectors * cells);
  const { middle, half, largest } = relaxationRange(range);
  const address = arena.record(DriftTableRecord, {
    ...{ cells, cellBytes: VECTOR_BYTES * vectors, coefficients, duration },
    ...{ rotationOrders: rotation.length, rotation: arena.place(Int32Array.from(rotation)) },
    ...{ ordersR1: orders[0], ordersDelta: orders[1], ordersDrift: Math.max(orders[2], rotation.length) },
    ...{ terms: terms.length, wholeTerms: terms.filter(isWhole).length },
    orders: arena.place(Int32Array.from(terms.flatMap((term) => [...term.orders, term.coefficients]))),
    perHertz: 1 / cellWidth(table),
    ...{ perR1: 2 / range.R1, perDrift: range.drift === 0 ? 0 : 1 / range.drift },
    ...{ middleDelta: middle[1], perDelta: 1 / half[1], ofLargest: 1 / largest },
  });
  const scratch = arena.reserve(TILE_BYTES + 36 * padded + COMPOSE_BYTES);
  const composed = arena.reserve(8 * ENTRIES * padded);
  return {
    address,
    fill(memory, job, exports) {
      const room = { memory, job, exports, at: scratch, padded, composed };
      for (let cell = 0; cell < cells; cell += cellsAtOnce) {
        const count = Math.min(cellsAtOnce, cells - cell);
        if (terms.length > 0) compose(table, cell, count, room);
        const operators = new Float64Array(memory, composed, ENTRIES * padded);
        for (let own = 0; own < count; own++) {
          const at = coefficients + VECTOR_BYTES * vectors * (cell + own);
          const out = new Float32Array(memory, at, vectors * VECTOR);
          fitTerms(table, operators.subarray(ENTRIES * perCell * own), fitRotation(table, cell + own, out));
        }
      }
    },
  };
}

const cellWidth = ({ range, cells }: DriftTable): number => Math.max((range.high - range.low) / cells, 1e-3);

const frequencyAt = (table: DriftTable, cell: number, node: number): number =>
  table.range.low + cellWidth(table) * (cell + 0.5 + 0.5 * chebyshev(node, NODES));

/** Parameters of a table's virtual spin n, counted from a cell: [frequency, R1, R2, drift]. */
function nodeAt(table: DriftTable, cell: number, n: number): readonly [number, number, number, number] {
  const [countR1, countDelta, countDrift] = table.orders;
  const { middle, half } = relaxationRange(table.range);
  const at = (axis: number, place: number, count: number): number =>
    middle[axis] + half[axis] * chebyshev(place % count, count);
  let rest = Math.floor(n / NODES);
  const drift = at(2, rest, countDrift);
  rest = Math.floor(rest / countDrift);
  const delta = at(1, rest, countDelta);
  rest = Math.floor(rest / countDelta);
  const R1 = at(0, rest, countR1);
  return [frequencyAt(table, cell + Math.floor(rest / countR1), n % NODES), R1, R1 + delta, drift];
}

interface Composing {
  readonly memory: ArrayBufferLike;
  readonly job: number;
  readonly exports: ComposesPulses;
  readonly at: number;
  readonly padded: number;
  readonly composed: number;
}

/** Effects of relaxation at the nodes of some cells, in place: [nodes][entries]. */
function compose(table: DriftTable, cell: number, cells: number, composing: Composing): void {
  const { memory, job, exports, at, padded, composed } = composing;
  const { duration, range, steps, gammaBar } = table;
  const columns = at + TILE_BYTES;
  const [frequency, R1, R2] = [0, 1, 2].map((n) => new Float64Array(memory, columns + 8 * padded * n, padded));
  const x = new Float32Array(memory, columns + 24 * padded, padded);
  new Float32Array(memory, columns + 32 * padded, padded).fill(1); // density
  for (let n = 0; n < padded; n++) [frequency[n], R1[n], R2[n], x[n]] = nodeAt(table, cell, n);
  exports.evaluatePulseAtNodes(job, at, padded, table.pulse, composed);
  const operators = new Float64Array(memory, composed, ENTRIES * padded);
  const pair = new Float64Array(2 * ENTRIES);
  const one = new Float64Array(ENTRIES);
  for (let n = 0; n < cells * nodesOf({ ...table, cells: 1 }); n++) {
    if (n % 2 === 0) pair.set(operators.subarray(ENTRIES * n, ENTRIES * (n + 2)));
    for (let i = 0; i < ENTRIES; i++) one[i] = pair[2 * i + (n % 2)];
    const whole = inner(one, duration, R1[n], R2[n], x[n]);
    const rotation = innerRotation(steps, gammaBar, duration, frequency[n], x[n]);
    operators.set(effect(whole, rotation, R1[n], R2[n] - R1[n], range), ENTRIES * n);
  }
}

/** Coefficients of the quaternions of a cell. @returns what is left of `out` */
function fitRotation(table: DriftTable, cell: number, out: Float32Array): Float32Array {
  const { rotation, range, duration, steps, gammaBar } = table;
  const count = rotation.length;
  const at = Array.from({ length: NODES * count }, (_, n) => {
    const drift = range.drift * chebyshev(Math.floor(n / NODES), count);
    return innerRotation(steps, gammaBar, duration, frequencyAt(table, cell, n % NODES), drift);
  });
  let rest = out;
  for (const [order, coefficients] of rotation.entries()) {
    const values = Array.from({ length: NODES }, (_, node) =>
      at[0].map((__, entry) =>
        Array.from({ length: count }).reduce<number>(
          (sum, ___, n) => sum + nodeWeight(order, n, count) * at[NODES * n + node][entry],
          0,
        ),
      ),
    );
    rest = fitPolynomials(values, coefficients, rest);
  }
  return rest;
}

/** Coefficients of the terms of a cell from the effects at its nodes. */
function fitTerms({ terms, orders }: DriftTable, effects: Float64Array, out: Float32Array): void {
  let rest = out;
  const inCell = orders[0] * orders[1] * orders[2];
  for (const term of terms) {
    const [a, b, c] = term.orders;
    const first = isWhole(term) ? 0 : ENTRIES - VECTOR;
    const values = Array.from({ length: NODES }, () => new Float64Array(ENTRIES - first));
    for (let n = 0; n < inCell; n++) {
      const [s, delta] = [n % orders[2], Math.floor(n / orders[2]) % orders[1]];
      const r1 = Math.floor(n / orders[2] / orders[1]);
      const weight = nodeWeight(a, r1, orders[0]) * nodeWeight(b, delta, orders[1]) * nodeWeight(c, s, orders[2]);
      for (let node = 0; node < NODES; node++)
        for (let entry = first; entry < ENTRIES; entry++)
          values[node][entry - first] += weight * effects[ENTRIES * (NODES * n + node) + entry];
    }
    rest = fitPolynomials(values, term.coefficients, rest);
  }
}

/**
 * Writes the coefficients of polynomials near the values at the nodes of [−1, 1], [coefficients,
 * highest first][entries].
 * @param values [nodes][entries] @returns what is left of `out`
 */
function fitPolynomials(values: readonly Float64Array[], coefficients: number, out: Float32Array): Float32Array {
  const entries = values[0].length;
  for (let entry = 0; entry < entries; entry++)
    for (let power = 0; power < coefficients; power++)
      out[entries * (coefficients - 1 - power) + entry] = TO_POWERS[coefficients][power].reduce(
        (sum, weight, node) => sum + weight * values[node][entry],
        0,
      );
  return out.subarray(entries * coefficients);
}

/**
 * [coefficients][power][node]: from values at the nodes to the coefficients of the polynomial that
 * the Chebyshev expansion of the values begins with.
 */
const TO_POWERS = Array.from({ length: NODES + 1 }, (_, count) => {
  let [before, now]: [number[], number[]] = [[], [1]];
  const powers = Array.from({ length: count }, () => new Array<number>(NODES).fill(0));
  for (let order = 0; order < count; order++) {
    for (const [power, of] of now.entries())
      for (let node = 0; node < NODES; node++)
        powers[power][node] = powers[power][node] + of * nodeWeight(order, node, NODES);
    const next = [0, ...now.map((of) => (order === 0 ? of : 2 * of))];
    for (const [power, of] of before.entries()) next[power] = next[power] - of;
    [before, now] = [now, next];
  }
  return powers;
});
